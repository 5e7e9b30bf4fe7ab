#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <troupe/core/clock.hpp>

namespace troupe::actors {

class runtime;

// Looks for turns that are older than their agent's turn_budget or turn_limit, once a second; more rarely where that
// would take more than a thousandth of the time, with very many agents. What is found is told to the agent's cell,
// which reports or ends the turn on its own thread; for one whose code does not give its thread back, the report is
// made here. Threads: with real time one of its own; with a virtual clock whoever moves that looks.
class watchdog {
 public:
  static constexpr duration interval = std::chrono::seconds{1};

  explicit watchdog(runtime& home) noexcept : home_{home} {}
  ~watchdog() { stop(); }

  void run_in_thread();
  void stop();
  // Returns when the next turn of those in hand is due.
  instant look();

 private:
  runtime& home_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace troupe::actors
