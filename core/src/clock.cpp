#include "troupe/core/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "troupe/core/result.hpp"

namespace troupe {
namespace {

#ifdef CLOCK_MONOTONIC_COARSE
constexpr clockid_t coarse_clock = CLOCK_MONOTONIC_COARSE;
#else
constexpr clockid_t coarse_clock = CLOCK_MONOTONIC;
#endif

duration read(clockid_t which) noexcept {
  timespec t{};
  ::clock_gettime(which, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

// The sum, or the end of what a duration can hold that is nearest to it.
duration sum(duration a, duration b) noexcept {
  std::int64_t ns = 0;
  if (!__builtin_add_overflow(a.count(), b.count(), &ns)) return duration{ns};
  return b < duration::zero() ? duration::min() : duration::max();
}

}  // namespace

std::string format_timestamp(timestamp time, int digits) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock_time{time - day};
  auto text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock_time.hours().count(),
                  clock_time.minutes().count(), clock_time.seconds().count(), clock_time.subseconds().count());
  const int kept = std::clamp(digits, 0, 9);
  text.resize(text.size() - 9 - (kept == 0 ? 1 : 0) + static_cast<std::size_t>(kept));
  return text + 'Z';
}

instant real_clock::now() const noexcept { return instant{read(CLOCK_MONOTONIC)}; }
instant real_clock::coarse_now() const noexcept { return instant{read(coarse_clock)}; }
timestamp real_clock::wall() const noexcept { return timestamp{read(CLOCK_REALTIME)}; }

instant virtual_clock::now() const noexcept { return start_now + duration{elapsed_ns_.load()}; }
instant virtual_clock::coarse_now() const noexcept { return now(); }
timestamp virtual_clock::wall() const noexcept {
  return timestamp{sum(start_wall.time_since_epoch() + duration{elapsed_ns_.load()}, duration{wall_step_ns_.load()})};
}

void virtual_clock::advance(duration by) {
  if (by < duration::zero()) throw failure{{errc::invalid_argument, "a virtual clock does not go back"}};
  constexpr auto last = timestamp::max() - start_wall;
  auto before = elapsed_ns_.load();
  do {
    if (by > last - duration{before}) throw failure{{errc::out_of_range, "a virtual clock ends in the year 2262"}};
  } while (!elapsed_ns_.compare_exchange_weak(before, before + by.count()));
}

void virtual_clock::set(timestamp to) {
  const auto now = wall();
  // A wall that was stepped far back would make the difference too large for a duration.
  advance(to < now ? duration{-1} : sum(to.time_since_epoch(), -now.time_since_epoch()));
}

void virtual_clock::step_wall(duration by) noexcept {
  auto before = wall_step_ns_.load();
  while (!wall_step_ns_.compare_exchange_weak(before, sum(duration{before}, by).count())) {
  }
}

}  // namespace troupe
