#include <algorithm>
#include <troupe/actors/effect.hpp>
#include <troupe/actors/task_group.hpp>
#include <troupe/actors/turn.hpp>

namespace troupe {

task_group::~task_group() {
  // A local of a task may look at the group while it goes.
  const auto left = std::exchange(members_, {});
  for (const auto& [id, each] : left) each.coroutine.destroy();
}

std::uint64_t task_group::start(task<void> work) {
  if (members_.size() >= tasks_max)
    throw failure{error{agent_errc::overloaded, "a task group of " + now_.self().path().str() + " has " +
                                                    std::to_string(tasks_max) + " tasks; start fewer at a time"}};
  const auto id = ++count_;
  const std::coroutine_handle<> coroutine = watch(std::move(work), id).release();
  members_.emplace(id, member{coroutine, false, nullptr});
  coroutine.resume();
  return id;
}

task<void> task_group::watch(task<void> work, std::uint64_t id) {
  std::exception_ptr why;
  try {
    co_await std::move(work);
  } catch (...) {
    why = std::current_exception();
  }
  auto& over = members_.at(id);
  over.over = true;
  over.why = std::move(why);
  over_.push_back(id);
  end_wait();
}

void task_group::wake() {
  woken_ = true;
  end_wait();
}

void task_group::end_wait() {
  if (waiting_ != 0) now_.end_wait(std::exchange(waiting_, 0));
}

task<void> task_group::wait() {
  auto handle = now_.begin_wait();
  waiting_ = handle.id();
  effect<void> waiting{std::move(handle)};
  co_await waiting;
}

task<std::optional<task_group::ended>> task_group::next() {
  while (quiet() && !members_.empty()) co_await wait();
  co_return take();
}

task<std::optional<task_group::ended>> task_group::next_or_wake() {
  while (quiet()) co_await wait();
  co_return take();
}

std::optional<task_group::ended> task_group::take() {
  if (over_.empty()) {
    woken_ = false;
    return std::nullopt;
  }
  const auto found = members_.find(over_.front());
  over_.pop_front();
  const ended result{found->first, std::move(found->second.why)};
  const auto coroutine = found->second.coroutine;
  members_.erase(found);
  coroutine.destroy();
  return result;
}

bool task_group::cancel(std::uint64_t id) {
  const auto found = members_.find(id);
  if (found == members_.end() || found->second.over) return false;
  const auto coroutine = found->second.coroutine;
  members_.erase(found);
  coroutine.destroy();
  return true;
}

namespace actors {

task<void> all_of(task_group& group) {
  for (;;) {
    const auto ended = co_await group.next();
    if (!ended) co_return;
    if (ended->why) std::rethrow_exception(ended->why);
  }
}

task<void> all_of(task_group& group, std::vector<task<void>> work, std::size_t at_once) {
  at_once = std::clamp<std::size_t>(at_once, 1, task_group::tasks_max);
  for (auto& each : work) {
    if (group.size() >= at_once) {
      const auto ended = co_await group.next();
      if (ended && ended->why) std::rethrow_exception(ended->why);
    }
    group.start(std::move(each));
  }
  co_await all_of(group);
}

task<std::uint64_t> any_of(task_group& group) {
  std::exception_ptr last;
  for (;;) {
    const auto ended = co_await group.next();
    if (!ended) break;
    if (!ended->why) co_return ended->id;
    last = ended->why;
  }
  if (last) std::rethrow_exception(last);
  throw failure{error{errc::invalid_argument, "when_any needs at least one task"}};
}

}  // namespace actors

}  // namespace troupe
