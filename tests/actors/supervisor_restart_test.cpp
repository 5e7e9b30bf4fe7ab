// Which ends of a child lead to a restart: the nine cases of restart type and end of OTP's supervisor_SUITE, and their
// neighbours.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

// A supervisor with the one child that each of the nine cases has.
struct one_child : stage {
  explicit one_child(restart_type type) {
    open({.intensity = 2, .period = 3600s});
    BOOST_TEST(start(child("child1", {.restart = type, .shutdown = 1s})) == "ok");
  }
  void ends(end_with how) {
    watch({"child1"});
    const std::string kind{to_string(how.kind)};
    log.take();
    end("child1", std::move(how));
    const auto happened = log.take();
    BOOST_TEST(happened.find("down child1#" + std::to_string(++ended_) + " " + kind) != std::string::npos, happened);
  }

 private:
  int ended_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_restart_test)

BOOST_AUTO_TEST_CASE(permanent_normal) {
  one_child s{permanent};
  s.ends({exit_kind::normal});
  BOOST_TEST(s.which() == "child1#2");
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(transient_normal) {
  one_child s{transient};
  s.ends({exit_kind::normal});
  BOOST_TEST(s.which() == "child1:stopped");
  BOOST_TEST(s.counts() == "1 0 0 1");
  BOOST_TEST(!s.there("child1"));
}

BOOST_AUTO_TEST_CASE(temporary_normal) {
  one_child s{temporary};
  s.ends({exit_kind::normal});
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "0 0 0 0");
}

BOOST_AUTO_TEST_CASE(permanent_shutdown) {
  one_child s{permanent};
  s.ends({exit_kind::shutdown});
  BOOST_TEST(s.which() == "child1#2");
  BOOST_TEST(s.counts() == "1 1 0 1");
  s.ends({exit_kind::shutdown, "info"});
  BOOST_TEST(s.which() == "child1#3");
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(transient_shutdown) {
  one_child s{transient};
  s.ends({exit_kind::shutdown});
  BOOST_TEST(s.which() == "child1:stopped");
  BOOST_TEST(s.counts() == "1 0 0 1");
  BOOST_TEST(s.restart("child1") == "ok");
  s.ends({exit_kind::shutdown, "info"});
  BOOST_TEST(s.which() == "child1:stopped");
  BOOST_TEST(s.counts() == "1 0 0 1");
}

BOOST_AUTO_TEST_CASE(temporary_shutdown) {
  one_child s{temporary};
  s.ends({exit_kind::shutdown});
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "0 0 0 0");
  BOOST_TEST(s.start(s.child("child1", {.restart = temporary, .shutdown = 1s})) == "ok");
  s.end("child1", {exit_kind::shutdown, "info"});
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "0 0 0 0");
}

BOOST_AUTO_TEST_CASE(permanent_abnormal) {
  one_child s{permanent};
  s.ends(died());
  BOOST_TEST(s.which() == "child1#2");
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(transient_abnormal) {
  one_child s{transient};
  s.ends(died());
  BOOST_TEST(s.which() == "child1#2");
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(temporary_abnormal) {
  one_child s{temporary};
  s.ends(died());
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "0 0 0 0");
}

// A kill is a failure like another.
BOOST_AUTO_TEST_CASE(a_killed_child_is_restarted_unless_it_is_temporary) {
  for (const auto type : {permanent, transient, temporary}) {
    one_child s{type};
    s.kill("child1");
    BOOST_TEST(s.which() == (type == temporary ? "" : "child1#2"));
  }
}

BOOST_AUTO_TEST_CASE(an_agent_that_stops_in_its_start_hook_has_started_and_ends_by_itself) {
  stage s;
  s.open({});
  struct at_once final : agent {
    explicit at_once(agent_context& context) : agent{context} {}
    task<void> on_start(turn& now) override {
      now.stop();
      co_return;
    }
  };
  BOOST_TEST(s.start(child<at_once>("child1", {.restart = transient})) == "ok");
  BOOST_TEST(s.which() == "child1:stopped");
}

BOOST_AUTO_TEST_CASE(faulty_application_shutdown) {
  stage s;
  const auto failed = s.n.supervise({.name = "top",
                                     .strategy = one_for_all,
                                     .intensity = 0,
                                     .period = 1s,
                                     .children = {s.child<unstartable>("child1", {}, true)}});
  BOOST_TEST(said(failed) == "failed_to_start");
  BOOST_TEST(failed.error().message().find("child child1: ") != std::string::npos, failed.error().message());
  BOOST_TEST(failed.error().message().find("out of luck") != std::string::npos, failed.error().message());
  BOOST_TEST(!s.alive());
}

// A temporary child that is stopped with its siblings does not come back, and costs no restart; whether the supervisor
// was started with its children or they came later.
BOOST_AUTO_TEST_CASE(temporary_bystander) {
  for (const auto strategy : {one_for_all, rest_for_one})
    for (const bool at_run_time : {true, false}) {
      stage s;
      const std::vector<child_spec> children = {s.child("child1", {.shutdown = 100ms}),
                                                s.child("child2", {.restart = temporary, .shutdown = 100ms})};
      s.open({.strategy = strategy,
              .intensity = 2,
              .period = 300s,
              .children = at_run_time ? std::vector<child_spec>{} : children});
      if (at_run_time)
        for (const auto& each : children) BOOST_TEST(s.start(each) == "ok");
      s.log.take();
      s.end("child1", {exit_kind::normal});
      BOOST_TEST(s.log.take() == "stop child1#1 normal, stop child2#1 shutdown, start child1#2");
      BOOST_TEST(s.which() == "child1#2");
      BOOST_TEST(s.counts() == "1 1 0 1");
      BOOST_TEST(s.n.restarts() == 1u);
      s.end("child1", {exit_kind::normal});
      BOOST_TEST(s.alive());  // the second of two
    }
}

// Others are served while its stop hook runs; those above and beside hear of the end when the hook is through.
BOOST_AUTO_TEST_CASE(a_temporary_child_that_failed_stops_before_anybody_is_told) {
  stage s;
  s.open({.intensity = 10,
          .children = {s.child<slow>("child1", {.restart = temporary, .shutdown = 1min}, 10s), s.child("child2")}});
  s.watch({"child1"});
  s.log.take();
  s.crash("child1");
  BOOST_TEST(s.log.take() == "asked child1#1");
  BOOST_TEST(s.which() == "child1#1 child2#1");
  s.crash("child2");
  BOOST_TEST(s.log.take() == "start child2#2");
  s.n.advance(10s);
  BOOST_TEST(s.log.take() == "stop child1#1 failed, down child1#1 failed");
  BOOST_TEST(s.which() == "child2#2");
}

BOOST_AUTO_TEST_CASE(a_child_that_declines_its_restart_stays_without_a_process) {
  for (const auto strategy : {one_for_one, one_for_all, rest_for_one}) {
    stage s;
    int declines = 0;
    s.open({.strategy = strategy,
            .intensity = 2,
            .period = 3600s,
            .children = {s.child<declining>("child1", {}, &declines), s.child("child2")}});
    declines = 1;
    s.crash("child1");
    BOOST_TEST(s.which() == std::string{"child1:stopped child2#"} + (strategy == one_for_one ? "1" : "2"));
    BOOST_TEST(!s.there("child1"));
    BOOST_TEST(s.restart("child1") == "ok");
  }
}

BOOST_AUTO_TEST_CASE(a_child_of_a_template_that_declines_its_restart_leaves_nothing) {
  stage s;
  int declines = 0;
  s.open({.strategy = simple_one_for_one,
          .intensity = 2,
          .period = 3600s,
          .children = {s.child<declining>("template", {}, &declines)}});
  BOOST_TEST(s.start_from_template("one") == "ok");
  declines = 1;
  s.crash("one");
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "1 0 0 0");
  BOOST_TEST(s.start_from_template("one") == "ok");
}

// Pekko's SupervisionSpec. With a delay before the restart, too.
BOOST_AUTO_TEST_CASE(that_is_stopped_after_restart_should_be_stopped) {
  struct stops_in_restart final : plain {
    using plain::plain;
    task<void> begin(turn& now) override {
      if (incarnation() > 1) now.stop();
      co_return;
    }
  };
  for (const auto delay : {0s, 1s}) {
    stage s;
    s.open({.children = {
                s.child<stops_in_restart>("child1", {.restart = transient, .backoff = {.min = delay, .max = delay}})}});
    s.crash("child1");
    s.n.advance(delay);
    BOOST_TEST(s.log.take() == "start child1#1, start child1#2, stop child1#2 normal");
    BOOST_TEST(s.which() == "child1:stopped");
  }
}

BOOST_AUTO_TEST_SUITE_END()
