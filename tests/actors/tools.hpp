#pragma once

#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/tool_registry.hpp>

#include "support.hpp"

// An agent that calls tools as it is told, for their tests.

namespace support {

struct use {
  std::string tool;
  std::string arguments;
  using reply_type = troupe::tool_reply;
  TROUPE_MESSAGE(use, tool, arguments)
};

class user : public troupe::agent {
 public:
  explicit user(troupe::agent_context& context) : agent{context} {
    reentrant();
    on([](use what, troupe::turn& now) -> troupe::task<troupe::result<troupe::tool_reply>> {
      auto calling = now.call_tool(what.tool, what.arguments);
      co_return co_await calling.as_result();
    });
  }
};

// A node with a user, /top/user.
struct workbench {
  explicit workbench(troupe::node_options options = deterministic()) : n{std::move(options)} {
    must_supervise(n, {.name = "top", .children = {troupe::child<user>("user")}});
  }
  troupe::tool_registry& tools() { return n.tools(); }
  auto begin(std::string tool, std::string arguments = {}, std::optional<troupe::duration> within = {}) {
    return n.begin_ask(n.ref(troupe::path{"/top/user"}), use{std::move(tool), std::move(arguments)}, within);
  }
  troupe::result<troupe::tool_reply> call(std::string tool, std::string arguments = {},
                                          std::optional<troupe::duration> within = {}) {
    return n.ask(n.ref(troupe::path{"/top/user"}), use{std::move(tool), std::move(arguments)}, within);
  }

  troupe::node n;
};

}  // namespace support
