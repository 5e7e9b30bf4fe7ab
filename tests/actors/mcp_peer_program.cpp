#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

// An MCP server over stdio for tests, as good or as bad as its arguments say: the first is what it speaks (legacy,
// modern, old, new, silent), the others are its bad habits.

using nlohmann::json;

namespace {

std::set<std::string> habits;
bool has(const char* habit) { return habits.contains(habit); }

void say(const json& what) { std::cout << what.dump() << '\n' << std::flush; }
void answer(const json& id, json result) {
  result["resultType"] = "complete";
  say({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}
void refuse(const json& id, int code, const std::string& words, json data = nullptr) {
  say({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", words}, {"data", std::move(data)}}}});
}
json text_result(const std::string& text) { return {{"content", {{{"type", "text"}, {"text", text}}}}}; }

json tool(const std::string& name, json schema) {
  return {{"name", name}, {"description", "It is called " + name + "."}, {"inputSchema", std::move(schema)}};
}

json list(bool grown, const std::string& cursor) {
  const json text_schema{{"type", "object"}, {"properties", {{"text", {{"type", "string"}}}}}, {"required", {"text"}}};
  json tools = json::array({tool("echo", text_schema), tool("act", {{"type", "object"}})});
  if (grown) tools.push_back(tool("later", {{"type", "object"}}));
  if (has("bad_schemas")) {
    tools.push_back(tool("unknown_type", {{"type", "thing"}}));
    tools.push_back(tool("elsewhere", {{"$ref", "https://example.com/schema"}}));
    tools.push_back(tool("a bad name", {{"type", "object"}}));
    tools.push_back(tool("long", {{"type", "object"}, {"description", std::string(100'000, 'x')}}));
    tools.push_back({{"name", "none"}});
    tools.push_back(17);
  }
  if (has("bad_names"))
    for (int i = 0; i < 100; ++i) {
      tools.push_back(tool("", {{"type", "object"}}));
      tools.push_back(tool(std::string(10'000, '*'), {{"type", "object"}}));
    }
  json result{{"tools", std::move(tools)}, {"ttlMs", 0}, {"cacheScope", "private"}};
  if (has("two_pages")) {
    if (cursor.empty()) {
      result["nextCursor"] = "second";
    } else {
      result["tools"] = json::array({tool("of_page_" + cursor, {{"type", "object"}})});
    }
  }
  if (has("endless_pages")) {
    const auto number = cursor.empty() ? 0 : std::stoi(cursor);
    result["tools"] = json::array({tool("tool_" + std::to_string(number), {{"type", "object"}})});
    result["nextCursor"] = std::to_string(number + 1);
  }
  return result;
}

void discover(const json& id, const std::string& speaks) {
  if (speaks == "new") return refuse(id, -32022, "Unsupported protocol version", {{"supported", {"2027-01-01"}}});
  if (speaks != "modern") return refuse(id, -32601, "Method not found");
  answer(id, {{"supportedVersions", {"2026-07-28"}},
              {"capabilities", {{"tools", {{"listChanged", true}}}}},
              {"instructions", "be kind"},
              {"_meta", {{"io.modelcontextprotocol/serverInfo", {{"name", "peer"}, {"version", "7"}}}}}});
}

void shake_hands(const json& id, const std::string& speaks) {
  if (speaks == "modern") return refuse(id, -32601, "Method not found");
  answer(id, {{"protocolVersion", speaks == "old" ? "2024-11-05" : "2025-11-25"},
              {"capabilities", {{"tools", {{"listChanged", true}}}}},
              {"serverInfo", {{"name", "peer"}, {"version", "7"}}}});
}

// What `act` does with its `how`.
bool act(const json& id, const std::string& how) {
  if (how == "hang") return true;
  if (how == "die") ::_exit(5);
  if (how == "crash") ::raise(SIGKILL);
  if (how == "huge") return answer(id, text_result(std::string(3'000'000, 'h'))), true;
  if (how == "endless line") {
    std::cout << R"({"jsonrpc":"2.0","id":)";
    for (;;) std::cout << "1111111111111111";
  }
  if (how == "garbage") {
    for (;;) std::cout << "\x01garbage: no JSON at all\n";
  }
  if (how == "flood")
    for (;;) say({{"jsonrpc", "2.0"}, {"method", "notifications/message"}, {"params", {{"data", "more"}}}});
  if (how == "deep") {
    std::cout << R"({"jsonrpc":"2.0","id":)" << id << R"(,"result":)" << std::string(100'000, '[') << '\n'
              << std::flush;
    return true;
  }
  if (how == "no content") return answer(id, json::object()), true;
  if (how == "no result") return say({{"jsonrpc", "2.0"}, {"id", id}}), true;
  if (how == "input")
    return say({{"jsonrpc", "2.0"}, {"id", id}, {"result", {{"resultType", "input_required"}, {"requestState", "x"}}}}),
           true;
  if (how == "error") return refuse(id, -32602, "no such thing"), true;
  if (how == "internal") return refuse(id, -32603, "broken"), true;
  if (how == "is_error") {
    auto result = text_result("that did not work");
    result["isError"] = true;
    return answer(id, std::move(result)), true;
  }
  if (how == "structured") return answer(id, {{"content", json::array()}, {"structuredContent", {{"x", 1}}}}), true;
  if (how == "image")
    return answer(id, {{"content",
                        {{{"type", "text"}, {"text", "look"}},
                         {{"type", "image"}, {"data", "AAAA"}, {"mimeType", "image/png"}}}}}),
           true;
  if (how == "environment") {
    std::string all;
    for (char** each = environ; *each; ++each) all += std::string{*each} + "\n";
    return answer(id, text_result(all)), true;
  }
  if (how == "descriptors") {
    std::string open;
    for (int fd = 3; fd < 256; ++fd)
      if (::lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF) open += std::to_string(fd) + " ";
    return answer(id, text_result(open)), true;
  }
  if (how == "pid") return answer(id, text_result(std::to_string(::getpid()))), true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string speaks = argc > 1 ? argv[1] : "legacy";
  for (int i = 2; i < argc; ++i) habits.insert(argv[i]);
  if (has("stubborn")) ::signal(SIGTERM, SIG_IGN);
  if (has("dies_at_once")) {
    std::cerr << "no licence found" << std::endl;
    return 3;
  }
  if (has("endless_stderr")) std::cerr << std::string(2'000'000, 'e') << std::endl;
  if (has("chatty")) std::cout << "Server starting...\nlistening on stdio\n" << std::flush;
  bool grown = false;
  int cancelled = 0, refused = 0;
  std::string last_key;
  json listening;
  for (std::string line; std::getline(std::cin, line);) {
    const json message = json::parse(line);
    const auto method = message.value("method", "");
    const json id = message.contains("id") ? message["id"] : json{};
    const json params = message.contains("params") ? message["params"] : json::object();
    if (method == "notifications/cancelled") ++cancelled;
    if (message.contains("error")) ++refused;
    if (method.empty() || id.is_null() || speaks == "silent") continue;
    if (has("wrong_ids")) {
      answer(id.get<int>() + 1'000, json::object());
      answer("text", json::object());
      say({{"jsonrpc", "2.0"}, {"id", nullptr}, {"error", {{"code", -32700}, {"message", "what?"}}}});
    }
    if (method == "server/discover") {
      if (has("ends_when_probed")) return 4;
      discover(id, speaks);
    } else if (method == "initialize") {
      shake_hands(id, speaks);
    } else if (method == "ping") {
      answer(id, json::object());
    } else if (method == "subscriptions/listen") {
      listening = id;
      say({{"jsonrpc", "2.0"}, {"method", "notifications/subscriptions/acknowledged"}, {"params", json::object()}});
    } else if (method == "tools/list") {
      if (has("asks")) {
        say({{"jsonrpc", "2.0"}, {"id", 900}, {"method", "sampling/createMessage"}, {"params", json::object()}});
        say({{"jsonrpc", "2.0"}, {"id", "p"}, {"method", "ping"}});
      }
      if (has("changes_while_it_lists") && !std::exchange(grown, true)) {
        say({{"jsonrpc", "2.0"}, {"method", "notifications/tools/list_changed"}});
        answer(id, list(false, ""));
      } else {
        answer(id, list(grown, params.value("cursor", "")));
      }
    } else if (method == "tools/call") {
      const auto& arguments = params["arguments"];
      const auto name = params.value("name", "");
      last_key = params["_meta"].value("troupe/idempotencyKey", "");
      const auto how = arguments.value("how", "");
      if (name == "echo") {
        answer(id, text_result(arguments.value("text", "")));
      } else if (how == "grow") {
        grown = true;
        say({{"jsonrpc", "2.0"}, {"method", "notifications/tools/list_changed"}});
        answer(id, text_result(listening.is_null() ? "told" : "told a listener"));
      } else if (how == "count") {
        answer(id, text_result("cancelled " + std::to_string(cancelled) + ", refused " + std::to_string(refused)));
      } else if (how == "key") {
        answer(id, text_result(last_key));
      } else if (how == "version") {
        answer(id, text_result(params["_meta"].value("io.modelcontextprotocol/protocolVersion", "none")));
      } else if (how == "die once" && !std::ifstream{arguments.value("mark", "")}) {
        std::ofstream{arguments.value("mark", "")} << 1;
        std::cerr << "dying in the middle" << std::endl;
        ::_exit(9);
      } else if (!act(id, how)) {
        answer(id, text_result("done"));
      }
    } else {
      refuse(id, -32601, "Method not found");
    }
  }
  while (has("stubborn")) ::pause();
}
