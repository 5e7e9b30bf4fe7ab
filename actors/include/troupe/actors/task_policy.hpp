#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <troupe/actors/fault_policy.hpp>
#include <troupe/core/clock.hpp>

// What a task of a graph is told about priorities, time and failures; and what is bounded.

namespace troupe {

// What becomes of the others when a task has failed for good.
enum class on_task_failure : std::uint8_t {
  fail_graph,  // Those under way are cancelled, and the graph has failed.
  skip,        // What needs its value is skipped; what can do without runs.
};

struct task_options {
  int priority = 0;                   // Of several that are ready, the higher one starts first.
  duration within = duration::max();  // The longest that one attempt may take.
  // Between two tries it holds no place among those that run; then it is ready again, and starts by its priority. 0
  // attempts: it is not tried again.
  retry_policy retry = {.attempts = 0};
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
  static constexpr int attempts = 1'000;  // After the first one.
  static constexpr std::size_t name_size_bytes = 256;
};

// Empty if these can be; otherwise what is wrong, for a message.
std::string what_is_wrong(const task_options& options);
std::string what_is_wrong(const graph_options& options);

}  // namespace troupe
