#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <troupe/core/clock.hpp>

namespace troupe::memory {

// Why a summary is due: the window overflowed, nothing has happened for a while, or much of importance has.
enum class summary_reason { overflow, idle, importance };
std::string_view to_string(summary_reason reason) noexcept;

struct summary_policy {
  std::size_t overflow_tokens = 4096;    // tokens that are not summarised yet
  std::size_t keep_tokens = 1024;        // of the newest, which stay as they are
  std::size_t summary_tokens_max = 512;  // a summary's own bound
  std::optional<duration> idle = std::chrono::minutes{30};
  double importance_sum = 10;  // Generative Agents (Park et al., 2023) reflect at 150 of 1..10 each

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("overflow_tokens", self.overflow_tokens), visit("keep_tokens", self.keep_tokens);
    visit("summary_tokens_max", self.summary_tokens_max), visit("idle", self.idle);
    visit("importance_sum", self.importance_sum);
  }
  friend bool operator==(const summary_policy&, const summary_policy&) = default;
};

// What has come since the last summary.
struct unsummarised {
  std::size_t tokens = 0;
  std::size_t records = 0;
  double importance = 0;
  timestamp newest{};
};

// The first reason that holds, in the order above; none if there are fewer than two records. More than
// `overflow_tokens` are an overflow; `idle` has to have passed since the newest record, which one of the future has
// not; importance has to reach the sum. `keep_tokens` and `summary_tokens_max` are for whoever makes the summary. A
// pure function.
std::optional<summary_reason> summary_due(const summary_policy& policy, const unsummarised& since, timestamp now);

}  // namespace troupe::memory
