#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/errc.hpp>
#include <troupe/core/path.hpp>
#include <unordered_set>

#include "supervisor_agent.hpp"

namespace troupe {

std::string_view to_string(tier where) noexcept {
  switch (where) {
    case tier::inlined: return "inlined";
    case tier::thread: return "thread";
    case tier::process: return "process";
  }
  return "unknown";
}

namespace {

// Below this it depends on chance whether a process comes as far as its agent (measured: 128 KiB is enough).
constexpr std::size_t memory_bytes_min = std::size_t{1} << 20;
constexpr std::size_t open_files_min = 32;

std::optional<std::string> check_isolation(const child_spec& child) {
  if (child.turn_limit <= duration{0}) return "its turn limit is not positive";
  if (child.supervises && child.isolation != tier::inlined) return "a supervisor runs inlined; its children need not";
  if (child.isolation != tier::process) {
    const bool limited = child.process.limits != process_limits{};
    if (limited || child.process.sandbox != process_sandbox{})
      return std::string{limited ? "it has limits" : "it has a sandbox"} + ", but runs " +
             (child.isolation == tier::thread ? "on a thread of the node" : "inlined in the node") +
             ", where nothing keeps it to them: say .isolation = tier::process, or leave them out";
    return {};
  }
  if (!child.entry)
    return "it cannot run in a process: its constructor's arguments must be values with a codec (std::string instead "
           "of "
           "const char*, no pointers), and it must be described by child<A>(...)";
  const auto& [limits, sandbox, heartbeat_timeout, message_bytes_max] = child.process;
  if (limits.memory_bytes != 0 && limits.memory_bytes < memory_bytes_min)
    return "its limit of memory is " + std::to_string(limits.memory_bytes) + " bytes; a process needs at least " +
           std::to_string(memory_bytes_min) + " to start (0: no limit)";
  if (limits.cpu_time <= duration{0})
    return "its limit of CPU time is not positive; it is counted in whole seconds, 1 s at least";
  if (limits.open_files != 0 && limits.open_files < open_files_min)
    return "its limit of open files is " + std::to_string(limits.open_files) + "; it needs at least " +
           std::to_string(open_files_min) + " open files (0: as the node's)";
  if (heartbeat_timeout < std::chrono::milliseconds{40})
    return "its heartbeat timeout is below 40 ms, the least there is";
  if (message_bytes_max == 0) return "its largest message has no bytes";
  if (message_bytes_max > std::size_t{1} << 30) return "its largest message has more than 1 GiB";
  if (!sandbox.writable.empty() && !sandbox.read_only_files)
    return "it has writable folders, but its files are not read-only";
  for (const auto& folder : sandbox.writable)
    if (!folder.starts_with('/')) return "the writable folder \"" + folder + "\" is no absolute path";
  return {};
}

}  // namespace

std::optional<error> check(const child_spec& child, const supervisor_spec& in) {
  const auto wrong = [&](agent_errc code, std::string what) {
    return error{code, "child \"" + child.id + "\" of supervisor \"" + in.name + "\": " + std::move(what)};
  };
  if (child.id.empty()) return wrong(agent_errc::bad_child_id, "its id is missing");
  if (const auto legal = path{}.join(child.id); !legal) return wrong(agent_errc::bad_child_id, legal.error().message());
  if (!child.start) return wrong(agent_errc::bad_child_start, "its start function is missing");
  if (child.shutdown && child.shutdown->wait() < duration{0})
    return wrong(agent_errc::bad_shutdown, "its shutdown time is negative");
  if (child.significant && child.restart == permanent)
    return wrong(agent_errc::bad_significant, "a permanent child cannot be significant");
  if (child.significant && in.auto_shutdown == auto_shutdown::never)
    return wrong(agent_errc::bad_significant, "it is significant, but the supervisor's auto_shutdown is never");
  const backoff& delay = child.backoff;
  if (delay.min < duration{0} || delay.max < delay.min || !(delay.jitter >= 0.0 && delay.jitter <= 1.0))
    return wrong(agent_errc::bad_backoff, "backoff needs 0 <= min <= max and a jitter from 0 to 1");
  if (const auto bad = child.on_fault.check()) return wrong(agent_errc::bad_policy, bad->message());
  if (child.mailbox.limit == 0) return wrong(agent_errc::bad_mailbox, "its mailbox bound is zero");
  if (auto bad = check_isolation(child)) return wrong(agent_errc::bad_isolation, *std::move(bad));
  if (child.durability != durability::none && (child.supervises || child.isolation == tier::process))
    return wrong(agent_errc::bad_durability,
                 child.supervises ? "a supervisor is not durable; its children may be"
                                  : "an agent in a process of its own cannot be durable: say tier::thread or inlined");
  if (child.passivate_after != duration::max() && child.durability == durability::none)
    return wrong(agent_errc::bad_durability, "passivate_after is for durable agents: others would lose their state");
  if (child.passivate_after < duration{0}) return wrong(agent_errc::bad_durability, "passivate_after is negative");
  if (child.supervises && child.mailbox.when_full != overflow::reject)
    return wrong(agent_errc::bad_mailbox,
                 "a supervisor's mailbox can only reject: it would lose requests, or wait for itself");
  if (const auto bad = check(child.budget)) return wrong(agent_errc::bad_budget, "budget: " + bad->message());
  if (child.supervises) return check(*child.supervises);
  return {};
}

std::optional<error> check(const supervisor_spec& spec) {
  const auto wrong = [&](agent_errc code, std::string what) {
    return error{code, "supervisor \"" + spec.name + "\": " + std::move(what)};
  };
  if (const auto legal = path{}.join(spec.name); !legal)
    return wrong(agent_errc::bad_child_id, legal.error().message());
  if (spec.intensity < 0) return wrong(agent_errc::bad_intensity, "its intensity is negative");
  if (spec.period <= duration{0}) return wrong(agent_errc::bad_period, "its period is not positive");
  if (const auto bad = check(spec.budget)) return wrong(agent_errc::bad_budget, "budget: " + bad->message());
  if (spec.strategy == simple_one_for_one && spec.children.size() != 1)
    return wrong(agent_errc::bad_template, "simple_one_for_one needs exactly one child spec, its template");
  std::unordered_set<std::string_view> ids;
  for (const child_spec& each : spec.children) {
    if (auto bad = check(each, spec)) return bad;
    if (!ids.insert(each.id).second)
      return wrong(agent_errc::duplicate_child, "two children have the id \"" + each.id + "\"");
  }
  return {};
}

child_spec child(supervisor_spec spec, child_options options) {
  child_spec made;
  static_cast<child_options&>(made) = std::move(options);
  made.id = spec.name;
  if (made.budget.empty()) made.budget = spec.budget;
  made.type = child_type::supervisor;
  made.actor_type = "supervisor";
  made.mailbox.limit =
      std::max<std::size_t>(made.mailbox.limit, 1'000'000);  // requests; the ends of children are never refused
  made.supervises = std::make_shared<const supervisor_spec>(std::move(spec));
  made.start = [shared = made.supervises](agent_context& context) -> std::unique_ptr<agent> {
    return std::make_unique<actors::supervisor_agent>(context, shared);
  };
  return made;
}

namespace actors {

std::string type_label(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                                         &std::free};
  std::string name = text ? text.get() : mangled;
  // Namespaces go, template arguments stay.
  const auto arguments = std::min(name.find('<'), name.size());
  const auto scope = name.rfind("::", arguments);
  return scope == std::string::npos ? name : name.substr(scope + 2);
}

}  // namespace actors

}  // namespace troupe
