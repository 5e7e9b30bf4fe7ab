#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/json.hpp>
#include <troupe/actors/mcp_client.hpp>
#include <troupe/actors/tool.hpp>
#include <troupe/actors/tool_schema.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

namespace actors {

struct registered_tool;

// The struct that a typed tool takes.
template <class F>
struct tool_argument : tool_argument<decltype(&F::operator())> {};
template <class R, class A, class... More>
struct tool_argument<R (*)(A, More...)> {
  using type = std::remove_cvref_t<A>;
};
template <class R, class C, class A, class... More>
struct tool_argument<R (C::*)(A, More...)> {
  using type = std::remove_cvref_t<A>;
};
template <class R, class C, class A, class... More>
struct tool_argument<R (C::*)(A, More...) const> {
  using type = std::remove_cvref_t<A>;
};
template <class F>
using tool_argument_t = typename tool_argument<std::decay_t<F>>::type;

// What a tool may return, as a reply.
inline result<tool_reply> as_reply(tool_reply reply) { return reply; }
inline result<tool_reply> as_reply(std::string text) { return tool_reply{.text = std::move(text)}; }
template <net::visitable T>
requires(!std::is_same_v<T, tool_reply>) result<tool_reply> as_reply(const T& value) {
  auto text = to_json(value);
  if (!text) return std::move(text).error();
  return tool_reply{.text = *text, .structured = *text};
}
template <class T>
result<tool_reply> as_reply(result<T> outcome) {
  if (!outcome) return std::move(outcome).error();
  return as_reply(std::move(*outcome));
}

// Calls a function of (arguments), of (arguments, tool_call) or of (arguments, tool_call, stop_token).
template <class F>
result<tool_reply> call_typed(F& tool, const tool_call& call, const std::stop_token& stop) {
  using A = tool_argument_t<F>;
  auto arguments = from_json<A>(call.arguments);
  if (!arguments) return error{agent_errc::bad_arguments, arguments.error().message()};
  if constexpr (std::is_invocable_v<F&, const A&, const tool_call&, const std::stop_token&>)
    return as_reply(tool(*arguments, call, stop));
  else if constexpr (std::is_invocable_v<F&, const A&, const tool_call&>)
    return as_reply(tool(*arguments, call));
  else
    return as_reply(tool(*arguments));
}

}  // namespace actors

// The tools of a node: what `turn::call_tool` can call. Owner: the node (node::tools()). Threads: any may call it; a
// call that has begun is not disturbed by a change. Limits: tool_limits; those of each tool.
class tool_registry {
 public:
  explicit tool_registry(tool_limits limits = {}, logger log = {});
  tool_registry(const tool_registry&) = delete;
  tool_registry& operator=(const tool_registry&) = delete;
  ~tool_registry();

  // A tool that gets JSON. All `add` fail with bad_tool (what is wrong with the spec or its schema), already_exists or
  // overloaded.
  result<void> add_raw(tool_spec spec, tool_function tool);

  // A tool over a struct: `registry.add({.name = "sum"}, [](const addends& a) { return sum{a.x + a.y}; })`. The schema
  // comes from the fields, the function gets the struct, and if it wants the tool_call and a std::stop_token; what it
  // returns is a text, a struct (structured content), a tool_reply, or a result of these.
  template <class F>
  result<void> add(tool_spec spec, F tool) {
    if (auto derived = derive<actors::tool_argument_t<F>>(spec); !derived) return derived;
    return add_raw(std::move(spec),
                   [tool = std::move(tool)](const tool_call& call, const std::stop_token& stop) mutable {
                     return actors::call_typed(tool, call, stop);
                   });
  }

  // A tool that is an agent: it is asked a tool_question. With tool_agent below it can be in a process of its own.
  result<void> add_agent(tool_spec spec, path agent);

  // All tools of an MCP server, as NAME/TOOL; connects, and gives their names. Tools that cannot be checked are left
  // out, with a warning in the log. When the server changes its tools, so does the registry. Fails with bad_tool,
  // already_exists (the name), overloaded, or as mcp_client::tools does.
  result<std::vector<std::string>> add_server(mcp_options server);

  // not_found. A server goes with all its tools, and is ended. One tool of a server that is removed stays away, also
  // after its server has listed its tools anew.
  result<void> remove(std::string_view tool);
  result<void> remove_server(std::string_view name);

  // Who is asked about tools with tool_policy::confirm. Null: nobody, so they are refused.
  void confirm_with(confirm_function ask);
  // In place of the one that it came with; also after its server has listed its tools anew.
  result<void> set_policy(std::string_view tool, tool_policy policy);

  // In order of their names, with the schemas.
  std::vector<tool_spec> list() const;
  result<tool_spec> find(std::string_view tool) const;
  std::vector<mcp_info> servers() const;
  // The list as models' APIs and MCP take it: [{"name", "description", "inputSchema"}].
  std::string list_as_json() const;
  // Whether the arguments fit: unknown_tool; bad_arguments with the tool, where (a JSON pointer) and what was expected.
  result<void> check(std::string_view tool, std::string_view arguments) const;

  // For the runtime.
  std::shared_ptr<const actors::registered_tool> get(std::string_view tool) const;
  confirm_function confirming() const;
  const tool_limits& limits() const noexcept { return limits_; }
  // Ends all servers. Calls fail from now on.
  void close();

 private:
  template <class A>
  static result<void> derive(tool_spec& spec) {
    try {
      if (spec.arguments.empty()) spec.arguments = json_schema_of<A>::text();
      return ok();
    } catch (const failure& f) {
      return f.error();
    }
  }

  struct state;
  result<void> place(std::shared_ptr<const actors::registered_tool> tool);
  void replace_tools_of(const std::string& server, const std::shared_ptr<mcp_client>& client,
                        const std::vector<mcp_tool>& tools, bool changed);

  const tool_limits limits_;
  const logger log_;
  std::shared_ptr<state> state_;  // shared with what servers tell of changes
};

// An agent that is a tool: a function of the program, in whatever tier. Its faults are those of the tier: in a process
// of its own a crash is `tool_crashed` for whoever called, and an ordinary restart.
//
//   child<tool_agent<&convert>>("convert", in_process(30s))      // in some supervisor
//   node.tools().add_agent(tool_agent<&convert>::spec({.name = "convert"}), path{"/tools/convert"});
template <auto Function>
class tool_agent : public agent {
 public:
  explicit tool_agent(agent_context& context) : agent{context} {
    on([](const tool_question& asked) -> result<tool_reply> {
      auto function = Function;
      return actors::call_typed(function, asked.call, std::stop_token{});
    });
  }
  static tool_spec spec(tool_spec given) {
    if (given.arguments.empty()) given.arguments = json_schema_of<actors::tool_argument_t<decltype(Function)>>::text();
    return given;
  }
};

// Options for a tool_agent in a process of its own, which is killed if a call takes longer than `limit`.
child_options in_process(duration limit, process_options process = {});

}  // namespace troupe
