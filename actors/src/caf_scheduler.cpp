#include "caf_scheduler.hpp"

#include <chrono>
#include <utility>

#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "caf_cell.hpp"
#include "cell.hpp"

namespace troupe::actors {

caf_scheduler::caf_scheduler(std::size_t threads, bool deterministic) : system_{configure(threads, deterministic)} {}

caf::actor_system_config& caf_scheduler::configure(std::size_t threads, bool deterministic) {
  config_.set("scheduler.policy", deterministic ? caf::atom("testing") : caf::atom("stealing"));
  if (threads > 0) config_.set("scheduler.max-threads", threads);
  // Rings per visit; one ring is up to caf_cell::messages_per_visit messages.
  config_.set("scheduler.max-throughput", std::size_t{1});
  return config_;
}

void caf_scheduler::adopt(std::shared_ptr<cell> newcomer) {
  const auto actor = system_.spawn<caf_cell, caf::hidden + caf::lazy_init>(std::move(newcomer), types_);
  caf::intrusive_ptr_add_ref(caf::actor_cast<caf::strong_actor_ptr>(actor).get());  // the cell's: caf_cell::release
}

bool caf_scheduler::run_one() {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler()).try_run_once();
}

std::unique_ptr<scheduler> make_caf_scheduler(std::size_t threads, bool deterministic) {
  return std::make_unique<caf_scheduler>(threads, deterministic);
}

}  // namespace troupe::actors
