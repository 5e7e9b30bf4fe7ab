#include "own_thread.hpp"

#include <pthread.h>

#include <thread>
#include <utility>

namespace troupe::actors {

void thread_count::enter() {
  std::scoped_lock lock{mutex_};
  ++count_;
}

void thread_count::leave() {
  std::scoped_lock lock{mutex_};
  if (--count_ == 0) none_.notify_all();
}

void thread_count::wait_for_none() {
  std::unique_lock lock{mutex_};
  none_.wait(lock, [this] { return count_ == 0; });
}

own_thread::own_thread(std::function<bool()> visit, std::string name, std::shared_ptr<thread_count> all)
    : visit_{std::move(visit)}, name_{std::move(name)}, all_{std::move(all)} {}

void own_thread::wake() {
  bool first = false;
  {
    std::scoped_lock lock{bell_->mutex};
    ++bell_->rings;
    first = !std::exchange(started_, true);
  }
  bell_->rung.notify_one();
  if (!first) return;
  all_->enter();
  const auto body = [visit = visit_, bell = bell_, all = all_, name = name_.substr(0, 15)]() mutable {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    for (bool goes_on = true; goes_on;) {
      {
        std::unique_lock lock{bell->mutex};
        bell->rung.wait(lock, [&] { return bell->rings > 0; });
        --bell->rings;
      }
      goes_on = visit();
    }
    visit = nullptr;
    all->leave();
  };
  try {
    std::thread{body}.detach();
  } catch (...) {  // no more threads: the next ring tries again
    all_->leave();
    std::scoped_lock lock{bell_->mutex};
    started_ = false;
    throw;
  }
}

}  // namespace troupe::actors
