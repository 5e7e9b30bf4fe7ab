#include "timers.hpp"

#include <algorithm>
#include <functional>

#include "cell.hpp"

namespace troupe::actors {

void timer_queue::add(instant when, std::weak_ptr<cell> whom) {
  bool first = false;
  {
    std::scoped_lock lock{mutex_};
    first = queue_.empty() || when < queue_.front().when;
    if (queue_.size() >= swept_above_) sweep();
    queue_.push_back({when, ++count_, std::move(whom)});
    std::push_heap(queue_.begin(), queue_.end(), std::greater<>{});
  }
  if (first) wake_.notify_one();
}

instant timer_queue::next() const {
  std::scoped_lock lock{mutex_};
  return queue_.empty() ? instant::max() : queue_.front().when;
}

std::vector<std::weak_ptr<cell>> timer_queue::take_due(instant now) {
  std::vector<std::weak_ptr<cell>> due;
  while (!queue_.empty() && queue_.front().when <= now) {
    std::pop_heap(queue_.begin(), queue_.end(), std::greater<>{});
    due.push_back(std::move(queue_.back().whom));
    queue_.pop_back();
  }
  return due;
}

void timer_queue::sweep() {
  std::erase_if(queue_, [](const timer& each) { return each.whom.expired(); });
  std::make_heap(queue_.begin(), queue_.end(), std::greater<>{});
  swept_above_ = std::max<std::size_t>(1'000, 2 * queue_.size());
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
      const auto when = queue_.front().when;
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
