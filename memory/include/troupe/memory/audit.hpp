#pragma once

#include <cstdint>
#include <string>
#include <troupe/core/clock.hpp>
#include <troupe/core/path.hpp>

namespace troupe::memory {

// A line of the audit log: who did or was refused what, never with content. Each holds the hash of the one before it,
// so that none can be changed or taken out without a trace: hash = SHA-256 of the line's bytes as they are stored, the
// hash before it included; the first one's is 32 zero bytes.
struct audit_entry {
  std::uint64_t number = 0;  // from 1, without gaps
  timestamp at{};
  path author;
  std::string action;  // "erase", "grant", "revoke", "define", "denied", "forget", ...
  std::string object;  // a space, an id or a count
  std::string before;  // 32 bytes
  std::string hash;    // 32 bytes; not stored, computed

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("number", self.number), visit("at", self.at), visit("author", self.author), visit("action", self.action);
    visit("object", self.object), visit("before", self.before);
  }
};

}  // namespace troupe::memory
