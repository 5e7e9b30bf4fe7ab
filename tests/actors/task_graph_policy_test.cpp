#include "task_graphs.hpp"

using namespace troupe;
using namespace support;

// What becomes of a graph when its tasks fail, take too long or are cancelled.

namespace {

// Fails as often as it is told, with this error.
class fragile {
 public:
  fragile(workshop& w, int failures, agent_errc code = agent_errc::provider_unavailable)
      : w_{w}, failures_{failures}, code_{code} {}
  std::string operator()(const std::string& name) {
    w_.note(name);
    if (failures_-- > 0) throw failure{error{code_, name + " is out of luck"}};
    return name;
  }

 private:
  workshop& w_;
  int failures_;
  agent_errc code_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(task_graph_policy_test)

BOOST_AUTO_TEST_CASE(a_failed_task_fails_the_graph_and_cancels_the_rest) {
  workshop w;
  int alive = 0;
  graph_builder g{"g"};
  const auto done_before = g.task("before", [&](turn& now) { return w.work("before", 1s, now); });
  const auto bad = g.task("bad", [&](turn& now) { return w.fail("bad", 2s, now); });
  g.task("long", [&](turn& now) -> task<void> {
    const lifetime_flag here{alive};
    co_await now.sleep(1h);
  });
  const auto next = g.task(
      "next", [](const std::string& a, const std::string&) { return a; }, done_before, bad);
  const auto graph = must(g.build(next));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(alive == 0);
    BOOST_TEST(w.ms() == 2'000);
    BOOST_TEST(!outcome.ok());
    BOOST_TEST(outcome.failure->is(agent_errc::task_failed));
    BOOST_TEST(outcome.failure->message() == "graph `g`: task `bad` failed after 1 attempt: bad is out of luck");
    BOOST_TEST(outcome.cause->is(agent_errc::agent_failed));
    BOOST_TEST(outcome.result().error().is(agent_errc::task_failed));
    BOOST_TEST(states(outcome) == "before:done bad:failed long:cancelled next:skipped");
    BOOST_TEST(*outcome.value<std::string>("before") == "before");
    BOOST_TEST((outcome.find("long")->finished - outcome.started == 2s));
    BOOST_TEST(outcome.summary() ==
               "graph `g`: task_failed in 2s; 4 tasks: 1 done, 1 failed, 1 skipped, 1 cancelled; graph `g`: task "
               "`bad` failed after 1 attempt: bad is out of luck");
  });
}

BOOST_AUTO_TEST_CASE(whatever_a_task_throws_or_returns_as_an_error_is_its_failure) {
  workshop w;
  graph_builder g{"g"};
  g.task("standard", []() -> int { throw std::runtime_error{"standard"}; }).skip_on_failure();
  g.task("odd", []() -> int { throw 42; }).skip_on_failure();
  g.task("result", []() -> result<int> { return error{errc::unsupported, "not here"}; }).skip_on_failure();
  g.task("later", [](turn& now) -> task<result<void>> {
     co_await now.sleep(1s);
     co_return error{errc::unsupported, "not later"};
   }).skip_on_failure();
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.find("standard")->why->message() == "standard");
    BOOST_TEST(outcome.find("standard")->why->is(agent_errc::agent_failed));
    BOOST_TEST(outcome.find("odd")->why->message() == "something that is no std::exception");
    BOOST_TEST(outcome.find("result")->why->is(errc::unsupported));
    BOOST_TEST(outcome.find("later")->why->message() == "not later");
  });
}

BOOST_AUTO_TEST_CASE(who_needs_a_task_that_was_let_fail_is_skipped_and_who_can_do_without_runs) {
  workshop w;
  graph_builder g{"g"};
  const auto bad = g.task("bad", [&](turn& now) { return w.fail("bad", 1s, now); }).skip_on_failure();
  const auto needs = g.task(
      "needs", [](const std::string& s) { return s; }, bad);
  const auto further = g.task(
      "further", [](const std::string& s) { return s; }, needs);
  const auto tolerant = g.task(
      "tolerant", [](const std::optional<std::string>& s) { return s ? *s : std::string{"without"}; }, maybe(bad));
  g.task("after", [] {}).after(further);
  g.task("after needed", [] {}).needs(further);
  const auto graph = must(g.build(tolerant));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.result().value() == "without");
    BOOST_TEST(states(outcome) ==
               "bad:failed needs:skipped further:skipped tolerant:done after:done after needed:skipped");
    const auto& why = *outcome.find("further")->why;
    BOOST_TEST(why.is(agent_errc::task_skipped));
    BOOST_TEST(why.message() ==
               "it needs `needs`, which was skipped: it needs `bad`, which failed: bad is out of luck");
  });
}

BOOST_AUTO_TEST_CASE(a_graph_whose_output_was_skipped_says_why) {
  workshop w;
  graph_builder g{"g"};
  const auto bad = g.task("bad", [&](turn& now) { return w.fail("bad", 1s, now); }).skip_on_failure();
  const auto needs = g.task(
      "needs", [](const std::string& s) { return s; }, bad);
  const auto graph = must(g.build(needs));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.result().error().is(agent_errc::task_skipped));
  });
}

BOOST_AUTO_TEST_CASE(a_task_is_tried_again_after_a_growing_delay) {
  workshop w;
  fragile twice{w, 3};
  graph_builder g{"g"};
  const auto a =
      g.task("a", [&] { return twice("a"); }).retry({.attempts = 4, .delay_min = 1s, .delay_max = 3s, .jitter = 0.0});
  const auto graph = must(g.build(a));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.result().value() == "a");
    BOOST_TEST(outcome.find("a")->attempts == 4u);
    BOOST_TEST(outcome.summary() == "graph `g`: done in 6s; 1 task: 1 done; 3 retries");
  });
  BOOST_TEST(w.take_log() == "0 a, 1000 a, 3000 a, 6000 a");
}

BOOST_AUTO_TEST_CASE(the_random_part_of_a_delay_is_the_turns) {
  const auto times = [](std::uint64_t seed) {
    workshop w{{}, deterministic(seed)};
    fragile twice{w, 2};
    graph_builder g{"g"};
    g.task("a", [&] { return twice("a"); }).retry({.attempts = 2, .delay_min = 1s, .delay_max = 1s, .jitter = 1.0});
    const auto graph = must(g.build());
    w.run([&](turn& now) -> task<void> {
      const auto outcome = co_await graph.run(now);
      BOOST_TEST(outcome.ok());
      BOOST_TEST(w.ms() > 2'000);
      BOOST_TEST(w.ms() < 4'000);
    });
    return w.take_log();
  };
  BOOST_TEST(times(1) == times(1));
  BOOST_TEST(times(1) != times(2));
}

BOOST_AUTO_TEST_CASE(only_chosen_kinds_of_faults_are_tried_again) {
  const auto attempts = [](agent_errc code, fault_set on) {
    workshop w;
    fragile once{w, 1, code};
    graph_builder g{"g"};
    g.task("a", [&] { return once("a"); })
        .retry({.attempts = 1, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0, .faults = on})
        .skip_on_failure();
    const auto graph = must(g.build());
    std::size_t count = 0;
    w.run([&](turn& now) -> task<void> {
      const auto outcome = co_await graph.run(now);
      count = outcome.find("a")->attempts;
    });
    return count;
  };
  BOOST_TEST(attempts(agent_errc::provider_throttled, passing_faults) == 2u);
  BOOST_TEST(attempts(agent_errc::provider_rejected, passing_faults) == 1u);
  BOOST_TEST(attempts(agent_errc::agent_failed, passing_faults) == 1u);
  BOOST_TEST(attempts(agent_errc::agent_failed, fault_set::all()) == 2u);
  BOOST_TEST(attempts(agent_errc::agent_failed, {fault::bug}) == 2u);
  BOOST_TEST(attempts(agent_errc::timeout, {fault::bug}) == 1u);
  BOOST_TEST(attempts(agent_errc::timeout, {}) == 1u);
}

BOOST_AUTO_TEST_CASE(a_task_between_attempts_holds_no_place) {
  workshop w;
  fragile once{w, 1};
  graph_builder g{"g", {.at_once = 1}};
  g.task("a", [&] { return once("a"); })
      .retry({.attempts = 1, .delay_min = 1s, .delay_max = 1s, .jitter = 0.0})
      .priority(1);
  g.task("b", [&](turn& now) { return w.work("b", 3s, now); });
  g.task("c", [&](turn& now) { return w.work("c", 1s, now); });
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.ok());
  });
  BOOST_TEST(w.take_log() == "0 a, 0 +b, 3000 -b, 3000 a, 3000 +c, 4000 -c");
}

BOOST_AUTO_TEST_CASE(a_function_stands_in_for_a_task_that_has_failed_for_good) {
  workshop w;
  fragile always{w, 100};
  graph_builder g{"g"};
  const auto x = g.input<std::string>("x");
  const auto a = g.task(
                      "a", [&](const std::string& s) { return always(s); }, x)
                     .retry({.attempts = 1, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0})
                     .fallback([&](const error& why, const std::string& s, turn& now) -> task<std::string> {
                       co_await now.sleep(1s);
                       co_return s + " instead, as " + why.message();
                     });
  const auto b = g.task(
                      "b", [&](const std::string& s) { return always(s); }, x)
                     .fallback([](const std::string& s) { return s + "!"; });
  const auto both = g.task(
      "both", [](const std::string& s, const std::string& t) { return s + " " + t; }, a, b);
  const auto graph = must(g.build(both, x));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now, "x");
    BOOST_TEST(outcome.result().value() == "x instead, as x is out of luck x!");
    BOOST_TEST(outcome.find("a")->by_fallback);
    BOOST_TEST(outcome.find("a")->attempts == 2u);
    BOOST_TEST(outcome.find("a")->why->is(agent_errc::provider_unavailable));
  });
}

BOOST_AUTO_TEST_CASE(a_fallback_that_fails_too_is_the_end_of_it) {
  workshop w;
  fragile always{w, 100};
  graph_builder g{"g"};
  g.task("a", [&] { return always("a"); })
      .retry({.attempts = 8, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0, .faults = {}})
      .fallback([&] { return always("b"); });
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(
        outcome.failure->message() ==
        "graph `g`: task `a` failed after 1 attempt: its fallback, after \"a is out of luck\": b is out of luck");
  });
}

BOOST_AUTO_TEST_CASE(a_task_stands_in_for_another_only_if_that_has_failed) {
  workshop w;
  int failures = 0;
  graph_builder g{"g"};
  const auto x = g.input<std::string>("x");
  const auto cached = g.task(
      "cached", [](const std::string& s) { return s + " from the cache"; }, x);
  const auto fresh = g.task(
                          "fresh",
                          [&](const std::string& s) {
                            if (failures-- > 0) throw std::runtime_error{"offline"};
                            return s;
                          },
                          x)
                         .fallback(cached);
  const auto out = g.task(
      "out", [](const std::string& s) { return s; }, fresh);
  const auto graph = must(g.build(out, x));
  w.run([&](turn& now) -> task<void> {
    const auto good = co_await graph.run(now, "x");
    BOOST_TEST(good.result().value() == "x");
    BOOST_TEST(states(good) == "x:done cached:skipped fresh:done out:done");
    BOOST_TEST(good.find("cached")->why->message() == "`fresh` does not need it");
    failures = 1;
    const auto bad = co_await graph.run(now, "x");
    BOOST_TEST(bad.result().value() == "x from the cache");
    BOOST_TEST(states(bad) == "x:done cached:done fresh:done out:done");
    BOOST_TEST(bad.find("fresh")->by_fallback);
    BOOST_TEST(bad.find("fresh")->why->message() == "offline");
  });
}

BOOST_AUTO_TEST_CASE(a_chain_of_tasks_that_stand_in_ends_with_the_first_that_works_or_with_all_reasons) {
  workshop w;
  int working = 2;
  graph_builder g{"g"};
  const auto make = [&](int number) {
    return [&working, number] {
      if (number != working) throw std::runtime_error{std::to_string(number) + " is out of luck"};
      return number;
    };
  };
  const auto third = g.task("third", make(3));
  const auto second = g.task("second", make(2)).fallback(third);
  const auto first = g.task("first", make(1)).fallback(second).skip_on_failure();
  const auto graph = must(g.build(first));
  w.run([&](turn& now) -> task<void> {
    for (int number = 1; number <= 3; ++number) {
      working = number;
      const auto outcome = co_await graph.run(now);
      BOOST_TEST(outcome.result().value() == number);
    }
    working = 0;
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.ok());
    BOOST_TEST(states(outcome) == "third:failed second:failed first:failed");
    BOOST_TEST(
        outcome.result().error().message() ==
        "(and `second`, its fallback, failed: (and `third`, its fallback, failed: 3 is out of luck): 2 is out of "
        "luck): 1 is out of luck");
  });
}

BOOST_AUTO_TEST_CASE(an_attempt_that_takes_too_long_fails_with_timeout_and_may_be_tried_again) {
  workshop w;
  int alive = 0;
  int slow = 1;
  graph_builder g{"g"};
  const auto a = g.task("a", [&](turn& now) -> task<int> {
                    const lifetime_flag here{alive};
                    co_await now.sleep(slow-- > 0 ? 1h : 1s);
                    co_return 7;
                  }).within(2s);
  auto b = g.task(
      "b", [](const int& v) { return v; }, a);
  static_cast<void>(b);
  const auto strict = must(g.build(b));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await strict.run(now);
    BOOST_TEST(outcome.cause->is(agent_errc::timeout));
    BOOST_TEST(w.ms() == 2'000);
    BOOST_TEST(alive == 0);
  });
  slow = 1;
  graph_builder again{"g"};
  const auto c = again
                     .task("a",
                           [&](turn& now) -> task<int> {
                             co_await now.sleep(slow-- > 0 ? 1h : 1s);
                             co_return 7;
                           })
                     .within(2s)
                     .retry({.attempts = 1, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0});
  const auto patient_graph = must(again.build(c));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await patient_graph.run(now);
    BOOST_TEST(outcome.result().value() == 7);
    BOOST_TEST((outcome.finished - outcome.started == 3s));
  });
}

BOOST_AUTO_TEST_CASE(a_question_to_an_agent_that_does_not_answer_ends_with_the_limit_of_its_task) {
  workshop w({scripted_child("mute", [](scripted& me) {
    me.on([](question, turn& now) -> task<answer> {
      co_await now.sleep(2h);
      co_return answer{};
    });
  })});
  graph_builder g{"g"};
  g.ask("ask", path{"/top/mute"}, question{"?"}).within(3s);
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.cause->is(agent_errc::timeout));
    BOOST_TEST(w.ms() == 3'000);
  });
}

BOOST_AUTO_TEST_CASE(a_graph_that_takes_too_long_fails_with_timeout_and_keeps_what_it_has) {
  workshop w;
  graph_builder g{"g", {.within = 5s}};
  g.task("short", [&](turn& now) { return w.work("short", 1s, now); });
  g.task("long", [&](turn& now) { return w.work("long", 1h, now); });
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.failure->is(agent_errc::timeout));
    BOOST_TEST(outcome.failure->message() == "graph `g` took longer than its limit");
    BOOST_TEST(w.ms() == 5'000);
    BOOST_TEST(*outcome.value<std::string>("short") == "short");
    BOOST_TEST(states(outcome) == "short:done long:cancelled");
  });
}

BOOST_AUTO_TEST_CASE(a_run_can_be_cancelled_from_outside_from_its_listener_and_from_a_task_of_its_own) {
  workshop w;
  graph_control hand;
  bool by_itself = false;
  graph_builder g{"g"};
  const auto first = g.task("first", [&](turn& now) -> task<void> {
    co_await now.sleep(1s);
    if (by_itself) hand.cancel("by itself");
  });
  g.task(
      "second", [](const done&, turn& now) -> task<void> { co_await now.sleep(1h); }, first);
  g.task("third", [](turn& now) -> task<void> { co_await now.sleep(1h); });
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto stops = [&](turn& mine) -> task<void> {
      co_await mine.sleep(2s);
      BOOST_TEST(states(hand.so_far()) == "first:done second:running third:running");
      hand.cancel("no need any more");
    };
    const auto runs = [&](turn& mine) -> task<std::string> {
      const auto outcome = co_await graph.run(mine, run_options{}.control(hand));
      BOOST_TEST(outcome.failure->message() == "graph `g` was cancelled: no need any more");
      BOOST_TEST(outcome.failure->is(agent_errc::cancelled));
      co_return states(outcome);
    };
    auto all = when_all(now, runs(now), stops(now));
    const auto [states_then, nothing] = co_await std::move(all);
    BOOST_TEST(states_then == "first:done second:cancelled third:cancelled");
    BOOST_TEST(w.ms() == 2'000);
    BOOST_TEST(!hand.running());

    const auto listener = [&](std::string_view name, const task_report& task) {
      if (name == "second" && task.state == task_state::running) hand.cancel("heard");
    };
    const auto heard = co_await graph.run(now, run_options{}.control(hand).listen(listener));
    BOOST_TEST(heard.failure->message() == "graph `g` was cancelled: heard");
    BOOST_TEST(states(heard) == "first:done second:cancelled third:cancelled");

    by_itself = true;
    const auto own = co_await graph.run(now, run_options{}.control(hand));
    BOOST_TEST(own.failure->message() == "graph `g` was cancelled: by itself");
    BOOST_TEST(w.ms() == 4'000);
  });
}

BOOST_AUTO_TEST_CASE(a_hand_is_for_one_run_at_a_time) {
  workshop w;
  graph_control hand;
  hand.cancel();  // nothing runs
  BOOST_TEST(hand.so_far().tasks.empty());
  graph_builder g{"g"};
  g.task("a", [](turn& now) -> task<void> { co_await now.sleep(1s); });
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto runs = [&](turn& mine) -> task<std::string> {
      try {
        const auto outcome = co_await graph.run(mine, run_options{}.control(hand));
        co_return outcome.ok() ? "done" : "failed";
      } catch (const failure& f) {
        co_return std::string{f.error().name()};
      }
    };
    const auto both = [&](turn& mine) -> task<std::string> {
      auto all = when_all(mine, runs(mine), runs(mine));
      const auto [first, second] = co_await std::move(all);
      co_return first + " " + second;
    };
    const auto said = co_await both(now);
    BOOST_TEST(said == "done bad_graph");
  });
}

BOOST_AUTO_TEST_CASE(a_run_that_is_destroyed_gives_up_its_tasks_and_the_hand_keeps_what_they_came_to) {
  workshop w;
  int alive = 0;
  graph_control hand;
  graph_builder inside{"inside"};
  inside.task("quick", [&](turn& now) { return w.work("quick", 1s, now); });
  const auto sleeps = [&](turn& now) -> task<void> {
    const lifetime_flag here{alive};
    co_await now.sleep(1h);
  };
  inside.task("slow", sleeps);
  const auto also = inside.task("also slow", sleeps);
  inside.task("later", [] {}).after(also);
  const auto inner = must(inside.build());
  graph_builder g{"g"};
  g.graph("inner", inner);
  const auto graph = must(g.build());
  auto asked = w.begin([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now, run_options{}.control(hand));
    BOOST_ERROR("it must not come to an end");
  });
  w.n.advance(2s);
  BOOST_TEST(alive == 2);
  BOOST_TEST(hand.running());
  w.n.send(w.a(), crash{});
  w.n.settle();
  BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
  BOOST_TEST(alive == 0);
  BOOST_TEST(!hand.running());
  const auto left = hand.so_far();
  BOOST_TEST(states(left) == "inner:cancelled");
  BOOST_TEST(states(*left.find("inner")->inner) == "quick:done slow:cancelled also slow:cancelled later:not started");
  BOOST_TEST(*left.value<std::string>("inner/quick") == "quick");
}

BOOST_AUTO_TEST_CASE(sub_agents_of_tasks_that_are_given_up_are_stopped) {
  for (const bool still_starting : {false, true}) {
    workshop w;
    const auto sleeper = [](scripted& me) { me.on([](go, turn& now) -> task<void> { co_await now.sleep(1h); }); };
    auto spec = scripted_child("x", sleeper);
    if (still_starting) {
      class slow final : public agent {
       public:
        explicit slow(agent_context& context) : agent{context} {
          on([](go) {});
        }

       private:
        task<void> on_start(turn& now) override { co_await now.sleep(4s); }
      };
      spec = child<slow>("x");
    }
    graph_builder g{"g", {.within = 3s}};
    g.sub_agent("sleeper", spec, [] { return go{}; });
    g.sub_agent("late", scripted_child("x", sleeper), [] { return go{}; }).within(1s).skip_on_failure();
    const auto graph = must(g.build());
    auto asked = w.begin([&](turn& now) -> task<void> {
      const auto outcome = co_await graph.run(now);
      BOOST_TEST(outcome.failure->is(agent_errc::timeout));
      co_await now.sleep(10s);
    });
    BOOST_TEST(w.n.info(w.a().path())->children == (still_starting ? 1u : 2u));
    w.n.advance(9s);
    BOOST_TEST(w.n.info(w.a().path())->children == 0u);
    w.n.advance(10s);
    must(asked.get());
    BOOST_TEST(w.n.info(w.a().path())->incarnation == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_sub_agent_that_crashes_is_a_failure_of_its_task_and_of_nobody_else) {
  workshop w;
  graph_builder g{"g"};
  const auto crasher = [](scripted& me) { me.on([](go) { throw std::runtime_error{"out of luck"}; }); };
  g.sub_agent("crasher", scripted_child("x", crasher), [] { return go{}; })
      .retry({.attempts = 9, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0, .faults = fault_set::all()})
      .skip_on_failure();
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.find("crasher")->attempts == 10u);
    BOOST_TEST(outcome.find("crasher")->why->is(agent_errc::agent_failed));
  });
  BOOST_TEST(w.n.info(w.a().path())->incarnation == 1u);
  BOOST_TEST(w.n.info(w.a().path())->children == 0u);
}

BOOST_AUTO_TEST_CASE(elements_of_a_list_have_policies_of_their_own) {
  workshop w;
  int failures = 2;
  graph_builder g{"g"};
  const auto list = g.input<std::vector<int>>("list");
  const auto job = [&](const int& value) {
    if (value < 0) throw failure{error{agent_errc::provider_rejected, "negative"}};
    if (value == 2 && failures-- > 0) throw failure{error{agent_errc::provider_throttled, "slow down"}};
    return 10 * value;
  };
  const auto strict =
      g.map("strict", job, list, {.each = {.retry = {.attempts = 2, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0}}})
          .skip_on_failure();
  const auto loose = g.map("loose", job, list,
                           {.each = {.retry = {.attempts = 2, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0},
                                     .on_failure = on_task_failure::skip}})
                         .after(strict);
  const auto graph = must(g.build(loose, list));
  w.run([&](turn& now) -> task<void> {
    const std::vector<int> values{1, -1, 2};
    const auto outcome = co_await graph.run(now, values);
    const std::vector<int> expected{10, 20};
    BOOST_TEST(outcome.result().value() == expected, boost::test_tools::per_element());
    BOOST_TEST((outcome.find("strict")->state == task_state::failed));
    BOOST_TEST(outcome.find("strict")->why->message() == "graph `strict`: task `1`: negative");
    BOOST_TEST(states(*outcome.find("loose")->inner) == "0:done 1:failed 2:done");
  });
}

BOOST_AUTO_TEST_CASE(the_error_of_a_graph_inside_says_where_it_happened_and_keeps_its_kind) {
  workshop w;
  fragile once{w, 1};
  graph_builder inside{"inside"};
  inside.task("job", [&] { return once("job"); });
  const auto inner = must(inside.build());
  graph_builder g{"outside"};
  const auto first = g.graph("first", inner).retry({.attempts = 1, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0});
  g.task(
      "last", [](const done&) { throw std::runtime_error{"last"}; }, first);
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.find("first")->attempts == 2u);
    BOOST_TEST(outcome.find("first")->why->message() == "graph `inside`: task `job`: job is out of luck");
    BOOST_TEST(outcome.find("first")->why->is(agent_errc::provider_unavailable));
    BOOST_TEST((outcome.find("last")->state == task_state::failed));
  });
}

BOOST_AUTO_TEST_CASE(a_condition_that_throws_is_a_failure) {
  workshop w;
  graph_builder g{"g"};
  g.task("a", [] {}).when([]() -> bool { throw std::runtime_error{"who knows"}; });
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.failure->message() == "graph `g`: task `a` failed after 0 attempts: its condition: who knows");
  });
}

BOOST_AUTO_TEST_SUITE_END()
