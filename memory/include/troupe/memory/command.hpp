#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/journal_command.hpp>
#include <troupe/memory/record.hpp>
#include <troupe/memory/space.hpp>
#include <variant>
#include <vector>

// What changes a memory: commands, one after the other. The state after a stream of commands is a function of that
// stream alone: times, ids and vectors are in the commands. So a stream that several nodes agree on gives all of them
// the same memory.

namespace troupe::memory {

// A new record. Its id, space, author and recorded time are set. `vector`: as vector_math codes it; may be empty.
struct put_record {
  record what;
  std::string vector;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("record", self.what), visit("vector", self.vector);
  }
};

// Gives a summary other words, and fewer sources, under the same id.
struct remake_summary {
  troupe::id id;
  std::string text;
  std::string vector;
  std::vector<troupe::id> sources;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("id", self.id), visit("text", self.text), visit("vector", self.vector), visit("sources", self.sources);
  }
};

// Erases records and, with them, all that was derived from them and still names them as a source. Ids that are not
// there are passed over, so that a repetition does no harm.
struct erase_records {
  std::vector<troupe::id> ids;
  std::string why;  // for the audit log; not the content

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("ids", self.ids), visit("why", self.why);
  }
};

struct define_space {
  path space;
  space_options options;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("space", self.space), visit("options", self.options);
  }
};

// No access: takes the grant back.
struct set_grant {
  path to;
  path on;
  std::optional<access> allowed;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("to", self.to), visit("on", self.on), visit("allowed", self.allowed);
  }
};

// What an agent keeps across restarts: bytes under a key of a space. No bytes: gone.
struct set_state {
  path space;
  std::string key;
  std::optional<std::string> bytes;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("space", self.space), visit("key", self.key), visit("bytes", self.bytes);
  }
};

// A piece of a blob whose record comes when all pieces are there. Pieces come in order.
struct put_chunk {
  troupe::id blob;
  path space;
  std::uint32_t index = 0;
  std::string bytes;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("blob", self.blob), visit("space", self.space), visit("index", self.index), visit("bytes", self.bytes);
  }
};

// Erases the pieces of a blob that has no record yet: whoever wrote them gives it up.
struct drop_unfinished_blob {
  troupe::id blob;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("blob", self.blob);
  }
};

// Erases up to `records_max` records whose time is over at the command's time, the oldest first.
struct expire_records {
  std::uint32_t records_max = 1000;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("records_max", self.records_max);
  }
};

// Moves records to the archive, or back. They are found as before.
struct move_records {
  std::vector<troupe::id> ids;
  bool to_archive = true;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("ids", self.ids), visit("to_archive", self.to_archive);
  }
};

// How often records were found since the last time, and when last: their heat, by which they move.
struct note_visits {
  struct visits {
    troupe::id id;
    std::uint32_t count = 0;
    timestamp last{};

    template <class Self, class Visitor>
    static constexpr void troupe_visit(Self& self, Visitor&& visit) {
      visit("id", self.id), visit("count", self.count), visit("last", self.last);
    }
  };
  std::vector<visits> of;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("of", self.of);
  }
};

// Takes a space away that holds nothing any more, and has no space below it; otherwise it stays, without an error.
struct drop_space {
  path space;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("space", self.space);
  }
};

// A line in the audit log, and nothing else: such as a reading that was refused.
struct note_audit {
  std::string action;
  std::string object;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("action", self.action), visit("object", self.object);
  }
};

using operation = std::variant<put_record, remake_summary, erase_records, define_space, set_grant, set_state, put_chunk,
                               drop_unfinished_blob, expire_records, move_records, note_visits, drop_space, note_audit,
                               register_agent, accept_message, begin_turn, note_effect, end_turn, rest_turn,
                               set_message_aside, take_message_back, forget_agent, note_charges>;

// Its operations happen all, or none. A command of a client whose sequence was there already does nothing and succeeds.
struct command {
  path author;
  timestamp at{};
  troupe::id client;           // nil: not counted
  std::uint64_t sequence = 0;  // of that client, ascending from 1
  std::vector<operation> operations;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("author", self.author), visit("at", self.at), visit("client", self.client);
    visit("sequence", self.sequence), visit("operations", self.operations);
  }
};

// What a command did.
struct outcome {
  std::uint64_t index = 0;   // how many commands came before it, in the life of this memory
  std::uint64_t erased = 0;  // records, those erased with them included
  std::uint64_t moved = 0;
  std::uint64_t audit_number = 0;  // of the last line that it added to the audit log; 0: none
  bool repeated = false;           // it had been applied before
  // Of the messages to accept: those that were there already, and of these, those that have been answered.
  std::uint32_t repeated_messages = 0, answered_messages = 0;
  std::uint32_t late_results = 0;  // of effects that had one already, or of turns that are over
};

inline constexpr std::size_t operations_max = 10'000;
inline constexpr std::size_t command_size_bytes_max = 64 << 20;

}  // namespace troupe::memory
