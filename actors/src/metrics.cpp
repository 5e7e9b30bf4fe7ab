#include "metrics.hpp"

#include <algorithm>
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
      restarted_{registry_.add_counter({.name = "troupe_actor_restarts_total",
                                        .help = "Restarts by supervisors, by how the agent had ended; shutdown: it "
                                                "was stopped for the sake of another.",
                                        .labels = {"actor_type", "reason"}})},
      escalations_{
          registry_
              .add_counter({.name = "troupe_supervisor_escalations_total",
                            .help = "Supervisors that ended by themselves: restart intensity, significant children."})
              .with()},
      dropped_{registry_.add_counter(
          {.name = "troupe_messages_dropped_total", .help = "Dead letters.", .labels = {"reason"}})},
      refused_{registry_.add_counter({.name = "troupe_budget_refused_total",
                                      .help = "What budgets refused: reservations, agents, starts.",
                                      .labels = {"quantity"}})},
      failures_{registry_.add_counter({.name = "troupe_failures_total",
                                       .help = "Turns and starts that ended in a failure, by what kind it was; each "
                                               "try of a message counts.",
                                       .labels = {"fault"}})} {}

void node_metrics::child_restarted(std::string_view actor_type, exit_kind why) {
  restarts_.fetch_add(1, std::memory_order_relaxed);
  restarted_.with({actor_type, to_string(why)}).add();
}

namespace {

// Sums over the budgets of all agents of a type; as a double, so that limits without an end do not run over.
struct budget_sum {
  double limit = 0, reserved = 0, spent = 0, overrun = 0;
  void add(const budget_use& use) noexcept {
    limit += static_cast<double>(use.limit);
    reserved += static_cast<double>(use.reserved);
    spent += static_cast<double>(use.spent);
    overrun += static_cast<double>(use.overrun);
  }
};

// Read off the agents that have budgets.
class budget_gauges {
 public:
  explicit budget_gauges(metrics_registry& in)
      : limit_{gauge_of(in, "limit", "What budgets allow, in the smallest unit, summed by type.")},
        reserved_{gauge_of(in, "reserved", "What of it is reserved for what is not settled.")},
        spent_{gauge_of(in, "spent", "What of it is spent.")},
        overrun_{gauge_of(in, "overrun", "What was used beyond it.")} {}
  void set(std::string_view type, std::string_view quantity, const budget_sum& sum) {
    limit_.with({type, quantity}).set(sum.limit);
    reserved_.with({type, quantity}).set(sum.reserved);
    spent_.with({type, quantity}).set(sum.spent);
    overrun_.with({type, quantity}).set(sum.overrun);
  }

 private:
  static metric_family<gauge>& gauge_of(metrics_registry& in, const char* name, const char* help) {
    return in.add_gauge(
        {.name = std::string{"troupe_budget_"} + name, .help = help, .labels = {"actor_type", "quantity"}});
  }
  metric_family<gauge>& limit_;
  metric_family<gauge>& reserved_;
  metric_family<gauge>& spent_;
  metric_family<gauge>& overrun_;
};

}  // namespace

std::string runtime::metrics_text() {
  struct readings {
    totals all;
    double queued = 0, deepest = 0, oldest_s = 0;
    std::map<health, double> states;
    std::map<std::string, budget_sum, std::less<>> budgets;
  };
  std::map<std::string, readings, std::less<>> by_type;
  for (const auto& each : agents()) {
    auto& sum = by_type[each.actor_type];
    sum.queued += static_cast<double>(each.mailbox_messages);
    sum.deepest = std::max(sum.deepest, static_cast<double>(each.mailbox_messages_max));
    sum.oldest_s = std::max(sum.oldest_s, std::chrono::duration<double>{each.oldest_message_age}.count());
    sum.states[each.state] += 1;
    for (const auto& use : each.budget) sum.budgets[use.quantity].add(use);
  }
  for (const auto& [type, all] : totals_by_type()) by_type[type].all = all;
  // What is read off the agents, in a registry of its own: nothing counts it as it happens.
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
  auto& processed = read.add_counter({.name = "troupe_actor_messages_processed_total",
                                      .help = "Messages handled, by all agents there were.",
                                      .labels = {"actor_type"}});
  auto& failed = read.add_counter({.name = "troupe_actor_messages_failed_total",
                                   .help = "Messages and starts that ended in a failure.",
                                   .labels = {"actor_type"}});
  budget_gauges budgets{read};
  for (const auto& [type, sum] : by_type) {
    for (const auto& [quantity, budget] : sum.budgets) budgets.set(type, quantity, budget);
    for (const auto& [state, count] : sum.states) actors.with({type, to_string(state)}).set(count);
    queued.with({type}).set(sum.queued);
    deepest.with({type}).set(sum.deepest);
    oldest.with({type}).set(sum.oldest_s);
    processed.with({type}).add(sum.all.turns);
    failed.with({type}).add(sum.all.failures);
  }
  read.add_gauge({.name = "troupe_quarantined_messages", .help = "Messages that are set aside."})
      .with()
      .set(static_cast<double>(quarantine_.size()));
  read.add_counter({.name = "troupe_quarantine_overflowed_total",
                    .help = "Messages that left the quarantine to make room for newer ones."})
      .with()
      .add(quarantine_.overflowed());
  auto& breaker_states = read.add_gauge({.name = "troupe_breaker_state",
                                         .help = "Circuit breakers: 0 closed, 1 half-open, 2 open.",
                                         .labels = {"breaker"}});
  auto& refused = read.add_counter({.name = "troupe_breaker_refused_total",
                                    .help = "Calls that failed at once, since the breaker was open.",
                                    .labels = {"breaker"}});
  auto& opened = read.add_counter(
      {.name = "troupe_breaker_opened_total", .help = "How often a breaker opened.", .labels = {"breaker"}});
  for (const auto& each : breakers_.list()) {
    breaker_states.with({each.name}).set(static_cast<double>(each.state));
    refused.with({each.name}).add(each.refused);
    opened.with({each.name}).add(each.opened);
  }
  // A program may have taken one of these names for a metric of its own; a family may stand there once only.
  auto all = read.snapshot();
  for (auto& each : metrics_.all().snapshot())
    if (std::none_of(all.begin(), all.end(), [&](const auto& known) { return known.name == each.name; }))
      all.push_back(std::move(each));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return to_prometheus(all);
}

}  // namespace troupe::actors
