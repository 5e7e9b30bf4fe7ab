// Death watch: Pekko's WatchSpec and DeathWatchSpec, where they apply.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

// Two who watch, beside the children under /top that they watch.
struct watching : stage {
  watching() {
    must_supervise(n,
                   {.name = "w",
                    .intensity = 10,
                    .children = {troupe::child<watcher>("first", &log, true), troupe::child<watcher>("second", &log)}});
    open({.intensity = 10,
          .children = {child("child1", {.restart = transient}), child("child2", {.restart = transient})}});
    log.take();
  }
  agent_ref who(std::string_view name) { return n.ref(path{"/w/" + std::string{name}}); }
  void watches(std::string_view name, const agent_ref& whom) {
    n.send(who(name), watch_it{whom});
    n.settle();
  }
  void unwatches(std::string_view name, const agent_ref& whom) {
    n.send(who(name), unwatch_it{whom});
    n.settle();
  }
};

// Watches before it is told anything, and has no handler for what comes.
class deaf final : public plain {
 public:
  deaf(agent_context& context, journal* log, path whom) : plain{context, log}, whom_{std::move(whom)} {}

 private:
  task<void> begin(turn& now) override {
    now.watch(now.ref(whom_));
    co_return;
  }
  path whom_;
};

struct spawn_and_watch {
  TROUPE_MESSAGE(spawn_and_watch)
};
// Watches its own sub-agent.
class parent final : public plain {
 public:
  parent(agent_context& context, journal* log) : plain{context, log}, log_{log} {
    on(&parent::spawn);
    on([this](const down& notice) {
      log_->note(me() + " told " + notice.who.path().str() + " " + notice.cause.describe());
    });
  }

 private:
  task<void> spawn(spawn_and_watch, turn& now) {
    auto spawning = now.spawn(troupe::child<plain>("kid", child_options{.restart = temporary}, log_));
    now.watch(co_await spawning);
  }
  journal* log_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(watch_test)

BOOST_AUTO_TEST_CASE(an_agent_that_stops_is_reported_once) {
  watching s;
  s.watches("first", s.at("child1"));
  s.end("child1", {exit_kind::normal, "all done"});
  BOOST_TEST(s.log.take() == "stop child1#1 normal, down child1#1 normal: all done");
  s.n.advance(1h);
  BOOST_TEST(s.log.take() == "");
}

BOOST_AUTO_TEST_CASE(the_cause_has_the_text_of_the_exception) {
  watching s;
  s.watches("first", s.at("child1"));
  s.end("child1", {exit_kind::failed, "division by zero"});
  BOOST_TEST(s.log.take() == "down child1#1 failed: division by zero, start child1#2");
}

BOOST_AUTO_TEST_CASE(a_kill_is_reported_with_its_reason) {
  watching s;
  s.watches("first", s.at("child1"));
  s.n.kill(s.at("child1"), "no longer wanted");
  s.n.settle();
  BOOST_TEST(s.log.take() == "down child1#1 killed: no longer wanted, start child1#2");
}

BOOST_AUTO_TEST_CASE(one_who_is_dead_already_is_reported_at_once_and_why) {
  watching s;
  s.end("child1", {exit_kind::normal, "all done"});
  BOOST_TEST(s.log.take() == "stop child1#1 normal");
  s.watches("first", s.at("child1"));
  BOOST_TEST(s.log.take() == "down child1#1 normal: all done");
}

BOOST_AUTO_TEST_CASE(one_who_backs_off_is_reported_at_once) {
  watching s;
  BOOST_TEST(s.start(s.child("child3", {.backoff = {.min = 1s, .max = 1s}})) == "ok");
  s.end("child3", {exit_kind::failed, "tired"});
  s.log.take();
  s.watches("first", s.at("child3"));
  BOOST_TEST(s.log.take() == "down child3#1 failed: tired");
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "start child3#2");
}

BOOST_AUTO_TEST_CASE(one_whom_nobody_knows_is_reported_as_unknown) {
  watching s;
  s.watches("second", s.at("nobody"));
  BOOST_TEST(s.log.take() == "down nobody#0 unknown");
}

BOOST_AUTO_TEST_CASE(all_watchers_are_told_and_those_that_gave_up_are_not) {
  watching s;
  s.watches("first", s.at("child1"));
  s.watches("second", s.at("child1"));
  s.end("child1", died());
  BOOST_TEST(s.log.take() == "down child1#1 failed: died, down child1#1 failed, start child1#2");
  s.watches("first", s.at("child1"));
  s.watches("second", s.at("child1"));
  s.unwatches("first", s.at("child1"));
  s.end("child1", died());
  BOOST_TEST(s.log.take() == "down child1#2 failed, start child1#3");
}

BOOST_AUTO_TEST_CASE(giving_up_what_one_does_not_watch_changes_nothing) {
  watching s;
  s.watches("first", s.at("child1"));
  s.unwatches("first", s.at("child2"));
  s.unwatches("first", s.at("nobody"));
  s.unwatches("second", s.at("child1"));
  s.end("child1", died());
  BOOST_TEST(s.log.take() == "down child1#1 failed: died, start child1#2");
}

BOOST_AUTO_TEST_CASE(watching_twice_gives_one_notice) {
  watching s;
  s.watches("first", s.at("child1"));
  s.watches("first", s.at("child1"));
  s.end("child1", died());
  BOOST_TEST(s.log.take() == "down child1#1 failed: died, start child1#2");
  s.unwatches("second", s.at("child1"));
  s.watches("second", s.at("child2"));
  s.watches("second", s.at("child2"));
  s.unwatches("second", s.at("child2"));
  s.end("child2", died());
  BOOST_TEST(s.log.take() == "start child2#2");
}

// A watch is on one incarnation, as a monitor in Erlang.
BOOST_AUTO_TEST_CASE(a_restart_ends_the_watch) {
  watching s;
  s.watches("second", s.at("child1"));
  s.kill("child1");
  BOOST_TEST(s.log.take() == "down child1#1 killed, start child1#2");
  s.kill("child1");
  BOOST_TEST(s.log.take() == "start child1#3");
  s.watches("second", s.at("child1"));
  s.kill("child1");
  BOOST_TEST(s.log.take() == "down child1#3 killed, start child1#4");
}

BOOST_AUTO_TEST_CASE(a_notice_that_is_in_the_mailbox_is_not_delivered_after_unwatch) {
  watching s;
  s.watches("second", s.at("child1"));
  s.n.send(s.who("second"), work{1s});
  s.n.send(s.who("second"), unwatch_it{s.at("child1")});
  s.end("child1", died());  // the notice lies behind the two
  s.log.take();
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "");
}

BOOST_AUTO_TEST_CASE(an_old_notice_in_the_mailbox_is_not_taken_for_that_of_a_new_watch) {
  watching s;
  s.watches("second", s.at("child1"));
  s.n.send(s.who("second"), work{1s});
  s.n.send(s.who("second"), unwatch_it{s.at("child1")});
  s.n.send(s.who("second"), watch_it{s.at("child1")});
  s.end("child1", died());  // the notice lies behind the three
  s.log.take();
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "");
  s.end("child1", died());
  BOOST_TEST(s.log.take() == "down child1#2 failed, start child1#3");
}

BOOST_AUTO_TEST_CASE(one_in_its_end_is_reported_when_it_has_ended) {
  watching s;
  BOOST_TEST(s.start(s.child<slow>("child3", {}, 1s)) == "ok");
  auto ending = s.begin_ask(terminate_child{"child3"});
  s.n.settle();
  s.log.take();
  s.watches("second", s.at("child3"));
  BOOST_TEST(s.log.take() == "");
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "stop child3#1 shutdown, down child3#1 shutdown");
  BOOST_TEST(said(ending.get()) == "ok");
}

BOOST_AUTO_TEST_CASE(one_that_starts_can_be_watched) {
  for (const auto outcome : {word::fail, word::start}) {
    watching s;
    word told = word::none;
    auto starting = s.begin_ask(start_child{s.child<gate>("child3", {.restart = transient}, &told)});
    s.n.settle();
    s.log.take();
    s.watches("second", s.at("child3"));
    BOOST_TEST(s.log.take() == "");
    told = outcome;
    s.n.advance(1s);
    if (outcome == word::fail) {
      BOOST_TEST(said(starting.get()) == "failed_to_start");
    } else {
      BOOST_TEST(said(starting.get()) == "ok");
      BOOST_TEST(s.log.take() == "");
      told = word::start;
      s.end("child3", died());
    }
    const auto happened = s.log.take();
    BOOST_TEST(happened.starts_with("down child3#1 failed"), happened);
  }
}

BOOST_AUTO_TEST_CASE(one_of_the_same_name_can_be_watched_after_the_old_one_ended_for_good) {
  watching s;
  s.watches("second", s.at("child1"));
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.remove("child1") == "ok");
  BOOST_TEST(s.log.take() == "stop child1#1 shutdown, down child1#1 shutdown");
  BOOST_TEST(s.start(s.child("child1", {.restart = transient})) == "ok");
  s.watches("second", s.at("child1"));
  BOOST_TEST(s.log.take() == "start child1#1");
  s.end("child1", died());
  BOOST_TEST(s.log.take() == "down child1#1 failed, start child1#2");
}

BOOST_AUTO_TEST_CASE(two_may_watch_each_other) {
  watching s;
  s.watches("first", s.who("second"));
  s.watches("second", s.who("first"));
  s.n.kill(s.who("first"));
  s.n.settle();
  BOOST_TEST(s.log.take() == "down first#1 killed");
  s.n.kill(s.who("second"));  // the new first does not watch anybody
  s.n.settle();
  BOOST_TEST(s.log.take() == "");
}

// In Pekko a notice waits with the rest of the mail for the next incarnation. Here the watch was the old one's.
BOOST_AUTO_TEST_CASE(a_watcher_that_fails_is_not_told_in_its_next_life) {
  watching s;
  const auto dies_with = [&](bool notice_in_mailbox) {
    s.watches("second", s.at("child1"));
    s.n.send(s.who("second"), work{1s});
    s.n.settle();
    if (notice_in_mailbox) s.end("child1", died());
    s.n.kill(s.who("second"));
    s.n.settle();
    if (!notice_in_mailbox) s.end("child1", died());
    s.n.advance(1s);
  };
  dies_with(false);
  BOOST_TEST(s.log.take() == "start child1#2");
  dies_with(true);
  BOOST_TEST(s.log.take() == "start child1#3");
  BOOST_TEST(s.n.dead_letters().empty());
  s.watches("second", s.at("child1"));
  s.end("child1", died());
  BOOST_TEST(s.log.take() == "down child1#3 failed, start child1#4");
}

// In Pekko such a watcher fails; here the notice becomes a dead letter.
BOOST_AUTO_TEST_CASE(a_watcher_without_a_handler_leaves_a_dead_letter) {
  watching s;
  BOOST_TEST(s.start(s.child<deaf>("child3", {}, path{"/top/child1"})) == "ok");
  s.end("child1", died());
  BOOST_TEST(s.which() == "child1#2 child2#1 child3#1");
  const auto dead = s.n.dead_letters();
  BOOST_REQUIRE(dead.size() == 1u);
  BOOST_TEST((dead[0].reason == drop_reason::no_handler));
  BOOST_TEST(dead[0].to.str() == "/top/child3");
  BOOST_TEST(dead[0].message_type == "down");
}

BOOST_AUTO_TEST_CASE(notify_a_parent_of_child_termination_because_of_failure) {
  watching s;
  BOOST_TEST(s.start(s.child<parent>("child3")) == "ok");
  must(s.n.ask(s.at("child3"), spawn_and_watch{}));
  s.log.take();
  s.end("child3/kid", {exit_kind::failed, "boom"});
  BOOST_TEST(s.log.take() == "stop kid#1 failed, child3#1 told /top/child3/kid failed: boom");

  // A failure of its own ends the kid with it, and that is no news for the next incarnation.
  must(s.n.ask(s.at("child3"), spawn_and_watch{}));
  s.log.take();
  s.crash("child3");
  BOOST_TEST(s.log.take() == "stop kid#1 shutdown, start child3#2");
  BOOST_TEST(s.n.dead_letters().empty());
}

BOOST_AUTO_TEST_CASE(what_a_supervisor_gives_up_is_reported_with_the_reason) {
  watching s;
  BOOST_TEST(s.start(child(supervisor_spec{.name = "inner", .intensity = 0, .children = {s.child("leaf")}},
                           {.restart = transient})) == "ok");
  s.watches("first", s.at("inner"));
  s.log.take();
  s.crash("inner/leaf");
  const auto happened = s.log.take();
  BOOST_TEST(happened.find("down inner#1 shutdown: restart intensity reached") != std::string::npos, happened);
}

BOOST_AUTO_TEST_SUITE_END()
