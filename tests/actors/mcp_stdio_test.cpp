#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <future>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/mcp_client.hpp>

#include "actors/gate.hpp"
#include "core/temporary_folder.hpp"

// The MCP client against a server of ours over stdio, which is good or bad as it is told.

using namespace troupe;
using namespace std::chrono_literals;

namespace {

mcp_options peer(std::vector<std::string> arguments) {
  mcp_options options{.name = "peer", .command = {TROUPE_MCP_PEER_PROGRAM}};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.close_timeout = 5s;
  options.restart_delay_min = 1ms;
  return options;
}

struct session : mcp_client {
  explicit session(std::vector<std::string> arguments) : mcp_client{peer(std::move(arguments))} {}
  explicit session(mcp_options options) : mcp_client{std::move(options)} {}
  result<tool_reply> act(const std::string& how, duration limit = 20s) {
    return call({.tool = "act", .arguments = R"({"how":")" + how + R"("})", .idempotency_key = "k"}, limit);
  }
  std::string echo(const std::string& text) {
    const auto said = call({.tool = "echo", .arguments = R"({"text":")" + text + R"("})"}, 20s);
    return said ? said->text : said.error().describe();
  }
};

template <class T>
bool says(const result<T>& outcome, agent_errc code, std::string_view words) {
  if (outcome) return false;
  BOOST_TEST_MESSAGE(outcome.error().describe());
  return outcome.error().is(code) && outcome.error().message().find(words) != std::string::npos;
}

std::size_t count_tools(std::vector<std::string> arguments) {
  return session{std::move(arguments)}.tools().value().size();
}

bool lives(std::int64_t pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(mcp_stdio_test)

BOOST_AUTO_TEST_CASE(a_modern_server_is_spoken_to_without_a_handshake) {
  session s{std::vector<std::string>{"modern"}};
  BOOST_TEST(s.tools().value().size() == 2u);
  BOOST_TEST(s.tools().value()[1].name == "act");
  BOOST_TEST(s.echo("hello") == "hello");
  BOOST_TEST(s.act("version").value().text == "2026-07-28");
  BOOST_TEST(s.act("key").value().text == "k");
  const auto info = s.info();
  BOOST_TEST(info.revision == "2026-07-28");
  BOOST_TEST(info.server == "peer 7");
  BOOST_TEST(info.instructions == "be kind");
  BOOST_TEST(info.starts == 1u);
  s.ping().value();
}

BOOST_AUTO_TEST_CASE(a_legacy_server_is_given_its_handshake) {
  session s{std::vector<std::string>{"legacy"}};
  BOOST_TEST(s.echo("hello") == "hello");
  BOOST_TEST(s.info().revision == "2025-11-25");
  BOOST_TEST(s.act("version").value().text == "none");
  s.ping().value();
}

BOOST_AUTO_TEST_CASE(a_legacy_server_that_ends_when_it_is_probed_is_started_again_and_given_its_handshake) {
  session s{std::vector<std::string>{"legacy", "ends_when_probed"}};
  BOOST_TEST(s.echo("hello") == "hello");
  BOOST_TEST(s.info().revision == "2025-11-25");
  BOOST_TEST(s.info().starts == 2u);
  // From then on it is not probed.
  BOOST_TEST(s.act("die").error().is(agent_errc::tool_crashed));
  auto again = s.act("pid");
  while (!again && again.error().message().find("is not made yet") != std::string::npos) again = s.act("pid");
  BOOST_TEST(again.has_value());
  BOOST_TEST(s.info().starts == 3u);
}

BOOST_AUTO_TEST_CASE(a_server_of_another_time_is_refused_with_what_it_speaks) {
  session old{std::vector<std::string>{"old"}}, young{std::vector<std::string>{"new"}};
  BOOST_TEST(says(old.tools(), agent_errc::provider_rejected, "2024-11-05"));
  BOOST_TEST(says(young.tools(), agent_errc::provider_rejected, "2027-01-01"));
}

BOOST_AUTO_TEST_CASE(a_server_that_says_nothing_is_given_up_in_time) {
  auto options = peer({"silent"});
  options.probe_timeout = 50ms;
  options.connect_timeout = 200ms;
  session s{options};
  BOOST_TEST(says(s.tools(), agent_errc::timeout, "`initialize` was not answered in time"));
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_or_ends_at_once_says_why) {
  auto options = peer({});
  options.command = {"/nonexistent/server"};
  BOOST_TEST(says(session{options}.tools(), agent_errc::no_process, "/nonexistent/server"));
  session short_lived{std::vector<std::string>{"legacy", "dies_at_once"}};
  BOOST_TEST(
      says(short_lived.tools(), agent_errc::tool_crashed, "ended with code 3; its last words: no licence found"));
}

BOOST_AUTO_TEST_CASE(a_little_noise_is_passed_over_and_counted) {
  session s{std::vector<std::string>{"legacy", "chatty"}};
  BOOST_TEST(s.echo("hello") == "hello");
  BOOST_TEST(s.info().garbage == 2u);
}

BOOST_AUTO_TEST_CASE(endless_garbage_ends_the_server_and_the_error_shows_a_little_of_it) {
  session s{std::vector<std::string>{"modern"}};
  const auto said = s.act("garbage");
  BOOST_TEST(says(said, agent_errc::bad_tool_reply, ".garbage: no JSON at all"));
  BOOST_TEST(said.error().message().size() < 400u);
  BOOST_TEST(s.info().garbage <= 20u);
  BOOST_TEST(!s.info().connected);
}

BOOST_AUTO_TEST_CASE(an_endless_line_is_cut_off) {
  auto options = peer({"legacy"});
  options.message_bytes_max = 100'000;
  session s{options};
  BOOST_TEST(says(s.act("endless line"), agent_errc::bad_tool_reply, "more in one line than the 100000 bytes"));
}

BOOST_AUTO_TEST_CASE(a_flood_of_notifications_does_not_hold_up_a_timeout) {
  auto options = peer({"modern"});
  options.close_timeout = 50ms;
  session s{options};
  s.tools().value();
  BOOST_TEST(says(s.act("flood", 100ms), agent_errc::timeout, "`tools/call` was not answered in time"));
}

BOOST_AUTO_TEST_CASE(answers_with_wrong_ids_are_ignored_and_counted) {
  session s{std::vector<std::string>{"modern", "wrong_ids"}};
  BOOST_TEST(s.echo("right") == "right");
  BOOST_TEST(s.info().strangers >= 9u);
}

BOOST_AUTO_TEST_CASE(a_huge_message_is_refused_before_it_is_kept) {
  auto options = peer({"legacy"});
  options.message_bytes_max = 1'000'000;
  session s{options};
  BOOST_TEST(says(s.act("huge"), agent_errc::bad_tool_reply, "1000000 bytes"));
  session other{std::vector<std::string>{"legacy"}};
  BOOST_TEST(other.act("huge").value().text.size() == 3'000'000u);
}

BOOST_AUTO_TEST_CASE(json_that_is_nested_too_deep_is_garbage) {
  session s{std::vector<std::string>{"modern"}};
  s.tools().value();
  BOOST_TEST(says(s.act("deep", 300ms), agent_errc::timeout, "more than 64 levels"));
  BOOST_TEST(s.echo("still there") == "still there");
}

BOOST_AUTO_TEST_CASE(results_that_are_none_are_errors_and_errors_keep_their_words) {
  session s{std::vector<std::string>{"modern"}};
  BOOST_TEST(says(s.act("no content"), agent_errc::bad_tool_reply, "no content"));
  BOOST_TEST(s.act("input").error().is(errc::unsupported));
  BOOST_TEST(says(s.act("error"), agent_errc::provider_rejected, "no such thing (-32602)"));
  BOOST_TEST(says(s.act("internal"), agent_errc::provider_unavailable, "broken (-32603)"));
  BOOST_TEST(says(s.act("no result", 200ms), agent_errc::timeout, "no message of JSON-RPC"));
  const auto failed = s.act("is_error").value();
  BOOST_TEST(failed.is_error);
  BOOST_TEST(failed.text == "that did not work");
  BOOST_TEST(s.act("structured").value().structured == R"({"x":1})");
  const auto image = s.act("image").value();
  BOOST_TEST(image.text == "look");
  BOOST_TEST(image.content.find("image/png") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_call_that_takes_too_long_is_cancelled_at_the_server) {
  for (const char* era : {"modern", "legacy"}) {
    session s{std::vector<std::string>{era}};
    s.tools().value();
    BOOST_TEST(says(s.act("hang", 50ms), agent_errc::timeout, "`tools/call`"));
    BOOST_TEST(s.act("count").value().text == "cancelled 1, refused 0");
    std::stop_source stop;
    std::promise<result<tool_reply>> over;
    s.begin_call({.tool = "act", .arguments = R"({"how":"hang"})"}, 20s, stop.get_token(),
                 [&](result<tool_reply> how) { over.set_value(std::move(how)); });
    stop.request_stop();
    BOOST_TEST(over.get_future().get().error().is(agent_errc::cancelled));
  }
}

BOOST_AUTO_TEST_CASE(what_a_server_asks_for_is_refused_but_a_ping) {
  session s{std::vector<std::string>{"legacy", "asks"}};
  BOOST_TEST(s.act("count").value().text == "cancelled 0, refused 1");
  BOOST_TEST(s.info().refused == 1u);
}

BOOST_AUTO_TEST_CASE(the_list_comes_in_pages_and_has_a_bound) {
  const auto tools = session{std::vector<std::string>{"modern", "two_pages"}}.tools().value();
  BOOST_TEST(tools.size() == 3u);
  BOOST_TEST(tools.back().name == "of_page_second");
  BOOST_TEST(count_tools({"modern", "endless_pages"}) == 100u);
  auto few = peer({"legacy", "endless_pages"});
  few.tools_max = 7;
  BOOST_TEST(session{few}.tools().value().size() == 7u);
}

BOOST_AUTO_TEST_CASE(many_tools_that_cannot_be_taken_fill_no_log) {
  std::atomic<int> lines{0};
  auto log = logger::make({.level = log_level::warn, .sink = [&](std::string_view) { ++lines; }}).value();
  {
    mcp_client client{peer({"modern", "bad_names"}), log};
    BOOST_TEST(client.tools().value().size() == 2u);
  }
  BOOST_TEST(lines > 0);
  BOOST_TEST(lines < 15);
}

BOOST_AUTO_TEST_CASE(a_change_of_the_tools_is_heard) {
  for (const char* era : {"modern", "legacy"}) {
    session s{std::vector<std::string>{era}};
    std::promise<std::size_t> changed;
    s.on_change([&](const std::vector<mcp_tool>& tools) { changed.set_value(tools.size()); });
    BOOST_TEST(s.act("grow").value().text == (std::string{era} == "modern" ? "told a listener" : "told"));
    BOOST_TEST(changed.get_future().get() == 3u);
    BOOST_TEST(s.tools().value().size() == 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_change_while_the_tools_are_listed_is_not_missed) {
  session s{std::vector<std::string>{"legacy", "changes_while_it_lists"}};
  std::promise<std::size_t> changed;
  s.on_change([&](const std::vector<mcp_tool>& tools) { changed.set_value(tools.size()); });
  BOOST_TEST(s.tools().value().size() == 2u);
  BOOST_TEST(changed.get_future().get() == 3u);
}

BOOST_AUTO_TEST_CASE(a_server_that_dies_fails_its_calls_and_comes_back_with_the_next_one) {
  session s{std::vector<std::string>{"modern"}};
  s.tools().value();
  std::promise<result<tool_reply>> other;
  s.begin_call({.tool = "act", .arguments = R"({"how":"hang"})"}, 20s, {},
               [&](result<tool_reply> how) { other.set_value(std::move(how)); });
  BOOST_TEST(says(s.act("die"), agent_errc::tool_crashed, "ended with code 5"));
  BOOST_TEST(other.get_future().get().error().is(agent_errc::tool_crashed));
  auto again = s.act("crash");
  while (!again && again.error().message().find("is not made yet") != std::string::npos) {
    BOOST_TEST(again.error().retry_after().has_value());
    again = s.act("crash");
  }
  BOOST_TEST(says(again, agent_errc::tool_crashed, "was ended by Killed"));
  BOOST_TEST(s.info().starts == 2u);
}

BOOST_AUTO_TEST_CASE(after_an_end_the_next_start_waits_longer_each_time) {
  auto options = peer({"legacy", "dies_at_once"});
  options.restart_delay_min = 1h;
  options.restart_delay_max = 2h;
  session s{options};
  BOOST_TEST(says(s.tools(), agent_errc::tool_crashed, "no licence"));
  const auto refused = s.tools();
  BOOST_TEST(says(refused, agent_errc::tool_crashed, "is not made yet"));
  BOOST_TEST((refused.error().retry_after().value() > 59min));
  BOOST_TEST(s.info().starts == 2u);  // once without a probe
}

BOOST_AUTO_TEST_CASE(a_server_gets_little_of_the_environment_and_no_descriptors) {
  ::setenv("TROUPE_TEST_SECRET", "hush", 1);
  auto options = peer({"legacy"});
  options.environment = {{"GIVEN", "yes"}};
  session s{options};
  const auto environment = s.act("environment").value().text;
  BOOST_TEST(environment.find("hush") == std::string::npos);
  BOOST_TEST(environment.find("GIVEN=yes\n") != std::string::npos);
  BOOST_TEST(environment.find("PATH=") != std::string::npos);
  BOOST_TEST(s.act("descriptors").value().text == "");
}

BOOST_AUTO_TEST_CASE(the_end_of_the_client_ends_a_good_server_and_a_stubborn_one) {
  for (const char* habit : {"good", "stubborn"}) {
    auto options = peer({"modern", habit});
    if (std::string{habit} == "stubborn") options.close_timeout = 50ms;
    std::int64_t pid = 0;
    {
      session s{options};
      s.tools().value();
      pid = s.info().process_id;
      BOOST_TEST(lives(pid));
    }
    BOOST_TEST(!lives(pid));
  }
}

BOOST_AUTO_TEST_CASE(calls_that_are_under_way_fail_when_the_client_ends) {
  std::promise<result<tool_reply>> over;
  {
    session s{std::vector<std::string>{"modern"}};
    s.tools().value();
    s.begin_call({.tool = "act", .arguments = R"({"how":"hang"})"}, 20s, {},
                 [&](result<tool_reply> how) { over.set_value(std::move(how)); });
  }
  BOOST_TEST(over.get_future().get().error().is(agent_errc::cancelled));
}

BOOST_AUTO_TEST_CASE(many_calls_run_at_the_same_time_and_more_than_may_are_refused) {
  auto options = peer({"modern"});
  options.pending_max = 50;
  std::atomic<int> fine{0}, refused{0};  // outlive the client
  session s{options};
  s.tools().value();
  std::vector<std::future<void>> all;
  for (int i = 0; i < 50; ++i) {
    auto over = std::make_shared<std::promise<void>>();
    all.push_back(over->get_future());
    s.begin_call({.tool = "echo", .arguments = R"({"text":"t"})"}, 20s, {}, [&, over](const result<tool_reply>& how) {
      how ? ++fine : ++refused;
      over->set_value();
    });
  }
  for (auto& each : all) each.wait();
  BOOST_TEST(fine == 50);
  for (int i = 0; i < 51; ++i)
    s.begin_call({.tool = "act", .arguments = R"({"how":"hang"})"}, 20s, {}, [&](const result<tool_reply>& how) {
      if (!how && how.error().is(agent_errc::overloaded)) ++refused;
    });
  s.ping().value();
  BOOST_TEST(refused == 1);
}

BOOST_AUTO_TEST_CASE(an_endless_line_of_errors_is_no_harm) {
  session s{std::vector<std::string>{"legacy", "endless_stderr"}};
  BOOST_TEST(s.echo("hello") == "hello");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_gone_and_floods_its_errors_is_over) {
  auto options = peer({});
  options.command = {"sh", "-c", "exec 1>&-; exec yes >&2"};
  BOOST_TEST(says(session{options}.tools(), agent_errc::tool_crashed, "closed its output"));
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_are_refused) {
  const auto wrong = [](auto change) {
    auto options = peer({});
    change(options);
    const auto why = mcp_client::check(options);
    return why && why->is(agent_errc::bad_tool);
  };
  BOOST_TEST(!wrong([](mcp_options&) {}));
  BOOST_TEST(wrong([](mcp_options& o) { o.name = "a/b"; }));
  BOOST_TEST(wrong([](mcp_options& o) { o.name = ""; }));
  BOOST_TEST(wrong([](mcp_options& o) { o.url = "http://127.0.0.1/"; }));
  BOOST_TEST(wrong([](mcp_options& o) { o.command.clear(); }));
  BOOST_TEST(wrong([](mcp_options& o) { o.timeout = 0s; }));
  BOOST_TEST(wrong([](mcp_options& o) { o.message_bytes_max = 10; }));
  const auto with_secret = [](const char* url) {
    return mcp_client::check({.name = "peer", .url = url, .headers = {{"AUTHORIZATION", "Bearer x"}}});
  };
  BOOST_TEST(with_secret("http://127.evil.example/").value().message().find("use https") != std::string::npos);
  BOOST_TEST(!with_secret("https://example.com/"));
  BOOST_TEST(!with_secret("http://127.0.0.1:1/"));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_server_is_noticed_while_what_it_started_holds_its_pipes) {
  auto options = peer({});
  options.command = {"sh", "-c", "sleep 1000 & echo it is over >&2; exit 7"};
  BOOST_TEST(says(session{options}.tools(), agent_errc::tool_crashed, "code 7; its last words: it is over"));
}

BOOST_AUTO_TEST_SUITE_END()
