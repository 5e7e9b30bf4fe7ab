#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace support {

// Something that happens once, and that threads wait for: for tests with real threads. No wait lasts longer than a test
// may.
class event {
 public:
  void happen() {
    std::scoped_lock lock{mutex_};  // until the end: whoever wakes may be the one to destroy this
    happened_ = true;
    changed_.notify_all();
  }
  // False if it did not happen in time.
  bool wait(std::chrono::steady_clock::duration within = std::chrono::seconds{30}) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, within, [this] { return happened_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool happened_ = false;
};

// A handler that blocks its thread.
struct block {
  event begun, release;
  void hold() {
    begun.happen();
    release.wait();
  }
};

// Happens when the last copy of what holds it is gone.
class at_the_end {
 public:
  explicit at_the_end(event& end) : end_{end} {}
  at_the_end(const at_the_end&) = delete;
  at_the_end& operator=(const at_the_end&) = delete;
  ~at_the_end() { end_.happen(); }

 private:
  event& end_;
};

}  // namespace support
