#pragma once

#include <caf/actor_traits.hpp>
#include <caf/local_actor.hpp>
#include <caf/resumable.hpp>

#include "cell.hpp"
#include "own_thread.hpp"
#include "scheduler.hpp"

namespace troupe::actors {

class caf_types;

// One agent's CAF actor, with its cell inside: CAF counts its references, schedules it, and tells foreign actors that
// monitor it when it ends. It has no CAF mailbox, since that could be neither bounded nor looked at; the cell has its
// own. Owners: the scheduler while it is scheduled, and all shared pointers to the cell together.
class caf_cell final : public caf::local_actor,
                       public caf::resumable,
                       public caf::dynamically_typed_actor_base,
                       public doorbell {
 public:
  // What a visit of the scheduler is good for, so that a busy agent gets about as much of a worker as the others. A
  // virtual clock stands still meanwhile, and a count has to do.
  static constexpr duration time_slice = std::chrono::milliseconds{1};
  static constexpr std::size_t steps_max = 10'000;
  static constexpr std::size_t steps_max_deterministic = 300;

  // `types` outlives every actor of its system. `threads` counts those of cells that have one of their own.
  caf_cell(caf::actor_config& config, cell_seed seed, const caf_types& types, std::shared_ptr<thread_count> threads);
  ~caf_cell() override;
  cell& guest() noexcept { return guest_; }

  void ring() override;

  // CAF's side.
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) override;
  resume_result resume(caf::execution_unit* worker, std::size_t) override;
  subtype_t subtype() const override { return unspecified; }
  void launch(caf::execution_unit*, bool, bool) override {}
  void intrusive_ptr_add_ref_impl() override;
  void intrusive_ptr_release_impl() override;
  const char* name() const override { return "troupe.agent"; }

 private:
  const caf_types& types_;
  cell guest_;
  std::unique_ptr<own_thread> thread_;  // for tier::thread
};

}  // namespace troupe::actors
