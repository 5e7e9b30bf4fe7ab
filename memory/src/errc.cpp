#include <troupe/memory/errc.hpp>

namespace troupe {

std::string_view to_string(memory_errc code) noexcept {
  switch (code) {
    case memory_errc::locked: return "locked";
    case memory_errc::foreign: return "foreign";
    case memory_errc::newer_format: return "newer_format";
    case memory_errc::damaged: return "damaged";
    case memory_errc::storage_failed: return "storage_failed";
    case memory_errc::closed: return "closed";
    case memory_errc::overloaded: return "overloaded";
    case memory_errc::denied: return "denied";
    case memory_errc::quota_exceeded: return "quota_exceeded";
    case memory_errc::no_such_record: return "no_such_record";
    case memory_errc::no_such_blob: return "no_such_blob";
    case memory_errc::stale: return "stale";
  }
  return "unknown";
}

}  // namespace troupe
