#pragma once

#include <coroutine>
#include <cstdint>
#include <string_view>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <vector>

namespace troupe {
class turn;
}

namespace troupe::actors {

enum class effect_kind : std::uint8_t {
  none,
  ask,
  sleep,
  run,
  send,       // waits for room in another's mailbox
  supervise,  // a supervisor's request to a child
  delayed_send,
  ending_child,  // of an agent that ends
  stop_hook,     // the time that it has when nobody else watches over it
  retry,         // until a message that failed is handled again
};
std::string_view to_string(effect_kind kind) noexcept;

// The effects in progress of one incarnation of an agent, by id. An id is an index and a generation, so that an answer
// which comes after its effect was given up finds nothing; it is never 0. Used by the agent's thread of control only.
class effect_table {
 public:
  struct slot {
    effect_kind kind = effect_kind::none;
    bool finished = false;
    std::uint32_t generation = 1;
    turn* owner = nullptr;  // the turn that began it, or awaits it; null for the runtime's own
    std::coroutine_handle<> waiter;
    instant deadline = instant::max();
    result<message> outcome{message{}};
    agent_ref target;  // whom it is about
  };

  std::uint64_t begin(effect_kind kind, turn* owner, instant deadline);
  // nullptr: given up already.
  slot* find(std::uint64_t id) noexcept;
  void release(std::uint64_t id) noexcept;
  // Gives up all of them; ids given out before are void.
  void clear() noexcept;

  // Ids whose deadline is at or before `now`, in order of their deadlines.
  std::vector<std::uint64_t> due(instant now);
  instant next_deadline() noexcept;

 private:
  // Deadlines in a heap, the soonest in front. What was finished or given up before its deadline stays in it until it
  // is half of it.
  struct timer {
    instant when;
    std::uint64_t id;
    friend bool operator>(const timer& a, const timer& b) noexcept {
      return a.when != b.when ? a.when > b.when : a.id > b.id;
    }
  };
  static std::uint64_t id_of(std::size_t index, std::uint32_t generation) noexcept {
    return (std::uint64_t{generation} << 32) | index;
  }
  bool waits_for(const timer& which) noexcept;
  void drop_first_timer() noexcept;
  void tidy_timers();

  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<timer> timers_;
  std::size_t used_ = 0;
  std::uint32_t first_generation_ = 1;
};

}  // namespace troupe::actors
