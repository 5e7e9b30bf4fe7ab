#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/handler.hpp>
#include <troupe/actors/task.hpp>
#include <troupe/actors/turn.hpp>
#include <troupe/core/log.hpp>
#include <troupe/net/codec.hpp>
#include <utility>
#include <vector>

namespace troupe {

// What an agent is told when it is built. Owner: the runtime; valid during the constructor only.
class agent_context {
 public:
  agent_context(const agent_context&) = delete;
  agent_context& operator=(const agent_context&) = delete;

  const path& where() const noexcept;
  // 1 for the first start under this supervisor, one more after each restart.
  std::uint64_t incarnation() const noexcept { return incarnation_; }
  // What start_template_child carried; empty otherwise.
  const message& arguments() const noexcept;

 private:
  friend class actors::cell;
  friend class agent;
  agent_context(actors::cell& owner, std::uint64_t incarnation) noexcept : cell_{owner}, incarnation_{incarnation} {}
  actors::cell& cell_;
  std::uint64_t incarnation_;
};

namespace actors {

// A member of an agent that lasts longer than the agent's object.
struct kept_member {
  std::string key;
  std::function<result<std::string>()> encode;
  std::function<result<void>(std::string_view)> decode;
  std::string stored = {};  // as it is in memory, or will be
};

}  // namespace actors

// How an agent supervises the sub-agents it spawns from its turns.
struct spawn_policy {
  troupe::strategy strategy = one_for_one;  // Not simple_one_for_one.
  int intensity = 1;
  duration period = std::chrono::seconds{5};
};

// An actor with state. Derive, register handlers in the constructor with `on`, and name the class in a child spec:
//
//   class greeter : public troupe::agent {
//    public:
//     explicit greeter(troupe::agent_context& context) : agent{context} { on(&greeter::reply); }
//    private:
//     answer reply(question q) { return {"hello " + q.text}; }
//   };
//
// A handler takes a message (by value or const reference) and, if it wants, the turn; it is a plain function or a
// coroutine (task<T>). What it returns answers the sender; a result<T> may answer with an error. What it throws ends
// this incarnation: the sender is told why, the supervisor decides, and the object is built anew under the same path
// while queued mail waits. Owner: the runtime. Threads: all members run on one thread of control, one turn at a time
// unless `reentrant` was called.
class agent {
 public:
  agent(const agent&) = delete;
  agent& operator=(const agent&) = delete;
  virtual ~agent();

 protected:
  explicit agent(agent_context& context);

  // Registers a handler; the type of its first argument selects it. The last one registered for a type wins. To be
  // called in the constructor: throws unsupported in a turn.
  template <class F>
  void on(F handler) {
    add_handler(std::make_unique<actors::handler<F>>(std::move(handler)));
  }

  // Lets up to `turns` turns interleave at their awaits, still on one thread of control. Without this, messages wait
  // until the turn in hand is over. To be called in the constructor. Throws invalid_argument for 0.
  void reentrant(std::size_t turns = 100);
  // How sub-agents spawned by this agent are restarted. To be called in the constructor. Throws what is wrong with the
  // policy.
  void supervise_children(spawn_policy policy);

  // Keeps a member in the node's memory, as the state `key` of the agent's own space. It is restored before the start
  // hook of each incarnation, those of a later run of the program included: the member has its last state then, and
  // what the constructor gave it if there is none. It is saved at the end of each turn that did not throw, hooks
  // included, if it has changed; so what a failed turn did to it is gone after the restart. Each turn encodes it: for
  // what is small, to some KiB. A state that does not decode fails the start, and is in the log. Fields of a struct
  // that a newer program has saved, and this one does not know, are saved again with it (structs in it keep theirs in a
  // member, net::unknown_fields).
  //
  // The turn's answer does not wait until the state is synced: whoever kills the machine in between gets the state
  // before. On a node without memory nothing is kept, which the log says once, at debug level. To be called in the
  // constructor: throws unsupported in a turn, and already_exists for a second member of that key.
  template <class T>
  requires net::packable<T>
  void keep(std::string key, T& member) {
    auto unknown = std::make_shared<net::unknown_fields>();  // shared by the two functions
    add_kept({std::move(key),
              [&member, unknown]() -> result<std::string> {
                std::string bytes;
                if (auto done = net::append_keeping(bytes, std::as_const(member), *unknown); !done)
                  return std::move(done).error();
                return bytes;
              },
              [&member, unknown](std::string_view bytes) -> result<void> {
                auto value = net::decode_keeping<T>(bytes, *unknown);
                if (!value) return std::move(value).error();
                member = *std::move(value);
                return ok();
              }});
  }

  // Runs before the first message; the supervisor waits for it, no longer than child_options::start_within. What it
  // throws fails the start: failed_to_start for whoever asked for it.
  virtual task<void> on_start(turn& now);
  // Runs instead of on_start after a restart: rebuild the state here. Default: on_start.
  virtual task<void> on_restart(turn& now, const exit_cause& previous);
  // The last call to a failed object, before its successor is built. It cannot wait. What it throws is logged.
  virtual void pre_restart(const exit_cause& cause);
  // Runs when the agent ends for good or is stopped, its sub-agents being gone already; not after a kill, a failed
  // start or `decline`. It has the shutdown time of the child spec. What it throws is logged.
  virtual task<void> post_stop(turn& now, const exit_cause& cause);

  const path& where() const noexcept;
  std::uint64_t incarnation() const noexcept;
  // The node's log.
  const logger& log() const noexcept;

 private:
  friend class actors::cell;
  friend class actors::process_agent;
  friend class actors::supervisor_agent;
  void add_handler(std::unique_ptr<actors::handler_base> handler);
  void add_kept(actors::kept_member what);
  task<void> restore_and_start(turn& now, const exit_cause& previous);
  task<void> restore_kept(turn& now);
  // Throws what cannot be encoded.
  void save_kept();
  actors::handler_base* handler_for(const message_type* type) const noexcept;
  // For an agent that stands for one in another process: a handler of messages that it has none for itself.
  virtual actors::handler_base* other_handler(std::string_view message_type) noexcept;
  // Ends what it has outside of this process. True if that takes time: signal_kind::process_ended follows.
  virtual bool end_outside();
  // What the turn there waits on, in words.
  virtual std::string outside_state() const;
  // The handler of an encoded message, by name, and the message decoded for it; null if there is none. Fails with
  // bad_message.
  result<actors::handler_base*> decode_for_handler(message& what) const;

  actors::cell& cell_;
  std::vector<std::unique_ptr<actors::handler_base>> handlers_;
  std::unique_ptr<actors::kept_state> kept_;  // null: it keeps nothing
};

}  // namespace troupe
