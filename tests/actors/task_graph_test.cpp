#include "task_graphs.hpp"

using namespace troupe;
using namespace support;

// What a graph is made of, what is wrong with one, and how its tasks run. Failures: task_graph_policy_test.

namespace {

std::string wrong(const result<task_graph<>>& built) {
  if (built) return "nothing";
  return built.error().is(agent_errc::bad_graph) ? built.error().message() : built.error().describe();
}
const auto number = [] { return 1; };
const auto same = [](const int& value) { return value; };

}  // namespace

BOOST_AUTO_TEST_SUITE(task_graph_test)

BOOST_AUTO_TEST_CASE(values_flow_from_task_to_task_by_their_types) {
  workshop w;
  graph_builder g{"types"};
  const auto text = g.input<std::string>("text");
  const auto size = g.task(
      "size", [](const std::string& t) { return t.size(); }, text);
  const auto twice = g.task(
      "twice",
      [](std::string t, turn& now) -> task<std::string> {
        co_await now.sleep(1s);
        co_return t + t;
      },
      text);
  const auto noted = g.task(
      "noted", [&](const std::string& t) { w.note(t); }, twice);
  const auto both = g.task(
      "both",
      [](const std::string& t, const std::size_t& s, const done&, turn&) -> result<std::string> {
        return t + " " + std::to_string(s);
      },
      twice, size, noted);
  const auto graph = must(g.build(both, text));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now, "ab");
    BOOST_TEST(outcome.result().value() == "abab 2");
    BOOST_TEST(outcome.ok());
    BOOST_TEST(*size.in(outcome) == 2u);
    BOOST_TEST(*outcome.value<std::string>("twice") == "abab");
    BOOST_TEST(outcome.value<int>("twice") == nullptr);
    BOOST_TEST(outcome.find("nobody") == nullptr);
    BOOST_TEST(states(outcome) == "text:done size:done twice:done noted:done both:done");
    BOOST_TEST(outcome.summary() == "graph `types`: done in 1s; 5 tasks: 5 done");
  });
  BOOST_TEST(w.take_log() == "1000 abab");
}

BOOST_AUTO_TEST_CASE(ready_tasks_run_at_the_same_time_and_others_wait_for_what_they_need) {
  workshop w;
  graph_builder g{"diamond"};
  const auto a = g.task("a", [&](turn& now) { return w.work("a", 1s, now); });
  const auto b = g.task(
      "b", [&](const std::string&, turn& now) { return w.work("b", 2s, now); }, a);
  const auto c = g.task(
      "c", [&](const std::string&, turn& now) { return w.work("c", 1s, now); }, a);
  const auto d = g.task(
      "d", [&](const std::string&, const std::string&, turn& now) { return w.work("d", 1s, now); }, b, c);
  const auto graph = must(g.build(d));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.result().value() == "d");
    const auto* ran = outcome.find("b");
    BOOST_TEST((ran->started - outcome.started == 1s));
    BOOST_TEST((ran->finished - outcome.started == 3s));
    BOOST_TEST(ran->attempts == 1u);
    BOOST_TEST((outcome.finished - outcome.started == 4s));
  });
  BOOST_TEST(w.take_log() == "0 +a, 1000 -a, 1000 +b, 1000 +c, 2000 -c, 3000 -b, 3000 +d, 4000 -d");
}

BOOST_AUTO_TEST_CASE(no_more_run_at_once_than_the_bound_and_higher_priorities_go_first) {
  workshop w;
  graph_builder g{"bound", {.at_once = 2}};
  const auto add = [&](const char* name, int priority, duration time) {
    g.task(name, [&w, name, time](turn& now) { return w.work(name, time, now); }).priority(priority);
  };
  add("a", 0, 3s);
  add("b", 0, 4s);
  add("c", 5, 1s);
  add("d", -1, 1s);
  add("e", 5, 2s);
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.result().has_value());
  });
  BOOST_TEST(w.take_log() == "0 +c, 0 +e, 1000 -c, 1000 +a, 2000 -e, 2000 +b, 4000 -a, 4000 +d, 5000 -d, 6000 -b");
}

BOOST_AUTO_TEST_CASE(a_graph_may_be_run_several_times_at_once_in_turns_of_several_agents) {
  workshop w;
  graph_builder g{"twice"};
  const auto text = g.input<std::string>("text");
  const auto out = g.task(
      "out", [&](const std::string& t, turn& now) { return w.work(t, 1s, now); }, text);
  const auto graph = must(g.build(out, text));
  w.run([&](turn& now) -> task<void> {
    const auto first_of_it = [&](turn& mine) -> task<std::string> {
      const auto outcome = co_await graph.run(mine, "x");
      co_return outcome.result().value();
    };
    auto all = when_all(now, first_of_it(now), first_of_it(now));
    const auto [one, two] = co_await std::move(all);
    BOOST_TEST(one + two == "xx");
    BOOST_TEST(w.ms() == 1'000);
  });
}

BOOST_AUTO_TEST_CASE(a_task_may_be_a_question_to_an_agent_by_path_or_by_reference) {
  workshop w({scripted_child("doctor", [](scripted& me) {
    me.reentrant();
    me.on([](question q, turn& now) -> task<answer> {
      co_await now.sleep(1s);
      co_return answer{"take " + q.text};
    });
    me.on([](const note&) {});
  })});
  graph_builder g{"questions"};
  const auto text = g.input<std::string>("text");
  const auto make = [](const std::string& t) { return question{t}; };
  const auto by_path = g.ask("by path", path{"/top/doctor"}, make, text);
  const auto by_ref = g.ask("by reference", w.n.ref(path{"/top/doctor"}), make, text);
  const auto constant = g.ask("constant", path{"/top/doctor"}, question{"tea"});
  const auto noted = g.ask("noted", path{"/top/doctor"}, note{7});
  const auto all = g.task(
      "all",
      [](const answer& a, const answer& b, const answer& c, const done&) {
        return a.text + ", " + b.text + ", " + c.text;
      },
      by_path, by_ref, constant, noted);
  const auto graph = must(g.build(all, text));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now, "aspirin");
    BOOST_TEST(outcome.result().value() == "take aspirin, take aspirin, take tea");
    BOOST_TEST(w.ms() == 1'000);
  });
}

BOOST_AUTO_TEST_CASE(a_task_may_be_a_sub_agent_that_lives_as_long_as_the_task) {
  workshop w;
  const auto reader = [](scripted& me) {
    me.on([&me](question q, turn& now) -> task<answer> {
      co_await now.sleep(1s);
      co_return answer{q.text + " by " + std::string{me.where().name()}};
    });
  };
  graph_builder g{"sub-agents"};
  const auto text = g.input<std::string>("text");
  const auto make = [](const std::string& t) { return question{t}; };
  const auto one = g.sub_agent("one/two", scripted_child("any", reader), make, text);
  const auto two = g.sub_agent("two", scripted_child("any", reader), make, text);
  const auto both = g.task(
      "both", [](const answer& a, const answer& b) { return a.text + ", " + b.text; }, one, two);
  const auto graph = must(g.build(both, text));
  auto asked = w.begin([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now, "read");
    BOOST_TEST(outcome.result().value() == "read by one~2Ftwo-2-1, read by two-2-2");
  });
  BOOST_TEST(w.n.info(w.a().path())->children == 2u);
  w.n.advance(1s);
  must(asked.get());
  BOOST_TEST(w.n.info(w.a().path())->children == 0u);
  BOOST_TEST(w.n.info(w.a().path())->incarnation == 1u);
  BOOST_TEST(w.n.dead_letters().empty());
}

BOOST_AUTO_TEST_CASE(a_list_is_worked_on_element_by_element_within_a_bound_and_reduced) {
  workshop w;
  graph_builder g{"map"};
  const auto words = g.input<std::vector<std::string>>("words");
  const auto sizes = g.map("sizes",
                           [&](const std::string& word, turn& now) -> task<std::size_t> {
                             const auto done = co_await w.work(word, std::chrono::seconds{word.size()}, now);
                             co_return done.size();
                           },
                           words, {.at_once = 2});
  const auto sum = g.reduce(
      "sum", std::size_t{0}, [](std::size_t a, const std::size_t& b) { return a + b; }, sizes);
  const auto graph = must(g.build(sum, words));
  w.run([&](turn& now) -> task<void> {
    const std::vector<std::string> list{"aaa", "b", "cccc", "d"};
    const auto outcome = co_await graph.run(now, list);
    BOOST_TEST(outcome.result().value() == 9u);
    const std::vector<std::size_t> expected{3, 1, 4, 1};
    BOOST_TEST(*sizes.in(outcome) == expected, boost::test_tools::per_element());
    BOOST_TEST((outcome.find("sizes/2")->started - outcome.started == 1s));
    BOOST_TEST(*outcome.value<std::size_t>("sizes/2") == 4u);
    const std::vector<std::string> nothing;
    const auto empty = co_await graph.run(now, nothing);
    BOOST_TEST(empty.result().value() == 0u);
  });
  BOOST_TEST(w.take_log() == "0 +aaa, 0 +b, 1000 -b, 1000 +cccc, 3000 -aaa, 3000 +d, 4000 -d, 5000 -cccc");
}

BOOST_AUTO_TEST_CASE(a_list_that_is_too_long_is_a_failure_of_its_task) {
  workshop w;
  graph_builder g{"long"};
  const auto list = g.input<std::vector<int>>("list");
  const auto mapped = g.map("mapped", same, list);
  const auto graph = must(g.build(mapped, list));
  w.run([&](turn& now) -> task<void> {
    const std::vector<int> fits(graph_limits::tasks, 1);
    const auto good = co_await graph.run(now, fits);
    BOOST_TEST(good.result().value().size() == graph_limits::tasks);
    const std::vector<int> too_long(graph_limits::tasks + 1, 1);
    const auto bad = co_await graph.run(now, too_long);
    BOOST_TEST(bad.cause->is(agent_errc::overloaded));
  });
}

BOOST_AUTO_TEST_CASE(a_condition_decides_whether_a_task_runs_and_who_can_do_without_it_does) {
  workshop w;
  graph_builder g{"condition"};
  const auto x = g.input<int>("x");
  const auto even = g.task(
                         "even", [](int v) { return v / 2; }, x)
                        .when([](int v) { return v % 2 == 0; });
  const auto odd = g.task(
                        "odd", [](int v) { return 3 * v + 1; }, x)
                       .when([](int v) { return v % 2 == 1; });
  const auto next = g.task(
      "next", [](const std::optional<int>& a, const std::optional<int>& b) { return a ? *a : *b; }, maybe(even),
      maybe(odd));
  const auto strict = g.task("strict", same, even);
  static_cast<void>(strict);
  const auto graph = must(g.build(next, x));
  w.run([&](turn& now) -> task<void> {
    const auto four = co_await graph.run(now, 4);
    BOOST_TEST(four.result().value() == 2);
    BOOST_TEST(states(four) == "x:done even:done odd:skipped next:done strict:done");
    const auto three = co_await graph.run(now, 3);
    BOOST_TEST(three.result().value() == 10);
    BOOST_TEST(states(three) == "x:done even:skipped odd:done next:done strict:skipped");
    BOOST_TEST(three.find("even")->why->is(agent_errc::task_skipped));
    BOOST_TEST(three.find("strict")->why->message() ==
               "it needs `even`, which was skipped: its condition does not hold");
    BOOST_TEST(three.ok());
  });
}

BOOST_AUTO_TEST_CASE(an_order_without_a_value) {
  workshop w;
  graph_builder g{"order"};
  const auto a = g.task("a", [&](turn& now) { return w.work("a", 2s, now); });
  const auto b = g.task("b", [&](turn& now) { return w.work("b", 1s, now); }).after(a);
  g.task("c", [&](turn& now) { return w.work("c", 1s, now); }).needs(b).after(a);
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.ok());
  });
  BOOST_TEST(w.take_log() == "0 +a, 2000 -a, 2000 +b, 3000 -b, 3000 +c, 4000 -c");
}

BOOST_AUTO_TEST_CASE(a_graph_inside_another_is_a_task_with_a_report_of_its_own) {
  workshop w;
  graph_builder inside{"inside", {.at_once = 1}};
  const auto text = inside.input<std::string>("text");
  const auto left = inside.task(
      "left", [&](const std::string& t, turn& now) { return w.work(t + "l", 1s, now); }, text);
  const auto right = inside.task(
      "right", [&](const std::string& t, turn& now) { return w.work(t + "r", 1s, now); }, text);
  const auto joined = inside.task(
      "joined", [](const std::string& l, const std::string& r) { return l + r; }, left, right);
  const auto inner = must(inside.build(joined, text));
  graph_builder g{"outside"};
  const auto word = g.input<std::string>("word");
  const auto one = g.graph("one", inner, word);
  const auto two = g.graph("two", inner, one);
  const auto graph = must(g.build(two, word));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now, "x");
    BOOST_TEST(outcome.result().value() == "xlxrlxlxrr");
    BOOST_TEST(*outcome.value<std::string>("two/left") == "xlxrl");
    BOOST_TEST(*outcome.value<std::string>("one/joined") == "xlxr");
    BOOST_TEST(outcome.find("one")->inner->summary() == "graph `inside`: done in 2s; 4 tasks: 4 done");
  });
}

BOOST_AUTO_TEST_CASE(graphs_inside_have_places_of_their_own_or_share_those_of_the_graph_around) {
  for (const auto bound : {graph_bound::own, graph_bound::shared}) {
    workshop w;
    std::size_t running = 0;
    std::size_t most = 0;
    const auto job = [&](turn& now) -> task<void> {
      most = std::max(most, ++running);
      co_await now.sleep(1s);
      --running;
    };
    graph_builder inside{"inside", {.at_once = 4}};
    for (int i = 0; i < 6; ++i) inside.task("job " + std::to_string(i), job);
    const auto inner = must(inside.build());
    graph_builder g{"outside", {.at_once = 2}};
    g.graph("first", inner, bound);
    g.graph("second", inner, bound);
    g.task("alone", job);
    const auto graph = must(g.build());
    w.run([&](turn& now) -> task<void> {
      const auto outcome = co_await graph.run(now);
      BOOST_TEST(outcome.ok());
    });
    BOOST_TEST(most == (bound == graph_bound::own ? 8u : 2u));
    BOOST_TEST(running == 0u);
  }
}

BOOST_AUTO_TEST_CASE(what_happens_is_told_while_it_happens_also_from_inside) {
  workshop w;
  graph_builder inside{"inside"};
  inside.task("job", [](turn& now) -> task<void> { co_await now.sleep(1s); });
  const auto inner = must(inside.build());
  graph_builder g{"outside"};
  const auto first = g.graph("first", inner);
  g.task(
      "last", [](const done&) {}, first);
  const auto graph = must(g.build());
  w.run([&](turn& now) -> task<void> {
    const auto listener = [&](std::string_view name, const task_report& task) {
      w.note(std::string{name} + " " + std::string{to_string(task.state)});
    };
    const auto outcome = co_await graph.run(now, run_options{}.listen(listener));
    BOOST_TEST(outcome.ok());
  });
  BOOST_TEST(w.take_log() ==
             "0 first running, 0 first/job running, 1000 first/job done, 1000 first done, 1000 last running, 1000 last "
             "done");
}

BOOST_AUTO_TEST_CASE(a_graph_runs_on_real_threads_too) {
  const auto squares = [](scripted& me) { me.on([](question q) { return answer{q.text + q.text}; }); };
  graph_builder g{"threads", {.at_once = 4}};
  std::vector<task_node<int>> parts;
  auto sum = g.task("sum", [] {});
  for (int i = 0; i < 20; ++i) {
    const auto part = g.task("part " + std::to_string(i), [i](turn& now) -> task<int> {
      auto working = now.run([i] { return i * i; });
      co_return co_await working;
    });
    const auto asked = g.sub_agent(
        "asked " + std::to_string(i), scripted_child("x", squares),
        [](const int& v) { return question{std::to_string(v)}; }, part);
    sum.needs(asked);
    parts.push_back(part);
  }
  const auto graph = must(g.build(sum));
  node n{{.threads = 3, .log = logger{}}};
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.reentrant();
                   me.on([&](question, turn& now) -> task<result<answer>> {
                     const auto outcome = co_await graph.run(now);
                     if (!outcome.ok()) co_return *outcome.failure;
                     int all = 0;
                     for (const auto& each : parts) all += *each.in(outcome);
                     co_return answer{std::to_string(all) + " " + outcome.value<answer>("asked 12")->text};
                   });
                 })));
  std::vector<pending<answer>> several;
  for (int i = 0; i < 4; ++i) several.push_back(n.begin_ask(n.ref(path{"/top/a"}), question{}));
  for (auto& each : several) BOOST_TEST(must(each.get()).text == "2470 144144");
}

BOOST_AUTO_TEST_CASE(a_graph_that_cannot_be_is_refused_when_it_is_built) {
  BOOST_TEST(wrong(graph_builder{"g"}.build()) == "graph `g`: it has no task");
  {
    graph_builder g{"g"};
    const auto only = g.input<int>("x");
    BOOST_TEST(g.build(only, only).error().message() == "graph `g`: it has no task");
  }
  {
    graph_builder g{"g"};
    g.task("a", number);
    g.task("a", number);
    BOOST_TEST(wrong(g.build()) == "graph `g`: two tasks are named `a`");
  }
  {
    graph_builder g{"g"};
    g.task("", number);
    BOOST_TEST(wrong(g.build()) == "graph `g`: the name of a task has 1 to 256 bytes: ``");
  }
  {
    graph_builder g{"g"}, other{"other"};
    const auto a = other.task("a", number);
    g.task("b", same, a);
    BOOST_TEST(wrong(g.build()) == "graph `g`: task `b` has an input of another graph, `other`");
  }
  {
    graph_builder g{"g"}, other{"other"};
    const auto a = other.task("a", number);
    g.task("b", number).after(a);
    BOOST_TEST(wrong(g.build()) == "graph `g`: task `b` names a task of another graph, `other`");
  }
  {
    graph_builder g{"g"};
    g.input<int>("x");
    g.task("a", number);
    BOOST_TEST(wrong(g.build()) == "graph `g`: a run must be given every input once: name them when it is built");
  }
  {
    graph_builder g{"g", {.at_once = 0}};
    g.task("a", number);
    BOOST_TEST(wrong(g.build()) == "graph `g`: the number of tasks at once must be 1 to 1024");
  }
  {
    graph_builder g{"g"};
    g.task("a", number).retry({.attempts = -1, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0});
    BOOST_TEST(wrong(g.build()) == "graph `g`: task `a`: its number of further attempts must be 0 to 1000");
  }
  {
    graph_builder g{"g"};
    g.task("a", number).within(0s);
    BOOST_TEST(wrong(g.build()) == "graph `g`: task `a`: its time limit must be positive");
  }
  {
    graph_builder g{"g"};
    const auto a = g.input<int>("x");
    g.task("b", same, a).fallback(a);
    BOOST_TEST(g.build(a, a).error().message() == "graph `g`: task `b`: the input `x` cannot be its fallback");
  }
  {
    graph_builder g{"g"};
    const auto c = g.task("c", number);
    g.task("a", number).fallback(c);
    g.task("b", number).fallback(c);
    BOOST_TEST(wrong(g.build()) == "graph `g`: `c` is the fallback of both `a` and `b`");
  }
  {
    graph_builder g{"g"};
    child_spec spec = scripted_child("x", [](scripted&) {});
    spec.mailbox.limit = 0;
    g.sub_agent("a", spec, [] { return question{}; });
    BOOST_TEST(wrong(g.build()).starts_with("graph `g`: the sub-agent of task `a`: "), wrong(g.build()));
  }
}

BOOST_AUTO_TEST_CASE(a_cycle_is_named) {
  {
    graph_builder g{"g"};
    auto a = g.task("a", number);
    auto b = g.task("b", number).after(a);
    auto c = g.task("c", number).after(b);
    g.task("d", number).after(c);
    a.needs(c);
    BOOST_TEST(wrong(g.build()) == "graph `g`: a cycle: `a` waits for `c` waits for `b` waits for `a`");
  }
  {
    graph_builder g{"g"};
    auto a = g.task("a", number);
    a.after(a);
    BOOST_TEST(wrong(g.build()) == "graph `g`: a cycle: `a` waits for `a`");
  }
  {  // What stands in for a task cannot wait for what waits for the task.
    graph_builder g{"g"};
    auto b = g.task("b", number);
    auto a = g.task("a", number).fallback(b);
    b.after(a);
    BOOST_TEST(wrong(g.build()).starts_with("graph `g`: a cycle: "));
  }
  {  // Nor can a task wait for something that waits for what stands in for it.
    graph_builder g{"g"};
    auto b = g.task("b", number);
    auto c = g.task("c", same, b);
    g.task("a", same, c).fallback(b);
    BOOST_TEST(wrong(g.build()).starts_with("graph `g`: a cycle: "));
  }
}

BOOST_AUTO_TEST_CASE(graphs_have_limits) {
  {
    graph_builder g{"g"};
    for (std::size_t i = 0; i <= graph_limits::tasks; ++i) g.task(std::to_string(i), number);
    BOOST_TEST(wrong(g.build()) == "graph `g`: it has more than 10000 tasks");
  }
  {
    graph_builder g{"g"};
    const auto first = g.task("first", number);
    auto last = g.task("last", number);
    for (std::size_t i = 0; i <= graph_limits::edges; ++i) last.after(first);
    BOOST_TEST(wrong(g.build()) == "graph `g`: it has more than 100000 edges");
  }
  auto graph = [] {
    graph_builder g{"g"};
    g.task("a", number);
    return must(g.build());
  }();
  for (std::size_t depth = 2; depth <= graph_limits::nesting; ++depth) {
    graph_builder g{"g"};
    g.graph("inner", graph);
    graph = must(g.build());
  }
  graph_builder g{"g"};
  g.graph("inner", graph);
  BOOST_TEST(wrong(g.build()) == "graph `g`: graphs are nested more than 16 deep");
}

BOOST_AUTO_TEST_CASE(a_graph_that_was_built_does_not_change) {
  graph_builder g{"g"};
  auto a = g.task("a", number);
  must(g.build());
  BOOST_CHECK_EXCEPTION(a.priority(3), failure, [](const failure& f) { return f.error().is(agent_errc::bad_graph); });
  BOOST_CHECK_EXCEPTION(g.task("b", number), failure,
                        [](const failure& f) { return f.error().is(agent_errc::bad_graph); });
  BOOST_TEST(wrong(g.build()) == "graph `g`: it is built already");
}

BOOST_AUTO_TEST_CASE(a_chain_as_long_as_a_graph_and_a_task_that_waits_for_all_others) {
  workshop w;
  graph_builder g{"chain"};
  task_node<int> last = g.task("0", [] { return 0; });
  auto all = g.task("all", [] {});
  for (std::size_t i = 1; i + 1 < graph_limits::tasks; ++i) {
    last = g.task(
        std::to_string(i), [](const int& before) { return before + 1; }, last);
    all.after(last);
  }
  const auto graph = must(g.build(last));
  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now);
    BOOST_TEST(outcome.result().value() == static_cast<int>(graph_limits::tasks) - 2);
  });
}

BOOST_AUTO_TEST_SUITE_END()
