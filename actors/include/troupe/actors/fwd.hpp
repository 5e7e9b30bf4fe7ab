#pragma once

// The types of actors by name, for headers that only mention them.

namespace troupe {

class agent;
class agent_context;
class agent_ref;
class circuit_breaker;
class message;
class node;
class turn;
struct child_spec;
struct exit_cause;
struct supervisor_spec;

namespace actors {
class cell;
class reply_sink;
class runtime;
class supervisor_agent;
}  // namespace actors

}  // namespace troupe
