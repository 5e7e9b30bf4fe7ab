#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/health.hpp>
#include <troupe/actors/turn.hpp>
#include <troupe/memory/journal.hpp>
#include <unordered_map>
#include <vector>

#include "cell_rest.hpp"
#include "cell_states.hpp"
#include "counters.hpp"
#include "effects.hpp"
#include "failure_cause.hpp"
#include "mailbox.hpp"
#include "reply_sink.hpp"
#include "scheduler.hpp"
#include "tool_run.hpp"
#include "watches.hpp"

namespace troupe::actors {

class durable_inbox;
struct durable_cell;
struct journaled_result;
struct load_journal;

// The place of an agent in the tree: its mailbox, its turns and effects, its life from start to end, and its counters.
// It outlives the agent's incarnations, so that address and queued mail survive a restart; it ends when its supervisor
// lets it go.
//
// Owners: the registry while the path is taken, references and messages in flight (as a shell) after that. Threads: the
// functions under "any thread" may be called by any; everything else runs inside run(), which the scheduler calls on
// one thread at a time.
class cell final : public ref_target, public reply_sink, public watcher, public std::enable_shared_from_this<cell> {
 public:
  cell(cell_seed seed, doorbell& bell);
  ~cell() override;

  // -- any thread -----------------------------------------------------------------------------------------------------
  const cell* as_cell() const noexcept override { return this; }
  cell* as_cell() noexcept override { return this; }
  agent_ref sender() override { return ref(); }
  void resolve(std::uint64_t effect, result<message> reply) override;
  void notify(down_notice notice) override;
  void post(signal what);
  // Delivers, or answers and counts what cannot be delivered. Returns whether it waits for room.
  bool deliver(envelope&& mail, bool may_wait = false);
  // For what must not be lost: what the runtime tells itself.
  void deliver_unbounded(envelope&& mail);
  // Counts a dead letter and tells whoever waits why.
  void refuse(envelope&& mail, drop_reason why, const exit_cause* cause = nullptr);
  void refuse(envelope&& mail, drop_reason why, error answer);
  // For a message that cannot leave its process, to an agent in another.
  void refuse_local(envelope&& mail, error why);
  // Of a durable agent; null for the others.
  std::shared_ptr<durable_inbox> inbox() const noexcept;
  // A message that is on disk; false, if nothing is taken any more.
  bool take_in(envelope& mail);
  // That the result of an effect of one of its durable turns is in the journal.
  void tell_result(journaled_result what);
  // Whether the agent lives in a process of its own, and this is the cell that stands for it.
  bool in_process() const noexcept;
  agent_ref ref() { return agent_ref{shared_from_this()}; }
  bool gone() const noexcept { return fate_.load(std::memory_order_acquire) != fate::present; }
  bool abandoned() const noexcept { return fate_.load(std::memory_order_acquire) == fate::abandoned; }
  phase current_phase() const noexcept { return phase_.load(std::memory_order_acquire); }
  const child_spec& spec() const noexcept { return *spec_; }
  const cell_ptr& parent() const noexcept { return parent_; }
  bool is_spawner() const noexcept { return spawner_; }
  bool is_supervisor() const noexcept { return spec_->supervises != nullptr; }
  std::uint64_t incarnation() const noexcept { return incarnation_.load(std::memory_order_acquire); }
  // Whether a message to this agent is set aside.
  bool has_quarantined() const noexcept { return has_quarantined_.load(std::memory_order_relaxed); }
  void update_quarantined();
  const agent_counters& counters() const noexcept { return counters_; }
  const mailbox& mail() const noexcept { return mailbox_; }
  mailbox& mail() noexcept { return mailbox_; }
  // Takes the path away from a cell whose thread does not come back; what it does from now on has no effect. Whoever
  // waits for its answer is told. The path goes to the successor, if there is one. Gives the mail, for the successor or
  // to be refused; nothing if the cell is gone already.
  std::vector<envelope> abandon(const cell_ptr& successor = nullptr);
  // Whether a handler, a hook or a destructor of the agent has kept a worker for the time of a kill's grace. A cell
  // that waits for a worker does not hang, however long.
  bool hangs() const noexcept;
  // For how long it has done so; 0: it does not now.
  duration busy_for() const noexcept;
  doorbell& bell() const noexcept { return bell_; }
  // For the watchdog: reports a turn that is older than its budget, and has it ended at its limit. When to look again.
  instant look_at_turn(instant now);
  // The budget that holds for it: its own, or the nearest above; null if there is none.
  const std::shared_ptr<account>& nearest_account() const noexcept { return account_; }
  bool has_budget() const noexcept;
  bool time_is_over() const;
  void leave_place(cell* successor = nullptr) noexcept;
  // For the supervisor that this cell is: restarts within the period over intensity.
  void use_restart_budget(double used, instant at) noexcept;
  double restart_budget_used(instant now) const noexcept;

  // -- the scheduler --------------------------------------------------------------------------------------------------
  // Handles up to `budget` messages and signals, for up to `slice` from when the agent's code came back for the first
  // time. After `idle`, another thread may run the cell at once.
  visit run(std::size_t budget, duration slice);

  // -- the agent and its turns, on its thread of control --------------------------------------------------------------
  // Once the cell is abandoned, the effect is finished and failed.
  std::uint64_t begin_effect(effect_kind kind, turn* owner, instant deadline);
  std::uint64_t begin_failed_effect(effect_kind kind, turn* owner, error why);
  effect_table& effects() noexcept { return effects_; }
  error no_effects() const;
  void complete(std::uint64_t effect, result<message> outcome);
  // Nobody waits for it any more. A record is stored all the same, and an error is logged.
  void give_up(std::uint64_t effect) noexcept;
  void waits_on(effect_kind kind) noexcept;
  // What a call of a tool comes to next: its end, or a time to wait for.
  void follow_tool(std::uint64_t effect, tool_run::step next);
  turn* current_turn() const noexcept { return current_; }
  // Whether a question of this turn could only be answered after the turn. Precondition: `whom` is not empty.
  bool would_wait_for_itself(const turn& asking, const agent_ref& whom) const noexcept;
  // Another message of this turn waits for room in a mailbox.
  void wait_for_room(turn& sender);
  // The effect that waits for the answer of this turn, to be answered now; 0: none, or answered already.
  std::uint64_t take_question(turn& answering) noexcept;
  // Begins a supervisor's effect: the signal is answered when the child has started, or is gone.
  std::uint64_t tell_child(const cell_ptr& child, signal_kind what, bool for_good, exit_cause cause, duration within,
                           turn* owner);
  // Sends a message that is set aside below to its agent again, which answers in the place of this turn.
  result<done> retry_quarantined(std::uint64_t id, turn& asked);
  // The supervisor of the agent's own sub-agents, made when it is first needed.
  result<cell_ptr> spawner();
  const message& arguments() const noexcept { return arguments_; }
  std::size_t turns_max() const noexcept { return turns_max_; }
  // The names of the messages that the agent has handlers for.
  std::vector<std::string> handled_types() const;
  void set_reentrant(std::size_t turns) noexcept { turns_max_ = turns; }
  void set_spawn_policy(spawn_policy policy) { spawn_policy_ = std::make_unique<spawn_policy>(policy); }
  void watch(const troupe::path& who);
  void unwatch(const troupe::path& who);
  // What a durable agent's incarnation has to know of the journal before its start hook, and that.
  load_journal wanted_journal();
  void take_in_journal(memory::agent_journal found);
  // Writes down that an effect of this turn has begun.
  void commit_begin(turn& owner, std::uint32_t number);

 private:
  struct ending;

  bool let_go(fate how, cell* successor = nullptr) noexcept;
  void arm_timer(instant when);
  void count_refused(const envelope& mail, drop_reason why);
  // Answers a signal that found the cell gone.
  static void come_too_late(const signal& what, const troupe::path& where);

  // Signals.
  void handle(signal what);
  void start(signal what);
  void build();
  void stop(signal what);
  void kill(signal what);
  void timer_fired();
  void tool_due(std::uint64_t effect);
  // Whether it was news about a call, which goes on or ends by them.
  bool tool_told(std::uint64_t effect, const result<message>& what);
  void room(std::uint64_t turn_number);
  void process_ended(const signal& what);
  void overdue();
  void report_overdue(turn& late, duration age);
  void cancel(turn& late, error why);
  void withdraw_questions();
  void withdrawn(const signal& what);
  bool is_withdrawn(const envelope& mail);
  void let_go_of_failed_agent();

  // Budgets.
  account* account_above() const noexcept;
  std::optional<error> begin_wall_time();
  void limit_wall_time();
  void wall_time_over();
  instant turn_deadline(turn_kind kind, instant asked) const noexcept;

  // Turns.
  void begin_turn(envelope&& mail);
  void call_handler(turn& now, handler_base& handler, message what);
  void begin_hook(turn_kind kind, const exit_cause& cause);
  turn& add_turn(turn_kind kind, instant began);
  void open_question(turn& asked) noexcept;
  void resume(turn& in_hand, std::coroutine_handle<> where);
  void step(turn& in_hand);
  void finish_turn(turn& over);
  void end_turn(turn& over, result<message> reply);
  void tell_lost_record(const error& why) noexcept;
  void fail_turn(turn& over, std::exception_ptr thrown);
  std::unique_ptr<turn> remove(turn& over);
  void show_oldest_turn();
  void cancel_turns(const exit_cause& cause);
  void hook_finished(turn_kind kind, bool declined, std::exception_ptr why);

  // Durable turns (cell_durable.cpp).
  void begin_journal(turn& now);
  bool is_resumed(const envelope& mail) const;
  void adopt(std::vector<envelope> mail);
  bool keep_for_next(turn& cancelled);
  void commit_result(effect_table::slot& of, const result<message>& outcome);
  void journaled(journaled_result what);
  void deliver_results(turn& resting);
  void wait_ended(effect_table::slot& of) noexcept;
  void commit(turn& over, result<message> reply);
  void committed(turn* over, journaled_result what);

  // Failures.
  struct verdict {
    response what = response::restart;
    duration delay{};         // before a retry
    std::uint64_t aside = 0;  // the number under which the message is in quarantine; 0: it is not
  };
  verdict judge(turn& failed, const failure_cause& why);
  std::uint32_t limit_of(const turn& failed, const failure_cause& why) const noexcept;
  std::uint64_t remember(const turn& failed, const failure_cause& why, std::uint32_t limit);
  void retry_later(turn& failed, duration delay, const failure_cause& why);
  void retry(turn& waiting);
  bool refuse_quarantined(envelope& mail);
  void handled_after_all(const turn& over);
  void count_failure(instant when, const failure_cause& why);

  // Ends.
  void begin_ending(std::unique_ptr<ending> how);
  void sweep_children();
  void child_ended();
  void end_child(const cell_ptr& child);
  void child_is_late(const cell_ptr& child);
  void continue_ending();
  bool has_stop_hook() const noexcept;
  void limit_stop_hook();
  void stop_hook_too_late();
  void stop_watching();
  void arrive_down();
  void terminate();
  std::vector<cell_ptr> children() const;
  void forget_incarnation();
  void answer_starter(result<message> outcome);

  doorbell& bell_;
  const std::shared_ptr<const child_spec> spec_;  // shared with the supervisor and all children of a template
  const cell_ptr parent_;
  const std::shared_ptr<account> account_;  // the nearest; shared with the cells and reservations below
  const bool spawner_;
  std::atomic<bool> counted_;  // among the children in the accounts above
  std::atomic<phase> phase_{phase::shell};
  std::atomic<fate> fate_{fate::present};
  std::atomic<std::uint64_t> incarnation_;
  static constexpr auto not_busy = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> busy_since_ns_{not_busy};  // when the visit began in which the agent's code runs
  std::atomic<std::int64_t> reported_since_ns_{0};     // when the turn began that was reported as too old
  std::atomic<double> restart_budget_used_{0.0};
  std::atomic<std::int64_t> last_child_restart_ns_{0};
  mailbox mailbox_;
  agent_counters counters_;
  std::atomic<bool> has_quarantined_{false};
  std::atomic<bool> told_local_{false};  // that a message could not leave its process
  bool keeps_messages_ = false;          // until they were handled: they may be tried again, or set aside
  instant keeps_until_ = instant::max();

  const std::unique_ptr<durable_cell> durable_;  // null: the agent is not durable
  message arguments_;
  std::unique_ptr<agent> agent_;
  std::vector<std::unique_ptr<turn>> turns_;
  bool relays_ = false;  // the agent stands for one in another process
  std::size_t turns_max_ = 1;
  std::uint64_t turn_count_ = 0;
  turn* current_ = nullptr;  // whose code runs
  spin_lock questions_lock_;
  turn* questions_ = nullptr;           // the turns that somebody waits for, as a list; guarded by questions_lock_
  instant told_lost_ = instant::min();  // a record that could not be stored
  instant last_end_{};    // of the turn that ended in this visit of the scheduler; the next one begins then
  bool resumed_ = false;  // a turn was, by the signal in hand
  effect_table effects_;
  std::vector<instant> armed_;  // when the timers that were set fire, the next one last
  std::unique_ptr<std::unordered_map<troupe::path, std::uint64_t>> watching_;  // watches by number
  cell_ptr spawner_cell_;  // supervises the sub-agents of this agent; made with the first one
  std::unique_ptr<spawn_policy> spawn_policy_;
  std::unique_ptr<exit_cause> last_cause_;
  std::shared_ptr<reply_sink> starter_;  // waits for the start; shared with the supervisor
  std::uint64_t starter_effect_ = 0;
  std::unique_ptr<ending> ending_;  // while ending
  // Questions that are in the mailbox and that nobody waits for any more; forgotten when it is empty.
  static constexpr std::size_t withdrawn_max = 1'000;
  std::unique_ptr<std::vector<std::pair<std::shared_ptr<reply_sink>, std::uint64_t>>> withdrawn_;
  friend class troupe::turn;
  friend class cell_rest;
};

}  // namespace troupe::actors
