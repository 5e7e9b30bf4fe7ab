#include "healthcare/escalation_agent.hpp"

#include <chrono>
#include <utility>

#include "healthcare/patient_agents.hpp"

namespace healthcare {

using namespace std::chrono_literals;

namespace {

std::string name_of(const escalation_question& about) {
  return troupe::path::escape_segment(to_text(about.about.at) + " " + about.about.score);
}

}  // namespace

escalation_agent::escalation_agent(troupe::agent_context& context, escalation_question about, bool lasting)
    : agent{context}, about_{std::move(about)}, lasting_{lasting} {
  on(&escalation_agent::ask);
}

// What it was told is lost, unless that is in its journal.
troupe::task<void> escalation_agent::on_restart(troupe::turn& now, const troupe::exit_cause&) {
  if (!lasting_) now.send(now.self(), raise{});
  co_return;
}

troupe::task<void> escalation_agent::ask(raise, troupe::turn& now) {
  const troupe::approval_request question{.subject = "escalate " + about_.patient + " to critical care: " +
                                                     about_.about.score + " at " + to_text(about_.about.at),
                                          .details = about_.reason};
  const auto said = co_await now.approval(question);
  if (said != no_longer_asked()) {
    const decide news{{about_.about, about_.patient, said.approved, said.by, said.comment}};
    const auto booking = now.ref(addresses::booking);
    co_await now.ask(booking, news);
  }
  now.stop();
}

troupe::child_spec escalation_asker(const escalation_question& about, bool lasting) {
  troupe::child_options how{.restart = troupe::transient};
  if (lasting) {
    how.durability = troupe::durability::local;
    how.passivate_after = 1min;  // people take their time
  }
  return troupe::child<escalation_agent>(name_of(about), how, about, lasting);
}

troupe::path escalation_asker_path(const escalation_question& about) {
  return patient_team_path(about.patient) / "scheduling" / name_of(about);
}

troupe::approval_decision no_longer_asked() {
  return {.approved = false, .by = {}, .comment = "the score has turned out to be another one"};
}

}  // namespace healthcare
