#pragma once

#include <cstdint>
#include <exception>
#include <string_view>
#include <troupe/core/result.hpp>

namespace troupe {

// What kind of failure something was, so that what is done about it can differ by kind. The numbers travel between
// nodes and processes, and never change.
enum class fault : std::uint8_t {
  none = 0,
  bug = 1,                 // The code threw something that says nothing else.
  poison_message = 2,      // The message itself is at fault: not readable, or set aside after failing again and again.
  timeout = 3,             // No answer, or no end, in time.
  overload = 4,            // A bounded queue is full, or a circuit breaker is open.
  provider_rejected = 5,   // A provider said 4xx: the request is wrong, and stays wrong.
  provider_throttled = 6,  // A provider said 429, perhaps with a delay of its own (error::retry_after).
  provider_unavailable = 7,  // A provider said 5xx, or could not be reached.
  tool_crash = 8,            // A process ended by a signal or with an exit code, or broke its pipe.
  policy_denied = 9,         // It is not allowed.
  budget_spent = 10,         // The budget of an agent or of one above it is used up.
  resource_limit = 11,       // A limit of the process: memory, CPU time, files.
  node_lost = 12,            // The node, or the process that starts processes, is gone.
  stopped = 13,              // It ended because somebody wanted it to: cancelled, killed, shut down.
};
inline constexpr std::size_t fault_kinds = 14;

std::string_view to_string(fault kind) noexcept;

// The kind that an error's number stands for, or that of its cause if it has one (error::cause_number). Numbers of
// other modules and of programs: bug.
fault fault_of(const error& why) noexcept;
// A number that stands for this kind, for error::with_cause: fault_of(error) gives the kind back.
enum class agent_errc : std::uint32_t;
agent_errc errc_of(fault kind) noexcept;
// What was thrown. A failure: as its error. std::bad_alloc: resource_limit. Everything else: bug.
fault fault_of(const std::exception_ptr& thrown) noexcept;

}  // namespace troupe
