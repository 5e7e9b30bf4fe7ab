#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <troupe/core/clock.hpp>
#include <vector>

namespace troupe::actors {

class cell;

// Tells cells that a time has come. A timer cannot be cancelled: a cell looks for itself what is due, so that a late or
// needless call harms nobody; a timer keeps no cell alive. A cell has a timer for its next deadline, and few others;
// those of cells that are no more are swept out whenever the queue has doubled. With real time, a thread fires them;
// with a virtual clock, `fire_due` does.
class timer_queue {
 public:
  explicit timer_queue(const clock& time) noexcept : clock_{time} {}
  ~timer_queue() { stop(); }

  void add(instant when, std::weak_ptr<cell> whom);
  instant next() const;
  void fire_due();

  void run_in_thread();
  void stop();

 private:
  struct timer {
    instant when;
    std::uint64_t number;  // timers of one time fire in the order in which they were set
    std::weak_ptr<cell> whom;
    bool operator>(const timer& other) const noexcept {
      return when != other.when ? when > other.when : number > other.number;
    }
  };
  std::vector<std::weak_ptr<cell>> take_due(instant now);
  void sweep();

  const clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<timer> queue_;  // a heap, the next one first
  std::size_t swept_above_ = 1'000;
  std::uint64_t count_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace troupe::actors
