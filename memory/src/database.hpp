#pragma once

#include <rocksdb/db.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>
#include <vector>

namespace troupe::memory {

// The column families. What each holds: README.md.
enum class family : std::uint8_t { meta, records, ids, facts, states, index, vectors, blobs, archive, audit, journal };
inline constexpr std::size_t families = 11;
inline constexpr std::array<const char*, families> family_names = {
    "default", "records", "ids", "facts", "states", "index", "vectors", "blobs", "archive", "audit", "journal"};

struct database_options {
  std::filesystem::path folder;
  std::size_t block_cache_bytes = 64 << 20;
  rocksdb::Env* env = nullptr;  // outlives the database; null: the machine's
  bool read_only = false;       // opens without writing anything, as a check of a backup does
};

// RocksDB, opened as we need it: every sync and checksum on, recovery that refuses what was damaged in the middle of
// its log. No exception and no status of RocksDB's leaves it. Any thread.
class database {
 public:
  static result<std::unique_ptr<database>> open(const database_options& options);
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  rocksdb::DB& raw() const noexcept { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(family of) const noexcept { return handles_[static_cast<std::size_t>(of)]; }
  const std::filesystem::path& folder() const noexcept { return folder_; }

  // Written whole, and synced. After a failure, nothing may be written any more.
  result<void> write(rocksdb::WriteBatch& batch);

  // What was erased or replaced stays in older files until they are written anew: all of them are, now, and the old
  // ones removed. Waits for readers of a state from before; fails with overloaded when one of them takes over a minute.
  result<void> write_files_anew();

  // A state to read, kept until it is given back.
  const rocksdb::Snapshot* keep_state() const;
  void give_back(const rocksdb::Snapshot* state) const;

  // What RocksDB says, as one of our errors: damaged for corruption, storage_failed for the rest.
  error translate(const rocksdb::Status& status, std::string_view doing) const;

 private:
  explicit database(std::filesystem::path folder) : folder_{std::move(folder)} {}
  std::filesystem::path folder_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, families> handles_{};

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable given_back_;
  mutable std::multiset<rocksdb::SequenceNumber> kept_;  // the states that are being read
};

// One state of the database, whatever is written meanwhile. Keeps what it shows from being compacted away, so it should
// not live long. One thread. The database outlives it. What cannot be read (a damaged block, a disk that fails) throws
// `failure`; the store's functions catch it and return its error.
class reader {
 public:
  explicit reader(const database& from);
  ~reader();
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  std::optional<std::string> get(family of, std::string_view key) const;
  // As many answers as there are keys, in their order.
  std::vector<std::optional<std::string>> get(family of, std::span<const std::string> keys) const;

  // Calls visit(key, value) for each key that begins with `prefix`, in order, from the first that is not before `from`;
  // until it returns false.
  void scan(family of, std::string_view prefix, const std::function<bool(std::string_view, std::string_view)>& visit,
            std::string_view from = {}) const;
  // The same backwards, from the last key with the prefix that is before `before` (empty: from the last one).
  void scan_back(family of, std::string_view prefix,
                 const std::function<bool(std::string_view, std::string_view)>& visit,
                 std::string_view before = {}) const;
  // For many ranges, one after the other: positioned by the caller.
  std::unique_ptr<rocksdb::Iterator> iterate(family of) const;
  void require(const rocksdb::Status& status, std::string_view doing) const;

  const database& from() const noexcept { return database_; }

 private:
  rocksdb::ReadOptions read_options() const;
  const database& database_;
  const rocksdb::Snapshot* snapshot_;
};

}  // namespace troupe::memory
