// What crosses on its way to a supervisor: ends, requests and timers that are overtaken by others.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

BOOST_AUTO_TEST_SUITE(supervisor_race_test)

// The second one's end was settled with the restart for the first one's sake.
BOOST_AUTO_TEST_CASE(children_that_fail_together_cost_their_group_one_restart) {
  for (const auto strategy : {one_for_all, rest_for_one, one_for_one}) {
    stage s;
    s.open({.strategy = strategy,
            .intensity = 1,
            .period = 3600s,
            .children = {s.child("child1"), s.child("child2"), s.child("child3")}});
    s.n.send(s.at("child1"), died());
    s.n.send(s.at("child2"), died());
    s.n.settle();
    if (strategy == one_for_one) {
      BOOST_TEST(!s.alive());
    } else {
      BOOST_TEST(s.which() == "child1#2 child2#2 child3#2");
      BOOST_TEST(s.n.restarts() == 3u);
    }
  }
}

// Its supervisor hears of child3's end when child3 is a casualty that waits: nothing is to be done about it.
BOOST_AUTO_TEST_CASE(the_end_of_a_casualty_that_waits_is_not_an_end_of_its_own) {
  stage s;
  bool fail = false;
  const child_options brutal{.shutdown = shutdown_policy::brutal_kill()};
  s.open(
      {.strategy = rest_for_one,
       .intensity = 2,
       .period = 3600s,
       .children = {s.child("child1", brutal), s.child<deadlock>("child2", brutal, &fail), s.child("child3", brutal)}});
  fail = true;
  s.n.send(s.at("child2"), died());
  s.n.send(s.at("child3"), died());
  s.n.settle();
  auto listing = s.begin_ask(which_children{});
  s.n.advance(1s);
  fail = false;
  s.n.advance(1s);  // the attempt that had begun fails, the next one succeeds
  BOOST_TEST(stage::text(must(listing.get())) == "child1#1 child2:restarting child3:stopped");
  BOOST_TEST(s.alive());
  BOOST_TEST(s.which() == "child1#1 child2#3 child3#2");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_predecessor_of_the_same_name_and_incarnation_is_not_an_end) {
  stage s;
  const auto spec = s.child("child1", {.restart = temporary});
  s.open({.intensity = 0, .children = {spec, s.child<slow>("child2", {.shutdown = 10s}, 5s)}});
  auto busy = s.begin_ask(terminate_child{"child2"});
  auto away = s.begin_ask(terminate_child{"child1"});
  auto again = s.begin_ask(start_child{spec});
  s.n.settle();
  s.crash("child1");  // the notice lies behind the three
  s.n.advance(5s);
  BOOST_TEST(said(busy.get()) == "ok");
  BOOST_TEST(said(away.get()) == "ok");
  BOOST_TEST(said(again.get()) == "ok");
  BOOST_TEST(s.which() == "child2:stopped child1#1");
}

BOOST_AUTO_TEST_CASE(a_child_that_fails_before_its_supervisor_gets_to_stopping_it_is_not_restarted) {
  stage s;
  s.open({.intensity = 0, .children = {s.child("child1"), s.child<slow>("child2", {.shutdown = 10s}, 5s)}});
  auto busy = s.begin_ask(terminate_child{"child2"});
  auto away = s.begin_ask(terminate_child{"child1"});
  auto again = s.begin_ask(restart_child{"child1"});
  s.n.settle();
  s.crash("child1");
  s.log.take();
  s.n.advance(5s);
  BOOST_TEST(said(away.get()) == "ok");
  BOOST_TEST(said(again.get()) == "ok");
  BOOST_TEST(s.log.take() == "stop child2#1 shutdown, stop child1#1 failed, start child1#2");
  BOOST_TEST(s.which() == "child1#2 child2:stopped");
}

// After a crash a restart was planned for 10 s later. 5 s later there is a new child1, which crashes in its turn.
BOOST_AUTO_TEST_CASE(an_old_delay_does_not_cut_that_of_a_new_child_short) {
  enum class way { deleted_and_added, terminated_and_restarted, added_from_the_template, supervisor_restarted };
  for (const auto how : {way::deleted_and_added, way::terminated_and_restarted, way::added_from_the_template,
                         way::supervisor_restarted}) {
    stage s;
    const auto spec = s.child("child1", {.backoff = {.min = 10s, .max = 10s}});
    const bool simple = how == way::added_from_the_template;
    s.open({.children = {child(supervisor_spec{.name = "inner",
                                               .strategy = simple ? simple_one_for_one : one_for_one,
                                               .intensity = 100,
                                               .period = 3600s,
                                               .children = {spec}})}});
    const auto add_from_template = [&] { return said(s.ask(start_template_child{"child1"}, "inner")); };
    if (simple) BOOST_TEST(add_from_template() == "ok");
    s.crash("inner/child1");
    BOOST_TEST(s.which("inner") == "child1:restarting");
    s.n.advance(5s);
    switch (how) {
      case way::deleted_and_added:
        BOOST_TEST(s.terminate("child1", "inner") == "ok");
        BOOST_TEST(s.remove("child1", "inner") == "ok");
        BOOST_TEST(s.start(spec, "inner") == "ok");
        break;
      case way::terminated_and_restarted:
        BOOST_TEST(s.terminate("child1", "inner") == "ok");
        BOOST_TEST(s.restart("child1", "inner") == "ok");
        break;
      case way::added_from_the_template:
        BOOST_TEST(s.terminate("child1", "inner") == "ok");
        BOOST_TEST(add_from_template() == "ok");
        break;
      case way::supervisor_restarted: s.kill("inner"); break;
    }
    s.crash("inner/child1");
    BOOST_TEST(s.which("inner") == "child1:restarting");
    s.log.take();
    s.n.advance(10s - 1ns);
    BOOST_TEST(s.log.take() == "");
    s.n.advance(1ns);
    BOOST_TEST(s.log.take().starts_with("start child1#"));
    s.n.advance(1h);
    BOOST_TEST(s.log.take() == "");
  }
}

BOOST_AUTO_TEST_CASE(the_runtime_s_own_notices_are_no_dead_letters) {
  {
    // The notice of child1's end finds its supervisor ending.
    stage s;
    s.open({.children = {s.child("child1", {.restart = temporary}), s.child<slow>("child2", {.shutdown = 2s}, 1s)}});
    const auto ending = s.begin_end_supervisor();
    s.crash("child1");
    s.n.advance(1s);
    BOOST_TEST(ending.ready());
    BOOST_TEST(s.n.dead_letters().empty());
  }
  {
    // So does the next attempt, which was planned while the supervisor had something else to do first.
    stage s;
    bool fail = false;
    s.open({.intensity = 8, .children = {s.child<slow>("child1", {}, 1s), s.child<deadlock>("child2", {}, &fail)}});
    fail = true;
    s.crash("child2");
    auto terminating = s.begin_ask(terminate_child{"child1"});
    s.n.advance(2s);  // the first attempt has failed
    BOOST_TEST(s.log.take().ends_with("start child2#2, asked child1#1"));
    const auto ending = s.begin_end_supervisor();
    s.n.advance(1s);
    BOOST_TEST(ending.ready());
    BOOST_TEST(said(terminating.get()) == "agent_down");
    BOOST_TEST(s.n.dead_letters().empty());
  }
  {
    // The answer to a stop comes when the child has been killed for not giving it in time.
    stage s;
    s.open({.children = {s.child<slow>("child1", {.shutdown = 1s}, 200s)}});
    auto terminating = s.begin_ask(terminate_child{"child1"});
    s.n.advance(1s);
    BOOST_TEST(said(terminating.get()) == "ok");
    BOOST_TEST(s.n.dead_letters().empty());
  }
  // The end of a watched agent finds the watcher gone.
  stage s;
  s.open({.children = {s.child("child1", {.restart = temporary}), s.child<watcher>("child2", {.restart = temporary})}});
  s.n.send(s.at("child2"), watch_it{s.at("child1")});
  s.n.send(s.at("child2"), work{1s});
  s.n.settle();
  s.crash("child1");  // the notice waits behind the work
  BOOST_TEST(s.terminate("child2") == "ok");
  BOOST_TEST(s.n.dead_letters().empty());
}

BOOST_AUTO_TEST_SUITE_END()
