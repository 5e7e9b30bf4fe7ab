#pragma once

#include <cstddef>
#include <memory>

namespace troupe::actors {

class cell;
struct cell_seed;

// Asks the scheduler to run a cell. Part of the same object as the cell.
class doorbell {
 public:
  // The cell must not be scheduled already; its mailbox sees to that.
  virtual void ring() = 0;

 protected:
  ~doorbell() = default;
};

// Makes cells and runs them: the thin layer behind which CAF lives. Each cell is part of one CAF actor. The destructor
// waits for the threads; all cells must have ended.
class scheduler {
 public:
  virtual ~scheduler() = default;
  virtual std::shared_ptr<cell> make(cell_seed seed) = 0;
  // Deterministic scheduling: runs one piece of work; false if there is none.
  virtual bool run_one() = 0;
};

// threads == 0: as many as there are cores.
std::unique_ptr<scheduler> make_caf_scheduler(std::size_t threads, bool deterministic);

}  // namespace troupe::actors
