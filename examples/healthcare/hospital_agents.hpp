#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/memory/store.hpp>

#include "healthcare/escalation.hpp"
#include "healthcare/messages.hpp"
#include "healthcare/observation_log.hpp"
#include "healthcare/ward.hpp"

// The two services that the patients' agents build on. Both are what a hospital has already, behind an interface of its
// own: they hold the truth, and are not restarted, since what they hold would be gone; without them the assistant ends.
//
// With a memory, in which the store is that of the node and outlives the agents, they write down what nobody could tell
// them again before they answer, and read it back when they start: the observations, the decisions. Their turns are not
// durable ones: all that is asked of them is asked again by whoever gets no answer, and to write down each question
// would take more than to answer it. Follow-ups are not written down, either, as their requesters book them again.

namespace healthcare {

// The record system: the bundles as they were read, and the log of the vital signs.
class records_agent : public troupe::agent {
 public:
  // As many changes as go into one answer.
  static constexpr std::size_t changes_in_answer_max = 1'000;

  // `memory`: null if nothing is to last.
  records_agent(troupe::agent_context& context, std::shared_ptr<const ward> patients, std::optional<instant> begins,
                const troupe::memory::store* memory);

 private:
  // A line of the stream that is on record.
  struct known_line {
    std::size_t hash = 0;  // of what it says
    noted answer;
  };

  troupe::task<void> on_start(troupe::turn& now) override;
  noted take(const observed& news, troupe::turn& now);
  troupe::task<troupe::result<noted>> take_and_remember(observed news, troupe::turn& now);
  set_aside close(const end_of_stream&);
  troupe::result<chart> show(const get_chart& of);
  changes list(const get_changes& of);

  std::shared_ptr<const ward> ward_;  // shared with whoever read it
  observation_log log_;
  const troupe::memory::store* memory_;
  std::map<std::uint64_t, known_line> lines_;  // with a memory; a line is found again by its number
  std::set<std::string> up_to_date_;           // the patients whose agents have asked for all there is
};

// The booking system: one plan for all clinicians, and who approved what of it.
class booking_agent : public troupe::agent {
 public:
  booking_agent(troupe::agent_context& context, clinic at, const troupe::memory::store* memory);

 private:
  troupe::task<void> on_start(troupe::turn& now) override;
  held_back take(const book& all);
  troupe::task<troupe::result<void>> note(decide what, troupe::turn& now);

  planner planner_;
  escalation_decisions decisions_;
  const troupe::memory::store* memory_;
};

// The whole hospital, without patients yet. `memory`: that of the node, if the round is to outlast the process.
troupe::supervisor_spec hospital(std::shared_ptr<const ward> patients, clinic at, std::optional<instant> begins,
                                 const troupe::memory::store* memory = nullptr);

}  // namespace healthcare
