#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace troupe::actors {

class cell;

// Asks the scheduler to run a cell. Lives as long as the cell.
class doorbell {
 public:
  virtual void ring() = 0;
  // The cell is gone; the bell may go too.
  virtual void release() noexcept = 0;

 protected:
  ~doorbell() = default;
};

// Runs cells: the thin layer behind which CAF lives. Each cell becomes one CAF actor. The destructor waits for the threads; all cells
// must have ended.
class scheduler {
 public:
  virtual ~scheduler() = default;
  virtual void adopt(std::shared_ptr<cell> newcomer) = 0;
  // Deterministic scheduling: runs one piece of work; false if there is none.
  virtual bool run_one() = 0;
};

// threads == 0: as many as there are cores.
std::unique_ptr<scheduler> make_caf_scheduler(std::size_t threads, bool deterministic);

}  // namespace troupe::actors
