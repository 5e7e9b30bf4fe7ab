#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "healthcare/records.hpp"
#include "troupe/core/result.hpp"

namespace healthcare {

// Which of all the vital signs of a ward count, and when the round begins. What arrives, in any order and with
// repetitions, comes out as changes of each patient's vital signs, of which a history needs to see each one once. After
// `close` what counts depends on the set of what was added and not on its order.
//
// Of several observations of one id the newest counts: first by status, which never goes back (withdrawn, amended,
// final, preliminary), then by version, time of update and time of issue. Where none of these tells, the graver one
// counts for each patient they are of. A value; one thread. Limits: `observations_max` for each patient, corrections
// and withdrawals included, and twice as many changes.
class observation_log {
 public:
  static constexpr std::size_t observations_max = 100'000;
  // Vital signs that the bundles held count if they are at most this old when the round begins.
  static constexpr std::chrono::hours bundle_age_max{12};
  // A measurement farther than this from the median of all is a slip of the pen.
  static constexpr std::chrono::days plausible{183};
  // When the round begins if nothing else says so: a fixed day, so that a run can be repeated.
  static constexpr instant begins_by_default{std::chrono::sys_days{std::chrono::January / 1 / 2025}};

  // `bundles`: with ids of patients. `begins`: when the round begins, if that was decided.
  explicit observation_log(std::span<const observation> bundles, std::optional<instant> begins = {});

  // Takes one from the stream, with the id of a patient; `line` is for `close`. What does not matter is passed over.
  // Gives what is to be reported about it. That is too_large if it was not taken, since the patient has too many, and
  // bad_value if it contradicts another one that is no older.
  std::optional<troupe::error> add(observation taken, std::size_t line);

  // The stream is at its end: decides when the round begins, and sets aside what was measured at an implausible time.
  // That is what comes back: the line and the error, by line.
  std::vector<std::pair<std::size_t, troupe::error>> close();

  // When the round begins: as was decided, or with the first vital sign of the stream (before `close`, the first that
  // arrived), or else with the last of the bundles.
  instant begins() const noexcept { return begins_; }
  // How often `begins` was another one before.
  std::uint64_t begins_changed() const noexcept { return begins_changed_; }

  // What is to be done to the vital signs of a patient, in this order: put each in the place of the one of its id, or,
  // if it is withdrawn, take that one out. All have an id. Valid until the next `add` or `close`.
  std::span<const observation> changes(const std::string& patient) const;

 private:
  struct entry {
    observation taken;
    std::size_t line = 0;  // of the stream; 0: from a bundle
    bool counts = false;
  };
  using newness = std::pair<observation_status, edition>;
  struct one_id {
    newness newest;
    std::map<std::string, entry> by_patient;  // of the newest
  };
  struct one_patient {
    std::size_t taken = 0;
    std::vector<observation> changes;
  };

  std::optional<troupe::error> insert(observation taken, std::size_t line);
  void set_counts(entry& of, bool counts);
  void begin_at(instant time);
  // When the round begins if there is no stream.
  instant last_of_bundles();
  // Calls visit(entry&) for all that hold a reading, and that are from the stream, or else from the bundles.
  template <class Visit>
  void for_each(bool of_stream, Visit visit);

  std::map<std::string, one_id> by_id_;
  std::map<std::string, one_patient> by_patient_;
  bool begins_decided_;
  bool streaming_ = false;
  instant begins_;
  std::uint64_t begins_changed_ = 0;
};

}  // namespace healthcare
