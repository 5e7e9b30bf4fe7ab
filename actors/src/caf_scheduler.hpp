#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/message.hpp>
#include <memory>
#include <mutex>
#include <troupe/actors/message.hpp>
#include <typeindex>
#include <unordered_map>

#include "own_thread.hpp"
#include "scheduler.hpp"

namespace troupe::actors {

// The types that pass between CAF's messages and ours; see caf_bridge.hpp. Threads: any.
class caf_types {
 public:
  using from_caf = message (*)(const void*);
  using to_caf = caf::message (*)(const message&);
  void share(std::type_index caf_type, const message_type* type, from_caf in, to_caf out);
  // Empty if the type is not shared.
  message convert(const caf::type_erased_tuple& content) const;
  caf::message convert(const message& value) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::type_index, from_caf> in_;
  std::unordered_map<const message_type*, to_caf> out_;
};

// Runs cells as CAF actors: on CAF's threads with our policy of work stealing, or with its test coordinator one at a
// time.
class caf_scheduler final : public scheduler {
 public:
  caf_scheduler(std::size_t threads, bool deterministic);
  ~caf_scheduler() override;
  std::shared_ptr<cell> make(cell_seed seed) override;
  bool run_one() override;
  caf::actor_system& system() noexcept { return system_; }
  caf_types& types() noexcept { return types_; }

 private:
  caf::actor_system_config& configure(std::size_t threads, bool deterministic);

  caf_types types_;
  std::shared_ptr<thread_count> own_threads_ = std::make_shared<thread_count>();  // shared with those threads
  caf::actor_system_config config_;
  caf::actor_system system_;
};

}  // namespace troupe::actors
