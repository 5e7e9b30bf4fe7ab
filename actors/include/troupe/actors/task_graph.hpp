#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <troupe/actors/task_body.hpp>
#include <troupe/actors/task_kind_bodies.hpp>
#include <troupe/actors/task_node.hpp>
#include <troupe/actors/task_policy.hpp>
#include <troupe/actors/task_report.hpp>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// Graphs of tasks: what depends on what is said once, and a turn runs it, as much of it at the same time as may be.
//
//   troupe::graph_builder g{"brief"};
//   auto topic   = g.input<std::string>("topic");
//   auto news    = g.task("news", fetch_news, topic).retry({.attempts = 2, .delay_min = 100ms, .delay_max = 1s});
//   auto papers  = g.task("papers", fetch_papers, topic).skip_on_failure();
//   auto summary = g.task("summary", summarise, news, troupe::maybe(papers));
//   auto brief   = g.build(summary, topic).value();  // task_graph<std::string, std::string>
//   ...
//   auto outcome = co_await brief.run(now, "bees");
//   auto text    = outcome.result();  // result<std::string>
//
// A task's function takes its inputs by const reference or value, in the order in which they are named, and then the
// turn, if it wants it. It is a plain function or a coroutine, and gives a T, a result<T> or nothing. It is copied into
// the graph and called as const, in several runs at a time.

namespace troupe {

// Places of the tasks of a graph inside: its own, or those of the graph around it (then the task for the graph takes
// none).
enum class graph_bound : std::uint8_t { own, shared };

// A graph that takes In... and gives an Out (void: no result of its own). A value; copies share the plan. Runs of it
// know nothing of each other. Threads: any may have a copy.
template <class Out = void, class... In>
class task_graph {
 public:
  explicit task_graph(std::shared_ptr<const actors::graph_plan> plan) noexcept : plan_{std::move(plan)} {}

  // Runs it in this turn, from when it is awaited. It does not throw what tasks throw: the outcome says all. Destroying
  // the run (its turn is cancelled, the agent ends) gives up the tasks under way: their effects, and their sub-agents.
  template <class... Args>
  auto run(turn& now, Args&&... inputs) const
      requires(sizeof...(Args) == sizeof...(In) && (std::convertible_to<Args, In> && ...)) {
    return run(now, run_options{}, std::forward<Args>(inputs)...);
  }
  template <class... Args>
  auto run(turn& now, run_options options, Args&&... inputs) const
      requires(sizeof...(Args) == sizeof...(In) && (std::convertible_to<Args, In> && ...)) {
    static_assert(!(actors::spoilt_as_temporary<Args> || ...),
                  "name the input on the line before: g++ before 15 corrupts brace-initialised temporaries in the same "
                  "expression as co_await");
    std::vector<message> values;
    values.reserve(sizeof...(In));
    (values.push_back(message::of<In>(std::forward<Args>(inputs))), ...);
    return outcome_of(actors::run_outside(plan_, now, std::move(options), std::move(values)));
  }

  const std::shared_ptr<const actors::graph_plan>& plan() const noexcept { return plan_; }
  const std::string& name() const noexcept { return plan_->name; }

 private:
  static task<graph_outcome<Out>> outcome_of(task<graph_report> run) {
    graph_outcome<Out> outcome;
    static_cast<graph_report&>(outcome) = co_await std::move(run);
    co_return outcome;
  }
  std::shared_ptr<const actors::graph_plan> plan_;  // shared with the copies and the runs
};

// The graph alone, without a run.
std::string to_dot(const actors::graph_plan& plan);
template <class Out, class... In>
std::string to_dot(const task_graph<Out, In...>& graph) {
  return to_dot(*graph.plan());
}

// Makes one graph. What is wrong with it is found by `build`, never by a run. Owner: whoever makes it; one thread.
class graph_builder {
 public:
  explicit graph_builder(std::string name, graph_options options = {});

  // A value that every run is given.
  template <class T>
  task_node<T> input(std::string name) {
    return task_node<T>{add({.name = std::move(name), .type = actors::type_name<T>()}, {})};
  }

  // A function of its inputs.
  template <class F, class... Nodes>
  requires actors::task_function<F, actors::input_t<Nodes>...>
  auto task(std::string name, F f, const Nodes&... inputs) {
    using T = actors::task_value_t<F, actors::input_t<Nodes>...>;
    return declare<T>(std::move(name), actors::body_of<actors::input_t<Nodes>...>(std::move(f)), inputs...);
  }

  // A question to an agent, by reference or by path; its answer is the value (done, if there is none). `make` gives the
  // question from the inputs. It waits as long as `within` says, or the node's ask timeout.
  template <class Make, class... Nodes>
  requires actors::task_function<Make, actors::input_t<Nodes>...>
  auto ask(std::string name, std::variant<agent_ref, path> to, Make make, const Nodes&... inputs) {
    using Q = actors::task_value_t<Make, actors::input_t<Nodes>...>;
    using T = typename actors::value_of<reply_of_t<Q>>::type;
    return declare<T>(std::move(name), actors::asking<Q, actors::input_t<Nodes>...>(std::move(to), std::move(make)),
                      inputs...);
  }

  // The same question in every run.
  template <message_value Q>
  auto ask(std::string name, std::variant<agent_ref, path> to, Q question) {
    return ask(std::move(name), std::move(to), [question = std::move(question)] { return question; });
  }

  // A sub-agent for this task alone: it is spawned, asked, and let go of, whatever comes of it. Its id is made from the
  // task's name; it is temporary, since trying again is what `retry` is for.
  template <class Make, class... Nodes>
  requires actors::task_function<Make, actors::input_t<Nodes>...>
  auto sub_agent(std::string name, child_spec agent, Make make, const Nodes&... inputs) {
    using Q = actors::task_value_t<Make, actors::input_t<Nodes>...>;
    using T = typename actors::value_of<reply_of_t<Q>>::type;
    check_agent(name, agent);
    auto body = actors::spawning<Q, actors::input_t<Nodes>...>(name, std::move(agent), std::move(make));
    return declare<T>(std::move(name), std::move(body), inputs...);
  }

  // Another graph, whose inputs are the values of these tasks. By default its tasks have a bound of their own.
  template <class Out, class... In, class... Nodes>
  requires(std::same_as<actors::input_t<Nodes>, In>&&...) auto graph(std::string name,
                                                                     const task_graph<Out, In...>& inner,
                                                                     const Nodes&... inputs) {
    return graph(std::move(name), inner, graph_bound::own, inputs...);
  }
  template <class Out, class... In, class... Nodes>
  requires(std::same_as<actors::input_t<Nodes>, In>&&...) auto graph(std::string name,
                                                                     const task_graph<Out, In...>& inner,
                                                                     graph_bound bound, const Nodes&... inputs) {
    using T = typename actors::value_of<Out>::type;
    const bool shared = bound == graph_bound::shared;
    auto node = declare<T, Nodes...>(std::move(name), actors::graph_body(inner.plan(), shared), inputs...);
    node.handle().open().inner = inner.plan();
    node.handle().open().shares_bound = shared;
    return node;
  }

  // A task for each element of a list; the value is the list of their values, in the same order.
  template <class F, class E>
  requires actors::task_function<F, E>
  auto map(std::string name, F f, const task_node<std::vector<E>>& list, map_options options = {}) {
    using T = actors::task_value_t<F, E>;
    if (auto wrong = what_is_wrong(options.each) + what_is_wrong(graph_options{.at_once = options.at_once});
        !wrong.empty())
      is_wrong("the elements of `" + name + "`: " + wrong);
    return declare<std::vector<T>>(std::move(name), actors::map_body<E, T>(std::move(f), options), list);
  }
  // A list folded into one value: `op` gives the next value from the last one and an element.
  template <class T, class E, class Op>
  requires std::convertible_to<std::invoke_result_t<const Op&, T, const E&>, T>
  auto reduce(std::string name, T first, Op op, const task_node<std::vector<E>>& list) {
    return task(
        std::move(name),
        [first = std::move(first), op = std::move(op)](const std::vector<E>& all) -> T {
          return std::accumulate(all.begin(), all.end(), first, op);
        },
        list);
  }

  // Checks all of it: bad_graph says what is wrong and where. The builder is of no use after that.
  result<task_graph<>> build() { return finish<task_graph<>>({}, {}); }
  // With a result, and with inputs in the order in which `run` takes them: every input of the graph, once.
  template <class Out, class... In>
  result<task_graph<Out, In...>> build(const task_node<Out>& output, const task_node<In>&... inputs) {
    return finish<task_graph<Out, In...>>(output.handle(), {inputs.handle()...});
  }

 private:
  struct edge {
    actors::node_handle from;
    actors::edge_kind kind;
  };
  actors::node_handle add(actors::graph_task task, std::vector<edge> inputs);
  void is_wrong(std::string what);
  void check_agent(const std::string& task, child_spec& agent);
  std::optional<error> seal(const std::optional<actors::node_handle>& output,
                            const std::vector<actors::node_handle>& in);

  template <class Graph>
  result<Graph> finish(std::optional<actors::node_handle> output, std::vector<actors::node_handle> inputs) {
    if (auto wrong = seal(output, inputs)) return *std::move(wrong);
    return Graph{plan_};
  }
  template <class T, class... Nodes>
  declared_task<T, actors::input_t<Nodes>...> declare(std::string name, actors::task_body body,
                                                      const Nodes&... inputs) {
    actors::graph_task made{.name = std::move(name), .type = actors::type_name<T>(), .body = std::move(body)};
    return declared_task<T, actors::input_t<Nodes>...>{
        add(std::move(made), {edge{actors::handle_of(inputs), actors::held_input<actors::input_t<Nodes>>::kind}...})};
  }

  std::shared_ptr<actors::graph_plan> plan_;  // shared with its nodes, and with the graph in the end
};

}  // namespace troupe
