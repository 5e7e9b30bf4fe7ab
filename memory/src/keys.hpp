#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>

// The keys of the database, byte by byte; README.md lists them. Numbers are big-endian, so that keys sort as numbers
// do.

namespace troupe::memory {

// Where a record is: the number of its space, and its place in the order in which records came into that space. What
// is derived from records (postings, vectors) refers to it by this. A place is never used again.
struct address {
  std::uint32_t space = 0;
  std::uint32_t place = 0;
  friend auto operator<=>(const address&, const address&) = default;
};

namespace keys {

inline void append_u32(std::string& to, std::uint32_t n) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<char>(n >> shift));
}
inline void append_u64(std::string& to, std::uint64_t n) {
  append_u32(to, static_cast<std::uint32_t>(n >> 32));
  append_u32(to, static_cast<std::uint32_t>(n));
}
// Times before 1970 sort before those after it.
inline void append_time(std::string& to, timestamp time) {
  append_u64(to, static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ (std::uint64_t{1} << 63));
}
inline std::uint32_t read_u32(std::string_view from) {
  std::uint32_t n = 0;
  for (int i = 0; i < 4; ++i) n = n << 8 | static_cast<std::uint8_t>(from[static_cast<std::size_t>(i)]);
  return n;
}
inline std::uint64_t read_u64(std::string_view from) {
  return static_cast<std::uint64_t>(read_u32(from)) << 32 | read_u32(from.substr(4));
}
inline timestamp read_time(std::string_view from) {
  return timestamp{duration{static_cast<std::int64_t>(read_u64(from) ^ (std::uint64_t{1} << 63))}};
}
inline std::string_view bytes_of(const id& i) {
  return {reinterpret_cast<const char*>(i.bytes().data()), i.bytes().size()};
}
inline std::string u32(std::uint32_t n) {
  std::string key;
  append_u32(key, n);
  return key;
}
inline std::string u64(std::uint64_t n) {
  std::string key;
  append_u64(key, n);
  return key;
}
inline std::string at(address where) {
  auto key = u32(where.space);
  append_u32(key, where.place);
  return key;
}
inline address read_address(std::string_view from) { return {read_u32(from), read_u32(from.substr(4))}; }

// A path with its slashes as the byte 1, so that a subtree is contiguous: no segment has a byte below '+'. "/" is
// empty.
inline std::string of_path(const path& p) {
  if (p.is_root()) return {};
  auto key = p.str();
  for (auto& c : key)
    if (c == '/') c = '\1';
  return key;
}
inline path path_of(std::string key) {
  if (key.empty()) return {};
  for (auto& c : key)
    if (c == '\1') c = '/';
  return path{key};
}

// Family `meta`.
inline constexpr std::string_view format = "F";      // the format of the whole
inline constexpr std::string_view applied = "A";     // u64: commands applied
inline constexpr std::string_view audit_head = "H";  // number and hash of the newest line of the audit log
inline constexpr std::string_view next_space = "N";  // u32: the next space's number
inline std::string space_row(const path& space) { return "S" + of_path(space); }
inline std::string space_path(std::uint32_t number) { return "P" + u32(number); }
inline std::string grant_row(const path& to, const path& on) { return "G" + of_path(to) + '\0' + of_path(on); }
inline std::string client_row(const id& client) { return std::string{"C"}.append(bytes_of(client)); }
inline std::string expiry(timestamp when, address of) {
  std::string key{"X"};
  append_time(key, when);
  return key + at(of);
}
inline std::string subject_prefix(std::string_view subject) { return std::string{"U"}.append(subject) + '\0'; }
inline std::string subject(std::string_view subject, address of) { return subject_prefix(subject) + at(of); }
inline std::string heat(address of) { return "V" + at(of); }
inline std::string lineage_prefix(const id& source) { return std::string{"L"}.append(bytes_of(source)); }
inline std::string lineage(const id& source, const id& derived) {
  return lineage_prefix(source).append(bytes_of(derived));
}
inline std::string refusals_row(const path& author) { return "D" + of_path(author); }
inline std::string unfinished_blob(const id& blob) { return std::string{"B"}.append(bytes_of(blob)); }

// Family `facts`.
inline std::string facts_of_key(std::uint32_t space, std::string_view key) { return u32(space).append(key) + '\0'; }
inline std::string fact(std::uint32_t space, std::string_view key, timestamp from, std::uint32_t place) {
  auto made = facts_of_key(space, key);
  append_time(made, from);
  append_u32(made, place);
  return made;
}

// Family `states`.
inline std::string state(std::uint32_t space, std::string_view key) { return u32(space).append(key); }

// Family `blobs`.
inline std::string chunk(const id& blob, std::uint32_t index) {
  std::string key{bytes_of(blob)};
  append_u32(key, index);
  return key;
}

// Family `journal`. Of an agent: that it is durable, its messages in the order in which they came (by the index of the
// command that brought one, and the operation's number in it), those that were set aside by name, where one of a name
// is, its turns, their effects, what is used of its budget.
inline std::string durable_agent(const path& agent) { return "A" + of_path(agent); }
inline std::string inbox_of(const path& agent) { return "I" + of_path(agent) + '\0'; }
inline std::string inbox(const path& agent, std::uint64_t index, std::uint32_t operation) {
  auto key = inbox_of(agent);
  append_u64(key, index);
  append_u32(key, operation);
  return key;
}
inline std::string set_aside_of(const path& agent) { return "Q" + of_path(agent) + '\0'; }
inline std::string set_aside(const path& agent, const id& name) { return set_aside_of(agent).append(bytes_of(name)); }
inline bool is_set_aside(std::string_view key) { return key.starts_with('Q'); }
inline std::string messages_of(const path& agent) { return "M" + of_path(agent) + '\0'; }
inline std::string message_named(const path& agent, const id& name) {
  return messages_of(agent).append(bytes_of(name));
}
inline std::string turns_of(const path& agent) { return "T" + of_path(agent) + '\0'; }
inline std::string turn(const path& agent, const id& name) { return turns_of(agent).append(bytes_of(name)); }
inline std::string effects_of(const path& agent, const id& turn) {
  return ("E" + of_path(agent) + '\0').append(bytes_of(turn));
}
inline std::string effect(const path& agent, const id& turn, std::uint32_t number) {
  auto key = effects_of(agent, turn);
  append_u32(key, number);
  return key;
}

// What turns have used of the budget of an agent, by quantity.
inline std::string charges_of(const path& account) { return "B" + of_path(account) + '\0'; }
inline std::string charge_row(const path& account, std::string_view quantity) {
  return charges_of(account).append(quantity);
}

// The first key after all that begin with a prefix; empty: there is none.
inline std::string after(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return prefix;
}

}  // namespace keys
}  // namespace troupe::memory
