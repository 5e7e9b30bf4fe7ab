#pragma once

#include <cstdint>
#include <optional>
#include <troupe/core/clock.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/summary_policy.hpp>

namespace troupe::memory {

// A space is a place in memory, named like the agent that it belongs to: `/hospital/patients/p17` and all below it. It
// comes into being with its first record. What is set here holds for the whole subtree; of ttl and summaries, the
// nearest one counts.
struct space_options {
  std::optional<duration> ttl = {};               // records without their own `expires` go after so long
  std::optional<std::uint64_t> records_max = {};  // in the subtree
  std::optional<std::uint64_t> bytes_max = {};    // in the subtree: of text, attributes and blobs
  bool local_only = false;                        // never leaves this node
  std::optional<summary_policy> summaries = {};   // store::tidy() summarises each space that it makes due

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("ttl", self.ttl), visit("records_max", self.records_max), visit("bytes_max", self.bytes_max);
    visit("local_only", self.local_only), visit("summaries", self.summaries);
  }
  friend bool operator==(const space_options&, const space_options&) = default;
};

struct space_info {
  path space;
  space_options options;
  std::uint64_t records = 0;  // its own, not those of spaces below; archived ones included
  std::uint64_t bytes = 0;
  std::uint64_t archived_records = 0;
  std::uint64_t archived_bytes = 0;
};

// What a grant allows, to an agent and all agents below it, in a space and all spaces below it.
enum class access : std::uint8_t { read = 1, write = 2 };  // write includes read
std::string_view to_string(access right) noexcept;

inline constexpr std::size_t spaces_max = 1'000'000;  // their names are kept in memory, some 400 bytes each

}  // namespace troupe::memory
