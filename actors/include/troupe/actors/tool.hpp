#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <troupe/actors/fault_policy.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/result.hpp>
#include <utility>
#include <vector>

// What a tool is: something outside of the agents that a turn may call by name, with JSON in and out, as models ask for
// it. Plain values; no threads.

namespace troupe {

// Whether a call may happen.
enum class tool_policy : std::uint8_t {
  allow,
  confirm,  // Somebody is asked first (tool_registry::confirm_with); refused if there is nobody to ask.
  deny,
};
std::string_view to_string(tool_policy which) noexcept;

struct tool_spec {
  std::string name = {};         // letters, digits and _ - . /, 1 to 128 of them
  std::string description = {};  // for models and people
  // JSON Schema of the arguments, an object. Empty: derived from the struct that the tool takes; for a raw tool: any
  // object. See the README for the dialects and what is refused.
  std::string arguments = {};
  std::string result = {};  // JSON Schema of tool_reply::structured; empty: anything
  // What the fields of the struct mean, for a derived schema: {"city", "where to look"}.
  std::vector<std::pair<std::string, std::string>> fields = {};
  tool_policy policy = tool_policy::allow;
  duration timeout = std::chrono::seconds{30};  // of one try; positive
  // What is tried again, and how; nullopt: nothing is.
  std::optional<retry_policy> retry = {};
  // Whether it does no harm if it runs twice. One that does is tried again only after it was refused unbegun: by the
  // node, by a mailbox, or by an MCP server, with `overload` or `provider_throttled`.
  bool repeatable = false;
  std::size_t result_bytes_max = std::size_t{1} << 20;  // of a reply, all of it
};

// What a tool gets.
struct tool_call {
  std::string tool = {};
  std::string arguments = {};  // JSON that fits the schema
  // The same for all tries of one call, and no other call's: for whoever has to know that it did this already.
  std::string idempotency_key = {};
  std::uint32_t attempt = 1;
  TROUPE_MESSAGE(tool_call, tool, arguments, idempotency_key, attempt)
};

// What a tool gives.
struct tool_reply {
  std::string text = {};        // for a model to read
  std::string content = {};     // MCP: all parts of the content, as a JSON array, if they are not all text
  std::string structured = {};  // JSON; empty: there is none
  bool is_error = false;        // The tool says that it could not do it: news for the model, no failure of the call.
  TROUPE_MESSAGE(tool_reply, text, content, structured, is_error)
};

// A question to an agent that is a tool (tool_registry::add_agent): its handler does the work.
struct tool_question {
  tool_call call;
  using reply_type = tool_reply;
  TROUPE_MESSAGE(tool_question, call)
};

// A tool's code. It runs on a thread of the node's blocking pool, several calls at the same time. What it throws is the
// effect's error. The token tells it that nobody waits any more (timeout, end of the agent).
using tool_function = std::function<result<tool_reply>(const tool_call&, const std::stop_token&)>;

// What somebody is asked before a tool with `confirm` runs.
struct tool_request {
  std::string tool;
  std::string description;
  std::string arguments;  // JSON
  path agent;             // who wants it
  std::string idempotency_key;
};
// Answers it, from any thread, once; what comes later is ignored. A request whose last answer object is gone without
// having been used is refused.
using tool_answer = std::function<void(bool allowed, std::string why)>;
// Must not block.
using confirm_function = std::function<void(const tool_request& what, tool_answer answer)>;

// How much of tools a node takes.
struct tool_limits {
  std::size_t tools_max = 1'000;
  std::size_t servers_max = 64;
  std::size_t arguments_bytes_max = std::size_t{1} << 20;  // of one call
  duration confirm_within = std::chrono::minutes{10};      // then a call that nobody answered for is refused
};

}  // namespace troupe
