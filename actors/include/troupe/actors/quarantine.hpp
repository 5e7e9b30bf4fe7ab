#pragma once

#include <cstdint>
#include <string>
#include <troupe/actors/fault.hpp>
#include <troupe/actors/message.hpp>
#include <vector>

// Messages that were set aside because they failed the same way again and again. The node keeps them
// (node::quarantine and the functions after it); every supervisor answers the requests below for what is under its
// path. Plain values that may cross nodes.

namespace troupe {

// One failure of a message.
struct failed_try {
  std::int64_t when_ns = 0;       // Wall time: nanoseconds since 1970, UTC.
  std::uint64_t incarnation = 0;  // Of the agent that it failed.
  std::string sender = {};        // The path of whoever sent it; empty: from outside of the tree.
  std::string text = {};          // What the failure said.
  TROUPE_MESSAGE(failed_try, when_ns, incarnation, sender, text)
};

// A message that was set aside, and why.
struct quarantine_entry {
  std::uint64_t id = 0;           // Counted from 1, never used again.
  std::string agent = {};         // The path of the agent that it fails.
  std::string message_type = {};  // The name of its type.
  std::uint64_t failures = 0;     // Failed tries, those of the operator included.
  std::uint64_t refused = 0;      // Equal messages that were not handled since.
  std::int64_t first_ns = 0;      // Wall time of the first and the last failure, as in failed_try.
  std::int64_t last_ns = 0;
  std::uint8_t fault = 0;                // The number of the kind of its failures.
  std::string text = {};                 // What they said.
  std::vector<failed_try> history = {};  // The first and the latest, oldest first; 16 at most.
  // The fields of the message as text, {text: "…", count: 3}, 4 KiB at most; of one whose fields cannot be shown, its
  // type and why.
  std::string content = {};

  troupe::fault kind() const noexcept { return static_cast<troupe::fault>(fault); }
  TROUPE_MESSAGE(quarantine_entry, id, agent, message_type, failures, refused, first_ns, last_ns, fault, text, history,
                 content)
};

// Oldest first.
struct quarantine_entries {
  std::vector<quarantine_entry> entries = {};
  TROUPE_MESSAGE(quarantine_entries, entries)
};
struct list_quarantine {
  using reply_type = quarantine_entries;
  TROUPE_MESSAGE(list_quarantine)
};
// Errors of the next three: errc::not_found, if no message under this supervisor has this number.
struct inspect_quarantined {
  std::uint64_t id = 0;
  using reply_type = quarantine_entry;
  TROUPE_MESSAGE(inspect_quarantined, id)
};
// Hands the message to its agent again. Answered when it was handled, with the agent's error if it fails; then it stays
// set aside.
struct retry_quarantined {
  std::uint64_t id = 0;
  using reply_type = done;
  TROUPE_MESSAGE(retry_quarantined, id)
};
struct drop_quarantined {
  std::uint64_t id = 0;
  using reply_type = done;
  TROUPE_MESSAGE(drop_quarantined, id)
};

}  // namespace troupe
