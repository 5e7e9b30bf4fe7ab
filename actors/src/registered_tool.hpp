#pragma once

#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/mcp_client.hpp>
#include <troupe/actors/tool.hpp>
#include <troupe/core/path.hpp>

#include "json_schema.hpp"

namespace troupe::actors {

// A tool that can be called. Immutable, shared by the registry and the calls that have begun.
struct registered_tool {
  tool_spec spec;
  json_schema arguments;
  std::optional<json_schema> result;
  // One of these.
  tool_function function;
  std::optional<path> agent;
  std::shared_ptr<mcp_client> server;  // shared with the registry, until the last call of it is over
  std::string name_there;              // what the server calls it

  // bad_arguments, with the tool, the place and what was expected. Writes them anew, as they were understood: a key
  // that stands twice is not to mean one thing here and another one to the tool.
  troupe::result<void> check_arguments(std::string& text) const;
  // bad_tool_reply: more than is taken, or not what its schema says.
  troupe::result<void> check_reply(const tool_reply& reply) const;
};

}  // namespace troupe::actors
