#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/agent_types.hpp>
#include <troupe/actors/approval.hpp>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/circuit_breaker.hpp>
#include <troupe/actors/effect.hpp>
#include <troupe/actors/fwd.hpp>
#include <troupe/actors/health.hpp>
#include <troupe/actors/quarantine.hpp>
#include <troupe/actors/supervision.hpp>
#include <troupe/actors/tool.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/log.hpp>
#include <troupe/core/metrics.hpp>
#include <vector>

namespace troupe {

enum class scheduling : std::uint8_t {
  threads,        // Agents run in parallel on `node_options::threads` threads.
  deterministic,  // Agents run one at a time, only inside settle(), advance() and ask(), by the thread that calls them.
};

struct node_options {
  troupe::scheduling scheduling = scheduling::threads;
  std::size_t threads = 0;              // 0: as many as there are cores.
  std::size_t blocking_threads = 4;     // For turn::run; at least 1.
  std::size_t blocking_queue = 10'000;  // Pieces of blocking work that may wait; at least 1.
  // How long a question waits that does not say so itself, and a turn for room in a mailbox. Positive.
  duration ask_timeout = std::chrono::seconds{60};
  // How long a kill waits for a handler that runs, before the agent is abandoned. Positive.
  duration kill_grace = std::chrono::seconds{1};
  // Processes for agents of tier::process that are kept ready, once there has been one.
  std::size_t warm_processes = 1;
  // Circuit breakers by the name of what they guard, and those that are not named; so many may be used.
  std::map<std::string, breaker_options, std::less<>> breakers = {};
  breaker_options breaker = {};
  std::size_t breakers_max = 256;
  std::size_t quarantine_max = 1'000;  // Messages in quarantine; the oldest gives way. 0: there is no quarantine.
  std::uint64_t seed = 0;              // Of all randomness; 0: from the system.
  troupe::budget budget = {};          // What all agents of the node may use (budget.hpp).
  tool_limits tools = {};              // How many tools, and how much of them (tool_registry.hpp).
  std::size_t dead_letters_kept = 1'000;
  std::uint64_t settle_visits_max = 10'000'000;  // After so many visits to agents settle() gives up; at least 1.
  // What agents remember, and what they keep across restarts; shared with the caller. The node tidies it, once a
  // minute, unless it is deterministic. Null: there is no memory.
  std::shared_ptr<troupe::memory::store> memory = {};
  std::shared_ptr<troupe::clock> clock = {};  // Shared with the caller. Default: real time. Threads need real time.
  std::optional<logger> log = {};             // Default: warnings to stderr.
};

// The answer to a question that was asked from outside the tree. Movable; threads: one.
class pending_message {
 public:
  pending_message(std::shared_ptr<actors::reply_sink> waiter, duration longest, bool deterministic) noexcept
      : waiter_{std::move(waiter)}, longest_{longest}, deterministic_{deterministic} {}
  bool ready() const;
  // Waits (in real time) and takes the answer; once. In deterministic scheduling it does not wait: timeout, if it is
  // not ready.
  result<message> get();

 private:
  std::shared_ptr<actors::reply_sink> waiter_;  // shared with the question in flight
  duration longest_;
  bool deterministic_;
};

// The same with the type of the answer.
template <class R>
class pending {
 public:
  explicit pending(pending_message inner) noexcept : inner_{std::move(inner)} {}
  bool ready() const { return inner_.ready(); }
  result<R> get() { return actors::typed_reply<R>(inner_.get()); }

 private:
  pending_message inner_;
};

// One process's part of a troupe: the scheduler, the tree of agents, their names and counters. Owner: the program.
// Threads: any may call it; agents must not (they use their turn). The destructor stops the tree and waits for it. The
// constructor throws failure(invalid_argument) for options out of their bounds, and failure(bad_budget).
class node {
 public:
  explicit node(node_options options = {});
  node(const node&) = delete;
  node& operator=(const node&) = delete;
  ~node();

  // Starts a supervisor with its children at the top of the tree, as /name, and waits for them without a limit. If it
  // ever ends by itself, so does `wait`. Fails with what is wrong with the spec, already_started, failed_to_start, or
  // node_stopping; in deterministic scheduling with timeout if a start hook needs time, and the start goes on.
  result<agent_ref> supervise(supervisor_spec spec);
  agent_types& types() noexcept;
  // What `turn::call_tool` can call.
  tool_registry& tools() noexcept;

  // An agent by path; it need not exist (yet).
  agent_ref ref(const path& where) const;
  // What cannot be delivered becomes a dead letter.
  template <message_value M>
  void send(const agent_ref& to, M value) {
    send_message(to, message::of(std::move(value)));
  }
  // Sends to a durable agent, and waits until the message is on disk: from then on it is not lost, whatever happens to
  // the process. Gives its name in the journal. Fails with unsupported for an agent that is not durable, unknown_agent,
  // mailbox_full, the memory's error, or timeout after node_options::ask_timeout: then it may be accepted all the same.
  template <message_value M>
  result<id> post(const agent_ref& to, M value) {
    return post_message(to, message::of(std::move(value)));
  }
  // Asks and waits, for node_options::ask_timeout unless `within` says otherwise. Fails as turn::ask does, or with
  // node_stopping. In deterministic scheduling the clock stands still meanwhile: what needs time fails with timeout.
  // Never from a handler.
  template <message_value M>
  result<reply_of_t<M>> ask(const agent_ref& to, M question, std::optional<duration> within = {}) {
    return actors::typed_reply<reply_of_t<M>>(ask_message(to, message::of(std::move(question)), within));
  }
  // Asks and goes on; the time runs from here.
  template <message_value M>
  pending<reply_of_t<M>> begin_ask(const agent_ref& to, M question, std::optional<duration> within = {}) {
    return pending<reply_of_t<M>>{begin_ask_message(to, message::of(std::move(question)), within)};
  }

  // Ends an agent without asking it, as soon as its handler gives its thread back; its supervisor decides what comes
  // next. Does not wait. Nobody there: nothing happens. The root cannot be killed.
  void kill(const agent_ref& who, std::string why = "killed from outside");

  // Waits until a top-level supervisor ends, or request_stop or stop is called, and says why.
  exit_cause wait();
  // Ends `wait`, no more; safe from any thread, agents included.
  void request_stop(std::string why = "stop requested");
  // Stops the tree, in order, and waits for it and for the threads; a handler that does not return is waited for. So
  // does whoever calls it again meanwhile.
  void stop();

  // What the tools read; agents are not disturbed. In order of their paths, supervisors and the root included. `info`
  // costs as much as `agents`, since health rolls up.
  std::vector<agent_info> agents() const;
  std::optional<agent_info> info(const path& where) const;
  std::array<std::uint64_t, drop_reasons> dropped() const;
  // The last dead letters, oldest first; bounded by node_options::dead_letters_kept.
  std::vector<dead_letter> dead_letters() const;
  // Those that were used, in order of their names.
  std::vector<breaker_info> breakers() const;
  std::uint64_t messages_processed() const;
  std::uint64_t restarts() const;
  metrics_registry& metrics() noexcept;
  // What `metrics` holds and what can be read off the agents, in the Prometheus text format, per agent type.
  std::string metrics_text() const;
  const troupe::clock& clock() const noexcept;
  const logger& log() const noexcept;
  // As long as the node; null: it has none.
  troupe::memory::store* memory() const noexcept { return memory_.get(); }

  // Messages that were set aside (quarantine.hpp), oldest first. An agent's stay when it ends for good. Errors:
  // errc::not_found.
  std::vector<quarantine_entry> quarantine() const;
  result<quarantine_entry> quarantined(std::uint64_t id) const;
  // Hands the message to its agent again, and gives what that answers. One that is handled is no longer set aside; one
  // that fails stays. Waits and fails as `ask` does.
  result<message> retry_quarantined(std::uint64_t id, std::optional<duration> within = {});
  pending_message begin_retry_quarantined(std::uint64_t id, std::optional<duration> within = {});
  result<void> drop_quarantined(std::uint64_t id);

  // Questions of agents to people, in the order in which they were asked, of durable agents that do not run yet, too.
  std::vector<open_approval> approvals() const;
  // Answers one. For a durable agent, the decision is on disk when this returns. Errors: errc::not_found, if nobody
  // waits for it (any more); the memory's; timeout, after node_options::ask_timeout.
  result<void> decide(const id& approval, approval_decision decision);

  // Forgets a durable agent that is never to be started again: its messages (whoever asked gets agent_down), its turns,
  // and what is used of its budget. What it keeps and remembers stays. Waits until that is on disk. Errors:
  // errc::invalid_argument, if it runs; errc::not_found; the memory's; timeout, after node_options::ask_timeout.
  result<void> forget(const path& durable_agent);

  // Deterministic scheduling only (with a virtual_clock); every other use is a bug and throws.
  // Runs until nobody has anything to do at the present time. Throws overloaded if that does not happen within
  // node_options::settle_visits_max.
  void settle();
  // Moves the clock, firing each timer at its own time and settling after it.
  void advance(duration time);

  // For caf_bridge.hpp.
  actors::runtime& internals() noexcept { return *runtime_; }

 private:
  void send_message(const agent_ref& to, message what);
  result<id> post_message(const agent_ref& to, message what);
  result<message> ask_message(const agent_ref& to, message question, std::optional<duration> within);
  pending_message begin_ask_message(const agent_ref& to, message question, std::optional<duration> within);

  std::shared_ptr<troupe::memory::store> memory_;  // shared with the caller; the agents use it until stop()
  std::shared_ptr<actors::runtime> runtime_;       // shared with the shells that references keep
};

}  // namespace troupe
