#include <algorithm>
#include <atomic>
#include <optional>

#include "budgets.hpp"
#include "gate.hpp"
#include "supervised.hpp"

using namespace troupe;
using namespace support;

// The budgets that the runtime keeps itself: agents, levels, time; and budgets whose agents run on many threads.

BOOST_AUTO_TEST_SUITE(budget_tree_test)

// -- children ---------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(agents_below_are_counted_at_every_level_and_one_too_many_is_not_started) {
  node n{deterministic()};
  std::vector<std::string> outcomes;
  must_supervise(n, limited_top({{quantity::children, 4}}, {scripted_child("a", [&](scripted& me) {
                                  me.on([&](go, turn& now) -> task<void> {
                                    for (const char* name : {"k1", "k2", "k3", "k4"}) {
                                      auto spawning = now.spawn(idle(name, {.restart = transient}));
                                      const auto made = co_await spawning.as_result();
                                      outcomes.push_back(said(made));
                                      if (!made) outcomes.push_back(made.error().message());
                                    }
                                  });
                                  me.on([](const note&, turn& now) -> task<void> { co_await now.stop("k2"); });
                                })}));
  run_turn(n, "/top/a");
  BOOST_TEST(
      outcomes == (std::vector<std::string>{
                      "ok", "ok", "ok", "budget_spent",
                      "/top/a/k4: 1 of children asked for; the budget of /top allows 4, of which 4 are in use (4 "
                      "reserved, 0 spent); give it more, or use less"}),
      boost::test_tools::per_element());
  BOOST_TEST((n.info(path{"/top"})->state == health::healthy));
  // A place is free when its agent has ended for good; a restart takes none.
  n.kill(n.ref(path{"/top/a/k1"}));
  n.settle();
  BOOST_TEST(n.info(path{"/top/a/k1"})->incarnation == 2u);
  BOOST_TEST(stands(n, "/top", quantity::children) == "4 4 0 0");
  must(n.ask(n.ref(path{"/top/a"}), note{}));
  BOOST_TEST(stands(n, "/top", quantity::children) == "4 3 0 0");
  outcomes.clear();
  run_turn(n, "/top/a");
  BOOST_TEST(outcomes.at(2) == "ok");
  BOOST_TEST(stands(n, "/top", quantity::children) == "4 4 0 0");
  n.kill(n.ref(path{"/top/a"}));  // and all below it
  n.settle();
  BOOST_TEST(stands(n, "/top", quantity::children) == "4 1 0 0");
}

BOOST_AUTO_TEST_CASE(children_of_requests_and_templates_count_and_those_that_fail_to_start_leave_no_trace) {
  stage s;
  s.open(limited_top(
      {{quantity::children, 3}},
      {child(supervisor_spec{
          .name = "pool", .strategy = simple_one_for_one, .children = {s.child("worker", {.restart = temporary})}})}));
  const auto ask_pool = [&](std::string id) {
    return said(s.ask(start_template_child{std::move(id), message::of(text_argument{})}, "pool"));
  };
  BOOST_TEST(ask_pool("w1") == "ok");
  BOOST_TEST(ask_pool("w2") == "ok");
  BOOST_TEST(ask_pool("w3") == "budget_spent");
  BOOST_TEST(s.which("pool") == "w1#1 w2#1");
  BOOST_TEST(s.start(s.child("other")) == "budget_spent");
  BOOST_TEST(s.which() == "pool#1");
  s.crash("pool/w1");
  BOOST_TEST(stands(s.n, "/top", quantity::children) == "3 2 0 0");
  int shy = 1;
  BOOST_TEST(s.start(s.child<declining>("shy", {.restart = temporary}, &shy)) == "declined");
  BOOST_TEST(s.start(s.child<unstartable>("broken", {}, true)) == "failed_to_start");
  BOOST_TEST(stands(s.n, "/top", quantity::children) == "3 2 0 0");
  BOOST_TEST(s.start(s.child("other")) == "ok");
  // A path that is taken costs nothing either.
  BOOST_TEST(s.start(s.child("other")) == "already_started");
  BOOST_TEST(stands(s.n, "/top", quantity::children) == "3 3 0 0");
}

BOOST_AUTO_TEST_CASE(a_supervisor_with_more_children_than_its_budget_allows_does_not_start) {
  node n{deterministic()};
  const auto refused = n.supervise(limited_top({{quantity::children, 1}}, {idle("a"), idle("b")}));
  BOOST_TEST(refused.error().is(agent_errc::budget_spent));
  BOOST_TEST(refused.error().message().find("the budget of /top allows 1") != std::string::npos);
  BOOST_TEST(!n.info(path{"/top"}).has_value());
  must_supervise(n, limited_top({{quantity::children, 2}}, {idle("a"), idle("b")}));
}

BOOST_AUTO_TEST_CASE(a_group_that_is_restarted_takes_its_own_places_again) {
  stage s;
  auto spec =
      limited_top({{quantity::children, 3}}, {s.child("a"), s.child("b"), s.child("c", {.restart = temporary})});
  spec.strategy = one_for_all;
  s.open(std::move(spec));
  s.crash("a");
  BOOST_TEST(s.which() == "a#2 b#2");
  BOOST_TEST(stands(s.n, "/top", quantity::children) == "3 2 0 0");
}

// -- depth ------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(levels_below_an_agent_are_limited) {
  node n{deterministic()};
  std::vector<std::string> outcomes;
  scripted::script nested = [&](scripted& me) {
    me.on([&](go, turn& now) -> task<void> {
      outcomes.push_back(now.self().path().str() + " has " + std::to_string(now.budget_left(quantity::depth)->left) +
                         " levels");
      const auto spawned = co_await now.spawn<scripted>("kid", nested).as_result();
      outcomes.push_back(spawned ? "ok" : spawned.error().message());
      if (spawned) co_await now.ask<go>(*spawned);
    });
  };
  must_supervise(n, top_of(scripted_child("a", nested, with({{quantity::depth, 2}}))));
  run_turn(n, "/top/a");
  BOOST_TEST(
      outcomes == (std::vector<std::string>{
                      "/top/a has 2 levels", "ok", "/top/a/kid has 1 levels", "ok", "/top/a/kid/kid has 0 levels",
                      "/top/a/kid/kid/kid: 1 of depth asked for; the budget of /top/a allows 2, of which 2 are "
                      "in use (0 reserved, 2 spent); give it more, or use less"}),
      boost::test_tools::per_element());
  BOOST_TEST(stands(n, "/top/a", quantity::depth) == "2 0 2 0");
}

// -- wall time --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_agent_whose_wall_time_is_over_is_ended_and_not_started_again) {
  stage s;
  s.open(patient({s.child("a", with({{quantity::wall_time, 10s}})), s.child("b")}));
  s.watch_in_full({"a"});
  s.n.advance(4s);
  s.kill("a");  // a restart does not begin anew
  BOOST_TEST(s.which() == "a#2 b#1");
  s.watch_in_full({"a"});
  BOOST_TEST(stands(s.n, "/top/a", quantity::wall_time) == "10000000000 0 4000000000 0");
  s.log.take();
  s.n.advance(5999ms);
  BOOST_TEST(s.which() == "a#2 b#1");
  s.n.advance(1ms);
  BOOST_TEST(s.which() == "a:stopped b#1");
  const auto told = s.log.take();
  BOOST_TEST(told.find("down a#2 failed: /top/a: the wall_time of /top/a is over (10s since its first start)") !=
                 std::string::npos,
             told);
  // Whoever starts it by hand gives it its time again.
  BOOST_TEST(s.restart("a") == "ok");
  s.n.advance(9s);
  BOOST_TEST(s.which() == "a#3 b#1");
  s.n.advance(1s);
  BOOST_TEST(s.which() == "a:stopped b#1");
}

BOOST_AUTO_TEST_CASE(the_wall_time_of_a_subtree_ends_all_of_it_and_cuts_the_deadlines_of_its_turns) {
  node n{deterministic()};
  std::optional<instant> started, deadline;
  const scripted::script kid = [&](scripted& me) {
    me.on([&](go, turn& now) -> task<void> {
      deadline = now.deadline();
      co_await now.sleep(1h);
    });
  };
  const scripted::script spawning = [&](scripted& me) {
    me.on([&](go, turn& now) -> task<void> {
      started = now.now();
      (void)co_await now.spawn<scripted>("kid", kid);
      now.send(now.child("kid"), go{});
    });
  };
  must_supervise(n, top_of(scripted_child("a", spawning, with({{quantity::wall_time, 5s}}))));
  run_turn(n, "/top/a");
  n.settle();
  BOOST_TEST((deadline == *started + 5s));
  n.advance(5s - 1ns);
  BOOST_TEST(n.info(path{"/top/a/kid"})->current_message == "go");
  n.advance(1ns);
  BOOST_TEST(!n.info(path{"/top/a"}).has_value());
  BOOST_TEST(!n.info(path{"/top/a/kid"}).has_value());
}

BOOST_AUTO_TEST_CASE(a_supervisor_whose_wall_time_is_over_stops_its_children_in_order) {
  stage s;
  s.open(patient({child(supervisor_spec{
      .name = "team", .children = {s.child("a"), s.child("b")}, .budget = {{quantity::wall_time, 1min}}})}));
  s.log.take();
  s.n.advance(59s);
  BOOST_TEST(s.which("team") == "a#1 b#1");
  s.n.advance(1s);
  BOOST_TEST(s.which() == "team:stopped");
  const auto log = s.log.take();
  BOOST_TEST(log.find("b") < log.rfind("a"), log);
}

BOOST_AUTO_TEST_CASE(a_start_hook_is_ended_by_its_wall_time_and_so_is_a_wait_for_a_restart) {
  stage s;
  word said_word = word::none;
  s.open(patient({}));
  auto starting = s.begin_ask(start_child{s.child<gate>("slow", with({{quantity::wall_time, 3s}}), &said_word)});
  s.n.advance(2900ms);
  BOOST_TEST(!starting.ready());
  s.n.advance(100ms);
  const auto outcome = starting.get();
  BOOST_TEST(said(outcome) == "budget_spent");
  BOOST_TEST(s.which() == "");

  child_options patient_one = with({{quantity::wall_time, 3s}});
  patient_one.backoff = {.min = 10s, .max = 10s};
  BOOST_TEST(s.start(s.child("late", patient_one)) == "ok");
  s.crash("late");
  BOOST_TEST(s.which() == "late:restarting");
  s.n.advance(10s);
  BOOST_TEST(s.which() == "late:stopped");
}

BOOST_AUTO_TEST_CASE(nobody_is_started_below_an_agent_whose_time_is_over_though_it_has_not_noticed) {
  auto options = deterministic();
  const auto clock = std::make_shared<virtual_clock>();
  options.clock = clock;
  node n{options};
  must_supervise(n, limited_top({{quantity::wall_time, 1s}}, {idle("a")}));
  clock->advance(1s);  // no timer fires
  const auto late = n.ask(n.ref(path{"/top"}), start_child{idle("b")});
  BOOST_TEST(late.error().is(agent_errc::budget_spent));
  BOOST_TEST(late.error().message() ==
             "/top/b: the wall_time of /top is over (1s since its first start); give it more, or start it anew");
  const auto text = n.metrics_text();
  BOOST_TEST(text.find("troupe_budget_refused_total{quantity=\"wall_time\"} 1") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(an_end_by_wall_time_is_no_restart_for_the_intensity) {
  stage s;
  s.open({.intensity = 0, .children = {s.child("a", with({{quantity::wall_time, 1s}})), s.child("b")}});
  s.n.advance(1s);
  BOOST_TEST(s.which() == "a:stopped b#1");
  s.crash("b");
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(a_permanent_child_that_finds_no_place_for_its_own_is_tried_again_as_any_that_fails) {
  stage s;
  const auto team = [&](std::string name, std::vector<child_spec> members) {
    return child(supervisor_spec{.name = std::move(name), .children = std::move(members)},
                 {.backoff = {.min = 1s, .max = 1s}});
  };
  auto spec = patient({team("reds", {s.child("a"), s.child("b")}), team("blues", {})});
  spec.budget = {{quantity::children, 4}};
  s.open(std::move(spec));
  s.kill("reds");
  BOOST_TEST(s.which() == "reds:restarting blues#1");
  BOOST_TEST(s.start(s.child("c"), "blues") == "ok");
  s.n.advance(1s);  // its second child finds the place taken
  BOOST_TEST(s.which() == "reds:restarting blues#1");
  BOOST_TEST(s.terminate("c", "blues") == "ok");
  s.n.advance(1s);
  BOOST_TEST(s.which() == "reds#3 blues#1");
  BOOST_TEST(s.which("reds") == "a#1 b#1");
  BOOST_TEST(stands(s.n, "/top", quantity::children) == "4 4 0 0");
}

BOOST_AUTO_TEST_CASE(the_wall_time_of_the_node_ends_the_tree) {
  auto options = deterministic();
  options.budget = {{quantity::wall_time, 1h}};
  node n{options};
  must_supervise(n, top_of(idle("a")));
  n.advance(1h);
  BOOST_TEST(n.agents().empty());
  const auto cause = n.wait();
  BOOST_TEST(cause.text.find("the wall_time of / is over (1h") != std::string::npos, cause.text);
}

// -- threads ----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_agent_that_is_abandoned_hands_its_account_and_its_place_to_its_successor) {
  block hanging;
  event gone;
  std::atomic<bool> ghost_refused{false};
  node n{{.threads = 4, .kill_grace = 20ms, .log = logger{}}};
  auto spec = limited_top(
      {{quantity::tokens, 100}, {quantity::children, 2}},
      {scripted_child("a",
                      [&](scripted& me) {
                        auto end = me.incarnation() == 1 ? std::make_shared<at_the_end>(gone) : nullptr;
                        me.on([&, end](go, turn& now) {
                          must(now.spend(quantity::tokens, 10));
                          const auto held = must(now.reserve(quantity::tokens, 5));
                          hanging.hold();
                          ghost_refused = now.reserve(quantity::tokens, 1).error().is(agent_errc::cancelled);
                        });
                        me.on([](const question& q) { return answer{q.text}; });
                      },
                      {.shutdown = 20ms, .budget = {{quantity::tokens, 50}}}),
       idle("b")});
  spec.strategy = one_for_all;
  must_supervise(n, std::move(spec));
  n.send(n.ref(path{"/top/a"}), go{});
  BOOST_REQUIRE(hanging.begun.wait());
  n.send(n.ref(path{"/top/b"}), crash{});
  BOOST_TEST(must(n.ask(n.ref(path{"/top/a"}), question{"new"})).text == "new");
  BOOST_TEST(n.info(path{"/top/a"})->incarnation == 2u);
  BOOST_TEST(stands(n, "/top/a") == "50 5 10 0");  // it still holds what it had reserved
  BOOST_TEST(stands(n, "/top", quantity::children) == "2 2 0 0");
  hanging.release.happen();
  BOOST_REQUIRE(gone.wait());
  BOOST_TEST(ghost_refused.load());
  BOOST_TEST(stands(n, "/top/a") == "50 0 10 0");
  must(n.ask(n.ref(path{"/top"}), terminate_child{"a"}));
  BOOST_TEST(stands(n, "/top", quantity::children) == "2 1 0 0");
}

BOOST_AUTO_TEST_CASE(one_that_is_abandoned_for_good_gives_its_place_back_with_those_below_it) {
  block hanging;
  event gone;
  node n{{.threads = 4, .kill_grace = 20ms, .log = logger{}}};
  must_supervise(
      n, limited_top({{quantity::children, 3}}, {scripted_child("a",
                                                                [&](scripted& me) {
                                                                  auto end = std::make_shared<at_the_end>(gone);
                                                                  me.on([&, end](go, turn& now) -> task<void> {
                                                                    (void)co_await now.spawn<scripted>(
                                                                        "kid", scripted::script{[](scripted&) {}});
                                                                    hanging.hold();
                                                                  });
                                                                },
                                                                {.shutdown = 20ms})}));
  n.send(n.ref(path{"/top/a"}), go{});
  BOOST_REQUIRE(hanging.begun.wait());
  BOOST_TEST(stands(n, "/top", quantity::children) == "3 2 0 0");
  must(n.ask(n.ref(path{"/top"}), terminate_child{"a"}));
  BOOST_TEST(stands(n, "/top", quantity::children) == "3 0 0 0");
  hanging.release.happen();
  BOOST_REQUIRE(gone.wait());
  BOOST_TEST(stands(n, "/top", quantity::children) == "3 0 0 0");
}

BOOST_AUTO_TEST_CASE(agents_on_many_threads_never_overshoot_the_budget_that_they_share) {
  constexpr int agents = 8, tries = 500;
  std::atomic<int> spent{0}, refused{0}, spawned{0};
  node n{{.threads = 4, .log = logger{}}};
  std::vector<child_spec> children;
  for (int i = 0; i < agents; ++i)
    children.push_back(scripted_child("a" + std::to_string(i), [&](scripted& me) {
      me.on([&](go, turn& now) -> task<void> {
        for (int t = 0; t < tries; ++t) {
          auto held = now.reserve(quantity::tokens, 3);
          if (held && t % 3 == 0)
            held->cancel();
          else if (held && held->settle(2))
            spent += 2;
          else
            ++refused;
          auto spawning = now.spawn(idle("k" + std::to_string(t % 5), {.restart = temporary}));
          if (co_await spawning.as_result()) ++spawned;
          if (t % 5 == 4)
            for (int k = 0; k < 5; ++k) (void)co_await now.stop("k" + std::to_string(k)).as_result();
        }
      });
    }));
  must_supervise(n, limited_top({{quantity::tokens, 2'000}, {quantity::children, agents + 6}}, std::move(children)));
  std::vector<pending<void>> running;
  for (int i = 0; i < agents; ++i) running.push_back(n.begin_ask(n.ref(path{"/top/a" + std::to_string(i)}), go{}));
  bool all = false;
  while (!all) {
    const auto info = n.info(path{"/top"});
    for (const auto& use : info->budget) {
      BOOST_TEST_REQUIRE(use.reserved + use.spent <= use.limit);
      BOOST_TEST_REQUIRE(use.overrun == 0);
    }
    all = std::all_of(running.begin(), running.end(), [](const auto& each) { return each.ready(); });
  }
  for (auto& each : running) must(each.get());
  BOOST_TEST(spent > 0);
  BOOST_TEST(spawned > 0);
  BOOST_TEST(stands(n, "/top") == "2000 0 " + std::to_string(spent) + " 0");
  BOOST_TEST(stands(n, "/top", quantity::children) ==
             std::to_string(agents + 6) + " " + std::to_string(agents) + " 0 0");
}

BOOST_AUTO_TEST_SUITE_END()
