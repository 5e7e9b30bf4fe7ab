#include "timers.hpp"

#include "cell.hpp"

namespace troupe::actors {

void timer_queue::add(instant when, std::weak_ptr<cell> whom) {
  bool first = false;
  {
    std::scoped_lock lock{mutex_};
    first = queue_.empty() || when < queue_.top().when;
    queue_.push({when, ++count_, std::move(whom)});
  }
  if (first) wake_.notify_one();
}

instant timer_queue::next() const {
  std::scoped_lock lock{mutex_};
  return queue_.empty() ? instant::max() : queue_.top().when;
}

std::vector<std::weak_ptr<cell>> timer_queue::take_due(instant now) {
  std::vector<std::weak_ptr<cell>> due;
  while (!queue_.empty() && queue_.top().when <= now) {
    due.push_back(queue_.top().whom);
    queue_.pop();
  }
  return due;
}

void timer_queue::fire_due() {
  std::unique_lock lock{mutex_};
  const auto due = take_due(clock_.now());
  lock.unlock();
  for (const auto& each : due)
    if (auto whom = each.lock()) whom->post({.kind = signal_kind::timer});
}

void timer_queue::run_in_thread() {
  thread_ = std::thread{[this] {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
      if (queue_.empty()) {
        wake_.wait(lock);
        continue;
      }
      const auto when = queue_.top().when;
      if (when > clock_.now()) {
        wake_.wait_until(lock, when);
        continue;
      }
      lock.unlock();
      fire_due();
      lock.lock();
    }
  }};
}

void timer_queue::stop() {
  {
    std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace troupe::actors
