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

// What became of a request at one time: raised, made more or less urgent, or withdrawn.
struct revision {
  instant at{};
  urgency level = urgency::routine;
  role needs = role::physician;
  bool withdrawn = false;
  std::string reason;
  bool operator==(const revision&) const = default;
};

// A request for a follow-up, with its whole story so far.
struct follow_up {
  std::string id;
  std::string patient;
  std::uint64_t version = 0;  // grows with the story; the planner keeps the highest
  std::vector<revision> revisions;
  bool operator==(const follow_up&) const = default;
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
// - none is with a clinician who has another at that time, or who does not do what it needs, or outside working hours;
// - none begins before it was asked for;
// - none has one of lower rank (less urgent; among equals, asked for later) in a slot that it could have had;
// - each stays where it was unless one of these demands otherwise, or it was late and can be earlier now.
// A pure function of the set of follow-ups, each of its own id: their order in `requests` does not matter.
[[nodiscard]] schedule plan(std::span<const follow_up> requests, const clinic& at);

// Collects follow-ups as they arrive. The same set gives the same plan in whatever order it came, with repetitions and
// outdated versions in between. A value; one thread.
class planner {
 public:
  explicit planner(clinic at) : clinic_{std::move(at)} {}

  // True if this changed anything: a new request or a higher version of one. Of two different ones of one version the
  // first counts; a requester gives each story its own version.
  bool put(follow_up request);
  [[nodiscard]] schedule plan() const;

  const clinic& at() const noexcept { return clinic_; }
  std::size_t size() const noexcept { return requests_.size(); }

 private:
  clinic clinic_;
  std::map<std::string, follow_up> requests_;
};

[[nodiscard]] std::chrono::minutes within(urgency level) noexcept;
// Whether one who does `does` can see a patient who needs `needs`: a physician also reviews medication, critical care
// also sees a physician's patients.
[[nodiscard]] bool can_serve(role does, role needs) noexcept;
[[nodiscard]] std::string_view to_string(role does) noexcept;
[[nodiscard]] std::string_view to_string(urgency level) noexcept;

}  // namespace healthcare
