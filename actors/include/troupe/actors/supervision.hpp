#pragma once

#include <cstddef>
#include <string>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/message.hpp>
#include <vector>

// What one can ask of a supervisor, from a turn (`co_await turn.ask(supervisor, start_child{...})`) or from outside
// (`node.ask(supervisor, which_children{})`). The meaning and the errors are those of OTP's supervisor module.

namespace troupe {

// Adds a child and starts it. Errors: already_started, already_present, declined (a temporary child or one of a
// template leaves no trace then; others keep their spec), failed_to_start (the spec is dropped), or what is wrong with
// the spec.
struct start_child {
  child_spec spec;
  using reply_type = agent_ref;
  TROUPE_LOCAL_MESSAGE(start_child)
};

// For simple_one_for_one: starts one more child of the template. `id` names it (generated if empty); `arguments` is
// what its constructor finds in agent_context::arguments(). Errors: bad_template, bad_child_id, already_started,
// declined, failed_to_start.
struct start_template_child {
  std::string id = {};
  message arguments = {};
  using reply_type = agent_ref;
  TROUPE_LOCAL_MESSAGE(start_template_child)
};

// Stops a child. Its spec stays, unless it is temporary or of a template. Errors: child_not_found.
struct terminate_child {
  std::string id;
  using reply_type = done;
  TROUPE_LOCAL_MESSAGE(terminate_child)
};

// Starts a child that is known but not running. Errors: child_not_found, child_running, child_restarting,
// failed_to_start; bad_template for simple_one_for_one.
struct restart_child {
  std::string id;
  using reply_type = agent_ref;
  TROUPE_LOCAL_MESSAGE(restart_child)
};

// Forgets a child that is not running. Errors: child_not_found, child_running, child_restarting; bad_template for
// simple_one_for_one.
struct delete_child {
  std::string id;
  using reply_type = done;
  TROUPE_LOCAL_MESSAGE(delete_child)
};

enum class child_state : std::uint8_t { running, restarting, stopped };

struct child_info {
  std::string id;
  child_state state = child_state::stopped;
  child_type type = child_type::worker;
  agent_ref ref = {};  // Empty unless running.
  std::uint64_t incarnation = 0;
};

// In start order.
struct child_list {
  std::vector<child_info> children;
  TROUPE_LOCAL_MESSAGE(child_list)
};
struct which_children {
  using reply_type = child_list;
  TROUPE_LOCAL_MESSAGE(which_children)
};

struct child_counts {
  std::size_t specs = 0;   // 1 for simple_one_for_one.
  std::size_t active = 0;  // A child between restarts is not active.
  std::size_t supervisors = 0;
  std::size_t workers = 0;
  TROUPE_MESSAGE(child_counts, specs, active, supervisors, workers)
};
struct count_children {
  using reply_type = child_counts;
  TROUPE_LOCAL_MESSAGE(count_children)
};

struct child_spec_found {
  child_spec spec;
  TROUPE_LOCAL_MESSAGE(child_spec_found)
};
// Errors: child_not_found.
struct get_child_spec {
  std::string id;
  using reply_type = child_spec_found;
  TROUPE_LOCAL_MESSAGE(get_child_spec)
};

}  // namespace troupe
