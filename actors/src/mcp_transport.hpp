#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <troupe/actors/mcp_client.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <troupe/net/http_client.hpp>
#include <vector>

namespace troupe::actors {

// A message to the server.
struct outgoing {
  std::uint64_t id = 0;     // of a request; 0: a notification or an answer
  std::string method = {};  // empty: an answer
  std::string name = {};    // of a tool
  std::string body = {};
  net::http_headers headers = {};  // HTTP: more of them
  instant until = instant::max();
};

// Why there is no answer.
struct transport_failure {
  error why;
  int http_status = 0;    // of an answer that is no success
  std::string body = {};  // its text
};

// The way to an MCP server. Used by its client's loop alone, and tells it what happens there.
class mcp_transport {
 public:
  class listener {
   public:
    virtual ~listener() = default;
    virtual void came(std::string_view text) = 0;
    // Of one request.
    virtual void failed(std::uint64_t id, transport_failure how) = 0;
    // All is over: the transport is closed.
    virtual void went_down(error why) = 0;
  };

  virtual ~mcp_transport() = default;
  virtual result<void> open() = 0;
  virtual void send(outgoing what) = 0;
  // Nothing is to come for this request any more.
  virtual void finished(std::uint64_t id) = 0;
  // Waits; in order or at once. Can be opened again.
  virtual void close(bool in_order) = 0;

  // What was agreed on; empty: nothing yet.
  virtual void use_revision(const std::string& revision, bool modern) = 0;
  // Opens a stream on which the server tells of changes, if that takes something special.
  virtual void listen() {}
  virtual bool is_http() const noexcept { return false; }
  virtual std::int64_t process_id() const noexcept { return 0; }
  // What the loop is to look at, and what it saw there.
  virtual std::vector<pollfd> polls() const { return {}; }
  virtual void polled(std::span<const pollfd>) {}
};

// `post` gives a piece of work to the loop, from any thread; false: there is no room.
using post_function = std::function<bool(std::function<void()>)>;

std::unique_ptr<mcp_transport> make_stdio_transport(const mcp_options& options, const logger& log,
                                                    mcp_transport::listener& whom);
std::unique_ptr<mcp_transport> make_http_transport(const mcp_options& options, post_function post,
                                                   mcp_transport::listener& whom);

}  // namespace troupe::actors
