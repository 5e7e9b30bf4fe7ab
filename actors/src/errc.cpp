#include <troupe/actors/errc.hpp>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/fault.hpp>
#include <troupe/memory/errc.hpp>

namespace troupe {

std::string_view to_string(agent_errc code) noexcept {
  switch (code) {
    case agent_errc::unknown_agent: return "unknown_agent";
    case agent_errc::agent_down: return "agent_down";
    case agent_errc::agent_failed: return "agent_failed";
    case agent_errc::timeout: return "timeout";
    case agent_errc::mailbox_full: return "mailbox_full";
    case agent_errc::no_handler: return "no_handler";
    case agent_errc::unexpected_reply: return "unexpected_reply";
    case agent_errc::cancelled: return "cancelled";
    case agent_errc::declined: return "declined";
    case agent_errc::already_started: return "already_started";
    case agent_errc::already_present: return "already_present";
    case agent_errc::child_running: return "child_running";
    case agent_errc::child_restarting: return "child_restarting";
    case agent_errc::child_not_found: return "child_not_found";
    case agent_errc::failed_to_start: return "failed_to_start";
    case agent_errc::node_stopping: return "node_stopping";
    case agent_errc::overloaded: return "overloaded";
    case agent_errc::unknown_type: return "unknown_type";
    case agent_errc::would_deadlock: return "would_deadlock";
    case agent_errc::local_message: return "local_message";
    case agent_errc::bad_message: return "bad_message";
    case agent_errc::quarantined: return "quarantined";
    case agent_errc::circuit_open: return "circuit_open";
    case agent_errc::budget_spent: return "budget_spent";
    case agent_errc::turn_too_long: return "turn_too_long";
    case agent_errc::provider_rejected: return "provider_rejected";
    case agent_errc::provider_throttled: return "provider_throttled";
    case agent_errc::provider_unavailable: return "provider_unavailable";
    case agent_errc::policy_denied: return "policy_denied";
    case agent_errc::tool_crashed: return "tool_crashed";
    case agent_errc::resource_limit: return "resource_limit";
    case agent_errc::node_lost: return "node_lost";
    case agent_errc::no_process: return "no_process";
    case agent_errc::task_failed: return "task_failed";
    case agent_errc::task_skipped: return "task_skipped";
    case agent_errc::nondeterministic: return "nondeterministic";
    case agent_errc::unknown_tool: return "unknown_tool";
    case agent_errc::bad_arguments: return "bad_arguments";
    case agent_errc::bad_tool_reply: return "bad_tool_reply";
    case agent_errc::bad_child_id: return "bad_child_id";
    case agent_errc::bad_child_start: return "bad_child_start";
    case agent_errc::bad_shutdown: return "bad_shutdown";
    case agent_errc::bad_significant: return "bad_significant";
    case agent_errc::duplicate_child: return "duplicate_child";
    case agent_errc::bad_intensity: return "bad_intensity";
    case agent_errc::bad_period: return "bad_period";
    case agent_errc::bad_backoff: return "bad_backoff";
    case agent_errc::bad_template: return "bad_template";
    case agent_errc::bad_mailbox: return "bad_mailbox";
    case agent_errc::bad_isolation: return "bad_isolation";
    case agent_errc::bad_budget: return "bad_budget";
    case agent_errc::bad_graph: return "bad_graph";
    case agent_errc::bad_policy: return "bad_policy";
    case agent_errc::bad_durability: return "bad_durability";
    case agent_errc::bad_tool: return "bad_tool";
  }
  return "unknown";
}

std::string_view to_string(exit_kind kind) noexcept {
  switch (kind) {
    case exit_kind::normal: return "normal";
    case exit_kind::shutdown: return "shutdown";
    case exit_kind::failed: return "failed";
    case exit_kind::killed: return "killed";
    case exit_kind::unknown: return "unknown";
  }
  return "unknown";
}

std::string_view to_string(fault kind) noexcept {
  switch (kind) {
    case fault::none: return "none";
    case fault::bug: return "bug";
    case fault::poison_message: return "poison_message";
    case fault::timeout: return "timeout";
    case fault::overload: return "overload";
    case fault::provider_rejected: return "provider_rejected";
    case fault::provider_throttled: return "provider_throttled";
    case fault::provider_unavailable: return "provider_unavailable";
    case fault::tool_crash: return "tool_crash";
    case fault::policy_denied: return "policy_denied";
    case fault::budget_spent: return "budget_spent";
    case fault::resource_limit: return "resource_limit";
    case fault::node_lost: return "node_lost";
    case fault::stopped: return "stopped";
  }
  return "unknown";
}

agent_errc errc_of(fault kind) noexcept {
  switch (kind) {
    case fault::none:
    case fault::bug: return agent_errc::agent_failed;
    case fault::poison_message: return agent_errc::bad_message;
    case fault::timeout: return agent_errc::timeout;
    case fault::overload: return agent_errc::overloaded;
    case fault::provider_rejected: return agent_errc::provider_rejected;
    case fault::provider_throttled: return agent_errc::provider_throttled;
    case fault::provider_unavailable: return agent_errc::provider_unavailable;
    case fault::tool_crash: return agent_errc::tool_crashed;
    case fault::policy_denied: return agent_errc::policy_denied;
    case fault::budget_spent: return agent_errc::budget_spent;
    case fault::resource_limit: return agent_errc::resource_limit;
    case fault::node_lost: return agent_errc::node_lost;
    case fault::stopped: return agent_errc::cancelled;
  }
  return agent_errc::agent_failed;
}

fault fault_of(const error& why) noexcept {
  switch (static_cast<memory_errc>(why.number())) {
    case memory_errc::overloaded: return fault::overload;
    case memory_errc::denied: return fault::policy_denied;
    case memory_errc::quota_exceeded: return fault::resource_limit;
    default: break;
  }
  switch (static_cast<agent_errc>(why.cause_number() != 0 ? why.cause_number() : why.number())) {
    case agent_errc::timeout:
    case agent_errc::turn_too_long: return fault::timeout;
    case agent_errc::mailbox_full:
    case agent_errc::overloaded:
    case agent_errc::circuit_open: return fault::overload;
    case agent_errc::cancelled:
    case agent_errc::node_stopping: return fault::stopped;
    case agent_errc::bad_message:
    case agent_errc::nondeterministic:
    case agent_errc::quarantined: return fault::poison_message;
    case agent_errc::budget_spent: return fault::budget_spent;
    case agent_errc::provider_rejected: return fault::provider_rejected;
    case agent_errc::provider_throttled: return fault::provider_throttled;
    case agent_errc::provider_unavailable: return fault::provider_unavailable;
    case agent_errc::policy_denied: return fault::policy_denied;
    case agent_errc::tool_crashed: return fault::tool_crash;
    case agent_errc::resource_limit: return fault::resource_limit;
    case agent_errc::node_lost:
    case agent_errc::no_process: return fault::node_lost;
    default: return fault::bug;
  }
}

std::string exit_cause::describe() const {
  std::string words{to_string(kind)};
  if (!text.empty()) words += ": " + text;
  return words;
}

}  // namespace troupe
