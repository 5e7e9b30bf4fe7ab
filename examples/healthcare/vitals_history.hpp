#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "healthcare/news2.hpp"

namespace healthcare {

// A score, and the values it was made from, as they were known at one time of observation.
struct assessment {
  instant at{};
  vital_signs signs;
  news2_score score;
  bool operator==(const assessment&) const = default;
};

enum class direction : std::uint8_t { falling, steady, rising };

struct parameter_trend {
  vital what = vital::respiratory_rate;
  direction moves = direction::steady;
  double per_hour = 0;  // least-squares slope, in the parameter's unit per hour
  bool operator==(const parameter_trend&) const = default;
};

// The last hour before an assessment.
struct vitals_trend {
  instant since{};       // of the assessment compared with: the last one an hour before, or the first after that
  int score_change = 0;  // now less then
  direction moves = direction::steady;
  std::vector<parameter_trend> parameters;  // those measured at least five minutes apart within the hour
  bool operator==(const vitals_trend&) const = default;
};

// One patient's observations of the last day, in the order in which they were made, however they arrived.
// Adding is idempotent and commutative: the same set of observations gives the same history in any order, also with
// some of them twice, as long as none is a day older than the newest. A value; one thread. Limits: `window` before the
// newest, `observations_max`; older ones are dropped.
class vitals_history {
 public:
  static constexpr std::chrono::hours window{24};
  static constexpr std::size_t observations_max = 20'000;
  // A value counts for this long: the longest interval between measurements that the standard allows.
  static constexpr std::chrono::hours value_age_max{12};

  // True if the history now holds this observation and did not before. An observation of an id seen before replaces
  // that one if it has more authority (withdrawn over amended over final over preliminary; equal: the later, then the
  // larger value) and changes nothing if not.
  bool add(const observation& taken);

  // One assessment for each time of observation, in order.
  [[nodiscard]] std::vector<assessment> timeline() const;
  // The last of the timeline.
  [[nodiscard]] std::optional<assessment> latest() const;
  // Nothing if there is no earlier assessment to compare with.
  [[nodiscard]] std::optional<vitals_trend> trend() const;

  std::size_t size() const noexcept { return by_time_.size(); }
  bool operator==(const vitals_history&) const = default;

 private:
  using key = std::pair<instant, std::string>;  // id last, so that observations of one time have an order

  void prune();

  std::map<key, observation> by_time_;
  std::map<std::string, instant> time_by_id_;
};

[[nodiscard]] std::string_view to_string(direction moves) noexcept;

}  // namespace healthcare
