#pragma once

#include <rocksdb/env.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace troupe::test {

// The machine's disk, which fails when it is told to: from the n-th writing or syncing operation on, each one fails,
// with an error of the device or because it is full. Made with `syncs` false, it syncs nothing, for tests that end no
// process and write much. Any thread.
class a_disk : public rocksdb::EnvWrapper {
 public:
  enum class fault { device, full };

  explicit a_disk(bool syncs) : EnvWrapper{rocksdb::Env::Default()}, syncs_{syncs} {}

  void fail_from(std::uint64_t operation, fault how) {
    how_ = how;
    first_ = operation;
  }
  void mend() { first_ = std::numeric_limits<std::uint64_t>::max(); }
  std::uint64_t operations() const { return done_; }
  bool failed() const { return failed_; }

  rocksdb::Status NewWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* made,
                                  const rocksdb::EnvOptions& options) override {
    if (auto status = next(); !status.ok()) return status;
    return wrapped(EnvWrapper::NewWritableFile(name, made, options), made);
  }
  rocksdb::Status ReopenWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* made,
                                     const rocksdb::EnvOptions& options) override {
    if (auto status = next(); !status.ok()) return status;
    return wrapped(EnvWrapper::ReopenWritableFile(name, made, options), made);
  }
  rocksdb::Status NewDirectory(const std::string& name, std::unique_ptr<rocksdb::Directory>* made) override {
    const auto status = EnvWrapper::NewDirectory(name, made);
    if (status.ok()) *made = std::make_unique<a_directory>(*this, std::move(*made));
    return status;
  }
  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override {
    if (auto status = next(); !status.ok()) return status;
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
    a_file(a_disk& disk, std::unique_ptr<rocksdb::WritableFile> under)
        : WritableFileWrapper{under.get()}, disk_{disk}, under_{std::move(under)} {}
    rocksdb::Status Append(const rocksdb::Slice& data) override {
      if (auto status = disk_.next(); !status.ok()) return status;
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
      return disk_.syncs_ ? under_->Sync() : under_->Flush();
    }
    rocksdb::Status Fsync() override { return Sync(); }
    rocksdb::Status RangeSync(std::uint64_t, std::uint64_t) override { return rocksdb::Status::OK(); }

   private:
    a_disk& disk_;
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

  rocksdb::Status wrapped(rocksdb::Status status, std::unique_ptr<rocksdb::WritableFile>* made) {
    if (status.ok()) *made = std::make_unique<a_file>(*this, std::move(*made));
    return status;
  }

  const bool syncs_;
  std::atomic<fault> how_ = fault::device;
  std::atomic<std::uint64_t> first_ = std::numeric_limits<std::uint64_t>::max();
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<bool> failed_ = false;
};

}  // namespace troupe::test
