#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "cell.hpp"

namespace troupe::actors {

// How an incarnation ends: its sub-agents first, then its stop hook; a supervisor's hook stops its children itself.
struct cell::ending {
  exit_cause cause;
  bool asked = false;     // by the supervisor, which waits for the answer
  bool brutal = false;    // no hooks
  bool for_good = false;  // the cell goes too
  bool start_failed = false;
  bool declined = false;
  bool hook_done = false;
  bool swept = false;
  bool waits_for_process = false;
  std::optional<response> what = {};  // what the failure of a turn asks for
  bool counts = true;                 // a restart counts against the intensity
  std::size_t children = 0;           // that have not ended yet
  std::vector<signal> waiting;        // requests to answer at the end
};

}  // namespace troupe::actors
