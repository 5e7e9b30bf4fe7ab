#include <algorithm>
#include <cmath>
#include <troupe/actors/budget.hpp>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/turn.hpp>
#include <troupe/core/units.hpp>

#include "account.hpp"
#include "cell.hpp"
#include "durable_budget.hpp"
#include "runtime.hpp"
#include "turn_charges.hpp"
#include "turn_journal.hpp"

namespace troupe {

namespace {

constexpr double millionths = 1e6;

amount in_millionths(double units) noexcept {
  const double scaled = std::round(units * millionths);
  if (!(scaled >= 0.0)) return amount{-1};
  return scaled < 9.2e18 ? amount{static_cast<std::int64_t>(scaled)} : amount{amount::max};
}

// Of millionths: "2.5", without zeros at the end.
std::string decimal(std::int64_t value) {
  const std::string sign = value < 0 ? "-" : "";
  const std::uint64_t whole = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string fraction = std::to_string(1'000'000 + whole % 1'000'000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return sign + std::to_string(whole / 1'000'000) + (fraction.empty() ? "" : "." + fraction);
}

bool kept_by_runtime(std::string_view name) noexcept {
  return name == quantity::children || name == quantity::depth || name == quantity::wall_time;
}

std::optional<error> check_effect(const amounts& asked) {
  for (const auto& [name, how_much] : asked)
    if (kept_by_runtime(name))
      return error{agent_errc::bad_budget, name + " is kept by the runtime: it has a limit, but cannot be reserved"};
  return check(asked);
}

}  // namespace

amount money(double units) noexcept { return in_millionths(units); }
amount joules(double joules) noexcept { return in_millionths(joules); }

std::string format_amount(std::string_view quantity, std::int64_t value) {
  if (quantity == quantity::wall_time || quantity == quantity::device_time) return format_duration(duration{value});
  if (quantity == quantity::money) return decimal(value);
  if (quantity == quantity::energy) return decimal(value) + " J";
  return std::to_string(value);
}

std::optional<std::int64_t> amounts::find(std::string_view name) const noexcept {
  const auto found = std::find_if(begin(), end(), [&](const entry& each) { return each.name == name; });
  if (found == end()) return {};
  return found->how_much.value();
}

std::optional<error> check(const amounts& given) {
  const auto wrong = [](std::string what) { return error{agent_errc::bad_budget, std::move(what)}; };
  if (given.size() > amounts::size_max)
    return wrong(std::to_string(given.size()) + " quantities; " + std::to_string(amounts::size_max) + " at most");
  for (auto each = given.begin(); each != given.end(); ++each) {
    if (each->name.empty()) return wrong("a quantity without a name");
    if (each->name.size() > amounts::name_size_bytes_max)
      return wrong("the name of a quantity is longer than " + std::to_string(amounts::name_size_bytes_max) + " bytes");
    if (each->how_much.value() < 0) return wrong("a negative amount of " + each->name);
    if (std::any_of(given.begin(), each, [&](const auto& earlier) { return earlier.name == each->name; }))
      return wrong("two amounts of " + each->name);
  }
  return {};
}

bool budget_use::exhausted() const noexcept {
  return !kept_by_runtime(quantity) && (overrun > 0 || (limit > 0 && spent >= limit));
}

// -- reservation ------------------------------------------------------------------------------------------------------

reservation::reservation(std::shared_ptr<actors::account> nearest, std::uint64_t id, path by, amounts reserved) noexcept
    : account_{std::move(nearest)}, id_{id}, by_{std::move(by)}, reserved_{std::move(reserved)}, open_{true} {}

reservation::reservation(std::shared_ptr<actors::turn_charges> turn, std::uint32_t number, std::uint64_t id, path by,
                         amounts reserved) noexcept
    : turn_{std::move(turn)},
      number_{number},
      id_{id},
      by_{std::move(by)},
      reserved_{std::move(reserved)},
      open_{true} {}

reservation::reservation(reservation&& other) noexcept
    : account_{std::move(other.account_)},
      turn_{std::move(other.turn_)},
      number_{other.number_},
      id_{other.id_},
      by_{std::move(other.by_)},
      reserved_{std::move(other.reserved_)},
      begun_{other.begun_},
      open_{std::exchange(other.open_, false)} {}

reservation& reservation::operator=(reservation&& other) noexcept {
  if (this == &other) return *this;
  drop();
  account_ = std::move(other.account_);
  turn_ = std::move(other.turn_);
  number_ = other.number_;
  id_ = other.id_;
  by_ = std::move(other.by_);
  reserved_ = std::move(other.reserved_);
  begun_ = other.begun_;
  open_ = std::exchange(other.open_, false);
  return *this;
}

reservation::~reservation() { drop(); }

void reservation::begin() noexcept {
  if (!std::exchange(begun_, true) && open_ && account_) account_->begin(id_);
}

// Charging in full what was reserved always fits.
void reservation::drop() noexcept {
  if (!std::exchange(open_, false)) return;
  if (turn_) return turn_->drop(number_, reserved_, begun_);
  if (!account_) return;
  if (begun_)
    (void)account_->settle(reserved_, reserved_, id_);
  else
    account_->cancel(reserved_, id_);
}

void reservation::cancel() noexcept {
  if (!std::exchange(open_, false)) return;
  if (turn_) return turn_->cancel(number_, reserved_);
  if (account_) account_->cancel(reserved_, id_);
}

namespace {
error not_open() {
  return {errc::invalid_argument, "this reservation was settled, cancelled or moved from already: settle it once"};
}
}  // namespace

result<void> reservation::settle() { return close_with(reserved_); }

result<void> reservation::settle(amount used) {
  if (!open_) return not_open();
  if (reserved_.size() != 1)
    return error{agent_errc::bad_budget, by_.str() + " reserved " + std::to_string(reserved_.size()) +
                                             " quantities: settle each of them by its name"};
  return settle(amounts{{reserved_.begin()->name, used}});
}

result<void> reservation::settle(const amounts& used) {
  if (const auto wrong = check_effect(used)) return *wrong;
  return close_with(used);
}

result<void> reservation::close_with(const amounts& used) {
  if (!open_) return not_open();
  if (turn_ && !turn_->runs_here())
    return error{errc::unsupported, "what a durable turn of " + by_.str() +
                                        " has reserved is settled by the code of that turn alone; what is open when it "
                                        "ends is charged in full"};
  open_ = false;
  if (turn_) return turn_->settle(number_, reserved_, used, by_);
  if (!account_) return {};
  if (const auto over = account_->settle(reserved_, used, id_)) return over->to_error(by_);
  return {};
}

// -- turn -------------------------------------------------------------------------------------------------------------

result<reservation> turn::reserve(std::string_view quantity, amount how_much) {
  return reserve(amounts{{quantity, how_much}});
}

result<reservation> turn::reserve(amounts all) {
  if (auto wrong = check_effect(all)) return std::move(*wrong).with_context(cell_->where().str());
  if (cell_->abandoned()) return cell_->no_effects();
  if (journal_) {
    if (cancelled_) return *cancelled_;
    return actors::reserve_durably(*cell_, *journal_, std::move(all));
  }
  const auto& nearest = cell_->nearest_account();
  std::uint64_t id = 0;
  if (nearest)
    if (const auto refused = nearest->reserve(all, id)) return cell_->home().budget_refused(*refused, cell_->where());
  return reservation{nearest, id, cell_->where(), std::move(all)};
}

result<void> turn::spend(std::string_view quantity, amount how_much) { return spend(amounts{{quantity, how_much}}); }

result<void> turn::spend(amounts all) {
  if (journal_ && !cancelled_ && !cell_->abandoned()) {
    if (auto wrong = check_effect(all)) return std::move(*wrong).with_context(cell_->where().str());
    return actors::spend_durably(*cell_, *journal_, all);
  }
  auto reserved = reserve(std::move(all));
  if (!reserved) return std::move(reserved).error();
  return reserved->settle();
}

std::optional<budget_room> turn::budget_left(std::string_view quantity) const {
  if (journal_ && !cancelled_ && !cell_->abandoned()) return actors::look_durably(*cell_, *journal_, quantity);
  const auto& nearest = cell_->nearest_account();
  if (!nearest) return {};
  return nearest->left(quantity, cell_->where(), now());
}

}  // namespace troupe
