// What outlives an incarnation and what goes with it: queued mail stays, sub-agents are stopped. The cases of Pekko's
// SupervisionSpec about children and the stash; each at once and with a delay before the restart.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

child_options after(duration delay) { return {.backoff = {.min = delay, .max = delay}}; }

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

struct hire {
  std::string name;
  TROUPE_MESSAGE(hire, name)
};
struct remark {
  std::string text;
  TROUPE_MESSAGE(remark, text)
};

// Has sub-agents that take a second to stop: those it is told to hire, and one from each start if the test counts the
// starts that are to fail. Writes remarks into the journal.
class lead final : public plain {
 public:
  lead(agent_context& context, journal* log, int* failing = nullptr)
      : plain{context, log}, log_{log}, failing_{failing} {
    on(&lead::take_on);
    on([log](const remark& r) { log->note(r.text); });
  }

 private:
  task<void> begin(turn& now) override {
    if (!failing_) co_return;
    co_await spawn("own", now);
    if (*failing_ == 0) co_return;
    --*failing_;
    throw std::runtime_error{"told not to start"};
  }
  task<void> take_on(hire who, turn& now) { co_await spawn(who.name, now); }
  task<void> spawn(std::string name, turn& now) {
    duration takes = 1s;
    auto spawning = now.spawn<slow>(std::move(name), log_, takes);
    co_await spawning;
  }

  journal* log_;
  int* failing_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_retention_test)

BOOST_AUTO_TEST_CASE(mail_waits_while_an_agent_backs_off_and_is_handled_in_order_after_the_restart) {
  stage s;
  s.open(patient({s.child<unlucky>("child1", after(1s), 2)}));
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
  s.open(patient({s.child("child1", after(1min))}));
  s.crash("child1");
  auto waiting = s.n.begin_ask(s.at("child1"), who_is_there{});
  BOOST_TEST(s.terminate("child1") == "ok");
  const auto answer = waiting.get();
  BOOST_TEST(said(answer) == "agent_down");
  BOOST_TEST(answer.error().message().find("died") != std::string::npos, answer.error().message());
}

// The delay begins when the last of them has ended.
BOOST_AUTO_TEST_CASE(stop_children_when_restarting_or_backoff) {
  for (const auto delay : {0s, 10s}) {
    stage s;
    s.open(patient({s.child<lead>("child1", after(delay))}));
    for (const auto* name : {"sub1", "sub2"}) must(s.n.ask(s.at("child1"), hire{name}));
    s.log.take();
    s.crash("child1");
    auto waiting = s.n.begin_ask(s.at("child1"), who_is_there{});
    s.n.settle();
    BOOST_TEST(s.log.take() == "asked sub2#1");
    s.n.advance(1s);
    BOOST_TEST(s.log.take() == "stop sub2#1 shutdown, asked sub1#1");
    BOOST_TEST(s.which() == "child1#1");
    s.n.advance(1s - 1ns);
    BOOST_TEST(s.log.take() == "");
    BOOST_TEST(!waiting.ready());
    s.n.advance(1ns);
    const auto happened = s.log.take();
    if (delay == 0s) {
      BOOST_TEST(happened == "stop sub1#1 shutdown, start child1#2");
    } else {
      BOOST_TEST(happened == "stop sub1#1 shutdown");
      BOOST_TEST(s.which() == "child1:restarting");
      s.n.advance(delay - 1ns);
      BOOST_TEST(s.log.take() == "");
      s.n.advance(1ns);
      BOOST_TEST(s.log.take() == "start child1#2");
    }
    BOOST_TEST(said(waiting.get()) == "ok");
    BOOST_TEST(!s.there("child1/sub1"));
    BOOST_TEST(!s.there("child1/sub2"));
  }
}

// Its supervisor does not wait for a child that takes its time to come to its end.
BOOST_AUTO_TEST_CASE(accept_commands_while_child_is_terminating) {
  stage s;
  s.open(patient({s.child<lead>("child1", after(1ns)), s.child("child2")}));
  must(s.n.ask(s.at("child1"), hire{"sub"}));
  s.log.take();
  s.crash("child1");
  auto waiting = s.n.begin_ask(s.at("child1"), who_is_there{});
  BOOST_TEST(s.which() == "child1#1 child2#1");
  BOOST_TEST(s.n.restarts() == 0u);
  s.crash("child2");
  BOOST_TEST(s.log.take() == "asked sub#1, start child2#2");
  BOOST_TEST(!waiting.ready());
  s.n.advance(1s + 1ns);
  BOOST_TEST(s.which() == "child1#2 child2#2");
  BOOST_TEST(said(waiting.get()) == "ok");
}

// The queued failure is handled by the next incarnation, with what that one has begun.
BOOST_AUTO_TEST_CASE(stop_children_when_exception_from_unstash) {
  for (const auto delay : {0s, 10s}) {
    stage s;
    s.open(patient({s.child<lead>("child1", after(delay))}));
    must(s.n.ask(s.at("child1"), hire{"sub1"}));
    s.log.take();
    s.crash("child1");
    s.n.send(s.at("child1"), remark{"one"});
    s.n.send(s.at("child1"), hire{"sub2"});
    s.n.send(s.at("child1"), remark{"two"});
    s.n.send(s.at("child1"), died());
    s.n.send(s.at("child1"), remark{"three"});
    s.n.advance(1s + delay);
    BOOST_TEST(s.log.take() ==
               "asked sub1#1, stop sub1#1 shutdown, start child1#2, one, start sub2#1, two, asked sub2#1");
    BOOST_TEST(s.there("child1/sub2"));
    s.n.advance(1s + delay);
    BOOST_TEST(s.log.take() == "stop sub2#1 shutdown, start child1#3, three");
    BOOST_TEST(!s.there("child1/sub2"));
    BOOST_TEST(s.n.dead_letters().empty());
  }
}

// The first start is not tried again: it fails whoever asked for it, when all that it had begun is gone.
BOOST_AUTO_TEST_CASE(stop_children_when_exception_from_first_setup) {
  stage s;
  s.open({});
  int failing = 1;
  auto starting = s.begin_ask(start_child{s.child<lead>("child1", {}, &failing)});
  s.n.settle();
  auto mail = s.n.begin_ask(s.at("child1"), who_is_there{});
  BOOST_TEST(s.log.take() == "start child1#1, start own#1, asked own#1");
  BOOST_TEST(!starting.ready());
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "stop own#1 shutdown");
  BOOST_TEST(said(starting.get()) == "failed_to_start");
  BOOST_TEST(said(mail.get()) == "agent_down");
  BOOST_TEST(!s.there("child1/own"));
  BOOST_TEST(!s.there("child1"));
}

BOOST_AUTO_TEST_CASE(stop_children_when_exception_from_later_setup) {
  for (const auto delay : {0s, 10s}) {
    stage s;
    int failing = 0;
    s.open(patient({s.child<lead>("child1", after(delay), &failing)}));
    s.log.take();
    failing = 1;
    s.crash("child1");
    BOOST_TEST(s.log.take() == "asked own#1");
    s.n.advance(1s + delay);
    BOOST_TEST(s.log.take() == "stop own#1 shutdown, start child1#2, start own#1, asked own#1");
    s.n.advance(1s + delay);
    BOOST_TEST(s.log.take() == "stop own#1 shutdown, start child1#3, start own#1");
    BOOST_TEST(s.which() == "child1#3");
    BOOST_TEST(s.there("child1/own"));
  }
}

BOOST_AUTO_TEST_CASE(ensure_stash_message_retention_on_start_exception) {
  for (const auto delay : {0s, 10s}) {
    stage s;
    int failing = 0;
    s.open(patient({s.child<lead>("child1", after(delay), &failing)}));
    failing = 2;
    s.crash("child1");
    s.n.send(s.at("child1"), remark{"one"});
    s.n.advance(1s + delay);
    s.n.send(s.at("child1"), remark{"two"});
    s.n.advance(1s + delay);
    s.n.send(s.at("child1"), remark{"three"});
    s.n.settle();
    s.log.take();
    s.n.advance(1s + delay);
    BOOST_TEST(s.log.take() == "stop own#1 shutdown, start child1#4, start own#1, one, two, three");
    BOOST_TEST(s.n.dead_letters().empty());
  }
}

BOOST_AUTO_TEST_CASE(ensure_unhandled_message_retention_during_unstash_exception) {
  for (const auto delay : {0s, 10s}) {
    stage s;
    s.open(patient({s.child<lead>("child1", after(delay))}));
    must(s.n.ask(s.at("child1"), hire{"sub"}));
    for (int i = 0; i < 2; ++i) s.n.send(s.at("child1"), died());
    for (const auto* text : {"one", "two"}) s.n.send(s.at("child1"), remark{text});
    s.n.settle();
    s.log.take();
    s.n.advance(1s + 2 * delay);
    BOOST_TEST(s.log.take() == "stop sub#1 shutdown, start child1#2, start child1#3, one, two");
    BOOST_TEST(s.n.dead_letters().empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
