#include <troupe/actors/errc.hpp>
#include <troupe/actors/tool_registry.hpp>

#include "process_agents.hpp"
#include "tools.hpp"

// The registry of tools: what it takes, lists and refuses.

using namespace troupe;
using namespace support;

namespace {

struct place {
  std::string city;
  std::optional<int> days;
  TROUPE_MESSAGE(place, city, days)
};
struct tree {
  std::vector<tree> below;
  TROUPE_MESSAGE(tree, below)
};
std::string weather(const place& where) { return "fine in " + where.city; }
result<tool_reply> nothing(const tool_call&, const std::stop_token&) { return tool_reply{}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(tool_registry_test)

BOOST_AUTO_TEST_CASE(a_schema_comes_from_the_fields_with_what_they_mean) {
  tool_registry tools;
  must(tools.add({.name = "weather", .description = "Tells the weather.", .fields = {{"city", "Where to look."}}},
                 &weather));
  const auto spec = must(tools.find("weather"));
  BOOST_TEST(spec.arguments ==
             R"({"additionalProperties":false,"properties":{"city":{"description":"Where to look.","type":"string"},)"
             R"("days":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":["city"],"type":"object"})");
  BOOST_TEST(tools.list_as_json() ==
             R"([{"description":"Tells the weather.","inputSchema":)" + spec.arguments + R"(,"name":"weather"}])");
  tools.check("weather", R"({"city":"Rome"})").value();
  tools.check("weather", R"({"city":"Rome","days":3})").value();
  BOOST_TEST(tools.check("weather", R"({"days":3})").error().message() ==
             "tool `weather`: the whole: `city` is missing");
  BOOST_TEST(tools.check("wether", "{}").error().is(agent_errc::unknown_tool));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_tool_is_refused_with_the_reason) {
  tool_registry tools;
  const auto why = [&](tool_spec spec) { return tools.add_raw(std::move(spec), &nothing).error(); };
  BOOST_TEST(why({.name = ""}).message() == "tool ``: a name has 1 to 128 characters");
  BOOST_TEST(why({.name = "a b"}).is(agent_errc::bad_tool));
  BOOST_TEST(why({.name = std::string(129, 'a')}).is(agent_errc::bad_tool));
  BOOST_TEST(why({.name = "t", .arguments = "{"}).is(agent_errc::bad_tool));
  BOOST_TEST(why({.name = "t", .arguments = R"({"type":"thing"})"}).message() ==
             "tool `t`: the JSON schema: /type: no such type");
  BOOST_TEST(why({.name = "t", .result = R"({"$ref":"x"})"}).message().find("of its result") != std::string::npos);
  BOOST_TEST(why({.name = "t", .fields = {{"x", "y"}}}).message().find("no field `x`") != std::string::npos);
  BOOST_TEST(why({.name = "t", .timeout = 0s}).is(agent_errc::bad_tool));
  BOOST_TEST(why({.name = "t", .retry = retry_policy{.attempts = 0}}).is(agent_errc::bad_tool));
  BOOST_TEST(why({.name = "t", .result_bytes_max = 0}).is(agent_errc::bad_tool));
  BOOST_TEST(tools.add_raw({.name = "t"}, nullptr).error().is(agent_errc::bad_tool));
  BOOST_TEST(tools.add({.name = "t"}, [](const tree&) { return std::string{}; }).error().message() ==
             "a struct that holds itself has no derived schema");
  BOOST_TEST(tools.list().empty());
}

BOOST_AUTO_TEST_CASE(a_name_is_taken_once_and_free_again_when_its_tool_is_gone) {
  tool_registry tools;
  must(tools.add_raw({.name = "b"}, &nothing));
  must(tools.add_raw({.name = "a"}, &nothing));
  BOOST_TEST(tools.add_raw({.name = "a"}, &nothing).error().is(errc::already_exists));
  BOOST_TEST(tools.list()[0].name == "a");
  must(tools.remove("a"));
  BOOST_TEST(tools.remove("a").error().is(errc::not_found));
  must(tools.add_raw({.name = "a"}, &nothing));
}

BOOST_AUTO_TEST_CASE(there_are_so_many_tools_and_servers_and_no_more) {
  tool_registry tools{{.tools_max = 2, .servers_max = 0}};
  must(tools.add_raw({.name = "1"}, &nothing));
  must(tools.add_raw({.name = "2"}, &nothing));
  BOOST_TEST(tools.add_raw({.name = "3"}, &nothing).error().is(agent_errc::overloaded));
  BOOST_TEST(tools.add_server({.name = "s", .command = {TROUPE_MCP_PEER_PROGRAM, "modern"}})
                 .error()
                 .is(agent_errc::overloaded));
}

BOOST_AUTO_TEST_CASE(a_registry_that_is_closed_takes_nothing) {
  tool_registry tools;
  must(tools.add_raw({.name = "1"}, &nothing));
  tools.close();
  BOOST_TEST(tools.list().empty());
  BOOST_TEST(tools.add_raw({.name = "1"}, &nothing).error().is(agent_errc::node_stopping));
  BOOST_TEST(tools.add_server({.name = "s", .command = {"x"}}).error().is(agent_errc::node_stopping));
}

BOOST_AUTO_TEST_CASE(a_server_brings_its_tools_with_policies_by_pattern) {
  tool_registry tools;
  mcp_options server{.name = "peer", .command = {TROUPE_MCP_PEER_PROGRAM, "modern", "bad_schemas"}};
  server.policy = tool_policy::deny;
  server.policies = {{"e*", tool_policy::allow}, {"*t", tool_policy::confirm}};
  server.repeatable = {"echo"};
  const auto names = must(tools.add_server(server));
  // Those that cannot be checked are left out.
  BOOST_TEST((names == std::vector<std::string>{"peer/act", "peer/echo"}));
  BOOST_TEST((must(tools.find("peer/echo")).policy == tool_policy::allow));
  BOOST_TEST((must(tools.find("peer/act")).policy == tool_policy::confirm));
  BOOST_TEST(must(tools.find("peer/echo")).repeatable);
  BOOST_TEST(!must(tools.find("peer/act")).repeatable);
  BOOST_TEST(tools.add_server(server).error().is(errc::already_exists));
  BOOST_TEST(tools.servers().at(0).server == "peer 7");
  must(tools.remove_server("peer"));
  BOOST_TEST(tools.list().empty());
  BOOST_TEST(tools.remove_server("peer").error().is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_policy_that_was_set_outlives_a_new_list_of_the_server) {
  node_options options;
  options.log = logger{};
  workbench w{std::move(options)};
  must(w.tools().add_server({.name = "peer", .command = {TROUPE_MCP_PEER_PROGRAM, "modern"}}));
  must(w.tools().set_policy("peer/echo", tool_policy::deny));
  must(w.call("peer/act", R"({"how":"grow"})"));
  BOOST_TEST(comes_true([&] { return w.tools().find("peer/later").has_value(); }));
  BOOST_TEST((must(w.tools().find("peer/echo")).policy == tool_policy::deny));
  BOOST_TEST(w.call("peer/echo", R"({"text":"x"})").error().is(agent_errc::policy_denied));
}

BOOST_AUTO_TEST_CASE(a_tool_of_a_server_that_was_removed_stays_away_until_the_server_is_added_anew) {
  node_options options;
  options.log = logger{};
  workbench w{std::move(options)};
  const mcp_options server{.name = "peer", .command = {TROUPE_MCP_PEER_PROGRAM, "modern"}};
  must(w.tools().add_server(server));
  must(w.tools().remove("peer/echo"));
  must(w.call("peer/act", R"({"how":"grow"})"));
  BOOST_TEST(comes_true([&] { return w.tools().find("peer/later").has_value(); }));
  BOOST_TEST(!w.tools().find("peer/echo").has_value());
  must(w.tools().remove_server("peer"));
  must(w.tools().add_server(server));
  BOOST_TEST(w.tools().find("peer/echo").has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_come_leaves_nothing_behind) {
  tool_registry tools;
  const mcp_options server{.name = "peer", .command = {TROUPE_MCP_PEER_PROGRAM, "legacy", "dies_at_once"}};
  const auto why = tools.add_server(server).error();
  BOOST_TEST(why.is(agent_errc::tool_crashed));
  BOOST_TEST(why.message().find("MCP server `peer`: the server's process ended with code 3") == 0u, why.message());
  BOOST_TEST(tools.servers().empty());
}

BOOST_AUTO_TEST_SUITE_END()
