#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <troupe/actors/budget.hpp>
#include <troupe/actors/fault.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/path.hpp>
#include <vector>

namespace troupe {

// How well an agent does, from best to worst where they are compared. Kept by the runtime, never asked of the agent.
enum class health : std::uint8_t {
  stopped,  // Ended for good; says nothing about its ancestors.
  passive,  // Has given back its memory, and waits (child_options::passivate_after).
  healthy,
  starting,     // Its start hook runs.
  degraded,     // Works, but: mailbox over 80 % of its bound, a restart or failed turn within the last minute, or its
                // budget is exhausted.
  restarting,   // Between two incarnations.
  quarantined,  // A message to it was set aside, and waits for the operator (quarantine.hpp).
  unhealthy,    // The turn in hand is older than its budget, or a supervisor has used up its restarts.
};

std::string_view to_string(health state) noexcept;

// One agent as the tools see it. A copy; the agent was not disturbed.
struct agent_info {
  troupe::path path;
  std::string actor_type;
  bool is_supervisor = false;
  std::string strategy;                // For a supervisor.
  health state = health::healthy;      // Its own.
  health rolled_up = health::healthy;  // The worst of itself and everything below it.
  std::uint64_t incarnation = 0;
  timestamp started{};  // Of this incarnation.
  std::size_t mailbox_messages = 0;
  std::size_t mailbox_messages_max = 0;  // The deepest it has been.
  duration oldest_message_age{};
  std::string current_message;  // Type of the message in hand; empty when idle.
  duration current_message_age{};
  std::string waits_on;        // What the turn in hand awaits ("ask", "sleep", "run"); empty if it runs.
  std::uint64_t turns = 0;     // Since the agent was created, restarts included; so are the next two.
  std::uint64_t failures = 0;  // Turns and starts that threw.
  std::uint64_t restarts = 0;
  std::string last_error;          // What the last of them said; empty if there was none.
  fault last_fault = fault::none;  // And of what kind it was.
  duration turn_time_p50{};  // From a message taken to its answer, waiting included; up to a quarter too long. 0: no
                             // turn yet.
  duration turn_time_p99{};
  double restart_budget_used = 0.0;  // For a supervisor: restarts within the period over intensity.
  std::size_t children = 0;          // Directly below.
  std::vector<budget_use> budget;    // How its own budget stands; empty if it has none.
};

// Why messages were not delivered.
enum class drop_reason : std::uint8_t {
  unknown_agent,  // No agent of this path.
  agent_down,     // It ended with the message in its mailbox, or had just ended.
  mailbox_full,
  dropped_oldest,
  no_handler,
  expired,        // Its deadline passed in the mailbox.
  late_reply,     // The answer came after the one who asked had given up.
  withdrawn,      // Whoever asked ended before it was handled.
  bad_message,    // It came as bytes that do not hold what its handler takes.
  quarantined,    // An equal message is set aside.
  local_message,  // It cannot leave its process, and the agent is in another one.
};
inline constexpr std::size_t drop_reasons = 11;

std::string_view to_string(drop_reason reason) noexcept;

// A message that was not delivered.
struct dead_letter {
  timestamp when{};
  drop_reason reason{};
  troupe::path to;
  std::string message_type;
};

}  // namespace troupe
