#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/clock.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/result.hpp>
#include <type_traits>
#include <utility>
#include <vector>

// What a subtree of agents may use: a budget hangs on an agent, and holds for it and everything below it. What an
// effect may cost is reserved before it (turn::reserve), in all budgets from the agent up to the root or in none; what
// it did cost is settled after it. Numbers are exact integers in the smallest unit of their quantity.

namespace troupe {

namespace actors {
class account;
class turn_charges;
}  // namespace actors

// The names of quantities. A program may use any other name of up to 64 bytes; its unit is its own.
namespace quantity {
// Kept by the runtime; programs set limits, but do not reserve them.
inline constexpr std::string_view children = "children";    // agents below that are there at the same time
inline constexpr std::string_view depth = "depth";          // levels below
inline constexpr std::string_view wall_time = "wall_time";  // ns since the first start
// Used by effects.
inline constexpr std::string_view tokens = "tokens";            // 1
inline constexpr std::string_view money = "money";              // millionths of whatever currency the program counts in
inline constexpr std::string_view device_time = "device_time";  // ns
inline constexpr std::string_view energy = "energy";            // microjoules
}  // namespace quantity

// How much, in the smallest unit. Made of a whole number, or of a time, in nanoseconds; what is too large for 63 bits
// becomes the largest number there is. A value.
class amount {
 public:
  static constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();

  constexpr amount() noexcept = default;
  template <std::integral N>
  requires(!std::same_as<N, bool>) constexpr amount(N n) noexcept  // NOLINT: a plain number reads best
      : value_{std::in_range<std::int64_t>(n) ? static_cast<std::int64_t>(n) : max} {}
  template <class Rep, class Period>
  constexpr amount(std::chrono::duration<Rep, Period> time) noexcept  // NOLINT
      : value_{std::chrono::duration<double>{time}.count() < 9.2e9
                   ? std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()
                   : max} {}

  constexpr std::int64_t value() const noexcept { return value_; }
  friend bool operator==(amount, amount) = default;

 private:
  std::int64_t value_ = 0;
};

// Money and energy as people write them, rounded to millionths: money(2.5) is 2,500,000. Negative or no number: -1,
// which nothing accepts.
amount money(double units) noexcept;
amount joules(double joules) noexcept;

// In the unit that people read: "10m" of wall_time, "2.5" of money, "3 J" of energy, else the plain number.
std::string format_amount(std::string_view quantity, std::int64_t value);

// A few amounts by name: limits, or what is reserved or was used. A value.
class amounts {
 public:
  static constexpr std::size_t size_max = 16;
  static constexpr std::size_t name_size_bytes_max = 64;
  struct entry {
    std::string name;
    amount how_much;
    friend bool operator==(const entry&, const entry&) = default;
  };

  amounts() noexcept = default;
  amounts(std::initializer_list<std::pair<std::string_view, amount>> entries) {
    for (const auto& [name, how_much] : entries) add(name, how_much);
  }
  void add(std::string_view name, amount how_much) { entries_.push_back({std::string{name}, how_much}); }

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }
  std::optional<std::int64_t> find(std::string_view name) const noexcept;
  friend bool operator==(const amounts&, const amounts&) = default;

 private:
  std::vector<entry> entries_;
};

// The limits of an agent and of everything below it:
//
//   child<researcher>("r", {.budget = {{quantity::tokens, 10'000}, {quantity::money, money(2.5)},
//                                      {quantity::wall_time, 10min}, {quantity::children, 8}}});
//
// What has no limit anywhere above is free.
using budget = amounts;

// nullopt if these can be limits or be reserved; otherwise bad_budget, with the first thing that is wrong: a negative
// amount, a name that is missing, too long or doubled, or too many of them.
std::optional<error> check(const amounts& given);

// How a budget stands, for one quantity.
struct budget_use {
  std::string quantity;
  std::int64_t limit = 0;
  std::int64_t reserved = 0;  // For effects that are not settled; of children: those that are there.
  std::int64_t spent = 0;     // Of wall_time: what is over; of depth: the deepest level there has been.
  std::int64_t overrun = 0;   // Used beyond what was reserved and beyond what was left. Counts against what comes.
  std::uint64_t refused = 0;  // How often it refused something.

  // What can still be reserved; never below 0.
  std::int64_t left() const noexcept {
    const auto room = limit - reserved - spent;
    return room > overrun ? room - overrun : 0;
  }
  // Nothing is left, and nothing comes back. Only of what effects use: a full house is no trouble.
  bool exhausted() const noexcept;
  friend bool operator==(const budget_use&, const budget_use&) = default;
};

// What is left of a quantity, by the tightest budget, and whose that is.
struct budget_room {
  std::int64_t left = 0;
  std::int64_t limit = 0;
  path whose;
};

// What was reserved for an effect, until it is settled. Dropped without that (the turn was cancelled, an exception), it
// is given back in full; after `begin` it is charged in full, since nobody knows what the effect did cost. Owner:
// whoever does the effect; movable, also to another thread; used by one at a time. It may outlive its turn and its
// agent.
//
// In a durable turn it is the turn's code that settles, cancels or drops it; elsewhere, settling it is unsupported, and
// the rest does nothing. Whatever is open when that turn ends is charged in full. What interrupts the turn gives
// nothing back: when it is run again, it gets the reservation again.
class [[nodiscard]] reservation {
 public:
  // For the runtime. An empty account: nothing above has a limit.
  reservation(std::shared_ptr<actors::account> nearest, std::uint64_t id, path by, amounts reserved) noexcept;
  // Of a durable turn, by the number of its effect.
  reservation(std::shared_ptr<actors::turn_charges> turn, std::uint32_t number, std::uint64_t id, path by,
              amounts reserved) noexcept;
  reservation(reservation&& other) noexcept;
  reservation& operator=(reservation&& other) noexcept;
  ~reservation();

  // Tells reservations of one tree of budgets apart; 0 if nothing above has a limit.
  std::uint64_t id() const noexcept { return id_; }
  const amounts& reserved() const noexcept { return reserved_; }
  bool is_open() const noexcept { return open_; }

  // The effect begins: from now on it may have cost something.
  void begin() noexcept;
  // Charges what was used, and gives the rest back to every budget that it came from. `settle()`: all was used, as
  // reserved; so was, with several amounts, what is not named. What was used beyond the reservation is charged to each
  // budget as far as it has room, and the rest recorded as overrun: then this is budget_spent, and settled all the
  // same. Fails with bad_budget for a negative amount, or a single amount for several that are reserved: it stays open
  // then; invalid_argument if it is not open.
  result<void> settle();
  result<void> settle(amount used);
  result<void> settle(const amounts& used);
  // Nothing was used.
  void cancel() noexcept;

 private:
  result<void> close_with(const amounts& used);
  void drop() noexcept;

  std::shared_ptr<actors::account> account_;    // shared with the agents below it
  std::shared_ptr<actors::turn_charges> turn_;  // of a durable turn, which has the account then; shared with it
  std::uint32_t number_ = 0;                    // in that turn
  std::uint64_t id_ = 0;
  path by_;
  amounts reserved_;
  bool begun_ = false;
  bool open_ = false;
};

}  // namespace troupe
