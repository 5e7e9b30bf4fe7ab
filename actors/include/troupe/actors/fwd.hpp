#pragma once

// The types of actors by name, for headers that only mention them.

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

namespace actors {
class cell;
class process_agent;
class reply_sink;
class runtime;
class sub_agent;
class supervisor_agent;
}  // namespace actors

}  // namespace troupe
