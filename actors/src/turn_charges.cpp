#include "turn_charges.hpp"

#include <algorithm>
#include <troupe/actors/errc.hpp>

#include "account.hpp"
#include "stored_answer.hpp"
#include "turn_journal.hpp"

namespace troupe::actors {

// -- what is used of all budgets --------------------------------------------------------------------------------------

void account_book::add(const std::vector<memory::charge>& changes) {
  std::scoped_lock held{mutex_};
  for (const auto& each : changes) {
    auto& line =
        used_[each.account].try_emplace(each.quantity, memory::charge{each.account, each.quantity}).first->second;
    line.reserved += each.reserved;
    line.spent += each.spent;
    line.overrun = saturating_sum(line.overrun, each.overrun);
  }
}

std::vector<memory::charge> account_book::of(const troupe::path& account) const {
  std::vector<memory::charge> all;
  std::scoped_lock held{mutex_};
  if (const auto found = used_.find(account); found != used_.end())
    for (const auto& [quantity, line] : found->second) all.push_back(line);
  return all;
}

void account_book::forget(const troupe::path& account) {
  std::scoped_lock held{mutex_};
  if (const auto found = used_.find(account); found != used_.end())
    for (auto& [quantity, line] : found->second) line.spent = line.overrun = 0;
}

// -- what a turn takes ------------------------------------------------------------------------------------------------

thread_local const turn_charges* turn_charges::here_ = nullptr;

namespace {

std::string in_words(const amounts& all) {
  std::string text;
  for (const auto& [name, how_much] : all)
    text += (text.empty() ? "" : ", ") + format_amount(name, how_much.value()) + " of " + name;
  return text;
}

std::string nothing() { return *encode_answer(message{}); }

}  // namespace

turn_charges::turn_charges(std::shared_ptr<account> nearest, std::shared_ptr<account_book> book)
    : nearest_{std::move(nearest)}, book_{std::move(book)} {}

// In the other order than they were made in; what was kept back has not been done.
turn_charges::~turn_charges() {
  for (; notes_.size() > sent_; notes_.pop_back()) {
    auto undone = *std::move(notes_.back().what.charges);
    for (auto& each : undone) each.reserved = -each.reserved, each.spent = -each.spent, each.overrun = -each.overrun;
    apply(undone);
    apply(notes_.back().kept_back);
  }
}

void turn_charges::apply(const std::vector<memory::charge>& changes) {
  if (changes.empty()) return;
  if (nearest_) nearest_->add(changes);
  book_->add(changes);
}

void turn_charges::know(const memory::journaled_effect& what) {
  if (is_settlement(what.number)) {
    settled_.emplace(what.number & ~settlement, what);
    open_.erase(what.number & ~settlement);  // its number is the smaller one
    return;
  }
  std::vector<memory::charge> reserved;
  for (const auto& each : *what.charges)
    if (each.reserved != 0) reserved.push_back(each);
  if (!reserved.empty()) open_.emplace(what.number, std::move(reserved));
}

std::optional<refusal> turn_charges::take(std::uint32_t number, const amounts& all, bool spends) {
  std::vector<memory::charge> made;
  std::uint64_t id = 0;
  if (nearest_)
    if (auto refused = nearest_->reserve(all, id, &made)) return refused;
  if (spends) {
    if (nearest_) (void)nearest_->settle(all, all);
    for (auto& each : made) each.spent = std::exchange(each.reserved, 0);
  } else if (!made.empty()) {
    open_.emplace(number, made);
  }
  book_->add(made);
  auto what = journal_->record(number);
  what.result = nothing();
  what.charges = std::move(made);
  note(std::move(what));
  return {};
}

result<void> turn_charges::settle(std::uint32_t number, const amounts& reserved, const amounts& used,
                                  const troupe::path& by) {
  return close(number, reserved, used, "settle " + std::to_string(number) + " with " + in_words(used), &by);
}

void turn_charges::cancel(std::uint32_t number, const amounts& reserved) {
  if (!runs_here()) return;
  amounts none;
  for (const auto& each : reserved) none.add(each.name, 0);
  (void)close(number, reserved, none, "cancel " + std::to_string(number), nullptr);
}

void turn_charges::drop(std::uint32_t number, const amounts& reserved, bool begun) {
  if (!runs_here() || settled_.contains(number)) return;
  amounts used = reserved;
  if (!begun) {
    used = {};
    for (const auto& each : reserved) used.add(each.name, 0);
  }
  (void)close(number, reserved, used, "drop " + std::to_string(number), nullptr);
}

result<void> turn_charges::close(std::uint32_t number, const amounts& reserved, const amounts& used, std::string label,
                                 const troupe::path* by) {
  auto what = turn_journal::described(number | settlement, effect_kind::budget, label, digest_of(0, label));
  if (const auto known = settled_.find(number); known != settled_.end()) {
    if (auto wrong = journal_->compare(known->second, what)) return *std::move(wrong);
    const auto before = decode_answer(*known->second.result, nullptr);
    if (!before) return before.error();
    return {};
  }
  std::vector<memory::charge> taken, made, kept_back;
  if (auto held = open_.extract(number)) taken = std::move(held.mapped());
  std::optional<refusal> over;
  if (nearest_) over = nearest_->settle(taken, reserved, used, made, kept_back);
  // Of accounts that have no such limit any more: nobody has these numbers in memory.
  for (const auto& each : taken) {
    const auto cost = used.find(each.quantity).value_or(each.reserved);
    made.push_back({each.account, each.quantity, -each.reserved, cost});
  }
  std::erase_if(made, [](const auto& each) { return each.is_nothing(); });
  book_->add(made);
  auto not_yet = kept_back;
  for (auto& each : not_yet) each.reserved = -each.reserved;
  book_->add(not_yet);
  what.at = journal_->time();
  what.result = over && by ? *encode_answer(over->to_error(*by)) : nothing();
  what.charges = std::move(made);
  note(std::move(what), std::move(kept_back));
  if (over && by) return over->to_error(*by);
  return {};
}

void turn_charges::end() {
  for (auto& [number, held] : std::exchange(open_, {})) {
    for (auto& each : held) each.spent = each.reserved, each.reserved = -each.reserved;
    apply(held);
  }
}

// -- notes ------------------------------------------------------------------------------------------------------------

void turn_charges::note(memory::journaled_effect what, std::vector<memory::charge> kept_back) {
  journal_->was_counted();
  std::scoped_lock held{mutex_};
  notes_.push_back({std::move(what), std::move(kept_back)});
}

std::vector<memory::journaled_effect> turn_charges::unsent() const {
  std::scoped_lock held{mutex_};
  std::vector<memory::journaled_effect> all;
  for (auto i = sent_; i < notes_.size(); ++i) all.push_back(notes_[i].what);
  return all;
}

bool turn_charges::are_many() const {
  std::scoped_lock held{mutex_};
  return notes_.size() - sent_ >= unsent_max;
}

std::uint32_t turn_charges::notes() const {
  std::scoped_lock held{mutex_};
  return on_disk_ + static_cast<std::uint32_t>(notes_.size());
}

bool turn_charges::must_be_written() const {
  std::scoped_lock held{mutex_};
  return std::any_of(notes_.begin(), notes_.end(), [](const noted& each) { return !each.what.charges->empty(); });
}

bool turn_charges::must_be_sent() const {
  std::scoped_lock held{mutex_};
  return std::any_of(notes_.begin() + static_cast<std::ptrdiff_t>(sent_), notes_.end(),
                     [](const noted& each) { return !each.what.charges->empty(); });
}

bool turn_charges::keeps_back() const {
  std::scoped_lock held{mutex_};
  return std::any_of(notes_.begin(), notes_.end(), [](const noted& each) { return !each.kept_back.empty(); });
}

void turn_charges::send_until(std::size_t end) {
  for (; sent_ < end; ++sent_) apply(std::exchange(notes_[sent_].kept_back, {}));
}

void turn_charges::sent() {
  std::scoped_lock held{mutex_};
  send_until(notes_.size());
}

void turn_charges::on_disk(std::uint32_t count) {
  std::scoped_lock held{mutex_};
  if (count <= on_disk_) return;
  const auto done = std::min<std::size_t>(count - on_disk_, notes_.size());
  send_until(std::max(sent_, done));
  notes_.erase(notes_.begin(), notes_.begin() + static_cast<std::ptrdiff_t>(done));
  sent_ -= done;
  on_disk_ += static_cast<std::uint32_t>(done);
}

}  // namespace troupe::actors
