#pragma once

#include <cstdint>
#include <string>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/journal.hpp>

// The commands that change the journal of durable agents (journal.hpp); the others, and what a command is: command.hpp.

namespace troupe::memory {

// Makes a durable agent known, so that messages are accepted for it while it does not run.
struct register_agent {
  path agent;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent);
  }
};

// Accepts a message for a durable agent. One whose name is there already, or whose answer is, does nothing (see
// outcome::repeated_messages). Fails with stale, if the asker's turn is over.
struct accept_message {
  inbox_message what;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("message", self.what);
  }
};

// When the turn of an accepted message began. A turn that has begun already stays as it is. Fails with stale, if it is
// over.
struct begin_turn {
  path agent;
  troupe::id turn;
  timestamp at{};

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("turn", self.turn), visit("at", self.at);
  }
};

// An effect of a turn that has begun, or has its result: then it gets the next place in the order of results. One that
// has a result already keeps it. Fails with stale, if the turn is over.
struct note_effect {
  path agent;
  troupe::id turn;
  journaled_effect what;  // its `order` is not looked at

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("turn", self.turn), visit("effect", self.what);
  }
};

// An effect on budgets: its result, as note_effect has it, and what it changes in the accounts of agents. One that is
// known already does nothing, so that nothing is charged twice. Fails with stale, if the turn is over.
struct note_charges {
  path agent;
  troupe::id turn;
  journaled_effect what;  // with a result and charges

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("turn", self.turn), visit("effect", self.what);
  }
};

// Ends a turn: its message and its journal go. A turn that waits for the answer gets it as the result of its effect.
// What it has reserved of budgets and not settled is spent: nobody knows any more what came of it. Fails with stale, if
// it is over already.
struct end_turn {
  path agent;
  troupe::id turn;
  std::string answer;  // as the runtime encodes it

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("turn", self.turn), visit("answer", self.answer);
  }
};

// That a turn waits for nothing but time, a message or somebody's word, so that its agent need not run meanwhile. It
// holds until the turn gets its next result; it does nothing if the turn has another number of results than `results`.
// Fails with stale, if the turn is over.
struct rest_turn {
  path agent;
  troupe::id turn;
  std::uint32_t results = 0;
  memory::rest rest;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("turn", self.turn), visit("results", self.results), visit("rest", self.rest);
  }
};

// Takes a message that cannot be handled out of the line; its journal stays, and nobody waits for it any more: the turn
// that did gets the answer. Fails with stale, if its turn is over.
struct set_message_aside {
  path agent;
  troupe::id message;
  std::string why;  // not empty
  std::string answer;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("message", self.message), visit("why", self.why), visit("answer", self.answer);
  }
};

// Puts it at the end of the line again, for another try. One that is in line stays where it is. Fails with stale, if
// its turn is over.
struct take_message_back {
  path agent;
  troupe::id message;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("message", self.message);
  }
};

// Forgets a durable agent: its messages go, each with this answer to the turn that waits for it, its journal, and what
// is in use of its own budget.
struct forget_agent {
  path agent;
  std::string answer;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("agent", self.agent), visit("answer", self.answer);
  }
};

}  // namespace troupe::memory
