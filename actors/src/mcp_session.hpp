#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <troupe/actors/mcp_client.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/log.hpp>
#include <vector>

#include "mcp_messages.hpp"
#include "mcp_transport.hpp"

namespace troupe::actors {

// What an MCP client says to its server, and hears from it: the choice of the revision, the list of tools, calls. Knows
// nothing of how it gets there. Owner: the client's loop; on its thread only.
class mcp_session final : public mcp_transport::listener {
 public:
  // `publish` is called when `info` has changed, before somebody is told why.
  mcp_session(const mcp_options& options, logger log, std::function<void()> publish)
      : options_{options}, log_{std::move(log)}, publish_{std::move(publish)} {}
  // Before anything else; it outlives this.
  void use(mcp_transport& transport) noexcept { transport_ = &transport; }

  using ready_function = std::function<void(const result<void>&)>;
  // Calls it when the server is there, which is connected if need be; or with the error.
  void when_ready(ready_function then);
  struct call {
    tool_call what;
    instant until = instant::max();
    mcp_client::done_function done;
  };
  // A number for `give_up`.
  std::uint64_t begin(call what);
  void give_up(std::uint64_t call);
  void ping(std::function<void(result<void>)> done);
  void on_change(std::function<void(const std::vector<mcp_tool>&)> changed) { changed_ = std::move(changed); }
  const std::vector<mcp_tool>& tools() const noexcept { return tools_; }
  const mcp_info& info() const noexcept { return info_; }

  // Fails what is too late.
  void look_at_time(instant now);
  instant next_deadline() const noexcept;
  // Fails all that is under way, and all that comes later.
  void close(const error& why);

  void came(std::string_view text) override;
  void failed(std::uint64_t id, transport_failure how) override;
  void went_down(error why) override;

 private:
  enum class state { down, connecting, ready };
  // What came back: a result, or why not.
  struct outcome {
    json body;                              // the result, or the data of an error
    std::optional<error> why;               // it is none
    std::optional<std::int64_t> code = {};  // of an error of JSON-RPC
    int http_status = 0;
    bool late = false;
  };
  using outcome_function = std::function<void(outcome)>;
  struct asked {
    std::string method;
    instant until;
    outcome_function done;
  };

  void connect();
  void probed(outcome what);
  void shake_hands();
  void shaken(const outcome& what);
  void agree_on(std::string revision, bool modern);
  void list_tools(const std::string& cursor, std::size_t page);
  void take_tool(const json& tool);
  void list_if_changed();
  void listed();
  void connected();
  void give_it_up(error why);
  void take_down(const error& why, bool in_order);

  std::uint64_t ask(const std::string& method, json params, instant until, outcome_function done,
                    const std::string& name = {}, net::http_headers headers = {});
  void tell(const std::string& method, json params);
  void answer(std::uint64_t id, outcome what);
  void handle(rpc_message&& message);
  void handle_request(const rpc_message& message);
  void handle_garbage(const error& why);
  void cancel_request(std::uint64_t id, const char* reason);
  void begin_now(std::uint64_t number);
  void end_call(std::uint64_t number, result<tool_reply> how);
  error error_of(const rpc_message& message) const;
  std::string version_words(const json& data) const;

  const mcp_options& options_;
  const logger log_;
  const std::function<void()> publish_;
  mcp_transport* transport_ = nullptr;
  state state_ = state::down;
  bool closed_ = false;
  bool modern_ = false;
  bool tells_changes_ = false;
  bool listing_ = false;
  bool list_again_ = false;  // once it is not too soon
  instant list_not_before_{};
  bool no_probe_ = false;     // it ended when it was asked which revisions it speaks
  bool opens_again_ = false;  // without that question
  instant connect_until_ = instant::max();
  instant not_before_{};        // the next connection
  std::uint32_t failures_ = 0;  // in a row
  std::size_t garbage_in_row_ = 0;
  std::string last_garbage_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, asked> asked_;
  std::vector<ready_function> waiting_;  // for the connection
  struct running_call {
    call what;
    std::uint64_t request = 0;  // 0: not sent yet
  };
  std::uint64_t last_call_ = 0;
  std::map<std::uint64_t, running_call> calls_;
  std::vector<mcp_tool> tools_;
  std::vector<mcp_tool> new_tools_;
  std::size_t listed_ = 0, left_out_ = 0;  // of the list that is coming in
  std::map<std::string, std::vector<mirrored_parameter>, std::less<>> mirrored_, new_mirrored_;
  std::function<void(const std::vector<mcp_tool>&)> changed_;
  mcp_info info_;
};

}  // namespace troupe::actors
