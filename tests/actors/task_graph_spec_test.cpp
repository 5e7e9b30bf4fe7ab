#include <troupe/actors/task_graph_spec.hpp>

#include "task_graphs.hpp"

using namespace troupe;
using namespace support;

// Graphs that are described by data.

namespace {

struct page {
  std::string text;
  TROUPE_MESSAGE(page, text)
};

namespace other {
struct page {
  std::int64_t number = 0;
  TROUPE_MESSAGE(page, number)
};
}  // namespace other

class kinds_of_test {
 public:
  explicit kinds_of_test(workshop& w) {
    kinds.add("fetch", [&w](const task_settings& settings, const question& q, turn& now) -> task<page> {
      const auto text = co_await w.work(settings.at("site") + ":" + q.text, 1s, now);
      co_return page{text};
    });
    kinds.add("fail", [](const question&) -> result<page> { return error{errc::unsupported, "not today"}; });
    kinds.add("join",
              [](const page& a, const std::optional<page>& b) { return answer{a.text + (b ? " " + b->text : "")}; });
    kinds.add("note", [&w](const answer& a) { w.note(a.text); });
    kinds.add("count", [](const std::vector<std::string>& list) { return list.size(); });
  }
  task_kinds kinds;
};

task_graph_spec research() {
  return {.name = "research",
          .inputs = {{"topic", "question"}},
          .tasks = {{.name = "both", .kind = "join", .inputs = {"one", "two"}},
                    {.name = "one", .kind = "fetch", .inputs = {"topic"}, .settings = {{"site", "a"}}},
                    {.name = "two", .kind = "fetch", .inputs = {"topic"}, .settings = {{"site", "b"}}}},
          .output = "both"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_graph_spec_test)

BOOST_AUTO_TEST_CASE(a_graph_is_built_of_names_in_any_order_and_runs) {
  workshop w;
  kinds_of_test k{w};
  auto spec = research();
  spec.tasks.push_back({.name = "note", .kind = "note", .inputs = {"both"}, .after = {"two"}});
  const auto graph = must(k.kinds.build<answer, question>(spec));
  w.run([&](turn& now) -> task<void> {
    const question topic{"bees"};
    const auto outcome = co_await graph.run(now, topic);
    BOOST_TEST(outcome.result().value().text == "a:bees b:bees");
    BOOST_TEST(outcome.value<page>("two")->text == "b:bees");
  });
  BOOST_TEST(w.take_log() == "0 +a:bees, 0 +b:bees, 1000 -a:bees, 1000 -b:bees, 1000 a:bees b:bees");
}

BOOST_AUTO_TEST_CASE(policies_and_fallbacks_are_data_too) {
  workshop w;
  kinds_of_test k{w};
  auto spec = research();
  spec.tasks[1].kind = "fail";
  spec.tasks[1].fallback = "spare";
  spec.tasks[2].kind = "fail";
  spec.tasks[2].options.on_failure = on_task_failure::skip;
  spec.tasks.push_back({.name = "spare", .kind = "fetch", .inputs = {"topic"}, .settings = {{"site", "c"}}});
  spec.tasks.push_back({.name = "never", .kind = "note", .inputs = {"both"}, .needs = {"two"}});
  const auto graph = must(k.kinds.build<answer, question>(spec));
  w.run([&](turn& now) -> task<void> {
    const question topic{"bees"};
    const auto outcome = co_await graph.run(now, topic);
    BOOST_TEST(outcome.result().value().text == "c:bees");
    BOOST_TEST(states(outcome) == "topic:done both:done one:done two:failed spare:done never:skipped");
  });
}

BOOST_AUTO_TEST_CASE(a_graph_may_be_a_kind_of_task) {
  workshop w;
  kinds_of_test k{w};
  k.kinds.add("research", must(k.kinds.build<answer, question>(research())));
  const task_graph_spec spec{
      .name = "outer",
      .inputs = {{"q", "question"}},
      .tasks = {{.name = "r", .kind = "research", .inputs = {"q"}}, {.name = "n", .kind = "note", .inputs = {"r"}}}};
  const auto graph = must(k.kinds.build<void, question>(spec));
  w.run([&](turn& now) -> task<void> {
    const question topic{"x"};
    const auto outcome = co_await graph.run(now, topic);
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.value<page>("r/one")->text == "a:x");
  });
  BOOST_TEST(w.log.back() == "1000 a:x b:x");
}

BOOST_AUTO_TEST_CASE(two_types_of_one_name_are_told_apart_when_the_task_runs) {
  workshop w;
  kinds_of_test k{w};
  k.kinds.add("other", [](const question&) { return other::page{}; });
  auto spec = research();
  spec.tasks[1].kind = "other";
  spec.tasks[1].settings = {};
  const auto graph = must(k.kinds.build<answer, question>(spec));
  w.run([&](turn& now) -> task<void> {
    const question topic{"bees"};
    const auto outcome = co_await graph.run(now, topic);
    BOOST_TEST(outcome.cause->is(agent_errc::unexpected_reply));
  });
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_description_is_named) {
  workshop w;
  kinds_of_test k{w};
  const auto wrong = [&](const std::function<void(task_graph_spec&)>& change) {
    auto spec = research();
    change(spec);
    const auto built = k.kinds.build<answer, question>(spec);
    if (built) return std::string{"nothing"};
    BOOST_TEST(built.error().is(agent_errc::bad_graph));
    return built.error().message();
  };
  BOOST_TEST(wrong([](auto&) {}) == "nothing");
  BOOST_TEST(wrong([](auto& s) { s.tasks[0].kind = "x"; }) ==
             "graph `research`: task `both` is of kind `x`, which nobody added");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].name = "two"; }) == "graph `research`: two tasks are named `two`");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].name = "topic"; }) == "graph `research`: two tasks are named `topic`");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].inputs = {"x"}; }) ==
             "graph `research`: task `one` names `x`, which is no task or input of it");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].after = {"x"}; }) ==
             "graph `research`: task `one` names `x`, which is no task or input of it");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].needs = {"x"}; }) ==
             "graph `research`: task `one` names `x`, which is no task or input of it");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].fallback = "x"; }) ==
             "graph `research`: task `one` names `x`, which is no task or input of it");
  BOOST_TEST(wrong([](auto& s) { s.output = "x"; }) ==
             "graph `research`: the graph's output names `x`, which is no task or input of it");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].inputs = {}; }) ==
             "graph `research`: task `one` of kind `fetch` takes 1 inputs, and is given 0");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].inputs = {"both"}; }) ==
             "graph `research`: task `one` takes a `question` as input 1, and `both` gives a `answer`");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].fallback = "both"; }) ==
             "graph `research`: task `one`: it gives `page`, and its fallback `both` gives `answer`");
  BOOST_TEST(wrong([](auto& s) { s.tasks[1].after = {"both"}; }) ==
             "graph `research`: a cycle: `both` waits for `one` waits for `both`");
  BOOST_TEST(wrong([](auto& s) { s.inputs[0].type = "page"; }) ==
             "graph `research`: task `one` takes a `question` as input 1, and `topic` gives a `page`");
  BOOST_TEST(wrong([](auto& s) {
               s.inputs.push_back({"more", "page"});
             }) == "graph `research`: it has 2 inputs, and is built for 1");
  BOOST_TEST(wrong([](auto& s) { s.output = "one"; }) ==
             "graph `research`: its output `one` is a `page`, and it is built for a `answer`");
  BOOST_TEST(wrong([](auto& s) { s.output = ""; }) ==
             "graph `research`: it has no output, and is built for a `answer`");
  BOOST_TEST(wrong([](auto& s) { s.options.at_once = 0; }) ==
             "graph `research`: the number of tasks at once must be 1 to 1024");
  BOOST_TEST((k.kinds.build<answer, page>(research()).error().message() ==
              "graph `research`: its input `topic` is a `question`, and it is built for a `page`"));
  BOOST_TEST(k.kinds.build({.name = "empty"}).error().message() == "graph `empty`: it has no task");
}

BOOST_AUTO_TEST_SUITE_END()
