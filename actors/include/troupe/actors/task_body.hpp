#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/handler.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/actors/task.hpp>
#include <troupe/actors/task_policy.hpp>
#include <troupe/actors/task_report.hpp>
#include <troupe/actors/turn.hpp>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

// What a graph is made of inside, and how a function of any permitted shape becomes the body of a task. Users meet this
// only through graph_builder and task_kinds.

namespace troupe::actors {

class graph_engine;

// What the body of a task gets for one attempt. Owner: the run; outlives the attempt.
struct task_context {
  turn& now;
  graph_engine& run;
  std::size_t index;             // of the task
  std::vector<message> inputs;   // in order; empty: absent
  std::optional<error> failure;  // for what stands in: why the task failed
};
using task_body = std::function<task<message>(task_context&)>;

enum class edge_kind : std::uint8_t { need, maybe, after };

struct graph_edge {
  std::size_t from = 0;
  edge_kind kind = edge_kind::need;
};

struct graph_task {
  std::string name = {};
  task_options options = {};
  std::vector<graph_edge> inputs = {};       // whose values it gets
  std::vector<graph_edge> order = {};        // others that it waits for
  std::string type = {};                     // of its value
  task_body body = {};                       // none: an input of the graph
  task_body stand_in = {};                   // a function that is called when it has failed
  std::optional<std::size_t> fallback = {};  // a task that runs when it has failed
  std::function<bool(const std::vector<message>&)> condition = {};
  std::shared_ptr<const graph_plan> inner = {};
  bool shares_bound = false;  // the tasks of `inner` take places, and it takes none
};

// A graph as it was built; never changed after that, and shared by the graph's copies and its runs.
struct graph_plan {
  std::string name;
  graph_options options;
  std::vector<graph_task> tasks;
  std::vector<std::size_t> inputs;  // among the tasks, in the order in which a run is given them
  std::optional<std::size_t> output;
  std::vector<std::vector<std::size_t>> dependents;  // by task: who waits for it, in order of declaration
  std::vector<std::optional<std::size_t>> stands_in_for;
  std::size_t nesting = 1;
  std::optional<error> wrong;  // the first thing that was found while it was said
  bool built = false;
};

// The first thing that is wrong with it, if there is one; otherwise fills in the rest of the plan.
std::optional<error> complete(graph_plan& plan);
error bad_graph(const graph_plan& plan, std::string what);

// Runs a graph as the body of a task of another, or the elements of a list. Gives the inner report to the task; throws
// the error of the task inside that failed.
task<graph_report> run_inside(std::shared_ptr<const graph_plan> plan, task_context& here, std::vector<message> inputs,
                              bool share_bound);
task<graph_report> run_outside(std::shared_ptr<const graph_plan> plan, turn& now, run_options options,
                               std::vector<message> inputs);
// The task's time limit, if it has one.
std::optional<duration> time_limit(const task_context& here);

// The name under which a type is known in graphs that are described by data.
template <class T>
std::string type_name() {
  if constexpr (message_value<T>)
    return std::string{T::troupe_message_name};
  else
    return type_label(typeid(T).name());
}

// Types are checked by name when a graph is built; two types of one name are told apart here.
template <class T>
const T& checked_input(const message& from) {
  const T* found = from.get_if<T>();
  if (!found)
    throw failure{error{agent_errc::unexpected_reply,
                        "expected a " + type_name<T>() + ", got a `" + std::string{from.type_name()} + "`"}};
  return *found;
}

// An input is a T that is needed, or an optional<T>. It is handed over as a const reference, which is valid for the
// whole attempt.
template <class T>
struct held_input {
  explicit held_input(const message& from) : value{from} { checked_input<T>(value); }
  const T& get() const { return *value.get_if<T>(); }
  static constexpr edge_kind kind = edge_kind::need;
  using type = T;
  message value;
};
template <class T>
struct held_input<std::optional<T>> {
  explicit held_input(const message& from) {
    if (!from.empty()) value.emplace(checked_input<T>(from));
  }
  const std::optional<T>& get() const { return value; }
  static constexpr edge_kind kind = edge_kind::maybe;
  using type = T;
  std::optional<T> value;
};

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

// The value of what a function returns, with void as done.
template <class R>
struct value_of {
  using type = R;
};
template <>
struct value_of<void> {
  using type = done;
};
template <class T>
struct value_of<result<T>> : value_of<T> {};
template <class T>
struct value_of<task<T>> : value_of<T> {};

template <class R>
message as_value(R&& value) {
  if constexpr (is_result<std::remove_cvref_t<R>>) {
    if (!value) throw failure{value.error()};
    if constexpr (std::is_void_v<typename std::remove_cvref_t<R>::value_type>)
      return message::of(done{});
    else
      return message::of(std::forward<R>(value).value());
  } else {
    return message::of(std::remove_cvref_t<R>{std::forward<R>(value)});
  }
}

template <class R>
task<message> awaited(task<R> work) {
  if constexpr (std::is_void_v<R>) {
    co_await std::move(work);
    co_return message::of(done{});
  } else {
    R value = co_await std::move(work);
    co_return as_value(std::move(value));
  }
}

// The shapes of a task's function: its inputs, and the turn if it wants it.
template <class F, class... In>
concept task_function = std::copy_constructible<F> &&
    (std::invocable<const F&, const In&..., turn&> || std::invocable<const F&, const In&...>);
// Of one that stands in: first the error, if it wants it.
template <class F, class... In>
concept fallback_function = task_function<F, error, In...> || task_function<F, In...>;

template <class F, class... In>
decltype(auto) call_task(const F& f, turn& now, const In&... in) {
  if constexpr (std::invocable<const F&, const In&..., turn&>)
    return f(in..., now);
  else
    return f(in...);
}
template <class F, class... In>
using called_t = decltype(call_task(std::declval<const F&>(), std::declval<turn&>(), std::declval<const In&>()...));
template <class F, class... In>
using task_value_t = typename value_of<std::remove_cvref_t<called_t<F, In...>>>::type;

template <class... In, std::size_t... I>
std::tuple<held_input<In>...> hold([[maybe_unused]] const std::vector<message>& inputs, std::index_sequence<I...>) {
  return std::tuple<held_input<In>...>{held_input<In>{inputs[I]}...};
}
template <class... In>
std::tuple<held_input<In>...> hold(const std::vector<message>& inputs) {
  return hold<In...>(inputs, std::index_sequence_for<In...>{});
}

// Calls with the inputs, and with `first...` in front of them.
template <class... In, class F, class... First>
task<message> call_held(const F& f, task_context& here, const First&... first) {
  const auto inputs = hold<In...>(here.inputs);
  const auto call = [&]() -> decltype(auto) {
    return std::apply(
        [&](const auto&... each) -> decltype(auto) { return call_task(f, here.now, first..., each.get()...); }, inputs);
  };
  using R = std::remove_cvref_t<decltype(call())>;
  if constexpr (is_task<R>::value) {
    auto work = awaited(call());
    message value = co_await std::move(work);
    co_return value;
  } else if constexpr (std::is_void_v<R>) {
    call();
    co_return message::of(done{});
  } else {
    co_return as_value(call());
  }
}

template <class... In, class F>
task_body body_of(F f) {
  return [f = std::move(f)](task_context& here) { return call_held<In...>(f, here); };
}
template <class... In, class F>
task_body stand_in_of(F f) {
  return [f = std::move(f)](task_context& here) {
    if constexpr (task_function<F, error, In...>)
      return call_held<In...>(f, here, *here.failure);
    else
      return call_held<In...>(f, here);
  };
}
template <class... In, class F>
std::function<bool(const std::vector<message>&)> condition_of(F f) {
  return [f = std::move(f)](const std::vector<message>& values) -> bool {
    const auto inputs = hold<In...>(values);
    return std::apply([&](const auto&... each) { return f(each.get()...); }, inputs);
  };
}

// A sub-agent that lives as long as this object: until then its name is taken.
class sub_agent {
 public:
  sub_agent(turn& now, std::string_view stem) : now_{now}, name_{now.sub_agent_name(stem)} {}
  sub_agent(const sub_agent&) = delete;
  sub_agent& operator=(const sub_agent&) = delete;
  ~sub_agent() { now_.let_go(std::move(name_)); }
  const std::string& name() const noexcept { return name_; }

 private:
  turn& now_;
  std::string name_;
};

}  // namespace troupe::actors
