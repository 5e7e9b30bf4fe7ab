#pragma once

#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/task_graph.hpp>

#include "healthcare/messages.hpp"
#include "healthcare/records.hpp"

// How a patient is admitted: a graph of tasks, and the agent that runs it.

namespace healthcare {

// To the admission: start the team of this patient and have it take its first look. Answered when it has; a patient who
// is there already is admitted, too.
struct admit {
  patient who;
  using reply_type = troupe::done;
  TROUPE_MESSAGE(admit, who)
};

// What an admission needs: `team`. What it does with it, two things at a time, the most urgent first: `medication` is
// reviewed before anything else is done with the patient, `vitals` are taken from the record, and when both have been
// seen to, `appointments` are booked. These three are tried again when the agent that does them is killed over it, and
// left to the round itself if that does not help: the team finds out again whatever it needs, so that they decide only
// how soon it knows.
// `lasting`: the team is one whose work outlasts the process, see patient_team.
troupe::task_graph<troupe::done, patient> admission_plan(bool lasting = false);

// Runs it, for one patient after another. Knows nothing, and can be killed at any time: whoever asked asks again.
class admission_agent : public troupe::agent {
 public:
  explicit admission_agent(troupe::agent_context& context, bool lasting = false);

 private:
  troupe::task<troupe::result<troupe::done>> take_in(admit order, troupe::turn& now);

  const troupe::task_graph<troupe::done, patient> plan_;
};

}  // namespace healthcare
