#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/trace.hpp>
#include <vector>

#include "block_queue.hpp"
#include "reply_sink.hpp"
#include "spin_lock.hpp"

namespace troupe::actors {

// A message on its way to an agent's handler.
struct envelope {
  message payload;
  std::shared_ptr<reply_sink> origin;  // who sent it; shared with the sender. Null: from outside, nobody waits.
  std::uint64_t effect = 0;            // the origin's effect that waits for the answer; 0: none
  std::uint64_t queued_by_turn = 0;    // of the sender, to which room is reported
  instant deadline = instant::max();   // of the one who waits
  instant queued{};
  trace_context trace{};
  bool unbounded = false;   // of the runtime to itself: must not be lost to drop_oldest
  std::uint32_t aside = 0;  // its number in quarantine, if the operator sends it again
};

enum class signal_kind : std::uint8_t {
  reply,          // an effect is finished: `id`, and a value or an error
  timer,          // some deadline of the agent may have passed
  start,          // supervisor: build the agent and run its start hook; answer `origin`
  stop,           // supervisor: end the agent; answer `origin` when it is gone
  kill,           // end it without hooks; answer `origin` if there is one
  will_restart,   // supervisor: a failed agent will be started later, let go of the old object now
  spawner_ended,  // the supervisor of the agent's own sub-agents gave up
  process_ended,  // the process of the agent's incarnation `id` is gone
  overdue,        // a turn is older than its budget or its limit
  withdrawn,      // the question `id` of `origin` is not to be answered any more: who asked is gone
  journaled,      // the result of an effect of a durable turn is on disk: `value` is a journaled_result
  taken_back,     // a durable message is not set aside any more: `value` is a taken_back_message
  room,           // a mailbox took a message that waited for room: `id` is the number of the turn that sent it
};

// What the runtime tells a cell; handled before any message, also while a turn waits.
struct signal {
  signal_kind kind = signal_kind::timer;
  bool for_good = false;  // stop, kill: the cell ends too, its path becomes free
  std::uint64_t id = 0;
  message value = {};
  std::unique_ptr<troupe::error> error = {};
  std::shared_ptr<reply_sink> origin = {};
  std::unique_ptr<exit_cause> cause = {};
};

enum class pushed : std::uint8_t { taken, taken_dropping_oldest, waits_for_room, full, closed };

// The queue of one agent. Two lanes: signals, which are never refused, and messages, bounded by options.limit. Many
// threads push, the cell takes. `push` and `post` tell whether the cell has to be scheduled, which is true once until
// the cell found nothing to do. With overflow::block up to `waiting_max` messages wait for room beyond the bound.
class mailbox {
 public:
  static constexpr std::size_t waiting_max = 10'000;

  explicit mailbox(mailbox_options options) noexcept : options_{options} {}

  struct outcome {
    pushed what;
    bool ring = false;                // schedule the cell
    std::optional<envelope> dropped;  // what did not find or keep its place
  };
  // `may_wait`: with overflow::block, whether the sender can wait for room.
  outcome push(envelope&& mail, bool may_wait);
  // Past the bound: for what must not be lost between the runtime's own parts.
  outcome push_unbounded(envelope&& mail);
  // closed: `what` is left with the caller.
  pushed post(signal& what, bool& ring);

  enum class next : std::uint8_t { signal, message, arrived, idle, closed };
  // Takes a signal, or if there is none and `accepting` a message. idle: from now on, a push or `close` has to ring
  // again. arrived: it is not accepting, and watched, and there is a message that has come since. closed: whoever
  // closed it has not rung, for this visit is the last.
  next take(bool accepting, signal& what, envelope& mail, std::shared_ptr<reply_sink>& got_room,
            std::uint64_t& room_for);

  // While it is watched: that messages came, more than `arrivals` so far, is said by `take`. Of the cell's thread.
  std::uint64_t arrivals() const;
  void watch_from(std::uint64_t arrivals);
  void unwatch();
  bool watched() const noexcept { return watched_; }
  // Takes the first message for which `wanted` holds. False: there is none.
  bool take_first(const std::function<bool(const envelope&)>& wanted, envelope& mail,
                  std::shared_ptr<reply_sink>& got_room, std::uint64_t& room_for);

  // No push is taken from now on; gives what was queued. `ring`: the cell is not scheduled yet.
  std::vector<envelope> close(bool& ring);
  // The signals that were left when it was closed.
  std::vector<signal> take_signals();
  // Puts mail in front, past the bound; gives it back if it is closed.
  std::vector<envelope> adopt(std::vector<envelope> mail);

  // Those that wait for room included.
  std::size_t size() const;
  std::size_t deepest() const;
  std::size_t limit() const noexcept { return options_.limit; }
  // When the oldest message was queued.
  std::optional<instant> oldest() const;

 private:
  void enter(envelope&& mail);
  void shrink();
  void let_in(std::shared_ptr<reply_sink>& got_room, std::uint64_t& room_for);
  bool take_from_batch(envelope& mail);
  bool ring();
  std::size_t in_box() const { return messages_.size() + batch_size_.load(std::memory_order_relaxed); }

  const mailbox_options options_;
  mutable spin_lock lock_;
  bool closed_ = false;
  bool rung_ = false;
  bool watched_ = false;
  std::uint64_t entered_ = 0;  // messages, so far
  std::uint64_t looked_at_ = 0;
  std::size_t deepest_ = 0;
  std::atomic<bool> has_signals_{false};
  block_queue<signal, 1> signals_;  // there is rarely more than one
  block_queue<envelope> messages_;
  std::unique_ptr<block_queue<envelope>> waiting_;  // for room

  // What the cell has taken over from messages_ in one go, to meet the senders at the lock less often. Locked after
  // lock_.
  mutable spin_lock batch_lock_;
  std::atomic<std::size_t> batch_size_{0};
  block_queue<envelope> batch_;
};

}  // namespace troupe::actors
