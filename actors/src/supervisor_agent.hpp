#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/quarantine.hpp>
#include <troupe/actors/supervision.hpp>
#include <unordered_map>
#include <vector>

#include "cell.hpp"

namespace troupe::actors {

// Stops a child if it runs, and forgets it whatever its restart type.
struct forget_child {
  std::string id;
  TROUPE_LOCAL_MESSAGE(forget_child)
};

// A restart that was put off, or that failed, is tried (again).
struct retry_restart {
  std::string id;
  std::uint64_t attempt = 0;
  TROUPE_LOCAL_MESSAGE(retry_restart)
};

// The agent that supervises: OTP's supervisor as a sequence of turns. Each request and each child's end is one turn,
// which waits for starts and stops as OTP's supervisor process does; between two attempts to restart a child it serves
// requests. Children answer through effects, so that a child that hangs costs its shutdown time and no more.
class supervisor_agent final : public agent {
 public:
  supervisor_agent(agent_context& context, std::shared_ptr<const supervisor_spec> spec);
  // The cells of all children, in start order. For the cell that sweeps what a failed supervisor leaves.
  std::vector<cell_ptr> cells() const;

 private:
  struct record {
    std::string id;
    std::shared_ptr<const child_spec> spec;  // shared with the cell; a template's with all its children
    child_state state = child_state::stopped;
    cell_ptr cell;  // kept while the child runs or is to be restarted: its address and its mail
    message arguments;
    std::uint64_t incarnation = 0;
    std::unique_ptr<exit_cause> last_cause;  // for a cell that takes this one's place; null: none yet
    std::uint64_t attempt = 0;               // the planned restart that counts; others are outdated
    duration delay{0};                       // the last backoff
    instant started{};
  };
  using records = std::list<record>;
  using position = records::iterator;

  task<void> on_start(turn& now) override;
  task<void> post_stop(turn& now, const exit_cause& cause) override;

  task<result<agent_ref>> add(start_child request, turn& now);
  task<result<agent_ref>> add_from_template(start_template_child request, turn& now);
  task<result<done>> terminate(terminate_child request, turn& now);
  task<result<agent_ref>> restart_stopped(restart_child request, turn& now);
  task<result<done>> remove(delete_child request, turn& now);
  task<result<done>> forget(forget_child request, turn& now);
  child_list list(const which_children&);
  child_counts count(const count_children&);
  result<child_spec_found> find_spec(const get_child_spec& request);
  quarantine_entries list_set_aside(const list_quarantine&);
  result<quarantine_entry> inspect_set_aside(const inspect_quarantined& request);
  result<done> retry_set_aside(const retry_quarantined& request, turn& now);
  result<done> drop_set_aside(const drop_quarantined& request);
  task<void> child_ended(child_exit notice, turn& now);
  task<void> retry(retry_restart request, turn& now);

  bool leaves_nothing(const record& child) const;
  error not_found(const std::string& id) const;
  position insert(std::string id, std::shared_ptr<const child_spec> spec, message arguments);
  position find(std::string_view id);
  void erase(position child);
  cell_seed seed_of(const record& child);
  task<result<agent_ref>> start_new(position child, turn& now);
  task<result<void>> start(position child, turn& now);
  task<void> stop(position child, bool for_good, turn& now);
  task<void> end(position child, bool forget_it, turn& now);
  effect<exit_cause> begin_stop(position child, bool for_good, duration within, turn& now);
  void warn_of_late(const record& child) const;
  task<void> kill(position child, bool for_good, turn& now);
  effect<exit_cause> begin_kill(position child, bool for_good, turn& now);
  task<void> finish_kill(position child, bool for_good, effect<exit_cause>& killing, turn& now);
  void abandon(position child, bool for_good);
  task<void> stop_all(turn& now);
  task<void> stop_all_at_once(turn& now);
  task<void> release(position child, turn& now);
  task<void> release_casualties(turn& now);

  task<void> restart(position child, bool counts, turn& now);
  task<void> let_stay_down(position child, const exit_cause& cause, turn& now);
  task<void> escalate(position child, const exit_cause& cause, turn& now);
  task<bool> did_not_start(position child, const error& why, turn& now);
  task<void> attempt(position child, turn& now);
  void count_restart(const record& child);
  task<void> try_again(position child, turn& now);
  task<bool> start_again(position child, turn& now);
  task<void> restart_group(position first, turn& now);
  bool over_intensity(turn& now);
  void plan_retry(position child, duration delay, turn& now);
  duration next_delay(record& child, turn& now);
  task<void> consider_auto_shutdown(bool significant, turn& now);
  task<void> give_up(exit_cause cause, turn& now);

  const std::shared_ptr<const supervisor_spec> spec_;
  const bool simple_;
  std::shared_ptr<const child_spec> template_;            // shared by all children made from it
  records children_;                                      // in start order
  std::unordered_map<std::string_view, position> by_id_;  // keys are views into the records
  std::deque<instant> restarts_;                          // within the period; bounded by the intensity
  bool gave_up_ = false;                                  // its children are stopped, and it ends with this turn
  std::uint64_t attempts_ = 0;                            // numbers planned restarts
  std::uint64_t names_ = 0;                               // of template children without a name of their own
};

}  // namespace troupe::actors
