#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <troupe/core/result.hpp>
#include <vector>

namespace troupe::memory {

class store;

struct check_report {
  std::uint64_t records = 0, postings = 0, vectors = 0, facts = 0, states = 0, blobs = 0, audit_lines = 0;
  std::uint64_t messages = 0;       // in inboxes
  std::vector<std::string> faults;  // each says what is wrong and where; the first 1,000
  std::uint64_t faults_in_all = 0;
  bool clean() const noexcept { return faults_in_all == 0; }
};

// Verifies every invariant of one state of the memory, while it is in use: each record against its id, index, vector,
// facts, subject, expiry and sources, and each of these against a record; blobs against their length and digest; each
// space's counters; the chain of the audit log; tiers; inboxes against the turns and effects of their messages, and
// what is reserved of budgets against these. Reads everything: minutes for millions of records. Fails only where it
// cannot read.
result<check_report> check(const store& of);

}  // namespace troupe::memory
