#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <vector>

// The journal of durable agents: messages that were accepted for them, and how far the turns are that handle these. A
// turn is named like the message that it handles. Agents are named by their paths; nobody needs a grant for it, as the
// runtime alone writes it. What commands do to it: command.hpp.

namespace troupe::memory {

inline constexpr std::size_t message_size_bytes_max = 16 << 20;
inline constexpr std::size_t aside_reason_size_bytes_max = 4 << 10;
inline constexpr std::size_t effect_label_size_bytes_max = 512;
inline constexpr std::size_t effect_request_size_bytes_max = 64 << 10;
inline constexpr std::size_t effect_result_size_bytes_max = 16 << 20;
inline constexpr std::size_t charges_max = 4096;  // of one effect

// A message that was accepted for a durable agent. It is kept until the turn that handles it has ended.
struct inbox_message {
  troupe::id name = {};  // a message that comes again under the name of one that is there is that one
  path to = {};
  std::string type = {};  // of the message
  std::string bytes = {};
  std::string from = {};     // the sender's path; empty: it came from outside of the tree
  troupe::id asker = {};     // the turn of the sender that waits for the answer; nil: none that is durable
  std::uint32_t effect = 0;  // the number of the question in that turn
  std::optional<timestamp> deadline = {};  // of whoever waits
  std::optional<timestamp> due = {};       // it is not to be handled before
  std::string trace = {};                  // W3C traceparent; may be empty
  std::string aside = {};                  // why it is set aside; empty: it is in line

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("name", self.name), visit("to", self.to), visit("type", self.type), visit("bytes", self.bytes);
    visit("from", self.from), visit("asker", self.asker), visit("effect", self.effect);
    visit("deadline", self.deadline), visit("due", self.due), visit("trace", self.trace);
    visit("aside", self.aside);
  }
};

// What is in use of one quantity of an agent's budget: how it stands, or how an effect changes it.
struct charge {
  path account = {};  // the agent's
  std::string quantity = {};
  std::int64_t reserved = 0;  // by turns that have not ended
  std::int64_t spent = 0;
  std::int64_t overrun = 0;

  bool is_nothing() const noexcept { return reserved == 0 && spent == 0 && overrun == 0; }
  friend bool operator==(const charge&, const charge&) = default;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("account", self.account), visit("quantity", self.quantity), visit("reserved", self.reserved);
    visit("spent", self.spent), visit("overrun", self.overrun);
  }
};

// An effect of a turn that has begun, or has a result.
struct journaled_effect {
  std::uint32_t number = 0;                // in the order in which the turn began them, from 1
  std::uint32_t order = 0;                 // in which they got their results, from 1; 0: it has none yet
  std::string label = {};                  // what it is, for people: `ask /team/clock (question)`
  std::uint64_t digest = 0;                // of its kind and its arguments
  timestamp at{};                          // when it got its result, or was begun
  std::string request = {};                // of one that waits for a person's word: what is asked
  std::optional<std::string> result = {};  // as the runtime encodes it
  // Of an effect on budgets, which has its result as soon as it has begun: what it changed. nullopt: it is another one.
  std::optional<std::vector<charge>> charges = {};

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("number", self.number), visit("order", self.order), visit("label", self.label);
    visit("digest", self.digest), visit("at", self.at), visit("request", self.request);
    visit("result", self.result), visit("charges", self.charges);
  }
};

// A turn that has not ended, as far as it was journaled.
struct journaled_turn {
  timestamp began{};
  std::vector<journaled_effect> effects;  // by number
};

// What an agent without anything to do but wait, waits for.
struct rest {
  std::optional<timestamp> until = {};  // nullopt: no time
  bool messages = false;                // a message, too

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("until", self.until), visit("messages", self.messages);
  }
};

// A question to a person that a turn waits for.
struct open_request {
  troupe::id turn = {};
  std::uint32_t effect = 0;
  timestamp asked{};
  std::string request = {};
};

// An agent that was registered as durable.
struct durable_agent {
  path agent = {};
  std::size_t messages = 0;                 // in its inbox
  std::optional<memory::rest> rest = {};    // nullopt: it has something to do
  std::vector<open_request> requests = {};  // without an answer
  std::vector<inbox_message> set_aside = {};
};

// What is kept for one agent.
struct agent_journal {
  std::vector<inbox_message> inbox = {};            // in the order in which they were accepted
  std::map<troupe::id, journaled_turn> turns = {};  // those that have begun, by the names of their messages
  bool more = false;                                // there are more messages than were asked for
};

}  // namespace troupe::memory
