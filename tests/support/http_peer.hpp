#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace support {

// What an HTTP client has sent.
struct heard_request {
  std::string method, target, head, body;
  // The value of a header, by its name in lower case; empty: none.
  std::string header(std::string name) const {
    std::string lower = head;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto at = lower.find("\r\n" + name + ":");
    if (at == std::string::npos) return {};
    const auto from = head.find_first_not_of(' ', at + name.size() + 3);
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

// A connection, for a handler that sends what it likes.
class peer_connection {
 public:
  peer_connection(int fd, const std::atomic<bool>& stopping) : fd_{fd}, stopping_{stopping} {}
  // False: nobody takes it any more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd ready{fd_, POLLOUT, 0};
      if (stopping_) return false;
      if (::poll(&ready, 1, 20) <= 0) continue;
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Waits for the client to go on, or to close the connection; whether it goes on.
  bool hears_more() const {
    wait_for_end();
    char next = 0;
    return !stopping_ && ::recv(fd_, &next, 1, MSG_PEEK) > 0;
  }
  // Until the client closes the connection or says more, or the test is over.
  void wait_for_end() const {
    while (!stopping_) {
      pollfd ready{fd_, POLLIN | POLLRDHUP, 0};
      if (::poll(&ready, 1, 20) > 0) return;
    }
  }

 private:
  int fd_;
  const std::atomic<bool>& stopping_;
};

inline std::string http_answer(std::string_view status, std::string_view type, std::string_view body,
                               std::string_view more_headers = {}) {
  return "HTTP/1.1 " + std::string{status} + "\r\nContent-Type: " + std::string{type} +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n" +
         std::string{more_headers} + "\r\n" + std::string{body};
}

// An HTTP server on a port of its own, as good or as bad as its handler is: it gets each request, on a thread of the
// connection, and the connection ends after it.
class http_peer {
 public:
  using handler = std::function<void(const heard_request&, peer_connection&)>;
  explicit http_peer(handler how) : how_{std::move(how)} {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOST_REQUIRE(::bind(listening_, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0);
    BOOST_REQUIRE(::listen(listening_, 64) == 0);
    socklen_t size = sizeof here;
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&here), &size);
    port_ = ntohs(here.sin_port);
    accepting_ = std::thread{[this] { accept_all(); }};
  }
  http_peer(const http_peer&) = delete;
  http_peer& operator=(const http_peer&) = delete;
  ~http_peer() {
    stopping_ = true;
    accepting_.join();
    for (auto& each : connections_) each.join();
    ::close(listening_);
  }

  std::string url(std::string_view target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string{target};
  }
  std::vector<heard_request> heard() const {
    std::scoped_lock lock{mutex_};
    return heard_;
  }

 private:
  void accept_all() {
    while (!stopping_) {
      pollfd ready{listening_, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) connections_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    heard_request request;
    if (read_request(fd, request)) {
      {
        std::scoped_lock lock{mutex_};
        heard_.push_back(request);
      }
      peer_connection connection{fd, stopping_};
      how_(request, connection);
    }
    ::close(fd);
  }

  bool read_request(int fd, heard_request& into) const {
    std::string text;
    std::size_t end = std::string::npos, length = 0;
    while (end == std::string::npos || text.size() < end + 4 + length) {
      pollfd ready{fd, POLLIN, 0};
      if (stopping_) return false;
      if (::poll(&ready, 1, 20) <= 0) continue;
      char buffer[4096];
      const auto got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return false;
      text.append(buffer, static_cast<std::size_t>(got));
      if (end != std::string::npos || (end = text.find("\r\n\r\n")) == std::string::npos) continue;
      into.head = text.substr(0, end + 2);
      const auto given = into.header("content-length");
      length = given.empty() ? 0 : std::stoul(given);
    }
    into.method = text.substr(0, text.find(' '));
    const auto from = into.method.size() + 1;
    into.target = text.substr(from, text.find(' ', from) - from);
    into.body = text.substr(end + 4, length);
    return true;
  }

  handler how_;
  int listening_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<heard_request> heard_;
  std::vector<std::thread> connections_;
  std::thread accepting_;
};

}  // namespace support
