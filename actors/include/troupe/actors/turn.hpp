#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/approval.hpp>
#include <troupe/actors/blocking_work.hpp>
#include <troupe/actors/budget.hpp>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/effect.hpp>
#include <troupe/actors/handler.hpp>
#include <troupe/actors/json.hpp>
#include <troupe/actors/random_engine.hpp>
#include <troupe/actors/tool.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/trace.hpp>
#include <troupe/memory/recall.hpp>
#include <troupe/memory/record.hpp>
#include <troupe/memory/summary_policy.hpp>
#include <troupe/memory/window.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

// The handling of one message by one agent: what the handler knows about it, and all it can do to the world. Owner: the
// runtime; valid until the handler (with everything it awaits) is done, on the agent's thread of control only. An
// effect function begins its effect at once and returns it; `co_await` it for the result.
class turn {
 public:
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

  // What the turn knows.
  agent_ref self() const;
  // The agent or supervisor above; empty at the top.
  agent_ref parent() const;
  // Who sent the message; empty if it came from outside the tree.
  agent_ref sender() const;
  // An agent by absolute path; it need not exist (yet).
  agent_ref ref(const path& where) const;
  // A sub-agent of this agent by its name; it need not exist (yet). Precondition: the name is a path segment.
  agent_ref child(std::string_view name) const;
  // Wall-clock time, and monotonic time, by the node's clock.
  timestamp time() const noexcept;
  instant now() const noexcept;
  // When whoever asked stops waiting, or the wall time of a budget is over. Questions, spawns and blocking work begun
  // in this turn fail with timeout then; a sleep goes on. nullopt: never.
  std::optional<instant> deadline() const noexcept;
  // Whether whoever asked has ended meanwhile: the answer will reach nobody, and the work may be cut short.
  bool asker_gone() const noexcept { return asker_gone_; }
  const trace_context& trace() const noexcept { return trace_; }
  random_engine& random();

  // Effects.
  // Asks another agent: `co_await now.ask<question>(doctor, text)` builds a question from the fields, `now.ask(doctor,
  // q)` takes one. What comes back is the message's reply_type. Fails with the error of the target's handler, or:
  // unknown_agent, agent_down, agent_failed, mailbox_full, no_handler, timeout (by the turn's deadline or the node's
  // ask timeout, whichever is first), would_deadlock (the agent itself, unless it is reentrant; in a start hook its
  // supervisor).
  template <message_value M, class... Fields>
  actors::effect_of_fields<reply_of_t<M>, Fields...> ask(const agent_ref& to, Fields&&... fields) {
    return actors::effect_of_fields<reply_of_t<M>, Fields...>{
        begin_ask(to, message::of(M{std::forward<Fields>(fields)...}), {})};
  }
  template <class M>
  requires message_value<std::remove_cvref_t<M>> actors::effect_of<reply_of_t<M>, M> ask(const agent_ref& to,
                                                                                         M&& question) {
    return actors::effect_of<reply_of_t<M>, M>{
        begin_ask(to, message::of<std::remove_cvref_t<M>>(std::forward<M>(question)), {})};
  }
  // The same with a time limit of its own in place of the node's; the turn's deadline limits it all the same.
  template <message_value M, class... Fields>
  actors::effect_of_fields<reply_of_t<M>, Fields...> ask_within(duration limit, const agent_ref& to,
                                                                Fields&&... fields) {
    return actors::effect_of_fields<reply_of_t<M>, Fields...>{
        begin_ask(to, message::of(M{std::forward<Fields>(fields)...}), limit)};
  }
  template <class M>
  requires message_value<std::remove_cvref_t<M>> actors::effect_of<reply_of_t<M>, M> ask_within(duration limit,
                                                                                                const agent_ref& to,
                                                                                                M&& question) {
    return actors::effect_of<reply_of_t<M>, M>{
        begin_ask(to, message::of<std::remove_cvref_t<M>>(std::forward<M>(question)), limit)};
  }
  // Sends without waiting. What cannot be delivered becomes a dead letter.
  template <message_value M>
  void send(const agent_ref& to, M value) {
    send_message(to, message::of(std::move(value)));
  }
  void send_message(const agent_ref& to, message what);
  // Sends in the name of whoever asked: the other agent answers in this one's place, and what this handler returns is
  // dropped.
  template <message_value M>
  void forward(const agent_ref& to, M value) {
    forward_message(to, message::of(std::move(value)));
  }
  // Sends after a delay, unless this incarnation of the agent ends before; of a durable turn to a durable agent, even
  // then.
  template <message_value M>
  void send_after(duration delay, const agent_ref& to, M value) {
    begin_delayed_send(delay, to, message::of(std::move(value)));
  }
  // Waits without holding a thread.
  effect<void> sleep(duration time);
  // Runs a blocking function on a thread of the node's pool, away from the scheduler. What it throws is the effect's
  // error; overloaded, if too much waits already. After a timeout, or the agent's end, it runs on, and what it gives is
  // dropped: let it own what it uses, or share it, as it may outlive the handler's locals and the agent. One that takes
  // a std::stop_token is told by it when nobody waits any more; one that has not begun by then never does.
  template <class F>
  requires actors::blocking_work < std::remove_cvref_t<F>
  & > auto run(F&& work) {
    using R = typename actors::blocking_result<std::remove_cvref_t<F>&>::type;
    return actors::effect_of<R, F>{begin_run(actors::as_work<R>(std::forward<F>(work)))};
  }

  // Waits for a person's decision (node::decide), for weeks if need be: see passivate_after.
  effect<approval_decision> approval(const approval_request& what);
  // Waits for a message to this agent that is an M, and takes it in place of its handler; whoever asked with it gets an
  // empty answer. Fails with timeout, and with unsupported in a hook or in a process of the agent's own.
  template <message_value M>
  effect<M> receive(duration within = duration::max()) {
    return effect<M>{begin_receive(message_type_of<M>(), within)};
  }
  // A value that would be another one if the turn were run again: what the machine says, a state that others share. It
  // is called at once. A durable turn has what it gave, or threw, written down, and gets that when it is resumed.
  template <class F>
  requires std::invocable < std::remove_cvref_t<F>
  & > auto once(F&& value) {
    using R = std::invoke_result_t<std::remove_cvref_t<F>&>;
    return actors::effect_of<R, F>{begin_once([&] { return actors::as_message<R>(value); })};
  }
  // Whether it is resumed after a crash (child_options::durability). Hooks are not.
  bool durable() const noexcept { return journal_ != nullptr; }
  // Calls a tool of the node by its name (tool_registry.hpp), with its arguments as JSON, as a struct, or as the fields
  // of one: `co_await now.call_tool<place>("weather", "Rome")`. The arguments are checked before anything happens.
  // Fails with unknown_tool, bad_arguments, policy_denied, timeout, tool_crashed, bad_tool_reply, or as the tool does.
  // What the effect's end interrupts is told to stop; it may have happened all the same.
  effect<tool_reply> call_tool(std::string_view name, std::string arguments = {}) {
    return effect<tool_reply>{begin_tool(name, std::move(arguments))};
  }
  template <class A>
  requires net::visitable<std::remove_cvref_t<A>> actors::effect_of<tool_reply, A> call_tool(std::string_view name,
                                                                                             A&& arguments) {
    return actors::effect_of<tool_reply, A>{begin_tool(name, to_json<std::remove_cvref_t<A>>(arguments))};
  }
  template <net::visitable A, class... Fields>
  actors::effect_of_fields<tool_reply, Fields...> call_tool(std::string_view name, Fields&&... fields) {
    return actors::effect_of_fields<tool_reply, Fields...>{
        begin_tool(name, to_json(A{std::forward<Fields>(fields)...}))};
  }

  // Memory (troupe/memory/store.hpp). A space that is the root means the agent's own, which is named like the agent; it
  // and all below it are the agent's to use, more takes a grant. Fails with the store's error (denied, quota_exceeded,
  // memory's overloaded and so on), with unsupported on a node without memory, and with timeout by the turn's deadline.
  // Remembers a record, in the agent's name, and gives its id. It is begun at once: the record is stored whether the
  // effect is awaited or not, and whether the turn fails afterwards or not; of a durable turn, when it ends well. An
  // error that nobody awaits is logged, once a minute. Whatever the agent asks of memory afterwards finds it.
  begun<named_effect<id>> remember(memory::record&& what) { return begun<named_effect<id>>{begin_remember(what)}; }
  begun<effect<id>> remember(const memory::record& what) { return begun<effect<id>>{begin_remember(what)}; }
  // An episode.
  begun<effect<id>> remember(std::string text) {
    return begun<effect<id>>{begin_remember(memory::record{.text = std::move(text)})};
  }
  // What the question finds, the best first. This and what follows uses a thread of the pool for blocking work, and
  // fails with overloaded if too much waits for one.
  effect<std::vector<memory::hit>> recall(const memory::query& what);
  named_effect<std::vector<memory::hit>> recall(memory::query&& what);
  effect<std::vector<memory::hit>> recall(std::string text, std::size_t limit = 10);
  // What holds, or held: see facts_query.
  effect<std::vector<memory::record>> facts(const memory::facts_query& which);
  named_effect<std::vector<memory::record>> facts(memory::facts_query&& which);
  effect<std::vector<memory::record>> facts(std::string key_prefix = {});
  // A prompt about a space that keeps within its tokens.
  effect<memory::window> window(const memory::window_query& what);
  named_effect<memory::window> window(memory::window_query&& what);
  // Summarises what is due by the policy; the id of the summary, or nothing. It goes on after a timeout.
  effect<std::optional<id>> summarize(memory::summary_policy policy = {}, path space = {});

  // Sub-agents of this agent. They are supervised (one_for_one, see agent::supervise_children), and end with it. One
  // that ends without being restarted leaves its name free.
  // Starts a sub-agent and waits until its start hook is through. It is transient: restarted after a failure, and gone
  // when it stops by itself; a child spec says what it likes. Fails with what is wrong with the spec, failed_to_start,
  // already_started, declined, cancelled (this agent is ending), or timeout as `ask` does: the start itself goes on
  // then.
  template <class A, class... Args>
  actors::effect_of_fields<agent_ref, Args...> spawn(std::string name, Args&&... arguments) {
    return actors::effect_of_fields<agent_ref, Args...>{
        begin_spawn(troupe::child<A>(std::move(name), {.restart = transient}, std::forward<Args>(arguments)...))};
  }
  named_effect<agent_ref> spawn(child_spec&& spec) { return named_effect<agent_ref>{begin_spawn(std::move(spec))}; }
  effect<agent_ref> spawn(const child_spec& spec) { return effect<agent_ref>{begin_spawn(spec)}; }
  // Stops a sub-agent and forgets it. Fails with child_not_found.
  effect<void> stop(std::string_view name);

  // Budgets (budget.hpp). All of it is taken from every budget from this agent up to the root, or nothing. Fails with
  // budget_spent, which says whose budget refused it and how that stands, and bad_budget for amounts that cannot be.
  result<reservation> reserve(std::string_view quantity, amount how_much);
  result<reservation> reserve(amounts all);
  // The same, charged at once: for what is certain. For what was used already, reserve 0 and settle.
  result<void> spend(std::string_view quantity, amount how_much);
  result<void> spend(amounts all);
  // The least that is left to this agent, and whose budget that is; of depth, the levels below it. nullopt: no limit.
  std::optional<budget_room> budget_left(std::string_view quantity) const;

  // Death watch.
  // Sends this agent one `down` when the current incarnation of the other ends; at once if there is none. Watching it
  // twice changes nothing. Throws unknown_agent for an empty reference, as the next two do.
  void watch(const agent_ref& who);
  // No `down` for this agent is sent from now on; one that is already in the mailbox is dropped too.
  void unwatch(const agent_ref& who);

  // Ends.
  // Ends this agent when the turn is over.
  void stop(exit_cause cause = exit_cause::normal());
  // In a start hook: this agent chooses not to run (OTP's "ignore").
  void decline();
  // Ends another agent without asking it, as a crash would, once its handler gives its thread back; its supervisor
  // decides what comes next. The root cannot be killed. Throws unknown_agent for an empty reference.
  void kill(const agent_ref& who, std::string why = "killed by a turn");

  // The circuit breaker of a dependency by name, shared by all agents of the node; `guarded` (retry.hpp) uses it.
  // Throws overloaded for one name too many (node_options::breakers_max).
  circuit_breaker& breaker(std::string_view name);

 private:
  friend class actors::cell;
  friend class actors::cell_rest;
  friend class actors::process_agent;
  friend class actors::sub_agent;
  friend class agent;
  friend class task_group;
  friend std::default_delete<turn>;
  explicit turn(actors::cell& owner) noexcept;
  ~turn();
  // A turn is made for every message: threads keep the memory of a few.
  static void* operator new(std::size_t size);
  static void operator delete(void* memory) noexcept;

  // `again`: what came of it does not last, so that a turn that is resumed has it done again.
  actors::effect_handle begin_ask(const agent_ref& to, message question, std::optional<duration> within,
                                  bool again = false);
  actors::effect_handle begin_run(std::function<message(std::stop_token)> work);
  actors::effect_handle begin_once(const std::function<message()>& value);
  actors::effect_handle begin_tool(std::string_view name, result<std::string> arguments);
  actors::effect_handle begin_receive(const message_type* type, duration within);
  actors::effect_handle begin_remember(memory::record what);
  actors::effect_handle begin_memory(actors::memory_request what);
  actors::effect_handle begin_spawn(child_spec spec);
  actors::effect_handle ask_spawner(message request, bool again = false);
  // In a durable turn: an effect whose result the journal has, or that cannot be; nothing for one that has to be done,
  // under the number that `known` has then. In any other turn, nothing.
  std::optional<actors::effect_handle> resumed(actors::effect_kind kind, std::string_view about,
                                               std::string_view arguments, actors::known_effect& known, bool again);
  void number(std::uint64_t effect, const actors::known_effect& known);
  actors::effect_handle begin_wait();  // that another coroutine of this turn ends
  void end_wait(std::uint64_t effect);
  std::string sub_agent_name(std::string_view stem);  // that no other has
  void let_go(std::string name);                      // its end, which nobody waits for
  void begin_delayed_send(duration delay, const agent_ref& to, message what);
  void forward_message(const agent_ref& to, message what);

  actors::cell* cell_;
  const message_type* type_ = nullptr;          // of the message in hand
  message in_hand_;                             // kept for handlers that take a reference
  message kept_;                                // for another try, or to be set aside; empty: not kept
  std::shared_ptr<actors::reply_sink> origin_;  // who gets the reply; shared with the sender
  std::uint64_t reply_to_ = 0;                  // the origin's effect; 0: nobody waits, or it is answered
  std::uint64_t number_ = 0;
  instant started_{};
  instant deadline_ = instant::max();
  trace_context trace_{};
  std::optional<random_engine> random_;
  std::optional<exit_cause> stop_;
  std::unique_ptr<actors::turn_journal> journal_;  // of a durable turn
  actors::invocation running_;                     // the handler's coroutine, if it is one
  turn* next_question_ = nullptr;                  // among the turns that somebody waits for
  std::uint64_t room_effect_ = 0;                  // limits the wait for room; 0: there is none
  std::uint32_t blocked_sends_ = 0;  // sends that wait for room in a mailbox; the turn ends when they have it
  std::uint32_t index_ = 0;          // among the cell's turns
  std::uint32_t sub_agents_ = 0;     // that were given a name by the turn
  std::uint32_t tries_ = 0;          // that have failed
  std::uint32_t aside_ = 0;          // the message's number in quarantine, if the operator sent it again
  actors::turn_kind kind_{};
  bool committing_ = false;  // it is over, and what it did is on its way to disk
  bool declined_ = false;
  bool asked_ = false;  // somebody waits for an answer, or did
  bool asker_gone_ = false;
  bool reported_ = false;             // as older than its budget
  std::unique_ptr<error> cancelled_;  // why it gets no effects any more; null: it does
};

}  // namespace troupe
