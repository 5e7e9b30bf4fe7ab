#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/health.hpp>
#include <troupe/actors/node.hpp>
#include <troupe/actors/tool_registry.hpp>
#include <troupe/core/id.hpp>
#include <unordered_map>
#include <vector>

#include "account.hpp"
#include "approvals.hpp"
#include "blocking_pool.hpp"
#include "breakers.hpp"
#include "cell.hpp"
#include "memory_access.hpp"
#include "metrics.hpp"
#include "quarantine_store.hpp"
#include "registry.hpp"
#include "scheduler.hpp"
#include "timers.hpp"
#include "watchdog.hpp"
#include "watches.hpp"

namespace troupe::actors {

class account_book;
class durable_inbox;
class outside_waiter;
class process_host;
class uplink;

// `when` plus `by` without running over: duration::max() means never.
template <class Clock>
std::chrono::time_point<Clock, duration> later(std::chrono::time_point<Clock, duration> when, duration by) noexcept {
  using point = std::chrono::time_point<Clock, duration>;
  return by > duration{0} && when > point::max() - by ? point::max() : when + by;
}

// Types of messages that are known by their names only, as they come from other processes. They stay, for whoever looks
// at an agent's counters. Up to 10,000; what comes later has none.
class type_names {
 public:
  const message_type* find(std::string_view name);

 private:
  static constexpr std::size_t names_max = 10'000;
  std::mutex mutex_;
  std::map<std::string, message_type, std::less<>> known_;
};

// The inside of a node: what all cells share. Owner: the node, and every shell that a reference keeps (after stop() it
// is an empty hull). Threads: any.
class runtime final : public std::enable_shared_from_this<runtime> {
 public:
  explicit runtime(node_options options);
  ~runtime();
  // Starts the scheduler and the root of the tree.
  void start();
  // Without a root: the first agent that is made is one (see guest.hpp). `rest` outlives this.
  void start_below(uplink& rest);
  void configure_below(std::uint64_t seed, duration ask_timeout);
  // A handler that does not return is waited for.
  void stop();

  const node_options& options() const noexcept { return options_; }
  const clock& time() const noexcept { return *options_.clock; }
  const logger& log() const noexcept { return *options_.log; }
  // By the machine's wall clock, and back: as they stood when the node was started.
  timestamp wall_of(instant when) const noexcept { return later(timestamp{when.time_since_epoch()}, wall_from_start_); }
  instant instant_of(timestamp when) const noexcept { return instant{when.time_since_epoch() - wall_from_start_}; }
  // Of a message that nobody has named.
  id next_id() noexcept { return ids_->next(); }
  bool deterministic() const noexcept { return options_.scheduling == scheduling::deterministic; }

  // The rest of the tree, for the process of one agent; null in a node.
  uplink* outside() const noexcept { return outside_; }

  // -- cells ----------------------------------------------------------------------------------------------------------
  // Makes a cell and takes its path for it, and a place in the budgets above: already_started if another has the path,
  // budget_spent if there is no place. A spawner takes neither. Fills in seed.home and the account.
  result<cell_ptr> make_cell(cell_seed seed);
  // One that gets its path and its place when the present owner of them is abandoned; the account is in the seed.
  cell_ptr make_successor(cell_seed seed);
  registry& names() noexcept { return names_; }
  agent_ref ref(const troupe::path& where);
  // The living cell that a reference means; null if there is none.
  cell_ptr resolve(const agent_ref& to);
  // Null once the node is stopped.
  cell_ptr root() const;
  agent_types& types() noexcept { return types_; }

  // -- messages -------------------------------------------------------------------------------------------------------
  // Delivers, or counts a dead letter and answers with an error. Returns whether the mail waits for room.
  bool deliver(const agent_ref& to, envelope&& mail, bool may_wait);
  void drop(drop_reason why, const troupe::path& to, std::string_view message_type);

  // -- watches, timers, blocking work ---------------------------------------------------------------------------------
  watches& watching() noexcept { return watches_; }
  timer_queue& timers() noexcept { return timers_; }
  blocking_pool& blocking() noexcept { return blocking_; }
  process_host& processes() noexcept { return *processes_; }
  type_names& names_of_messages() noexcept { return type_names_; }

  // -- memory ---------------------------------------------------------------------------------------------------------
  memory_access& memory() noexcept { return memory_; }
  // This node's, or that of the node that the process belongs to. As memory_access::begin.
  void use_memory(const troupe::path& author, memory_request request, std::shared_ptr<reply_sink> whom,
                  std::uint64_t effect, std::stop_token nobody_waits = {});
  // The inbox of a durable agent, whether it runs or not; null for every other one.
  std::shared_ptr<durable_inbox> inbox_of(const agent_ref& whom);
  // The same, made if need be, for an agent whose mailbox takes so many messages.
  std::shared_ptr<durable_inbox> make_inbox(const troupe::path& where, std::size_t limit);
  const std::shared_ptr<account_book>& used_budgets() const noexcept { return used_budgets_; }
  // Of a durable agent that does not run. Blocks.
  result<void> forget(const troupe::path& durable_agent);
  // Whether this is the first time that an agent had to be told that there is no memory.
  bool first_without_memory() noexcept { return !told_no_memory_.exchange(true); }

  // -- tools ----------------------------------------------------------------------------------------------------------
  tool_registry& tools() noexcept { return tools_; }

  actors::approvals& approvals() noexcept { return approvals_; }

  // -- failures -------------------------------------------------------------------------------------------------------
  actors::breakers& circuit_breakers() noexcept { return breakers_; }
  quarantine_store& quarantined() noexcept { return quarantine_; }
  // Sends a message that is set aside to its agent again. `mail` has who waits and how long, and nothing else.
  // not_found if there is no such message at or below `at`; then `mail` is left alone.
  result<void> retry_quarantined(std::uint64_t id, const troupe::path& at, envelope&& mail);
  result<void> drop_quarantined(std::uint64_t id, const troupe::path& at);
  result<quarantine_entry> find_quarantined(std::uint64_t id, const troupe::path& at) const;

  // -- ends -----------------------------------------------------------------------------------------------------------
  // The root ended by itself.
  void root_ended(const exit_cause& cause);
  void top_level_ended(const troupe::path& who, const exit_cause& cause);
  exit_cause wait();
  void request_stop(exit_cause cause);
  bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }

  // -- numbers --------------------------------------------------------------------------------------------------------
  node_metrics& metrics() noexcept { return metrics_; }
  std::array<std::uint64_t, drop_reasons> dropped() const;
  std::vector<dead_letter> dead_letters() const;
  std::vector<agent_info> agents() const;
  std::optional<agent_info> info(const troupe::path& where) const;
  std::string metrics_text();
  std::uint64_t messages_processed() const;
  // Counts a refusal by a budget, and says it in words.
  error budget_refused(const refusal& why, const troupe::path& by);
  // Keeps what was counted of an agent that goes.
  void retire(const std::string& actor_type, agent_counters& of);
  // Ends everything in the subtree of an abandoned cell, without waiting for it.
  void abandon_below(const cell& abandoned);

  void settle();
  void advance(duration by);
  // Throws failure(node_stopping) once the node is stopped.
  actors::scheduler& scheduling_layer();

 private:
  struct totals {
    std::uint64_t turns = 0;
    std::uint64_t failures = 0;
    void add(const agent_counters& of) noexcept;
  };

  void take_in_durable_agents();
  void end_tree();
  void wait_for_end(outside_waiter& whole_tree);
  void say_what_stop_waits_for(duration so_far) const;
  void abandon_all();
  // Of all agents there were; none of them ever goes back.
  std::map<std::string, totals, std::less<>> totals_by_type() const;

  node_options options_;
  const duration wall_from_start_;
  std::optional<id_generator> ids_;
  node_metrics metrics_;
  registry names_;
  watches watches_;
  timer_queue timers_;
  blocking_pool blocking_;
  memory_access memory_{*this};
  std::atomic<bool> told_no_memory_{false};
  mutable std::mutex inboxes_mutex_;
  std::unordered_map<troupe::path, std::shared_ptr<durable_inbox>> inboxes_;  // shared with the agents and their mail
  const std::shared_ptr<account_book> used_budgets_;                          // shared with durable turns
  actors::approvals approvals_{*this};
  tool_registry tools_;
  watchdog watchdog_{*this};
  actors::breakers breakers_;
  quarantine_store quarantine_;
  agent_types types_;
  type_names type_names_;
  uplink* outside_ = nullptr;
  std::unique_ptr<process_host> processes_;
  std::unique_ptr<actors::scheduler> scheduler_;
  mutable std::mutex root_mutex_;
  cell_ptr root_;
  std::atomic<bool> stopping_{false};
  std::once_flag stopped_;

  mutable std::mutex end_mutex_;
  std::condition_variable ended_;
  std::optional<exit_cause> end_;

  mutable std::mutex dead_mutex_;
  std::array<std::uint64_t, drop_reasons> dropped_{};
  std::deque<dead_letter> dead_;  // bounded by options_.dead_letters_kept

  mutable std::mutex retired_mutex_;
  std::map<std::string, totals, std::less<>> retired_;  // by type of agent
};

// Waits for one answer from outside the tree.
class outside_waiter final : public reply_sink {
 public:
  void resolve(std::uint64_t, result<message> reply) override;
  bool ready() const;
  // Waits up to `within` of real time. Whether it is there.
  bool wait(duration within) const;
  result<message> take(duration within);

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable ready_;
  std::optional<result<message>> reply_;
};

}  // namespace troupe::actors
