#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "healthcare/instant.hpp"

namespace healthcare {

enum class role : std::uint8_t { pharmacist, physician, critical_care };

// How soon a follow-up must begin, counted from when it was asked for.
enum class urgency : std::uint8_t {
  routine,    // within 72 hours
  soon,       // within 24 hours
  prompt,     // within 4 hours
  urgent,     // within 1 hour
  emergency,  // at once: the next slot, within 30 minutes
};

struct clinician {
  std::string id;
  std::string name;
  role does = role::physician;
  bool on_call = false;  // also sees urgent and emergency patients outside working hours
  bool operator==(const clinician&) const = default;
};

// Who can see patients, and when. Times are UTC.
struct clinic {
  std::vector<clinician> staff;
  std::chrono::minutes slot{20};  // rounded down to what divides a day
  std::chrono::minutes opens{8 * 60};
  std::chrono::minutes closes{18 * 60};
  std::chrono::days horizon{14};  // nothing is planned further ahead than this after it was asked for
  bool operator==(const clinic&) const = default;
};

// Five invented clinicians of the three roles; the two of critical care and one physician are on call.
[[nodiscard]] clinic default_clinic();

// What became of a request at one time: somebody is to see the patient, this urgently; or nobody needs to any more.
struct revision {
  instant at{};
  urgency level = urgency::routine;
  role needs = role::physician;
  bool withdrawn = false;
  std::string reason;
  bool operator==(const revision&) const = default;
};

// A request for a follow-up, with its whole story so far. One revision after another raises what is wanted, never
// lowers it; once somebody has begun to see the patient, the next one asks anew.
struct follow_up {
  std::string id;
  std::string patient;
  std::vector<revision> revisions;
  bool operator==(const follow_up&) const = default;
};

// All that one requester asks for, as it is now: what is not in it is not wanted.
struct request_list {
  std::string owner;          // the requester
  std::uint64_t version = 0;  // grows with every change; the planner keeps the highest
  std::vector<follow_up> requests;
  bool operator==(const request_list&) const = default;
};

struct appointment {
  std::string request;
  std::string patient;
  std::string clinician;  // id
  instant start{};
  instant end{};
  instant due{};  // the latest start that the urgency allows
  urgency level = urgency::routine;
  std::string reason;
  std::optional<instant> moved_from;  // where it was planned at first
  bool operator==(const appointment&) const = default;

  bool late() const noexcept { return start > due; }
};

struct unplanned {
  std::string request;
  std::string patient;
  std::string why;
  bool operator==(const unplanned&) const = default;
};

struct schedule {
  std::vector<appointment> appointments;  // by start, clinician
  std::vector<unplanned> unplaced;        // by request
  bool operator==(const schedule&) const = default;
};

// Plans the follow-ups by replaying their revisions in the order of their times, not of their arrival. At each time the
// appointments that have begun are history, and of the others
// - none is with a clinician or of a patient who has another at that time, nor with one who does not do what it needs,
//   nor outside working hours;
// - none begins before it was asked for;
// - none has one of lower rank (less urgent; among equals, asked for later) in a slot that it could have had;
// - each stays where it was unless one of these demands otherwise, or it was late and can be earlier now, or another of
//   its patient is gone or moved.
// A pure function of the set of follow-ups, each of its own id: their order in `requests` does not matter.
[[nodiscard]] schedule plan(std::span<const follow_up> requests, const clinic& at);

// Collects requests as they arrive. The same lists give the same plan in whatever order they came, with repetitions and
// outdated versions in between. A value; one thread. Limits: those of its requesters, of which it keeps the last list.
class planner {
 public:
  explicit planner(clinic at) : clinic_{std::move(at)} {}

  // True if this is the first list of its owner, or a higher version than the last. Of two of one version the first
  // counts: a requester asks for the same in both.
  bool put(request_list wanted);
  [[nodiscard]] schedule plan() const;
  // Of all requesters.
  [[nodiscard]] std::vector<follow_up> requests() const;

  const clinic& at() const noexcept { return clinic_; }

 private:
  clinic clinic_;
  std::map<std::string, request_list> by_owner_;
};

[[nodiscard]] std::chrono::minutes within(urgency level) noexcept;
// Whether one who does `does` can see a patient who needs `needs`: a physician also reviews medication, critical care
// also sees a physician's patients.
[[nodiscard]] bool can_serve(role does, role needs) noexcept;
[[nodiscard]] std::string_view to_string(role does) noexcept;
[[nodiscard]] std::string_view to_string(urgency level) noexcept;

}  // namespace healthcare
