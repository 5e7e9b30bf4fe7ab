#include "database.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <troupe/memory/errc.hpp>
#include <utility>

#include "append_operator.hpp"
#include "keys.hpp"
#include "log_file.hpp"

namespace troupe::memory {
namespace {

namespace fs = std::filesystem;

// After a write that failed, nothing is acknowledged until the store is opened again, so that RocksDB's own attempts to
// go on are of no use; and closing would have to wait for them, and they for work that failed, too. A compaction for
// which there was no room, which has harmed nobody, is tried again once there is.
class no_recovery_of_writes final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status error, bool* automatic) override {
    if (error.severity() >= rocksdb::Status::Severity::kHardError) *automatic = false;
  }
};

rocksdb::Options options_of_all(const database_options& from) {
  rocksdb::Options options;
  if (from.env) options.env = from.env;
  options.listeners.push_back(std::make_shared<no_recovery_of_writes>());
  options.max_bgerror_resume_count = 0;
  options.create_if_missing = !from.read_only;
  options.create_missing_column_families = !from.read_only;
  // A log that is damaged in its middle is refused; one whose end was cut off by a crash is not (facts: the default
  // mode opens what is left of a damaged log, and says nothing).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  // All families are flushed together: with one change of the manifest, and no log is kept for long because of one that
  // is seldom written.
  options.atomic_flush = true;
  options.max_background_jobs = 2;
  options.db_write_buffer_size = 64 << 20;
  options.max_open_files = 512;
  options.skip_stats_update_on_db_open = true;
  options.max_log_file_size = 1 << 20;
  options.keep_log_file_num = 2;
  // Compactions tell their bounds in it, which are keys.
  options.info_log_level = rocksdb::WARN_LEVEL;
  // A manifest names the first and last key of each file, and is only ever added to. Begun anew with each change, it
  // does not keep the keys of what was forgotten.
  options.max_manifest_file_size = 1;
  options.manifest_preallocation_size = 64 << 10;  // of 4 MiB for each of them, a small disk would be full
  return options;
}

rocksdb::ColumnFamilyOptions options_of(family which, const rocksdb::Options& all,
                                        const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options{all};
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // so that the cache bounds them too
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // In pieces, of which the cache holds those in use: a file's whole filter is megabytes, and was read and verified
  // anew for each key where it did not fit.
  table.partition_filters = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_top_level_index_and_filter = true;
  table.format_version = 5;
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = 16 << 20;
  options.level_compaction_dynamic_level_bytes = true;
  switch (which) {
    case family::index:
      options.merge_operator = std::make_shared<append_operator>();
      // A batch comes in the order of keys, so that each is put in from where the last one was. One byte: few such
      // places.
      options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
      break;
    case family::journal:
      // The writer looks for each row before it is written, and most are not there. The next row of an agent comes near
      // its last one.
      options.memtable_prefix_bloom_size_ratio = 0.05;
      options.memtable_whole_key_filtering = true;
      options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
      break;
    case family::archive:
      options.compression = rocksdb::kZSTD;
      options.compression_opts.level = 6;
      options.compression_opts.max_dict_bytes = 16 << 10;
      options.compression_opts.zstd_max_train_bytes = 100 * (16 << 10);
      options.enable_blob_files = true;
      options.min_blob_size = 16 << 10;
      options.blob_compression_type = rocksdb::kZSTD;
      break;
    case family::blobs:
      options.compression = rocksdb::kNoCompression;
      options.enable_blob_files = true;
      options.min_blob_size = 4 << 10;
      options.enable_blob_garbage_collection = true;
      // Whatever was erased leaves the disk with a compaction, however new it is.
      options.blob_garbage_collection_age_cutoff = 1;
      options.blob_garbage_collection_force_threshold = 0;
      break;
    default: break;
  }
  if (which == family::archive) {
    options.enable_blob_garbage_collection = true;
    options.blob_garbage_collection_age_cutoff = 1;
    options.blob_garbage_collection_force_threshold = 0;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

error about(const fs::path& folder, memory_errc code, std::string why) {
  return error{code, "the memory in " + folder.string() + " " + std::move(why)};
}

bool says(const rocksdb::Status& status, std::string_view text) {
  return status.ToString().find(text) != std::string::npos;
}

// Why it did not open, in words that help.
error why_not_open(const fs::path& folder, const rocksdb::Status& status) {
  if (status.IsIOError() && (says(status, "lock file") || says(status, "lock hold")))
    return about(folder, memory_errc::locked,
                 "is open in another process, or twice in this one: end that one, or take another folder");
  if (status.IsCorruption())
    return about(folder, memory_errc::damaged,
                 "is damaged (" + status.ToString() + "): restore a backup, or set the folder aside and begin anew");
  if (status.IsInvalidArgument())
    return about(
        folder, memory_errc::foreign,
        "was not made by Troupe, or by a newer version of it (" + status.ToString() + "): take another folder");
  if (status.IsNoSpace() || says(status, "No space left"))
    return about(folder, memory_errc::storage_failed, "cannot be opened: the disk is full");
  return error{errc::io_error, "the memory in " + folder.string() + " cannot be opened: " + status.ToString()};
}

result<void> look_at_folder(const fs::path& folder, bool read_only) {
  std::error_code failed;
  const auto status = fs::status(folder, failed);
  if (!fs::exists(status)) {
    if (read_only) return error{errc::not_found, "there is no folder " + folder.string()};
    fs::create_directories(folder, failed);
    if (failed) return error{errc::io_error, "the folder " + folder.string() + " cannot be made: " + failed.message()};
    return ok();
  }
  if (!fs::is_directory(status)) return about(folder, memory_errc::foreign, "is a file: name a folder");
  if (fs::exists(folder / "CURRENT", failed)) return ok();
  for (const auto& entry : fs::directory_iterator{folder, failed}) {
    const auto name = entry.path().filename().string();
    // What a first start leaves that was killed before its database was there.
    if (name == "LOCK" || name == "LOG" || name.starts_with("LOG.old") || name == "IDENTITY" ||
        name.starts_with("MANIFEST-") || name.ends_with(".dbtmp"))
      continue;
    return about(folder, memory_errc::foreign,
                 "is none: there are other files (" + name + "). Take a folder that is empty or not there");
  }
  if (failed) return error{errc::io_error, "the folder " + folder.string() + " cannot be read: " + failed.message()};
  if (read_only) return about(folder, memory_errc::foreign, "is none: the folder is empty");
  return ok();
}

}  // namespace

result<std::unique_ptr<database>> database::open(const database_options& options) {
  if (auto looked = look_at_folder(options.folder, options.read_only); !looked) return std::move(looked).error();
  if (auto verified = verify_logs(options.folder, !options.read_only); !verified) return std::move(verified).error();
  const auto all = options_of_all(options);
  // Families of a newer version would make RocksDB refuse with its own words.
  std::vector<std::string> there;
  if (rocksdb::DB::ListColumnFamilies(all, options.folder.string(), &there).ok()) {
    for (const auto& name : there) {
      const auto known = [&](const char* each) { return name == each; };
      if (std::none_of(family_names.begin(), family_names.end(), known))
        return about(options.folder, memory_errc::foreign,
                     "was not made by Troupe, or by a newer version of it (it has a family \"" + name +
                         "\"): take another folder");
    }
  }
  // Of few parts, as a block that is larger than one is not kept.
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, 3);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < families; ++i)
    descriptors.emplace_back(family_names[i], options_of(static_cast<family>(i), all, cache));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto status = options.read_only
                          ? rocksdb::DB::OpenForReadOnly(all, options.folder.string(), descriptors, &handles, &opened)
                          : rocksdb::DB::Open(all, options.folder.string(), descriptors, &handles, &opened);
  if (!status.ok()) return why_not_open(options.folder, status);
  std::unique_ptr<database> made{new database{options.folder}};
  made->db_.reset(opened);
  std::copy(handles.begin(), handles.end(), made->handles_.begin());
  return made;
}

database::~database() {
  if (!db_) return;
  // All into tables, where each byte is covered by a checksum; the log could lose its end without a trace. If it fails,
  // the log has it still.
  static_cast<void>(db_->Flush({}, {handles_.begin(), handles_.end()}));
  for (auto* handle : handles_)
    if (handle) db_->DestroyColumnFamilyHandle(handle);
  db_->Close();
}

result<void> database::write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = db_->Write(options, &batch);
  if (!status.ok()) return translate(status, "writing");
  return ok();
}

result<void> database::write_files_anew() {
  {
    std::unique_lock lock{mutex_};
    const auto erased_at = db_->GetLatestSequenceNumber();
    if (!given_back_.wait_for(lock, std::chrono::minutes{1},
                              [&] { return kept_.empty() || *kept_.begin() >= erased_at; }))
      return error{memory_errc::overloaded,
                   "the memory in " + folder_.string() +
                       " is still being read in a state from before: end that reading, and do it again"};
  }
  const auto rewrite = [&]() -> rocksdb::Status {
    // The log is gone when all families are flushed, and the old tables when they are compacted.
    if (auto flushed = db_->Flush({}, {handles_.begin(), handles_.end()}); !flushed.ok()) return flushed;
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    for (auto* handle : handles_)
      if (auto compacted = db_->CompactRange(options, handle, nullptr, nullptr); !compacted.ok()) return compacted;
    // Files are removed by the threads that wrote the new ones, after these were announced: wait for them.
    if (auto paused = db_->PauseBackgroundWork(); !paused.ok()) return paused;
    if (auto going_on = db_->ContinueBackgroundWork(); !going_on.ok()) return going_on;
    if (auto kept = db_->DisableFileDeletions(); !kept.ok()) return kept;
    return db_->EnableFileDeletions(true);  // looks through the folder for what was left
  };
  if (const auto status = rewrite(); !status.ok()) return translate(status, "writing all files anew");
  return ok();
}

const rocksdb::Snapshot* database::keep_state() const {
  const std::lock_guard lock{mutex_};
  const auto* state = db_->GetSnapshot();
  kept_.insert(state->GetSequenceNumber());
  return state;
}

void database::give_back(const rocksdb::Snapshot* state) const {
  {
    const std::lock_guard lock{mutex_};
    kept_.erase(kept_.find(state->GetSequenceNumber()));
    db_->ReleaseSnapshot(state);
  }
  given_back_.notify_all();
}

error database::translate(const rocksdb::Status& status, std::string_view doing) const {
  const auto what = std::string{doing} + ": " + status.ToString();
  // A file that is not there any more is as good as one with other bytes.
  if (status.IsCorruption() || status.IsPathNotFound() || says(status, "No such file"))
    return about(folder_, memory_errc::damaged, "is damaged. " + what);
  if (status.IsNoSpace() || says(status, "No space left"))
    return about(folder_, memory_errc::storage_failed, "is on a full disk. " + what);
  return about(folder_, memory_errc::storage_failed, "cannot be used any more. " + what);
}

reader::reader(const database& from) : database_{from}, snapshot_{from.keep_state()} {}
reader::~reader() { database_.give_back(snapshot_); }

rocksdb::ReadOptions reader::read_options() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  return options;
}

void reader::require(const rocksdb::Status& status, std::string_view doing) const {
  if (!status.ok()) throw failure{database_.translate(status, doing)};
}

std::optional<std::string> reader::get(family of, std::string_view key) const {
  std::string value;
  const auto status = database_.raw().Get(read_options(), database_.handle(of), {key.data(), key.size()}, &value);
  if (status.IsNotFound()) return {};
  require(status, "reading");
  return value;
}

std::vector<std::optional<std::string>> reader::get(family of, std::span<const std::string> keys) const {
  std::vector<rocksdb::Slice> slices{keys.begin(), keys.end()};
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  database_.raw().MultiGet(read_options(), database_.handle(of), keys.size(), slices.data(), values.data(),
                           statuses.data(), std::is_sorted(keys.begin(), keys.end()));
  std::vector<std::optional<std::string>> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    require(statuses[i], "reading");
    found[i].emplace(values[i].data(), values[i].size());
  }
  return found;
}

std::unique_ptr<rocksdb::Iterator> reader::iterate(family of) const {
  return std::unique_ptr<rocksdb::Iterator>{database_.raw().NewIterator(read_options(), database_.handle(of))};
}

void reader::scan(family of, std::string_view prefix,
                  const std::function<bool(std::string_view, std::string_view)>& visit, std::string_view from) const {
  const auto end = keys::after(std::string{prefix});
  const rocksdb::Slice bound{end};
  auto within = read_options();
  if (!end.empty()) within.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at{database_.raw().NewIterator(within, database_.handle(of))};
  const auto first = std::max(prefix, from);
  for (at->Seek({first.data(), first.size()}); at->Valid(); at->Next()) {
    const auto key = at->key();
    if (!key.starts_with({prefix.data(), prefix.size()})) break;
    if (!visit({key.data(), key.size()}, {at->value().data(), at->value().size()})) return;
  }
  require(at->status(), "reading");
}

void reader::scan_back(family of, std::string_view prefix,
                       const std::function<bool(std::string_view, std::string_view)>& visit,
                       std::string_view before) const {
  const auto at = iterate(of);
  const std::string end = before.empty() ? keys::after(std::string{prefix}) : std::string{before};
  if (end.empty()) {
    at->SeekToLast();
  } else {
    at->SeekForPrev(end);
    if (at->Valid() && at->key() == rocksdb::Slice{end}) at->Prev();
  }
  for (; at->Valid(); at->Prev()) {
    const auto key = at->key();
    if (!key.starts_with({prefix.data(), prefix.size()})) break;
    if (!visit({key.data(), key.size()}, {at->value().data(), at->value().size()})) return;
  }
  require(at->status(), "reading");
}

}  // namespace troupe::memory
