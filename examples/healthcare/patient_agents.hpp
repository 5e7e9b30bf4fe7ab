#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <troupe/actors/agent.hpp>

#include "healthcare/messages.hpp"
#include "healthcare/vitals_history.hpp"

// The four sub-agents of a patient. Each can be killed at any time. What vitals, medication and scheduling know they
// ask for again, whenever they start and before they answer; what learning has collected is lost, unless it lasts.

namespace healthcare {

// Where the parts of the hospital are.
struct addresses {
  static inline const troupe::path records{"/hospital/records"};
  static inline const troupe::path booking{"/hospital/booking"};
  static inline const troupe::path patients{"/hospital/patients"};
  static inline const troupe::path admission{"/hospital/admission"};
};
inline troupe::path patient_team_path(const std::string& patient) {
  return addresses::patients / troupe::path::escape_segment(patient);
}

// Keeps the history of vital signs, scores it, and asks for a follow-up when the score calls for one.
class vitals_agent : public troupe::agent {
 public:
  vitals_agent(troupe::agent_context& context, std::string patient, bool deceased);

 private:
  troupe::task<void> on_start(troupe::turn& now) override;
  troupe::task<void> look(new_changes, troupe::turn& now);
  troupe::task<vitals_assessed> assess(get_assessment, troupe::turn& now);
  troupe::task<follow_ups> list(get_follow_ups, troupe::turn& now);
  troupe::task<void> catch_up(troupe::turn& now);

  const std::string patient_;
  const bool deceased_;
  vitals_history history_;
  std::uint64_t version_ = 0;  // changes taken so far
};

// Checks the active medication; again if the round begins at another time, which decides who is an adult.
class medication_agent : public troupe::agent {
 public:
  medication_agent(troupe::agent_context& context, std::string patient);

 private:
  troupe::task<void> on_start(troupe::turn& now) override;
  troupe::task<medication_checked> check(get_review, troupe::turn& now);
  troupe::task<follow_ups> list(get_follow_ups, troupe::turn& now);
  troupe::task<void> catch_up(troupe::turn& now);

  const std::string patient_;
  medication_checked checked_;
  follow_ups requests_;
};

// Sees to it that every follow-up of the patient is booked. Knows nothing when it starts, and asks its siblings then
// when there is something to do: asking them while it starts would keep their supervisor from starting them. For each
// escalation that is booked only when somebody has approved it, it has a sub-agent that asks.
class scheduling_agent : public troupe::agent {
 public:
  // `lasting`: its questions to people outlast the process.
  explicit scheduling_agent(troupe::agent_context& context, bool lasting = false);

 private:
  troupe::task<void> see_to(new_follow_ups news, troupe::turn& now);
  troupe::task<troupe::result<void>> settle(settle_bookings, troupe::turn& now);
  troupe::task<troupe::result<void>> book_what(std::string sibling, troupe::turn& now);
  troupe::task<troupe::result<void>> have_asked(escalation_question what, troupe::turn& now);

  const bool lasting_;
  std::map<std::string, std::uint64_t> booked_;  // the version of each sibling's list that is booked
};

// Collects feedback; what it would learn from it is to come.
class learning_agent : public troupe::agent {
 public:
  // `lasting`: it keeps what it has collected.
  explicit learning_agent(troupe::agent_context& context, bool lasting = false);

 private:
  std::map<std::string, std::uint64_t> collected_;
};

// The supervisor of one patient with the four of them, each after those that it tells its news. `lasting`: what they
// know and nobody can tell them again outlasts the process; the node needs a memory for it.
troupe::supervisor_spec patient_team(const patient& who, bool lasting = false);
// The names of the four.
inline constexpr std::array<std::string_view, 4> sub_agents{"learning", "scheduling", "medication", "vitals"};

}  // namespace healthcare
