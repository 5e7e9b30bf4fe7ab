#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/tool.hpp>
#include <troupe/core/result.hpp>
#include <troupe/net/http_client.hpp>
#include <vector>

#include "json_text.hpp"

// What is said between a client and an MCP server: JSON-RPC 2.0, cut out of lines (stdio) or events (HTTP). All of it
// comes from anybody: every buffer here has a bound.

namespace troupe::actors {

// A message of a server.
struct rpc_message {
  enum class kind { request, notification, answer, failure };
  kind what = kind::notification;
  std::optional<std::uint64_t> id;  // of an answer, if it is one of ours: we ask with numbers
  json raw_id;                      // of a request, to be sent back
  std::string method;
  json body;  // params, result, or the error's data
  std::int64_t code = 0;
  std::string words;  // of an error
};

// One message, or several in an array (2025-03-26); at most 100. Fails with bad_tool_reply and a little of what it was.
result<std::vector<rpc_message>> parse_messages(std::string_view text);

// Lines out of pieces.
class line_reader {
 public:
  explicit line_reader(std::size_t bytes_max) noexcept : bytes_max_{bytes_max} {}
  // Calls `each` with every line that is whole now, without its end; empty ones are left out. False: a line has more
  // than bytes_max; there is nothing to be done with the rest.
  bool take(std::string_view piece, const std::function<void(std::string_view line)>& each);

 private:
  std::size_t bytes_max_;
  std::string begun_;
};

// Server-sent events out of pieces (WHATWG HTML, 9.2): the data of those that are messages.
class event_reader {
 public:
  explicit event_reader(std::size_t bytes_max) noexcept : bytes_max_{bytes_max} {}
  // False: an event has more than bytes_max.
  bool take(std::string_view piece, const std::function<void(std::string_view data)>& each);

 private:
  bool line(std::string_view text, const std::function<void(std::string_view data)>& each);

  std::size_t bytes_max_;
  std::string begun_;  // of a line
  std::string data_;
  std::string type_;
  bool has_data_ = false;
  bool after_return_ = false;  // a \n that comes next belongs to it
};

// The result of tools/call. Fails with bad_tool_reply, and with unsupported for one that wants to be asked again.
result<tool_reply> reply_of(const json& result);

// A parameter that is said in a header, too (x-mcp-header).
struct mirrored_parameter {
  std::string header;             // Mcp-Param-NAME
  std::vector<std::string> path;  // of properties
};
// Those of a tool's schema. Fails with bad_tool for one that cannot be.
result<std::vector<mirrored_parameter>> mirrored_parameters(const json& schema);
// The headers for these arguments.
net::http_headers mirror(const std::vector<mirrored_parameter>& which, const json& arguments);
// As a header's value: in base64 where it is no plain ASCII.
std::string header_value(std::string_view text);

}  // namespace troupe::actors
