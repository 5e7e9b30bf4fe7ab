#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/budget.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/journal.hpp>
#include <utility>
#include <vector>

namespace troupe::actors {

class account;
class turn_journal;
struct refusal;

// What durable turns have used of all budgets, whether the agents that have these run or not: an account begins with
// it. Owner: the runtime, and the turns. Threads: any.
class account_book {
 public:
  void add(const std::vector<memory::charge>& changes);
  std::vector<memory::charge> of(const troupe::path& account) const;
  // All but what is reserved.
  void forget(const troupe::path& account);

 private:
  mutable std::mutex mutex_;
  std::map<troupe::path, std::map<std::string, memory::charge, std::less<>>> used_;
};

// What one durable turn takes of budgets. Each change is made in memory at once, and is a note that goes to disk with
// the turn's next command; what a settlement gives back is kept back until a command has the note, so that nobody else
// has it on disk before. What no command has when the turn is cancelled has not happened: it is taken back. What one
// has stays, for the turn's next life, which finds it in the journal and does it not again.
//
// Owners: the turn's journal, and the reservations of the turn, which may outlive it. Threads: the agent's thread of
// control; `sent` and the end of the object: any.
class turn_charges {
 public:
  turn_charges(std::shared_ptr<account> nearest, std::shared_ptr<account_book> book);
  ~turn_charges();
  turn_charges(const turn_charges&) = delete;
  turn_charges& operator=(const turn_charges&) = delete;

  // This thread runs the code of that turn as long as one of these is there, or that of none. Reservations of a durable
  // turn are settled by its code alone: what others do would not be done again by it.
  class running {
   public:
    explicit running(const turn_charges* which) noexcept : before_{std::exchange(here_, which)} {}
    ~running() { here_ = before_; }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

   private:
    const turn_charges* before_;
  };
  bool runs_here() const noexcept { return here_ == this; }
  // Whether an effect of that number is the end of a reservation, which has the number of that one.
  static bool is_settlement(std::uint32_t number) noexcept { return (number & settlement) != 0; }

  // -- the turn's code ------------------------------------------------------------------------------------------------
  // It outlives the code.
  void belongs_to(turn_journal& journal) noexcept { journal_ = &journal; }
  // An effect of an earlier life.
  void know(const memory::journaled_effect& what);
  // Takes all of it, or nothing, which is not noted. `spends`: at once.
  std::optional<refusal> take(std::uint32_t number, const amounts& all, bool spends);
  // What reservations do, by the number of the effect that made them.
  result<void> settle(std::uint32_t number, const amounts& reserved, const amounts& used, const troupe::path& by);
  void cancel(std::uint32_t number, const amounts& reserved);
  void drop(std::uint32_t number, const amounts& reserved, bool begun);
  // The turn is over: what is still reserved is charged in full. On disk, the end of the turn does it.
  void end();

  // -- notes ----------------------------------------------------------------------------------------------------------
  void note(memory::journaled_effect what, std::vector<memory::charge> kept_back = {});
  // Those that no command has, and their number until they are to be sent, so that one command has room for them.
  static constexpr std::size_t unsent_max = 1000;
  std::vector<memory::journaled_effect> unsent() const;
  std::uint32_t notes() const;  // that were made
  // Whether some that change an account are not known to be on disk; are in no command; keep something back.
  bool must_be_written() const;
  bool must_be_sent() const;
  bool keeps_back() const;
  bool are_many() const;
  // A command has all of them, that fails with the whole disk or the turn alone; the first `count` of them are on disk.
  void sent();
  void on_disk(std::uint32_t count);

 private:
  struct noted {
    memory::journaled_effect what;
    std::vector<memory::charge> kept_back;  // what is still to be done in memory
  };
  static constexpr std::uint32_t settlement = std::uint32_t{1} << 31;  // the bit in its number

  result<void> close(std::uint32_t number, const amounts& reserved, const amounts& used, std::string label,
                     const troupe::path* by);
  void apply(const std::vector<memory::charge>& changes);
  void send_until(std::size_t end);

  static thread_local const turn_charges* here_;
  const std::shared_ptr<account> nearest_;    // null: nothing above has a limit
  const std::shared_ptr<account_book> book_;  // shared with the runtime
  turn_journal* journal_ = nullptr;
  std::map<std::uint32_t, std::vector<memory::charge>> open_;  // what reservations hold, by number
  std::map<std::uint32_t, memory::journaled_effect> settled_;  // in an earlier life, by the number of the reservation
  mutable std::mutex mutex_;
  std::vector<noted> notes_;   // guarded by mutex_, as what follows
  std::size_t sent_ = 0;       // the first of these
  std::uint32_t on_disk_ = 0;  // these come after so many
};

}  // namespace troupe::actors
