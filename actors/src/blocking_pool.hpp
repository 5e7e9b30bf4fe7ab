#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace boost::asio {
class thread_pool;
}

namespace troupe::actors {

// Threads for work that blocks (turn::run), made with the first piece of work. At most `bound` pieces wait. In
// deterministic scheduling there are no threads: run_one() does the work.
class blocking_pool {
 public:
  blocking_pool(std::size_t threads, std::size_t bound, bool deterministic);
  ~blocking_pool();
  // False if the queue is full or the pool is stopped. `past_bound`: of what is bounded elsewhere.
  bool submit(std::function<void()> work, bool past_bound = false);
  bool run_one();
  // Lets work that runs end, forgets what waits.
  void stop();

 private:
  const std::size_t threads_;
  const std::size_t bound_;
  const bool deterministic_;
  std::atomic<std::size_t> waiting_{0};
  std::mutex mutex_;
  bool stopped_ = false;
  std::unique_ptr<boost::asio::thread_pool> pool_;
  std::deque<std::function<void()>> queue_;  // deterministic only
};

}  // namespace troupe::actors
