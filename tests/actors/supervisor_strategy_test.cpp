// Which children change when one ends, and how many restarts end the supervisor: the strategy cases of OTP's
// supervisor_SUITE.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

supervisor_spec strategy_of(strategy which, int intensity, std::vector<child_spec> children) {
  return {.strategy = which, .intensity = intensity, .period = 3600s, .children = std::move(children)};
}

const char* const ended = "down top#1 shutdown";

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_strategy_test)

BOOST_AUTO_TEST_CASE(multiple_restarts) {
  stage s;
  s.open({.intensity = 1, .period = 1s, .children = {s.child("child1", {.shutdown = shutdown_policy::brutal_kill()})}});
  s.crash("child1");
  for (int i = 0; i < 3; ++i) {
    s.n.advance(2100ms);
    s.crash("child1");
  }
  BOOST_TEST(s.which() == "child1#5");
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.remove("child1") == "ok");
}

BOOST_AUTO_TEST_CASE(a_restart_counts_until_the_period_is_over) {
  for (const auto pause : {1000ms, 1001ms}) {
    stage s;
    s.open({.intensity = 1, .period = 1s, .children = {s.child("child1")}});
    s.crash("child1");
    s.n.advance(pause);
    s.crash("child1");
    BOOST_TEST(s.alive() == (pause > 1s));
  }
}

BOOST_AUTO_TEST_CASE(an_intensity_of_zero_ends_the_supervisor_at_the_first_restart) {
  stage s;
  s.open({.intensity = 0, .children = {s.child("child1")}});
  s.watch({""});
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() == std::string{"stop child1#1 failed, "} + ended);
}

BOOST_AUTO_TEST_CASE(one_for_one) {
  stage s;
  s.open(strategy_of(strategy::one_for_one, 2, {s.child("child1"), s.child("child2")}));
  s.watch({""});
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() == "start child1#2");
  BOOST_TEST(s.which() == "child1#2 child2#1");
  BOOST_TEST(s.counts() == "2 2 0 2");
  s.crash("child2");
  BOOST_TEST(s.which() == "child1#2 child2#2");
  s.log.take();
  s.crash("child2");
  BOOST_TEST(s.log.take() == std::string{"stop child2#2 failed, stop child1#2 shutdown, "} + ended);
  BOOST_TEST(!s.alive());
  BOOST_TEST(!s.there("child1"));
}

BOOST_AUTO_TEST_CASE(one_for_one_escalation) {
  stage s;
  s.open(strategy_of(strategy::one_for_one, 4, {s.child<failing_later>("child1"), s.child("child2")}));
  s.watch({"", "child2"});
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() ==
             std::string{"start child1#2, start child1#3, start child1#4, start child1#5, stop child2#1 shutdown, "
                         "down child2#1 shutdown, "} +
                 ended);
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(one_for_all) {
  stage s;
  s.open(strategy_of(strategy::one_for_all, 2, {s.child("child1"), s.child("child2")}));
  s.watch({"", "child1", "child2"});
  const auto before = s.object("child2");
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() ==
             "down child1#1 failed, stop child2#1 shutdown, down child2#1 shutdown, start child1#2, start child2#2");
  BOOST_TEST(s.which() == "child1#2 child2#2");
  BOOST_TEST(s.object("child1") > before);
  BOOST_TEST(s.object("child2") > before);
  BOOST_TEST(s.counts() == "2 2 0 2");
  s.crash("child1");
  BOOST_TEST(s.which() == "child1#3 child2#3");
  s.crash("child2");
  BOOST_TEST(ends_with(s.log.take(), ended));
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(one_for_all_escalation) {
  stage s;
  s.open(strategy_of(strategy::one_for_all, 4, {s.child("child1"), s.child<failing_later>("child2")}));
  s.watch({""});
  s.log.take();
  s.crash("child1");
  std::string expected = "stop child2#1 shutdown, ";
  for (const auto* attempt : {"2", "3", "4", "5"})
    expected += std::string{"start child1#"} + attempt + ", start child2#" + attempt + ", stop child1#" + attempt +
                " shutdown, ";
  BOOST_TEST(s.log.take() == expected + ended);
}

BOOST_AUTO_TEST_CASE(one_for_all_other_child_fails_restart) {
  stage s;
  word first = word::start;
  word second = word::start;
  s.open(strategy_of(strategy::one_for_all, 3,
                     {s.child<gate>("child1", {}, &first), s.child<gate>("child2", {}, &second)}));
  s.watch({""});
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() == "stop child2#1 shutdown, start child1#2");
  first = word::start;
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "start child2#2");
  second = word::fail;
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "stop child1#2 shutdown, start child1#3");
  first = word::start;
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "start child2#3");
  second = word::start;
  s.n.advance(1s);
  BOOST_TEST(s.which() == "child1#3 child2#3");
  BOOST_TEST(s.log.take() == "");
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(ends_with(s.log.take(), ended));
}

BOOST_AUTO_TEST_CASE(rest_for_one) {
  stage s;
  s.open(strategy_of(strategy::rest_for_one, 2, {s.child("child1"), s.child("child2"), s.child("child3")}));
  BOOST_TEST(s.counts() == "3 3 0 3");
  s.watch({"", "child3"});
  s.log.take();
  s.crash("child2");
  BOOST_TEST(s.log.take() == "stop child3#1 shutdown, down child3#1 shutdown, start child2#2, start child3#2");
  BOOST_TEST(s.which() == "child1#1 child2#2 child3#2");
  BOOST_TEST(s.counts() == "3 3 0 3");
  s.crash("child3");
  BOOST_TEST(s.log.take() == "start child3#3");
  BOOST_TEST(s.which() == "child1#1 child2#2 child3#3");
  s.crash("child2");
  BOOST_TEST(s.log.take() ==
             std::string{"stop child3#3 shutdown, stop child2#2 failed, stop child1#1 shutdown, "} + ended);
}

BOOST_AUTO_TEST_CASE(rest_for_one_escalation) {
  stage s;
  s.open(strategy_of(strategy::rest_for_one, 4, {s.child("child1"), s.child<failing_later>("child2")}));
  s.watch({"", "child2"});
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() ==
             std::string{"stop child2#1 shutdown, down child2#1 shutdown, start child1#2, start child2#2, "
                         "start child2#3, start child2#4, start child2#5, stop child1#2 shutdown, "} +
                 ended);
}

BOOST_AUTO_TEST_CASE(rest_for_one_other_child_fails_restart) {
  stage s;
  word first = word::start;
  word second = word::start;
  s.open(strategy_of(strategy::rest_for_one, 3,
                     {s.child<gate>("child1", {}, &first), s.child<gate>("child2", {}, &second)}));
  s.watch({""});
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() == "stop child2#1 shutdown, start child1#2");
  first = word::start;
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "start child2#2");
  second = word::fail;
  s.n.advance(1s);
  BOOST_TEST(s.log.take() == "start child2#3");  // child1 is left alone
  second = word::start;
  s.n.advance(1s);
  BOOST_TEST(s.which() == "child1#2 child2#3");
  BOOST_TEST(s.log.take() == "");
}

BOOST_AUTO_TEST_CASE(simple_one_for_one) {
  stage s;
  s.open(strategy_of(strategy::simple_one_for_one, 2, {s.child("template")}));
  BOOST_TEST(s.start_from_template("one") == "ok");
  BOOST_TEST(s.start_from_template("two") == "ok");
  s.watch({""});
  s.log.take();
  s.crash("one");
  BOOST_TEST(s.log.take() == "start one#2");
  BOOST_TEST(s.which() == "one#2 two#1");
  BOOST_TEST(s.counts() == "1 2 0 2");
  s.crash("two");
  BOOST_TEST(s.which() == "one#2 two#2");
  s.crash("one");
  BOOST_TEST(ends_with(s.log.take(), ended));
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(a_child_of_a_template_that_is_not_restarted_leaves_nothing) {
  stage s;
  s.open(strategy_of(strategy::simple_one_for_one, 2, {s.child("template", {.restart = transient})}));
  BOOST_TEST(s.start_from_template("one") == "ok");
  s.end("one", {exit_kind::normal});
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "1 0 0 0");
  BOOST_TEST(s.start_from_template("one") == "ok");
  s.crash("one");
  BOOST_TEST(s.which() == "one#2");
}

BOOST_AUTO_TEST_CASE(simple_one_for_one_shutdown) {
  stage s;
  s.open(strategy_of(strategy::simple_one_for_one, 2, {s.child<slow>("template", {.shutdown = 2s})}));
  for (const auto& [id, stop_ms] : {std::pair{"one", "1000"}, {"two", "1000"}, {"three", "5000"}}) {
    BOOST_TEST(s.start_from_template(id, stop_ms) == "ok");
    s.watch({id});
  }
  s.watch({""});
  s.log.take();
  const auto ending = s.begin_end_supervisor();
  s.n.advance(999ms);
  BOOST_TEST(s.log.take() == "asked one#1, asked two#1, asked three#1");
  s.n.advance(1ms);
  BOOST_TEST(s.log.take() == "stop one#1 shutdown, stop two#1 shutdown, down one#1 shutdown, down two#1 shutdown");
  s.n.advance(999ms);
  BOOST_TEST(!ending.ready());
  s.n.advance(1ms);
  BOOST_TEST(s.log.take() == std::string{"down three#1 killed, "} + ended);
  BOOST_TEST(ending.ready());
}

// What a child of a template was started with is there again after a restart.
BOOST_AUTO_TEST_CASE(simple_one_for_one_extra) {
  stage s;
  s.open(strategy_of(strategy::simple_one_for_one, 2, {s.child("template")}));
  const auto argument_of = [&](const char* id) { return must(s.n.ask(s.at(id), who_is_there{})).arguments; };
  BOOST_TEST(s.start_from_template("one", "first extra") == "ok");
  BOOST_TEST(s.start_from_template("two", "second extra") == "ok");
  s.crash("one");
  BOOST_TEST(s.which() == "one#2 two#1");
  BOOST_TEST(argument_of("one") == "first extra");
  BOOST_TEST(argument_of("two") == "second extra");
  s.crash("two");
  BOOST_TEST(argument_of("two") == "second extra");
  s.crash("one");
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(simple_one_for_one_escalation) {
  stage s;
  s.open(strategy_of(strategy::simple_one_for_one, 4, {s.child<failing_later>("template", {}, false)}));
  BOOST_TEST(s.start_from_template("one", "error") == "ok");
  BOOST_TEST(s.start_from_template("two") == "ok");
  s.watch({"", "two"});
  s.log.take();
  s.crash("one");
  BOOST_TEST(s.log.take() == std::string{"start one#2, start one#3, start one#4, start one#5, stop two#1 shutdown, "
                                         "down two#1 shutdown, "} +
                                 ended);
}

// A temporary child is never started again, so nobody keeps what it was started with: after another has ended, too.
BOOST_AUTO_TEST_CASE(simple_one_for_one_corruption) {
  for (const auto type : {temporary, permanent}) {
    stage s;
    s.open(strategy_of(strategy::simple_one_for_one, 2, {s.child("template", {.restart = type})}));
    BOOST_TEST(s.start_from_template("one") == "ok");
    s.crash("one");
    BOOST_TEST(s.which() == (type == temporary ? "" : "one#2"));
    auto weight = std::make_shared<std::string>(50'000, 'x');
    const std::weak_ptr<std::string> seen = weight;
    BOOST_TEST(said(s.ask(start_template_child{"two", message::of(burden{std::move(weight)})})) == "ok");
    BOOST_TEST(s.which() == (type == temporary ? "two#1" : "one#2 two#1"));
    BOOST_TEST(seen.expired() == (type == temporary));
    s.crash("two");
    BOOST_TEST(s.which() == (type == temporary ? "" : "one#2 two#2"));
    BOOST_TEST(seen.expired() == (type == temporary));
    BOOST_TEST(s.alive());
    if (type != temporary) BOOST_TEST(s.terminate("two") == "ok");
    BOOST_TEST(seen.expired());
  }
}

BOOST_AUTO_TEST_SUITE_END()
