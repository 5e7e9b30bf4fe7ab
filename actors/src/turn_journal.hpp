#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/memory/command.hpp>
#include <vector>

#include "durable_inbox.hpp"
#include "effects.hpp"
#include "turn_charges.hpp"

namespace troupe::actors {

// FNV-1a: the journal keeps it, so it stays what it is.
inline std::uint64_t fnv1a(std::string_view bytes) noexcept {
  std::uint64_t hash = 14695981039346656037U;
  for (const char each : bytes) hash = (hash ^ static_cast<std::uint8_t>(each)) * 1099511628211U;
  return hash;
}
// Of an effect's arguments: the shape of their type, then of their bytes.
inline std::uint64_t digest_of(std::uint32_t shape, std::string_view bytes) noexcept {
  const auto hash = fnv1a(bytes);
  return std::uint64_t{shape} << 32 | static_cast<std::uint32_t>(hash >> 32 ^ hash);
}

// What the journal says of an effect that a durable turn begins.
struct known_effect {
  std::uint32_t shape = 0;   // of its arguments' type, see net::shape_of: from whoever begins it
  std::uint32_t number = 0;  // 0: the turn is not durable
  bool has_result = false;
  bool failed = false;                  // the result is an error
  std::optional<timestamp> begun = {};  // in an earlier life of the turn
  std::optional<error> wrong = {};      // it was another effect then
};

// What a durable turn has done, as the journal has it or will have it. A turn that is resumed is run again from its
// beginning: its effects get the results that the journal has, in the order in which they came, and go on from there.
//
// Results reach the turn one at a time, in the order of the journal, and only while its code rests; so a turn that is
// run again begins the same effects in the same order. Owner: the turn. Threads: the agent's thread of control.
class turn_journal {
 public:
  turn_journal(std::shared_ptr<accepted_message> message, timestamp now, std::optional<memory::journaled_turn> before,
               std::shared_ptr<turn_charges> charges);

  known_effect begin(effect_kind kind, std::string_view about, std::uint64_t digest);
  // The effect of that number is in progress under this id.
  void in_progress(std::uint32_t number, std::uint64_t effect) { effects_[number] = effect; }
  std::uint64_t effect_of(std::uint32_t number) const;

  // The journal's own record of an effect: that it has begun, or its result.
  memory::note_effect note(const troupe::path& agent, std::uint32_t number, timestamp at,
                           std::optional<std::string> result) const;
  // What has to be said first: until it is on disk, when the turn began; and what it has taken of budgets since the
  // last command that had it.
  std::vector<memory::operation> before(const troupe::path& agent) const;
  void was_noted(std::uint32_t charges) {
    noted_ = true;
    charges_->on_disk(charges);
  }
  // What a person is asked by the effect of that number.
  void asks(std::uint32_t number, std::string request) { known_.at(number).request = std::move(request); }

  // What the turn takes of budgets. These effects have their results at once: they are never delivered.
  const std::shared_ptr<turn_charges>& charges() const noexcept { return charges_; }
  memory::journaled_effect record(std::uint32_t number) const;
  const std::string& result_of(std::uint32_t number) const { return *known_.at(number).result; }
  void was_counted() noexcept { ++results_; }
  // An effect as the journal has it when it begins; and what is wrong if an earlier life has had another one.
  static memory::journaled_effect described(std::uint32_t number, effect_kind kind, std::string_view about,
                                            std::uint64_t digest);
  const std::optional<error>& compare(const memory::journaled_effect& before, const memory::journaled_effect& now);

  // Effects that begin when that is on disk.
  void begins_later(std::uint32_t number, std::function<void()> begin) { later_[number] = std::move(begin); }
  std::function<void()> take_beginning(std::uint32_t number);

  // A result that is in the journal now.
  struct delivery {
    std::uint32_t number = 0;
    timestamp at{};
    result<std::string> stored;  // as the journal has it; an error: it could not be written
  };
  void came(delivery what) { due_.push_back(std::move(what)), ++results_; }
  // How many there were, and whether one is still to be delivered, or the end of a wait is on its way.
  std::uint32_t results() const noexcept { return results_; }
  bool moves() const noexcept { return !due_.empty() || waits_ > 0; }
  // The next result, if the turn may have it.
  const delivery* next() const noexcept { return due_.empty() || waits_ > 0 ? nullptr : &due_.front(); }
  delivery take();
  // Whether the next result is of an effect that the turn has not begun, though it rests: it took another way.
  std::optional<error> lost() const;
  // The same at the end of the turn, of effects on budgets.
  std::optional<error> lost_charge() const;

  // Waits of the turn for itself, whose ends are on their way: results come after them.
  void wait_ends() noexcept { ++waits_; }
  void wait_ended() noexcept { --waits_; }

  timestamp time() const noexcept { return time_; }
  const std::shared_ptr<accepted_message>& in_hand() const noexcept { return message_; }
  const id& name() const noexcept { return message_->name(); }
  id next_record() noexcept { return name().derived(records_from + ++records_); }
  id next_message() noexcept { return name().derived(messages_from + ++messages_); }
  id call(std::uint32_t number) const noexcept { return name().derived(calls_from + number); }
  id question(std::uint32_t number) const noexcept { return name().derived(number); }

  // What happens when the turn is committed.
  struct outgoing {
    agent_ref to;
    message payload;
    duration delay{};  // of a message that is sent later
    bool later = false;
  };
  std::vector<memory::operation> records;
  std::vector<outgoing> messages;
  std::optional<error> wrong;  // it asked for other effects than before

 private:
  // Numbers of effects, records, messages and calls of tools name different things.
  static constexpr std::uint64_t records_from = std::uint64_t{1} << 32;
  static constexpr std::uint64_t messages_from = std::uint64_t{2} << 32;
  static constexpr std::uint64_t calls_from = std::uint64_t{3} << 32;

  error not_asked_for(std::uint32_t number) const;

  const std::shared_ptr<accepted_message> message_;  // shared with the turn
  const timestamp began_;
  timestamp time_;
  bool noted_ = false;  // that it began
  std::uint32_t begun_ = 0;
  std::uint32_t results_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t messages_ = 0;
  std::uint32_t waits_ = 0;
  std::map<std::uint32_t, memory::journaled_effect> known_;  // by number: of an earlier life, and of this one
  std::map<std::uint32_t, std::uint64_t> effects_;
  std::map<std::uint32_t, std::function<void()>> later_;
  const std::shared_ptr<turn_charges> charges_;  // shared with the turn's reservations
  std::deque<delivery> due_;
};

}  // namespace troupe::actors
