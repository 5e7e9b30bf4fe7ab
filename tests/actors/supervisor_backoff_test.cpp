// Waiting between restarts: what Pekko's backoff, stash and supervision specs ask for and OTP does not have.

#include "core/seeded.hpp"
#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

supervisor_spec patient(std::vector<child_spec> children) {
  return {.intensity = 1000, .period = 3600s, .children = std::move(children)};
}

// Nothing starts before `delay` is over, and child1 does then.
void starts_after(stage& s, duration delay) {
  s.log.take();
  s.n.advance(delay - 1ns);
  BOOST_TEST(s.log.take() == "");
  s.n.advance(1ns);
  BOOST_TEST(s.log.take().starts_with("start child1#"));
}

// So many starts after the first fail.
class unlucky final : public plain {
 public:
  unlucky(agent_context& context, journal* log, std::uint64_t failing) : plain{context, log}, failing_{failing} {}

 private:
  task<void> begin(turn&) override {
    if (incarnation() > 1 && incarnation() <= 1 + failing_) throw std::runtime_error{"no luck"};
    co_return;
  }
  std::uint64_t failing_;
};

// Runs one sub-agent that takes a second to stop.
class lead final : public plain {
 public:
  lead(agent_context& context, journal* log) : plain{context, log}, log_{log} {}

 private:
  task<void> begin(turn& now) override {
    if (incarnation() > 1) co_return;
    duration takes = 1s;
    auto spawning = now.spawn<slow>("sub", log_, takes);
    co_await spawning;
  }
  journal* log_;
};

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
    stage s{random.seed() | 1};
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
  stage s;
  s.open(patient({s.child("child1", {.backoff = {.min = 1s, .max = 8s, .reset = 10s}})}));
  s.crash("child1");
  starts_after(s, 1s);
  s.n.advance(10s - 1ns);
  s.crash("child1");
  starts_after(s, 2s);
  s.n.advance(10s);
  s.crash("child1");
  starts_after(s, 1s);
}

BOOST_AUTO_TEST_CASE(starts_that_fail_do_not_reset_the_delay) {
  stage s;
  s.open(patient({s.child<failing_later>("child1", {.backoff = {.min = 1s, .max = 4s, .reset = 3s}})}));
  s.crash("child1");
  for (const auto delay : {1s, 2s, 4s, 4s, 4s}) starts_after(s, delay);
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
  BOOST_TEST(!s.n.info(path{"/top/child1"}));
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

BOOST_AUTO_TEST_CASE(mail_waits_while_an_agent_backs_off_and_is_handled_in_order_after_the_restart) {
  stage s;
  s.open(patient({s.child<unlucky>("child1", {.backoff = {.min = 1s, .max = 1s}}, 2)}));
  const auto before = s.object("child1");
  s.crash("child1");
  std::vector<pending<identity>> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(s.n.begin_ask(s.at("child1"), who_is_there{}));
  s.n.send(s.at("child1"), end_with{exit_kind::failed, "once more"});
  auto last = s.n.begin_ask(s.at("child1"), who_is_there{});
  s.n.advance(3s - 1ms);  // two attempts fail
  for (const auto& each : waiting) BOOST_TEST(!each.ready());
  s.n.advance(1ms);
  for (auto& each : waiting) BOOST_TEST(must(each.get()).object == before + 3);
  BOOST_TEST(!last.ready());  // behind the next failure
  s.n.advance(1s);
  BOOST_TEST(must(last.get()).object == before + 4);
  BOOST_TEST(s.n.dead_letters().empty());
}

BOOST_AUTO_TEST_CASE(publish_dropped_messages_while_backing_off_and_mailbox_is_full) {
  stage s;
  s.open(patient({s.child("child1", {.backoff = {.min = 1s, .max = 1s}, .mailbox = {.limit = 2}})}));
  s.crash("child1");
  std::vector<pending<identity>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(s.n.begin_ask(s.at("child1"), who_is_there{}));
  BOOST_TEST(said(waiting[2].get()) == "mailbox_full");
  BOOST_TEST(said(waiting[3].get()) == "mailbox_full");
  const auto dead = s.n.dead_letters();
  BOOST_REQUIRE(dead.size() == 2u);
  for (const auto& each : dead) {
    BOOST_TEST((each.reason == drop_reason::mailbox_full));
    BOOST_TEST(each.to.str() == "/top/child1");
    BOOST_TEST(each.message_type == "who_is_there");
  }
  s.n.advance(1s);
  BOOST_TEST(said(waiting[0].get()) == "ok");
  BOOST_TEST(said(waiting[1].get()) == "ok");
}

BOOST_AUTO_TEST_CASE(mail_of_an_agent_that_does_not_come_back_is_answered_with_the_reason) {
  stage s;
  s.open(patient({s.child("child1", {.backoff = {.min = 1min, .max = 1min}})}));
  s.crash("child1");
  auto waiting = s.n.begin_ask(s.at("child1"), who_is_there{});
  BOOST_TEST(s.terminate("child1") == "ok");
  const auto answer = waiting.get();
  BOOST_TEST(said(answer) == "agent_down");
  BOOST_TEST(answer.error().message().find("died") != std::string::npos, answer.error().message());
}

BOOST_AUTO_TEST_CASE(stop_children_when_restarting) {
  stage s;
  s.open(patient({s.child<lead>("child1")}));
  BOOST_TEST(s.log.take() == "start child1#1, start sub#1");
  s.crash("child1");
  auto waiting = s.n.begin_ask(s.at("child1"), who_is_there{});
  s.n.settle();
  BOOST_TEST(s.log.take() == "asked sub#1");
  s.n.advance(1s - 1ns);
  BOOST_TEST(!waiting.ready());
  BOOST_TEST(s.log.take() == "");
  s.n.advance(1ns);
  BOOST_TEST(s.log.take() == "stop sub#1 shutdown, start child1#2");
  BOOST_TEST(must(waiting.get()).object == 3u);
  BOOST_TEST(!s.n.info(path{"/top/child1/sub"}));
}

BOOST_AUTO_TEST_SUITE_END()
