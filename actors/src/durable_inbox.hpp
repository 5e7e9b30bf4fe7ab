#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/command.hpp>
#include <unordered_set>
#include <vector>

#include "mailbox.hpp"
#include "reply_sink.hpp"

namespace troupe::actors {

class durable_inbox;
struct journaled_result;

// A question of a durable turn: who asks, as the journal names it. Owner: the question's envelope. Threads: any.
class durable_question final : public reply_sink {
 public:
  durable_question(std::shared_ptr<cell> asker, std::uint64_t effect, id turn, std::uint32_t number,
                   std::vector<memory::operation> before);
  ~durable_question() override;
  void resolve(std::uint64_t effect, result<message> reply) override;
  cell* as_cell() noexcept override;
  agent_ref sender() override;

  const id turn;
  const std::uint32_t number;
  std::vector<memory::operation> before;  // what the journal has to know before the message is accepted

 private:
  const std::shared_ptr<cell> asker_;  // shared with the tree
  const std::uint64_t effect_;
};

// A message that is in the inbox of a durable agent: whoever answers it ends its turn on disk, and then tells whoever
// waits. That the agent went down is no answer: the message stays, for the agent's next start. Owner: the envelope or
// the turn that has it. Threads: any.
class accepted_message final : public reply_sink, public std::enable_shared_from_this<accepted_message> {
 public:
  // `waiter`: who waits in this process; may be null. `asker`: the durable turn that waits, or nil.
  accepted_message(std::shared_ptr<durable_inbox> of, const memory::inbox_message& what,
                   std::shared_ptr<reply_sink> waiter, std::uint64_t effect);

  const id& name() const noexcept { return name_; }
  bool has_durable_asker() const noexcept { return !asker_.is_nil(); }
  bool has_waiter() const noexcept { return waiter_ && effect_ != 0 && asker_.is_nil(); }
  void resolve(std::uint64_t, result<message> reply) override;
  void fail(std::uint64_t, error why, const exit_cause& cause) override;
  // What the journal has to know before it is told that the turn has failed. By whoever calls `fail` next.
  void ends_after(std::vector<memory::operation> what) { before_ = std::move(what); }
  agent_ref sender() override;
  // It stays on disk, out of the line, with its turn's journal; whoever waits gets this answer.
  void set_aside(std::string why, error answer);
  // Once the turn has ended on disk; `answer` is what was stored, and whether a durable asker has it.
  void ended(const result<message>& reply, const std::string& answer, timestamp at, bool asker_has_it);

 private:
  void end(result<message> reply);
  void tell(const result<message>& reply);

  const std::shared_ptr<durable_inbox> of_;  // shared with the cell
  const id name_;
  const std::string from_;
  const id asker_;
  const std::uint32_t number_;
  const std::shared_ptr<reply_sink> waiter_;  // shared with whoever asks
  const std::uint64_t effect_;
  std::vector<memory::operation> before_;
};

// The inbox of a durable agent: what is accepted for it, on disk first and then in its cell's mailbox. Owners: the
// cell, and messages on their way. Threads: any.
class durable_inbox final : public std::enable_shared_from_this<durable_inbox> {
 public:
  using accepted = std::function<void(result<id>)>;

  // It takes up to `limit` messages.
  durable_inbox(std::shared_ptr<runtime> home, troupe::path where, std::size_t limit);

  // Accepts a message: `then` is called once it is on disk, or with why it is not. Who waits for an answer hears of an
  // error too.
  void accept(envelope&& mail, accepted then = {});
  // The operation that accepts a message which another agent's turn has sent, and what puts it into the mailbox when
  // that turn has been committed.
  struct staged {
    memory::accept_message what;
    envelope mail;
    std::shared_ptr<void> room = {};  // until it is on disk
  };
  result<staged> stage(envelope&& mail, id name) const;
  void arrive(staged&& what);
  // What was read from disk when the cell started, but for what is in its mailbox already.
  std::vector<envelope> take_in(std::vector<memory::inbox_message> stored);
  std::size_t limit() const;
  void set_limit(std::size_t limit);
  // The journal knows the agent, and has so many messages for it.
  void was_found(std::size_t messages, std::optional<memory::rest> rest);
  // What it was found to wait for, if nothing has come since; once.
  std::optional<memory::rest> take_rest();
  // Tells the agent of a result that is in the journal.
  void tell_result(const journaled_result& what);
  // A message that is set aside is tried again, as `mail` says; or it is done.
  void take_back(const id& name, envelope&& mail);
  void drop(const id& name);
  // All that is on disk for the agent goes. Blocks for reading; `told` is told when it is done.
  void forget_agent(const std::shared_ptr<reply_sink>& told);
  // Messages whose time has come, and when it comes for the next one.
  std::vector<envelope> take_due(instant now);
  instant next_due() const;
  // The node ends: what is not due stays on disk alone.
  void close();
  // What is to be done so that the journal knows it; and that it was done.
  std::vector<memory::operation> registration() const;
  void was_registered();
  // Room for a message more, as long as it is held; null, if there is none.
  std::shared_ptr<void> take_room();
  void was_accepted(std::size_t messages);
  // The message is neither in the mailbox nor in hand: whoever starts next reads it from disk, unless its turn has
  // ended.
  void forget(const id& name);
  void ended(const id& name);

  runtime& home() const noexcept { return *home_; }
  const troupe::path& where() const noexcept { return where_; }

 private:
  void taken_back(const id& name, envelope&& mail);
  // In its mailbox, or in hand. False: it was already.
  bool know(const id& name);

  const std::shared_ptr<runtime> home_;  // shared with the node
  const troupe::path where_;
  mutable std::mutex mutex_;
  std::size_t limit_;
  bool registered_ = false;
  std::unordered_set<id> known_;  // in the mailbox or in hand
  std::optional<memory::rest> rest_;
  std::multimap<instant, envelope> later_;  // until they are due
  std::size_t on_disk_ = 0;
  std::size_t being_accepted_ = 0;  // with those on disk: up to limit_
};

}  // namespace troupe::actors
