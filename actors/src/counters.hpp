#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <troupe/actors/fault.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>

#include "spin_lock.hpp"

namespace troupe::actors {

// How long turns took, in buckets that are a quarter of a power of two wide, from 64 ns to about 70 s: enough for a p50
// and a p99 within a quarter. Written by one thread at a time, read by any.
class turn_histogram {
 public:
  void record(duration took) noexcept;
  // The upper edge of the bucket that holds this quantile; 0 if nothing was recorded.
  duration quantile(double q) const noexcept;

 private:
  static constexpr std::size_t buckets = 120;
  static std::size_t bucket_of(std::uint64_t ns) noexcept;
  std::array<std::atomic<std::uint32_t>, buckets> counts_{};
};

// What the runtime counts of one agent. Written by its thread of control, read by the tools without disturbing it.
struct agent_counters {
  std::atomic<std::uint64_t> turns{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::int64_t> started_wall_ns{0};
  std::atomic<std::int64_t> last_trouble_ns{0};       // a failure or a restart, monotonic; 0: never
  std::atomic<std::int64_t> in_hand_since_ns{0};      // monotonic
  std::atomic<const message_type*> in_hand{nullptr};  // null: idle
  std::atomic<std::uint8_t> waits_on{0};              // effect_kind
  std::atomic<fault> last_fault{fault::none};
  std::atomic<turn_histogram*> turn_times{nullptr};  // made with the first turn
  bool retired = false;                              // the node's totals have them; guarded by the mutex of these

  ~agent_counters() { delete turn_times.load(); }
  void count_turn(duration took);
  void count_failure(instant when, std::string text, fault kind);
  std::string last_error() const;
  // The type of the message in hand; empty when idle.
  std::string in_hand_name() const;

 private:
  mutable spin_lock lock_;
  std::unique_ptr<std::string> last_error_;
};

}  // namespace troupe::actors
