#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <troupe/actors/agent.hpp>

#include "healthcare/messages.hpp"
#include "healthcare/vitals_history.hpp"

// The four sub-agents of a patient. Each can be killed at any time. What vitals, medication and scheduling know they
// ask for again, whenever they start and before they answer; what learning has collected is lost.

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
// when there is something to do: asking them while it starts would keep their supervisor from starting them.
class scheduling_agent : public troupe::agent {
 public:
  explicit scheduling_agent(troupe::agent_context& context);

 private:
  troupe::task<void> see_to(new_follow_ups news, troupe::turn& now);
  troupe::task<troupe::result<void>> settle(settle_bookings, troupe::turn& now);
  troupe::task<troupe::result<void>> book_what(std::string sibling, troupe::turn& now);

  std::map<std::string, std::uint64_t> booked_;  // the version of each sibling's list that is booked
};

// Collects feedback; what it would learn from it is to come.
class learning_agent : public troupe::agent {
 public:
  explicit learning_agent(troupe::agent_context& context);

 private:
  std::map<std::string, std::uint64_t> collected_;
};

// The supervisor of one patient with the four of them, each after those that it tells its news.
troupe::supervisor_spec patient_team(const patient& who);
// The names of the four.
inline constexpr std::array<std::string_view, 4> sub_agents{"learning", "scheduling", "medication", "vitals"};

}  // namespace healthcare
