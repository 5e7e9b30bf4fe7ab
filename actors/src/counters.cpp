#include "counters.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>

namespace troupe::actors {

namespace {
constexpr std::uint64_t first_edge_ns = 64;
}

std::size_t turn_histogram::bucket_of(std::uint64_t ns) noexcept {
  if (ns < first_edge_ns) return 0;
  const int power = std::bit_width(ns) - 1;
  const std::uint64_t quarter = (ns >> (power - 2)) & 3;
  return std::min<std::size_t>(buckets - 1, static_cast<std::size_t>(power - 6) * 4 + quarter + 1);
}

void turn_histogram::record(duration took) noexcept {
  auto& count = counts_[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(0, took.count())))];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

duration turn_histogram::quantile(double q) const noexcept {
  std::uint64_t total = 0;
  for (const auto& count : counts_) total += count.load(std::memory_order_relaxed);
  if (total == 0) return duration{0};
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i].load(std::memory_order_relaxed);
    if (seen < std::max<std::uint64_t>(rank, 1)) continue;
    if (i == 0) return duration{first_edge_ns};
    const std::uint64_t base = first_edge_ns << ((i - 1) / 4);
    return duration{static_cast<std::int64_t>(base + base / 4 * ((i - 1) % 4 + 1))};
  }
  return duration{0};
}

void agent_counters::count_turn(duration took) {
  turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  auto* times = turn_times.load(std::memory_order_relaxed);
  if (!times) {
    times = new turn_histogram;
    turn_times.store(times, std::memory_order_release);
  }
  times->record(took);
}

void agent_counters::count_failure(instant when, std::string text, fault kind) {
  failures.fetch_add(1, std::memory_order_relaxed);
  last_trouble_ns.store(when.time_since_epoch().count(), std::memory_order_relaxed);
  last_fault.store(kind, std::memory_order_relaxed);
  std::scoped_lock held{lock_};
  last_error_ = std::make_unique<std::string>(std::move(text));
}

std::string agent_counters::in_hand_name() const {
  const auto* type = in_hand.load(std::memory_order_relaxed);
  return type ? std::string{type->name} : std::string{};
}

std::string agent_counters::last_error() const {
  std::scoped_lock held{lock_};
  return last_error_ ? *last_error_ : std::string{};
}

}  // namespace troupe::actors
