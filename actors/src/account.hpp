#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/budget.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/memory/journal.hpp>
#include <vector>

namespace troupe::actors {

// What an overrun cannot hold is beyond any meaning.
inline std::int64_t saturating_sum(std::int64_t a, std::int64_t b) noexcept {
  return b > 0 && a > amount::max - b ? amount::max : a + b;
}

// What an account refused: how it stood, and what was asked for.
struct refusal {
  troupe::path whose;
  budget_use stood;
  std::int64_t asked = 0;
  // budget_spent, in words; `by` is who asked.
  error to_error(const troupe::path& by) const;
};

// The budgets above the topmost account of this process, which the node keeps: see remote_budget.hpp. As `account` has
// them; `id` is the reservation's number there.
class budgets_above {
 public:
  virtual ~budgets_above() = default;
  virtual std::optional<refusal> reserve(const amounts& asked, std::uint64_t& id) = 0;
  virtual void begin(std::uint64_t id) = 0;
  virtual std::optional<refusal> settle(std::uint64_t id, const amounts& used) = 0;
  virtual void cancel(std::uint64_t id) = 0;
  virtual std::optional<refusal> admit(const troupe::path& newcomer) = 0;
  virtual void leave() = 0;
  virtual std::optional<budget_room> left(std::string_view quantity, const troupe::path& from) = 0;
};

// The budget of one agent in numbers. Accounts form a tree, as the agents do; whatever is taken is taken from an
// account and all above it, or from none. Always, in every account: reserved + spent <= limit.
//
// Owners: the agent's cell and those below it, reservations, and the accounts below; so it outlives its cell as long as
// something is reserved. Threads: any. One lock for all accounts of a tree, since everything that is taken meets at the
// topmost one anyway: so each operation is whole for all who look, and what is refused would have been refused in some
// order of one after the other. It is held for a walk up the tree, and calls nobody.
//
// Each change is one of reserve, settle and cancel of a numbered reservation, or admit and leave of one agent, so that
// a journal can hold them as commands.
class account {
 public:
  account(troupe::path where, const budget& limits, std::shared_ptr<account> above);
  // The topmost one of a process, without limits of its own. `beyond` outlives it.
  account(troupe::path where, budgets_above& beyond);
  account(const account&) = delete;
  account& operator=(const account&) = delete;

  const troupe::path& where() const noexcept { return where_; }
  const std::shared_ptr<account>& above() const noexcept { return above_; }

  // What durable turns have used of it; before anybody else uses it.
  void begin_with(const std::vector<memory::charge>& used);

  // Preconditions of these: what `check` accepts; what is settled or cancelled was reserved here, and still is.
  // Gives `id` a number, unless it is refused. `made`: gets what it changes in each account.
  std::optional<refusal> reserve(const amounts& asked, std::uint64_t& id, std::vector<memory::charge>* made = nullptr);
  // From now on, it is charged in full if whoever reserved it is gone.
  void begin(std::uint64_t id);
  // Charges what was used; what is not named, as reserved. The refusal is the first overrun; the charge stands.
  std::optional<refusal> settle(const amounts& reserved, const amounts& used, std::uint64_t id = 0);
  void cancel(const amounts& reserved, std::uint64_t id = 0) noexcept;

  // The same as settle, for what a durable turn has reserved, maybe in an earlier life of the node: of accounts with
  // other limits than these. `taken`: what `reserve` has changed; what remains of it is of accounts that are not there.
  // `made` gets what is to be changed in each account, `kept_back` the part of it that gives back, and is not done yet.
  std::optional<refusal> settle(std::vector<memory::charge>& taken, const amounts& reserved, const amounts& used,
                                std::vector<memory::charge>& made, std::vector<memory::charge>& kept_back);
  // Changes accounts, here and above, as these say.
  void add(const std::vector<memory::charge>& changes);

  // One more agent below: its place among the children, its level, and whether there is time.
  std::optional<refusal> admit(const troupe::path& newcomer, instant now);
  void leave() noexcept;

  // The agent starts; its wall time runs from its first start on.
  void start_clock(instant now) noexcept;
  // When the time of this agent or of one above it is over; instant::max(): never.
  instant ends() const noexcept;
  // The same of this one alone.
  instant own_end() const noexcept { return instant{duration{end_ns_.load(std::memory_order_relaxed)}}; }
  // The refusal if that time has come.
  std::optional<refusal> time_over(instant now) const;

  // What an agent at `from`, here or below, has left; nullopt: no limit above.
  std::optional<budget_room> left(std::string_view quantity, const troupe::path& from, instant now) const;
  // How this account stands, in the order of its limits.
  std::vector<budget_use> uses(instant now) const;

 private:
  // What the accounts of one tree share.
  struct ledger {
    std::mutex mutex;
    std::uint64_t reservations = 0;
    budgets_above* beyond = nullptr;  // of a process: the rest of the way to the root
  };

  const budget_use* find(std::string_view quantity) const noexcept;
  budget_use* find(std::string_view quantity) noexcept;
  budget_use seen(const budget_use& line, instant now) const;
  std::int64_t level_of(const troupe::path& below) const noexcept;
  std::optional<refusal> refuse_newcomer(const troupe::path& newcomer, instant now);
  void close(std::string_view quantity, std::int64_t reserved, std::int64_t used, std::optional<refusal>* over);

  const troupe::path where_;
  const std::shared_ptr<account> above_;  // null for a topmost one
  const std::shared_ptr<ledger> ledger_;  // shared by all accounts of the tree
  std::vector<budget_use> lines_;         // guarded by the ledger's mutex, but for their names and limits
  bool timed_ = false;                    // it or one above it limits the wall time
  std::atomic<std::int64_t> end_ns_{instant::max().time_since_epoch().count()};
};

}  // namespace troupe::actors
