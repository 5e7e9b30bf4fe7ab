#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/task_graph.hpp>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// Graphs described by data: by names of kinds of tasks that the program knows, as a planner or a file gives them.

namespace troupe {

// What the data say to one task.
using task_settings = std::map<std::string, std::string>;

struct task_spec {
  std::string name = {};
  std::string kind = {};                     // As it was added to task_kinds.
  std::vector<std::string> inputs = {};      // Names of tasks or inputs, in the order in which the kind takes them.
  std::vector<std::string> needs = {};       // Others that must be done before.
  std::vector<std::string> after = {};       // Others that must be over before.
  std::optional<std::string> fallback = {};  // The task that runs when this one has failed.
  task_settings settings = {};
  task_options options = {};
};

// An input of the graph: its name, and the name of its type as task_kinds knows it.
struct input_spec {
  std::string name = {};
  std::string type = {};
};

struct task_graph_spec {
  std::string name = {};
  graph_options options = {};
  std::vector<input_spec> inputs = {};
  std::vector<task_spec> tasks = {};  // In any order.
  std::string output = {};            // The name of a task or input; empty: none.
};

namespace actors {

struct task_kind {
  struct input {
    std::string type;
    edge_kind kind;
  };
  std::vector<input> inputs;
  std::string type;
  std::function<task_body(const task_settings&)> body;
  std::shared_ptr<const graph_plan> inner;
};

// The inputs of a function: its arguments without task_settings in front and the turn at the end.
template <class... In>
struct type_list {};
template <class Done, class... Rest>
struct inputs_in;
template <class... Done>
struct inputs_in<type_list<Done...>> {
  using type = type_list<Done...>;
};
template <class... Done>
struct inputs_in<type_list<Done...>, turn&> {
  using type = type_list<Done...>;
};
template <class... Done, class Next, class... Rest>
struct inputs_in<type_list<Done...>, Next, Rest...>
    : inputs_in<type_list<Done..., std::remove_cvref_t<Next>>, Rest...> {};

template <class... Args>
struct function_inputs {
  static constexpr bool takes_settings = false;
  using type = typename inputs_in<type_list<>, Args...>::type;
};
template <class... Args>
struct function_inputs<const task_settings&, Args...> {
  static constexpr bool takes_settings = true;
  using type = typename inputs_in<type_list<>, Args...>::type;
};

template <class F>
struct signature : signature<decltype(&F::operator())> {};
template <class R, class... Args>
struct signature<R (*)(Args...)> : function_inputs<Args...> {};
template <class C, class R, class... Args>
struct signature<R (C::*)(Args...) const> : function_inputs<Args...> {};

std::optional<error> complete_from(const task_graph_spec& spec, const std::map<std::string, task_kind>& kinds,
                                   const std::vector<std::string>& input_types, const std::string* output_type,
                                   graph_plan& plan);

}  // namespace actors

// The kinds of tasks that a program lets data use. Owner: the program; graphs that were built do not need it any more.
// Not shared between threads while it grows.
class task_kinds {
 public:
  // A function as graph_builder::task takes it, but not generic: its arguments say what its inputs are. An
  // std::optional<T> is an input that may be missing. A first argument `const task_settings&` gets what the data say.
  // The last one added under a name counts.
  template <class F>
  void add(std::string name, F f) {
    using shape = actors::signature<F>;
    add_function<shape::takes_settings>(std::move(name), std::move(f), typename shape::type{});
  }
  // A graph, as a kind of task.
  template <class Out, class... In>
  void add(std::string name, const task_graph<Out, In...>& graph) {
    actors::task_kind made;
    made.inputs = {actors::task_kind::input{actors::type_name<In>(), actors::edge_kind::need}...};
    made.type = actors::type_name<typename actors::value_of<Out>::type>();
    made.body = [plan = graph.plan()](const task_settings&) { return actors::graph_body(plan, false); };
    made.inner = graph.plan();
    kinds_[std::move(name)] = std::move(made);
  }

  // Checks everything: bad_graph names an unknown kind or task, a doubled name, an input whose type does not fit, a
  // cycle. The graph's own inputs and output must be of these types; without any, it is run for what its tasks do.
  template <class Out = void, class... In>
  result<task_graph<Out, In...>> build(const task_graph_spec& spec) const {
    auto plan = std::make_shared<actors::graph_plan>();
    const std::string output = actors::type_name<typename actors::value_of<Out>::type>();
    if (auto wrong = actors::complete_from(spec, kinds_, {actors::type_name<In>()...},
                                           std::is_void_v<Out> ? nullptr : &output, *plan))
      return *std::move(wrong);
    return task_graph<Out, In...>{std::move(plan)};
  }

 private:
  template <bool takes_settings, class F, class... In>
  void add_function(std::string name, F f, actors::type_list<In...>) {
    actors::task_kind made;
    made.inputs = {actors::task_kind::input{actors::type_name<typename actors::held_input<In>::type>(),
                                            actors::held_input<In>::kind}...};
    if constexpr (takes_settings) {
      const auto with = [f](const task_settings& settings) {
        return [f, settings](const In&... inputs, turn& now) -> decltype(auto) {
          return actors::call_task(f, now, settings, inputs...);
        };
      };
      made.type = actors::type_name<actors::task_value_t<decltype(with({})), In...>>();
      made.body = [with](const task_settings& settings) { return actors::body_of<In...>(with(settings)); };
    } else {
      made.type = actors::type_name<actors::task_value_t<F, In...>>();
      made.body = [f = std::move(f)](const task_settings&) { return actors::body_of<In...>(f); };
    }
    kinds_[std::move(name)] = std::move(made);
  }

  std::map<std::string, actors::task_kind> kinds_;
};

}  // namespace troupe
