#include "healthcare/vitals_history.hpp"

#include <iterator>
#include <utility>

namespace healthcare {
namespace {

// The change within the hour, along the fitted line, from which on a parameter counts as moving. Ours: the standard
// asks for the trend to be looked at but gives no numbers. About the step between neighbouring columns of its chart.
double moving_from(vital what) {
  switch (what) {
    case vital::respiratory_rate: return 3;
    case vital::oxygen_saturation: return 2;
    case vital::systolic_pressure: return 10;
    case vital::heart_rate: return 10;
    case vital::temperature: return 0.5;
    case vital::supplemental_oxygen:
    case vital::consciousness: return 1;
  }
  return 0;
}

// Not a quantity that could have a slope.
bool is_state(vital what) { return what == vital::consciousness || what == vital::supplemental_oxygen; }

direction direction_of(double change, double threshold) {
  if (change >= threshold) return direction::rising;
  return change <= -threshold ? direction::falling : direction::steady;
}

// Closer together, the noise of two measurements would make any slope.
constexpr double least_span_minutes = 5;

struct point {
  double hours;
  double value;
};

std::optional<parameter_trend> fit(vital what, const std::vector<point>& points) {
  if (points.size() < 2) return std::nullopt;
  double mean_hours = 0;
  double mean_value = 0;
  for (const auto& [hours, value] : points) {
    mean_hours += hours / static_cast<double>(points.size());
    mean_value += value / static_cast<double>(points.size());
  }
  double covariance = 0;
  double variance = 0;
  for (const auto& [hours, value] : points) {
    covariance += (hours - mean_hours) * (value - mean_value);
    variance += (hours - mean_hours) * (hours - mean_hours);
  }
  const double span = points.back().hours - points.front().hours;
  if (span * 60 < least_span_minutes) return std::nullopt;
  const double slope = covariance / variance;
  return parameter_trend{what, direction_of(slope * span, moving_from(what)), slope};
}

}  // namespace

void vitals_history::known_values::take(instant at, const reading& item) {
  const auto i = static_cast<std::size_t>(item.what);
  values[i] = measured[i] == at ? graver(item.what, values[i], item.value) : item.value;
  measured[i] = at;
}

vital_signs vitals_history::known_values::since(instant time) const {
  vital_signs out;
  for (std::size_t i = 0; i < vital_count; ++i) {
    if (measured[i] != instant::min() && measured[i] >= time) out.values[i] = values[i];
  }
  return out;
}

bool vitals_history::take(const observation& change) {
  bool escalations_changed = false;
  if (const auto known = time_by_id_.find(change.id);
      known != time_by_id_.end() && (known->second != change.time || change.readings.empty())) {
    const auto at = moments_.find(known->second);
    time_by_id_.erase(known);
    at->second.readings.erase(change.id);
    escalations_changed |= replay_from(at, false);
  }
  if (change.readings.empty()) return escalations_changed;
  const auto [at, fresh] = moments_.try_emplace(change.time);
  at->second.readings.insert_or_assign(change.id, change.readings);
  time_by_id_.emplace(change.id, change.time);
  return replay_from(at, fresh) || escalations_changed;
}

// Goes through the moments from `at` on, and drops it if nothing was measured then any more, until one comes out as it
// was: what follows that one stays as it is.
bool vitals_history::replay_from(moments::iterator at, bool is_new) {
  bool changed = false;
  if (at->second.readings.empty()) {
    changed |= escalations_.erase(at->first) > 0;
    at = moments_.erase(at);
  }
  static const moment nothing;
  for (; at != moments_.end(); ++at) {
    const auto& before = at == moments_.begin() ? nothing : std::prev(at)->second;
    auto& now = at->second;
    const auto known_till_now = std::exchange(now.known, before.known);
    const bool escalated_till_now = now.escalated;
    for (const auto& [id, readings] : now.readings) {
      for (const auto& item : readings) now.known.take(at->first, item);
    }
    changed |= escalate(at->first, before, now);
    if (!is_new && now.known == known_till_now && now.escalated == escalated_till_now) break;
    is_new = false;
  }
  return changed;
}

// True if that is another escalation than before.
bool vitals_history::escalate(instant at, const moment& before, moment& now) {
  const auto signs = now.known.since(at - value_age_max);
  auto signs_before = before.known.since(instant::min());
  for (const auto what : all_vitals) {
    if (!signs[what]) signs_before[what].reset();
  }
  const auto scored = score(signs);
  std::optional<escalation> found;
  if (calls_for_follow_up(scored.band) && scored.band > score(signs_before).band) {
    found = escalation{scored.band, scored.total, false};
  } else if (before.escalated && !calls_for_follow_up(score(now.known.since(instant::min())).band)) {
    found = escalation{scored.band, scored.total, true};
  }
  now.escalated = found ? !found->over : before.escalated;
  const auto known = escalations_.find(at);
  if (!found) {
    if (known == escalations_.end()) return false;
    escalations_.erase(known);
    return true;
  }
  if (known != escalations_.end() && known->second == *found) return false;
  escalations_[at] = *found;
  return true;
}

std::vector<assessment> vitals_history::timeline() const {
  std::vector<assessment> out;
  for (const auto& each : moments_) {
    const auto signs = signs_of(each);
    out.push_back({each.first, signs, score(signs)});
  }
  return out;
}

std::optional<assessment> vitals_history::latest() const {
  if (moments_.empty()) return std::nullopt;
  const auto& last = *moments_.rbegin();
  const auto signs = signs_of(last);
  return assessment{last.first, signs, score(signs)};
}

std::optional<vitals_trend> vitals_history::trend() const {
  if (moments_.size() < 2) return std::nullopt;
  const auto last = std::prev(moments_.end());
  const auto hour_ago = last->first - std::chrono::hours{1};
  auto then = moments_.upper_bound(hour_ago);
  if (then != moments_.begin() && std::prev(then)->first >= last->first - trend_age_max) --then;
  if (then == last) return std::nullopt;

  vitals_trend out;
  out.since = then->first;
  const auto signs = signs_of(*last);
  const auto signs_then = signs_of(*then);
  bool comparable = false;
  for (const auto what : all_vitals) {
    if (!signs[what]) continue;
    // Who was not told to be on oxygen or not alert was on room air and alert.
    const bool assumed = is_state(what) && !then->second.known.since(instant::min())[what];
    if (!signs_then[what] && !assumed) continue;
    comparable |= !assumed;
    out.score_change += news2_points(what, *signs[what]) - (assumed ? 0 : news2_points(what, *signs_then[what]));
  }
  if (!comparable) return std::nullopt;
  out.moves = direction_of(out.score_change, 1);

  for (const auto what : all_vitals) {
    if (is_state(what)) continue;
    const auto i = static_cast<std::size_t>(what);
    std::vector<point> points;
    for (auto at = moments_.lower_bound(hour_ago); at != moments_.end(); ++at) {
      if (at->second.known.measured[i] != at->first) continue;
      const std::chrono::duration<double, std::ratio<3600>> hours = at->first - hour_ago;
      points.push_back({hours.count(), at->second.known.values[i]});
    }
    if (auto fitted = fit(what, points)) out.parameters.push_back(*fitted);
  }
  return out;
}

std::string_view to_string(direction moves) noexcept {
  switch (moves) {
    case direction::falling: return "falling";
    case direction::steady: return "steady";
    case direction::rising: return "rising";
  }
  return "unknown";
}

}  // namespace healthcare
