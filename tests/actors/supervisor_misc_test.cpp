// What is left of OTP's supervisor_SUITE: trees, counts, what is kept of children, order.

#include <map>

#include "supervised.hpp"

using namespace troupe;
using namespace support;

BOOST_AUTO_TEST_SUITE(supervisor_misc_test)

// A child that does not react to its stop costs its shutdown time; then the supervisor goes on.
BOOST_AUTO_TEST_CASE(child_unlink) {
  stage s;
  s.open({.children = {s.child<slow>("child1", {.shutdown = 1s}, 200s)}});
  s.watch({"child1"});
  s.log.take();
  const auto ending = s.begin_ask(terminate_child{"child1"});
  s.n.send(s.at(""), who_is_there{});  // nothing for a supervisor
  auto listing = s.begin_ask(which_children{});
  s.n.settle();
  s.n.advance(999ms);
  BOOST_TEST(!ending.ready());
  BOOST_TEST(!listing.ready());
  s.n.advance(1ms);
  BOOST_TEST(ending.ready());
  BOOST_TEST(stage::text(must(listing.get())) == "child1:stopped");
  BOOST_TEST(s.log.take() == "asked child1#1, down child1#1 killed");
}

BOOST_AUTO_TEST_CASE(tree) {
  stage s;
  const auto empty = [](const char* name) { return supervisor_spec{.name = name, .intensity = 4, .period = 3600s}; };
  auto first = empty("supchild1");
  first.children = {s.child("child1"), s.child("child2")};
  s.open({.strategy = one_for_all,
          .intensity = 4,
          .period = 3600s,
          .children = {child(first), child(empty("supchild2")), child(empty("supchild3"), {.restart = transient})}});

  BOOST_TEST(s.terminate("supchild3") == "ok");
  BOOST_TEST(s.which() == "supchild1#1 supchild2#1 supchild3:stopped");
  BOOST_TEST(s.counts() == "3 2 3 0");
  BOOST_TEST(s.which("supchild1") == "child1#1 child2#1");
  BOOST_TEST(s.counts("supchild1") == "2 2 0 2");
  BOOST_TEST(s.counts("supchild2") == "0 0 0 0");

  BOOST_TEST(s.start(s.child<failing_later>("child3"), "supchild2") == "ok");
  BOOST_TEST(s.start(s.child("child4"), "supchild2") == "ok");
  BOOST_TEST(s.counts("supchild2") == "2 2 0 2");
  const auto child1 = s.object("supchild1/child1");
  const auto child2 = s.object("supchild1/child2");

  s.crash("supchild2/child4");
  BOOST_TEST(s.which("supchild2") == "child3#1 child4#2");
  BOOST_TEST(s.object("supchild1/child1") == child1);
  BOOST_TEST(s.object("supchild1/child2") == child2);

  s.watch({"supchild2"});
  s.log.take();
  s.crash("supchild2/child3");
  BOOST_TEST(s.log.take() ==
             "start child3#2, start child3#3, start child3#4, stop child4#2 shutdown, down supchild2#1 shutdown, "
             "stop child2#1 shutdown, stop child1#1 shutdown, start child1#1, start child2#1");
  BOOST_TEST(s.which() == "supchild1#2 supchild2#2 supchild3#2");
  BOOST_TEST(s.counts() == "3 3 3 0");
  BOOST_TEST(s.which("supchild1") == "child1#1 child2#1");
  BOOST_TEST(s.object("supchild1/child1") > child2);
  BOOST_TEST(s.counts("supchild2") == "0 0 0 0");
  BOOST_TEST(s.counts("supchild3") == "0 0 0 0");
  BOOST_TEST(!s.there("supchild2/child4"));
}

namespace {

void count_many(stage& s, const std::string& thousand, const std::string& two_thousand) {
  for (const auto& expected : {thousand, two_thousand}) {
    for (int i = 0; i < 1000; ++i)
      if (s.start_from_template() != "ok") BOOST_FAIL("no start");
    BOOST_TEST(s.counts() == expected);
    BOOST_TEST(s.counts() == expected);
    const auto listed = must(s.ask(which_children{})).children;
    BOOST_TEST(std::to_string(listed.size()) == expected.substr(2, 4));
  }
  for (const auto& each : must(s.ask(which_children{})).children) s.kill(each.ref.path().name());
  BOOST_TEST(s.counts() == "1 0 0 0");
  BOOST_TEST(s.which() == "");
}

}  // namespace

BOOST_AUTO_TEST_CASE(count_children) {
  stage s;
  s.open({.strategy = simple_one_for_one, .children = {s.child("template", {.restart = temporary})}});
  count_many(s, "1 1000 0 1000", "1 2000 0 2000");
}

BOOST_AUTO_TEST_CASE(count_children_supervisor) {
  stage s;
  s.open({.strategy = simple_one_for_one,
          .children = {child(supervisor_spec{.name = "template"}, {.restart = temporary})}});
  count_many(s, "1 1000 1000 0", "1 2000 2000 0");
}

BOOST_AUTO_TEST_CASE(count_restarting_children) {
  stage s;
  bool fail = false;
  s.open({.strategy = simple_one_for_one,
          .intensity = 20,
          .period = 10s,
          .children = {s.child<deadlock>("template", {.shutdown = shutdown_policy::brutal_kill()}, &fail)}});
  BOOST_TEST(s.counts() == "1 0 0 0");
  const std::vector<std::string> ids = {"one", "two", "three"};
  for (const auto& id : ids) BOOST_TEST(s.start_from_template(id) == "ok");
  BOOST_TEST(s.counts() == "1 3 0 3");
  for (const auto& id : ids) s.crash(id);
  BOOST_TEST(s.which() == "one#2 two#2 three#2");
  BOOST_TEST(s.counts() == "1 3 0 3");

  fail = true;
  s.crash("one");
  s.crash("two");
  auto counting = s.begin_ask(troupe::count_children{});
  auto listing = s.begin_ask(which_children{});
  s.n.advance(4s);  // each of the two failed once
  BOOST_TEST(stage::text(must(counting.get())) == "1 1 0 3");
  BOOST_TEST(stage::text(must(listing.get())) == "one:restarting two:restarting three#2");
  fail = false;
  s.n.advance(2s);  // for the attempt that had begun
  BOOST_TEST(s.counts() == "1 3 0 3");
  BOOST_TEST(s.terminate("three") == "ok");
  BOOST_TEST(s.counts() == "1 2 0 2");
  BOOST_TEST(s.terminate("two") == "ok");
  BOOST_TEST(s.counts() == "1 1 0 1");
  BOOST_TEST(s.terminate("one") == "ok");
  BOOST_TEST(s.counts() == "1 0 0 0");
}

BOOST_AUTO_TEST_CASE(do_not_save_start_parameters_for_temporary_children) {
  for (const auto strategy : {one_for_all, one_for_one, rest_for_one})
    for (const auto type : {permanent, transient, temporary}) {
      stage s;
      s.open({.strategy = strategy});
      auto weight = std::make_shared<std::string>(50'000, 'x');
      const std::weak_ptr<std::string> seen = weight;
      auto spec = s.child("child1", {.restart = type});
      spec.start = [&s, weight = std::move(weight)](agent_context& context) {
        return std::make_unique<plain>(context, &s.log);
      };
      BOOST_TEST(s.start(std::move(spec)) == "ok");
      BOOST_TEST(s.counts() == "1 1 0 1");
      BOOST_TEST(seen.expired() == (type == temporary));
      const auto kept = must(s.ask(get_child_spec{"child1"})).spec;
      BOOST_TEST((kept.restart == type));
    }
  for (const auto type : {permanent, transient, temporary}) {
    stage s;
    s.open({.strategy = simple_one_for_one, .children = {s.child("template", {.restart = type})}});
    auto weight = std::make_shared<std::string>(50'000, 'x');
    const std::weak_ptr<std::string> seen = weight;
    BOOST_TEST(said(s.ask(start_template_child{"one", message::of(burden{std::move(weight)})})) == "ok");
    BOOST_TEST(s.counts() == "1 1 0 1");
    BOOST_TEST(seen.expired() == (type == temporary));
  }
}

BOOST_AUTO_TEST_CASE(do_not_save_child_specs_for_temporary_children) {
  enum class end { kill, normal, abnormal, supervisor };
  for (const auto strategy : {one_for_all, one_for_one, rest_for_one})
    for (const auto way : {end::kill, end::normal, end::abnormal, end::supervisor}) {
      stage s;
      s.open({.strategy = strategy, .intensity = 2, .period = 3600s});
      const auto again = [&](const std::string& id, restart_type type) {
        const auto spec = s.child(id, {.restart = type});
        BOOST_TEST(s.start(spec) == "ok");
        switch (way) {
          case end::kill: s.kill(id); break;
          case end::normal: s.end(id, {exit_kind::normal}); break;
          case end::abnormal: s.crash(id); break;
          case end::supervisor: BOOST_TEST(s.terminate(id) == "ok"); break;
        }
        const auto outcome = s.start(spec);
        if (outcome == "already_present") BOOST_TEST(s.restart(id) == "ok");
        return outcome;
      };
      const bool stays_down = way == end::supervisor;
      BOOST_TEST(again("child1", permanent) == (stays_down ? "already_present" : "already_started"));
      BOOST_TEST(again("child2", transient) ==
                 (stays_down || way == end::normal ? "already_present" : "already_started"));
      BOOST_TEST(again("child3", temporary) == "ok");
      BOOST_TEST(s.counts() == "3 3 0 3");
    }
}

// The name of a supervisor and of its child leads to the new ones after every kind of restart.
BOOST_AUTO_TEST_CASE(simple_global_supervisor) {
  for (const auto* way : {"kill the middle", "kill the server", "the server fails", "restart the server",
                          "restart the middle", "kill the top"}) {
    BOOST_TEST_CONTEXT(way) {
      stage s;
      s.open({.strategy = one_for_all,
              .intensity = 3,
              .period = 60s,
              .children = {child(supervisor_spec{.name = "middle",
                                                 .strategy = one_for_all,
                                                 .intensity = 3,
                                                 .period = 60s,
                                                 .children = {s.child("server")}})}});
      const auto middle = s.at("middle");
      const auto server = s.at("middle/server");
      const auto object_of = [&] { return must(s.n.ask(server, who_is_there{})).object; };
      const auto before = object_of();
      const std::string how{way};
      if (how == "kill the middle") {
        s.kill("middle");
        BOOST_TEST(s.which() == "middle#2");
      } else if (how == "kill the server") {
        s.kill("middle/server");
        BOOST_TEST(s.which("middle") == "server#2");
      } else if (how == "the server fails") {
        s.crash("middle/server");
        BOOST_TEST(s.which("middle") == "server#2");
      } else if (how == "restart the server") {
        BOOST_TEST(s.terminate("server", "middle") == "ok");
        BOOST_TEST(said(s.n.ask(server, who_is_there{})) == "unknown_agent");
        BOOST_TEST(s.restart("server", "middle") == "ok");
        BOOST_TEST(s.which() == "middle#1");
        BOOST_TEST(s.which("middle") == "server#2");
      } else if (how == "restart the middle") {
        BOOST_TEST(s.terminate("middle") == "ok");
        BOOST_TEST(said(s.n.ask(server, who_is_there{})) == "unknown_agent");
        BOOST_TEST(s.restart("middle") == "ok");
        BOOST_TEST(s.which() == "middle#2");
      } else {
        s.n.kill(s.at(""));
        s.n.settle();
        BOOST_TEST(!s.alive());
        BOOST_TEST(said(s.n.ask(middle, which_children{})) == "unknown_agent");
        BOOST_TEST(said(s.n.ask(server, who_is_there{})) == "unknown_agent");
        continue;
      }
      BOOST_TEST(object_of() > before);
      BOOST_TEST(stage::text(must(s.n.ask(middle, troupe::count_children{}))) == "1 1 0 1");
    }
  }
}

BOOST_AUTO_TEST_CASE(order_of_children) {
  stage s;
  std::vector<child_spec> children;
  for (const auto* id : {"ch7", "ch3", "ch10", "ch2", "ch5"}) children.push_back(s.child(id));
  s.open({.strategy = rest_for_one, .intensity = 2, .period = 3600s, .children = children});
  BOOST_TEST(s.log.take() == "start ch7#1, start ch3#1, start ch10#1, start ch2#1, start ch5#1");
  s.crash("ch10");
  BOOST_TEST(s.log.take() == "stop ch5#1 shutdown, stop ch2#1 shutdown, start ch10#2, start ch2#2, start ch5#2");
  BOOST_TEST(s.which() == "ch7#1 ch3#1 ch10#2 ch2#2 ch5#2");
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(
      s.log.take() ==
      "stop ch5#2 shutdown, stop ch2#2 shutdown, stop ch10#2 shutdown, stop ch3#1 shutdown, stop ch7#1 shutdown");
}

BOOST_AUTO_TEST_SUITE_END()
