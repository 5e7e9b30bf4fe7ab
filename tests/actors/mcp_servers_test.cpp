#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/tool_registry.hpp>

#include "core/temporary_folder.hpp"
#include "support/process.hpp"
#include "tools.hpp"

// The MCP client against servers of others, from npm (tools/mcp_servers): those of the protocol's authors, over stdio
// and over HTTP, with the handshake of 2025-11-25 and in the revision 2026-07-28.

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const std::filesystem::path packages = TROUPE_MCP_SERVERS;

// Where the program `node` is; empty: nowhere.
std::string node_program() {
  const char* path = std::getenv("PATH");
  std::istringstream folders{path ? path : ""};
  for (std::string folder; std::getline(folders, folder, ':');)
    if (std::filesystem::exists(folder + "/node")) return folder + "/node";
  return {};
}

// Whether there is something to test with; says what is missing.
bool given() {
  if (!std::filesystem::exists(packages / "fetched")) {
    BOOST_TEST_MESSAGE("no MCP servers from npm: tools/mcp_servers fetches them to " << packages);
    return false;
  }
  if (node_program().empty()) {
    BOOST_TEST_MESSAGE("no MCP servers from npm: there is no node");
    return false;
  }
  return true;
}

std::string of_package(const char* name) {
  return (packages / "node_modules/@modelcontextprotocol" / name / "dist/index.js").string();
}

mcp_options stdio_server(std::string name, std::vector<std::string> arguments) {
  mcp_options options{.name = std::move(name), .command = {node_program()}};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  return options;
}

// A server that listens on a port, for as long as this lives.
class http_server {
 public:
  http_server(std::vector<std::string> arguments, std::vector<std::string> environment, const std::string& ready)
      : process_{with_node(std::move(arguments)), {}, std::move(environment)} {
    BOOST_REQUIRE_MESSAGE(process_.wait_for(ready), process_.text());
    BOOST_REQUIRE(process_.wait_for("\n"));
  }
  std::string text() const { return process_.text(); }

 private:
  static std::vector<std::string> with_node(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), node_program());
    return arguments;
  }
  support::process process_;
};

// A node with real threads.
node_options threads() {
  node_options options;
  options.log = logger{};
  return options;
}

std::string error_of(const result<tool_reply>& said) { return said ? "none" : said.error().describe(); }

// What the everything server does, whichever way it is reached.
void use_everything(support::workbench& w, mcp_options options) {
  options.timeout = 20s;
  const auto names = support::must(w.tools().add_server(std::move(options)));
  BOOST_TEST(names.size() >= 8u);
  const auto echoed = w.call("everything/echo", R"({"message":"hello"})");
  BOOST_TEST_REQUIRE(echoed.has_value(), error_of(echoed));
  BOOST_TEST(echoed->text == "Echo: hello");
  const auto sum = w.call("everything/get-sum", R"({"a":2,"b":40})");
  BOOST_TEST_REQUIRE(sum.has_value(), error_of(sum));
  BOOST_TEST(sum->text == "The sum of 2 and 40 is 42.");
  // Checked here, before the server is asked.
  BOOST_TEST(w.call("everything/get-sum", R"({"a":"2","b":40})").error().message() ==
             "tool `everything/get-sum`: /a: expected a number, got a string");
  const auto structured = w.call("everything/get-structured-content", R"({"location":"New York"})");
  BOOST_TEST_REQUIRE(structured.has_value(), error_of(structured));
  BOOST_TEST(structured->structured.find("temperature") != std::string::npos, structured->structured);
  const auto image = w.call("everything/get-tiny-image");
  BOOST_TEST_REQUIRE(image.has_value(), error_of(image));
  BOOST_TEST(image->content.find("image/png") != std::string::npos);
  // It tells of its progress in between, and takes its time.
  const auto slow = w.call("everything/trigger-long-running-operation", R"({"duration":0.3,"steps":3})");
  BOOST_TEST_REQUIRE(slow.has_value(), error_of(slow));
  BOOST_TEST(slow->text.find("Long running operation completed") == 0u, slow->text);
  BOOST_TEST(w.tools().servers().at(0).revision == "2025-11-25");
}

void use_sdk(support::workbench& w, mcp_options options) {
  options.timeout = 5s;
  support::must(w.tools().add_server(std::move(options)));
  BOOST_TEST(w.tools().servers().at(0).revision == "2026-07-28");
  BOOST_TEST(w.tools().servers().at(0).server == "sdk 2");
  const auto sum = w.call("sdk/add", R"({"a":2,"b":40})");
  BOOST_TEST_REQUIRE(sum.has_value(), error_of(sum));
  BOOST_TEST(sum->structured == R"({"sum":42})");
  const auto failed = w.call("sdk/fail");
  BOOST_TEST_REQUIRE(failed.has_value(), error_of(failed));
  BOOST_TEST(failed->is_error);
  BOOST_TEST(failed->text.find("it was meant to") != std::string::npos, failed->text);
  BOOST_TEST(w.call("sdk/wait", R"({"ms":60000})").error().is(agent_errc::timeout));
  const auto again = w.call("sdk/add", R"({"a":1,"b":1})");
  BOOST_TEST_REQUIRE(again.has_value(), error_of(again));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mcp_servers_test)

BOOST_AUTO_TEST_CASE(server_everything_over_stdio) {
  if (!given()) return;
  support::workbench w{threads()};
  use_everything(w, stdio_server("everything", {of_package("server-everything"), "stdio"}));
}

BOOST_AUTO_TEST_CASE(server_everything_over_streamable_http) {
  if (!given()) return;
  // It wants to be told a port. One that is taken in the moment between is tried again by another.
  const auto port = std::to_string(20'000 + ::getpid() % 20'000);
  http_server server{{of_package("server-everything"), "streamableHttp"}, {"PORT=" + port}, "listening on port"};
  support::workbench w{threads()};
  use_everything(w, {.name = "everything", .url = "http://127.0.0.1:" + port + "/mcp"});
}

BOOST_AUTO_TEST_CASE(server_filesystem_over_stdio) {
  if (!given()) return;
  const troupe::test::temporary_folder folder;
  std::ofstream{folder.path() / "note.txt"} << "remember the milk";
  support::workbench w{threads()};
  auto options = stdio_server("files", {of_package("server-filesystem"), folder.path().string()});
  options.policy = tool_policy::deny;
  options.policies = {{"read_*", tool_policy::allow}, {"list_*", tool_policy::allow}};
  support::must(w.tools().add_server(options));
  const auto text = w.call("files/read_text_file", R"({"path":")" + (folder.path() / "note.txt").string() + R"("})");
  BOOST_TEST_REQUIRE(text.has_value(), error_of(text));
  BOOST_TEST(text->text == "remember the milk");
  const auto outside = w.call("files/read_text_file", R"({"path":"/etc/passwd"})");
  BOOST_TEST((!outside || outside->is_error));
  BOOST_TEST(w.call("files/write_file", R"({"path":"/tmp/x","content":"y"})").error().is(agent_errc::policy_denied));
}

BOOST_AUTO_TEST_CASE(server_memory_over_stdio) {
  if (!given()) return;
  const troupe::test::temporary_folder folder;
  support::workbench w{threads()};
  auto options = stdio_server("memory", {of_package("server-memory")});
  options.environment = {{"MEMORY_FILE_PATH", (folder.path() / "memory.jsonl").string()}};
  support::must(w.tools().add_server(options));
  const auto made = w.call("memory/create_entities",
                           R"({"entities":[{"name":"Ada","entityType":"person","observations":["likes trains"]}]})");
  BOOST_TEST_REQUIRE(made.has_value(), error_of(made));
  const auto found = w.call("memory/search_nodes", R"({"query":"trains"})");
  BOOST_TEST_REQUIRE(found.has_value(), error_of(found));
  BOOST_TEST(found->text.find("Ada") != std::string::npos, found->text);
}

BOOST_AUTO_TEST_CASE(a_server_of_the_revision_2026_07_28_over_stdio) {
  if (!given()) return;
  support::workbench w{threads()};
  use_sdk(w, stdio_server("sdk", {TROUPE_MCP_SDK_SERVER, packages.string(), "stdio"}));
}

BOOST_AUTO_TEST_CASE(a_server_of_the_revision_2026_07_28_over_http) {
  if (!given()) return;
  http_server server{{TROUPE_MCP_SDK_SERVER, packages.string(), "http"}, {}, "listening on port "};
  std::smatch port;
  const auto text = server.text();
  BOOST_REQUIRE(std::regex_search(text, port, std::regex{"port ([0-9]+)"}));
  support::workbench w{threads()};
  use_sdk(w, {.name = "sdk", .url = "http://127.0.0.1:" + port[1].str() + "/mcp"});
}

BOOST_AUTO_TEST_SUITE_END()
