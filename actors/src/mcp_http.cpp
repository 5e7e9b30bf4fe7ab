#include <atomic>
#include <map>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/provider.hpp>
#include <troupe/net/errc.hpp>
#include <utility>

#include "json_text.hpp"
#include "mcp_messages.hpp"
#include "mcp_transport.hpp"

namespace troupe::actors {

namespace {

constexpr std::chrono::seconds end_of_session_timeout{2};

error translated(const error& why) {
  if (why.is(net_errc::timed_out)) return {agent_errc::timeout, why.message()};
  if (why.is(net_errc::too_big)) return {agent_errc::bad_tool_reply, why.message()};
  if (why.is(net_errc::overloaded)) return {agent_errc::overloaded, why.message()};
  if (why.is(net_errc::cancelled)) return {agent_errc::cancelled, why.message()};
  if (why.is(net_errc::bad_url)) return {agent_errc::bad_tool, why.message()};
  return {agent_errc::provider_unavailable, why.message()};
}

// What comes in one answer: one object, or events. Filled on the thread of the HTTP client.
struct answer_reader {
  explicit answer_reader(std::size_t bytes_max) : bytes_max{bytes_max}, events{bytes_max} {}
  std::size_t bytes_max;
  event_reader events;
  std::string whole;
  std::size_t total = 0;
  bool too_much = false;
  bool session_told = false;
  std::atomic<std::size_t> waiting_bytes{0};  // of events that the loop has not come to yet
};

bool has_events(const net::http_response& answer) {
  return answer.header("content-type").value_or("").rfind("text/event-stream", 0) == 0;
}

// A server at an address: each message is a POST of its own, and what comes for a request comes in its answer.
class http_transport final : public mcp_transport {
 public:
  http_transport(const mcp_options& options, post_function post, listener& whom)
      : options_{options}, post_{std::move(post)}, whom_{whom} {}
  ~http_transport() override { http_transport::close(true); }

  result<void> open() override {
    client_ = std::make_unique<net::http_client>(
        net::http_client_options{.at_once_max = options_.pending_max + 8, .ca_file = options_.ca_file});
    return ok();
  }

  void send(outgoing what) override {
    if (!client_) return;
    net::http_headers headers = std::move(what.headers);
    if (modern_ && !what.method.empty()) {
      headers.emplace_back("Mcp-Method", what.method);
      if (!what.name.empty()) headers.emplace_back("Mcp-Name", header_value(what.name));
    }
    begin("POST", std::move(what.body), std::move(headers), what.id, what.until, what.method == "subscriptions/listen");
  }

  void finished(std::uint64_t id) override {
    const auto found = running_.find(id);
    if (found == running_.end()) return;
    client_->cancel(found->second);
    running_.erase(found);
  }

  // Of a legacy server: on a GET.
  void listen() override {
    if (!modern_) begin("GET", {}, {}, 0, instant::max(), true);
  }

  void use_revision(const std::string& revision, bool modern) override {
    revision_ = revision;
    modern_ = modern;
  }
  bool is_http() const noexcept override { return true; }

  void close(bool in_order) override {
    if (!client_) return;
    ++connection_;
    client_.reset();  // whatever is under way: a server that does not answer is not waited for
    running_.clear();
    if (in_order && !session_.empty()) {
      auto request = make_request("DELETE", {}, {});
      request.timeout = end_of_session_timeout;
      (void)net::http_client{{.ca_file = options_.ca_file}}.perform(std::move(request));  // 405 and all else is as good
    }
    session_.clear();
    revision_.clear();
    modern_ = false;
  }

 private:
  net::http_request make_request(std::string method, std::string body, net::http_headers headers) const {
    for (const auto& each : options_.headers) headers.push_back(each);
    headers.emplace_back("Accept", method == "GET" ? "text/event-stream" : "application/json, text/event-stream");
    if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
    if (!revision_.empty()) headers.emplace_back("MCP-Protocol-Version", revision_);
    if (!session_.empty()) headers.emplace_back("Mcp-Session-Id", session_);
    net::http_request made{.method = std::move(method), .url = options_.url, .headers = std::move(headers)};
    made.body = std::move(body);
    made.response_bytes_max = options_.message_bytes_max;
    return made;
  }

  void begin(std::string method, std::string body, net::http_headers headers, std::uint64_t id, instant until,
             bool lasting) {
    auto request = make_request(std::move(method), std::move(body), std::move(headers));
    request.timeout = std::chrono::milliseconds{0};
    if (until != instant::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      // The loop's own timeout comes first, and knows what was waited for.
      request.timeout = std::max(left, std::chrono::milliseconds{1}) + std::chrono::seconds{1};
    }
    auto reader = std::make_shared<answer_reader>(options_.message_bytes_max);  // shared by the two functions
    const auto connection = connection_;
    request.piece = [this, reader, connection, lasting](const net::http_response& so_far, std::string_view piece) {
      return take(reader, so_far, piece, connection, lasting);
    };
    const auto number =
        client_->begin(std::move(request), [this, reader, id, connection](result<net::http_response> answer) {
          post_([this, reader, id, connection, answer = std::move(answer)] { over(*reader, answer, id, connection); });
        });
    if (id != 0 && number != 0) running_[id] = number;
  }

  // On the thread of the HTTP client.
  bool take(const std::shared_ptr<answer_reader>& reader, const net::http_response& so_far, std::string_view piece,
            std::uint64_t connection, bool lasting) {
    auto& into = *reader;
    into.total += piece.size();
    if (!has_events(so_far)) {
      into.too_much = into.whole.size() + piece.size() > into.bytes_max;
      if (!into.too_much) into.whole.append(piece);
      return !into.too_much;
    }
    bool room = true;
    if (const auto session = so_far.header("mcp-session-id"); session && !std::exchange(into.session_told, true))
      room = post_([this, text = std::string{*session}, connection] { use_session(text, connection); });
    const bool fine = into.events.take(piece, [&](std::string_view data) {
      if ((into.waiting_bytes += data.size()) > 4 * into.bytes_max) room = false;
      room = room && post_([this, reader, text = std::string{data}, connection] {
               reader->waiting_bytes -= text.size();
               if (connection == connection_) whom_.came(text);
             });
    });
    // One answer, however many events it comes in, has some messages beside the result.
    into.too_much = !fine || !room || (!lasting && into.total > 4 * into.bytes_max);
    return !into.too_much;
  }

  // The answer is over, or there is none; on the loop.
  void over(const answer_reader& read, const result<net::http_response>& answer, std::uint64_t id,
            std::uint64_t connection) {
    if (connection != connection_) return;
    running_.erase(id);
    if (!answer) return fail(id, {translated(answer.error())});
    if (read.too_much)
      return fail(id,
                  {error{agent_errc::bad_tool_reply, "the server answers with more than the " +
                                                         std::to_string(read.bytes_max) + " bytes that are taken"}});
    if (answer->status / 100 != 2) {
      auto why = provider_error(answer->status, seen(answer->body, 200));
      if (const auto delay = answer->header("retry-after"))
        why.with_retry_after(parse_retry_after(*delay, std::chrono::system_clock::now()));
      if (answer->status == 404 && !session_.empty()) {
        close(false);
        return whom_.went_down({agent_errc::provider_unavailable, "the server has forgotten the session"});
      }
      return fail(id, {std::move(why), answer->status, answer->body});
    }
    if (const auto session = answer->header("mcp-session-id")) use_session(std::string{*session}, connection);
    if (!read.whole.empty()) whom_.came(read.whole);
    if (connection != connection_) return;
    // If there was no answer in it.
    fail(id, {error{agent_errc::bad_tool_reply, "the server's answer has no response to the request in it"}});
  }

  void use_session(const std::string& session, std::uint64_t connection) {
    if (connection == connection_ && session_.empty() && !modern_ && session.size() <= 1'024) session_ = session;
  }

  void fail(std::uint64_t id, transport_failure how) {
    if (id != 0) whom_.failed(id, std::move(how));
  }

  const mcp_options& options_;
  const post_function post_;
  listener& whom_;
  std::unique_ptr<net::http_client> client_;
  std::map<std::uint64_t, std::uint64_t> running_;  // the client's numbers by ours
  std::uint64_t connection_ = 0;                    // what comes of an earlier one is nobody's
  std::string session_;
  std::string revision_;
  bool modern_ = false;
};

}  // namespace

std::unique_ptr<mcp_transport> make_http_transport(const mcp_options& options, post_function post,
                                                   mcp_transport::listener& whom) {
  return std::make_unique<http_transport>(options, std::move(post), whom);
}

}  // namespace troupe::actors
