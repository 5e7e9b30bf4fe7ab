#pragma once

#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/approval.hpp>

#include "healthcare/escalation.hpp"
#include "healthcare/messages.hpp"

// Asks people about one escalation.

namespace healthcare {

// From scheduling, whenever it has started the agent: ask. A message, and no start hook: an agent of an earlier life
// that has nothing in its inbox is not built before something comes.
struct raise {
  TROUPE_MESSAGE(raise)
};

// Waits for the decision, brings it to the booking system, and ends. A sub-agent of the scheduling agent, so that this
// one goes on meanwhile; with a memory it is durable: the question is open still when the program is started again.
class escalation_agent : public troupe::agent {
 public:
  escalation_agent(troupe::agent_context& context, escalation_question about, bool lasting);

 private:
  troupe::task<void> on_restart(troupe::turn& now, const troupe::exit_cause& previous) override;
  troupe::task<void> ask(raise, troupe::turn& now);

  const escalation_question about_;
  const bool lasting_;
};

// How it is started by scheduling, and where it is then.
[[nodiscard]] troupe::child_spec escalation_asker(const escalation_question& about, bool lasting);
[[nodiscard]] troupe::path escalation_asker_path(const escalation_question& about);

// What ends a question that nobody needs an answer to, since the score has turned out to be another one.
[[nodiscard]] troupe::approval_decision no_longer_asked();

}  // namespace healthcare
