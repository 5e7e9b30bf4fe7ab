#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <stop_token>
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

class tool_run;

enum class effect_kind : std::uint8_t {
  none,
  ask,
  sleep,
  run,
  send,       // waits for room in another's mailbox
  supervise,  // a supervisor's request to a child
  delayed_send,
  ending_child,  // of an agent that ends
  process,       // an answer from the agent's process
  tasks,         // a turn for the tasks of a group of its own
  stop_hook,     // the time that it has when nobody else watches over it
  wall_time,     // that the agent has by its own budget
  retry,         // until a message that failed is handled again
  memory,        // an answer from memory
  remember,      // that a record is stored
  left_alone,    // the same, when nobody waits for it any more
  once,          // a value that the journal keeps
  commit,        // that what a durable turn has done is on disk
  tool,          // a tool
  approval,      // a person's word
  receive,       // a message
  budget,        // what a durable turn takes of budgets
};
std::string_view to_string(effect_kind kind) noexcept;

// The effects in progress of one incarnation of an agent, by id. An id is an index and a generation, so that an answer
// which comes after its effect was given up finds nothing; it is never 0. Used by the agent's thread of control only.
class effect_table {
 public:
  struct slot {
    effect_kind kind = effect_kind::none;
    bool finished = false;
    bool noted = false;  // its result is on its way to the journal
    bool again = false;  // has a result in the journal, but is being done again, since it does not last
    bool done_again = false;
    bool ends = false;                    // a wait for tasks, whose end is on its way
    bool lasts = false;                   // its result comes to the journal, whether the agent runs or not
    const message_type* wants = nullptr;  // what it receives
    std::uint32_t number = 0;             // in its durable turn; 0: it is not journaled
    std::uint32_t generation = 1;
    turn* owner = nullptr;  // the turn that began it, or awaits it; null for the runtime's own
    std::coroutine_handle<> waiter;
    instant deadline = instant::max();
    result<message> outcome{message{}};
    agent_ref target;                         // whom it is about
    std::stop_source stop{std::nostopstate};  // of blocking work; asked to stop when the effect is given up
    std::shared_ptr<tool_run> tool;           // of a call of a tool that is not over; only this one owns it
  };

  std::uint64_t begin(effect_kind kind, turn* owner, instant deadline);
  // Gives an effect that is not finished another deadline.
  void rearm(std::uint64_t id, instant deadline);
  // nullptr: given up already.
  slot* find(std::uint64_t id) noexcept;
  void release(std::uint64_t id) noexcept;
  // What this turn awaits; null: nothing. Of several things, one that is no group of tasks.
  const slot* awaited_by(const turn& whose) const noexcept;
  template <class F>
  void for_each_unfinished(F&& each) {
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].kind != effect_kind::none && !slots_[i].finished) each(id_of(i, slots_[i].generation), slots_[i]);
  }
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
  void add_timer(instant when, std::uint64_t id);
  void tidy_timers();

  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<timer> timers_;
  std::size_t used_ = 0;
  std::uint32_t first_generation_ = 1;
};

}  // namespace troupe::actors
