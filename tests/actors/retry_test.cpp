// Effects that are tried again inside of a handler.

#include "faults.hpp"

using namespace troupe;
using namespace support;

namespace {

// A handler that asks /top/service for a job, again and again, and a service that fails as the job says.
struct stage {
  explicit stage(retry_policy policy) {
    must_supervise(n, top_of(prompt_worker("service", &log, {.restart = permanent}),
                             scripted_child("client", [policy](scripted& me) {
                               me.on([policy](job j, turn& now) -> task<answer> {
                                 const auto service = now.ref(path{"/top/service"});
                                 co_return co_await troupe::retry(now, policy, [&] { return now.ask(service, j); });
                               });
                             })));
  }
  auto begin(job j, std::optional<duration> within = {}) {
    auto asked = n.begin_ask(n.ref(path{"/top/client"}), std::move(j), within);
    n.settle();
    return asked;
  }

  record log;
  node n{deterministic()};
};

constexpr retry_policy regular{.attempts = 3, .delay_min = 1s, .delay_max = 10s, .jitter = 0.0};

}  // namespace

BOOST_AUTO_TEST_SUITE(retry_test)

BOOST_AUTO_TEST_CASE(an_effect_that_fails_and_passes_is_tried_again_after_growing_delays) {
  stage s{regular};
  auto asked = s.begin({"x", fault::provider_unavailable, 3});
  BOOST_TEST(s.log.handled.size() == 1u);
  s.n.advance(999ms);
  BOOST_TEST(s.log.handled.size() == 1u);
  s.n.advance(1ms);
  BOOST_TEST(s.log.handled.size() == 2u);
  s.n.advance(1'999ms);
  BOOST_TEST(s.log.handled.size() == 2u);
  s.n.advance(1ms);
  BOOST_TEST(s.log.handled.size() == 3u);
  s.n.advance(4s);
  BOOST_TEST(must(asked.get()).text == "x");
  BOOST_TEST(s.log.handled.size() == 4u);
}

BOOST_AUTO_TEST_CASE(the_last_failure_is_thrown_when_the_attempts_are_used_up) {
  stage s{regular};
  auto asked = s.begin({"x", fault::provider_unavailable, -1});
  s.n.advance(1min);
  BOOST_TEST((fault_of(asked.get().error()) == fault::provider_unavailable));
  BOOST_TEST(s.log.handled.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_delay_that_the_provider_asks_for_goes_before_the_policy) {
  stage s{regular};
  s.log.retry_after = 20s;
  auto asked = s.begin({"x", fault::provider_throttled, 1});
  s.n.advance(19'999ms);
  BOOST_TEST(s.log.handled.size() == 1u);
  s.n.advance(1ms);
  BOOST_TEST(must(asked.get()).text == "x");
}

BOOST_AUTO_TEST_CASE(other_faults_are_final_at_once) {
  for (const auto kind : {fault::bug, fault::provider_rejected, fault::policy_denied}) {
    stage s{regular};
    auto asked = s.begin({"x", kind, 1});
    BOOST_TEST((fault_of(asked.get().error()) == kind));
    BOOST_TEST(s.log.handled.size() == 1u);
  }
  auto chosen = regular;
  chosen.faults = {fault::policy_denied};
  stage s{chosen};
  auto asked = s.begin({"x", fault::policy_denied, 1});
  s.n.advance(1s);
  BOOST_TEST(must(asked.get()).text == "x");
}

BOOST_AUTO_TEST_CASE(a_try_that_would_begin_after_the_deadline_is_not_made_and_the_failure_is_told_at_once) {
  stage s{regular};
  s.log.retry_after = 20s;
  auto asked = s.begin({"x", fault::provider_throttled, 1}, 20s);
  BOOST_TEST(asked.ready());
  const auto outcome = asked.get();
  BOOST_TEST((fault_of(outcome.error()) == fault::provider_throttled));
  BOOST_TEST((outcome.error().retry_after() == 20s));
  auto patient = s.begin({"y", fault::provider_throttled, 1}, 21s);
  s.n.advance(20s);
  BOOST_TEST(must(patient.get()).text == "y");
}

BOOST_AUTO_TEST_CASE(a_delay_beyond_the_longest_wait_is_final) {
  auto hasty = regular;
  hasty.wait_max = 5s;
  stage s{hasty};
  s.log.retry_after = 5001ms;
  BOOST_TEST(s.begin({"x", fault::provider_throttled, 1}).ready());
  s.log.retry_after = 5s;
  auto asked = s.begin({"y", fault::provider_throttled, 1});
  s.n.advance(5s);
  BOOST_TEST(must(asked.get()).text == "y");
}

BOOST_AUTO_TEST_CASE(jitter_comes_on_top_of_the_delay_and_is_the_same_for_the_same_seed) {
  random_engine random{1}, same{1};
  const retry_policy policy{.attempts = 9, .delay_min = 1s, .delay_max = 8s, .jitter = 0.5};
  for (int failed = 1; failed < 100; ++failed) {
    const auto delay = next_delay(policy, failed, {}, random);
    const duration least = std::min<duration>(1s * (1 << std::min(failed - 1, 3)), 8s);
    BOOST_TEST((delay && *delay >= least && *delay <= least + least / 2), failed);
    BOOST_TEST((delay == next_delay(policy, failed, {}, same)));
  }
  BOOST_TEST((next_delay(policy, 1, 9min + 59s, random) <= 10min));
  BOOST_TEST(!next_delay(policy, 1, 11min, random));
}

BOOST_AUTO_TEST_CASE(tasks_without_a_value_and_named_functions_are_retried_too) {
  node n{deterministic()};
  int tries = 0;
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](go, turn& now) -> task<void> {
                     auto begin = [&tries, &now,
                                   text = std::string{"longer than what a string keeps inside"}]() -> task<void> {
                       co_await now.sleep(1ms);
                       if (++tries < 3) fail_with(fault::timeout, text);
                     };
                     co_await troupe::retry(now, regular, begin);
                   });
                 })));
  auto asked = n.begin_ask(n.ref(path{"/top/a"}), go{});
  n.advance(10s);
  must(asked.get());
  BOOST_TEST(tries == 3);
}

BOOST_AUTO_TEST_CASE(a_retry_around_a_guarded_call_is_one_expression) {
  node n{deterministic()};
  int tries = 0;
  must_supervise(n, top_of(scripted_child("service",
                                          [&](scripted& me) {
                                            me.on([&](const question& q) -> result<answer> {
                                              if (++tries == 1) return provider_error(429, "slow down", 3s);
                                              return answer{q.text};
                                            });
                                          }),
                           scripted_child("client", [](scripted& me) {
                             me.on([](question q, turn& now) -> task<answer> {
                               const auto service = now.ref(path{"/top/service"});
                               co_return co_await troupe::retry(now, {.attempts = 2, .jitter = 0.0}, [&] {
                                 return guarded(now, "service", [&] { return now.ask<question>(service, q.text); });
                               });
                             });
                           })));
  const std::string text = "a text that is too long to be kept inside of the string";
  auto asked = n.begin_ask(n.ref(path{"/top/client"}), question{text});
  n.advance(3s);
  BOOST_TEST(must(asked.get()).text == text);
  BOOST_TEST(tries == 2);
}

BOOST_AUTO_TEST_CASE(what_is_no_failure_of_an_effect_is_a_bug_and_passes_at_once) {
  node n{deterministic()};
  int tries = 0;
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](go, turn& now) -> task<void> {
                     auto begin = [&]() -> effect<void> {
                       ++tries;
                       throw std::logic_error{"a bug"};
                     };
                     co_await troupe::retry(now, regular, begin);
                   });
                 })));
  const auto asked = n.ask(n.ref(path{"/top/a"}), go{});
  BOOST_TEST((fault_of(asked.error()) == fault::bug));
  BOOST_TEST(tries == 1);
}

BOOST_AUTO_TEST_CASE(an_agent_that_ends_while_it_waits_tries_no_more) {
  stage s{regular};
  auto asked = s.begin({"x", fault::provider_unavailable, -1});
  s.n.kill(s.n.ref(path{"/top/client"}));
  s.n.advance(1min);
  BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
  BOOST_TEST(s.log.handled.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
