#pragma once

#include <cstdint>

// The types of actors, and what they use of memory, by name, for headers that only mention them.

namespace troupe {

class agent;
class agent_context;
class agent_ref;
class circuit_breaker;
class message;
class node;
class task_group;
class tool_registry;
class turn;
struct child_spec;
struct exit_cause;
struct supervisor_spec;

namespace memory {
class store;
}

namespace actors {
class cell;
class cell_rest;
class kept_state;
class process_agent;
class reply_sink;
class runtime;
class sub_agent;
class supervisor_agent;
class turn_journal;
struct known_effect;
struct memory_request;
enum class effect_kind : std::uint8_t;
enum class turn_kind : std::uint8_t { message, start_hook, stop_hook };
}  // namespace actors

}  // namespace troupe
