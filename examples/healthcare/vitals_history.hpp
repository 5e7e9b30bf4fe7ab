#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
  instant since{};       // of the assessment compared with
  int score_change = 0;  // now less then, of the parameters that were known at both times
  direction moves = direction::steady;
  std::vector<parameter_trend> parameters;  // those measured at least five minutes apart within the hour
  bool operator==(const vitals_trend&) const = default;
};

// A time at which the score called for somebody to see the patient, or no longer did.
struct escalation {
  risk band = risk::low;
  int total = 0;
  bool over = false;
  bool operator==(const escalation&) const = default;
};

// All observations of one patient, in the order of their times, and what they come to. The same set gives the same
// history whatever the order of the changes. A change costs as much as what it changes: one at the end next to nothing,
// one in the past what comes after it, until each parameter was measured again. A value; one thread. Limits: those of
// the observation_log that feeds it.
class vitals_history {
 public:
  // A value counts for this long: the longest interval between measurements that the standard allows.
  static constexpr std::chrono::hours value_age_max{12};
  // The trend does not look back farther than this.
  static constexpr std::chrono::hours trend_age_max{2};

  // Puts the observation in the place of the one of its id, or takes that one out if it has no readings. False if the
  // escalations are as before. Of two values of one parameter at one time the graver counts.
  bool take(const observation& change);

  // One assessment for each time of observation, in order.
  [[nodiscard]] std::vector<assessment> timeline() const;
  // The last of the timeline.
  [[nodiscard]] std::optional<assessment> latest() const;
  // Compares the last assessment with the last one that is at least an hour older, or with the first after that, if
  // there is one that is not too old. Nothing if no parameter was known at both times.
  [[nodiscard]] std::optional<vitals_trend> trend() const;

  // Each rise of the band to one that calls for a follow-up, and each recovery. A rise is a higher band than the last
  // values before of the same parameters would have, so that a value is no news because the one before has expired.
  // Recovered has who would have a low band by the last values of all parameters, however old: that a value has expired
  // says nothing.
  const std::map<instant, escalation>& escalations() const noexcept { return escalations_; }

  bool operator==(const vitals_history&) const = default;

 private:
  // The last value of each parameter, and when it was measured.
  struct known_values {
    std::array<double, vital_count> values{};
    std::array<instant, vital_count> measured{};

    known_values() { measured.fill(instant::min()); }  // never
    bool operator==(const known_values&) const = default;
    void take(instant at, const reading& item);
    // Those measured at `since` or later.
    vital_signs since(instant time) const;
  };
  // What is known after the observations of one time.
  struct moment {
    std::map<std::string, std::vector<reading>> readings;  // by id
    known_values known;
    bool escalated = false;
    bool operator==(const moment&) const = default;
  };
  using moments = std::map<instant, moment>;

  bool replay_from(moments::iterator at, bool is_new);
  bool escalate(instant at, const moment& before, moment& now);
  static vital_signs signs_of(const moments::value_type& of) { return of.second.known.since(of.first - value_age_max); }

  moments moments_;
  std::map<std::string, instant> time_by_id_;
  std::map<instant, escalation> escalations_;
};

[[nodiscard]] std::string_view to_string(direction moves) noexcept;
// Whether somebody is to see the patient: any band above low.
[[nodiscard]] constexpr bool calls_for_follow_up(risk band) noexcept { return band > risk::low; }

}  // namespace healthcare
