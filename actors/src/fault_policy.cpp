#include <algorithm>
#include <string>
#include <troupe/actors/fault_policy.hpp>
#include <troupe/actors/turn.hpp>

namespace troupe {

std::string_view to_string(response what) noexcept {
  switch (what) {
    case response::restart: return "restart";
    case response::retry: return "retry";
    case response::quarantine: return "quarantine";
    case response::escalate: return "escalate";
    case response::stop: return "stop";
  }
  return "unknown";
}

std::optional<duration> next_delay(const retry_policy& policy, int failed, std::optional<duration> retry_after,
                                   random_engine& random) noexcept {
  duration delay = policy.delay_min;
  for (int i = 1; i < failed && delay < policy.delay_max; ++i)
    delay = delay > policy.delay_max / 2 ? policy.delay_max : delay * 2;
  if (retry_after) delay = *retry_after;
  // The random part comes on top: a provider's delay is the least that it asks for. In floating point, so that it
  // does not run over.
  const double whole = static_cast<double>(delay.count()) * (1.0 + policy.jitter * random.uniform());
  if (whole > static_cast<double>(policy.wait_max.count())) {
    if (delay > policy.wait_max) return {};
    return policy.wait_max;
  }
  return duration{static_cast<std::int64_t>(whole)};
}

fault_action fault_policy::action(fault kind) const noexcept {
  const auto found =
      std::find_if(actions_.rbegin(), actions_.rend(), [&](const auto& each) { return each.first == kind; });
  return found == actions_.rend() ? fault_action{} : found->second;
}

response fault_policy::response_without_message(fault kind) const noexcept {
  const auto chosen = action(kind);
  const auto what = chosen.what == response::retry ? chosen.then : chosen.what;
  return what == response::quarantine ? response::restart : what;
}

bool fault_policy::needs_message() const noexcept {
  return std::any_of(actions_.begin(), actions_.end(), [](const auto& each) {
    return each.second.what == response::retry || each.second.what == response::quarantine;
  });
}

std::optional<error> fault_policy::check() const {
  const auto wrong = [](fault kind, const char* what) {
    return error{agent_errc::bad_policy, "on_fault for " + std::string{to_string(kind)} + ": " + what};
  };
  for (const auto& [kind, action] : actions_) {
    const retry_policy& how = action.retrying;
    if (kind == fault::none) return wrong(kind, "no failure has this kind");
    if (action.what == response::quarantine && action.after == 0)
      return wrong(kind, "a message cannot be quarantined after 0 failures");
    if (action.what != response::retry) continue;
    if (how.attempts < 1) return wrong(kind, "a retry needs at least 1 attempt");
    if (how.delay_min < duration{0} || how.delay_max < how.delay_min || how.wait_max < duration{0} ||
        !(how.jitter >= 0.0 && how.jitter <= 1.0))
      return wrong(kind, "a retry needs 0 <= delay_min <= delay_max, a wait_max, and a jitter from 0 to 1");
    if (action.then == response::retry) return wrong(kind, "after the last attempt there is none: choose another then");
  }
  return {};
}

}  // namespace troupe
