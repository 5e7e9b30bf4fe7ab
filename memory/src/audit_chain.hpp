#pragma once

#include <string>
#include <string_view>
#include <troupe/memory/audit.hpp>

#include "write_set.hpp"

namespace troupe::memory {

// SHA-256 (FIPS 180-4) of bytes: 32 bytes.
std::string sha256(std::string_view bytes);

// Adds a line to the audit log and moves its head; returns the line, with its hash.
audit_entry append_audit(write_set& to, timestamp at, const path& author, std::string action, std::string object);

// A refusal, which whoever is refused may repeat as often as it likes: one line for each author in ten minutes, which
// says how many more there were since the line before.
void append_refusal(write_set& to, timestamp at, const path& author, std::string_view object);

}  // namespace troupe::memory
