#pragma once

#include <cstdint>
#include <string>
#include <troupe/core/clock.hpp>
#include <troupe/core/path.hpp>
#include <troupe/memory/recall.hpp>
#include <variant>
#include <vector>

namespace troupe::memory {

// What to forget: all about a subject in a space and below it; a space with all below it, its states too; or what a
// question finds (all of `query.limit`, so set it).
struct forget_subject {
  std::string subject;
  path under;
};
struct forget_space {
  path space;
};
struct forget_found {
  query what;
};
using forget_request = std::variant<forget_subject, forget_space, forget_found>;

// What was forgotten, without its content. Its numbers are in the audit log too, where the subject or the question is a
// digest: who knows it can show that the line is about it.
struct receipt {
  std::string what;  // "subject p17 under /hospital"
  timestamp at{};
  std::uint64_t records = 0;           // erased, derived ones included
  std::uint64_t summaries_remade = 0;  // made again without what was forgotten
  std::uint64_t blobs = 0, states = 0;
  std::uint64_t audit_number = 0;  // its line in the audit log
  std::string audit_hash;          // and that line's hash, 32 bytes
  bool verified = false;           // looked for again afterwards, in every index, and not found
};

}  // namespace troupe::memory
