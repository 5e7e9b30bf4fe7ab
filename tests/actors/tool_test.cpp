#include <stdexcept>
#include <thread>
#include <troupe/actors/provider.hpp>

#include "gate.hpp"
#include "tools.hpp"

// Calls of tools in a turn: arguments, policies, timeouts, retries, keys.

using namespace troupe;
using namespace support;

namespace {

struct addends {
  int x = 0;
  int y = 0;
  TROUPE_MESSAGE(addends, x, y)
};
struct sum {
  int value = 0;
  TROUPE_MESSAGE(sum, value)
};

constexpr retry_policy regular{.attempts = 2, .delay_min = 1s, .delay_max = 10s, .jitter = 0.0};

// A tool that fails so often, for this reason, and counts its calls.
struct flaky {
  agent_errc why;
  int failures;
  int* calls;
  std::vector<std::string>* keys = nullptr;
  std::optional<duration> retry_after = {};
  result<tool_reply> operator()(const tool_call& call, const std::stop_token&) const {
    if (keys) keys->push_back(call.idempotency_key);
    if (++*calls <= failures) return error{why, "not now"}.with_retry_after(retry_after);
    return tool_reply{.text = "attempt " + std::to_string(call.attempt)};
  }
};

// A tool that is an agent, and says that somebody else has too much to do.
int busy_calls = 0;
result<sum> busy(const addends&) {
  ++busy_calls;
  return error{agent_errc::overloaded, "the other one is busy"};
}
result<sum> add_up(const addends& what) { return sum{what.x + what.y}; }

struct ask_it {
  using reply_type = sum;
  TROUPE_MESSAGE(ask_it)
};
class adder : public agent {
 public:
  explicit adder(agent_context& context) : agent{context} {
    on([](ask_it, turn& now) -> task<sum> {
      const addends both{1, 2};
      const auto first = co_await now.call_tool("add", both);
      const auto second = co_await now.call_tool<addends>("add", 10, 20);
      const auto third = co_await now.call_tool("add", R"({"x":100,"y":200})");
      co_return sum{from_json<sum>(first.structured).value().value + from_json<sum>(second.structured).value().value +
                    from_json<sum>(third.structured).value().value};
    });
  }
};

struct both {
  using reply_type = sum;
  TROUPE_MESSAGE(both)
};
class caller : public agent {
 public:
  explicit caller(agent_context& context) : agent{context} {
    on([](both, turn& now) -> task<sum> {
      auto a = now.call_tool("meet");
      auto b = now.call_tool("meet");
      co_await a;
      co_await b;
      co_return sum{2};
    });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tool_test)

BOOST_AUTO_TEST_CASE(a_tool_over_a_struct_gets_the_struct_and_answers_with_one) {
  workbench w;
  must(w.tools().add({.name = "add"}, [](const addends& a) { return sum{a.x + a.y}; }));
  const auto said = must(w.call("add", R"({"x":2,"y":3})"));
  BOOST_TEST(said.structured == R"({"value":5})");
  BOOST_TEST(said.text == R"({"value":5})");
  BOOST_TEST(!said.is_error);
}

BOOST_AUTO_TEST_CASE(a_turn_calls_with_json_with_a_struct_or_with_its_fields) {
  workbench w;
  must(w.tools().add({.name = "add"}, [](const addends& a) { return sum{a.x + a.y}; }));
  must_supervise(w.n, {.name = "adders", .children = {child<adder>("a")}});
  BOOST_TEST(must(w.n.ask(w.n.ref(path{"/adders/a"}), ask_it{})).value == 333);
}

BOOST_AUTO_TEST_CASE(arguments_are_checked_before_anything_runs_and_the_error_says_where) {
  workbench w;
  int calls = 0;
  must(w.tools().add({.name = "add"}, [&](const addends& a) { return ++calls, sum{a.x}; }));
  const auto why = [&](const char* arguments) { return w.call("add", arguments).error(); };
  BOOST_TEST(why(R"({"x":"2","y":3})").message() == "tool `add`: /x: expected an integer, got a string");
  BOOST_TEST(why(R"({"x":2})").message() == "tool `add`: the whole: `y` is missing");
  BOOST_TEST(why(R"({"x":2,"y":3,"z":4})").message() == "tool `add`: /z: there is no such property");
  BOOST_TEST(why("[1]").message() == "tool `add`: the arguments must be a JSON object");
  BOOST_TEST(why("{").is(agent_errc::bad_arguments));
  BOOST_TEST(why("").is(agent_errc::bad_arguments));
  // It fits the schema, but not the type.
  BOOST_TEST(why(R"({"x":99999999999,"y":3})").is(agent_errc::bad_arguments));
  BOOST_TEST(calls == 0);
  BOOST_TEST(w.call("sub").error().is(agent_errc::unknown_tool));
}

BOOST_AUTO_TEST_CASE(more_arguments_than_are_allowed_are_not_looked_at) {
  auto options = deterministic();
  options.tools.arguments_bytes_max = 100;
  workbench w{std::move(options)};
  int calls = 0;
  must(w.tools().add_raw({.name = "any"}, flaky{agent_errc::timeout, 0, &calls}));
  BOOST_TEST(w.call("any", std::string(101, ' ')).error().is(agent_errc::bad_arguments));
}

BOOST_AUTO_TEST_CASE(a_policy_allows_denies_or_asks) {
  workbench w;
  int calls = 0;
  const auto add = [&](const char* name, tool_policy policy) {
    must(w.tools().add_raw({.name = name, .description = "It is.", .policy = policy},
                           flaky{agent_errc::timeout, 0, &calls}));
  };
  add("free", tool_policy::allow);
  add("never", tool_policy::deny);
  add("asked", tool_policy::confirm);
  BOOST_TEST(w.call("free").has_value());
  BOOST_TEST(w.call("never").error().is(agent_errc::policy_denied));
  BOOST_TEST(w.call("asked").error().message() == "tool `asked`: there is nobody to confirm it");
  BOOST_TEST(calls == 1);

  std::vector<tool_request> requests;
  w.tools().confirm_with([&](const tool_request& what, const tool_answer& answer) {
    requests.push_back(what);
    answer(what.arguments == R"({"ok":true})", "it looks bad");
    answer(true, "");  // too late
  });
  BOOST_TEST(w.call("asked", R"({"ok":true})").has_value());
  const auto refused = w.call("asked", R"({"ok":false})");
  BOOST_TEST(refused.error().is(agent_errc::policy_denied));
  BOOST_TEST(refused.error().message() == "tool `asked`: it was not confirmed: it looks bad");
  BOOST_TEST((fault_of(refused.error()) == fault::policy_denied));
  BOOST_TEST_REQUIRE(requests.size() == 2u);
  BOOST_TEST(requests[0].tool == "asked");
  BOOST_TEST(requests[0].description == "It is.");
  BOOST_TEST(requests[0].agent.str() == "/top/user");
  BOOST_TEST(calls == 2);

  w.tools().confirm_with([](const tool_request&, const tool_answer&) { throw std::runtime_error{"no screen"}; });
  BOOST_TEST(w.call("asked").error().message() ==
             "tool `asked`: it was not confirmed: whoever is to confirm it failed: no screen");
  BOOST_TEST(calls == 2);
  w.tools().set_policy("asked", tool_policy::deny).value();
  BOOST_TEST(w.call("asked").error().message() == "tool `asked`: it is not allowed");
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_later_and_none_is_a_no) {
  workbench w;
  int calls = 0;
  must(w.tools().add_raw({.name = "asked", .policy = tool_policy::confirm}, flaky{agent_errc::timeout, 0, &calls}));
  std::vector<tool_answer> answers;
  w.tools().confirm_with([&](const tool_request&, tool_answer answer) { answers.push_back(std::move(answer)); });
  auto first = w.begin("asked", {}, 1h), second = w.begin("asked", {}, 1h), third = w.begin("asked", {}, 1h);
  w.n.settle();
  BOOST_TEST_REQUIRE(answers.size() == 3u);
  BOOST_TEST(!first.ready());
  answers[0](true, "");
  answers[1] = nullptr;
  w.n.settle();
  BOOST_TEST(first.get().has_value());
  BOOST_TEST(second.get().error().message() == "tool `asked`: it was not confirmed: nobody answered");
  w.n.advance(10min);
  BOOST_TEST(third.get().error().message() == "tool `asked`: nobody confirmed it in time");
  answers[2](true, "");
  w.n.settle();
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(what_a_tool_throws_or_returns_as_an_error_fails_the_call_and_its_own_errors_do_not) {
  workbench w;
  must(w.tools().add_raw({.name = "throws"},
                         [](const auto&, const auto&) -> result<tool_reply> { throw std::runtime_error{"oh"}; }));
  must(w.tools().add_raw({.name = "fails"},
                         [](const auto&, const auto&) -> result<tool_reply> { return provider_error(503, "busy"); }));
  must(w.tools().add_raw({.name = "says"}, [](const auto&, const auto&) -> result<tool_reply> {
    return tool_reply{.text = "no such file", .is_error = true};
  }));
  const auto threw = w.call("throws");
  BOOST_TEST(threw.error().is(agent_errc::agent_failed));
  BOOST_TEST(threw.error().message() == "tool `throws`: oh");
  BOOST_TEST((fault_of(w.call("fails").error()) == fault::provider_unavailable));
  BOOST_TEST(must(w.call("says")).is_error);
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_too_long_or_does_not_fit_its_schema_is_an_error) {
  workbench w;
  must(w.tools().add_raw({.name = "long", .result_bytes_max = 10}, [](const auto&, const auto&) -> result<tool_reply> {
    return tool_reply{.text = "12345678901"};
  }));
  BOOST_TEST(w.call("long").error().message() == "tool `long`: its reply has 11 bytes, of which 10 are taken");
  std::string structured;
  must(w.tools().add_raw(
      {.name = "fits", .result = R"({"type":"object","required":["a"]})"},
      [&](const auto&, const auto&) -> result<tool_reply> { return tool_reply{.structured = structured}; }));
  BOOST_TEST(w.call("fits").error().is(agent_errc::bad_tool_reply));
  structured = R"({"b":1})";
  BOOST_TEST(w.call("fits").error().message() ==
             "tool `fits`: its structured content does not fit: the whole: `a` is missing");
  structured = R"({"a":1})";
  BOOST_TEST(w.call("fits").has_value());
}

BOOST_AUTO_TEST_CASE(a_fault_that_passes_is_tried_again_with_the_same_key) {
  workbench w;
  int calls = 0;
  std::vector<std::string> keys;
  must(w.tools().add_raw({.name = "flaky", .retry = regular, .repeatable = true},
                         flaky{agent_errc::provider_unavailable, 2, &calls, &keys}));
  auto asked = w.begin("flaky");
  w.n.settle();
  BOOST_TEST(calls == 1);
  w.n.advance(999ms);
  BOOST_TEST(calls == 1);
  w.n.advance(1ms);
  BOOST_TEST(calls == 2);
  w.n.advance(2s);
  BOOST_TEST(must(asked.get()).text == "attempt 3");
  BOOST_TEST(keys[0] == keys[2]);
  calls = 2;
  must(w.call("flaky"));
  BOOST_TEST(keys.size() == 4u);
  BOOST_TEST(keys[3] != keys[0]);
}

BOOST_AUTO_TEST_CASE(the_last_failure_counts_when_the_attempts_are_used_up_or_the_fault_is_another) {
  workbench w;
  int calls = 0;
  must(w.tools().add_raw({.name = "down", .retry = regular, .repeatable = true},
                         flaky{agent_errc::provider_unavailable, 99, &calls}));
  auto asked = w.begin("down");
  w.n.advance(1min);
  BOOST_TEST(asked.get().error().message() == "tool `down`: not now");
  BOOST_TEST(calls == 3);
  must(w.tools().add_raw({.name = "wrong", .retry = regular, .repeatable = true},
                         flaky{agent_errc::provider_rejected, 99, &calls}));
  BOOST_TEST(w.call("wrong").error().is(agent_errc::provider_rejected));
  BOOST_TEST(calls == 4);
}

BOOST_AUTO_TEST_CASE(what_may_not_run_twice_is_tried_again_only_if_it_was_refused_unbegun) {
  workbench w;
  int calls = 0;
  const auto add = [&](const char* name, agent_errc why, std::optional<duration> after = {}) {
    must(w.tools().add_raw({.name = name, .retry = regular}, flaky{why, 1, &calls, nullptr, after}));
  };
  add("unavailable", agent_errc::provider_unavailable);
  BOOST_TEST(w.call("unavailable").error().is(agent_errc::provider_unavailable));
  calls = 0;
  add("throttled", agent_errc::provider_throttled, 7s);
  // They ran, and say that somebody else had too much to do.
  BOOST_TEST(w.call("throttled").error().is(agent_errc::provider_throttled));
  BOOST_TEST(calls == 1);
  calls = 0;
  add("overloaded", agent_errc::overloaded);
  BOOST_TEST(w.call("overloaded").error().is(agent_errc::overloaded));
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(overload_of_an_agent_that_is_a_tool_is_tried_again_only_if_it_has_not_seen_the_question) {
  workbench w;
  const child_options one_message{.mailbox = {.limit = 1}};
  must_supervise(w.n, {.name = "tools",
                       .children = {child<tool_agent<&busy>>("busy"), child<tool_agent<&add_up>>("add", one_message)}});
  must(w.tools().add_agent(tool_agent<&busy>::spec({.name = "busy", .retry = regular}), path{"/tools/busy"}));
  must(w.tools().add_agent(tool_agent<&add_up>::spec({.name = "add", .retry = regular}), path{"/tools/add"}));
  const std::string arguments = R"({"x":1,"y":2})";
  BOOST_TEST(w.call("busy", arguments).error().is(agent_errc::overloaded));
  BOOST_TEST(busy_calls == 1);
  auto first = w.begin("add", arguments), second = w.begin("add", arguments);
  w.n.advance(5s);
  BOOST_TEST(w.n.dead_letters().size() == 1u);  // the second one's first try
  BOOST_TEST(must(first.get()).structured == R"({"value":3})");
  BOOST_TEST(must(second.get()).structured == R"({"value":3})");
}

BOOST_AUTO_TEST_CASE(a_key_that_stands_twice_means_the_same_to_the_check_and_to_the_tool) {
  workbench w;
  must(w.tools().add_raw({.name = "raw", .arguments = R"({"properties":{"a":{"type":"integer"}}})"},
                         [](const tool_call& call, const std::stop_token&) -> result<tool_reply> {
                           return tool_reply{.text = call.arguments};
                         }));
  BOOST_TEST(must(w.call("raw", R"({"a":"x", "a":1})")).text == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(a_try_that_would_begin_after_the_deadline_is_not_made) {
  workbench w;
  int calls = 0;
  must(w.tools().add_raw({.name = "down", .retry = regular, .repeatable = true},
                         flaky{agent_errc::provider_unavailable, 99, &calls}));
  auto asked = w.begin("down", {}, 2s);
  w.n.advance(1s);
  BOOST_TEST(calls == 2);
  BOOST_TEST(asked.ready());
  BOOST_TEST(asked.get().error().is(agent_errc::provider_unavailable));
}

BOOST_AUTO_TEST_CASE(a_tool_that_takes_too_long_is_told_to_stop_and_the_call_times_out) {
  node_options options;
  options.log = logger{};
  workbench w{std::move(options)};
  event stopped;
  must(w.tools().add_raw({.name = "slow", .timeout = 50ms},
                         [&](const tool_call&, const std::stop_token& stop) -> result<tool_reply> {
                           event told;
                           std::stop_callback listening{stop, [&] { told.happen(); }};
                           if (told.wait()) stopped.happen();
                           return tool_reply{.text = "too late"};
                         }));
  const auto late = w.call("slow");
  BOOST_TEST(late.error().is(agent_errc::timeout));
  BOOST_TEST(late.error().message() == "tool `slow`: not done within 50 ms");
  BOOST_TEST(stopped.wait());
}

BOOST_AUTO_TEST_CASE(a_late_answer_to_a_try_that_timed_out_is_not_taken_for_the_next_ones) {
  node_options options;
  options.log = logger{};
  workbench w{std::move(options)};
  event second_runs, first_is_over;
  must(w.tools().add_raw(
      {.name = "slow", .timeout = 100ms, .retry = retry_policy{.delay_min = 1ms, .delay_max = 1ms}, .repeatable = true},
      [&](const tool_call& call, const std::stop_token&) -> result<tool_reply> {
        if (call.attempt > 1) {
          second_runs.happen();
          first_is_over.wait();
          return tool_reply{.text = "attempt " + std::to_string(call.attempt)};
        }
        second_runs.wait();
        return error{agent_errc::provider_rejected, "late"};
      }));
  std::jthread release{[&] {
    second_runs.wait();
    first_is_over.happen();
  }};
  BOOST_TEST(must(w.call("slow")).text == "attempt 2");
}

BOOST_AUTO_TEST_CASE(the_end_of_the_agent_tells_a_tool_to_stop) {
  node_options options;
  options.log = logger{};
  workbench w{std::move(options)};
  event runs, stopped;
  must(w.tools().add_raw({.name = "slow"}, [&](const tool_call&, const std::stop_token& stop) -> result<tool_reply> {
    std::stop_callback listening{stop, [&] { stopped.happen(); }};
    runs.happen();
    stopped.wait();
    return tool_reply{};
  }));
  auto asked = w.begin("slow");
  BOOST_TEST(runs.wait());
  w.n.kill(w.n.ref(path{"/top/user"}));
  BOOST_TEST(stopped.wait());
  BOOST_TEST(!asked.get().has_value());
}

BOOST_AUTO_TEST_CASE(calls_of_one_turn_run_at_the_same_time) {
  node_options options;
  options.log = logger{};
  workbench w{std::move(options)};
  std::atomic<int> here{0};
  event met;
  must(w.tools().add_raw({.name = "meet"}, [&](const auto&, const auto&) -> result<tool_reply> {
    if (++here == 2) met.happen();
    met.wait();
    return tool_reply{};
  }));
  must_supervise(w.n, {.name = "callers", .children = {child<caller>("c")}});
  BOOST_TEST(must(w.n.ask(w.n.ref(path{"/callers/c"}), both{})).value == 2);
}

BOOST_AUTO_TEST_SUITE_END()
