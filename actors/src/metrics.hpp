#pragma once

#include <string_view>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/core/metrics.hpp>

namespace troupe::actors {

// What a node counts as it happens. What can be read off the agents when somebody asks (messages, depths, states) is
// not here.
class node_metrics {
 public:
  node_metrics();
  metrics_registry& all() noexcept { return registry_; }

  void agent_spawned() { spawned_.add(); }
  void agent_terminated(exit_kind how) { terminated_.with({to_string(how)}).add(); }
  // `why`: how it had ended; shutdown for one that was stopped for the sake of another.
  void child_restarted(std::string_view actor_type, exit_kind why);
  void escalated() { escalations_.add(); }
  void budget_refused(std::string_view quantity) { refused_.with({quantity}).add(); }
  void failed(fault kind) { failures_.with({to_string(kind)}).add(); }
  void dropped(std::string_view why) { dropped_.with({why}).add(); }
  std::uint64_t restarts() const noexcept { return restarts_.load(std::memory_order_relaxed); }

 private:
  metrics_registry registry_;
  counter& spawned_;
  metric_family<counter>& terminated_;
  metric_family<counter>& restarted_;
  counter& escalations_;
  metric_family<counter>& dropped_;
  metric_family<counter>& refused_;
  metric_family<counter>& failures_;
  std::atomic<std::uint64_t> restarts_{0};
};

}  // namespace troupe::actors
