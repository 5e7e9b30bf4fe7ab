#pragma once

#include <cstdint>
#include <string_view>
#include <troupe/core/result.hpp>

namespace troupe {

// What can go wrong with agents. The numbers travel between nodes and never change.
enum class agent_errc : std::uint32_t {
  unknown_agent = 5001,     // No agent has this path.
  agent_down = 5002,        // The agent ended before it answered.
  agent_failed = 5003,      // The handler of this very message threw, or the work of turn::run did.
  timeout = 5004,           // No answer by the deadline.
  mailbox_full = 5005,      // The mailbox is at its bound.
  no_handler = 5006,        // The agent has no handler for this type of message.
  unexpected_reply = 5007,  // The answer has another type than the one asked for.
  cancelled = 5008,         // The agent is ending: it has no sub-agents any more.
  declined = 5009,          // The child chose not to start ("ignore").
  already_started = 5010,   // A child with this id is running.
  already_present = 5011,   // A child with this id is known, but not running.
  child_running = 5012,     // Not possible while the child runs.
  child_restarting = 5013,  // Not possible while the child is between restarts.
  child_not_found = 5014,   // The supervisor has no child with this id.
  failed_to_start = 5015,   // A child could not be started; the message says which and why.
  node_stopping = 5016,     // The node is shutting down.
  overloaded = 5017,        // A bounded queue of the runtime is full.
  unknown_type = 5018,      // No agent type was registered under this name.
  would_deadlock = 5019,    // The answer could only come after the turn that asks.

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
};

std::string_view to_string(agent_errc code) noexcept;

template <>
struct is_errc<agent_errc> : std::true_type {};

}  // namespace troupe
