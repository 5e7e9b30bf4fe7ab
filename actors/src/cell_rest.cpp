#include "cell_rest.hpp"

#include <algorithm>
#include <utility>

#include "durable_cell.hpp"
#include "runtime.hpp"
#include "stored_answer.hpp"

namespace troupe::actors {

bool cell_rest::is_patient(const cell& of) noexcept {
  const auto kind = static_cast<effect_kind>(of.counters_.waits_on.load(std::memory_order_relaxed));
  return kind == effect_kind::approval || kind == effect_kind::receive || (kind == effect_kind::sleep && of.durable_);
}

// -- passive cells ----------------------------------------------------------------------------------------------------

void cell_rest::was_active(cell& of) {
  const auto after = of.spec_->passivate_after;
  if (after == duration::max()) return;
  of.durable_->active_at = of.home().time().coarse_now();
  of.arm_timer(later(of.durable_->active_at, after));
}

void cell_rest::time_passed(cell& of, instant now) {
  auto& mine = *of.durable_;
  for (auto& each : mine.inbox->take_due(now)) {
    const auto accepted = each.origin;
    if (!of.take_in(each)) accepted->resolve(1, error{agent_errc::agent_down, of.where().str() + " has ended"});
  }
  of.arm_timer(mine.inbox->next_due());
  if (of.current_phase() == phase::passive) {
    if (!mine.rest->until) return;
    const auto until = of.home().instant_of(*mine.rest->until);
    return until <= now ? wake(of) : of.arm_timer(until);
  }
  const auto after = of.spec_->passivate_after;
  if (after == duration::max() || of.current_phase() != phase::running) return;
  const auto due = later(mine.active_at, after);
  if (now < due) return of.arm_timer(due);
  std::uint64_t arrivals = 0;
  if (can_become_passive(of, arrivals)) return become_passive(of, arrivals);
  of.arm_timer(later(now, std::max(after, duration{std::chrono::milliseconds{1}})));
}

bool cell_rest::can_become_passive(const cell& of, std::uint64_t& arrivals) {
  if (of.spawner_cell_ || of.watching_ || of.turns_.size() > 1) return false;
  const turn* in_hand = of.turns_.empty() ? nullptr : of.turns_.front().get();
  arrivals = of.mailbox_.arrivals();
  if (!in_hand && of.mailbox_.size() != 0) return false;
  if (in_hand) {
    if (!in_hand->journal_ || in_hand->committing_ || in_hand->blocked_sends_ != 0 || in_hand->cancelled_) return false;
    if (in_hand->journal_->wrong || in_hand->journal_->moves()) return false;
  }
  bool waits = false, works = false;
  const_cast<effect_table&>(of.effects_).for_each_unfinished([&](std::uint64_t, const effect_table::slot& each) {
    if (each.kind == effect_kind::tasks && each.owner == in_hand) return;  // of the turn for itself
    const bool lasts = each.lasts || each.kind == effect_kind::sleep || each.kind == effect_kind::receive;
    (each.owner == in_hand && each.number != 0 && lasts && !each.noted && !each.again ? waits : works) = true;
  });
  return !works && waits == (in_hand != nullptr);
}

void cell_rest::become_passive(cell& of, std::uint64_t arrivals) {
  auto& mine = *of.durable_;
  memory::rest rest;
  instant until = instant::max();
  rest.messages = of.turns_.empty();
  of.effects_.for_each_unfinished([&](std::uint64_t, const effect_table::slot& each) {
    until = std::min(until, each.deadline);
    if (each.kind == effect_kind::receive) rest.messages = true;
  });
  if (until != instant::max()) rest.until = of.home().wall_of(until);
  if (!of.turns_.empty()) {
    const auto& journal = *of.turns_.front()->journal_;
    memory::command what;
    what.author = of.where();
    what.operations = journal.before(of.where());
    what.operations.emplace_back(memory::rest_turn{of.where(), journal.name(), journal.results(), rest});
    of.home().memory().commit(std::move(what),
                              [](const result<memory::outcome>&) {});  // else it is run again at a start
    journal.charges()->sent();
  }
  mine.passivating = true;
  of.cancel_turns(exit_cause::shutdown("it is passive"));
  mine.passivating = false;
  of.effects_.clear();
  of.agent_.reset();
  mine.journals.clear();
  mine.early.clear();
  mine.rest = rest;
  of.phase_.store(phase::passive, std::memory_order_release);
  of.mailbox_.watch_from(arrivals);
  of.arm_timer(until);
}

bool cell_rest::begins_passive(cell& of) {
  auto& mine = *of.durable_;
  const auto rest = mine.inbox->take_rest();
  if (!rest || !mine.early.empty() || of.spec_->passivate_after == duration::max()) return false;
  mine.rest = rest;
  of.phase_.store(phase::passive, std::memory_order_release);
  of.mailbox_.watch_from(0);
  if (rest->until) of.arm_timer(of.home().instant_of(*rest->until));
  return true;
}

void cell_rest::wake(cell& of) {
  of.durable_->rest.reset();
  of.durable_->waking = true;
  of.mailbox_.unwatch();
  of.build();
}

// -- messages ---------------------------------------------------------------------------------------------------------

void cell_rest::arrived(cell& of) {
  if (of.current_phase() != phase::passive) return look_for_mail(of);
  if (of.durable_->rest->messages) wake(of);
}

bool cell_rest::set_aside(cell& of, const envelope& mail, const error& why) {
  auto* accepted = dynamic_cast<accepted_message*>(mail.origin.get());
  if (!accepted) return false;
  const auto words = why.describe();
  of.home().quarantined().was_found(of.where(), mail.payload, accepted->name(), words,
                                    of.home().time().wall().time_since_epoch().count());
  of.update_quarantined();
  of.home().log().error("a message is set aside, as it cannot be read",
                        {{"agent", of.where().str()}, {"message", mail.payload.type_name()}, {"error", words}});
  accepted->set_aside(words, error{why}.with_context(of.where().str()));
  return true;
}

// A cell that is passive, or about to start, reads it from disk.
void cell_rest::taken_back(cell& of, taken_back_message what) {
  if (!of.durable_) return;
  if (of.current_phase() == phase::running) of.durable_->journals[what.name] = std::move(what.turn);
  std::vector<envelope> mail;
  mail.push_back(std::move(*what.mail));
  of.adopt(std::move(mail));
  if (of.current_phase() == phase::passive) wake(of);
}

namespace {

// The effect that takes this message; 0: none.
std::uint64_t receiver_of(effect_table& effects, const envelope& mail) {
  std::uint64_t found = 0;
  effects.for_each_unfinished([&](std::uint64_t id, const effect_table::slot& each) {
    if (found != 0 || !each.wants || each.noted) return;
    const auto& what = mail.payload;
    if (what.is_encoded() ? what.type_name() == each.wants->name : what.type() == each.wants) found = id;
  });
  return found;
}

}  // namespace

void cell_rest::look_for_mail(cell& of) {
  for (;;) {
    bool any = false;
    of.effects_.for_each_unfinished(
        [&](std::uint64_t, const effect_table::slot& each) { any |= each.wants && !each.noted; });
    if (!any) return of.mailbox_.unwatch();
    const auto seen = of.mailbox_.arrivals();
    envelope mail;
    std::shared_ptr<reply_sink> got_room;
    std::uint64_t room_for = 0;
    const bool found = of.mailbox_.take_first([&](const envelope& each) { return receiver_of(of.effects_, each) != 0; },
                                              mail, got_room, room_for);
    if (got_room)
      if (cell* sender = got_room->as_cell()) sender->post({.kind = signal_kind::room, .id = room_for});
    if (!found) return of.mailbox_.watch_from(seen);
    (void)takes(of, mail);
    if (of.abandoned()) return;
  }
}

bool cell_rest::takes(cell& of, envelope& mail) {
  const auto effect = receiver_of(of.effects_, mail);
  if (effect == 0) return false;
  if (of.withdrawn_ && of.is_withdrawn(mail)) {
    of.refuse(std::move(mail), drop_reason::withdrawn);
    return true;
  }
  auto* slot = of.effects_.find(effect);
  if (mail.payload.is_encoded()) {
    auto decoded = mail.payload.decoded(*slot->wants);
    if (!decoded) {
      if (set_aside(of, mail, decoded.error())) return true;
      of.refuse(std::move(mail), drop_reason::bad_message, std::move(decoded).error().with_context(of.where().str()));
      return true;
    }
    mail.payload = *std::move(decoded);
  }
  if (auto accepted = std::dynamic_pointer_cast<accepted_message>(mail.origin); accepted && slot->number != 0) {
    commit_received(of, effect, accepted, std::move(mail));
    return true;
  }
  if (mail.effect != 0 && mail.origin) mail.origin->resolve(mail.effect, message{});
  of.complete(effect, std::move(mail.payload));
  return true;
}

// One write: the turn has it, and the inbox has it no more.
void cell_rest::commit_received(cell& of, std::uint64_t effect, const std::shared_ptr<accepted_message>& accepted,
                                envelope&& mail) {
  auto* slot = of.effects_.find(effect);
  slot->noted = true;
  const auto& journal = *slot->owner->journal_;
  journaled_result news{journal.name(), slot->number, of.home().time().wall(), encode_answer(mail.payload)};
  if (!news.stored) news.stored = encode_answer(news.stored.error());
  news.notes = journal.charges()->notes();
  const auto empty = *encode_answer(message{});
  memory::command what;
  what.author = of.where();
  what.at = news.at;
  what.operations = journal.before(of.where());
  what.operations.emplace_back(journal.note(of.where(), news.number, news.at, *news.stored));
  what.operations.emplace_back(memory::end_turn{of.where(), accepted->name(), empty});
  const auto kept = std::make_shared<envelope>(std::move(mail));  // shared with the callback, which is copied
  of.home().memory().commit(std::move(what), [self = of.shared_from_this(), accepted, kept, empty,
                                              news = std::move(news)](const result<memory::outcome>& done) {
    auto told = news;
    if (done) {
      accepted->ended(message{}, empty, news.at, done->late_results == 0);
    } else {
      told.stored = done.error();
      std::vector<envelope> back;
      back.push_back(std::move(*kept));
      self->adopt(std::move(back));
    }
    self->tell_result(std::move(told));
  });
}

}  // namespace troupe::actors
