#include <algorithm>
#include <mutex>
#include <utility>

#include "cell_ending.hpp"
#include "runtime.hpp"
#include "supervisor_agent.hpp"

// The ends of a cell and of its incarnations: asked for, by a failure, by a kill, and without its thread.

namespace troupe::actors {

void cell::begin_ending(std::unique_ptr<ending> how) {
  ending_ = std::move(how);
  if (abandoned()) return;  // the last visit answers whoever waits for the end
  phase_.store(phase::ending, std::memory_order_release);
  cancel_turns(ending_->cause);
  effects_.clear();
  stop_watching();
  // A supervisor's stop hook ends its children in order; whatever is left then is swept.
  if (is_supervisor() && !ending_->brutal)
    continue_ending();
  else
    sweep_children();
}

std::vector<cell_ptr> cell::children() const {
  if (spawner_cell_) return {spawner_cell_};
  if (const auto* supervisor = dynamic_cast<const supervisor_agent*>(agent_.get())) return supervisor->cells();
  return {};
}

void cell::sweep_children() {
  if (abandoned()) return;
  ending_->swept = true;
  const auto left = children();
  ending_->children = left.size();
  if (left.empty()) return continue_ending();
  for (const auto& child : left) end_child(child);
}

// A handler below that hangs must not hang a cell that is killed.
void cell::end_child(const cell_ptr& child) {
  const bool brutal = ending_->brutal;
  const auto deadline = brutal ? later(home().time().now(), home().options().kill_grace) : instant::max();
  const auto id = effects_.begin(effect_kind::ending_child, nullptr, deadline);
  effects_.find(id)->target = child->ref();
  signal what{.kind = brutal ? signal_kind::kill : signal_kind::stop, .for_good = true, .id = id};
  what.origin = shared_from_this();
  what.cause = std::make_unique<exit_cause>(brutal ? exit_cause::killed("its parent was killed")
                                                   : exit_cause::shutdown("its parent ends"));
  child->post(std::move(what));
  arm_timer(deadline);
}

// One that hangs is abandoned: its path is free, what it does has no effect. One that does not waits for a worker, or
// for one below it that hangs.
void cell::child_is_late(const cell_ptr& child) {
  if (!child->hangs()) return end_child(child);
  home().log().error("an agent does not even end when killed; it is abandoned with its thread",
                     {{"agent", child->where().str()}});
  const auto cause = exit_cause::killed("abandoned");
  for (auto& mail : child->abandon()) child->refuse(std::move(mail), drop_reason::agent_down, &cause);
  home().abandon_below(*child);
  child_ended();
}

void cell::child_ended() {
  if (--ending_->children == 0) continue_ending();
}

void cell::continue_ending() {
  if (has_stop_hook() && !std::exchange(ending_->hook_done, true)) {
    if (!ending_->asked) limit_stop_hook();
    return begin_hook(turn_kind::stop_hook, ending_->cause);
  }
  if (!ending_->swept) return sweep_children();
  // The next incarnation does not begin before the process of this one is gone.
  if (agent_ && agent_->end_outside()) {
    ending_->waits_for_process = true;
    return;
  }
  arrive_down();
}

void cell::process_ended(const signal& what) {
  if (what.id != incarnation()) return;
  if (ending_) {
    if (std::exchange(ending_->waits_for_process, false)) continue_ending();
    return;
  }
  if (current_phase() != phase::running) return;
  if (what.cause->is_failure()) {
    count_failure(home().time().now(), failure_cause{*what.cause});
    home().log().warn("an agent failed with its process", {{"agent", where().str()},
                                                           {"type", spec_->actor_type},
                                                           {"incarnation", incarnation()},
                                                           {"error", what.cause->text}});
  }
  auto how = std::make_unique<ending>();
  how->cause = *what.cause;
  begin_ending(std::move(how));
}

bool cell::has_stop_hook() const noexcept {
  if (!agent_ || ending_->brutal || ending_->declined) return false;
  if (is_supervisor()) return true;  // ends its children, however far its start had come
  if (ending_->start_failed) return false;
  // After a failure the supervisor decides between pre_restart and post_stop, unless there is nothing to decide.
  const bool failed_by_itself = ending_->cause.is_failure() && !ending_->asked;
  return !failed_by_itself || spec_->restart == temporary;
}

// Whoever asks an agent to stop watches over its time; one that ends by itself gets the same.
void cell::limit_stop_hook() {
  const auto policy = spec_->shutdown_or_default();
  const auto within = policy.is_brutal_kill() ? shutdown_policy::worker_default : policy.wait();
  const auto deadline = later(home().time().now(), within);
  effects_.begin(effect_kind::stop_hook, nullptr, deadline);
  arm_timer(deadline);
}

void cell::stop_hook_too_late() {
  home().log().warn("a post_stop hook took too long and is given up", {{"agent", where().str()}});
  cancel_turns(ending_->cause);
  effects_.clear();
  continue_ending();
}

void cell::arrive_down() {
  if (abandoned()) return;
  effects_.clear();  // what a stop hook left behind
  stop_watching();
  auto how = std::move(ending_);
  spawner_cell_.reset();
  // An agent that failed is kept until its supervisor has decided between pre_restart and post_stop.
  const bool keep = how->cause.kind == exit_kind::failed && !how->asked && !how->start_failed && !how->hook_done;
  if (!keep) agent_.reset();
  last_cause_ = std::make_unique<exit_cause>(how->cause);
  const auto mark = [this] {
    if (abandoned()) return false;  // while its object went
    phase_.store(phase::shell, std::memory_order_release);
    return true;
  };
  if (!(spawner_ ? mark() : home().watching().incarnation_ended(where(), incarnation(), how->cause, mark))) {
    ending_ = std::move(how);  // for the last visit
    return;
  }

  const bool was_starting = how->start_failed || how->declined;
  if (was_starting) {
    if (how->declined)
      answer_starter(error{agent_errc::declined, where().str() + " declined to start"});
    else
      answer_starter(failure_cause{how->cause}.seen_as(
          how->cause.fault == fault::budget_spent ? agent_errc::budget_spent : agent_errc::failed_to_start,
          how->cause.text));
  } else if (!how->asked && parent_) {
    if (spawner_) {
      signal what{.kind = signal_kind::spawner_ended};
      what.cause = std::make_unique<exit_cause>(how->cause);
      parent_->post(std::move(what));
      how->for_good = true;
    } else {
      envelope notice;
      const auto what = how->what                 ? *how->what
                        : how->cause.is_failure() ? spec_->on_fault.response_without_message(how->cause.fault)
                                                  : response::restart;
      notice.payload = message::of(child_exit{shared_from_this(), incarnation(), how->cause, what, how->counts});
      parent_->deliver_unbounded(std::move(notice));
    }
  } else if (!how->asked) {
    home().root_ended(how->cause);
    how->for_good = true;
  }
  if (how->for_good) terminate();
  for (auto& request : how->waiting) request.origin->resolve(request.id, message::of(how->cause));
}

bool cell::let_go(fate how, cell* successor) noexcept {
  fate now = fate::present;
  if (!fate_.compare_exchange_strong(now, how, std::memory_order_acq_rel)) return false;
  leave_place(successor);
  return true;
}

void cell::terminate() {
  if (!let_go(fate::ended)) return;  // abandoned in the meantime
  agent_.reset();
  const auto cause = last_cause_ ? *last_cause_ : exit_cause::shutdown();
  const auto refuse_all = [&] {
    bool ring = false;
    for (auto& mail : mailbox_.close(ring)) refuse(std::move(mail), drop_reason::agent_down, &cause);
  };
  if (durable_) refuse_all();  // what is in no mailbox any more is read from disk by whoever starts at this path
  if (!spawner_) {
    home().retire(spec_->actor_type, counters_);
    home().names().erase(*this);
    home().metrics().agent_terminated(cause.kind);
  }
  if (!durable_) refuse_all();
  for (const auto& what : mailbox_.take_signals()) come_too_late(what, where());
}

void cell::answer_starter(result<message> outcome) {
  if (const auto starter = std::exchange(starter_, nullptr)) starter->resolve(starter_effect_, std::move(outcome));
}

// The last visit: what the cell still holds goes, on its own thread of control, and whoever waits for its start or its
// end is told: its parent waits for no other answer, and each keeps the other meanwhile.
void cell::forget_incarnation() {
  answer_starter(error{agent_errc::agent_down, where().str() + " was abandoned before it had started"});
  if (const auto how = std::exchange(ending_, nullptr))
    for (auto& request : how->waiting)
      request.origin->resolve(request.id, message::of(exit_cause::killed("abandoned")));
  cancel_turns(exit_cause::killed("abandoned"));
  effects_.clear();
  stop_watching();
  withdrawn_.reset();  // two cells that name each other would keep each other
  const auto left = children();
  spawner_cell_.reset();
  agent_.reset();
  for (const auto& below : left) {  // those too that it started while it was being abandoned
    signal what{.kind = signal_kind::kill, .for_good = true};
    what.cause = std::make_unique<exit_cause>(exit_cause::killed("its parent was abandoned"));
    below->post(std::move(what));
  }
  arguments_ = {};
}

void cell::stop_watching() {
  if (!watching_) return;
  for (const auto& [who, number] : *watching_) home().watching().remove(who, number);
  watching_.reset();
}

std::vector<envelope> cell::abandon(const cell_ptr& successor) {
  const auto cause = exit_cause::killed("abandoned: its handler does not return");
  const auto mark = [&] {
    if (!let_go(fate::abandoned, successor.get())) return false;
    if (successor) home().names().replace(*this, successor);
    return true;
  };
  if (!(spawner_ ? mark() : home().watching().incarnation_ended(where(), incarnation(), cause, mark))) return {};

  std::vector<std::pair<std::shared_ptr<reply_sink>, std::uint64_t>> asked;
  {
    std::scoped_lock held{questions_lock_};
    for (turn* each = std::exchange(questions_, nullptr); each; each = each->next_question_)
      asked.emplace_back(each->origin_, std::exchange(each->reply_to_, 0));
  }
  for (const auto& [origin, effect] : asked)
    origin->resolve(effect,
                    error{agent_errc::agent_down, where().str() + " was abandoned while it handled a question"});

  bool ring = false;
  auto left = mailbox_.close(ring);
  for (const auto& what : mailbox_.take_signals()) come_too_late(what, where());
  // Whoever waits for room need not wait for the successor.
  for (auto& mail : left)
    if (const auto waiting = std::exchange(mail.queued_by_turn, 0); waiting != 0 && mail.origin)
      if (cell* sender = mail.origin->as_cell()) sender->post({.kind = signal_kind::room, .id = waiting});
  if (!spawner_) {
    home().retire(spec_->actor_type, counters_);
    home().names().erase(*this);
    home().metrics().agent_terminated(exit_kind::killed);
  }
  if (ring) bell_.ring();  // one more visit, if it is not in the middle of one
  return left;
}

}  // namespace troupe::actors
