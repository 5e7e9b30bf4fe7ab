#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <vector>

namespace troupe {
class turn;
}

namespace troupe::actors {

enum class effect_kind : std::uint8_t { none, ask, sleep, run, supervise, delayed_send, ending_child };
std::string_view to_string(effect_kind kind) noexcept;

// The effects in progress of one incarnation of an agent, by id. An id is an index and a generation, so that an answer
// which comes after its effect was given up finds nothing. Used by the agent's thread of control only.
class effect_table {
 public:
  struct slot {
    effect_kind kind = effect_kind::none;
    bool finished = false;
    std::uint32_t generation = 1;
    turn* owner = nullptr;  // the turn that began it; null for the runtime's own
    std::coroutine_handle<> waiter;
    instant deadline = instant::max();
    result<message> outcome{message{}};
    agent_ref target;  // delayed_send: where to
  };

  std::uint64_t begin(effect_kind kind, turn* owner, instant deadline);
  // nullptr: given up already.
  slot* find(std::uint64_t id) noexcept;
  void release(std::uint64_t id) noexcept;
  // Gives up all of them; ids given out before are void.
  void clear() noexcept;

  // Ids whose deadline is at or before `now`, in order of their deadlines.
  std::vector<std::uint64_t> due(instant now) const;
  instant next_deadline() const noexcept;
  bool empty() const noexcept { return used_ == 0; }

 private:
  static std::uint64_t id_of(std::size_t index, std::uint32_t generation) noexcept {
    return (std::uint64_t{generation} << 32) | index;
  }
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t used_ = 0;
  std::uint32_t first_generation_ = 1;
};

}  // namespace troupe::actors
