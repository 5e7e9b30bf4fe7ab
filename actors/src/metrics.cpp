#include "metrics.hpp"

#include <map>

#include "runtime.hpp"

namespace troupe::actors {

node_metrics::node_metrics()
    : spawned_{registry_
                   .add_counter(
                       {.name = "troupe_actor_spawned_total", .help = "Agents and supervisors that were created."})
                   .with()},
      terminated_{registry_.add_counter({.name = "troupe_actor_terminated_total",
                                         .help = "Agents and supervisors that ended for good.",
                                         .labels = {"reason"}})},
      failed_{registry_.add_counter({.name = "troupe_actor_failures_total",
                                     .help = "Ends of children after which their supervisor restarts them.",
                                     .labels = {"actor_type", "reason"}})},
      restarted_{registry_.add_counter({.name = "troupe_actor_restarts_total",
                                        .help = "Restarts by supervisors, casualties of a strategy included.",
                                        .labels = {"actor_type"}})},
      escalations_{
          registry_
              .add_counter({.name = "troupe_supervisor_escalations_total",
                            .help = "Supervisors that ended by themselves: restart intensity, significant children."})
              .with()},
      dropped_{registry_.add_counter(
          {.name = "troupe_messages_dropped_total", .help = "Dead letters.", .labels = {"reason"}})} {}

void node_metrics::child_restarted(std::string_view actor_type) {
  restarts_.fetch_add(1, std::memory_order_relaxed);
  restarted_.with({actor_type}).add();
}

std::string runtime::metrics_text() const {
  struct totals {
    double turns = 0, failures = 0, queued = 0, deepest = 0, oldest_s = 0;
    std::map<health, double> states;
  };
  std::map<std::string, totals> by_type;
  for (const auto& each : agents()) {
    auto& sum = by_type[each.actor_type];
    sum.turns += static_cast<double>(each.turns);
    sum.failures += static_cast<double>(each.failures);
    sum.queued += static_cast<double>(each.mailbox_messages);
    sum.deepest = std::max(sum.deepest, static_cast<double>(each.mailbox_messages_max));
    sum.oldest_s = std::max(sum.oldest_s, std::chrono::duration<double>{each.oldest_message_age}.count());
    sum.states[each.state] += 1;
  }
  // What is read off the living agents; a registry of its own, since these are no running totals of the node.
  metrics_registry read;
  auto& actors = read.add_gauge(
      {.name = "troupe_actors", .help = "Agents by type and health.", .labels = {"actor_type", "state"}});
  auto& queued = read.add_gauge({.name = "troupe_actor_mailbox_messages",
                                 .help = "Messages that wait, summed by type.",
                                 .labels = {"actor_type"}});
  auto& deepest = read.add_gauge({.name = "troupe_actor_mailbox_messages_max",
                                  .help = "The deepest that a mailbox of this type has been.",
                                  .labels = {"actor_type"}});
  auto& oldest = read.add_gauge({.name = "troupe_actor_oldest_message_age_seconds",
                                 .help = "Age of the oldest message that waits, by type.",
                                 .labels = {"actor_type"}});
  auto& turns = read.add_gauge(
      {.name = "troupe_actor_turns", .help = "Turns of the agents that live, by type.", .labels = {"actor_type"}});
  auto& failures = read.add_gauge({.name = "troupe_actor_turns_failed",
                                   .help = "Failed turns of the agents that live, by type.",
                                   .labels = {"actor_type"}});
  auto& processed = read.add_counter(
      {.name = "troupe_actor_messages_processed_total", .help = "Messages handled by all agents there were."});
  processed.with().add(messages_processed());
  for (const auto& [type, sum] : by_type) {
    for (const auto& [state, count] : sum.states) actors.with({type, to_string(state)}).set(count);
    queued.with({type}).set(sum.queued);
    deepest.with({type}).set(sum.deepest);
    oldest.with({type}).set(sum.oldest_s);
    turns.with({type}).set(sum.turns);
    failures.with({type}).set(sum.failures);
  }
  auto all = const_cast<runtime*>(this)->metrics_.all().snapshot();
  for (auto& each : read.snapshot()) all.push_back(std::move(each));
  return to_prometheus(all);
}

}  // namespace troupe::actors
