#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace troupe::actors {

// Counts threads that nobody joins, so that what they use can wait for them. Shared by those threads and their owner.
class thread_count {
 public:
  void enter();
  void leave();
  void wait_for_none();

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;
};

// A thread for one cell (tier::thread): runs `visit` each time it is woken, until `visit` says that it was the last
// one. Made with the first wake; ends by itself. Threads: any may wake it; one that is woken while it visits visits
// once more.
class own_thread {
 public:
  // `visit` must keep alive what it visits until it returns, and this object with it.
  own_thread(std::function<bool()> visit, std::string name, std::shared_ptr<thread_count> all);
  void wake();

 private:
  struct bell {
    std::mutex mutex;
    std::condition_variable rung;
    std::size_t rings = 0;
  };
  std::function<bool()> visit_;
  std::string name_;
  std::shared_ptr<thread_count> all_;                      // shared with the scheduler
  std::shared_ptr<bell> bell_ = std::make_shared<bell>();  // shared with the thread, which outlives this object
  bool started_ = false;                                   // guarded by the bell's mutex
};

}  // namespace troupe::actors
