#include <algorithm>
#include <mutex>
#include <utility>

#include "cell_ending.hpp"
#include "durable_budget.hpp"
#include "durable_cell.hpp"
#include "process_agent.hpp"
#include "runtime.hpp"

// The turns of a cell: from a message in the mailbox to its answer.

namespace troupe::actors {

namespace {

// That the code of this turn runs, for what it takes of budgets if it is durable; null: it is not.
class code_runs {
 public:
  explicit code_runs(const turn_journal* of) {
    if (of) charges_.emplace(of->charges().get());
  }

 private:
  std::optional<turn_charges::running> charges_;
};

}  // namespace

turn& cell::add_turn(turn_kind kind, instant began) {
  auto& added = *turns_.emplace_back(new turn{*this});
  added.kind_ = kind;
  added.index_ = static_cast<std::uint32_t>(turns_.size() - 1);
  added.number_ = ++turn_count_;
  added.started_ = began;
  return added;
}

std::unique_ptr<turn> cell::remove(turn& over) {
  if (over.room_effect_ != 0) effects_.release(std::exchange(over.room_effect_, 0));
  if (durable_)  // an effect that somebody has kept is nobody's now
    effects_.for_each_unfinished([&](std::uint64_t, effect_table::slot& each) {
      if (each.owner == &over) each.owner = nullptr, each.number = 0;
    });
  const auto index = over.index_;
  auto removed = std::move(turns_[index]);
  if (index + 1 != turns_.size()) {
    turns_[index] = std::move(turns_.back());
    turns_[index]->index_ = index;
  }
  turns_.pop_back();
  show_oldest_turn();
  return removed;
}

// From now on the answer to this turn's message may be given by whoever abandons the cell.
void cell::open_question(turn& asked) noexcept {
  std::scoped_lock held{questions_lock_};
  asked.next_question_ = std::exchange(questions_, &asked);
}

std::uint64_t cell::take_question(turn& answering) noexcept {
  if (!answering.asked_) return 0;
  std::scoped_lock held{questions_lock_};
  for (turn** each = &questions_; *each; each = &(*each)->next_question_)
    if (*each == &answering) {
      *each = answering.next_question_;
      break;
    }
  return std::exchange(answering.reply_to_, 0);
}

// What the tools see as in hand: of several turns, the one that has taken longest.
void cell::show_oldest_turn() {
  const auto oldest = std::min_element(turns_.begin(), turns_.end(),
                                       [](const auto& a, const auto& b) { return a->started_ < b->started_; });
  if (oldest != turns_.end())
    counters_.in_hand_since_ns.store((*oldest)->started_.time_since_epoch().count(), std::memory_order_relaxed);
  counters_.in_hand.store(oldest != turns_.end() ? (*oldest)->type_ : nullptr, std::memory_order_relaxed);
}

void cell::begin_turn(envelope&& mail) {
  if (auto* notice = mail.payload.get_if<down_notice>()) {
    if (!watching_) return;
    const auto watched = watching_->find(notice->who);
    if (watched == watching_->end() || watched->second != notice->watch) return;
    watching_->erase(watched);
    mail.payload = message::of(down{home().ref(notice->who), notice->incarnation, notice->cause});
  }
  if (mailbox_.watched() && cell_rest::takes(*this, mail)) return;
  handler_base* handler = agent_->handler_for(mail.payload.type());
  if (!handler && mail.payload.is_encoded()) {
    auto decoded = agent_->decode_for_handler(mail.payload);
    if (!decoded && cell_rest::set_aside(*this, mail, decoded.error())) return;
    if (!decoded)
      return refuse(std::move(mail), drop_reason::bad_message, std::move(decoded).error().with_context(where().str()));
    handler = *decoded;
  }
  if (!handler) handler = agent_->other_handler(mail.payload.type_name());
  if (!handler && mail.payload.is_encoded()) {  // an earlier program, it may be, had one
    const error why{agent_errc::no_handler, "no handler for `" + std::string{mail.payload.type_name()} + "`"};
    if (cell_rest::set_aside(*this, mail, why)) return;
  }
  if (!handler) return refuse(std::move(mail), drop_reason::no_handler);
  if (withdrawn_ && is_withdrawn(mail)) return refuse(std::move(mail), drop_reason::withdrawn);
  if (has_quarantined() && mail.aside == 0 && refuse_quarantined(mail)) return;

  turn& now = add_turn(turn_kind::message, last_end_ == instant{} ? home().time().now() : last_end_);
  if (mail.deadline < now.started_ && !is_resumed(mail)) {
    const auto expired = remove(now);
    return refuse(std::move(mail), drop_reason::expired);
  }
  // The type of bytes goes with them, but the tools may look at it later.
  now.type_ =
      mail.payload.is_encoded() ? home().names_of_messages().find(mail.payload.type_name()) : mail.payload.type();
  now.origin_ = std::move(mail.origin);
  if (mail.effect != 0) {
    now.asked_ = true;
    now.reply_to_ = mail.effect;
    open_question(now);
  }
  now.deadline_ = turn_deadline(turn_kind::message, mail.deadline);
  now.trace_ = mail.trace.valid() ? mail.trace.child() : trace_context::start();
  now.aside_ = mail.aside;
  if (keeps_messages_) {
    keeps_messages_ = now.started_ <= keeps_until_;
    now.kept_ = mail.payload;
  }
  if (durable_) {
    cell_rest::was_active(*this);
    begin_journal(now);
    if (now.journal_) now.kept_ = mail.payload;
  }
  if (turns_.size() == 1) show_oldest_turn();
  call_handler(now, *handler, std::move(mail.payload));
}

void cell::call_handler(turn& now, handler_base& handler, message what) {
  auto* const outer = std::exchange(current_, &now);
  try {
    const code_runs runs{now.journal_.get()};
    now.running_ = handler.call(*agent_, std::move(what), now.in_hand_, now);
    current_ = outer;
  } catch (...) {
    current_ = outer;
    return fail_turn(now, std::current_exception());
  }
  if (const auto coroutine = now.running_.coroutine()) resume(now, coroutine);
  step(now);
}

void cell::resume(turn& in_hand, std::coroutine_handle<> where) {
  auto* const outer = std::exchange(current_, &in_hand);
  {
    const code_runs runs{in_hand.journal_.get()};
    where.resume();
  }
  current_ = outer;
}

void cell::begin_hook(turn_kind kind, const exit_cause& cause) {
  static constexpr message_type start{"on_start"}, restart{"on_restart"}, stop{"post_stop"};
  turn& now = add_turn(kind, home().time().now());
  now.type_ = kind == turn_kind::stop_hook ? &stop : incarnation() == 1 ? &start : &restart;
  now.trace_ = trace_context::start();
  now.deadline_ = turn_deadline(kind, instant::max());
  show_oldest_turn();
  try {
    if (kind == turn_kind::stop_hook)
      now.running_ = invocation{agent_->post_stop(now, cause)};
    else if (agent_->kept_ || durable_)
      now.running_ = invocation{agent_->restore_and_start(now, cause)};
    else if (incarnation() == 1)
      now.running_ = invocation{agent_->on_start(now)};
    else
      now.running_ = invocation{agent_->on_restart(now, cause)};
  } catch (...) {  // a hook that is no coroutine
    return fail_turn(now, std::current_exception());
  }
  resume(now, now.running_.coroutine());
  step(now);
}

// After the handler ran as far as it could. One that failed does not wait for room.
void cell::step(turn& in_hand) {
  if (abandoned()) return;
  if (in_hand.journal_) {
    deliver_results(in_hand);
    if (abandoned() || in_hand.committing_) return;
    if (in_hand.journal_->wrong && !in_hand.running_.done())
      return fail_turn(in_hand, std::make_exception_ptr(failure{*in_hand.journal_->wrong}));
    if (!in_hand.running_.done() && in_hand.journal_->charges()->must_be_sent())
      write_charges(*this, *in_hand.journal_);
  }
  if (in_hand.running_.done() && (in_hand.blocked_sends_ == 0 || in_hand.running_.failed())) finish_turn(in_hand);
}

void cell::finish_turn(turn& over) {
  result<message> reply{message{}};
  try {
    if (over.journal_ && !over.journal_->wrong) over.journal_->wrong = over.journal_->lost();
    if (over.journal_ && !over.journal_->wrong) over.journal_->wrong = over.journal_->lost_charge();
    if (over.journal_ && over.journal_->wrong) throw failure{*over.journal_->wrong};
    reply = over.running_.take();
    if (over.journal_) return commit(over, std::move(reply));
    if (agent_->kept_ && !(ending_ && ending_->cause.is_failure())) agent_->save_kept();
  } catch (...) {
    return fail_turn(over, std::current_exception());
  }
  end_turn(over, std::move(reply));
}

void cell::end_turn(turn& over, result<message> reply) {
  const auto owned = remove(over);
  owned->running_.cancel();
  if (owned->kind_ != turn_kind::message) {
    hook_finished(owned->kind_, owned->declined_, nullptr);
  } else {
    last_end_ = home().time().now();
    counters_.count_turn(last_end_ - owned->started_);
    const bool failed_lately = keeps_messages_ && keeps_until_ != instant::max();
    if (owned->tries_ != 0 || owned->aside_ != 0 || failed_lately) handled_after_all(*owned);
    const auto effect = take_question(*owned);
    if (effect != 0 && !owned->committing_) owned->origin_->resolve(effect, std::move(reply));
  }
  if (owned->stop_ && current_phase() == phase::running) {
    auto how = std::make_unique<ending>();
    how->cause = std::move(*owned->stop_);
    begin_ending(std::move(how));
  }
}

void cell::fail_turn(turn& over, std::exception_ptr thrown) {
  const failure_cause why{thrown};
  verdict sentence;
  if (over.kind_ == turn_kind::message && !abandoned()) sentence = judge(over, why);
  if (sentence.what == response::retry) return retry_later(over, sentence.delay, why);
  const auto owned = remove(over);
  // It is not over: it took another way, or was on disk among those set aside, and was tried again.
  const bool aside =
      sentence.aside != 0 && owned->journal_ &&
      (owned->journal_->wrong || home().quarantined().name_of(sentence.aside) == owned->journal_->name());
  auto* journal = abandoned() || aside ? nullptr : owned->journal_.get();
  {
    const code_runs runs{journal};  // what it drops is dropped by the turn
    owned->running_.cancel();
  }
  if (journal) {
    journal->charges()->end();
    if (journal->charges()->are_many()) write_charges(*this, *journal);
    if (journal->charges()->must_be_sent()) journal->in_hand()->ends_after(journal->before(where()));
  }
  const auto asked = take_question(*owned);  // whatever comes next: the list of questions must not keep it
  if (abandoned()) {
    if (asked != 0)
      owned->origin_->resolve(
          asked, error{agent_errc::agent_down, where().str() + " was abandoned while it handled a question"});
    return;
  }
  if (owned->kind_ != turn_kind::message) return hook_finished(owned->kind_, false, std::move(thrown));
  const instant now = home().time().now();
  counters_.count_turn(now - owned->started_);
  count_failure(now, why);
  const exit_cause cause = why.as_exit();
  if (asked != 0) {
    std::string words =
        where().str() + " failed while it handled `" + std::string{owned->type_->name} + "`: " + why.text;
    if (sentence.aside != 0) words += "; the message is set aside as number " + std::to_string(sentence.aside);
    if (aside) {
      owned->journal_->in_hand()->set_aside(why.text, why.seen_as(agent_errc::agent_failed, std::move(words)));
    } else {
      owned->origin_->fail(asked, why.seen_as(agent_errc::agent_failed, std::move(words)), cause);
      if (journal) journal->charges()->sent();
    }
  }
  home().log().warn("an agent failed", {{"agent", where().str()},
                                        {"type", spec_->actor_type},
                                        {"message", owned->type_->name},
                                        {"incarnation", incarnation()},
                                        {"error", why.text},
                                        {"fault", to_string(why.kind)}});
  if (current_phase() != phase::running) return;
  auto how = std::make_unique<ending>();
  how->cause = cause;
  how->what = sentence.what;
  how->counts = sentence.aside == 0;
  begin_ending(std::move(how));
}

void cell::hook_finished(turn_kind kind, bool declined, std::exception_ptr why) {
  if (abandoned()) return;
  if (kind == turn_kind::stop_hook) {
    if (why)
      home().log().warn("a post_stop hook threw", {{"agent", where().str()}, {"error", failure_cause{why}.text}});
    return continue_ending();
  }
  const bool wakes = durable_ && std::exchange(durable_->waking, false);
  if (!why && !declined) {
    phase_.store(phase::running, std::memory_order_release);
    return answer_starter(message::of(ref()));
  }
  auto how = std::make_unique<ending>();
  how->declined = declined && !wakes;  // nobody waits for the start of one that wakes
  how->start_failed = why != nullptr && !wakes;
  if (declined && wakes) how->cause = exit_cause::normal();
  if (why) {
    const failure_cause cause{why};
    how->cause = cause.as_exit();
    count_failure(home().time().now(), cause);
  }
  begin_ending(std::move(how));
}

void cell::cancel_turns(const exit_cause& cause) {
  withdraw_questions();
  auto cancelled = std::exchange(turns_, {});
  counters_.in_hand.store(nullptr, std::memory_order_relaxed);
  counters_.waits_on.store(0, std::memory_order_relaxed);
  for (auto& each : cancelled) {
    each->running_.cancel();
    if (keep_for_next(*each)) continue;
    if (const auto effect = take_question(*each); effect != 0)
      each->origin_->resolve(
          effect, failure_cause{cause}.seen_as(agent_errc::agent_down, where().str() + " ended while it handled `" +
                                                                           std::string{each->type_->name} +
                                                                           "`: " + cause.describe()));
  }
}

void cell::room(std::uint64_t turn_number) {
  const auto found =
      std::find_if(turns_.begin(), turns_.end(), [&](const auto& each) { return each->number_ == turn_number; });
  if (found == turns_.end()) return;
  turn& waiting = **found;
  if (waiting.blocked_sends_ == 0) return;  // it gave up waiting
  if (--waiting.blocked_sends_ == 0) effects_.release(std::exchange(waiting.room_effect_, 0));
  step(waiting);
}

void cell::wait_for_room(turn& sender) {
  if (sender.cancelled_) return;  // it waits for nothing any more; its message stays in line
  ++sender.blocked_sends_;
  if (sender.room_effect_ != 0) return;
  // Two agents that wait for room with each other would wait for ever.
  const auto limit = later(home().time().now(), home().options().ask_timeout);
  sender.room_effect_ = begin_effect(effect_kind::send, &sender, limit);
  waits_on(effect_kind::send);
}

bool cell::would_wait_for_itself(const turn& asking, const agent_ref& whom) const noexcept {
  const cell* known = whom.target()->as_cell();
  const auto is = [&](const cell& it) { return known && !known->gone() ? known == &it : whom.path() == it.where(); };
  if (is(*this)) return turns_max_ == 1 || asking.kind_ != turn_kind::message;
  return asking.kind_ == turn_kind::start_hook && parent_ && !parent_->is_spawner() && is(*parent_);
}

std::uint64_t cell::begin_effect(effect_kind kind, turn* owner, instant deadline) {
  if (abandoned()) return begin_failed_effect(kind, owner, no_effects());
  if (owner && owner->cancelled_) return begin_failed_effect(kind, owner, *owner->cancelled_);
  const auto id = effects_.begin(kind, owner, deadline);
  arm_timer(deadline);
  return id;
}

std::uint64_t cell::begin_failed_effect(effect_kind kind, turn* owner, error why) {
  const auto id = effects_.begin(kind, owner, instant::max());
  auto* slot = effects_.find(id);
  slot->outcome = std::move(why);
  slot->finished = true;
  return id;
}

error cell::no_effects() const {
  return {agent_errc::cancelled, where().str() + " was abandoned; its turn has no effects"};
}

void cell::complete(std::uint64_t effect, result<message> outcome) {
  auto* slot = effects_.find(effect);
  if (!slot || slot->finished || slot->noted) {  // given up, or timed out
    // A late answer to a stop or a start, of a type without a name, is nobody's letter.
    if (outcome && !outcome->empty() && outcome->type_name() != "value" && current_phase() == phase::running)
      home().drop(drop_reason::late_reply, where(), outcome->type_name());
    return;
  }
  if (slot->kind == effect_kind::ending_child) {
    effects_.release(effect);
    child_ended();
    return;
  }
  if (slot->kind == effect_kind::left_alone) {
    effects_.release(effect);
    if (!outcome) tell_lost_record(outcome.error());
    return;
  }
  if (slot->tool && tool_told(effect, outcome)) return;
  if (slot->number != 0 && slot->owner && slot->owner->journal_) {
    if (!std::exchange(slot->again, false)) return commit_result(*slot, outcome);
    slot->outcome = std::move(outcome);
    slot->done_again = true;
    return step(*slot->owner);
  }
  if (slot->ends) wait_ended(*slot);
  slot->outcome = std::move(outcome);
  slot->finished = true;
  if (const auto waiter = std::exchange(slot->waiter, nullptr)) {
    turn& owner = *slot->owner;
    counters_.waits_on.store(0, std::memory_order_relaxed);
    resumed_ = true;
    resume(owner, waiter);
    // One of several coroutines of the turn went on and is done; the turn still waits for the others.
    if (counters_.waits_on.load(std::memory_order_relaxed) == 0 && !abandoned() && !owner.running_.done())
      if (const auto* rest = effects_.awaited_by(owner)) waits_on(rest->kind);
    step(owner);
  }
}

void cell::give_up(std::uint64_t effect) noexcept {
  auto* slot = effects_.find(effect);
  if (slot && slot->ends && !slot->finished) wait_ended(*slot);
  if (slot && slot->kind == effect_kind::remember) {
    if (!slot->finished) {
      slot->kind = effect_kind::left_alone;
      slot->owner = nullptr;
      slot->waiter = nullptr;
      return;
    }
    if (!slot->outcome) tell_lost_record(slot->outcome.error());
  }
  effects_.release(effect);
}

void cell::tell_lost_record(const error& why) noexcept {
  const instant now = home().time().coarse_now();
  if (now < later(told_lost_, std::chrono::minutes{1})) return;
  told_lost_ = now;
  home().log().warn("a record was not stored, and nobody waited to be told; the next ones of this minute go unsaid",
                    {{"agent", where().str()}, {"error", why.describe()}});
}

void cell::waits_on(effect_kind kind) noexcept {
  counters_.waits_on.store(static_cast<std::uint8_t>(kind), std::memory_order_relaxed);
}

}  // namespace troupe::actors
