#pragma once

#include <cstdint>
#include <string_view>
#include <troupe/core/result.hpp>

namespace troupe {

// What can go wrong with agents. The numbers travel between nodes and never change.
enum class agent_errc : std::uint32_t {
  unknown_agent = 5001,         // No agent has this path.
  agent_down = 5002,            // The agent ended before it answered.
  agent_failed = 5003,          // The handler of this very message threw, or the work of turn::run did.
  timeout = 5004,               // No answer by the deadline.
  mailbox_full = 5005,          // The mailbox is at its bound.
  no_handler = 5006,            // The agent has no handler for this type of message.
  unexpected_reply = 5007,      // The answer has another type than the one asked for.
  cancelled = 5008,             // The agent is ending: it has no sub-agents any more.
  declined = 5009,              // The child chose not to start ("ignore").
  already_started = 5010,       // A child with this id is running.
  already_present = 5011,       // A child with this id is known, but not running.
  child_running = 5012,         // Not possible while the child runs.
  child_restarting = 5013,      // Not possible while the child is between restarts.
  child_not_found = 5014,       // The supervisor has no child with this id.
  failed_to_start = 5015,       // A child could not be started; the message says which and why.
  node_stopping = 5016,         // The node is shutting down.
  overloaded = 5017,            // A bounded queue of the runtime is full.
  unknown_type = 5018,          // No agent type was registered under this name.
  would_deadlock = 5019,        // The answer could only come after the turn that asks.
  local_message = 5020,         // A message of this type cannot leave its process.
  bad_message = 5021,           // The bytes of a message do not hold what its type needs.
  quarantined = 5022,           // The message was set aside, since it failed the same way too often.
  circuit_open = 5023,          // The circuit breaker of a dependency is open: nothing is sent to it for now.
  budget_spent = 5024,          // The budget of an agent or of one above it does not allow it.
  turn_too_long = 5025,         // The turn was older than its limit, and was ended.
  provider_rejected = 5026,     // A provider answered 4xx.
  provider_throttled = 5027,    // A provider answered 429.
  provider_unavailable = 5028,  // A provider answered 5xx, or not at all.
  policy_denied = 5029,         // It is not allowed.
  tool_crashed = 5030,          // The process that did it ended before it was done.
  resource_limit = 5031,        // A limit of the process that did it was reached.
  node_lost = 5032,             // The node that did it is gone.
  no_process = 5033,            // A process for an agent could not be started.
  task_failed = 5034,           // A task of a graph failed, and the graph with it.
  task_skipped = 5035,          // A task of a graph did not run, since what it needs is not there.
  nondeterministic = 5036,      // A durable turn that was run again asked for other effects than before.
  unknown_tool = 5040,          // No tool has this name.
  bad_arguments = 5041,         // The arguments of a tool do not fit its schema.
  bad_tool_reply = 5042,        // A tool, or its server, gave garbage, or more than is taken.

  bad_child_id = 5101,     // Missing id, or one that is no path segment.
  bad_child_start = 5102,  // Missing factory.
  bad_shutdown = 5103,     // A negative shutdown time.
  bad_significant = 5104,  // significant with permanent, or while auto_shutdown is never.
  duplicate_child = 5105,  // Two children with one id.
  bad_intensity = 5106,    // A negative restart intensity.
  bad_period = 5107,       // A restart period that is not positive.
  bad_backoff = 5108,      // Delays out of order, or a jitter outside 0..1.
  bad_template = 5109,     // simple_one_for_one needs exactly one child spec, its template.
  bad_mailbox = 5110,      // A mailbox bound of zero.
  bad_isolation = 5111,    // A tier, or limits of a process, that cannot be.
  bad_budget = 5112,       // A negative amount, or one without a name.
  bad_graph = 5113,        // A graph of tasks with a cycle, an unknown or doubled name, or types that do not fit.
  bad_policy = 5114,       // A policy about failures that cannot be.
  bad_durability = 5115,   // A durable agent that cannot be: in a process of its own, or a supervisor.
  bad_tool = 5120,         // A tool, its schema, or a server of tools, that cannot be.
};

std::string_view to_string(agent_errc code) noexcept;

template <>
struct is_errc<agent_errc> : std::true_type {};

}  // namespace troupe
