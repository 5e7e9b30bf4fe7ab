#include "healthcare/vitals_history.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "healthcare/text.hpp"

namespace healthcare {
namespace {

// An observation without an id is known by what it says.
std::string name_of(const observation& taken) {
  if (!taken.id.empty()) return taken.id;
  std::string name = "@" + to_text(taken.time);
  for (const auto& [what, value] : taken.readings) {
    name += "/" + std::to_string(static_cast<int>(what)) + "=" + std::to_string(value);
  }
  return name;
}

bool outranks(const observation& a, const observation& b) {
  const auto rank = [](const observation& taken) {
    std::vector<std::pair<vital, double>> values;
    for (const auto& [what, value] : taken.readings) values.emplace_back(what, value);
    return std::tuple{taken.status, taken.time, std::move(values)};
  };
  return rank(a) > rank(b);
}

// The latest value of each parameter, and when it was measured.
struct known_values {
  vital_signs signs;
  std::array<instant, vital_count> measured{};

  void take(const observation& taken) {
    for (const auto& [what, value] : taken.readings) {
      signs[what] = value;
      measured[static_cast<std::size_t>(what)] = taken.time;
    }
  }
  void forget_before(instant time) {
    for (const auto what : all_vitals) {
      if (measured[static_cast<std::size_t>(what)] < time) signs[what].reset();
    }
  }
};

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

bool vitals_history::add(const observation& taken) {
  const bool withdrawal = taken.status == observation_status::withdrawn;
  if (taken.readings.empty() && !(withdrawal && !taken.id.empty())) return false;
  const auto name = name_of(taken);
  if (const auto known = time_by_id_.find(name); known != time_by_id_.end()) {
    const auto at = by_time_.find({known->second, name});
    if (!outranks(taken, at->second)) return false;
    by_time_.erase(at);
    time_by_id_.erase(known);
  }
  by_time_.emplace(key{taken.time, name}, taken);
  time_by_id_.emplace(name, taken.time);
  prune();
  return time_by_id_.contains(name);
}

void vitals_history::prune() {
  const auto oldest = by_time_.rbegin()->first.first - window;
  while (by_time_.begin()->first.first < oldest || by_time_.size() > observations_max) {
    time_by_id_.erase(by_time_.begin()->first.second);
    by_time_.erase(by_time_.begin());
  }
}

std::vector<assessment> vitals_history::timeline() const {
  std::vector<assessment> out;
  known_values known;
  for (const auto& [at, taken] : by_time_) {
    if (taken.readings.empty()) continue;
    known.forget_before(at.first - value_age_max);
    known.take(taken);
    if (out.empty() || out.back().at != at.first) out.emplace_back().at = at.first;
    out.back().signs = known.signs;
  }
  for (auto& item : out) item.score = score(item.signs);
  return out;
}

std::optional<assessment> vitals_history::latest() const {
  auto all = timeline();
  if (all.empty()) return std::nullopt;
  return std::move(all.back());
}

std::optional<vitals_trend> vitals_history::trend() const {
  const auto all = timeline();
  if (all.size() < 2) return std::nullopt;
  const auto& now = all.back();
  const auto hour_ago = now.at - std::chrono::hours{1};
  auto then = std::upper_bound(all.begin(), all.end(), hour_ago,
                               [](instant time, const assessment& item) { return time < item.at; });
  if (then != all.begin()) --then;
  if (then->at == now.at) return std::nullopt;

  vitals_trend out;
  out.since = then->at;
  out.score_change = now.score.total - then->score.total;
  out.moves = direction_of(out.score_change, 1);
  std::array<std::vector<point>, vital_count> points;
  for (auto at = by_time_.lower_bound({hour_ago, ""}); at != by_time_.end(); ++at) {
    for (const auto& [what, value] : at->second.readings) {
      const std::chrono::duration<double, std::ratio<3600>> hours = at->first.first - hour_ago;
      points[static_cast<std::size_t>(what)].push_back({hours.count(), value});
    }
  }
  for (const auto what : all_vitals) {
    if (what == vital::consciousness || what == vital::supplemental_oxygen) continue;  // states, not quantities
    if (auto fitted = fit(what, points[static_cast<std::size_t>(what)])) out.parameters.push_back(*fitted);
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
