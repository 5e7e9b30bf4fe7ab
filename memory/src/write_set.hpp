#pragma once

#include <rocksdb/write_batch.h>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "database.hpp"

namespace troupe::memory {

// What commands are about to write, and what they read meanwhile: the database with these changes applied. Changes
// gather in a layer, for one command; accept() adds them to the batch, reject() drops them, so that a command that
// fails in its middle leaves nothing. One thread: the writer's. As with reader, what cannot be read throws `failure`.
class write_set {
 public:
  explicit write_set(const database& over) : database_{&over} {}

  std::optional<std::string> get(family of, std::string_view key) const;
  // get(), without the bytes that append() adds being looked at: whether a key is there.
  bool has(family of, std::string_view key) const { return get(of, key).has_value(); }
  void put(family of, std::string_view key, std::string value);
  void erase(family of, std::string_view key);
  // Adds bytes at the end of a value, or begins it, without reading it. In families `index` alone (append_operator).
  void append(family of, std::string_view key, std::string_view bytes);

  // As reader::scan, over the database and the changes. A visit may change the key that it is given, and no other of
  // the prefix.
  void scan(family of, std::string_view prefix,
            const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

  void accept();
  void reject() noexcept { layer_.clear(); }

  // Adds what was accepted, in the form in which RocksDB takes it.
  void fill(rocksdb::WriteBatch& into) const;
  // Each accepted key of a family that begins with a prefix, and its value; nothing where it was erased.
  void each_accepted(family of, std::string_view prefix,
                     const std::function<void(std::string_view, const std::optional<std::string>&)>& visit) const;

 private:
  // replaced: whatever was there before is gone, and `value` (if any) is there instead. appended: comes after it.
  struct change {
    bool replaced = false;
    std::optional<std::string> value;
    std::string appended;
  };
  // The family's number is the key's first byte.
  using changes = std::map<std::string, change, std::less<>>;

  static std::string name(family of, std::string_view key);
  std::optional<std::string> stored(family of, std::string_view key) const;

  const database* database_;  // never null; a pointer, so that one can be emptied by assignment
  changes batch_;
  changes layer_;
};

}  // namespace troupe::memory
