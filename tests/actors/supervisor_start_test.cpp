// The start of a supervisor and of its children: the cases sup_start_* of OTP's supervisor_SUITE, under their names.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

BOOST_AUTO_TEST_SUITE(supervisor_start_test)

BOOST_AUTO_TEST_CASE(sup_start_normal) {
  stage s;
  s.open({.intensity = 2, .period = 3600s});
  s.watch({""});
  BOOST_TEST(s.counts() == "0 0 0 0");
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(s.log.take() == "down top#1 shutdown");
  BOOST_TEST(!s.alive());
}

// What declines is an agent in the place of a supervisor: our own supervisors always start.
BOOST_AUTO_TEST_CASE(sup_start_ignore_init) {
  stage s;
  s.open({.intensity = 2, .period = 3600s});
  int declines = 1;
  auto declined = s.child<declining>("inner", {}, &declines);
  declined.type = child_type::supervisor;
  BOOST_TEST(s.start(declined) == "declined");
  BOOST_TEST(!s.there("inner"));
  BOOST_TEST(s.which() == "inner:stopped");
  BOOST_TEST(s.counts() == "1 0 1 0");
  BOOST_TEST(s.log.take() == "start inner#1");
}

BOOST_AUTO_TEST_CASE(sup_start_ignore_child) {
  stage s;
  s.open({.intensity = 2, .period = 3600s});
  int declines = 1;
  BOOST_TEST(s.start(s.child<declining>("child1", {}, &declines)) == "declined");
  BOOST_TEST(s.start(s.child("child2")) == "ok");
  BOOST_TEST(s.which() == "child1:stopped child2#1");
  BOOST_TEST(s.counts() == "2 1 0 2");
  BOOST_TEST(s.restart("child1") == "ok");
  BOOST_TEST(s.counts() == "2 2 0 2");
}

BOOST_AUTO_TEST_CASE(sup_start_ignore_temporary_child) {
  stage s;
  int declines = 1;
  s.open({.intensity = 2,
          .period = 3600s,
          .children = {s.child<declining>("child1", {.restart = temporary}, &declines),
                       s.child("child2", {.restart = temporary})}});
  BOOST_TEST(s.log.take() == "start child1#1, start child2#1");
  BOOST_TEST(s.which() == "child2#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(sup_start_ignore_temporary_child_start_child) {
  stage s;
  s.open({.intensity = 2, .period = 3600s});
  int declines = 1;
  BOOST_TEST(s.start(s.child<declining>("child1", {.restart = temporary}, &declines)) == "declined");
  BOOST_TEST(s.start(s.child("child2", {.restart = temporary})) == "ok");
  BOOST_TEST(s.which() == "child2#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(sup_start_ignore_temporary_child_start_child_simple) {
  stage s;
  int declines = 1;
  s.open({.strategy = simple_one_for_one,
          .intensity = 2,
          .period = 3600s,
          .children = {s.child<declining>("template", {.restart = temporary}, &declines)}});
  BOOST_TEST(s.start_from_template("one") == "declined");
  BOOST_TEST(s.start_from_template("two") == "ok");
  BOOST_TEST(s.which() == "two#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
}

BOOST_AUTO_TEST_CASE(sup_start_ignore_permanent_child_start_child_simple) {
  stage s;
  int declines = 1;
  s.open({.strategy = simple_one_for_one,
          .intensity = 2,
          .period = 3600s,
          .children = {s.child<declining>("template", {}, &declines)}});
  BOOST_TEST(s.start_from_template("one") == "declined");
  BOOST_TEST(s.start_from_template("two") == "ok");
  BOOST_TEST(s.which() == "two#1");
  BOOST_TEST(s.counts() == "1 1 0 1");
  s.watch({"", "two"});
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(s.log.take() == "start one#1, start two#1, stop two#1 shutdown, down two#1 shutdown, down top#1 shutdown");
}

BOOST_AUTO_TEST_CASE(sup_start_error_return) {
  stage s;
  auto nothing = s.child("child1");
  nothing.start = [](agent_context&) -> std::unique_ptr<agent> { return nullptr; };
  const auto failed = s.n.supervise({.name = "top", .children = {nothing}});
  BOOST_TEST(said(failed) == "failed_to_start");
  BOOST_TEST(failed.error().message().find("made no agent") != std::string::npos);
  BOOST_TEST(!s.alive());
}

// Those that were started are stopped in reverse order, as their shutdown policies say.
BOOST_AUTO_TEST_CASE(sup_start_fail) {
  stage s;
  auto throwing = s.child("child3");
  throwing.start = [](agent_context&) -> std::unique_ptr<agent> { throw std::logic_error{"badly built"}; };
  const auto failed = s.n.supervise(
      {.name = "top",
       .children = {s.child("child0"), s.child<slow>("child1", {.shutdown = shutdown_policy::brutal_kill()}, 200s),
                    s.child("child2"), throwing, s.child("child4")}});
  BOOST_TEST(said(failed) == "failed_to_start");
  BOOST_TEST(failed.error().message().find("child3") != std::string::npos);
  BOOST_TEST(failed.error().message().find("badly built") != std::string::npos);
  BOOST_TEST(!s.alive());
  BOOST_TEST(s.log.take() ==
             "start child0#1, start child1#1, start child2#1, stop child2#1 shutdown, stop child0#1 shutdown");
  for (const auto* id : {"child0", "child1", "child2", "child3"}) BOOST_TEST(!s.there(id));
}

// The spec is kept, and nothing else.
BOOST_AUTO_TEST_CASE(sup_start_restart_child_returns_error) {
  stage s;
  s.open({.children = {s.child<failing_later>("child1")}});
  BOOST_TEST(s.terminate("child1") == "ok");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto again = s.ask(restart_child{"child1"});
    BOOST_TEST(said(again) == "failed_to_start");
    BOOST_TEST(again.error().message().find("no second start") != std::string::npos);
    BOOST_TEST(s.which() == "child1:stopped");
    BOOST_TEST(s.counts() == "1 0 0 1");
    BOOST_TEST(!s.there("child1"));
    BOOST_TEST(said(s.n.ask(s.at("child1"), who_is_there{})) == "unknown_agent");
  }
  BOOST_TEST(s.remove("child1") == "ok");
  BOOST_TEST(s.start(s.child("child1")) == "ok");
}

BOOST_AUTO_TEST_CASE(sup_start_child_returns_error) {
  stage s;
  s.open({});
  const auto in_words = s.ask(start_child{s.child<unstartable>("child1", {}, true)});
  BOOST_TEST(said(in_words) == "failed_to_start");
  BOOST_TEST(in_words.error().message().find("out of luck") != std::string::npos);
  BOOST_TEST(s.start(s.child<unstartable>("child2", {}, false)) == "failed_to_start");
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.counts() == "0 0 0 0");
  BOOST_TEST(!s.there("child1"));
}

BOOST_AUTO_TEST_CASE(sup_start_child_returns_error_simple) {
  for (const bool in_words : {true, false}) {
    stage s;
    s.open({.strategy = simple_one_for_one, .children = {s.child<unstartable>("template", {}, in_words)}});
    const auto failed = s.ask(start_template_child{"one"});
    BOOST_TEST(said(failed) == "failed_to_start");
    BOOST_TEST((failed.error().message().find("out of luck") != std::string::npos) == in_words);
    BOOST_TEST(s.which() == "");
    BOOST_TEST(s.counts() == "1 0 0 0");
  }
}

BOOST_AUTO_TEST_CASE(sup_start_map) {
  stage s;
  auto third = s.child("child3");
  third.type = child_type::supervisor;
  s.open({.children = {s.child("child1"), s.child("child2", {.shutdown = shutdown_policy::brutal_kill()}), third}});
  const auto spec_of = [&](std::string id) { return must(s.ask(get_child_spec{std::move(id)})).spec; };
  for (const auto* id : {"child1", "child2", "child3"}) {
    const auto spec = spec_of(id);
    BOOST_TEST(spec.id == id);
    BOOST_TEST((spec.restart == permanent));
    BOOST_TEST(!spec.significant);
  }
  BOOST_TEST((spec_of("child1").type == child_type::worker));
  BOOST_TEST((spec_of("child1").shutdown_or_default() == shutdown_policy{5s}));
  BOOST_TEST(spec_of("child2").shutdown_or_default().is_brutal_kill());
  BOOST_TEST((spec_of("child3").type == child_type::supervisor));
  BOOST_TEST(spec_of("child3").shutdown_or_default().is_infinity());
  BOOST_TEST(said(s.ask(get_child_spec{"child4"})) == "child_not_found");
  BOOST_TEST(s.end_supervisor() == "ok");
}

BOOST_AUTO_TEST_CASE(sup_start_map_simple) {
  stage s;
  s.open({.strategy = simple_one_for_one, .children = {s.child("template", {.restart = temporary})}});
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.emplace_back(must(s.ask(start_template_child{})).path().name());
  BOOST_TEST(s.counts() == "1 3 0 3");
  for (const auto& id : ids) {
    const auto spec = must(s.ask(get_child_spec{id})).spec;
    BOOST_TEST((spec.restart == temporary));
    BOOST_TEST((spec.type == child_type::worker));
    BOOST_TEST((spec.shutdown_or_default() == shutdown_policy{5s}));
    BOOST_TEST(!spec.significant);
  }
  BOOST_TEST(must(s.ask(get_child_spec{"template"})).spec.id == "template");  // the template itself
  BOOST_TEST(said(s.ask(get_child_spec{"somebody"})) == "child_not_found");
}

BOOST_AUTO_TEST_CASE(sup_start_map_faulty_specs) {
  stage s;
  auto no_id = s.child("");
  auto no_start = s.child("child1");
  no_start.start = nullptr;
  BOOST_TEST(said(s.n.supervise({.name = "top", .children = {no_id}})) == "bad_child_id");
  BOOST_TEST(said(s.n.supervise({.name = "top", .children = {no_start}})) == "bad_child_start");
  BOOST_TEST(!s.alive());
  BOOST_TEST(s.log.take() == "");
}

BOOST_AUTO_TEST_SUITE_END()
