#include <algorithm>
#include <iterator>
#include <mutex>
#include <troupe/memory/errc.hpp>
#include <utility>

#include "cell.hpp"
#include "durable_budget.hpp"
#include "durable_cell.hpp"
#include "kept_state.hpp"
#include "read_reference.hpp"
#include "runtime.hpp"
#include "stored_answer.hpp"

// What is different about a cell whose agent is durable: messages are on disk before they are in the mailbox, results
// of effects are in the journal before the turn has them, and a turn ends with a commit.

namespace troupe::actors {

std::shared_ptr<durable_inbox> cell::inbox() const noexcept { return durable_ ? durable_->inbox : nullptr; }

bool cell::take_in(envelope& mail) {
  auto outcome = mailbox_.push_unbounded(std::move(mail));
  if (outcome.ring) bell_.ring();
  if (outcome.what != pushed::closed) return true;
  mail = *std::move(outcome.dropped);
  return false;
}

void cell::adopt(std::vector<envelope> mail) {
  for (auto& each : mailbox_.adopt(std::move(mail))) refuse(std::move(each), drop_reason::agent_down);
}

// -- the start of an incarnation --------------------------------------------------------------------------------------

load_journal cell::wanted_journal() {
  durable_->early.clear();  // what came before is in the journal that is read now
  return {.messages_max = durable_->loaded ? 0 : spec_->mailbox.limit};
}

void cell::take_in_journal(memory::agent_journal found) {
  durable_->journals = std::move(found.turns);
  if (std::exchange(durable_->loaded, true)) return;
  if (found.more)
    home().log().warn(
        "an inbox has more messages than its agent's mailbox takes; the rest is taken in when the node is started "
        "again",
        {{"agent", where().str()}, {"limit", spec_->mailbox.limit}});
  adopt(durable_->inbox->take_in(std::move(found.inbox)));
  arm_timer(durable_->inbox->next_due());
  memory::command known;
  known.author = where();
  known.operations = durable_->inbox->registration();
  if (known.operations.empty()) return;
  home().memory().commit(std::move(known), [inbox = durable_->inbox](const result<memory::outcome>& done) {
    if (done) inbox->was_registered();
  });
}

bool cell::is_resumed(const envelope& mail) const {
  if (!durable_ || durable_->journals.empty()) return false;
  const auto* message = dynamic_cast<const accepted_message*>(mail.origin.get());
  return message && durable_->journals.contains(message->name());
}

void cell::begin_journal(turn& now) {
  auto message = std::dynamic_pointer_cast<accepted_message>(now.origin_);
  if (!message) return;  // what the runtime tells its agents is not journaled
  std::optional<memory::journaled_turn> before;
  if (auto known = durable_->journals.extract(message->name())) before = std::move(known.mapped());
  now.journal_ = std::make_unique<turn_journal>(std::move(message), home().time().wall(), std::move(before),
                                                std::make_shared<turn_charges>(account_, home().used_budgets()));
  std::erase_if(durable_->early, [&](journaled_result& each) {
    if (each.turn != now.journal_->name()) return false;
    now.journal_->came({each.number, each.at, std::move(each.stored)});
    return true;
  });
}

// The turn was cancelled, not ended: its message is the first of the next incarnation.
bool cell::keep_for_next(turn& cancelled) {
  if (!cancelled.journal_ || gone()) return false;
  (void)take_question(cancelled);
  if (cancelled.committing_) return true;                                       // that is on its way, and ends it
  if (durable_->passivating && !cancelled.journal_->in_hand()->has_waiter()) {  // it is on disk
    durable_->inbox->forget(cancelled.journal_->name());
    durable_->loaded = false;
    return true;
  }
  envelope mail;
  mail.payload = std::move(cancelled.kept_);
  mail.origin = cancelled.journal_->in_hand();
  mail.effect = 1;
  mail.deadline = cancelled.deadline_;
  mail.trace = cancelled.trace_;
  mail.aside = cancelled.aside_;
  mail.unbounded = true;
  std::vector<envelope> first;
  first.push_back(std::move(mail));
  adopt(std::move(first));
  return true;
}

// -- effects ----------------------------------------------------------------------------------------------------------

void cell::commit_result(effect_table::slot& of, const result<message>& outcome) {
  auto stored = encode_answer(outcome);
  if (of.kind == effect_kind::memory && outcome)
    if (auto reference = refer_to(*outcome)) {
      stored = *std::move(reference);
      of.outcome = outcome;  // this life need not look it up
      of.done_again = true;
    }
  if (stored && stored->size() > memory::effect_result_size_bytes_max)
    stored = error{errc::out_of_range, "it has " + std::to_string(stored->size()) + " bytes; the journal takes " +
                                           std::to_string(memory::effect_result_size_bytes_max)};
  if (!stored)
    stored = encode_answer(std::move(stored).error().with_context("the result of `" + std::string{to_string(of.kind)} +
                                                                  "` in " + where().str() + ", which is durable"));
  of.noted = true;
  const auto& journal = *of.owner->journal_;
  if (of.kind == effect_kind::approval) home().approvals().remove(journal.question(of.number));
  journaled_result news{journal.name(), of.number, home().time().wall(), std::move(stored)};
  news.notes = journal.charges()->notes();
  memory::command what;
  what.author = where();
  what.operations = journal.before(where());
  what.operations.emplace_back(journal.note(where(), of.number, news.at, *news.stored));
  home().memory().commit(std::move(what),
                         [self = shared_from_this(), news = std::move(news)](const result<memory::outcome>& done) {
                           if (done && done->late_results != 0) return;  // another result was first, and is told
                           auto told = news;
                           if (!done) told.stored = done.error();
                           self->tell_result(std::move(told));
                         });
  journal.charges()->sent();
}

void cell::commit_begin(turn& owner, std::uint32_t number) {
  const auto& journal = *owner.journal_;
  memory::command what;
  what.author = where();
  what.operations = journal.before(where());
  what.operations.emplace_back(journal.note(where(), number, home().time().wall(), {}));
  home().memory().commit(
      std::move(what), [self = shared_from_this(), turn = journal.name(), number](const result<memory::outcome>& done) {
        if (!done) self->tell_result({turn, number, self->home().time().wall(), done.error()});
      });
  journal.charges()->sent();
}

void cell::tell_result(journaled_result what) {
  signal news{.kind = signal_kind::journaled};
  news.value = message::of(std::move(what));
  post(std::move(news));
}

void cell::journaled(journaled_result what) {
  const auto found = std::find_if(turns_.begin(), turns_.end(), [&](const auto& each) {
    return each->journal_ && each->journal_->name() == what.turn;
  });
  if (what.number == 0) return committed(found == turns_.end() ? nullptr : found->get(), std::move(what));
  if (found != turns_.end()) {
    turn& of = **found;
    if (what.stored) of.journal_->was_noted(what.notes);
    if (what.begins) {  // what the turn has taken of budgets is on disk, or cannot be written
      const auto begin = of.journal_->take_beginning(what.number);
      const auto effect = of.journal_->effect_of(what.number);
      const auto* slot = effect == 0 ? nullptr : effects_.find(effect);
      if (!begin || !slot || slot->finished || slot->noted) return;
      return what.stored ? begin() : complete(effect, what.stored.error());
    }
    of.journal_->came({what.number, what.at, std::move(what.stored)});
    return step(of);
  }
  if (what.begins) return;  // of a turn that was cancelled
  if (current_phase() == phase::passive) return cell_rest::wake(*this);
  // Its turn is over, or goes on soon: in this incarnation, or in the one that is about to begin.
  const bool goes_on = current_phase() != phase::running || (durable_ && durable_->journals.contains(what.turn));
  if (durable_ && goes_on) durable_->early.push_back(std::move(what));
}

// While the turn's code rests: one result after the other, in the order of the journal.
void cell::deliver_results(turn& resting) {
  auto& journal = *resting.journal_;
  while (!resting.running_.done() && !journal.wrong) {
    const auto* next = journal.next();
    if (!next) return;
    const auto effect = journal.effect_of(next->number);
    auto* slot = effect == 0 ? nullptr : effects_.find(effect);
    if (slot && slot->again) return;  // it is being done again
    if (auto lost = journal.lost()) {
      journal.wrong = std::move(lost);
      return;
    }
    const auto came = journal.take();
    if (!slot || slot->finished) continue;  // the turn had given it up then, too
    if (!came.stored)
      slot->outcome = came.stored.error();
    else if (!slot->done_again)
      slot->outcome = decode_answer(*came.stored, home().shared_from_this());
    slot->finished = true;
    const auto waiter = std::exchange(slot->waiter, nullptr);
    if (!waiter) continue;
    counters_.waits_on.store(0, std::memory_order_relaxed);
    resumed_ = true;
    resume(resting, waiter);
    if (abandoned()) return;
    if (counters_.waits_on.load(std::memory_order_relaxed) == 0 && !resting.running_.done())
      if (const auto* rest = effects_.awaited_by(resting)) waits_on(rest->kind);
  }
}

void cell::wait_ended(effect_table::slot& of) noexcept {
  of.ends = false;
  if (of.owner && of.owner->journal_) of.owner->journal_->wait_ended();
}

// -- the end of a turn ------------------------------------------------------------------------------------------------

namespace {

// What a turn has sent to durable agents, on its way with the commit.
struct staged_mail {
  std::shared_ptr<durable_inbox> to;
  durable_inbox::staged what;
};

}  // namespace

void cell::commit(turn& over, result<message> reply) {
  auto& journal = *over.journal_;
  const auto& charges = journal.charges();
  charges->end();
  auto answer = encode_answer(reply);
  if (!answer && journal.in_hand()->has_durable_asker()) throw failure{std::move(answer).error()};
  if (!answer) answer = encode_answer(message{});  // who waits is in this process, and gets the reply itself
  memory::command what;
  what.author = where();
  what.at = home().time().wall();
  if (charges->are_many()) write_charges(*this, journal);
  if (charges->must_be_sent()) what.operations = journal.before(where());
  std::ranges::move(journal.records, std::back_inserter(what.operations));
  if (agent_->kept_) {
    auto changed = agent_->kept_->changed();
    if (!changed) throw failure{std::move(changed).error()};
    for (auto& [key, bytes] : changed->changed)
      what.operations.emplace_back(memory::set_state{where(), std::move(key), std::move(bytes)});
  }
  const auto staged = std::make_shared<std::vector<staged_mail>>();  // shared with the callback, which is copied
  const auto others = std::make_shared<std::vector<std::pair<agent_ref, envelope>>>();  // the same
  std::erase_if(journal.messages, [&](turn_journal::outgoing& each) {
    const auto inbox = home().inbox_of(each.to);
    if (each.later && !inbox) return false;
    envelope mail;
    mail.payload = std::move(each.payload);
    mail.origin = shared_from_this();
    mail.trace = over.trace_;
    if (!inbox) {
      others->emplace_back(each.to, std::move(mail));
    } else if (auto room = inbox->take_room(); !room) {
      home().drop(drop_reason::mailbox_full, inbox->where(), mail.payload.type_name());
    } else {
      auto made = inbox->stage(std::move(mail), journal.next_message());
      if (!made) throw failure{std::move(made).error()};
      if (each.later) made->what.what.due = later(what.at, each.delay);
      std::ranges::move(inbox->registration(), std::back_inserter(what.operations));
      what.operations.emplace_back(made->what);
      made->room = std::move(room);
      staged->push_back({inbox, std::move(*made)});
    }
    return true;
  });
  what.operations.emplace_back(memory::end_turn{where(), journal.name(), *answer});
  // Whoever abandons the cell from here on leaves the message to this commit.
  if (take_question(over) == 0) return;
  over.committing_ = true;
  waits_on(effect_kind::commit);
  auto handled = std::make_shared<envelope>();  // shared with the callback
  handled->payload = over.kept_;
  handled->origin = journal.in_hand();
  handled->effect = 1;
  handled->deadline = over.deadline_;
  handled->trace = over.trace_;
  handled->unbounded = true;
  home().memory().commit(
      std::move(what), [self = shared_from_this(), staged, others, handled, in_hand = journal.in_hand(), at = what.at,
                        reply = std::move(reply), answer = *answer, charges](const result<memory::outcome>& done) {
        if (done) {
          charges->sent();
          for (auto& each : *staged) {
            each.what.room.reset();
            each.to->was_accepted(1);
            each.to->arrive(std::move(each.what));
          }
          in_hand->ended(reply, answer, at, done->late_results == 0);
          for (auto& [to, mail] : *others) self->home().deliver(to, std::move(mail), false);
        }
        self->tell_result({in_hand->name(), 0, at, done ? result<std::string>{std::string{}} : done.error(), handled});
      });
}

// `over`: null, if it was cancelled meanwhile.
void cell::committed(turn* over, journaled_result what) {
  if (what.stored && !over) return;
  if (!what.stored && !over) {  // it was not ended: the next incarnation has it to do
    std::vector<envelope> first;
    first.push_back(std::move(*what.message));
    return adopt(std::move(first));
  }
  if (!what.stored) {
    over->committing_ = false;
    over->reply_to_ = 1;
    open_question(*over);
    return fail_turn(*over, std::make_exception_ptr(failure{what.stored.error()}));
  }
  const auto journal = std::move(over->journal_);
  end_turn(*over, message{});
  for (auto& each : journal->messages) {
    if (gone() || current_phase() != phase::running) return;
    const auto id = begin_effect(effect_kind::delayed_send, nullptr, later(home().time().now(), each.delay));
    auto* slot = effects_.find(id);
    slot->outcome = std::move(each.payload);
    slot->target = each.to;
  }
}

}  // namespace troupe::actors
