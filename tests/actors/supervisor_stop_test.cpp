// How a supervisor stops its children: the cases sup_stop_* of OTP's supervisor_SUITE, under their names.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

BOOST_AUTO_TEST_SUITE(supervisor_stop_test)

BOOST_AUTO_TEST_CASE(sup_stop_infinity) {
  stage s;
  auto child1 = s.child("child1", {.shutdown = shutdown_policy::infinity()});
  child1.type = child_type::supervisor;
  s.open({.children = {child1, s.child<slow>("child2", {.shutdown = shutdown_policy::infinity()}, 24h)}});
  s.watch({"", "child1", "child2"});
  s.log.take();
  const auto ending = s.begin_end_supervisor();
  s.n.advance(24h - 1ms);
  BOOST_TEST(!ending.ready());
  BOOST_TEST(s.log.take() == "asked child2#1");
  s.n.advance(1ms);
  BOOST_TEST(ending.ready());
  BOOST_TEST(s.log.take() ==
             "stop child2#1 shutdown, down child2#1 shutdown, stop child1#1 shutdown, down child1#1 shutdown, "
             "down top#1 shutdown");
}

// A handler that waits is given up when its agent is asked to stop; what can take its time is the stop hook.
BOOST_AUTO_TEST_CASE(sup_stop_timeout) {
  stage s;
  s.open({.children = {s.child("child1", {.shutdown = 1s}), s.child<slow>("child2", {.shutdown = 1s}, 200s),
                       s.child("child3", {.shutdown = 1s})}});
  s.watch({"", "child1", "child2", "child3"});
  s.log.take();
  s.n.send(s.at("child3"), work{200s});
  const auto ending = s.begin_end_supervisor();
  BOOST_TEST(s.log.take() == "stop child3#1 shutdown, down child3#1 shutdown, asked child2#1");
  s.n.advance(999ms);
  BOOST_TEST(s.log.take() == "");
  s.n.advance(1ms);
  BOOST_TEST(s.log.take() ==
             "down child2#1 killed, stop child1#1 shutdown, down child1#1 shutdown, down top#1 shutdown");
  BOOST_TEST(ending.ready());
}

BOOST_AUTO_TEST_CASE(sup_stop_timeout_dynamic) {
  stage s;
  s.open({.strategy = simple_one_for_one,
          .children = {s.child<slow>("template", {.restart = temporary, .shutdown = 1s})}});
  BOOST_TEST(s.start_from_template("one") == "ok");
  BOOST_TEST(s.start_from_template("two", "200000") == "ok");
  s.watch({"", "one", "two"});
  s.log.take();
  const auto ending = s.begin_end_supervisor();
  BOOST_TEST(s.log.take() == "asked one#1, asked two#1, stop one#1 shutdown, down one#1 shutdown");
  s.n.advance(999ms);
  BOOST_TEST(s.log.take() == "");
  s.n.advance(1ms);
  BOOST_TEST(s.log.take() == "down two#1 killed, down top#1 shutdown");
  BOOST_TEST(ending.ready());
}

BOOST_AUTO_TEST_CASE(sup_stop_brutal_kill) {
  stage s;
  s.open({.children = {s.child("child1", {.shutdown = 1s}),
                       s.child<slow>("child2", {.shutdown = shutdown_policy::brutal_kill()}, 200s)}});
  s.watch({"", "child1", "child2"});
  s.log.take();
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(s.log.take() ==
             "down child2#1 killed, stop child1#1 shutdown, down child1#1 shutdown, down top#1 shutdown");
}

BOOST_AUTO_TEST_CASE(sup_stop_brutal_kill_dynamic) {
  stage s;
  s.open({.strategy = simple_one_for_one,
          .children = {
              s.child<reasoned>("template", {.restart = temporary, .shutdown = shutdown_policy::brutal_kill()})}});
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    const auto id = "c" + std::to_string(i);
    BOOST_TEST(s.start_from_template(id) == "ok");
    s.watch({id});
    expected += "down " + id + "#1 killed, ";
  }
  s.watch({""});
  s.log.take();
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(s.log.take() == expected + "down top#1 shutdown");
}

// Children that others stop while the supervisor waits for the last one.
BOOST_AUTO_TEST_CASE(sup_stop_race) {
  struct way {
    const char* name;
    end_with how;
  };
  const std::vector<way> ways = {{"normal", {exit_kind::normal}},
                                 {"shutdown", {exit_kind::shutdown}},
                                 {"shutdown-test", {exit_kind::shutdown, "test"}},
                                 {"other", {exit_kind::failed, "other"}}};
  const std::vector<std::pair<const char*, restart_type>> types = {
      {"temporary", temporary}, {"transient", transient}, {"permanent", permanent}};

  stage s;
  s.open({.intensity = 2, .period = 3600s});
  s.watch({""});
  BOOST_TEST(s.start(s.child("child_a", {.restart = temporary, .shutdown = 1s})) == "ok");
  s.watch({"child_a"});
  std::vector<std::pair<std::string, end_with>> twelve;
  for (const auto& [type_name, type] : types)
    for (const auto& each : ways) {
      twelve.emplace_back(std::string{type_name} + "-" + each.name, each.how);
      BOOST_TEST(s.start(s.child(twelve.back().first, {.restart = type, .shutdown = 1s})) == "ok");
      s.watch_in_full({twelve.back().first});
    }
  BOOST_TEST(s.start(s.child<slow>("child_z", {.restart = temporary, .shutdown = 2s}, 1s)) == "ok");
  s.watch({"child_z"});
  s.log.take();

  const auto ending = s.begin_end_supervisor();
  BOOST_TEST(s.log.take() == "asked child_z#1");
  for (const auto& [name, how] : twelve) {
    s.end(name, how);
    const std::string kind{to_string(how.kind)};
    // One that failed, and may be restarted, waits with its stop hook for its supervisor's decision.
    const bool waits = how.kind == exit_kind::failed && !name.starts_with("temporary");
    const auto stopped = waits ? "" : "stop " + name + "#1 " + kind + ", ";
    const auto text = how.text.empty() ? "" : ": " + how.text;
    BOOST_TEST(s.log.take() == stopped + "down " + name + "#1 " + kind + text);
  }
  BOOST_TEST(!ending.ready());
  s.n.advance(1s);
  BOOST_TEST(ending.ready());
  const auto rest = s.log.take();
  BOOST_TEST(rest.find("start") == std::string::npos, rest);
  BOOST_TEST(rest.find("down child_z#1 shutdown") != std::string::npos, rest);
  BOOST_TEST(rest.find("stop child_a#1 shutdown, down child_a#1 shutdown, down top#1 shutdown") != std::string::npos,
             rest);
}

// The cause of a child that was asked to stop is shutdown; what it does in its stop hook does not matter to the
// supervisor.
BOOST_AUTO_TEST_CASE(sup_stop_non_shutdown_exit_dynamic) {
  for (const auto type : {temporary, transient, permanent}) {
    stage s;
    s.open({.strategy = simple_one_for_one,
            .children = {s.child<reasoned>("template", {.restart = type, .shutdown = 5s})}});
    for (const auto* reason : {"normal", "shutdown", "shutdown-test", "other"}) {
      BOOST_TEST(s.start_from_template(reason, reason) == "ok");
      s.watch_in_full({reason});
    }
    s.watch_in_full({""});
    s.log.take();
    BOOST_TEST(s.end_supervisor() == "ok");
    BOOST_TEST(s.log.take() ==
               "stop normal#1 shutdown, stop shutdown#1 shutdown, stop shutdown-test#1 shutdown, "
               "down normal#1 shutdown, down shutdown#1 shutdown, down shutdown-test#1 shutdown, "
               "down other#1 shutdown, down top#1 shutdown");
  }
}

BOOST_AUTO_TEST_SUITE_END()
