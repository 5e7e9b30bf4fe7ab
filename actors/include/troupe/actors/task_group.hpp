#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <troupe/actors/fwd.hpp>
#include <troupe/actors/task.hpp>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

// Tasks of one turn that are under way at the same time. They take turns on the agent's thread of control: one runs
// until it awaits something, then another. Nothing runs in parallel but what they wait for.
//
//   troupe::task_group group{now};
//   group.start(fetch(first, now));
//   group.start(fetch(second, now));
//   while (auto ended = co_await group.next())
//     if (ended->why) ...  // it threw
//
// Owner: a coroutine of the turn, as a local. Destroying the group destroys the tasks that are under way where they
// wait, in the order of their start, as a turn that is cancelled does. Threads: the agent's thread of control only.
// `start`, `cancel` and `next` are for the coroutine that owns the group, `wake` is for its tasks, too. Limits: 10,000
// tasks that have not been taken by `next`.
class task_group {
 public:
  static constexpr std::size_t tasks_max = 10'000;

  // A task that is over.
  struct ended {
    std::uint64_t id = 0;
    std::exception_ptr why;  // What it threw; null if it threw nothing.
  };

  explicit task_group(turn& now) noexcept : now_{now} {}
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  // Runs the task to its first wait, and gives it a number, which counts from 1. Throws overloaded beyond tasks_max.
  std::uint64_t start(task<void> work);
  // Waits for the next task to end, in the order in which they do. nullopt: there is none left, or `wake` was called.
  // One coroutine waits at a time.
  task<std::optional<ended>> next();
  // The same, and waits for `wake` also if there is no task left.
  task<std::optional<ended>> next_or_wake();
  // Destroys a task where it waits. False if it is over already: then `next` gives it, or has given it.
  bool cancel(std::uint64_t id);
  // Lets `next` return without a task.
  void wake();
  // That were started and not yet taken by `next` or cancelled.
  std::size_t size() const noexcept { return members_.size(); }

 private:
  struct member {
    std::coroutine_handle<> coroutine;
    bool over = false;
    std::exception_ptr why;
  };
  task<void> watch(task<void> work, std::uint64_t id);
  bool quiet() const noexcept { return over_.empty() && !woken_; }
  task<void> wait();
  std::optional<ended> take();
  void end_wait();

  turn& now_;
  std::map<std::uint64_t, member> members_;
  std::deque<std::uint64_t> over_;
  std::uint64_t count_ = 0;
  std::uint64_t waiting_ = 0;  // the effect that `next` awaits; 0: none
  bool woken_ = false;
};

namespace actors {

template <class T>
using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
task<void> put(task<T> work, std::optional<stored<T>>& where) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(work);
    where.emplace();
  } else {
    T value = co_await std::move(work);
    where.emplace(std::move(value));
  }
}

// Waits until all are over; the first that throws ends the others.
task<void> all_of(task_group& group);
// Starts up to `at_once` of them at a time, in order.
task<void> all_of(task_group& group, std::vector<task<void>> work, std::size_t at_once);
// Waits for the first that ends without a throw; throws what the last one threw if there is none. The task's number.
task<std::uint64_t> any_of(task_group& group);

template <class... T, std::size_t... I>
void start_all(task_group& group, std::tuple<task<T>...>& work, std::tuple<std::optional<stored<T>>...>& results,
               std::index_sequence<I...>) {
  (group.start(put<T>(std::move(std::get<I>(work)), std::get<I>(results))), ...);
}

}  // namespace actors

// All of these tasks at the same time: their results in the order in which they were given, monostate for void. The
// first that throws ends the others, and when_all throws the same.
template <class... T>
task<std::tuple<actors::stored<T>...>> when_all(turn& now, task<T>... work) {
  std::tuple<std::optional<actors::stored<T>>...> results;
  std::tuple<task<T>...> tasks{std::move(work)...};
  task_group group{now};
  actors::start_all(group, tasks, results, std::index_sequence_for<T...>{});
  co_await actors::all_of(group);
  co_return std::apply([](auto&... each) { return std::tuple<actors::stored<T>...>{std::move(*each)...}; }, results);
}

// The same for a list, up to `at_once` at a time; those that wait are started in order.
template <class T>
task<std::vector<actors::stored<T>>> when_all(turn& now, std::vector<task<T>> work,
                                              std::size_t at_once = task_group::tasks_max) {
  std::vector<std::optional<actors::stored<T>>> found(work.size());
  std::vector<task<void>> tasks;
  tasks.reserve(work.size());
  for (std::size_t i = 0; i < work.size(); ++i) tasks.push_back(actors::put<T>(std::move(work[i]), found[i]));
  task_group group{now};
  co_await actors::all_of(group, std::move(tasks), at_once);
  std::vector<actors::stored<T>> results;
  results.reserve(found.size());
  for (auto& each : found) results.push_back(std::move(*each));
  co_return results;
}

// The result of the first of these tasks to give one; the others are destroyed where they wait. Those that throw do not
// count; if all of them do, when_any throws what the last one threw. Throws invalid_argument for an empty list.
template <class T>
struct first_of {
  std::size_t index = 0;  // In the list.
  actors::stored<T> value;
};
template <class T>
task<first_of<T>> when_any(turn& now, std::vector<task<T>> work) {
  std::vector<std::optional<actors::stored<T>>> found(work.size());
  task_group group{now};
  for (std::size_t i = 0; i < work.size(); ++i) group.start(actors::put<T>(std::move(work[i]), found[i]));
  const std::uint64_t first = co_await actors::any_of(group);
  first_of<T> result{static_cast<std::size_t>(first - 1), std::move(*found[first - 1])};
  co_return result;
}

}  // namespace troupe
