#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "healthcare/schedule.hpp"

// The most urgent escalations are booked only when somebody has approved them.
namespace healthcare {

// One of them: a score that asks for critical care at once, at one time. If the score of that time turns out to be
// another one, an approval holds for that, too; a refusal does not.
struct escalation_key {
  std::string request;  // the follow-up's id
  instant at{};
  std::string score;  // "NEWS2 9, high"
  auto operator<=>(const escalation_key&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("request", self.request);
    visit("at", self.at);
    visit("score", self.score);
  }
};

// What is asked about it.
struct escalation_question {
  escalation_key about;
  std::string patient;  // id
  std::string reason;
  bool operator==(const escalation_question&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("about", self.about);
    visit("patient", self.patient);
    visit("reason", self.reason);
  }
};

struct escalation_decision {
  escalation_key about;
  std::string patient;
  bool approved = false;
  std::string by;
  std::string comment;
  bool operator==(const escalation_decision&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("about", self.about);
    visit("patient", self.patient);
    visit("approved", self.approved);
    visit("by", self.by);
    visit("comment", self.comment);
  }
};

// Whether it is one of them: urgency `emergency`, which a score of 7 or more has.
[[nodiscard]] bool needs_approval(const revision& of) noexcept;

// What was decided. A value; one thread. Limits: those of whoever asks.
class escalation_decisions {
 public:
  // Of two about the same the first counts.
  void put(escalation_decision made);
  // Those of the list about which nothing is decided, in the order of their times.
  [[nodiscard]] std::vector<escalation_question> open(const request_list& of) const;
  // Plans what needs no approval or has it. The rest is unplaced, and says why.
  [[nodiscard]] schedule plan(std::vector<follow_up> requests, const clinic& at) const;

 private:
  const escalation_decision* find(const std::string& request, const revision& of) const;

  std::map<escalation_key, escalation_decision> by_key_;
};

}  // namespace healthcare
