#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/budget.hpp>
#include <troupe/actors/fault_policy.hpp>
#include <troupe/actors/fwd.hpp>
#include <troupe/actors/isolation.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <troupe/net/codec.hpp>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <vector>

// What a supervisor is told: which children, how to start them, and what to do when they end. The semantics are those
// of Erlang/OTP's supervisor (stdlib, release 25), with backoff and bounded mailboxes added.

namespace troupe {

// Which children are touched when one ends.
enum class strategy : std::uint8_t {
  one_for_one,         // Only the one that ended.
  one_for_all,         // All: they are stopped in reverse order and started in order.
  rest_for_one,        // It and those started after it.
  simple_one_for_one,  // Children are all of one template, added at run time; restarts as one_for_one.
};
using enum strategy;

// When a child that ended is started again.
enum class restart_type : std::uint8_t {
  permanent,  // Always.
  transient,  // After a failure only; after a normal end its spec stays, without a process.
  temporary,  // Never; its spec goes with it.
};
using enum restart_type;

// Decides the default shutdown time and how count_children counts the child.
enum class child_type : std::uint8_t { worker, supervisor };

// When a supervisor ends by itself because significant children ended by themselves.
enum class auto_shutdown : std::uint8_t { never, any_significant, all_significant };

// How a child is stopped: asked, waited for, and then killed; or killed at once; or asked and waited for without end.
class shutdown_policy {
 public:
  static constexpr duration worker_default = std::chrono::seconds{5};

  shutdown_policy(duration wait) noexcept : wait_{wait} {}  // NOLINT: a plain duration reads best in a spec
  template <class Rep, class Period>
  shutdown_policy(std::chrono::duration<Rep, Period> wait) noexcept : wait_{wait} {}  // NOLINT
  static shutdown_policy brutal_kill() noexcept { return shutdown_policy{duration{0}, true}; }
  static shutdown_policy infinity() noexcept { return shutdown_policy{duration::max()}; }

  bool is_brutal_kill() const noexcept { return brutal_; }
  bool is_infinity() const noexcept { return wait_ == duration::max(); }
  duration wait() const noexcept { return wait_; }
  friend bool operator==(const shutdown_policy&, const shutdown_policy&) = default;

 private:
  shutdown_policy(duration wait, bool brutal) noexcept : wait_{wait}, brutal_{brutal} {}
  duration wait_;
  bool brutal_ = false;
};

// Waiting between restarts: `min`, then doubled each time up to `max`, plus a random part of up to `jitter` of the
// delay. After `reset` without a failure the next delay is `min` again. No delay by default.
struct backoff {
  duration min{0};
  duration max{0};
  double jitter = 0.0;
  duration reset = std::chrono::seconds{60};
  friend bool operator==(const backoff&, const backoff&) = default;
};

// What happens to a message for a mailbox that is at its bound.
enum class overflow : std::uint8_t {
  reject,       // It is refused: an error for who asks, a dead letter for who sends.
  drop_oldest,  // It is taken, and the oldest one becomes a dead letter.
  block,        // The sender's turn does not end before there is room, or the node's ask timeout is over; its messages
                // stay in line then. As reject for what no turn can wait for (messages from outside the tree, from
                // hooks, forwarded and delayed ones), and when 10,000 messages wait already.
};

struct mailbox_options {
  std::size_t limit = 10'000;  // Messages; at least 1. A supervisor has at least 1,000,000, and can only reject.
  troupe::overflow when_full = overflow::reject;
  friend bool operator==(const mailbox_options&, const mailbox_options&) = default;
};

// Builds the agent at each start, on the agent's thread of control. What it throws fails the start.
using agent_factory = std::function<std::unique_ptr<agent>(agent_context&)>;

// What of an agent outlasts its process.
enum class durability : std::uint8_t {
  none,   // What it keeps (agent::keep).
  local,  // Its messages, what its turns have done, and what it keeps: on this node's disk (actors/README.md).
};

struct child_options {
  restart_type restart = permanent;
  bool significant = false;  // Its end counts for auto_shutdown. Not for permanent children.
  // Default: 5 s for a worker, infinity for a supervisor.
  std::optional<shutdown_policy> shutdown = {};
  troupe::backoff backoff = {};
  mailbox_options mailbox = {};
  // The longest a start hook may take; infinite by default, as in OTP.
  duration start_within = duration::max();
  // A turn older than this is reported, once, with what it waits on, and makes the agent unhealthy. It is not ended for
  // it; but a process whose code has run for so long without awaiting anything hangs, and is killed.
  duration turn_budget = std::chrono::seconds{30};
  // A turn older than this is ended, within a second or so: what it awaits, and all that it begins from then on, fails
  // with turn_too_long; its process is killed.
  duration turn_limit = duration::max();
  tier isolation = tier::inlined;
  // local: the node needs a memory, and the agent is neither in a process of its own nor reentrant.
  troupe::durability durability = durability::none;
  // A durable agent that has had nothing to do but wait for so long gives back its object, and the memory of the turn
  // in hand. It is built again, with its start hook, when there is something to do; after a restart of the node not
  // before. One with sub-agents, or that watches others, stays. Default: never.
  duration passivate_after = duration::max();
  process_options process = {};  // For tier::process.
  // What it and everything below it may use (budget.hpp). It stays the same one across restarts.
  troupe::budget budget = {};
  // What is done about failures, by their kind. Default: `restart` decides about all of them.
  fault_policy on_fault = {};
  // A message that failed so often in the same way is set aside (quarantine.hpp); 0: never. What counts is each try of
  // one message, and equal messages that one agent sends again.
  std::uint32_t quarantine_after = 3;
  // Equal messages from outside of the tree count too, as if they were all of one sender.
  bool quarantine_outside = false;
};

namespace actors {
// Builds an agent in a process of its own, from its constructor's arguments in MessagePack.
using process_entry = result<std::unique_ptr<agent>> (*)(agent_context&, std::string_view arguments);
}  // namespace actors

struct child_spec : child_options {
  std::string id = {};  // A path segment, unique among the children of a supervisor.
  child_type type = child_type::worker;
  std::string actor_type = {};  // The label in metrics and lists.
  agent_factory start = {};
  // For tier::process. Null: the constructor's arguments cannot leave the process.
  actors::process_entry entry = nullptr;
  std::string constructor_arguments = {};
  // For a supervisor: what it supervises.
  std::shared_ptr<const supervisor_spec> supervises = {};

  shutdown_policy shutdown_or_default() const noexcept {
    if (shutdown) return *shutdown;
    return type == child_type::supervisor ? shutdown_policy::infinity() : shutdown_policy::worker_default;
  }
};

struct supervisor_spec {
  std::string name = {};
  troupe::strategy strategy = one_for_one;
  int intensity = 1;  // More restarts than this within `period` end the supervisor.
  duration period = std::chrono::seconds{5};
  troupe::auto_shutdown auto_shutdown = auto_shutdown::never;
  std::vector<child_spec> children = {};  // For simple_one_for_one exactly one: the template.
  troupe::budget budget = {};             // As child_options::budget, for a supervisor whose options name none.
};

// nullopt if the supervisor could be started as described; otherwise the first thing that is wrong with it, by name:
// one of duplicate_child and the bad_* codes of errc.hpp.
std::optional<error> check(const supervisor_spec& spec);
std::optional<error> check(const child_spec& child, const supervisor_spec& in);

namespace actors {
// The demangled name of a C++ type without its namespaces: the default label of an agent type.
std::string type_label(const char* mangled);

template <class A, class... Args>
result<std::unique_ptr<agent>> build_in_process(agent_context& context, std::string_view arguments) {
  auto given = net::decode<std::tuple<Args...>>(arguments);
  if (!given) return std::move(given).error();
  return std::apply(
      [&](auto&... each) -> std::unique_ptr<agent> { return std::make_unique<A>(context, std::move(each)...); },
      *given);
}
}  // namespace actors

// An agent of type A, built as A{context, arguments...} at each start. The arguments are copied into the spec; each
// start gets a copy.
template <class A, class... Args>
child_spec child(std::string id, child_options options, Args... arguments) {
  child_spec spec;
  static_cast<child_options&>(spec) = std::move(options);
  spec.id = std::move(id);
  spec.actor_type = actors::type_label(typeid(A).name());
  if constexpr (net::packable<std::tuple<Args...>>) {
    spec.entry = &actors::build_in_process<A, Args...>;
    if (spec.isolation == tier::process || sizeof...(Args) == 0)
      spec.constructor_arguments = net::encode(std::tuple<Args...>{arguments...});
  }
  spec.start = [... arguments = std::move(arguments)](agent_context& context) -> std::unique_ptr<agent> {
    return std::make_unique<A>(context, arguments...);
  };
  return spec;
}

template <class A, class... Args>
child_spec child(std::string id, Args... arguments) {
  return child<A>(std::move(id), child_options{}, std::move(arguments)...);
}

// A supervisor as a child of another; its id is the spec's name.
child_spec child(supervisor_spec spec, child_options options = {});

}  // namespace troupe
