#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <troupe/actors/task_body.hpp>
#include <troupe/actors/task_policy.hpp>
#include <troupe/actors/task_report.hpp>
#include <utility>

// The tasks of a graph while it is said, as graph_builder (task_graph.hpp) gives them.

namespace troupe {

namespace actors {
// Of the builder that made it, until the graph is built.
struct node_handle {
  std::shared_ptr<graph_plan> plan;
  std::size_t index = 0;
  graph_task& open() const;  // Throws bad_graph if the graph is built already.
  // The other's index; if it belongs to another graph, that is wrong.
  std::size_t index_of(const node_handle& other) const;
};
}  // namespace actors

namespace actors {
template <class T>
inline constexpr bool may_be_missing = false;
template <class T>
inline constexpr bool may_be_missing<std::optional<T>> = true;
}  // namespace actors

// A task of a graph whose value is a T: what others name as their input. A value; good as long as the builder.
template <class T>
class task_node {
 public:
  using type = T;
  static_assert(!actors::may_be_missing<T>,
                "the value of a task cannot be a std::optional: that is how a task takes one "
                "that may be missing (troupe::maybe). Give a struct, or skip the task");
  explicit task_node(actors::node_handle handle) noexcept : handle_{std::move(handle)} {}
  const actors::node_handle& handle() const noexcept { return handle_; }
  // Its value in a run of the graph; nullptr: it has none.
  const T* in(const graph_report& report) const noexcept {
    return report.plan == handle_.plan ? report.tasks[handle_.index].template get<T>() : nullptr;
  }

 protected:
  actors::node_handle handle_;
};

// An input that may be missing: the task gets an optional<T>, and runs also when the other has failed (if that does not
// fail the graph) or was skipped.
template <class T>
struct maybe_node {
  task_node<T> node;
};
template <class T>
maybe_node<T> maybe(const task_node<T>& node) {
  return {node};
}

namespace actors {
template <class T>
T input_type(const task_node<T>&);
template <class T>
std::optional<T> input_type(const maybe_node<T>&);
template <class Node>
using input_t = decltype(input_type(std::declval<const Node&>()));
template <class T>
const node_handle& handle_of(const task_node<T>& node) {
  return node.handle();
}
template <class T>
const node_handle& handle_of(const maybe_node<T>& node) {
  return node.node.handle();
}
}  // namespace actors

// A task whose inputs are In..., while it is being declared.
template <class T, class... In>
class declared_task : public task_node<T> {
 public:
  using task_node<T>::task_node;
  // Of several that are ready, the higher priority starts first; equal ones in the order of their declaration.
  declared_task& priority(int value) {
    this->handle_.open().options.priority = value;
    return *this;
  }
  // The longest that an attempt may take; then it fails with timeout.
  declared_task& within(duration limit) {
    this->handle_.open().options.within = limit;
    return *this;
  }
  declared_task& retry(retry_policy policy) {
    this->handle_.open().options.retry = policy;
    return *this;
  }
  // Its failure does not fail the graph.
  declared_task& skip_on_failure() {
    this->handle_.open().options.on_failure = on_task_failure::skip;
    return *this;
  }
  // When it has failed for good, this function is called, with the error first if it wants it; its value counts. It is
  // tried once, within the same limit.
  template <class F>
  requires actors::fallback_function<F, In...> declared_task& fallback(F f) {
    this->handle_.open().stand_in = actors::stand_in_of<In...>(std::move(f));
    return *this;
  }
  // When it has failed for good, that task runs, and its value counts. It does not run otherwise; if it fails, this one
  // has failed.
  declared_task& fallback(const task_node<T>& other) {
    this->handle_.open().fallback = this->handle_.index_of(other.handle());
    return *this;
  }
  // Runs only if this is true of its inputs; otherwise it is skipped.
  template <std::predicate<const In&...> P>
  declared_task& when(P condition) {
    this->handle_.open().condition = actors::condition_of<In...>(std::move(condition));
    return *this;
  }
  // Waits until the other is over, whatever came of it.
  template <class U>
  declared_task& after(const task_node<U>& other) {
    this->handle_.open().order.push_back({this->handle_.index_of(other.handle()), actors::edge_kind::after});
    return *this;
  }
  // Waits until the other is done, and is skipped if it does not get there.
  template <class U>
  declared_task& needs(const task_node<U>& other) {
    this->handle_.open().order.push_back({this->handle_.index_of(other.handle()), actors::edge_kind::need});
    return *this;
  }
};

}  // namespace troupe
