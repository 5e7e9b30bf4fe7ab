#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <nlohmann/json.hpp>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/mcp_client.hpp>

#include "support/http_peer.hpp"

// The MCP client against servers of ours over Streamable HTTP, good and bad ones.

using namespace troupe;
using namespace std::chrono_literals;
using nlohmann::json;
using support::heard_request;
using support::http_answer;
using support::http_peer;
using support::peer_connection;

namespace {

std::string ok_json(const json& body, std::string_view headers = {}) {
  return http_answer("200 OK", "application/json", body.dump(), headers);
}
json answer_to(const json& request, json result) {
  return {{"jsonrpc", "2.0"}, {"id", request["id"]}, {"result", std::move(result)}};
}
json failure_to(const json& request, int code, const char* words, json data = nullptr) {
  return {{"jsonrpc", "2.0"},
          {"id", request["id"]},
          {"error", {{"code", code}, {"message", words}, {"data", std::move(data)}}}};
}
std::string event(const json& message) { return "event: message\ndata: " + message.dump() + "\n\n"; }
constexpr const char* events_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

json text_result(const std::string& text) {
  return {{"resultType", "complete"}, {"content", {{{"type", "text"}, {"text", text}}}}};
}

// A server whose calls of tools are answered by the test, and to which it is given what the client answers. What comes
// before them it does as it should.
class server : public http_peer {
 public:
  using call_handler = std::function<void(const heard_request&, const json&, peer_connection&)>;
  server(bool modern, call_handler call)
      : http_peer{[modern, call = std::move(call)](const heard_request& asked, peer_connection& to) {
          if (asked.method != "POST") return (void)to.send(http_answer("405 Method Not Allowed", "text/plain", ""));
          const auto request = json::parse(asked.body);
          const auto method = request.value("method", "");
          if (method == "tools/call" || method.empty()) return call(asked, request, to);
          to.send(modern ? of_modern(method, request) : of_legacy(asked, method, request));
        }} {}

 private:
  static json tools() {
    const json schema = json::parse(
        R"({"type":"object","properties":{"where":{"type":"string","x-mcp-header":"Where"},"how":{"type":"string"}}})");
    json bad = json::parse(R"({"type":"object","properties":{"a":{"type":"number","x-mcp-header":"A"}}})");
    return {{"resultType", "complete"},
            {"tools", {{{"name", "act"}, {"inputSchema", schema}}, {{"name", "bad"}, {"inputSchema", bad}}}}};
  }
  static std::string of_modern(const std::string& method, const json& request) {
    if (method == "server/discover")
      return ok_json(answer_to(request, {{"resultType", "complete"},
                                         {"supportedVersions", {"2026-07-28"}},
                                         {"capabilities", {{"tools", json::object()}}}}));
    if (method == "tools/list") return ok_json(answer_to(request, tools()));
    return http_answer("404 Not Found", "application/json", failure_to(request, -32601, "Method not found").dump());
  }
  static std::string of_legacy(const heard_request& asked, const std::string& method, const json& request) {
    if (method == "initialize")
      return events_head_with("Mcp-Session-Id: s-1\r\n") +
             event(answer_to(request, {{"protocolVersion", "2025-06-18"},
                                       {"capabilities", {{"tools", json::object()}}},
                                       {"serverInfo", {{"name", "old"}, {"version", "1"}}}}));
    if (asked.header("mcp-session-id") != "s-1")
      return http_answer(
          "400 Bad Request", "application/json",
          R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":null})");
    if (method == "tools/list") return ok_json(answer_to(request, tools()));
    return http_answer("202 Accepted", "text/plain", "");
  }
  static std::string events_head_with(const std::string& more) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n" + more + "\r\n";
  }
};

mcp_options at(const http_peer& where) {
  mcp_options options{.name = "peer", .url = where.url("/mcp")};
  options.restart_delay_min = 1ms;
  return options;
}
struct session : mcp_client {
  explicit session(const http_peer& where) : mcp_client{at(where)} {}
  explicit session(mcp_options options) : mcp_client{std::move(options)} {}
  result<tool_reply> act(json arguments = json::object(), duration limit = 20s) {
    return call({.tool = "act", .arguments = arguments.dump(), .idempotency_key = "k"}, limit);
  }
};

template <class T>
bool says(const result<T>& outcome, agent_errc code, std::string_view words) {
  if (outcome) return false;
  BOOST_TEST_MESSAGE(outcome.error().describe());
  return outcome.error().is(code) && outcome.error().message().find(words) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mcp_http_test)

BOOST_AUTO_TEST_CASE(a_modern_server_gets_its_headers_with_every_request) {
  server there{true, [](const auto&, const json& request, peer_connection& to) {
                 to.send(ok_json(answer_to(request, text_result("done"))));
               }};
  session s{there};
  BOOST_TEST(s.tools().value().size() == 1u);  // the one whose headers cannot be is left out
  BOOST_TEST(s.act({{"where", "us-west1"}}).value().text == "done");
  BOOST_TEST(s.info().revision == "2026-07-28");
  const auto heard = there.heard();
  BOOST_TEST_REQUIRE(heard.size() == 3u);
  for (const auto& each : heard) {
    BOOST_TEST(each.header("mcp-protocol-version") == "2026-07-28");
    BOOST_TEST(each.header("accept") == "application/json, text/event-stream");
    const auto body = json::parse(each.body);
    BOOST_TEST(each.header("mcp-method") == body["method"].get<std::string>());
    BOOST_TEST(body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28");
    BOOST_TEST(body["params"]["_meta"].contains("io.modelcontextprotocol/clientCapabilities"));
    BOOST_TEST(each.header("mcp-session-id") == "");
  }
  BOOST_TEST(heard[2].header("mcp-name") == "act");
  BOOST_TEST(heard[2].header("mcp-param-where") == "us-west1");
  BOOST_TEST(json::parse(heard[2].body)["params"]["_meta"]["troupe/idempotencyKey"] == "k");
}

BOOST_AUTO_TEST_CASE(a_legacy_server_gets_its_handshake_its_session_and_its_end) {
  server there{false, [](const auto&, const json& request, peer_connection& to) {
                 to.send(std::string{events_head} + "id: 1\ndata:\n\n" +
                         event({{"jsonrpc", "2.0"}, {"method", "notifications/progress"}}) +
                         event(answer_to(request, text_result("done"))));
               }};
  {
    session s{there};
    BOOST_TEST(s.act().value().text == "done");
    BOOST_TEST(s.info().revision == "2025-06-18");
    BOOST_TEST(s.info().server == "old 1");
  }
  const auto heard = there.heard();
  BOOST_TEST_REQUIRE(heard.size() == 6u);  // discover, initialize, initialized, list, call, DELETE
  BOOST_TEST(heard[1].header("mcp-protocol-version") == "");
  BOOST_TEST(heard[1].header("mcp-method") == "");
  for (std::size_t i = 2; i < 6; ++i) {
    BOOST_TEST(heard[i].header("mcp-session-id") == "s-1");
    BOOST_TEST(heard[i].header("mcp-protocol-version") == "2025-06-18");
  }
  BOOST_TEST(heard[5].method == "DELETE");
}

BOOST_AUTO_TEST_CASE(a_session_that_was_forgotten_is_begun_anew_with_the_next_call) {
  std::atomic<int> calls{0};
  server there{false, [&](const auto&, const json& request, peer_connection& to) {
                 if (++calls == 1) return (void)to.send(http_answer("404 Not Found", "text/plain", ""));
                 to.send(ok_json(answer_to(request, text_result("done"))));
               }};
  session s{there};
  BOOST_TEST(says(s.act(), agent_errc::provider_unavailable, "forgotten the session"));
  auto again = s.act();
  while (!again && again.error().message().find("is not made yet") != std::string::npos) again = s.act();
  BOOST_TEST(again.value().text == "done");
  BOOST_TEST(s.info().starts == 2u);
}

BOOST_AUTO_TEST_CASE(nobody_there_and_a_server_of_something_else_are_told_apart) {
  auto options = [] {
    http_peer gone{[](const auto&, auto&) {}};
    return at(gone);
  }();
  BOOST_TEST(says(session{options}.tools(), agent_errc::provider_unavailable, "127.0.0.1"));
  http_peer web{
      [](const auto&, peer_connection& to) { to.send(http_answer("200 OK", "text/html", "<html>hello</html>")); }};
  BOOST_TEST(says(session{web}.tools(), agent_errc::bad_tool_reply, "no response to the request"));
  http_peer closed{
      [](const auto&, peer_connection& to) { to.send(http_answer("401 Unauthorized", "text/plain", "who are you?")); }};
  BOOST_TEST(says(session{closed}.tools(), agent_errc::provider_rejected, "HTTP 401: who are you?"));
  http_peer busy{[](const auto&, peer_connection& to) {
    to.send(http_answer("429 Too Many Requests", "text/plain", "", "Retry-After: 7\r\n"));
  }};
  const auto throttled = session{busy}.tools();
  BOOST_TEST(says(throttled, agent_errc::provider_throttled, "429"));
  http_peer redirecting{[](const auto&, peer_connection& to) {
    to.send(http_answer("307 Temporary Redirect", "text/plain", "", "Location: http://127.0.0.1:1/\r\n"));
  }};
  BOOST_TEST(!session{redirecting}.tools().has_value());
}

BOOST_AUTO_TEST_CASE(a_modern_server_that_refuses_is_not_taken_for_a_legacy_one) {
  http_peer future{[](const heard_request& asked, peer_connection& to) {
    const auto request = json::parse(asked.body);
    to.send(http_answer(
        "400 Bad Request", "application/json",
        failure_to(request, -32022, "Unsupported protocol version", {{"supported", {"2027-01-01"}}}).dump()));
  }};
  BOOST_TEST(says(session{future}.tools(), agent_errc::provider_rejected, "2027-01-01"));
  BOOST_TEST(future.heard().size() == 1u);
}

BOOST_AUTO_TEST_CASE(hostile_answers_are_errors_with_a_little_of_what_was_seen) {
  const auto when = [](std::function<void(const json&, peer_connection&)> how, duration limit = 20s) {
    server there{true, [&](const auto&, const json& request, peer_connection& to) { how(request, to); }};
    auto options = at(there);
    options.message_bytes_max = 10'000;
    session s{options};
    s.tools().value();
    return s.act(json::object(), limit);
  };
  BOOST_TEST(
      says(when([](const json&, auto& to) { to.send(http_answer("200 OK", "application/json", "\x01nonsense")); }),
           agent_errc::bad_tool_reply, "no response"));
  BOOST_TEST(says(when([](const json&, auto& to) { to.send(http_answer("200 OK", "application/json", "")); }),
                  agent_errc::bad_tool_reply, "no response"));
  BOOST_TEST(says(when([](const json& request, auto& to) {
                    to.send(ok_json(answer_to(request, text_result(std::string(20'000, 'x')))));
                  }),
                  agent_errc::bad_tool_reply, "10000 bytes"));
  // Wrong ids.
  BOOST_TEST(says(when([](const json&, auto& to) {
                    to.send(ok_json({{"jsonrpc", "2.0"}, {"id", 999}, {"result", json::object()}}));
                  }),
                  agent_errc::bad_tool_reply, "no response"));
  // Endless: one event, many events, no event at all.
  const auto endless = [&](const std::string& piece) {
    return when([piece](const json&, auto& to) {
      to.send(events_head);
      while (to.send(piece)) {
      }
    });
  };
  BOOST_TEST(says(endless("data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"), agent_errc::bad_tool_reply, "10000 bytes"));
  BOOST_TEST(says(endless("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), agent_errc::bad_tool_reply, "10000 bytes"));
  BOOST_TEST(says(endless(event({{"jsonrpc", "2.0"}, {"method", "notifications/progress"}})),
                  agent_errc::bad_tool_reply, "10000 bytes"));
  BOOST_TEST(says(endless(": keep alive\n\n"), agent_errc::bad_tool_reply, "10000 bytes"));
  // Slow, cut off, refused.
  BOOST_TEST(says(when([](const json&, auto& to) { to.wait_for_end(); }, 100ms), agent_errc::timeout, "`tools/call`"));
  BOOST_TEST(
      says(when([](const json&, auto& to) { to.send(events_head); }), agent_errc::bad_tool_reply, "no response"));
  BOOST_TEST(says(when([](const json&, auto& to) { to.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"); }),
                  agent_errc::provider_unavailable, "127.0.0.1"));
  BOOST_TEST(says(when([](const json&, auto& to) {
                    to.send(http_answer("503 Service Unavailable", "text/plain", "later", "Retry-After: 3\r\n"));
                  }),
                  agent_errc::provider_unavailable, "HTTP 503: later"));
  BOOST_TEST(
      says(when([](const json& request, auto& to) {
             to.send(http_answer("400 Bad Request", "application/json", failure_to(request, -32602, "wrong").dump()));
           }),
           agent_errc::provider_rejected, "wrong (-32602)"));
  BOOST_TEST(
      says(when([](const json&, auto& to) { to.send("no HTTP at all"); }), agent_errc::provider_unavailable, ""));
}

BOOST_AUTO_TEST_CASE(a_call_that_takes_too_long_is_given_up_by_closing_its_connection) {
  std::promise<void> closed;
  server there{true, [&](const auto&, const json&, peer_connection& to) {
                 to.send(events_head);
                 to.wait_for_end();
                 closed.set_value();
               }};
  session s{there};
  s.tools().value();
  BOOST_TEST(says(s.act(json::object(), 100ms), agent_errc::timeout, "`tools/call`"));
  BOOST_TEST((closed.get_future().wait_for(10s) == std::future_status::ready));
  for (const auto& each : there.heard()) BOOST_TEST(each.body.find("notifications/cancelled") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_that_takes_no_answers_does_not_hold_up_the_end) {
  server there{false, [](const auto&, const json& request, peer_connection& to) {
                 std::string pings = events_head;
                 for (int i = 0; i < 40; ++i) pings += event({{"jsonrpc", "2.0"}, {"id", i}, {"method", "ping"}});
                 if (request.contains("method")) to.send(pings);
                 to.wait_for_end();
               }};
  auto options = at(there);
  options.pending_max = 1;
  std::optional<session> s{options};
  BOOST_TEST(s->act(json::object(), 500ms).error().is(agent_errc::timeout));
  const auto began = std::chrono::steady_clock::now();
  s.reset();
  BOOST_TEST((std::chrono::steady_clock::now() - began < 10s));
  const auto heard = there.heard();
  BOOST_TEST(heard.back().method == "DELETE");
}

BOOST_AUTO_TEST_CASE(given_headers_are_sent_and_are_not_shown) {
  server there{true, [](const auto&, const json& request, peer_connection& to) {
                 to.send(ok_json(answer_to(request, text_result("done"))));
               }};
  auto options = at(there);
  options.headers = {{"Authorization", "Bearer secret"}};
  session s{options};
  BOOST_TEST(s.act().value().text == "done");
  for (const auto& each : there.heard()) BOOST_TEST(each.header("authorization") == "Bearer secret");
}

BOOST_AUTO_TEST_SUITE_END()
