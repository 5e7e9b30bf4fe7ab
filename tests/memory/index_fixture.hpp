#pragma once

#include <rocksdb/env.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
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
  const std::unique_ptr<rocksdb::Env> disk{rocksdb::NewMemEnv(rocksdb::Env::Default())};  // quick: syncs do nothing
  std::unique_ptr<memory::database> database =
      memory::database::open({.folder = folder.path() / "memory", .env = disk.get()}).value();
  std::optional<memory::write_set> changes{std::in_place, *database};

  memory::write_set& writes() { return *changes; }
  // Writes what is in `writes`, and shows it to `follow`, as the store's writer does.
  template <class Follow>
  void commit(Follow follow) {
    changes->accept();
    rocksdb::WriteBatch batch;
    changes->fill(batch);
    database->write(batch).value();
    follow(*changes);
    changes.emplace(*database);
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
