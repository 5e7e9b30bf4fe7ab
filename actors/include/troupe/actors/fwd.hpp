#pragma once

// The types of actors, and what they use of memory, by name, for headers that only mention them.

namespace troupe {

class agent;
class agent_context;
class agent_ref;
class circuit_breaker;
class message;
class node;
class task_group;
class turn;
struct child_spec;
struct exit_cause;
struct supervisor_spec;

namespace memory {
class store;
}

namespace actors {
class cell;
class kept_state;
class process_agent;
class reply_sink;
class runtime;
class sub_agent;
class supervisor_agent;
struct memory_request;
}  // namespace actors

}  // namespace troupe
