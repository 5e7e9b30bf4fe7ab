#include "account.hpp"

#include <algorithm>
#include <utility>

#include "runtime.hpp"

namespace troupe::actors {

error refusal::to_error(const troupe::path& by) const {
  const auto in_words = [&](std::int64_t value) { return format_amount(stood.quantity, value); };
  if (stood.quantity == quantity::wall_time)
    return {agent_errc::budget_spent, by.str() + ": the wall_time of " + whose.str() + " is over (" +
                                          in_words(stood.limit) +
                                          " since its first start); give it more, or start it anew"};
  std::string text = by.str() + ": " + in_words(asked) + " of " + stood.quantity + " asked for; the budget of " +
                     whose.str() + " allows " + in_words(stood.limit) + ", of which " +
                     in_words(stood.limit - stood.left()) + " are in use (" + in_words(stood.reserved) + " reserved, " +
                     in_words(stood.spent) + " spent";
  if (stood.overrun > 0) text += ", " + in_words(stood.overrun) + " overrun";
  return {agent_errc::budget_spent, text + "); give it more, or use less"};
}

account::account(troupe::path where, const budget& limits, std::shared_ptr<account> above)
    : where_{std::move(where)},
      above_{std::move(above)},
      ledger_{above_ ? above_->ledger_ : std::make_shared<ledger>()},
      timed_{limits.find(quantity::wall_time) || (above_ && above_->timed_)} {
  lines_.reserve(limits.size());
  for (const auto& [name, limit] : limits) lines_.push_back({.quantity = name, .limit = limit.value()});
}

account::account(troupe::path where, budgets_above& beyond) : account{std::move(where), {}, nullptr} {
  ledger_->beyond = &beyond;
}

const budget_use* account::find(std::string_view quantity) const noexcept {
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [&](const auto& each) { return each.quantity == quantity; });
  return found == lines_.end() ? nullptr : &*found;
}

budget_use* account::find(std::string_view quantity) noexcept {
  return const_cast<budget_use*>(std::as_const(*this).find(quantity));
}

// -- what effects use -------------------------------------------------------------------------------------------------

std::optional<refusal> account::reserve(const amounts& asked, std::uint64_t& id, std::vector<memory::charge>* made) {
  std::scoped_lock held{ledger_->mutex};
  for (account* each = this; each; each = each->above_.get())
    for (const auto& [name, how_much] : asked)
      if (auto* line = each->find(name); line && how_much.value() > line->left()) {
        ++line->refused;
        return refusal{each->where_, *line, how_much.value()};
      }
  std::uint64_t number = 0;
  if (ledger_->beyond)
    if (auto refused = ledger_->beyond->reserve(asked, number)) return refused;
  for (account* each = this; each; each = each->above_.get())
    for (const auto& [name, how_much] : asked)
      if (auto* line = each->find(name)) {
        line->reserved += how_much.value();
        if (made && how_much.value() != 0) made->push_back({each->where_, name, how_much.value()});
      }
  id = number != 0 ? number : ++ledger_->reservations;
  return {};
}

void account::begin(std::uint64_t id) {
  if (ledger_->beyond) ledger_->beyond->begin(id);
}

std::optional<refusal> account::settle(const amounts& reserved, const amounts& used, std::uint64_t id) {
  std::optional<refusal> over;
  std::scoped_lock held{ledger_->mutex};
  for (const auto& [name, how_much] : reserved)
    close(name, how_much.value(), used.find(name).value_or(how_much.value()), &over);
  for (const auto& [name, how_much] : used)
    if (!reserved.find(name)) close(name, 0, how_much.value(), &over);
  if (ledger_->beyond)
    if (auto further = ledger_->beyond->settle(id, used); further && !over) over = std::move(further);
  return over;
}

void account::cancel(const amounts& reserved, std::uint64_t id) noexcept {
  std::scoped_lock held{ledger_->mutex};
  if (ledger_->beyond) ledger_->beyond->cancel(id);
  for (const auto& [name, how_much] : reserved) close(name, how_much.value(), 0, nullptr);
}

// Ends the reservation of one quantity in all accounts. What was used beyond it is charged where there is room; each
// account tells the whole of what was used below it, as spent and overrun.
void account::close(std::string_view quantity, std::int64_t reserved, std::int64_t used, std::optional<refusal>* over) {
  const std::int64_t extra = std::max<std::int64_t>(0, used - reserved);
  for (account* each = this; each; each = each->above_.get()) {
    auto* line = each->find(quantity);
    if (!line) continue;
    line->reserved -= reserved;
    line->spent += std::min(used, reserved);
    if (extra == 0) continue;
    const std::int64_t fits = std::min(extra, line->left());
    if (fits < extra && over && !*over) *over = refusal{each->where_, *line, extra};
    line->spent += fits;
    line->overrun = saturating_sum(line->overrun, extra - fits);
  }
}

// -- what durable turns use -------------------------------------------------------------------------------------------

void account::begin_with(const std::vector<memory::charge>& used) {
  for (const auto& each : used)
    if (auto* line = find(each.quantity)) {
      line->reserved = each.reserved;
      line->spent = each.spent;
      line->overrun = each.overrun;
    }
}

void account::add(const std::vector<memory::charge>& changes) {
  std::scoped_lock held{ledger_->mutex};
  for (account* each = this; each; each = each->above_.get())
    for (const auto& change : changes)
      if (auto* line = change.account == each->where_ ? each->find(change.quantity) : nullptr) {
        line->reserved += change.reserved;
        line->spent += change.spent;
        line->overrun = saturating_sum(line->overrun, change.overrun);
      }
}

std::optional<refusal> account::settle(std::vector<memory::charge>& taken, const amounts& reserved, const amounts& used,
                                       std::vector<memory::charge>& made, std::vector<memory::charge>& kept_back) {
  amounts costs = used;
  for (const auto& [name, how_much] : reserved)
    if (!used.find(name)) costs.add(name, how_much);
  std::optional<refusal> over;
  std::scoped_lock held{ledger_->mutex};
  for (const auto& [name, how_much] : costs)
    for (account* each = this; each; each = each->above_.get()) {
      auto* line = each->find(name);
      if (!line) continue;
      const auto cost = how_much.value();
      const auto own = std::find_if(taken.begin(), taken.end(), [each, line](const auto& one) {
        return one.account == each->where_ && one.quantity == line->quantity;
      });
      const auto had = own == taken.end() ? 0 : own->reserved;
      if (own != taken.end()) taken.erase(own);
      const auto within = std::min(cost, had);
      line->reserved -= within;
      line->spent += within;
      const auto extra = cost - within;
      const auto fits = std::min(extra, line->left());
      if (fits < extra && !over) over = refusal{each->where_, *line, extra};
      line->spent += fits;
      line->overrun = saturating_sum(line->overrun, extra - fits);
      made.push_back({each->where_, name, -had, within + fits, extra - fits});
      if (had > within) kept_back.push_back({each->where_, name, within - had});
    }
  return over;
}

// -- what the runtime keeps -------------------------------------------------------------------------------------------

std::int64_t account::level_of(const troupe::path& below) const noexcept {
  return static_cast<std::int64_t>(below.depth()) - static_cast<std::int64_t>(where_.depth());
}

std::optional<refusal> account::refuse_newcomer(const troupe::path& newcomer, instant now) {
  const auto refuse = [&](budget_use& line, std::int64_t asked) {
    ++line.refused;
    return refusal{where_, seen(line, now), asked};
  };
  if (auto* line = find(quantity::wall_time); line && own_end() <= now) return refuse(*line, 0);
  if (auto* line = find(quantity::children); line && line->left() < 1) return refuse(*line, 1);
  if (auto* line = find(quantity::depth); line && level_of(newcomer) > line->limit) {
    auto why = refuse(*line, 1);
    why.stood.spent = level_of(newcomer) - 1;  // where its parent is
    return why;
  }
  return {};
}

std::optional<refusal> account::admit(const troupe::path& newcomer, instant now) {
  std::scoped_lock held{ledger_->mutex};
  for (account* each = this; each; each = each->above_.get())
    if (auto why = each->refuse_newcomer(newcomer, now)) return why;
  if (ledger_->beyond)
    if (auto why = ledger_->beyond->admit(newcomer)) return why;
  for (account* each = this; each; each = each->above_.get()) {
    if (auto* line = each->find(quantity::children)) ++line->reserved;
    if (auto* line = each->find(quantity::depth)) line->spent = std::max(line->spent, each->level_of(newcomer));
  }
  return {};
}

void account::leave() noexcept {
  std::scoped_lock held{ledger_->mutex};
  if (ledger_->beyond) ledger_->beyond->leave();
  for (account* each = this; each; each = each->above_.get())
    if (auto* line = each->find(quantity::children)) --line->reserved;
}

void account::start_clock(instant now) noexcept {
  const auto* line = find(quantity::wall_time);
  if (line && own_end() == instant::max())
    end_ns_.store(later(now, duration{line->limit}).time_since_epoch().count(), std::memory_order_relaxed);
}

instant account::ends() const noexcept {
  instant soonest = instant::max();
  if (!timed_) return soonest;
  for (const account* each = this; each; each = each->above_.get()) soonest = std::min(soonest, each->own_end());
  return soonest;
}

std::optional<refusal> account::time_over(instant now) const {
  if (ends() > now) return {};
  std::scoped_lock held{ledger_->mutex};
  for (const account* each = this; each; each = each->above_.get())
    if (each->own_end() <= now)
      if (const auto* line = each->find(quantity::wall_time)) return refusal{each->where_, each->seen(*line, now), 0};
  return {};
}

// -- how it stands ----------------------------------------------------------------------------------------------------

// With the time that is over, which nobody counts as it passes.
budget_use account::seen(const budget_use& line, instant now) const {
  budget_use copy = line;
  if (line.quantity == quantity::wall_time && own_end() != instant::max()) {
    const auto remaining = std::max(duration{0}, own_end() - now);
    copy.spent = std::clamp<std::int64_t>(line.limit - remaining.count(), 0, line.limit);
  }
  return copy;
}

std::optional<budget_room> account::left(std::string_view quantity, const troupe::path& from, instant now) const {
  std::optional<budget_room> tightest;
  std::scoped_lock held{ledger_->mutex};
  for (const account* each = this; each; each = each->above_.get()) {
    const auto* line = each->find(quantity);
    if (!line) continue;
    auto stands = each->seen(*line, now);
    if (quantity == quantity::depth) stands.spent = each->level_of(from);
    if (!tightest || stands.left() < tightest->left) tightest = {stands.left(), stands.limit, each->where_};
  }
  if (ledger_->beyond)
    if (auto further = ledger_->beyond->left(quantity, from); further && (!tightest || further->left < tightest->left))
      tightest = std::move(further);
  return tightest;
}

std::vector<budget_use> account::uses(instant now) const {
  std::vector<budget_use> all;
  std::scoped_lock held{ledger_->mutex};
  for (const auto& each : lines_) all.push_back(seen(each, now));
  return all;
}

}  // namespace troupe::actors
