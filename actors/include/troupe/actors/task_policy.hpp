#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/fault.hpp>
#include <troupe/core/clock.hpp>

// What a task of a graph is told about priorities, time and failures; and what is bounded.

namespace troupe {

// A set of kinds of faults.
class fault_set {
 public:
  constexpr fault_set() noexcept = default;
  constexpr fault_set(std::initializer_list<fault> kinds) noexcept {
    for (const fault each : kinds) bits_ |= bit(each);
  }
  // Those that may pass by themselves.
  static constexpr fault_set passing() noexcept {
    return {fault::timeout,    fault::overload,  fault::provider_throttled, fault::provider_unavailable,
            fault::tool_crash, fault::node_lost, fault::resource_limit};
  }
  static constexpr fault_set all() noexcept {
    fault_set every;
    every.bits_ = std::numeric_limits<std::uint32_t>::max();
    return every;
  }
  constexpr bool contains(fault kind) const noexcept { return (bits_ & bit(kind)) != 0; }
  friend constexpr bool operator==(const fault_set&, const fault_set&) = default;

 private:
  static constexpr std::uint32_t bit(fault kind) noexcept { return 1U << static_cast<unsigned>(kind); }
  std::uint32_t bits_ = 0;
};

// How often a task is tried. Between attempts it holds no place among those that run; then it is ready again, and
// starts by its priority.
struct retry_policy {
  std::size_t attempts_max = 1;  // With the first; 1 to 1,000.
  backoff delay = {};            // `reset` means nothing here. The random part comes from the turn.
  fault_set on = fault_set::passing();
  friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

// What becomes of the others when a task has failed for good.
enum class on_task_failure : std::uint8_t {
  fail_graph,  // Those under way are cancelled, and the graph has failed.
  skip,        // What needs its value is skipped; what can do without runs.
};

struct task_options {
  int priority = 0;                   // Of several that are ready, the higher one starts first.
  duration within = duration::max();  // The longest that one attempt may take.
  retry_policy retry = {};
  on_task_failure on_failure = on_task_failure::fail_graph;
};

// A graph's own.
struct graph_options {
  std::size_t at_once = 16;           // Tasks that run at the same time; 1 to 1,024.
  duration within = duration::max();  // The longest that a run may take.
};

// How the elements of a list are worked on: each is a task of its own, named by its number.
struct map_options {
  std::size_t at_once = 16;  // Elements at the same time, in one place of the graph's bound.
  task_options each = {};    // With on_failure skip, what failed is missing in the result.
};

// Of every graph; beyond them it is no graph (bad_graph), or a list too long (overloaded).
struct graph_limits {
  static constexpr std::size_t tasks = 10'000;  // Graphs inside not counted; also elements of a list.
  static constexpr std::size_t edges = 100'000;
  static constexpr std::size_t nesting = 16;  // A graph without graphs inside has 1.
  static constexpr std::size_t at_once = 1'024;
  static constexpr std::size_t attempts = 1'000;
  static constexpr std::size_t name_size_bytes = 256;
};

// Empty if these can be; otherwise what is wrong, for a message.
std::string what_is_wrong(const task_options& options);
std::string what_is_wrong(const graph_options& options);

}  // namespace troupe
