#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>
#include <utility>
#include <vector>

namespace troupe::net {

// Names are compared without regard to case.
using http_headers = std::vector<std::pair<std::string, std::string>>;

struct http_response {
  int status = 0;
  http_headers headers;
  std::string body;  // without what a `piece` function took

  // The first header of this name.
  std::optional<std::string_view> header(std::string_view name) const noexcept;
};

// What is known of an address before anybody is asked.
struct http_address {
  bool secure = false;    // https
  bool loopback = false;  // of this machine
};
// Fails with bad_url for what is none of http or https, or has a user or a password in it.
result<http_address> read_address(const std::string& url);

struct http_request {
  std::string method = "GET";
  std::string url = {};  // http or https, without a user or a password
  http_headers headers = {};
  std::string body = {};
  // For all of it, from the first name that is looked up to the last byte; 0: no limit.
  std::chrono::milliseconds timeout = std::chrono::seconds{30};
  std::size_t response_bytes_max = std::size_t{16} << 20;  // of the body, decompressed
  // Takes the body of a 2xx piece by piece as it comes (the response has its status and headers by then), in place of
  // `http_response::body`, and without response_bytes_max. False: that is enough, the answer ends here. On the client's
  // thread; must not block.
  std::function<bool(const http_response& so_far, std::string_view piece)> piece = {};
};

struct http_client_options {
  std::size_t at_once_max = 64;     // requests under way; more wait
  std::size_t waiting_max = 1'000;  // requests that wait; more are refused with `overloaded`
  std::string ca_file = {};         // certificates that servers are checked against; empty: those of the system
  std::string user_agent = "troupe";
  std::chrono::milliseconds connect_timeout = std::chrono::seconds{10};
};

// Requests over HTTP/1.1 and HTTP/2, many at the same time on one thread of its own, which starts with the first of
// them. Certificates are verified. A redirect is an answer like others: it is not followed. Loopback addresses are
// asked directly; for others the proxy of the environment (http_proxy, no_proxy) is used. What is neither GET nor HEAD
// goes on a connection of its own, so that it is never sent twice.
//
// Any answer of the server is a response, whatever its status. No answer is an error: unreachable (no connection, or it
// broke), timed_out, too_big, bad_url, cancelled, overloaded. Threads: any may call it. The destructor gives up what is
// under way: each `done` is called, with `cancelled`.
//
// Limits: 64 KiB of headers; the options'. Owner: whoever made it; not movable.
class http_client {
 public:
  explicit http_client(http_client_options options = {});
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;
  ~http_client();

  using done_function = std::function<void(result<http_response>)>;

  // Begins a request, and gives its number. `done` is called once, on the client's thread (or on this one, if the
  // request cannot begin); it must not block.
  std::uint64_t begin(http_request what, done_function done);
  // Gives a request up: its `done` gets `cancelled`, unless it was done already. Does not wait.
  void cancel(std::uint64_t number);
  // Begins and waits. Not on the client's thread.
  result<http_response> perform(http_request what);

 private:
  class transfers;
  std::unique_ptr<transfers> transfers_;
};

}  // namespace troupe::net
