#include "mcp_session.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/provider.hpp>
#include <utility>

namespace troupe::actors {

namespace {

constexpr std::string_view modern_revision = "2026-07-28";
constexpr std::array<std::string_view, 3> legacy_revisions{"2025-11-25", "2025-06-18", "2025-03-26"};
constexpr std::int64_t header_mismatch = -32020, missing_capability = -32021, unsupported_version = -32022;
constexpr std::int64_t method_not_found = -32601, internal_error = -32603;
constexpr std::size_t pages_max = 100;
constexpr std::size_t description_bytes_max = 8 << 10;
constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t left_out_told_max = 10;  // of one list, in the log
constexpr std::size_t request_id_bytes_max = 256;
constexpr duration listed_again_after = std::chrono::milliseconds{250};  // however often a server says it has changed
constexpr const char* meta = "io.modelcontextprotocol/";

json client_info() { return {{"name", "troupe"}, {"version", "0.1"}}; }

instant now() { return std::chrono::steady_clock::now(); }

instant after(duration time) {
  const auto present = now();
  return time > instant::max() - present ? instant::max() : present + time;
}

bool lists(const json& versions, std::string_view which) {
  return versions.is_array() && std::find(versions.begin(), versions.end(), which) != versions.end();
}

}  // namespace

// -- the connection ---------------------------------------------------------------------------------------------------

void mcp_session::when_ready(ready_function then) {
  if (closed_) return then(error{agent_errc::cancelled, "the MCP client ends"});
  if (state_ == state::ready) return then(ok());
  if (state_ == state::down) {
    if (const auto present = now(); present < not_before_) {
      const auto code = transport_->is_http() ? agent_errc::provider_unavailable : agent_errc::tool_crashed;
      return then(error{code, "the server's last connection ended; the next one is not made yet"}.with_retry_after(
          not_before_ - present));
    }
    waiting_.push_back(std::move(then));
    return connect();
  }
  waiting_.push_back(std::move(then));
}

void mcp_session::connect() {
  state_ = state::connecting;
  connect_until_ = after(options_.connect_timeout);
  garbage_in_row_ = 0;
  last_garbage_.clear();
  transport_->use_revision({}, false);
  if (auto opened = transport_->open(); !opened) return give_it_up(std::move(opened).error());
  ++info_.starts;
  info_.process_id = transport_->process_id();
  if (no_probe_) return shake_hands();
  // Legacy servers answer with an error, whose number says nothing, or not at all.
  modern_ = true;
  transport_->use_revision(std::string{modern_revision}, true);
  ask("server/discover", json::object(), std::min(connect_until_, after(options_.probe_timeout)),
      [this](outcome what) { probed(std::move(what)); });
}

void mcp_session::probed(outcome what) {
  const auto* versions = what.why ? member(what.body, "supported") : member(what.body, "supportedVersions");
  const bool is_modern = !what.why || what.code == unsupported_version;
  if (is_modern && versions) {
    if (lists(*versions, modern_revision) && !what.why) {
      agree_on(std::string{modern_revision}, true);
      const auto* capabilities = member(what.body, "capabilities");
      const auto* tools = capabilities ? member(*capabilities, "tools") : nullptr;
      const auto* changes = tools ? member(*tools, "listChanged") : nullptr;
      tells_changes_ = changes && *changes == true;
      info_.instructions = text_of(what.body, "instructions").substr(0, description_bytes_max);
      if (const auto* extra = member(what.body, "_meta"))
        if (const auto* server = member(*extra, "io.modelcontextprotocol/serverInfo"))
          info_.server = seen(text_of(*server, "name") + " " + text_of(*server, "version"), 200);
      return tools ? list_tools({}, 1) : listed();
    }
    if (std::none_of(legacy_revisions.begin(), legacy_revisions.end(),
                     [&](auto each) { return lists(*versions, each); }))
      return give_it_up({agent_errc::provider_rejected, version_words(*versions)});
    return shake_hands();
  }
  if (what.code == header_mismatch || what.code == missing_capability) return give_it_up(*what.why);
  if (what.why && !what.code) {
    // Over HTTP, what is refused in a way that says something else than "unknown" is no sign of a legacy server.
    const bool unknown = what.http_status >= 400 && what.http_status < 500 && what.http_status != 401 &&
                         what.http_status != 403 && what.http_status != 408 && what.http_status != 429;
    if (transport_->is_http() ? !unknown : !what.late) return give_it_up(*what.why);
  }
  shake_hands();
}

void mcp_session::shake_hands() {
  modern_ = false;
  transport_->use_revision({}, false);
  json params{
      {"protocolVersion", legacy_revisions.front()}, {"capabilities", json::object()}, {"clientInfo", client_info()}};
  ask("initialize", std::move(params), connect_until_, [this](const outcome& what) { shaken(what); });
}

void mcp_session::shaken(const outcome& what) {
  if (what.why) return give_it_up(*what.why);
  const auto version = text_of(what.body, "protocolVersion");
  if (std::find(legacy_revisions.begin(), legacy_revisions.end(), version) == legacy_revisions.end())
    return give_it_up({agent_errc::provider_rejected, version_words(json::array({version}))});
  agree_on(version, false);
  const auto* capabilities = member(what.body, "capabilities");
  const auto* tools = capabilities ? member(*capabilities, "tools") : nullptr;
  const auto* changes = tools ? member(*tools, "listChanged") : nullptr;
  tells_changes_ = changes && *changes == true;
  info_.instructions = text_of(what.body, "instructions").substr(0, description_bytes_max);
  if (const auto* server = member(what.body, "serverInfo"))
    info_.server = seen(text_of(*server, "name") + " " + text_of(*server, "version"), 200);
  tell("notifications/initialized", json::object());
  if (state_ != state::connecting) return;
  tools ? list_tools({}, 1) : listed();
}

void mcp_session::agree_on(std::string revision, bool modern) {
  modern_ = modern;
  transport_->use_revision(revision, modern);
  info_.revision = std::move(revision);
  new_tools_.clear();
  new_mirrored_.clear();
}

std::string mcp_session::version_words(const json& data) const {
  return "the server speaks " + seen(write_json(data), 200) + "; this client speaks 2026-07-28, 2025-11-25, " +
         "2025-06-18 and 2025-03-26";
}

void mcp_session::list_tools(const std::string& cursor, std::size_t page) {
  listing_ = true;
  json params = json::object();
  if (!cursor.empty()) params["cursor"] = cursor;
  const auto until = state_ == state::connecting ? connect_until_ : after(options_.connect_timeout);
  ask("tools/list", std::move(params), until, [this, page](const outcome& what) {
    listing_ = false;
    const auto* tools = what.why ? nullptr : member(what.body, "tools");
    if (!tools || !tools->is_array()) {
      auto why = what.why ? *what.why : error{agent_errc::bad_tool_reply, "the list of tools is none"};
      if (state_ == state::connecting) return give_it_up(std::move(why));
      return log_.warn("an MCP server does not list its tools", {{"server", options_.name}, {"error", why.message()}});
    }
    if (page == 1) listed_ = left_out_ = 0;
    for (const auto& each : *tools)
      if (++listed_ <= options_.tools_max) take_tool(each);
    const auto next = text_of(what.body, "nextCursor");
    if (!next.empty() && page < pages_max && listed_ < options_.tools_max) return list_tools(next, page + 1);
    if (!next.empty() || listed_ > options_.tools_max || left_out_ > left_out_told_max)
      log_.warn("an MCP server has more tools than are taken",
                {{"server", options_.name}, {"taken", new_tools_.size()}, {"left_out", left_out_}});
    listed();
  });
}

void mcp_session::take_tool(const json& tool) {
  const auto name = text_of(tool, "name");
  const auto leave_out = [&](const std::string& why) {
    if (++left_out_ > left_out_told_max) return;
    log_.warn("a tool of an MCP server is left out", {{"server", options_.name}, {"tool", seen(name)}, {"why", why}});
  };
  if (name.empty() || name.size() > name_bytes_max) return leave_out("a name has 1 to 128 bytes");
  const auto* schema = member(tool, "inputSchema");
  if (!schema || !schema->is_object()) return leave_out("it has no schema");
  mcp_tool made{.name = name, .description = text_of(tool, "description").substr(0, description_bytes_max)};
  made.arguments = write_json(*schema);
  if (const auto* result = member(tool, "outputSchema")) made.result = write_json(*result);
  if (made.arguments.size() + made.result.size() > options_.schema_bytes_max)
    return leave_out("its schema is too long");
  if (transport_->is_http() && modern_) {
    auto mirrored = mirrored_parameters(*schema);
    if (!mirrored) return leave_out(mirrored.error().message());
    if (!mirrored->empty()) new_mirrored_[name] = *std::move(mirrored);
  }
  new_tools_.push_back(std::move(made));
}

void mcp_session::list_if_changed() {
  if (!list_again_ || state_ != state::ready || listing_ || now() < list_not_before_) return;
  list_again_ = false;
  new_tools_.clear();
  new_mirrored_.clear();
  list_tools({}, 1);
}

void mcp_session::listed() {
  list_not_before_ = after(listed_again_after);
  const auto before = std::exchange(tools_, std::exchange(new_tools_, {}));
  mirrored_ = std::exchange(new_mirrored_, {});
  if (state_ == state::connecting) return connected();
  const bool same = std::ranges::equal(before, tools_, [](const mcp_tool& a, const mcp_tool& b) {
    return a.name == b.name && a.description == b.description && a.arguments == b.arguments && a.result == b.result;
  });
  if (changed_ && !same) changed_(tools_);
}

void mcp_session::connected() {
  const bool again = info_.starts > 1;
  state_ = state::ready;
  info_.connected = true;
  failures_ = 0;
  log_.info("an MCP server is connected",
            {{"server", options_.name}, {"revision", info_.revision}, {"tools", tools_.size()}});
  if (tells_changes_ && modern_)
    ask("subscriptions/listen", {{"notifications", {{"toolsListChanged", true}}}}, instant::max(),
        [](const outcome&) {});
  else if (tells_changes_)
    transport_->listen();
  publish_();
  if (again && changed_) changed_(tools_);
  for (const auto& each : std::exchange(waiting_, {})) each(ok());
}

// A connection that does not come about.
void mcp_session::give_it_up(error why) { take_down(why, false); }

void mcp_session::went_down(error why) {
  if (state_ == state::down) return;
  const bool probing = state_ == state::connecting && std::ranges::any_of(asked_, [](const auto& each) {
                         return each.second.method == "server/discover";
                       });
  // Some servers end when the first thing they hear is no handshake.
  if (probing && !transport_->is_http()) {
    no_probe_ = opens_again_ = true;
    asked_.clear();
    return;
  }
  if (!last_garbage_.empty()) why.with_context("after something that was no message (" + last_garbage_ + ")");
  take_down(why, false);
}

void mcp_session::take_down(const error& why, bool in_order) {
  log_.warn("the connection to an MCP server ended", {{"server", options_.name}, {"error", why.message()}});
  info_.connected = false;
  info_.process_id = 0;
  listing_ = list_again_ = opens_again_ = false;
  if (state_ == state::connecting) no_probe_ = false;
  state_ = state::down;
  const auto delay =
      std::min<duration>(options_.restart_delay_max, options_.restart_delay_min * (1LL << std::min(failures_, 20U)));
  ++failures_;
  not_before_ = after(delay);
  transport_->close(in_order);
  asked_.clear();
  const auto told = error{why}.with_retry_after(delay);
  publish_();
  for (const auto& each : std::exchange(waiting_, {})) each(told);
  for (auto& [number, each] : std::exchange(calls_, {})) each.what.done(told);
}

void mcp_session::close(const error& why) {
  closed_ = true;
  if (state_ != state::down) take_down(why, true);
}

// -- requests ---------------------------------------------------------------------------------------------------------

std::uint64_t mcp_session::ask(const std::string& method, json params, instant until, outcome_function done,
                               const std::string& name, net::http_headers headers) {
  const auto id = ++last_id_;
  if (modern_) {
    auto& extra = params["_meta"];
    extra[std::string{meta} + "protocolVersion"] = modern_revision;
    extra[std::string{meta} + "clientInfo"] = client_info();
    extra[std::string{meta} + "clientCapabilities"] = json::object();
  }
  const json request{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
  asked_.emplace(id, asked{method, until, std::move(done)});
  transport_->send({id, method, name, write_json(request), std::move(headers), until});
  return id;
}

void mcp_session::tell(const std::string& method, json params) {
  const json notification{{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
  transport_->send({.method = method, .body = write_json(notification), .until = after(options_.timeout)});
}

void mcp_session::answer(std::uint64_t id, outcome what) {
  const auto found = asked_.find(id);
  if (found == asked_.end()) {
    ++info_.strangers;
    return;
  }
  const auto done = std::move(found->second.done);
  asked_.erase(found);
  transport_->finished(id);
  publish_();
  done(std::move(what));
}

void mcp_session::came(std::string_view text) {
  auto messages = parse_messages(text);
  if (!messages) return handle_garbage(messages.error());
  garbage_in_row_ = 0;
  for (auto& each : *messages) {
    if (state_ == state::down) return;
    handle(std::move(each));
  }
}

void mcp_session::handle(rpc_message&& message) {
  using kind = rpc_message::kind;
  switch (message.what) {
    case kind::request: return handle_request(message);
    case kind::notification:
      // When the server begins to tell of changes, there may have been some since the list.
      if (message.method == "notifications/tools/list_changed" ||
          message.method == "notifications/subscriptions/acknowledged") {
        list_again_ = true;
        list_if_changed();
      }
      return;
    case kind::answer:
    case kind::failure: break;
  }
  if (!message.id) {
    ++info_.strangers;
    if (message.what == kind::failure) last_garbage_ = seen(message.words);
    return;
  }
  outcome what;
  if (message.what == kind::failure) {
    what.code = message.code;
    what.why = error_of(message);
  }
  what.body = std::move(message.body);
  answer(*message.id, std::move(what));
}

// This client has nothing to offer that a server could ask for, but a sign of life.
void mcp_session::handle_request(const rpc_message& message) {
  const auto* id = message.raw_id.get_ptr<const std::string*>();  // is sent back
  if (modern_ || !(id ? id->size() <= request_id_bytes_max : message.raw_id.is_number())) {
    ++info_.refused;
    return;
  }
  json answer{{"jsonrpc", "2.0"}, {"id", message.raw_id}};
  if (message.method == "ping") {
    answer["result"] = json::object();
  } else {
    ++info_.refused;
    answer["error"] = {{"code", method_not_found}, {"message", "this client does not support it"}};
  }
  transport_->send({.body = write_json(answer), .until = after(options_.timeout)});
}

void mcp_session::handle_garbage(const error& why) {
  ++info_.garbage;
  last_garbage_ = why.message().substr(0, 300);
  if (++garbage_in_row_ > options_.garbage_max) take_down(why, false);
}

error mcp_session::error_of(const rpc_message& message) const {
  const auto code = message.code == internal_error ? agent_errc::provider_unavailable : agent_errc::provider_rejected;
  auto words = "the server says: " + seen(message.words, 500) + " (" + std::to_string(message.code) + ")";
  if (const auto* supported = member(message.body, "supported")) words += "; " + version_words(*supported);
  return {code, std::move(words)};
}

void mcp_session::failed(std::uint64_t id, transport_failure how) {
  if (!asked_.contains(id)) return;  // it was answered
  outcome what;
  what.why = std::move(how.why);
  what.http_status = how.http_status;
  // An error of the protocol comes with a status of HTTP, too.
  if (how.http_status != 0)
    if (auto messages = parse_messages(how.body);
        messages && !messages->empty() && messages->front().what == rpc_message::kind::failure) {
      auto& said = messages->front();
      what.code = said.code;
      if (how.http_status < 500 && how.http_status != 429) what.why = error_of(said);
      what.body = std::move(said.body);
    }
  if (what.why->message().empty()) what.why = error{agent_errc::provider_unavailable, "no answer"};
  answer(id, std::move(what));
}

// -- calls ------------------------------------------------------------------------------------------------------------

std::uint64_t mcp_session::begin(call what) {
  const auto number = ++last_call_;
  if (calls_.size() >= options_.pending_max)
    return what.done(error{agent_errc::overloaded, "too many calls of the server's tools are under way"}), 0;
  calls_.emplace(number, running_call{std::move(what)});
  when_ready([this, number](const result<void>& ready) {
    if (ready)
      begin_now(number);
    else
      end_call(number, ready.error());
  });
  return number;
}

void mcp_session::begin_now(std::uint64_t number) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;  // given up
  const auto until = found->second.what.until;
  const auto what = found->second.what.what;
  json params{{"name", what.tool}};
  auto arguments = parse_json(what.arguments.empty() ? "{}" : what.arguments);
  if (!arguments) return end_call(number, error{agent_errc::bad_arguments, arguments.error().message()});
  net::http_headers headers;
  if (const auto mirrored = mirrored_.find(what.tool); mirrored != mirrored_.end())
    headers = mirror(mirrored->second, *arguments);
  params["arguments"] = *std::move(arguments);
  // For servers that know what to do with it: the same in all tries.
  params["_meta"] = {{"troupe/idempotencyKey", what.idempotency_key}};
  const auto request = ask(
      "tools/call", std::move(params), until,
      [this, number](const outcome& came) {
        if (came.why) return end_call(number, *came.why);
        end_call(number, reply_of(came.body));
      },
      what.tool, std::move(headers));
  if (const auto still = calls_.find(number); still != calls_.end()) still->second.request = request;
}

void mcp_session::end_call(std::uint64_t number, result<tool_reply> how) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  const auto done = std::move(found->second.what.done);
  calls_.erase(found);
  done(std::move(how));
}

void mcp_session::cancel_request(std::uint64_t id, const char* reason) {
  if (asked_.erase(id) == 0) return;
  // Over HTTP a modern server is told by the end of the connection.
  if (!(modern_ && transport_->is_http())) tell("notifications/cancelled", {{"requestId", id}, {"reason", reason}});
  transport_->finished(id);
}

void mcp_session::give_up(std::uint64_t call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  if (found->second.request != 0) cancel_request(found->second.request, "nobody waits for it any more");
  end_call(call, error{agent_errc::cancelled, "the call was given up"});
}

void mcp_session::ping(std::function<void(result<void>)> done) {
  when_ready([this, done = std::move(done)](const result<void>& ready) {
    if (!ready) return done(ready);
    ask(modern_ ? "server/discover" : "ping", json::object(), after(options_.connect_timeout),
        [done](const outcome& came) {
          if (came.why) return done(*came.why);
          done(ok());
        });
  });
}

instant mcp_session::next_deadline() const noexcept {
  if (opens_again_) return instant::min();
  instant next = state_ == state::connecting ? connect_until_ : instant::max();
  if (list_again_ && state_ == state::ready && !listing_) next = list_not_before_;
  for (const auto& [id, each] : asked_) next = std::min(next, each.until);
  for (const auto& [number, each] : calls_) next = std::min(next, each.what.until);
  return next;
}

void mcp_session::look_at_time(instant present) {
  if (std::exchange(opens_again_, false)) connect();
  list_if_changed();
  const auto words = [&](const std::string& what) {
    return what + " was not answered in time" +
           (last_garbage_.empty() ? "" : "; something came that was no message: " + last_garbage_);
  };
  std::vector<std::uint64_t> late;
  for (const auto& [id, each] : asked_)
    if (each.until <= present) late.push_back(id);
  for (const auto id : late) {
    const auto found = asked_.find(id);
    if (found == asked_.end()) continue;
    const bool is_call = found->second.method == "tools/call";
    const bool is_handshake = found->second.method == "initialize" || found->second.method == "server/discover";
    const auto done = found->second.done;
    outcome what;
    what.why = error{agent_errc::timeout, words("`" + found->second.method + "`")};
    what.late = true;
    if (is_handshake)
      asked_.erase(id), transport_->finished(id);
    else
      cancel_request(id, is_call ? "it took too long" : "no answer");
    done(std::move(what));
  }
  // Those that wait for the connection.
  std::vector<std::uint64_t> calls;
  for (const auto& [number, each] : calls_)
    if (each.what.until <= present) calls.push_back(number);
  for (const auto number : calls) end_call(number, error{agent_errc::timeout, words("the server")});
  if (state_ == state::connecting && connect_until_ <= present)
    give_it_up({agent_errc::timeout, words("the start of the server")});
}

}  // namespace troupe::actors
