#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace troupe {

using duration = std::chrono::nanoseconds;

// Monotonic time: for deadlines and measurements inside a process. Means nothing to another process.
using instant = std::chrono::time_point<std::chrono::steady_clock, duration>;

// Wall time in UTC (without leap seconds, as Unix time has it): for records and people. May jump.
using timestamp = std::chrono::sys_time<duration>;

// RFC 3339 in UTC with `digits` (0 to 9) of a second's fraction, the rest cut off: "2024-01-01T00:00:00.000000Z".
std::string format_timestamp(timestamp time, int digits = 6);

// Where a component gets its time from, so that a test can give it another. Held by reference: a clock outlives its
// users. Any thread may call it. It has no timers: the runtime's scheduler has them.
class clock {
 public:
  virtual ~clock() = default;
  clock(const clock&) = delete;
  clock& operator=(const clock&) = delete;

  virtual instant now() const noexcept = 0;

  // As now(), but behind it by up to a tick of the kernel (4 ms at 250 Hz, 10 ms at 100 Hz): for the message path,
  // where a few nanoseconds count.
  virtual instant coarse_now() const noexcept = 0;

  virtual timestamp wall() const noexcept = 0;

 protected:
  clock() = default;
};

// The machine's time: CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE where there is one (Linux), CLOCK_REALTIME.
class real_clock final : public clock {
 public:
  instant now() const noexcept override;
  instant coarse_now() const noexcept override;
  timestamp wall() const noexcept override;
};

// Time that stands still until it is told to move: for tests and for replays. Both times move together, and
// coarse_now() is now(). Starts at 2024-01-01T00:00:00Z, one hour after the origin of monotonic time.
class virtual_clock final : public clock {
 public:
  static constexpr timestamp start_wall = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
  static constexpr instant start_now{std::chrono::hours{1}};

  instant now() const noexcept override;
  instant coarse_now() const noexcept override;
  timestamp wall() const noexcept override;

  // Throws failure(invalid_argument) for a negative duration, as monotonic time never goes back, and
  // failure(out_of_range) beyond the last timestamp, in the year 2262. Then the time stays.
  void advance(duration by);

  // Advances until wall() is `to`. Throws failure(invalid_argument) if that is in the past, otherwise as advance().
  void set(timestamp to);

  // Moves wall time alone, forward or back, as an operator or NTP does; it stops at the last timestamp.
  void step_wall(duration by) noexcept;

 private:
  std::atomic<std::int64_t> elapsed_ns_{0};
  std::atomic<std::int64_t> wall_step_ns_{0};
};

}  // namespace troupe
