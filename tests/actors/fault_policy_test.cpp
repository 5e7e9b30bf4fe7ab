// What becomes of an agent and its message, by the kind of the failure.

#include "faults.hpp"
#include "supervised.hpp"

using namespace troupe;
using support::answer;
using support::deterministic;
using support::fail_with;
using support::go;
using support::job;
using support::joined;
using support::logging_to;
using support::must;
using support::must_supervise;
using support::record;
using support::scripted;
using support::scripted_child;
using support::top_of;
using namespace std::chrono_literals;

namespace {

constexpr retry_policy regular{.attempts = 3, .delay_min = 1s, .delay_max = 10s, .jitter = 0.0};

// A worker /top/a with options, under restarts enough.
struct one_worker {
  explicit one_worker(child_options options, int intensity = 1'000) {
    must_supervise(
        n, {.name = "top", .intensity = intensity, .children = {support::worker("a", &log, std::move(options))}});
  }
  agent_ref a() const { return n.ref(path{"/top/a"}); }
  auto begin(job j, std::optional<duration> within = {}) {
    auto asked = n.begin_ask(a(), std::move(j), within);
    n.settle();
    return asked;
  }
  std::string which() {
    n.advance(0s);
    return support::stage::text(must(n.ask(n.ref(path{"/top"}), which_children{})));
  }

  record log;
  node n{deterministic()};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_policy_test)

BOOST_AUTO_TEST_CASE(without_a_policy_every_fault_restarts) {
  for (std::size_t i = 1; i < fault_kinds; ++i) {
    one_worker s{{.quarantine_after = 0}};
    auto asked = s.begin({"x", static_cast<fault>(i)});
    s.n.advance(1s);
    BOOST_TEST(asked.get().error().is(agent_errc::agent_failed));
    BOOST_TEST(s.which() == "a#2");
  }
}

BOOST_AUTO_TEST_CASE(a_message_is_handled_again_by_the_same_incarnation_while_whoever_asked_waits) {
  one_worker s{{.on_fault = {{fault::provider_unavailable, fault_action::retry(regular)}}}};
  auto asked = s.begin({"x", fault::provider_unavailable, 2});
  s.n.advance(500ms);
  BOOST_TEST(s.n.info(path{"/top/a"})->waits_on == "retry");
  BOOST_TEST(s.n.info(path{"/top/a"})->current_message == "job");
  s.n.advance(9'500ms);
  BOOST_TEST(must(asked.get()).text == "x");
  BOOST_TEST(joined(s.log.handled) == "x#1@0 x#1@1 x#1@3");
  BOOST_TEST(s.which() == "a#1");
  const auto info = *s.n.info(path{"/top/a"});
  BOOST_TEST(info.failures == 2u);
  BOOST_TEST(info.turns == 1u);
  BOOST_TEST(s.n.restarts() == 0u);
}

BOOST_AUTO_TEST_CASE(messages_that_came_later_wait_for_the_retry_unless_the_agent_is_reentrant) {
  one_worker s{{.on_fault = {{fault::timeout, fault_action::retry(regular)}}}};
  auto first = s.begin({"x", fault::timeout, 1});
  auto second = s.begin({"y"});
  s.n.advance(900ms);
  BOOST_TEST(!second.ready());
  s.n.advance(1s);
  BOOST_TEST(joined(s.log.handled) == "x#1@0 x#1@1 y#1@1");

  node n{deterministic()};
  int tries = 0;
  must_supervise(n, top_of(scripted_child("a",
                                          [&](scripted& me) {
                                            me.reentrant();
                                            me.on([&](const job&) -> answer {
                                              if (++tries == 1) fail_with(fault::timeout, "late");
                                              return {"done"};
                                            });
                                            me.on([](const support::question& q) { return answer{q.text}; });
                                          },
                                          {.on_fault = {{fault::timeout, fault_action::retry(regular)}}})));
  auto retried = n.begin_ask(n.ref(path{"/top/a"}), job{});
  BOOST_TEST(must(n.ask(n.ref(path{"/top/a"}), support::question{"meanwhile"})).text == "meanwhile");
  BOOST_TEST(!retried.ready());
  n.advance(1s);
  BOOST_TEST(must(retried.get()).text == "done");
}

BOOST_AUTO_TEST_CASE(a_provider_s_own_delay_goes_before_the_backoff) {
  one_worker s{{.on_fault = {{fault::provider_throttled, fault_action::retry(regular)}}}};
  s.log.retry_after = 30s;
  auto asked = s.begin({"x", fault::provider_throttled, 1});
  s.n.advance(31s);
  BOOST_TEST(must(asked.get()).text == "x");
  BOOST_TEST(joined(s.log.handled) == "x#1@0 x#1@30");
}

BOOST_AUTO_TEST_CASE(a_retry_never_goes_past_the_deadline_of_whoever_asked) {
  one_worker s{{.on_fault = {{fault::provider_throttled, fault_action::retry(regular)}}}};
  s.log.retry_after = 30s;
  auto asked = s.begin({"x", fault::provider_throttled, 1}, 29s);
  s.n.advance(1ms);
  const auto outcome = asked.get();
  BOOST_TEST(outcome.error().is(agent_errc::agent_failed));
  BOOST_TEST((outcome.error().retry_after() == 30s));
  BOOST_TEST(s.which() == "a#2");
}

BOOST_AUTO_TEST_CASE(a_sent_message_is_retried_as_one_that_is_asked) {
  one_worker s{{.on_fault = {{fault::node_lost, fault_action::retry(regular)}}}};
  s.n.send(s.a(), job{"x", fault::node_lost, 3});
  s.n.advance(1min);
  BOOST_TEST(joined(s.log.handled) == "x#1@0 x#1@1 x#1@3 x#1@7");
  BOOST_TEST(s.which() == "a#1");
}

BOOST_AUTO_TEST_CASE(when_the_attempts_are_used_up_the_next_action_is_taken) {
  one_worker restarted{{.on_fault = {{fault::overload, fault_action::retry(regular)}}}};
  auto asked = restarted.begin({"x", fault::overload});
  restarted.n.advance(1min);
  BOOST_TEST(asked.get().error().is(agent_errc::agent_failed));
  BOOST_TEST(restarted.log.handled.size() == 4u);
  BOOST_TEST(restarted.which() == "a#2");

  one_worker stopped{{.on_fault = {{fault::overload, fault_action::retry(regular, response::stop)}}}};
  stopped.n.send(stopped.a(), job{"x", fault::overload});
  stopped.n.advance(1min);
  BOOST_TEST(stopped.which() == "a:stopped");

  one_worker aside{{.on_fault = {{fault::overload, fault_action::retry(regular, response::quarantine)}}}};
  aside.n.send(aside.a(), job{"x", fault::overload});
  aside.n.advance(1min);
  BOOST_TEST(aside.n.quarantine().size() == 1u);
  BOOST_TEST(aside.n.quarantine()[0].failures == 4u);
  BOOST_TEST(aside.which() == "a#2");
}

// The message is kept whole, whatever the handler does to its own.
BOOST_AUTO_TEST_CASE(each_try_gets_the_message_as_it_was_sent) {
  node n{deterministic()};
  std::vector<std::string> seen;
  must_supervise(n, top_of(scripted_child("a",
                                          [&](scripted& me) {
                                            me.on([&](job j) -> answer {
                                              seen.push_back(j.text);
                                              const auto taken = std::move(j.text);
                                              if (seen.size() < 3) fail_with(fault::timeout, "late");
                                              return {taken};
                                            });
                                          },
                                          {.on_fault = {{fault::timeout, fault_action::retry(regular)}}})));
  const std::string text = "a text that is too long to be kept inside of the string";
  auto asked = n.begin_ask(n.ref(path{"/top/a"}), job{text});
  n.advance(10s);
  BOOST_TEST(must(asked.get()).text == text);
  BOOST_TEST(seen == std::vector<std::string>(3, text), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_agent_that_ends_while_it_waits_for_a_retry_tells_whoever_asked) {
  for (const bool killed : {true, false}) {
    one_worker s{{.on_fault = {{fault::timeout, fault_action::retry(regular)}}}};
    auto asked = s.begin({"x", fault::timeout});
    s.n.advance(500ms);
    if (killed)
      s.n.kill(s.a());
    else
      must(s.n.ask(s.n.ref(path{"/top"}), terminate_child{"a"}));
    s.n.advance(1min);
    BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
    BOOST_TEST(s.log.handled.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(stop_ends_an_agent_for_good_whatever_its_restart_type) {
  for (const auto type : {permanent, transient, temporary}) {
    one_worker s{{.restart = type, .on_fault = {{fault::policy_denied, fault_action::stop()}}}};
    s.n.send(s.a(), job{"x", fault::policy_denied});
    s.n.advance(1s);
    BOOST_TEST(s.which() == (type == temporary ? "" : "a:stopped"));
    BOOST_TEST(s.n.restarts() == 0u);
    if (type == temporary) continue;
    must(s.n.ask(s.n.ref(path{"/top"}), restart_child{"a"}));  // the operator may start it again
    BOOST_TEST(s.which() == "a#2");
  }
}

BOOST_AUTO_TEST_CASE(a_stopped_agent_runs_its_stop_hook_and_counts_as_significant) {
  support::stage s;
  s.open({.auto_shutdown = auto_shutdown::any_significant,
          .children = {
              s.child("child1",
                      {.restart = transient, .significant = true, .on_fault = {{fault::bug, fault_action::stop()}}}),
              s.child("child2")}});
  s.log.take();
  s.watch({""});
  s.crash("child1");
  BOOST_TEST(s.log.take() == "stop child1#1 failed, stop child2#1 shutdown, down top#1 shutdown");
}

BOOST_AUTO_TEST_CASE(escalate_ends_the_supervisor_with_the_cause_and_the_next_level_decides) {
  support::stage s;
  s.open(support::patient({child(
      {.name = "inner",
       .intensity = 100,
       .children = {s.child("child1", {.on_fault = {{fault::bug, fault_action::escalate()}}}), s.child("child2")}})}));
  s.log.take();
  s.watch_in_full({"inner"});
  s.crash("inner/child1");
  BOOST_TEST(s.log.take() ==
             "stop child2#1 shutdown, stop child1#1 failed, down inner#1 failed: child child1: died, start child1#1, "
             "start child2#1");
  BOOST_TEST(s.which() == "inner#2");
}

BOOST_AUTO_TEST_CASE(the_policy_of_a_supervisor_decides_about_a_cause_that_came_from_below) {
  support::stage s;
  s.open(
      support::patient({child({.name = "inner",
                               .intensity = 100,
                               .children = {s.child("child1", {.on_fault = {{fault::bug, fault_action::escalate()}}})}},
                              {.on_fault = {{fault::bug, fault_action::stop()}}}),
                        s.child("child3")}));
  s.crash("inner/child1");
  BOOST_TEST(s.which() == "inner:stopped child3#1");
}

BOOST_AUTO_TEST_CASE(an_escalation_reaches_the_agent_that_spawned_and_keeps_its_kind) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                   me.on([](go, turn& now) -> task<void> {
                     auto spec = scripted_child(
                         "below",
                         [](scripted& it) { it.on([](const job& j) -> answer { fail_with(j.kind, j.text); }); },
                         {.on_fault = {{fault::budget_spent, fault_action::escalate()}}});
                     co_await now.spawn(spec);
                   });
                 })));
  must(n.ask(n.ref(path{"/top/a"}), go{}));
  n.send(n.ref(path{"/top/a/below"}), job{"no money", fault::budget_spent});
  n.settle();
  const auto info = *n.info(path{"/top/a"});
  BOOST_TEST(info.incarnation == 2u);
  BOOST_TEST((info.last_fault == fault::budget_spent));
  BOOST_TEST(info.last_error.find("no money") != std::string::npos, info.last_error);
}

BOOST_AUTO_TEST_CASE(a_policy_holds_for_restarts_that_fail_too) {
  for (const auto what : {response::stop, response::escalate}) {
    support::stage s;
    const fault_action action = what == response::stop ? fault_action::stop() : fault_action::escalate();
    s.open(support::patient(
        {child({.name = "inner",
                .intensity = 100,
                .children = {s.child<support::failing_later>("child1", {.on_fault = {{fault::bug, action}}})}},
               {.restart = temporary})}));
    s.kill("inner/child1");  // a kill is no bug: it is restarted, which fails with one
    if (what == response::stop)
      BOOST_TEST(s.which("inner") == "child1:stopped");
    else
      BOOST_TEST(!s.there("inner"));
  }
}

BOOST_AUTO_TEST_CASE(a_policy_for_kills_is_one_for_the_fault_stopped) {
  one_worker s{{.on_fault = {{fault::stopped, fault_action::stop()}}}};
  s.n.kill(s.a());
  s.n.settle();
  BOOST_TEST(s.which() == "a:stopped");
}

BOOST_AUTO_TEST_CASE(retries_do_not_count_against_the_intensity) {
  one_worker s{{.on_fault = {{fault::node_lost, fault_action::retry(regular)}}}, 0};
  for (int i = 0; i < 10; ++i) {
    auto asked = s.begin({"x" + std::to_string(i), fault::node_lost, 3});
    s.n.advance(10s);
    must(asked.get());
  }
  BOOST_TEST(s.which() == "a#1");
}

BOOST_AUTO_TEST_CASE(a_policy_that_cannot_be_is_refused_by_name) {
  record log;
  node n{deterministic()};
  const auto refused = [&](fault_policy policy) {
    const auto started =
        n.supervise({.name = "top", .children = {support::worker("a", &log, {.on_fault = std::move(policy)})}});
    BOOST_TEST(!started);
    return !started && started.error().is(agent_errc::bad_policy);
  };
  BOOST_TEST(refused({{fault::none, fault_action::stop()}}));
  BOOST_TEST(refused({{fault::bug, fault_action::quarantine(0)}}));
  BOOST_TEST(refused({{fault::bug, fault_action::retry({.attempts = 0})}}));
  BOOST_TEST(refused({{fault::bug, fault_action::retry({.delay_min = 2s, .delay_max = 1s})}}));
  BOOST_TEST(refused({{fault::bug, fault_action::retry({.jitter = 1.5})}}));
  BOOST_TEST(refused({{fault::bug, fault_action::retry({}, response::retry)}}));
}

BOOST_AUTO_TEST_CASE(the_last_action_for_a_kind_wins) {
  fault_policy policy{{fault::bug, fault_action::stop()}, {fault::bug, fault_action::escalate()}};
  BOOST_TEST((policy.action(fault::bug).what == response::escalate));
  BOOST_TEST((policy.action(fault::timeout).what == response::restart));
}

BOOST_AUTO_TEST_CASE(a_retry_is_a_line_of_the_log) {
  std::string lines;
  record log;
  node n{logging_to(lines)};
  must_supervise(n, top_of(support::worker("a", &log, {.on_fault = {{fault::timeout, fault_action::retry(regular)}}})));
  n.send(n.ref(path{"/top/a"}), job{"x", fault::timeout, 1});
  n.advance(2s);
  BOOST_TEST(
      lines.find("warn  a message failed and is tried again agent=/top/a message=job incarnation=1 "
                 "error=\"timeout (5004): no luck with x\" fault=timeout tries=1 delay_ms=1000") != std::string::npos,
      lines);
}

BOOST_AUTO_TEST_SUITE_END()
