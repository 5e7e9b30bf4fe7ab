#include "caf_scheduler.hpp"

// CAF's worker finds out for each job which actor it is, for CAF's own log, which nobody reads: a third of what a
// message costs. The worker is a template, compiled here.
#include <caf/logger.hpp>
#undef CAF_PUSH_AID_FROM_PTR
#define CAF_PUSH_AID_FROM_PTR(unused) static_cast<void>(0)

#include <algorithm>
#include <caf/make_actor.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "caf_cell.hpp"
#include "cell.hpp"
#include "tsan.hpp"
#include "work_stealing.hpp"

namespace troupe::actors {

caf_scheduler::caf_scheduler(std::size_t threads, bool deterministic) : system_{configure(threads, deterministic)} {
  // The thread that made a system keeps a reference to its logger, for whose end the system waits: it could not be
  // destroyed by another thread.
  caf::logger::set_current_actor_system(nullptr);
}

caf_scheduler::~caf_scheduler() { own_threads_->wait_for_none(); }

caf::actor_system_config& caf_scheduler::configure(std::size_t threads, bool deterministic) {
  if (deterministic)
    config_.set("scheduler.policy", caf::atom("testing"));
  else
    config_.load<caf::scheduler::coordinator<work_stealing>>();
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  config_.set("scheduler.max-threads", threads);
  return config_;
}

std::shared_ptr<cell> caf_scheduler::make(cell_seed seed) {
  caf::actor_config config{system_.dummy_execution_unit()};
  auto actor = caf::make_actor<caf_cell, caf::strong_actor_ptr>(system_.next_actor_id(), system_.node(), &system_,
                                                                config, std::move(seed), types_, own_threads_);
  auto* whole = static_cast<caf_cell*>(caf::actor_cast<caf::abstract_actor*>(actor));
  // All shared pointers to the cell together are one reference to the actor that it is a part of.
  return {&whole->guest(), [actor = std::move(actor)](cell*) mutable {
            tsan::hands_over(actor->get());
            actor.reset();
          }};
}

bool caf_scheduler::run_one() {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler()).try_run_once();
}

std::unique_ptr<scheduler> make_caf_scheduler(std::size_t threads, bool deterministic) {
  return std::make_unique<caf_scheduler>(threads, deterministic);
}

}  // namespace troupe::actors
