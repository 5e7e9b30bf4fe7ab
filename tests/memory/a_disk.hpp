#pragma once

#include <rocksdb/env.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace troupe::test {

// The machine's disk, which fails when it is told to: from the n-th writing or syncing operation on, each one fails,
// with an error of the device or because it is full. Made with `syncs` false, it syncs nothing, for tests that end no
// process and write much. It remembers what was not synced, and can lose that. Any thread.
class a_disk : public rocksdb::EnvWrapper {
 public:
  enum class fault {
    device,
    full,
    torn,  // as device, but of the write that is the first to fail half is there
  };

  explicit a_disk(bool syncs) : EnvWrapper{rocksdb::Env::Default()}, syncs_{syncs} {}

  void fail_from(std::uint64_t operation, fault how) {
    how_ = how;
    torn_ = failed_ = false;
    first_ = operation;
  }
  void mend() { first_ = std::numeric_limits<std::uint64_t>::max(); }
  // As a machine that loses its power: no file has more than was synced of it. To be called while none is open.
  void lose_what_was_not_synced() {
    lose_what_was_not_synced([](std::uint64_t) { return std::uint64_t{0}; });
  }
  // The same, but some of it stays: `stays` says how many of so many bytes.
  template <class F>
  void lose_what_was_not_synced(F&& stays) {
    const std::scoped_lock lock{mutex_};
    for (const auto& [name, size] : synced_) {
      std::error_code gone;  // the file is, by now
      const auto there = std::filesystem::file_size(name, gone);
      if (!gone && there > size) std::filesystem::resize_file(name, size + stays(there - size));
    }
    synced_.clear();
  }
  std::uint64_t operations() const { return done_; }
  bool failed() const { return failed_; }  // since it was told to

  // RocksDB's work in the background waits a second after each error, and is waited for when it is closed.
  void SleepForMicroseconds(int wanted) override { EnvWrapper::SleepForMicroseconds(std::min(wanted, 1'000)); }

  rocksdb::Status NewWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* made,
                                  const rocksdb::EnvOptions& options) override {
    if (auto status = next(); !status.ok()) return status;
    return wrapped(EnvWrapper::NewWritableFile(name, made, options), name, made);
  }
  rocksdb::Status ReopenWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* made,
                                     const rocksdb::EnvOptions& options) override {
    if (auto status = next(); !status.ok()) return status;
    return wrapped(EnvWrapper::ReopenWritableFile(name, made, options), name, made);
  }
  rocksdb::Status NewDirectory(const std::string& name, std::unique_ptr<rocksdb::Directory>* made) override {
    const auto status = EnvWrapper::NewDirectory(name, made);
    if (status.ok()) *made = std::make_unique<a_directory>(*this, std::move(*made));
    return status;
  }
  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override {
    if (auto status = next(); !status.ok()) return status;
    {
      const std::scoped_lock lock{mutex_};
      if (auto known = synced_.extract(from)) {
        known.key() = to;
        synced_.insert(std::move(known));
      }
    }
    return EnvWrapper::RenameFile(from, to);
  }

 private:
  rocksdb::Status next() {
    if (done_.fetch_add(1) + 1 < first_) return rocksdb::Status::OK();
    failed_ = true;
    if (how_ == fault::full) return rocksdb::Status::NoSpace("a test's disk is full: No space left on device");
    return rocksdb::Status::IOError("a test's disk failed: Input/output error");
  }

  class a_file final : public rocksdb::WritableFileWrapper {
   public:
    a_file(a_disk& disk, std::string name, std::unique_ptr<rocksdb::WritableFile> under)
        : WritableFileWrapper{under.get()}, disk_{disk}, name_{std::move(name)}, under_{std::move(under)} {
      disk_.synced(name_, under_->GetFileSize());
    }
    rocksdb::Status Append(const rocksdb::Slice& data) override {
      if (auto status = disk_.next(); !status.ok()) {
        if (disk_.how_ == fault::torn && !disk_.torn_.exchange(true))
          static_cast<void>(under_->Append({data.data(), data.size() / 2}));
        return status;
      }
      return under_->Append(data);
    }
    rocksdb::Status Append(const rocksdb::Slice& data, const rocksdb::DataVerificationInfo&) override {
      return Append(data);
    }
    rocksdb::Status PositionedAppend(const rocksdb::Slice& data, std::uint64_t at) override {
      if (auto status = disk_.next(); !status.ok()) return status;
      return under_->PositionedAppend(data, at);
    }
    rocksdb::Status Sync() override {
      if (auto status = disk_.next(); !status.ok()) return status;
      const auto status = disk_.syncs_ ? under_->Sync() : under_->Flush();
      if (status.ok()) disk_.synced(name_, under_->GetFileSize());
      return status;
    }
    rocksdb::Status Fsync() override { return Sync(); }
    rocksdb::Status RangeSync(std::uint64_t, std::uint64_t) override { return rocksdb::Status::OK(); }
    // Room for what is to come is no operation that could fail, and making it takes longer than all else in a short
    // life.
    void PrepareWrite(std::size_t at, std::size_t size_bytes) override {
      if (disk_.syncs_) under_->PrepareWrite(at, size_bytes);
    }

   private:
    a_disk& disk_;
    const std::string name_;
    const std::unique_ptr<rocksdb::WritableFile> under_;
  };

  class a_directory final : public rocksdb::Directory {
   public:
    a_directory(a_disk& disk, std::unique_ptr<rocksdb::Directory> under) : disk_{disk}, under_{std::move(under)} {}
    rocksdb::Status Fsync() override {
      if (auto status = disk_.next(); !status.ok()) return status;
      return disk_.syncs_ ? under_->Fsync() : rocksdb::Status::OK();
    }

   private:
    a_disk& disk_;
    const std::unique_ptr<rocksdb::Directory> under_;
  };

  void synced(const std::string& name, std::uint64_t size_bytes) {
    const std::scoped_lock lock{mutex_};
    synced_[name] = size_bytes;
  }
  rocksdb::Status wrapped(rocksdb::Status status, const std::string& name,
                          std::unique_ptr<rocksdb::WritableFile>* made) {
    if (status.ok()) *made = std::make_unique<a_file>(*this, name, std::move(*made));
    return status;
  }

  const bool syncs_;
  std::atomic<fault> how_ = fault::device;
  std::atomic<std::uint64_t> first_ = std::numeric_limits<std::uint64_t>::max();
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> torn_ = false;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> synced_;  // bytes of the files that were written, by name
};

}  // namespace troupe::test
