#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <troupe/actors/tool.hpp>
#include <troupe/core/log.hpp>
#include <troupe/core/result.hpp>
#include <utility>
#include <vector>

namespace troupe {

// An MCP server, and how much is taken from it. One of `command` and `url`.
struct mcp_options {
  std::string name =
      {};  // what it is called here: its tools are NAME/TOOL; a path segment of letters, digits and _ - .

  // stdio: the program (found by PATH) and its arguments. It runs in a session of its own, without this process's
  // descriptors, with HOME, LANG, LOGNAME, PATH, SHELL, TERM, TMPDIR and USER of its environment and what is added
  // here.
  std::vector<std::string> command = {};
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string folder = {};  // where it runs; empty: here

  // Streamable HTTP: the server's address, and headers for all requests (such as Authorization).
  std::string url = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string ca_file = {};  // certificates that it is checked against; empty: those of the system

  // Of its tools, by name without the server's; `*` stands for anything. The last one that fits counts.
  tool_policy policy = tool_policy::allow;
  std::vector<std::pair<std::string, tool_policy>> policies = {};
  std::vector<std::string> repeatable = {};     // patterns: tools that may run twice
  std::optional<retry_policy> retry = {};       // of all its tools
  duration timeout = std::chrono::seconds{60};  // of one try of a call

  duration connect_timeout = std::chrono::seconds{30};          // start, handshake and list of tools
  duration probe_timeout = std::chrono::seconds{5};             // for a sign that it speaks 2026-07-28
  duration close_timeout = std::chrono::seconds{2};             // after its input was closed, and again after SIGTERM
  duration restart_delay_min = std::chrono::milliseconds{200};  // after an end, doubled with each further one
  duration restart_delay_max = std::chrono::seconds{30};

  std::size_t message_bytes_max = std::size_t{4} << 20;  // of one line, or one event or answer over HTTP
  std::size_t result_bytes_max = std::size_t{1} << 20;   // of a tool's reply
  std::size_t garbage_max = 16;                          // lines in a row that are no message, before it is ended
  std::size_t pending_max = 1'000;                       // calls under way
  std::size_t tools_max = 1'000;
  std::size_t schema_bytes_max = 64 << 10;  // of one tool; one with more is left out
};

// A tool as a server describes it.
struct mcp_tool {
  std::string name = {};
  std::string description = {};
  std::string arguments = {};  // JSON Schema
  std::string result = {};     // JSON Schema, if it has one
};

// What is known of a server.
struct mcp_info {
  bool connected = false;
  std::string revision;         // of the protocol, as negotiated
  std::string server;           // what it calls itself: "name version"
  std::string instructions;     // what it tells about itself, 8 KiB at most
  std::int64_t process_id = 0;  // stdio
  std::uint64_t starts = 0;     // connections that were made
  std::uint64_t garbage = 0;    // lines or events that were no message
  std::uint64_t strangers = 0;  // answers to nothing that was asked
  std::uint64_t refused = 0;    // requests of the server, which are not supported
};

// A client of one MCP server, in its revision 2026-07-28, or with the handshake of 2025-11-25, 2025-06-18 and
// 2025-03-26, whichever the server speaks; over stdio or Streamable HTTP. Only its tools are used.
//
// It connects with the first use. A server whose connection ends is connected again with the next one: not before
// restart_delay has passed; until then calls fail with tool_crashed (stdio) or provider_unavailable (HTTP), and say how
// long to wait. Threads: any may call it; one of its own does all the work. The destructor ends the server: closes its
// input, then SIGTERM, then SIGKILL to its process group; what is under way fails with `cancelled`.
//
// Errors: timeout; tool_crashed (its process ended); provider_rejected (an error of the protocol, HTTP 4xx),
// provider_throttled, provider_unavailable; bad_tool_reply (garbage, or more than is taken); overloaded; no_process.
class mcp_client {
 public:
  explicit mcp_client(mcp_options options, logger log = {});
  mcp_client(const mcp_client&) = delete;
  mcp_client& operator=(const mcp_client&) = delete;
  ~mcp_client();

  // What is wrong with the options, if anything: bad_tool.
  static std::optional<error> check(const mcp_options& options);

  // Connects if need be, and gives the list as the server told it last. Waits for connect_timeout at most.
  result<std::vector<mcp_tool>> tools();
  // Called when a server that said that its tools have changed has told the new ones, on the client's thread.
  void on_change(std::function<void(const std::vector<mcp_tool>&)> changed);

  using done_function = std::function<void(result<tool_reply>)>;
  // Begins a call; `done` is called once, on the client's thread. When `stop` is requested, the server is told that the
  // call is given up, and `done` gets cancelled. `limit`: then it gets timeout.
  void begin_call(tool_call what, duration limit, std::stop_token stop, done_function done);
  // The same, waiting.
  result<tool_reply> call(tool_call what, duration limit);
  // Asks for a sign of life (a `ping`, or server/discover).
  result<void> ping();

  // As the destructor does; all that comes later fails. Not to be waited for on the client's own thread: there it goes
  // on by itself.
  void close();

  mcp_info info() const;
  const mcp_options& options() const noexcept;

 private:
  class loop;
  std::shared_ptr<loop> loop_;  // shared with its thread
};

}  // namespace troupe
