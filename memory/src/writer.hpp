#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <troupe/core/log.hpp>
#include <troupe/core/result.hpp>
#include <troupe/memory/command.hpp>
#include <vector>

#include "analyzer.hpp"
#include "database.hpp"
#include "write_set.hpp"

namespace troupe::memory {

// The one thread that writes. Takes all commands that wait (up to a bound), applies them one after the other, writes
// what they change as one synced batch, and then tells whoever waits. So many writers share one sync.
//
// A disk that refuses is not asked again: what a sync lost cannot be known, so every command from then on fails.
class writer {
 public:
  struct limits {
    std::size_t commands_max = 4096;  // that wait; more are refused as overloaded
    std::size_t bytes_max = 256 << 20;
  };
  using told = std::function<void(result<outcome>)>;

  // `written` is called on the writer's thread after each batch, before the commands are acknowledged.
  writer(database& to, const analyzer& words, limits within, std::function<void(const write_set&)> written, logger log);
  // Finishes what waits.
  ~writer();
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  // Finds the words of its texts, then lets it wait. `then` is called on the writer's thread; at once, on this one, if
  // the command cannot wait.
  void submit(command what, std::size_t size_bytes, told then, bool past_bounds = false);

  std::size_t queued() const;
  std::uint64_t commands() const noexcept { return commands_.load(std::memory_order_relaxed); }
  std::uint64_t batches() const noexcept { return batches_.load(std::memory_order_relaxed); }

 private:
  struct job {
    command what;
    std::vector<analyzed> texts;  // as state_machine::apply() takes them
    std::size_t size_bytes;
    told then;
  };
  void run();
  void apply(std::deque<job> jobs);

  database& database_;
  const analyzer& words_;
  const limits limits_;
  const std::function<void(const write_set&)> written_;
  const logger log_;

  mutable std::mutex mutex_;  // guards the four below
  std::condition_variable wake_;
  std::deque<job> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool closing_ = false;
  std::optional<error> failed_;

  std::atomic<std::uint64_t> commands_{0};
  std::atomic<std::uint64_t> batches_{0};
  std::thread thread_;  // last: it uses the others
};

}  // namespace troupe::memory
