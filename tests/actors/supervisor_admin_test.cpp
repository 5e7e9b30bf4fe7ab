// Requests to a supervisor, and what is wrong with a specification: the administration cases of OTP's supervisor_SUITE.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

BOOST_AUTO_TEST_SUITE(supervisor_admin_test)

// There is no extra value beside a child's reference.
BOOST_AUTO_TEST_CASE(extra_return) {
  stage s;
  const auto spec = s.child("child1");
  s.open({.intensity = 2, .period = 3600s, .children = {spec}});
  BOOST_TEST(s.which() == "child1#1");
  BOOST_TEST(s.terminate("hej") == "child_not_found");
  BOOST_TEST(s.remove("hej") == "child_not_found");
  BOOST_TEST(s.restart("hej") == "child_not_found");
  BOOST_TEST(s.remove("child1") == "child_running");
  BOOST_TEST(s.restart("child1") == "child_running");
  BOOST_TEST(s.which() == "child1#1");
  BOOST_TEST(s.counts() == "1 1 0 1");

  s.watch({"child1"});
  s.log.take();
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.log.take() == "stop child1#1 shutdown, down child1#1 shutdown");
  BOOST_TEST(s.which() == "child1:stopped");
  BOOST_TEST(s.counts() == "1 0 0 1");

  BOOST_TEST(must(s.ask(restart_child{"child1"})).path().str() == "/top/child1");
  BOOST_TEST(s.which() == "child1#2");
  BOOST_TEST(s.counts() == "1 1 0 1");
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.remove("child1") == "ok");
  BOOST_TEST(s.restart("child1") == "child_not_found");
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "0 0 0 0");

  BOOST_TEST(must(s.ask(start_child{spec})).path().str() == "/top/child1");
  BOOST_TEST(s.counts() == "1 1 0 1");
  const auto before = s.object("child1");
  s.crash("child1");
  BOOST_TEST(s.which() == "child1#2");
  BOOST_TEST(s.object("child1") > before);
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(child_adm) {
  stage s;
  const auto spec = s.child("child1", {.shutdown = 1s});
  s.open({.intensity = 2, .period = 3600s, .children = {spec}});
  s.watch({"child1"});
  BOOST_TEST(s.which() == "child1#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
  BOOST_TEST(s.start(spec) == "already_started");
  BOOST_TEST(s.object("child1") == 1u);

  BOOST_TEST(s.terminate("child2") == "child_not_found");
  for (const auto* nobody : {"nobody", "child1/nobody"}) {
    BOOST_TEST(s.start(spec, nobody) == "unknown_agent");
    BOOST_TEST(s.terminate("child1", nobody) == "unknown_agent");
    BOOST_TEST(s.restart("child1", nobody) == "unknown_agent");
    BOOST_TEST(s.remove("child1", nobody) == "unknown_agent");
    BOOST_TEST(said(s.ask(which_children{}, nobody)) == "unknown_agent");
    BOOST_TEST(said(s.ask(count_children{}, nobody)) == "unknown_agent");
  }
  // Nor is a child that is no supervisor.
  BOOST_TEST(s.start(spec, "child1") == "no_handler");
  BOOST_TEST(s.terminate("child1", "child1") == "no_handler");
  BOOST_TEST(s.restart("child1", "child1") == "no_handler");
  BOOST_TEST(s.remove("child1", "child1") == "no_handler");
  BOOST_TEST(s.which() == "child1#1");

  s.log.take();
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.log.take() == "stop child1#1 shutdown, down child1#1 shutdown");
  BOOST_TEST(s.which() == "child1:stopped");
  BOOST_TEST(s.counts() == "1 0 0 1");
  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.start(spec) == "already_present");

  BOOST_TEST(s.restart("child1") == "ok");
  BOOST_TEST(s.which() == "child1#2");
  BOOST_TEST(s.counts() == "1 1 0 1");
  BOOST_TEST(s.object("child1") == 2u);
  BOOST_TEST(s.restart("child1") == "child_running");
  BOOST_TEST(s.restart("child2") == "child_not_found");
  BOOST_TEST(s.remove("child1") == "child_running");
  BOOST_TEST(s.remove("child2") == "child_not_found");

  BOOST_TEST(s.terminate("child1") == "ok");
  BOOST_TEST(s.remove("child1") == "ok");
  BOOST_TEST(s.restart("child1") == "child_not_found");
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "0 0 0 0");

  BOOST_TEST(s.start(spec) == "ok");
  BOOST_TEST(s.which() == "child1#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
  BOOST_TEST(s.object("child1") == 3u);
}

// Children of a template are told apart by id, generated or given.
BOOST_AUTO_TEST_CASE(child_adm_simple) {
  stage s;
  s.open({.strategy = simple_one_for_one,
          .intensity = 2,
          .period = 3600s,
          .children = {s.child("template", {.shutdown = 1s})}});
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "1 0 0 0");
  const std::string first{must(s.ask(start_template_child{})).path().name()};
  BOOST_TEST(s.which() == first + "#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
  const std::string second{must(s.ask(start_template_child{})).path().name()};
  BOOST_TEST(first != second);
  BOOST_TEST(s.which() == first + "#1 " + second + "#1");
  BOOST_TEST(s.counts() == "1 2 0 2");
  BOOST_TEST(s.start_from_template(second) == "already_started");
  BOOST_TEST(s.start(s.child("child1")) == "bad_template");
  BOOST_TEST(said(s.ask(start_template_child{}, "nobody")) == "unknown_agent");
  BOOST_TEST(s.which() == first + "#1 " + second + "#1");

  BOOST_TEST(s.terminate("template") == "child_not_found");
  BOOST_TEST(s.counts() == "1 2 0 2");
  BOOST_TEST(s.restart(first) == "bad_template");
  BOOST_TEST(s.remove(first) == "bad_template");
  s.watch({first});
  s.log.take();
  BOOST_TEST(s.terminate(first) == "ok");
  BOOST_TEST(s.log.take() == "stop " + first + "#1 shutdown, down " + first + "#1 shutdown");
  BOOST_TEST(s.which() == second + "#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
  BOOST_TEST(s.terminate(first) == "child_not_found");

  // An agent of that name under another supervisor is no child of this one.
  must_supervise(s.n, {.name = "other", .children = {s.child("stranger")}});
  BOOST_TEST(s.terminate("stranger") == "child_not_found");
  BOOST_TEST(must(s.n.ask(s.n.ref(path{"/other"}), count_children{})).active == 1u);
  BOOST_TEST(s.restart("stranger") == "bad_template");
  BOOST_TEST(s.remove("stranger") == "bad_template");
  BOOST_TEST(said(s.n.ask(s.n.ref(path{"/other"}), start_template_child{})) == "bad_template");  // it has none
}

BOOST_AUTO_TEST_CASE(child_specs) {
  stage s;
  s.open({});
  const auto refused = [&](const child_spec& spec) {
    const auto wrong = check(spec, supervisor_spec{.name = "any"});
    const std::string name{wrong ? wrong->name() : "ok"};
    BOOST_TEST(s.start(spec) == name);
    return name;
  };
  BOOST_TEST(refused(child_spec{}) == "bad_child_id");
  auto spec = s.child("child1");
  spec.start = nullptr;
  BOOST_TEST(refused(spec) == "bad_child_start");
  BOOST_TEST(refused(s.child("no/segment")) == "bad_child_id");
  BOOST_TEST(refused(s.child("child1", {.shutdown = -10ms})) == "bad_shutdown");
  BOOST_TEST(refused(s.child("child1", {.mailbox = {.limit = 0}})) == "bad_mailbox");
  BOOST_TEST(refused(s.child("child1", {.backoff = {.min = 2s, .max = 1s}})) == "bad_backoff");
  BOOST_TEST(refused(s.child("child1", {.backoff = {.min = -1s, .max = 1s}})) == "bad_backoff");
  BOOST_TEST(refused(s.child("child1", {.backoff = {.min = 1s, .max = 1s, .jitter = 1.5}})) == "bad_backoff");
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.log.take() == "");

  int number = 0;
  for (const auto type : {permanent, transient, temporary})
    for (const auto& shutdown :
         {shutdown_policy{0s}, shutdown_policy{1s}, shutdown_policy::infinity(), shutdown_policy::brutal_kill()})
      for (const auto kind : {child_type::supervisor, child_type::worker}) {
        auto good = s.child("child" + std::to_string(number++), {.restart = type, .shutdown = shutdown});
        good.type = kind;
        BOOST_TEST(!check(good, supervisor_spec{}));
        BOOST_TEST(s.start(good) == "ok");
      }
  BOOST_TEST(s.counts() == "24 24 12 12");

  const auto starts = [&](supervisor_spec faulty) {
    faulty.name = "another";
    return said(s.n.supervise(std::move(faulty)));
  };
  BOOST_TEST(starts({.children = {s.child("a"), s.child("a")}}) == "duplicate_child");
  BOOST_TEST(starts({.children = {s.child("a"), spec}}) == "bad_child_start");
  BOOST_TEST(starts({.strategy = simple_one_for_one, .children = {spec}}) == "bad_child_start");
  BOOST_TEST(starts({.strategy = simple_one_for_one}) == "bad_template");
  BOOST_TEST(starts({.strategy = simple_one_for_one, .children = {s.child("a"), s.child("b")}}) == "bad_template");
}

BOOST_AUTO_TEST_CASE(child_specs_map) {
  stage s;
  for (const auto ends : {auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant})
    for (const auto type : {permanent, transient, temporary})
      for (const bool significant : {false, true}) {
        const auto spec = s.child("child1", {.restart = type, .significant = significant});
        const auto wrong = check(spec, supervisor_spec{.name = "any", .auto_shutdown = ends});
        const bool allowed = !significant || (type != permanent && ends != auto_shutdown::never);
        BOOST_TEST(wrong.has_value() != allowed);
        if (wrong) BOOST_TEST(wrong->name() == "bad_significant");
        const auto started = s.n.supervise({.name = "top", .auto_shutdown = ends, .children = {spec}});
        BOOST_TEST(said(started) == (allowed ? "ok" : "bad_significant"));
        if (started) BOOST_TEST(s.end_supervisor() == "ok");
        // And to a supervisor that runs already.
        s.open({.auto_shutdown = ends});
        BOOST_TEST(s.start(spec) == (allowed ? "ok" : "bad_significant"));
        BOOST_TEST(s.which() == (allowed ? "child1#1" : ""));
        BOOST_TEST(s.end_supervisor() == "ok");
      }
}

BOOST_AUTO_TEST_CASE(sup_flags) {
  stage s;
  const auto starts = [&](supervisor_spec flags) {
    flags.name = "top";
    return said(s.n.supervise(std::move(flags)));
  };
  BOOST_TEST(starts({.intensity = -1}) == "bad_intensity");
  BOOST_TEST(starts({.period = 0s}) == "bad_period");
  BOOST_TEST(starts({.period = -1s}) == "bad_period");
  BOOST_TEST(!s.alive());
  BOOST_TEST(starts({.intensity = 0, .period = 1ns}) == "ok");
}

// What is wrong with a supervisor below is found before anything starts.
BOOST_AUTO_TEST_CASE(sup_flags_of_inner_supervisors) {
  stage s;
  s.open({});
  const auto refused = [&](supervisor_spec inner) {
    inner.name = "inner";
    const auto spec = child(supervisor_spec{.name = "middle", .children = {s.child("first"), child(inner)}});
    const auto outcome = said(s.n.supervise({.name = "another", .children = {s.child("before"), spec}}));
    BOOST_TEST(s.start(spec) == outcome);
    return outcome;
  };
  BOOST_TEST(refused({.intensity = -1}) == "bad_intensity");
  BOOST_TEST(refused({.period = 0s}) == "bad_period");
  BOOST_TEST(refused({.strategy = simple_one_for_one}) == "bad_template");
  BOOST_TEST(refused({.children = {s.child("a"), s.child("a")}}) == "duplicate_child");
  BOOST_TEST(refused({.children = {s.child("a", {.shutdown = -10ms})}}) == "bad_shutdown");
  BOOST_TEST(refused({.children = {s.child("a", {.restart = transient, .significant = true})}}) == "bad_significant");
  BOOST_TEST(s.log.take() == "");
  BOOST_TEST(s.which() == "");
}

BOOST_AUTO_TEST_SUITE_END()
