#pragma once

#include <cstdint>
#include <string_view>
#include <troupe/core/errc.hpp>

namespace troupe {

// What can go wrong with what is remembered. The numbers travel between nodes and never change.
enum class memory_errc : std::uint32_t {
  locked = 4001,          // Another process has the database open.
  foreign = 4002,         // The folder holds something that is no database of Troupe's.
  newer_format = 4003,    // Written by a newer version, in a format that this one does not know.
  damaged = 4004,         // Bytes on disk are not what was written; the message says where.
  storage_failed = 4005,  // The disk refused to write or sync. Nothing is acknowledged from then on: open again.
  closed = 4006,          // The store is being closed.
  overloaded = 4007,      // The queue of commands is full; nothing was done.
  denied = 4008,          // The author may not do this in that space: it needs a grant.
  quota_exceeded = 4009,  // The space's own limit of records or bytes.
  no_such_record = 4010,  // Never there, expired or forgotten.
  no_such_blob = 4011,
  stale = 4012,  // Superseded: a command of an epoch or sequence that is over.
};

std::string_view to_string(memory_errc code) noexcept;

template <>
struct is_errc<memory_errc> : std::true_type {};

}  // namespace troupe
