#include "watchdog.hpp"

#include <algorithm>

#include "cell.hpp"
#include "runtime.hpp"

namespace troupe::actors {

void watchdog::run_in_thread() {
  thread_ = std::thread{[this] {
    constexpr int share = 1'000;
    std::unique_lock lock{mutex_};
    for (duration wait = interval; !wake_.wait_for(lock, wait, [this] { return stopping_; });) {
      lock.unlock();
      const instant began = home_.time().now();
      look();
      wait = std::max(interval, share * (home_.time().now() - began));
      lock.lock();
    }
  }};
}

void watchdog::stop() {
  {
    std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

instant watchdog::look() {
  const instant now = home_.time().now();
  instant next = instant::max();
  for (const auto& each : home_.names().all()) next = std::min(next, each->look_at_turn(now));
  return next;
}

}  // namespace troupe::actors
