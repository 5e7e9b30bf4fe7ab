#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/path.hpp>

// What cells are made of, what they can be, and what they tell their supervisors.

namespace troupe::actors {

class account;
class cell;
class runtime;
using cell_ptr = std::shared_ptr<cell>;

// What a cell is made of.
struct cell_seed {
  std::shared_ptr<runtime> home = {};
  troupe::path where = {};
  std::shared_ptr<const child_spec> spec = {};
  cell_ptr parent = {};                       // the supervisor; null for the root only
  message arguments = {};                     // for the agent's constructor
  std::uint64_t incarnation = 0;              // of the predecessor
  std::optional<exit_cause> last_cause = {};  // how the predecessor ended
  bool spawner = false;  // supervises the sub-agents of its parent, under the parent's path; not in the registry
  std::shared_ptr<actors::account> nearest_account = {};  // its own, or the next one above; shared by all below it
  bool counted = false;                                   // among the children in the accounts above
};

// How a visit of the scheduler to a cell ended.
enum class visit : std::uint8_t { idle, more, terminated };

enum class phase : std::uint8_t {
  shell,     // no agent: not started yet, or down and waiting for the supervisor's word
  starting,  // the start hook runs
  running,   // takes messages
  passive,   // no agent: it waits, and is built again when there is something to do
  ending,    // turns are cancelled; sub-agents end, then the stop hook runs
};

// Whether the cell still has its path. Decided once, by the cell itself or by whoever abandons it.
enum class fate : std::uint8_t {
  present,
  ended,      // for good
  abandoned,  // its thread does not come back in time; what it does has no effect any more
};

// Tells a supervisor that a child's incarnation ended by itself.
struct child_exit {
  cell_ptr child;
  std::uint64_t incarnation = 0;
  exit_cause cause;
  response what = response::restart;  // restart, escalate or stop
  bool counts = true;                 // a restart counts against the supervisor's intensity
  TROUPE_LOCAL_MESSAGE(child_exit)
};

}  // namespace troupe::actors
