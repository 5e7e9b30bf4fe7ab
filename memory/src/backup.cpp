#include <rocksdb/utilities/checkpoint.h>

#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>

#include "store_parts.hpp"

namespace troupe::memory {
namespace fs = std::filesystem;

result<void> store::backup(const fs::path& into) const {
  std::error_code failed;
  if (fs::exists(into, failed)) return error{errc::already_exists, into.string() + " is there: name a new folder"};
  if (into.has_parent_path()) fs::create_directories(into.parent_path(), failed);
  if (failed) return error{errc::io_error, "the folder " + into.parent_path().string() + ": " + failed.message()};
  rocksdb::Checkpoint* made = nullptr;
  const auto status = rocksdb::Checkpoint::Create(&parts_->database->raw(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint{made};
  if (!status.ok()) return error{errc::io_error, "making a backup: " + status.ToString()};
  if (const auto written = checkpoint->CreateCheckpoint(into.string()); !written.ok()) {
    fs::remove_all(into, failed);
    return error{errc::io_error, "writing the backup " + into.string() + ": " + written.ToString()};
  }
  return ok();
}

result<void> store::restore(const fs::path& backup, const fs::path& into) {
  std::error_code failed;
  if (!fs::exists(backup / "CURRENT", failed))
    return error{memory_errc::foreign, backup.string() + " is no backup of a memory"};
  if (fs::exists(into, failed)) return error{errc::already_exists, into.string() + " is there: name a new folder"};
  // Under another name until it is whole, so that a copy that was cut short is not taken for one.
  auto unfinished = into;
  unfinished += ".unfinished";
  fs::remove_all(unfinished, failed);
  fs::create_directories(unfinished, failed);
  if (!failed) fs::copy(backup, unfinished, fs::copy_options::recursive, failed);
  if (!failed) fs::rename(unfinished, into, failed);
  if (failed) {
    const auto why = failed.message();
    fs::remove_all(unfinished, failed);
    return error{errc::io_error, "copying " + backup.string() + " to " + into.string() + ": " + why};
  }
  return ok();
}

}  // namespace troupe::memory
