#include <cstdint>
#include <troupe/memory/summary_policy.hpp>

namespace troupe::memory {

namespace {

// As now - newest, which may be beyond what a duration holds.
bool has_passed(duration span, timestamp newest, timestamp now) {
  if (newest > now) return false;
  const auto passed = static_cast<std::uint64_t>(now.time_since_epoch().count()) -
                      static_cast<std::uint64_t>(newest.time_since_epoch().count());
  return span.count() <= 0 || passed >= static_cast<std::uint64_t>(span.count());
}

}  // namespace

std::string_view to_string(summary_reason reason) noexcept {
  switch (reason) {
    case summary_reason::overflow: return "overflow";
    case summary_reason::idle: return "idle";
    case summary_reason::importance: return "importance";
  }
  return "unknown";
}

std::optional<summary_reason> summary_due(const summary_policy& policy, const unsummarised& since, timestamp now) {
  if (since.records < 2) return {};
  if (since.tokens > policy.overflow_tokens) return summary_reason::overflow;
  if (policy.idle && has_passed(*policy.idle, since.newest, now)) return summary_reason::idle;
  if (since.importance >= policy.importance_sum) return summary_reason::importance;
  return {};
}

}  // namespace troupe::memory
