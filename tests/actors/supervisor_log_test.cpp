// What supervision writes to the log: OTP's supervisor and progress reports.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

// Lines as people read them, without their time.
struct kept_lines {
  std::string lines;
  node_options options(log_level level) {
    auto made = deterministic();
    made.log = logger::make({.level = level,
                             .format = log_format::human,
                             .colour = false,
                             .sink =
                                 [this](std::string_view line) {
                                   lines += line.substr(line.find(' ') + 1);
                                   lines += '\n';
                                 }})
                   .value();
    return made;
  }
};

// A supervisor with a log, from `level` on.
struct logged : kept_lines, stage {
  explicit logged(log_level level) : stage{options(level)} { lines.clear(); }
  // All since the last call.
  std::string logged_lines() { return std::exchange(lines, {}); }
  void open_silently(supervisor_spec spec) {
    open(std::move(spec));
    lines.clear();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_log_test)

BOOST_AUTO_TEST_CASE(each_start_of_a_child_is_a_line_of_debugging) {
  logged s{log_level::debug};
  s.open({.children = {s.child("child1"), s.child("child2")}});
  BOOST_TEST(s.logged_lines() ==
             "debug a child started agent=/top/child1 incarnation=1\n"
             "debug a child started agent=/top/child2 incarnation=1\n"
             "debug a child started agent=/top incarnation=1\n");
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.restart("child1") == "ok");
  BOOST_TEST(s.logged_lines() == "debug a child started agent=/top/child1 incarnation=2\n");
}

BOOST_AUTO_TEST_CASE(a_failure_that_is_mended_is_reported_once_with_what_the_agent_failed_on) {
  logged s{log_level::debug};
  s.open_silently({.children = {s.child("child1")}});
  s.crash("child1");
  BOOST_TEST(s.logged_lines() ==
             "warn  an agent failed agent=/top/child1 type=plain message=end_with incarnation=1 error=died fault=bug\n"
             "debug a child ended agent=/top/child1 incarnation=1 cause=\"failed: died\" restarts=true\n"
             "debug a child started agent=/top/child1 incarnation=2\n");
}

BOOST_AUTO_TEST_CASE(a_child_that_fails_and_is_not_restarted_is_a_warning) {
  logged s{log_level::warn};
  s.open({.children = {s.child("child1", {.restart = temporary})}});
  s.crash("child1");
  BOOST_TEST(s.logged_lines() ==
             "warn  an agent failed agent=/top/child1 type=plain message=end_with incarnation=1 error=died fault=bug\n"
             "warn  a child ended agent=/top/child1 incarnation=1 cause=\"failed: died\" restarts=false\n");
}

// Nobody else says so.
BOOST_AUTO_TEST_CASE(a_kill_is_a_warning_though_it_is_mended) {
  for (const auto type : {permanent, temporary}) {
    logged s{log_level::warn};
    s.open({.children = {s.child("child1", {.restart = type})}});
    s.kill("child1");
    BOOST_TEST(s.logged_lines() ==
               "warn  a child ended agent=/top/child1 incarnation=1 cause=\"killed: killed from outside\" restarts=" +
                   std::string{type == permanent ? "true" : "false"} + "\n");
  }
}

BOOST_AUTO_TEST_CASE(a_child_that_was_done_is_a_line_of_debugging) {
  for (const auto kind : {exit_kind::normal, exit_kind::shutdown})
    for (const auto type : {permanent, transient, temporary}) {
      logged s{log_level::debug};
      s.open_silently({.children = {s.child("child1", {.restart = type})}});
      s.end("child1", {kind, "enough"});
      const std::string ended = "debug a child ended agent=/top/child1 incarnation=1 cause=\"" +
                                std::string{to_string(kind)} + ": enough\" restarts=";
      BOOST_TEST(s.logged_lines() ==
                 ended +
                     (type == permanent ? "true\ndebug a child started agent=/top/child1 incarnation=2\n" : "false\n"));
    }
}

BOOST_AUTO_TEST_CASE(a_child_that_does_not_start_is_a_warning) {
  logged s{log_level::warn};
  s.open({.intensity = 10, .children = {s.child<failing_later>("child1")}});
  BOOST_TEST(s.start(s.child<unstartable>("child2", {}, true)) == "failed_to_start");
  BOOST_TEST(s.logged_lines() == "warn  a child did not start agent=/top/child2 incarnation=1 error=\"out of luck\"\n");
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.restart("child1") == "failed_to_start");
  BOOST_TEST(s.logged_lines() ==
             "warn  a child did not start agent=/top/child1 incarnation=2 error=\"no second start\"\n");
}

BOOST_AUTO_TEST_CASE(each_attempt_to_restart_that_fails_is_a_warning) {
  logged s{log_level::warn};
  s.open({.intensity = 2, .children = {s.child<failing_later>("child1")}});
  s.crash("child1");
  BOOST_TEST(
      s.logged_lines() ==
      "warn  an agent failed agent=/top/child1 type=failing_later message=end_with incarnation=1 error=died fault=bug\n"
      "warn  a child did not start agent=/top/child1 incarnation=2 error=\"no second start\"\n"
      "warn  a child did not start agent=/top/child1 incarnation=3 error=\"no second start\"\n"
      "warn  a supervisor ends agent=/top cause=\"shutdown: restart intensity reached: more than 2 restarts "
      "in 5000 ms, the last of child child1\"\n");
}

BOOST_AUTO_TEST_CASE(a_start_that_takes_too_long_is_a_warning) {
  logged s{log_level::warn};
  word told = word::none;
  s.open({});
  auto starting = s.begin_ask(start_child{s.child<gate>("child1", {.start_within = 10s}, &told)});
  s.n.advance(10s);
  BOOST_TEST(said(starting.get()) == "failed_to_start");
  BOOST_TEST(s.logged_lines() ==
             "warn  a child did not start agent=/top/child1 incarnation=1 error=\"its start hook took too long\"\n");
}

BOOST_AUTO_TEST_CASE(a_child_that_declines_is_a_line_of_debugging) {
  logged s{log_level::debug};
  int declines = 1;
  s.open_silently({});
  BOOST_TEST(s.start(s.child<declining>("child1", {}, &declines)) == "declined");
  BOOST_TEST(s.logged_lines() == "debug a child declined to start agent=/top/child1 incarnation=1\n");
}

BOOST_AUTO_TEST_CASE(a_stop_that_takes_too_long_is_a_warning_and_a_brutal_kill_is_none) {
  logged s{log_level::warn};
  s.open(
      {.children = {s.child<slow>("child1", {.shutdown = 1500ms}, 200s), s.child<slow>("child2", {.shutdown = 3s}, 2s),
                    s.child<slow>("child3", {.shutdown = shutdown_policy::brutal_kill()}, 200s)}});
  const auto ending = s.begin_end_supervisor();
  s.n.advance(10s);
  BOOST_TEST(ending.ready());
  BOOST_TEST(s.logged_lines() == "warn  a child did not stop in time and is killed agent=/top/child1 waited_ms=1500\n");
}

BOOST_AUTO_TEST_CASE(a_supervisor_that_ends_by_itself_is_a_warning) {
  {
    logged s{log_level::warn};
    s.open({.intensity = 0, .period = 1min, .children = {s.child("child1")}});
    s.end("child1", {exit_kind::normal});
    BOOST_TEST(
        s.logged_lines() ==
        "warn  a supervisor ends agent=/top cause=\"shutdown: restart intensity reached: more than 0 restarts in "
        "60000 ms, the last of child child1\"\n");
  }
  {
    logged s{log_level::warn};
    s.open({.auto_shutdown = auto_shutdown::any_significant,
            .children = {s.child("child1", {.restart = transient, .significant = true})}});
    s.end("child1", {exit_kind::normal});
    BOOST_TEST(s.logged_lines() ==
               "warn  a supervisor ends agent=/top cause=\"shutdown: its significant children ended\"\n");
  }
  logged s{log_level::warn};
  s.open({.children = {s.child("child1")}});
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(s.logged_lines() == "");
}

BOOST_AUTO_TEST_SUITE_END()
