#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/core/result.hpp"

namespace troupe {

// Which distributed trace a message belongs to, and which step of it sent the message (W3C Trace Context, level 1,
// https://www.w3.org/TR/trace-context-1/). A trivially copyable value of 25 bytes that rides in every envelope; the
// default one is not valid and stands for "no trace".
struct trace_context {
  static constexpr std::uint8_t flag_sampled = 0x01;

  std::array<std::byte, 16> trace_id{};
  std::array<std::byte, 8> span_id{};
  std::uint8_t flags = 0;

  // Neither id is all zero.
  bool valid() const noexcept;
  bool sampled() const noexcept { return (flags & flag_sampled) != 0; }

  // The next step of the same trace: a new span id. A child of no trace is no trace.
  trace_context child() const noexcept;

  // The first step of a new trace. Ids come from a generator of the calling thread (some nanoseconds, no lock), seeded
  // from the operating system; they are unique but no secrets. A forked child goes on with its parent's sequence.
  static trace_context start(bool sampled = false) noexcept;

  // A `traceparent` header: 00-<32 hex>-<16 hex>-<2 hex>, lower case. As the recommendation says, higher versions are
  // read as far as they are understood, and flags other than `sampled` are dropped. Fails with parse_error.
  static result<trace_context> parse(std::string_view traceparent);

  // Always version 00. Only for a valid context.
  std::string traceparent() const;

  // Lower-case hex, 32 and 16 digits.
  std::string trace_id_hex() const;
  std::string span_id_hex() const;

  friend bool operator==(const trace_context&, const trace_context&) = default;
};

// What other systems have to say about a trace: the `tracestate` header, kept and passed on. A value: a list of at most
// 32 members, the most recent first (same recommendation, section 3.3).
class trace_state {
 public:
  static constexpr std::size_t members_max = 32;

  // Comma-separated key=value; blanks around a member and empty members are dropped. Fails with parse_error for a bad
  // or repeated key or a bad value, and with out_of_range above 32 members. The recommendation lets a receiver
  // drop the whole header then, never the traceparent with it.
  static result<trace_state> parse(std::string_view tracestate);

  std::string str() const;
  std::optional<std::string_view> get(std::string_view key) const noexcept;  // a view into this
  std::size_t size() const noexcept { return members_.size(); }

  // Puts the member in front, in place of one with the same key; of 33 the last is dropped. Fails with parse_error.
  result<void> set(std::string_view key, std::string_view value);
  void erase(std::string_view key);

  friend bool operator==(const trace_state&, const trace_state&) = default;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

}  // namespace troupe
