#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/memory/journal.hpp>
#include <vector>

#include "durable_inbox.hpp"
#include "turn_journal.hpp"

namespace troupe::actors {

// What came of something that a durable turn had written down.
struct journaled_result {
  id turn;
  std::uint32_t number = 0;  // of the effect; 0: the turn's commit
  timestamp at{};
  result<std::string> stored;              // as the journal has it, or why it was not written
  std::shared_ptr<envelope> message = {};  // of a commit: what was handled
  std::uint32_t notes = 0;                 // on budgets, of this life of the turn, that are on disk with it
  bool begins = false;                     // it has no result yet: it waited for these
};

// A message that is no longer set aside: its turn, as far as it was journaled.
struct taken_back_message {
  id name;
  memory::journaled_turn turn;
  std::shared_ptr<envelope> mail;
};

// What a cell has besides if its agent is durable. All but the inbox is used by its thread of control only.
struct durable_cell {
  const std::shared_ptr<durable_inbox> inbox;          // shared with messages on their way
  bool loaded = false;                                 // what was on disk before
  std::map<id, memory::journaled_turn> journals = {};  // of turns that were not ended, until they go on
  std::vector<journaled_result> early = {};            // results for these
  instant active_at{};                                 // when it did something, if it can become passive
  std::optional<memory::rest> rest = {};               // what it waits for while it is passive
  bool passivating = false;
  bool waking = false;  // from being passive: its start hook runs
};

}  // namespace troupe::actors
