#pragma once

#include <atomic>
#include <thread>

namespace troupe::actors {

// A lock of one byte for sections of a few dozen instructions, of which there is one per agent: a std::mutex has 40
// bytes. Meets BasicLockable. A waiter gives its processor away after a short while, for its holder may have lost its
// own.
class spin_lock {
 public:
  void lock() noexcept {
    for (int spins = 0; taken_.exchange(true, std::memory_order_acquire); ++spins)
      while (taken_.load(std::memory_order_relaxed))
        if (++spins > 64) std::this_thread::yield();
  }
  void unlock() noexcept { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> taken_{false};
};

}  // namespace troupe::actors
