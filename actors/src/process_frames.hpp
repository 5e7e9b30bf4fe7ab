#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/isolation.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/trace.hpp>
#include <troupe/memory/errc.hpp>
#include <vector>

// What a node and the process of an agent say to each other over their socket. A frame is its length (4 bytes, little
// endian, of what follows), its kind (1 byte) and the fields of the struct of that kind in MessagePack, as a map from
// name to value. Times are of the machine's monotonic clock, which both sides read. The table is in actors/README.md.

namespace troupe::actors::frames {

enum class kind : std::uint8_t {
  start = 1,  // node to process, the first one
  message = 2,
  answer = 3,  // both ways
  down = 4,
  stop = 5,
  budget_answer = 6,
  started = 16,  // process to node
  not_started = 17,
  failed = 18,
  ended = 19,
  letter = 20,  // both ways
  passed_on = 21,
  watch = 22,
  unwatch = 23,
  kill = 24,
  beat = 25,
  budget_request = 26,
  memory_request = 27,
};

// An error that came as bytes, with the name of its number again.
inline troupe::error named(const troupe::error& from) {
  if (const auto code = static_cast<agent_errc>(from.number()); to_string(code) != "unknown")
    return troupe::error{code, from.message()}.with_cause(from.cause_number()).with_retry_after(from.retry_after());
  if (const auto code = static_cast<memory_errc>(from.number()); to_string(code) != "unknown")
    return troupe::error{code, from.message()}.with_cause(from.cause_number()).with_retry_after(from.retry_after());
  return from;
}

// What came from a process is kept for long: no longer than this, and nothing that is none of its kind.
inline constexpr std::size_t words_bytes_max = 8 << 10;
inline exit_cause bounded(exit_cause from) {
  if (from.text.size() > words_bytes_max) from.text.resize(words_bytes_max);
  if (from.output.size() > words_bytes_max) from.output.resize(words_bytes_max);
  if (from.kind > exit_kind::unknown) from.kind = exit_kind::failed;
  if (static_cast<std::size_t>(from.fault) >= fault_kinds) from.fault = fault::bug;
  return from;
}
inline troupe::error bounded(const troupe::error& from) {
  if (from.message().size() <= words_bytes_max) return named(from);
  return named(troupe::error{from.number(), from.message().substr(0, words_bytes_max)}
                   .with_cause(from.cause_number())
                   .with_retry_after(from.retry_after()));
}

// What of the agent's fault_policy is done in its process: tries of a message in the same incarnation.
struct retry_rule {
  fault kind = fault::none;
  int attempts = 1;
  duration delay_min{}, delay_max{}, wait_max{};
  double jitter = 0.0;
  TROUPE_MESSAGE(retry_rule, kind, attempts, delay_min, delay_max, wait_max, jitter)
};

// Build the agent and run its start hook; answered by started or not_started.
struct start {
  static constexpr kind frame_kind = kind::start;
  troupe::path where;
  std::string actor_type;
  std::uint64_t incarnation = 0;
  std::optional<exit_cause> previous;  // how the last incarnation ended
  std::string module;                  // the file that has the entry; empty: the program itself
  std::uint64_t entry = 0;             // its distance from where that file is loaded
  std::string constructor_arguments;   // a tuple, in MessagePack
  std::string argument_type;           // of agent_context::arguments(); empty: none
  std::string arguments;
  std::uint64_t seed = 0;
  duration ask_timeout{};
  process_options options;
  std::vector<retry_rule> retries;
  bool has_budget = false;  // of its own, or above
  TROUPE_MESSAGE(start, where, actor_type, incarnation, previous, module, entry, constructor_arguments, argument_type,
                 arguments, seed, ask_timeout, options, retries, has_budget)
};

struct started {
  static constexpr kind frame_kind = kind::started;
  std::uint64_t turns_max = 1;
  std::vector<std::string> handles;  // the types of messages that it has handlers for
  TROUPE_MESSAGE(started, turns_max, handles)
};

struct not_started {
  static constexpr kind frame_kind = kind::not_started;
  bool declined = false;
  exit_cause cause;
  TROUPE_MESSAGE(not_started, declined, cause)
};

// A message for the agent; answered, by the same number, when it was handled.
struct message {
  static constexpr kind frame_kind = kind::message;
  std::uint64_t number = 0;
  std::string type;
  std::string bytes;
  std::string sender;  // its path; empty: from outside the tree
  instant deadline = instant::max();
  trace_context trace{};
  TROUPE_MESSAGE(message, number, type, bytes, sender, deadline, trace)
};

// The answer to a message or a letter.
struct answer {
  static constexpr kind frame_kind = kind::answer;
  std::uint64_t number = 0;
  std::optional<troupe::error> error;
  std::string type;  // empty: nothing but that it was handled
  std::string bytes;
  TROUPE_MESSAGE(answer, number, error, type, bytes)
};

// The handler of this message threw: the incarnation is over.
struct failed {
  static constexpr kind frame_kind = kind::failed;
  std::uint64_t number = 0;
  exit_cause cause;
  TROUPE_MESSAGE(failed, number, cause)
};

// The agent ended in order, or its process is about to, for this reason.
struct ended {
  static constexpr kind frame_kind = kind::ended;
  exit_cause cause;
  TROUPE_MESSAGE(ended, cause)
};

// Run the stop hook and end.
struct stop {
  static constexpr kind frame_kind = kind::stop;
  exit_cause cause;
  TROUPE_MESSAGE(stop, cause)
};

// A message to another agent than the one that the process was made for.
struct letter {
  static constexpr kind frame_kind = kind::letter;
  std::uint64_t number = 0;  // of the answer that is waited for; 0: none
  std::string from;
  std::string to;
  std::string type;
  std::string bytes;
  instant deadline = instant::max();
  trace_context trace{};
  TROUPE_MESSAGE(letter, number, from, to, type, bytes, deadline, trace)
};

// The agent lets another answer the message of this number.
struct passed_on {
  static constexpr kind frame_kind = kind::passed_on;
  std::uint64_t number = 0;
  std::string to;
  std::string type;
  std::string bytes;
  TROUPE_MESSAGE(passed_on, number, to, type, bytes)
};

struct watch {
  static constexpr kind frame_kind = kind::watch;
  std::uint64_t number = 0;
  troupe::path who;
  TROUPE_MESSAGE(watch, number, who)
};
struct unwatch {
  static constexpr kind frame_kind = kind::unwatch;
  std::uint64_t number = 0;
  TROUPE_MESSAGE(unwatch, number)
};
struct down {
  static constexpr kind frame_kind = kind::down;
  std::uint64_t number = 0;
  std::uint64_t incarnation = 0;
  exit_cause cause;
  TROUPE_MESSAGE(down, number, incarnation, cause)
};

struct kill {
  static constexpr kind frame_kind = kind::kill;
  troupe::path who;
  std::string why;
  TROUPE_MESSAGE(kill, who, why)
};

// What the process does to the budgets that hold for its agent; each step is answered.
enum class budget_step : std::uint8_t { reserve = 1, begin, settle, cancel, admit, leave, left };
using amount_list = std::vector<std::pair<std::string, std::int64_t>>;
struct budget_request {
  static constexpr kind frame_kind = kind::budget_request;
  std::uint64_t number = 0;
  budget_step what = budget_step::reserve;
  std::uint64_t id = 0;     // of the reservation
  troupe::path where = {};  // of the newcomer, or of who asks what is left
  amount_list amounts = {};
  TROUPE_MESSAGE(budget_request, number, what, id, where, amounts)
};
struct budget_answer {
  static constexpr kind frame_kind = kind::budget_answer;
  std::uint64_t number = 0;
  std::uint64_t id = 0;
  bool refused = false;
  troupe::path whose = {};  // the budget that refused, or that has the least left; and how it stood
  std::string quantity = {};
  std::int64_t limit = 0, reserved = 0, spent = 0, overrun = 0;  // `spent`: of `left`, what is left
  std::uint64_t refusals = 0;
  std::int64_t asked = 0;
  TROUPE_MESSAGE(budget_answer, number, id, refused, whose, quantity, limit, reserved, spent, overrun, refusals, asked)
};

// What an agent of the process asks of the node's memory: a memory_request as MessagePack. Answered by `answer`.
struct memory_request {
  static constexpr kind frame_kind = kind::memory_request;
  std::uint64_t number = 0;
  troupe::path author;
  std::string bytes;
  TROUPE_MESSAGE(memory_request, number, author, bytes)
};

// The process is alive, and for how long its agent's code has not given its thread back (0: it has).
struct beat {
  static constexpr kind frame_kind = kind::beat;
  duration busy{};
  std::string waits_on;
  TROUPE_MESSAGE(beat, busy, waits_on)
};

}  // namespace troupe::actors::frames
