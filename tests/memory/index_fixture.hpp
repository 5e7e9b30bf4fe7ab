#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analyzer.hpp"
#include "core/temporary_folder.hpp"
#include "database.hpp"
#include "keys.hpp"
#include "write_set.hpp"

namespace troupe::test {

// A database to write to directly, without a store.
struct bare_database {
  temporary_folder folder;
  std::unique_ptr<memory::database> database =
      memory::database::open({.folder = folder.path() / "memory"}).value();
  memory::write_set writes{*database};

  // Writes what is in `writes`; `follow` is called between that and the end, as the store's writer does.
  template <class Follow>
  void commit(Follow follow) {
    writes.accept();
    follow(writes);
    rocksdb::WriteBatch batch;
    writes.take(batch);
    database->write(batch).value();
  }
  void commit() {
    commit([](const memory::write_set&) {});
  }
};

// A text of these terms, each so often.
inline memory::analyzed text_of(const std::map<std::string, std::uint32_t>& counts) {
  memory::analyzed made;
  for (const auto& [term, count] : counts) {
    made.terms.push_back({term, count});
    made.length += count;
  }
  return made;
}

}  // namespace troupe::test
