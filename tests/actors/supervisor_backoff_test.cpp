// Waiting between restarts: what Pekko's specs of backoff ask for and OTP does not have.

#include "core/seeded.hpp"
#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

// Nothing starts before `delay` is over, and child1 does then.
void starts_after(stage& s, duration delay) {
  s.log.take();
  s.n.advance(delay - 1ns);
  BOOST_TEST(s.log.take() == "");
  s.n.advance(1ns);
  BOOST_TEST(s.log.take().starts_with("start child1#"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_backoff_test)

BOOST_AUTO_TEST_CASE(the_delay_doubles_up_to_its_maximum) {
  stage s;
  s.open(patient({s.child<failing_later>("child1", {.backoff = {.min = 100ms, .max = 1s}})}));
  s.crash("child1");
  for (const auto delay : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) starts_after(s, delay);
  BOOST_TEST(s.which() == "child1:restarting");
}

BOOST_AUTO_TEST_CASE(correctly_calculate_the_delay) {
  struct row {
    int restarts;
    duration min, max, expected;
  };
  const duration day = 24h;
  for (const auto& [restarts, min, max, expected] :
       {row{0, 0s, 0s, 0s}, row{0, 5min, 7min, 5min}, row{2, 5s, 7s, 7s}, row{2, 5s, 7 * day, 20s},
        row{29, 5min, 10min, 10min}, row{4, 10000 * day, 10000 * day, 10000 * day}}) {
    stage s;
    s.open(patient({s.child("child1", {.backoff = {.min = min, .max = max, .reset = duration::max()}})}));
    for (int i = 0; i < restarts; ++i) {
      s.crash("child1");
      s.n.advance(max);
    }
    s.log.take();
    s.crash("child1");
    if (expected == 0s)
      BOOST_TEST(s.log.take() == "start child1#" + std::to_string(restarts + 2));
    else
      starts_after(s, expected);
  }
}

BOOST_AUTO_TEST_CASE(the_random_part_is_within_its_bounds) {
  test::seeded random;
  BOOST_TEST_CONTEXT("TROUPE_TEST_SEED=" << random.seed()) {
    stage s{deterministic(random.seed() | 1)};
    s.open(patient({s.child("child1", {.backoff = {.min = 100ms, .max = 100ms, .jitter = 0.2}})}));
    std::vector<int> waits_ms;
    for (int i = 0; i < 200; ++i) {
      s.crash("child1");
      s.log.take();
      int waited_ms = 0;
      for (; waited_ms < 1000 && s.log.take().empty(); ++waited_ms) s.n.advance(1ms);
      waits_ms.push_back(waited_ms);
    }
    const auto [least, most] = std::minmax_element(waits_ms.begin(), waits_ms.end());
    BOOST_TEST(*least >= 100);
    BOOST_TEST(*most <= 120);
    BOOST_TEST(*least < 108);  // each is missed once in 10^44 runs at most
    BOOST_TEST(*most > 112);
  }
}

BOOST_AUTO_TEST_CASE(reset_backoff_count_after_reset_timeout) {
  for (const auto& policy : {backoff{.min = 1s, .max = 8s, .reset = 10s}, backoff{.min = 1s, .max = 8s}}) {
    const duration reset = policy.reset == 10s ? 10s : 60s;  // which is the default
    stage s;
    s.open(patient({s.child("child1", {.backoff = policy})}));
    s.crash("child1");
    starts_after(s, 1s);
    s.n.advance(reset - 1ns);
    s.crash("child1");
    starts_after(s, 2s);
    s.n.advance(reset);
    s.crash("child1");
    starts_after(s, 1s);
  }
}

BOOST_AUTO_TEST_CASE(starts_that_fail_do_not_reset_the_delay) {
  stage s;
  s.open(patient({s.child<failing_later>("child1", {.backoff = {.min = 1s, .max = 4s, .reset = 3s}})}));
  s.crash("child1");
  for (const auto delay : {1s, 2s, 4s, 4s, 4s}) starts_after(s, delay);
}

// Whoever starts a child by hand has seen to what was wrong.
BOOST_AUTO_TEST_CASE(support_manual_reset) {
  stage s;
  s.open(patient({s.child("child1", {.backoff = {.min = 1s, .max = 64s}})}));
  for (const auto delay : {1s, 2s, 4s}) {
    s.crash("child1");
    starts_after(s, delay);
  }
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.restart("child1") == "ok");
  for (const auto delay : {1s, 2s}) {
    s.crash("child1");
    starts_after(s, delay);
  }
}

BOOST_AUTO_TEST_CASE(start_child_again_when_it_stops) {
  stage s;
  s.open(patient({s.child("child1", {.backoff = {.min = 1s, .max = 1s}})}));
  s.end("child1", {exit_kind::normal});
  BOOST_TEST(s.which() == "child1:restarting");
  starts_after(s, 1s);
  BOOST_TEST(s.which() == "child1#2");
}

BOOST_AUTO_TEST_CASE(a_transient_child_that_stops_stays_stopped) {
  stage s;
  s.open(patient({s.child("child1", {.restart = transient, .backoff = {.min = 1s, .max = 1s}})}));
  s.end("child1", {exit_kind::normal});
  BOOST_TEST(s.which() == "child1:stopped");
  s.log.take();
  s.n.advance(1h);
  BOOST_TEST(s.log.take() == "");
}

// The end that is one too many ends the supervisor at once: there is no delay before giving up.
BOOST_AUTO_TEST_CASE(stop_restarting_after_the_intensity_is_reached) {
  for (const auto& how : {died(), end_with{exit_kind::normal}}) {
    stage s;
    s.open({.intensity = 2, .period = 3600s, .children = {s.child("child1", {.backoff = {.min = 1s, .max = 1s}})}});
    s.watch({""});
    for (int i = 0; i < 2; ++i) {
      s.end("child1", how);
      starts_after(s, 1s);
    }
    s.log.take();
    s.end("child1", how);
    BOOST_TEST(s.log.take() == "stop child1#3 " + std::string{to_string(how.kind)} + ", down top#1 shutdown");
  }
}

BOOST_AUTO_TEST_CASE(escalation_does_not_wait_for_the_delay) {
  for (const auto& how : {died(), end_with{exit_kind::normal}}) {
    stage s;
    s.open({.intensity = 0,
            .children = {s.child("child1", {.backoff = {.min = 10min, .max = 10min}}), s.child("child2")}});
    s.watch({""});
    s.log.take();
    s.end("child1", how);
    const std::string kind{to_string(how.kind)};
    const std::string other = "stop child2#1 shutdown", own = "stop child1#1 " + kind, top = ", down top#1 shutdown";
    // One that failed waits with its stop hook for what its supervisor decides.
    BOOST_TEST(s.log.take() == (how.kind == exit_kind::failed ? other + ", " + own : own + ", " + other) + top);
    s.n.advance(1h);
    BOOST_TEST(s.log.take() == "");
  }
}

// A start that fails is a failure. After the second there is no delay before giving up.
BOOST_AUTO_TEST_CASE(fail_if_reaching_maximum_number_of_restarts_with_backoff) {
  stage s;
  s.open({.intensity = 2,
          .period = 3600s,
          .children = {s.child<failing_later>("child1", {.backoff = {.min = 200ms, .max = 10s}})}});
  s.watch({""});
  s.crash("child1");
  s.log.take();
  s.n.advance(200ms);
  BOOST_TEST(s.log.take() == "start child1#2");
  s.n.advance(400ms - 1ns);
  BOOST_TEST(s.log.take() == "");
  s.n.advance(1ns);
  BOOST_TEST(s.log.take() == "start child1#3, down top#1 shutdown");
}

BOOST_AUTO_TEST_CASE(respect_within_time_range_property) {
  stage s;
  s.open({.intensity = 3, .period = 1s, .children = {s.child("child1", {.backoff = {.min = 100ms, .max = 100ms}})}});
  const auto again = [&] {
    s.crash("child1");
    s.n.advance(100ms);
  };
  for (int i = 0; i < 3; ++i) again();
  s.n.advance(1s);
  for (int i = 0; i < 3; ++i) again();
  BOOST_TEST(s.which() == "child1#7");
  again();
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(keep_restarting_when_failures_are_outside_of_the_period) {
  stage s;
  s.open({.intensity = 1, .period = 10ms, .children = {s.child("child1", {.backoff = {.min = 100ms, .max = 800ms}})}});
  for (const auto delay : {100ms, 200ms, 400ms, 800ms}) {
    s.crash("child1");
    starts_after(s, delay);
  }
  BOOST_TEST(s.which() == "child1#5");
}

BOOST_AUTO_TEST_CASE(a_child_that_backs_off_can_be_looked_at_and_stopped) {
  stage s;
  const auto spec = s.child("child1", {.backoff = {.min = 1min, .max = 1min}});
  s.open(patient({spec, s.child("child2")}));
  s.crash("child1");
  BOOST_TEST(s.which() == "child1:restarting child2#1");
  BOOST_TEST(s.counts() == "2 1 0 2");
  BOOST_TEST(s.start(spec) == "already_present");
  BOOST_TEST(s.restart("child1") == "child_restarting");
  BOOST_TEST(s.remove("child1") == "child_restarting");
  s.crash("child2");  // others are restarted meanwhile
  BOOST_TEST(s.which() == "child1:restarting child2#2");
  s.log.take();
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.which() == "child1:stopped child2#2");
  s.n.advance(1h);
  BOOST_TEST(s.log.take() == "");
  BOOST_TEST(s.restart("child1") == "ok");
}

BOOST_AUTO_TEST_CASE(stopping_the_supervisor_does_not_wait_for_the_delay) {
  stage s;
  s.open(patient({s.child("child1", {.backoff = {.min = 1min, .max = 1min}})}));
  s.crash("child1");
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(!s.there("child1"));
  s.log.take();
  s.n.advance(1h);
  BOOST_TEST(s.log.take() == "");
}

BOOST_AUTO_TEST_CASE(one_for_all_waits_with_the_siblings_running) {
  stage s;
  auto spec = patient({s.child("child0"), s.child("child1", {.backoff = {.min = 1s, .max = 1s}}), s.child("child2")});
  spec.strategy = one_for_all;
  s.open(std::move(spec));
  s.crash("child1");
  BOOST_TEST(s.which() == "child0#1 child1:restarting child2#1");
  s.log.take();
  s.n.advance(1s);
  BOOST_TEST(s.log.take() ==
             "stop child2#1 shutdown, stop child0#1 shutdown, start child0#2, start child1#2, start child2#2");
}

BOOST_AUTO_TEST_CASE(failed_attempts_of_a_group_wait_too) {
  for (const auto strategy : {one_for_all, rest_for_one}) {
    stage s;
    auto spec = patient({s.child("child1"), s.child<failing_later>("child2", {.backoff = {.min = 1s, .max = 4s}})});
    spec.strategy = strategy;
    s.open(std::move(spec));
    s.crash("child1");
    BOOST_TEST(s.which() == "child1#2 child2:restarting");
    s.log.take();
    int attempt = 3;  // child2's incarnation; child1 is one behind
    for (const auto delay : {1s, 2s, 4s}) {
      s.n.advance(delay - 1ns);
      BOOST_TEST(s.log.take() == "");
      s.n.advance(1ns);
      const auto old = std::to_string(attempt - 1), next = std::to_string(attempt++);
      const auto first = "stop child1#" + old + " shutdown, start child1#" + next + ", ";
      BOOST_TEST(s.log.take() == (strategy == one_for_all ? first : "") + "start child2#" + next);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
