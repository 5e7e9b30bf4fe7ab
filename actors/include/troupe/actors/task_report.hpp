#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/effect.hpp>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <utility>
#include <vector>

// What a run of a graph has come to: while it runs, and when it is over.

namespace troupe {

namespace actors {
struct graph_plan;
class graph_engine;
}  // namespace actors

enum class task_state : std::uint8_t {
  not_started,
  running,
  waiting,  // For its next attempt, or for the task that stands in for it.
  done,
  failed,
  skipped,    // It is not needed, or what it needs is not there.
  cancelled,  // It was under way when the run ended.
};
std::string_view to_string(task_state state) noexcept;

struct graph_report;

// One task of one run.
struct task_report {
  std::string name;
  task_state state = task_state::not_started;
  std::optional<error> why;  // Of a task that failed or was skipped; of one that waits or was retried: the last.
  std::size_t attempts = 0;  // Elements of a list are tasks of their own, see `inner`.
  bool by_fallback = false;  // What stood in for it gave the value.
  instant started = {};      // Its first attempt. {}: none.
  instant finished = {};     // {}: not yet.
  message value = {};        // Empty unless it is done. Shared, immutable.
  std::shared_ptr<const graph_report> inner = {};  // Of a graph or a list: its last attempt.

  bool over() const noexcept { return state >= task_state::done; }
  // The value, if there is one and it is a T. Valid as long as this report, or another with the same value.
  template <class T>
  const T* get() const noexcept {
    return value.get_if<T>();
  }
};

// One run: a value; the values of the tasks are shared.
struct graph_report {
  std::string name;
  std::vector<task_report> tasks;  // In the order of their declaration; the graph's inputs are among them.
  // Why it failed: task_failed (names the task and the cause), timeout, cancelled.
  std::optional<error> failure;
  std::optional<error> cause;  // The error of the task, if that was why.
  instant started = {};
  instant finished = {};                           // {}: it runs.
  std::shared_ptr<const actors::graph_plan> plan;  // Shared with the graph and its other runs.

  bool ok() const noexcept { return !failure; }
  // "summaries" or, in graphs and lists inside, "research/web"; nullptr: there is none, or not yet. In case of doubt
  // the longest name counts.
  const task_report* find(std::string_view name) const noexcept;
  // The value of a task by its name as `find` takes it.
  template <class T>
  const T* value(std::string_view of) const noexcept {
    const task_report* found = find(of);
    return found ? found->get<T>() : nullptr;
  }
  std::size_t count(task_state state) const noexcept;
  // "graph `brief`: done in 2.5s; 7 tasks: 6 done, 1 skipped; 2 retries".
  std::string summary() const;
};

namespace actors {
const task_report& output_of(const graph_report& report);
}

// A run whose graph gives an Out: the report and the result.
template <class Out>
struct graph_outcome : graph_report {
  // The value of the graph's output, or why there is none: the failure, or what its task says.
  troupe::result<Out> result() const {
    if (failure) return *failure;
    const task_report& out = actors::output_of(*this);
    if (const Out* found = out.template get<Out>()) return *found;
    return out.why ? *out.why : error{agent_errc::task_skipped, "graph `" + name + "` has no result"};
  }
};
template <>
struct graph_outcome<void> : graph_report {
  troupe::result<void> result() const {
    if (failure) return *failure;
    return {};
  }
};

// Is told whenever the state of a task changes, with the task's name as graph_report::find takes it. Runs on the turn's
// thread of control, and must not throw. What a run gives up because it is destroyed is not told.
using task_listener = std::function<void(std::string_view name, const task_report& task)>;

// A hand on a run, for other coroutines of the same turn and for the listener. A value; copies are the same hand. For
// one run at a time; after it, what is in it stays.
class graph_control {
 public:
  graph_control();
  // Ends the run: tasks under way are cancelled, and it gives an outcome with the failure `cancelled`. Nothing happens
  // if it does not run. Takes effect when the coroutine that calls it has given the thread back.
  void cancel(std::string why = "cancelled");
  bool running() const noexcept;
  // How far the run has come; of the last one if none runs, also of one that was destroyed. Empty before the first.
  graph_report so_far() const;

 private:
  friend class actors::graph_engine;
  struct shared;
  std::shared_ptr<shared> shared_;  // between the copies, and the run
};

// How one run is made. With a constructor, so that one may stand in the same expression as a co_await:
//
//   auto outcome = co_await graph.run(now, run_options{}.control(hand), "topic");
class run_options {
 public:
  run_options() noexcept {}
  run_options& control(graph_control hand) {
    control_ = std::move(hand);
    return *this;
  }
  template <class F>
  run_options& listen(F&& listener) {
    static_assert(
        !actors::spoilt_as_temporary<F>,
        "name the listener on the line before: g++ before 15 corrupts lambdas with captures that stand in the "
        "same expression as co_await");
    listener_ = std::forward<F>(listener);
    return *this;
  }

 private:
  friend class actors::graph_engine;
  std::optional<graph_control> control_;
  task_listener listener_;
};

// The graph in the language of Graphviz, with states and times; graphs and lists inside are clusters. Names may hold
// anything. Solid edges carry a value that is needed, dashed ones one that may be missing, dotted ones an order; a
// dashed red one leads to the task that stands in.
std::string to_dot(const graph_report& report);

}  // namespace troupe
