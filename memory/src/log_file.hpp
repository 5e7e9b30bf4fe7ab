#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <troupe/core/result.hpp>

// RocksDB's log files, verified before it opens them: its own recovery takes a damaged length near a log's end for the
// end of the log, and opens with less than was acknowledged.
//
// The format (RocksDB's, "Write Ahead Log File Format"): blocks of 32 KiB, of which the last may be shorter. In a
// block, records: u32 crc | u16 length | u8 type | length bytes, little-endian; the crc is the CRC-32C of type and
// bytes, rotated and offset ("masked"). Types: 1 full; 2 first, 3 middle, 4 last, of a record in several pieces. A rest
// of a block that is too short for a header is not used. Our logs are never recycled, so the types of recycled logs are
// not among them.

namespace troupe::memory {

struct log_findings {
  std::uint64_t records = 0;  // whole ones
  // It ends in the middle of a record: cut off there, or with nothing but zeros from some sector of the record on. So
  // a crash leaves a record that was being written, and that nobody was told of.
  bool torn = false;
  std::uint64_t whole_bytes = 0;  // to the end of the last whole record
  std::string damage;             // what else is wrong, and where; empty: nothing
};

// Reads a log of that size to its end, or to the first damage.
log_findings verify_log(std::istream& log, std::uint64_t size_bytes);

// Verifies the manifest that is in use and all logs. Only the last log that has records may be torn, and no manifest
// may: it is synced before it is put to use. What is torn is cut off, if `cut`, as RocksDB takes zeros for damage.
// Files that are not there, or that have no name of theirs, are left to RocksDB. Fails with damaged and io_error.
result<void> verify_logs(const std::filesystem::path& folder, bool cut);

}  // namespace troupe::memory
