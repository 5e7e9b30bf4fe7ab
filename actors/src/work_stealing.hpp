#pragma once

#include <atomic>
#include <boost/circular_buffer.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "spin_lock.hpp"

namespace troupe::actors {

// Jobs of one worker, first come first served. Any thread may push and pop. Its length is bounded by the number of
// cells, each of which is in one queue at most.
class job_queue {
 public:
  void push(caf::resumable* job) {
    std::scoped_lock held{lock_};
    if (jobs_.full()) jobs_.set_capacity(jobs_.capacity() < 16 ? 16 : jobs_.capacity() * 2);
    jobs_.push_back(job);
    size_.store(jobs_.size(), std::memory_order_relaxed);
  }
  // nullptr: there is none.
  caf::resumable* pop() {
    if (empty()) return nullptr;
    std::scoped_lock held{lock_};
    if (jobs_.empty()) return nullptr;
    auto* first = jobs_.front();
    jobs_.pop_front();
    size_.store(jobs_.size(), std::memory_order_relaxed);
    return first;
  }
  bool empty() const noexcept { return size_.load(std::memory_order_relaxed) == 0; }

 private:
  spin_lock lock_;
  std::atomic<std::size_t> size_{0};
  boost::circular_buffer<caf::resumable*> jobs_;
};

// A policy for CAF's scheduler: each worker runs the jobs of its own queue, and steals from another's when there are
// none. CAF's own policy of that name has two traits that agents would suffer from. It puts what a worker schedules
// itself in front of its queue, so that two agents in conversation keep the worker to themselves; here everybody's turn
// comes. And a thief walks through all of the victim's queue with its locks held, so that a message to each of 100,000
// agents takes the better part of a minute; here stealing costs the same as taking. Besides, it is compiled here, where
// the sanitizers see it. Threads: as CAF calls it, one worker per thread; the coordinator from any.
class work_stealing : public caf::policy::unprofiled {
 public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
    std::atomic<std::size_t> next_worker{0};
  };

  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    worker_data(const worker_data&) {}  // CAF copies an unused one into each worker
    job_queue jobs;
    std::size_t next_victim = 0;
    std::uint32_t dequeued = 0;
    std::mutex mutex;
    std::condition_variable arrived;
    bool asleep = false;  // guarded by mutex
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    const auto next = d(self).next_worker.fetch_add(1, std::memory_order_relaxed);
    self->worker_by_id(next % self->num_workers())->external_enqueue(job);
  }

  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    auto& its = d(self);
    its.jobs.push(job);
    std::unique_lock held{its.mutex};
    const bool asleep = its.asleep;
    held.unlock();  // or whoever wakes would have to wait for it
    if (asleep) its.arrived.notify_one();
  }

  // From a job that this worker runs: it is awake, and others look around from time to time.
  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    d(self).jobs.push(job);
  }

  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    d(self).jobs.push(job);
  }

  // Waits for a job: with all its might at first, since where there was work there soon is more; then asleep, to be
  // woken for what comes from outside. What other workers have too much of wakes nobody, so it looks around, often at
  // first; a worker that is alone sleeps as long as there is nothing to do.
  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    using namespace std::chrono_literals;
    constexpr int attempts_awake = 100;
    constexpr int attempts_dozing = 500;
    constexpr std::uint32_t steal_every = 64;
    auto& mine = d(self);
    // However much there is to do here: what is in the queue of a worker that hangs must not wait for it.
    if (++mine.dequeued % steal_every == 0)
      if (auto* job = steal(self)) return job;
    const bool alone = self->parent()->num_workers() < 2;
    for (int attempt = 0;; ++attempt) {
      if (auto* job = mine.jobs.pop()) return job;
      if (auto* job = steal(self)) return job;
      if (attempt < attempts_awake) continue;
      const auto some = [&] { return !mine.jobs.empty(); };
      std::unique_lock lock{mine.mutex};
      mine.asleep = true;
      if (alone)
        mine.arrived.wait(lock, some);
      else
        mine.arrived.wait_for(lock, attempt < attempts_awake + attempts_dozing ? 50us : 10ms, some);
      mine.asleep = false;
    }
  }

  // What is left when the workers have ended: the last visits, in which cells let go of what they hold.
  template <class Worker, class F>
  void foreach_resumable(Worker* self, F&& f) {
    while (auto* job = d(self).jobs.pop()) {
      if (job->subtype() == caf::resumable::unspecified)  // none of CAF's own actors
        while (job->resume(self, 1) == caf::resumable::resume_later) {
        }
      f(job);
    }
  }
  template <class Coordinator, class F>
  void foreach_central_resumable(Coordinator*, F&&) {}

 private:
  // From one other worker, the next one each time.
  template <class Worker>
  caf::resumable* steal(Worker* self) {
    const std::size_t workers = self->parent()->num_workers();
    if (workers < 2) return nullptr;
    auto& next = d(self).next_victim;
    next = (next + 1) % workers;
    if (next == self->id()) next = (next + 1) % workers;
    return d(self->parent()->worker_by_id(next)).jobs.pop();
  }
};

}  // namespace troupe::actors
