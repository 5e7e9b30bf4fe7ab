#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <troupe/actors/tool_registry.hpp>
#include <utility>

#include "registered_tool.hpp"

namespace troupe {

using actors::json;
using actors::registered_tool;

std::string_view to_string(tool_policy which) noexcept {
  switch (which) {
    case tool_policy::allow: return "allow";
    case tool_policy::confirm: return "confirm";
    case tool_policy::deny: return "deny";
  }
  return "unknown";
}

struct tool_registry::state {
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<const registered_tool>, std::less<>> tools;
  struct server {
    std::shared_ptr<mcp_client> client;  // shared with its tools
    bool listed = false;                 // it has told of a change
  };
  std::map<std::string, server, std::less<>> servers;
  // What was set or removed by hand: a server that lists its tools anew does not undo it. Gone with the server.
  std::map<std::string, tool_policy, std::less<>> policies;
  std::set<std::string, std::less<>> removed;
  confirm_function confirm;
  bool closed = false;
};

namespace {

constexpr std::size_t left_out_told_max = 10;  // of one list, in the log

error bad_tool(const std::string& name, std::string why) {
  return {agent_errc::bad_tool, "tool `" + actors::seen(name) + "`: " + std::move(why)};
}

std::optional<std::string> wrong_with(const tool_spec& spec) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./";
  if (spec.name.empty() || spec.name.size() > 128) return "a name has 1 to 128 characters";
  if (spec.name.find_first_not_of(allowed) != std::string::npos) return "a name has letters, digits and _ - . / only";
  if (spec.timeout <= duration{0}) return "the timeout must be positive";
  if (spec.result_bytes_max == 0) return "result_bytes_max must be at least 1";
  if (spec.retry &&
      (spec.retry->attempts < 1 || spec.retry->delay_min < duration{0} ||
       spec.retry->delay_max < spec.retry->delay_min || !(spec.retry->jitter >= 0) || spec.retry->jitter > 1))
    return "the retry policy cannot be: attempts from 1 on, delays in order, a jitter of 0 to 1";
  return {};
}

// Puts the descriptions of fields into a schema.
std::optional<std::string> describe_fields(tool_spec& spec) {
  if (spec.fields.empty()) return {};
  auto schema = actors::parse_json(spec.arguments);
  if (!schema) return schema.error().message();
  for (const auto& [field, words] : spec.fields) {
    if (!schema->contains("properties") || !(*schema)["properties"].contains(field) ||
        !(*schema)["properties"][field].is_object())
      return "it has no field `" + field + "` that could be described";
    (*schema)["properties"][field]["description"] = words;
  }
  spec.arguments = actors::write_json(*schema);
  return {};
}

// `*` stands for any text.
bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip)
      if (fits(pattern.substr(1), name.substr(skip))) return true;
    return false;
  }
  return !name.empty() && pattern.front() == name.front() && fits(pattern.substr(1), name.substr(1));
}

tool_spec spec_of(const mcp_options& server, const mcp_tool& tool) {
  tool_spec spec{.name = server.name + "/" + tool.name, .description = tool.description};
  spec.arguments = tool.arguments;
  spec.result = tool.result;
  spec.policy = server.policy;
  for (const auto& [pattern, policy] : server.policies)
    if (fits(pattern, tool.name)) spec.policy = policy;
  spec.repeatable = std::any_of(server.repeatable.begin(), server.repeatable.end(),
                                [&](const std::string& pattern) { return fits(pattern, tool.name); });
  spec.retry = server.retry;
  spec.timeout = server.timeout;
  spec.result_bytes_max = server.result_bytes_max;
  return spec;
}

result<std::shared_ptr<registered_tool>> compile(tool_spec spec) {
  const std::string name = spec.name;
  if (spec.arguments.empty()) spec.arguments = R"({"type":"object"})";
  if (auto wrong = wrong_with(spec)) return bad_tool(name, *std::move(wrong));
  if (auto wrong = describe_fields(spec)) return bad_tool(name, *std::move(wrong));
  auto arguments = actors::json_schema::compile(spec.arguments);
  if (!arguments) return bad_tool(name, arguments.error().message());
  auto made = std::make_shared<registered_tool>();
  made->arguments = *std::move(arguments);
  if (!spec.result.empty()) {
    auto result = actors::json_schema::compile(spec.result);
    if (!result) return bad_tool(name, "of its result, " + result.error().message());
    made->result = *std::move(result);
  }
  made->spec = std::move(spec);
  return made;
}

}  // namespace

result<void> registered_tool::check_arguments(std::string& text) const {
  const auto bad = [&](const std::string& why) {
    return error{agent_errc::bad_arguments, "tool `" + spec.name + "`: " + why};
  };
  const auto parsed = actors::parse_json(text);
  if (!parsed) return bad("the arguments are " + parsed.error().message());
  if (!parsed->is_object()) return bad("the arguments must be a JSON object");
  if (const auto wrong = arguments.check(*parsed)) return bad(wrong->text());
  text = actors::write_json(*parsed);
  return ok();
}

result<void> registered_tool::check_reply(const tool_reply& reply) const {
  const auto bad = [&](const std::string& why) {
    return error{agent_errc::bad_tool_reply, "tool `" + spec.name + "`: " + why};
  };
  const auto size = reply.text.size() + reply.content.size() + reply.structured.size();
  if (size > spec.result_bytes_max)
    return bad("its reply has " + std::to_string(size) + " bytes, of which " + std::to_string(spec.result_bytes_max) +
               " are taken");
  if (!result || reply.is_error) return ok();
  if (reply.structured.empty()) return bad("its reply lacks the structured content that it promises");
  const auto parsed = actors::parse_json(reply.structured);
  if (!parsed) return bad("its structured content is " + parsed.error().message());
  if (const auto wrong = result->check(*parsed)) return bad("its structured content does not fit: " + wrong->text());
  return ok();
}

tool_registry::tool_registry(tool_limits limits, logger log)
    : limits_{limits}, log_{std::move(log)}, state_{std::make_shared<state>()} {}

tool_registry::~tool_registry() { close(); }

result<void> tool_registry::place(std::shared_ptr<const registered_tool> tool) {
  const std::string& name = tool->spec.name;
  if (state_->closed) return error{agent_errc::node_stopping, "the node stops: it takes no tools any more"};
  if (state_->tools.contains(name)) return error{errc::already_exists, "there is a tool `" + name + "` already"};
  if (state_->tools.size() >= limits_.tools_max)
    return error{agent_errc::overloaded, "there are " + std::to_string(limits_.tools_max) + " tools already"};
  if (const auto given = state_->policies.find(name); given != state_->policies.end()) {
    auto changed = std::make_shared<registered_tool>(*tool);
    changed->spec.policy = given->second;
    tool = std::move(changed);
  }
  const std::string key = tool->spec.name;
  state_->tools.emplace(key, std::move(tool));
  return ok();
}

result<void> tool_registry::add_raw(tool_spec spec, tool_function tool) {
  if (!tool) return bad_tool(spec.name, "there is no function");
  auto made = compile(std::move(spec));
  if (!made) return std::move(made).error();
  (*made)->function = std::move(tool);
  std::scoped_lock lock{state_->mutex};
  return place(*std::move(made));
}

result<void> tool_registry::add_agent(tool_spec spec, path agent) {
  auto made = compile(std::move(spec));
  if (!made) return std::move(made).error();
  (*made)->agent = std::move(agent);
  std::scoped_lock lock{state_->mutex};
  return place(*std::move(made));
}

result<std::vector<std::string>> tool_registry::add_server(mcp_options server) {
  if (auto wrong = mcp_client::check(server)) return *std::move(wrong);
  const auto client = std::make_shared<mcp_client>(server, log_.component("mcp"));
  {
    std::scoped_lock lock{state_->mutex};
    if (state_->closed) return error{agent_errc::node_stopping, "the node stops: it takes no tools any more"};
    if (state_->servers.contains(server.name))
      return error{errc::already_exists, "there is an MCP server `" + server.name + "` already"};
    if (state_->servers.size() >= limits_.servers_max)
      return error{agent_errc::overloaded, "there are " + std::to_string(limits_.servers_max) + " servers already"};
    state_->servers.emplace(server.name, state::server{client});  // its place
  }
  // Before the first list, so that no change is lost in between.
  const std::weak_ptr<mcp_client> weak = client;
  client->on_change([this, weak, name = server.name](const std::vector<mcp_tool>& changed) {
    if (const auto still = weak.lock()) replace_tools_of(name, still, changed, true);
  });
  auto tools = client->tools();
  if (!tools) {
    (void)remove_server(server.name);
    return std::move(tools).error().with_context("MCP server `" + server.name + "`");
  }
  replace_tools_of(server.name, client, *tools, false);
  std::vector<std::string> names;
  std::scoped_lock lock{state_->mutex};
  for (const auto& [name, tool] : state_->tools)
    if (tool->server == client) names.push_back(name);
  return names;
}

void tool_registry::replace_tools_of(const std::string& server, const std::shared_ptr<mcp_client>& client,
                                     const std::vector<mcp_tool>& tools, bool changed) {
  std::size_t left_out = 0;
  const auto leave_out = [&](const std::string& tool, const error& why) {
    if (++left_out > left_out_told_max) return;
    log_.warn("a tool of an MCP server is left out",
              {{"server", server}, {"tool", actors::seen(tool)}, {"error", why.message()}});
  };
  std::vector<std::shared_ptr<registered_tool>> compiled;
  for (const auto& tool : tools) {
    auto made = compile(spec_of(client->options(), tool));
    if (!made) {
      leave_out(tool.name, made.error());
      continue;
    }
    (*made)->server = client;
    (*made)->name_there = tool.name;
    compiled.push_back(*std::move(made));
  }
  std::scoped_lock lock{state_->mutex};
  const auto known = state_->servers.find(server);
  if (known == state_->servers.end() || known->second.client != client) return;
  if (!changed && known->second.listed) return;  // the first list is the older one
  known->second.listed = changed;
  std::erase_if(state_->tools, [&](const auto& each) { return each.second->server == client; });
  for (auto& each : compiled) {
    if (state_->removed.contains(each->spec.name)) continue;
    if (const auto placed = place(each); !placed) leave_out(each->name_there, placed.error());
  }
}

result<void> tool_registry::remove(std::string_view tool) {
  std::scoped_lock lock{state_->mutex};
  const auto found = state_->tools.find(tool);
  if (found == state_->tools.end()) return error{errc::not_found, "there is no tool `" + actors::seen(tool) + "`"};
  if (found->second->server)
    state_->removed.insert(found->first);
  else
    state_->policies.erase(found->first);
  state_->tools.erase(found);
  return ok();
}

result<void> tool_registry::remove_server(std::string_view name) {
  std::shared_ptr<mcp_client> gone;
  std::unique_lock lock{state_->mutex};
  const auto found = state_->servers.find(name);
  if (found == state_->servers.end())
    return error{errc::not_found, "there is no MCP server `" + actors::seen(name) + "`"};
  gone = std::move(found->second.client);
  state_->servers.erase(found);
  std::erase_if(state_->tools, [&](const auto& each) { return each.second->server == gone; });
  const std::string prefix = std::string{name} + "/";
  std::erase_if(state_->policies, [&](const auto& each) { return each.first.rfind(prefix, 0) == 0; });
  std::erase_if(state_->removed, [&](const auto& each) { return each.rfind(prefix, 0) == 0; });
  lock.unlock();
  gone->close();
  return ok();
}

void tool_registry::confirm_with(confirm_function ask) {
  std::scoped_lock lock{state_->mutex};
  state_->confirm = std::move(ask);
}

result<void> tool_registry::set_policy(std::string_view tool, tool_policy policy) {
  std::scoped_lock lock{state_->mutex};
  const auto found = state_->tools.find(tool);
  if (found == state_->tools.end()) return error{errc::not_found, "there is no tool `" + actors::seen(tool) + "`"};
  auto changed = std::make_shared<registered_tool>(*found->second);
  changed->spec.policy = policy;
  found->second = std::move(changed);
  state_->policies.insert_or_assign(std::string{tool}, policy);
  return ok();
}

std::vector<tool_spec> tool_registry::list() const {
  std::vector<tool_spec> all;
  std::scoped_lock lock{state_->mutex};
  for (const auto& [name, tool] : state_->tools) all.push_back(tool->spec);
  return all;
}

result<tool_spec> tool_registry::find(std::string_view tool) const {
  if (const auto found = get(tool)) return found->spec;
  return error{agent_errc::unknown_tool, "there is no tool `" + actors::seen(tool) + "`"};
}

std::vector<mcp_info> tool_registry::servers() const {
  std::vector<std::shared_ptr<mcp_client>> clients;
  {
    std::scoped_lock lock{state_->mutex};
    for (const auto& [name, server] : state_->servers) clients.push_back(server.client);
  }
  std::vector<mcp_info> all;
  for (const auto& each : clients) all.push_back(each->info());
  return all;
}

std::string tool_registry::list_as_json() const {
  json all = json::array();
  std::scoped_lock lock{state_->mutex};
  for (const auto& [name, tool] : state_->tools)
    all.push_back(
        {{"name", name}, {"description", tool->spec.description}, {"inputSchema", tool->arguments.document()}});
  return actors::write_json(all);
}

result<void> tool_registry::check(std::string_view tool, std::string_view arguments) const {
  const auto found = get(tool);
  if (!found) return error{agent_errc::unknown_tool, "there is no tool `" + actors::seen(tool) + "`"};
  std::string text{arguments};
  return found->check_arguments(text);
}

std::shared_ptr<const registered_tool> tool_registry::get(std::string_view tool) const {
  std::scoped_lock lock{state_->mutex};
  const auto found = state_->tools.find(tool);
  return found == state_->tools.end() ? nullptr : found->second;
}

confirm_function tool_registry::confirming() const {
  std::scoped_lock lock{state_->mutex};
  return state_->confirm;
}

void tool_registry::close() {
  decltype(state_->servers) servers;
  decltype(state_->tools) tools;
  {
    std::scoped_lock lock{state_->mutex};
    state_->closed = true;
    servers.swap(state_->servers);
    tools.swap(state_->tools);
  }
  for (const auto& [name, each] : servers) each.client->close();
}

child_options in_process(duration limit, process_options process) {
  return {.turn_limit = limit, .isolation = tier::process, .process = std::move(process)};
}

}  // namespace troupe
