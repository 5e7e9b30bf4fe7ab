#include "blocking_pool.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

namespace troupe::actors {

blocking_pool::blocking_pool(std::size_t threads, std::size_t bound, bool deterministic)
    : threads_{threads}, bound_{bound}, deterministic_{deterministic} {}

blocking_pool::~blocking_pool() { stop(); }

bool blocking_pool::submit(std::function<void()> work, bool past_bound) {
  std::scoped_lock lock{mutex_};
  if (stopped_ || (!past_bound && waiting_.load() >= bound_)) return false;
  ++waiting_;
  if (deterministic_) {
    queue_.push_back(std::move(work));
    return true;
  }
  if (!pool_) pool_ = std::make_unique<boost::asio::thread_pool>(threads_);
  boost::asio::post(*pool_, [this, work = std::move(work)] {
    --waiting_;
    work();
  });
  return true;
}

bool blocking_pool::run_one() {
  std::unique_lock lock{mutex_};
  if (queue_.empty()) return false;
  auto work = std::move(queue_.front());
  queue_.pop_front();
  --waiting_;
  lock.unlock();
  work();
  return true;
}

void blocking_pool::stop() {
  {
    std::scoped_lock lock{mutex_};
    stopped_ = true;
    queue_.clear();
    if (!pool_) return;
  }
  pool_->stop();
  pool_->join();
  pool_.reset();  // what still waits keeps its agents alive
}

}  // namespace troupe::actors
