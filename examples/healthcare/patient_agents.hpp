#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <troupe/actors/agent.hpp>

#include "healthcare/messages.hpp"
#include "healthcare/vitals_history.hpp"

// The four sub-agents of a patient. Each can be killed at any time: what it knows it can find out again, from the
// record system or from the others, and it does so whenever it starts.

namespace healthcare {

// Where the parts of the hospital are.
struct addresses {
  static inline const troupe::path records{"/hospital/records"};
  static inline const troupe::path booking{"/hospital/booking"};
  static inline const troupe::path patients{"/hospital/patients"};
};

// Keeps the history of vital signs, scores it, and asks for a follow-up when the score calls for one.
class vitals_agent : public troupe::agent {
 public:
  vitals_agent(troupe::agent_context& context, std::string patient);

 private:
  troupe::task<void> on_start(troupe::turn& now) override;
  troupe::task<void> on_restart(troupe::turn& now, const troupe::exit_cause& previous) override;
  void ask_for_follow_up(troupe::turn& now);
  void take(const new_observation& news, troupe::turn& now);
  vitals_assessed assess(const get_assessment&);
  follow_ups list(const get_follow_ups&);

  const std::string patient_;
  bool deceased_ = false;
  vitals_history history_;
  std::uint64_t version_ = 0;  // observations on record so far
};

// Checks the active medication once it starts; the records do not change during a run.
class medication_agent : public troupe::agent {
 public:
  medication_agent(troupe::agent_context& context, std::string patient);

 private:
  troupe::task<void> on_start(troupe::turn& now) override;
  const std::string patient_;
  medication_checked checked_;
  follow_ups requests_;
};

// Sees to it that every follow-up of the patient is booked.
class scheduling_agent : public troupe::agent {
 public:
  explicit scheduling_agent(troupe::agent_context& context);

 private:
  troupe::task<void> on_start(troupe::turn& now) override;
  troupe::task<void> see_to(book wanted, troupe::turn& now);
  troupe::task<follow_ups> ask_sibling(std::string_view name, troupe::turn& now);
};

// Collects feedback; what it would learn from it is to come.
class learning_agent : public troupe::agent {
 public:
  explicit learning_agent(troupe::agent_context& context);

 private:
  std::map<std::string, std::uint64_t> collected_;
};

// The supervisor of one patient with the four of them, in the order in which they need each other.
troupe::supervisor_spec patient_team(const std::string& patient);
// The names of the four.
inline constexpr std::array<std::string_view, 4> sub_agents{"vitals", "medication", "scheduling", "learning"};

}  // namespace healthcare
