#pragma once

#include <span>
#include <troupe/core/result.hpp>
#include <troupe/memory/command.hpp>
#include <vector>

#include "analyzer.hpp"
#include "keys.hpp"
#include "space_table.hpp"
#include "write_set.hpp"

namespace troupe::memory {

// What a fact's key in family `facts` leads to; the record has the rest.
struct fact_row {
  timestamp recorded{};
  std::optional<timestamp> to;
  bool empty = false;  // nothing holds from then on

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("recorded", self.recorded), visit("to", self.to), visit("empty", self.empty);
  }
};

// How warm a record is, where it was found at all since it was stored.
struct heat_row {
  std::uint64_t visits = 0;
  timestamp last{};

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("visits", self.visits), visit("last", self.last);
  }
};

// A blob whose pieces are coming in.
struct blob_row {
  std::uint32_t chunks = 0;
  std::uint64_t size_bytes = 0;
  path space;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("chunks", self.chunks), visit("size", self.size_bytes), visit("space", self.space);
  }
};

// A turn that has begun: when, how many of its effects have a result, what it waits for if it is known to wait, and
// whether some of its effects are on budgets.
struct turn_row {
  timestamp began{};
  std::uint32_t results = 0;
  std::optional<memory::rest> rest = {};
  bool charges = false;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("began", self.began), visit("results", self.results), visit("rest", self.rest);
    visit("charges", self.charges);
  }
};

// What is in use of one quantity of a budget; the key has the rest of a `charge`.
struct charge_row {
  std::int64_t reserved = 0, spent = 0, overrun = 0;
  friend bool operator==(const charge_row&, const charge_row&) = default;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("reserved", self.reserved), visit("spent", self.spent), visit("overrun", self.overrun);
  }
};

// What of a record counts towards its space's bytes.
std::uint64_t counted_bytes(const record& what);
inline constexpr std::size_t chunk_size_bytes_max = 1 << 20;
inline constexpr std::size_t state_size_bytes_max = 16 << 20;

// What the index takes of a command's texts, one for each operation (nothing where it has no text). A function of the
// command alone, and a good part of the work of applying it: so the threads that submit do it, not the one that writes.
std::vector<analyzed> analyze_texts(const analyzer& words, const command& of);

// Applies commands: the state after a stream of them is a function of the stream. Holds no state of its own; all is in
// the write_set. One thread. What cannot be read throws `failure`.
class state_machine {
 public:
  state_machine(write_set& to, const analyzer& words) noexcept : to_{to}, words_{words} {}

  // Accepted as a whole, or refused: then it changes nothing but the count of commands and, if it was denied, the audit
  // log. `texts` are analyze_texts() of it.
  result<outcome> apply(const command& what, std::span<const analyzed> texts);

  // A record where it is, with its bytes as stored; nothing if there is none.
  struct found_record {
    address where;
    record what;
    bool archived = false;
  };
  std::optional<found_record> find(const id& of) const;

 private:
  result<void> apply_one(const command& whole, const put_record& op);
  result<void> apply_one(const command& whole, const remake_summary& op);
  result<void> apply_one(const command& whole, const erase_records& op);
  result<void> apply_one(const command& whole, const define_space& op);
  result<void> apply_one(const command& whole, const set_grant& op);
  result<void> apply_one(const command& whole, const memory::set_state& op);
  result<void> apply_one(const command& whole, const put_chunk& op);
  result<void> apply_one(const command& whole, const drop_unfinished_blob& op);
  result<void> apply_one(const command& whole, const expire_records& op);
  result<void> apply_one(const command& whole, const move_records& op);
  result<void> apply_one(const command& whole, const note_visits& op);
  result<void> apply_one(const command& whole, const drop_space& op);
  result<void> apply_one(const command& whole, const note_audit& op);
  // In state_machine_journal.cpp.
  result<void> apply_one(const command& whole, const register_agent& op);
  result<void> apply_one(const command& whole, const accept_message& op);
  result<void> apply_one(const command& whole, const begin_turn& op);
  result<void> apply_one(const command& whole, const note_effect& op);
  result<void> apply_one(const command& whole, const end_turn& op);
  result<void> apply_one(const command& whole, const rest_turn& op);
  result<void> apply_one(const command& whole, const set_message_aside& op);
  result<void> apply_one(const command& whole, const take_message_back& op);
  result<void> apply_one(const command& whole, const forget_agent& op);
  result<void> apply_one(const command& whole, const note_charges& op);
  void note(const path& agent, const id& turn, turn_row row, const journaled_effect& what);
  void answer(const command& whole, const inbox_message& asked, const std::string& answer);
  void add(const charge& change);
  void spend_what_is_reserved(const path& agent, const id& turn);

  void audit(const command& whole, std::string action, std::string object);
  result<void> require_write(const path& author, const path& space) const;
  std::optional<space_row> row_of(const path& space) const;
  result<space_row> row_or_new(const path& space);
  void set_row(const path& space, const space_row& row);
  // Adds to a space's counters, and to those of its ancestors for their quotas.
  struct difference {
    std::int64_t records = 0, bytes = 0, words = 0, archived_records = 0, archived_bytes = 0;
  };
  result<void> count(const path& space, const difference& by, bool within_quotas);

  // Its text is that of the operation.
  void index(const record& what, address where, std::string_view vector, difference& by);
  void unindex(const record& what, address where, difference& by);
  void erase_pieces(const id& blob);
  void erase_record(const found_record& what);
  void detach_source(const id& derived, const id& source);
  std::vector<id> derived_from(const id& source) const;
  void store_record(const record& what, address where, bool archived);
  // Erases records and what was derived from them.
  void erase_all(std::vector<id> ids);

  write_set& to_;
  const analyzer& words_;
  outcome outcome_;
  const analyzed* text_ = nullptr;  // of the operation that is being applied
  std::uint32_t operation_ = 0;     // its number in the command
};

}  // namespace troupe::memory
