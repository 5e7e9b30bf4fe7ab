#pragma once

#include <rocksdb/merge_operator.h>

#include <string>

namespace troupe::memory {

// RocksDB's part of write_set::append: the bytes one after the other. Blocks of the index grow by it without being
// read.
class append_operator final : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& more, std::string* merged,
             rocksdb::Logger*) const override {
    merged->clear();
    if (existing != nullptr) merged->assign(existing->data(), existing->size());
    merged->append(more.data(), more.size());
    return true;
  }
  const char* Name() const override { return "troupe.append.1"; }
};

}  // namespace troupe::memory
