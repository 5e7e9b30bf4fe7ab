#pragma once

#include <optional>
#include <string>
#include <troupe/core/path.hpp>
#include <troupe/memory/space.hpp>

#include "database.hpp"
#include "keys.hpp"

namespace troupe::memory {

// Whether an author may do something in a space: it is its own or below it, or a grant covers both. `From` is a reader
// or a write_set.
template <class From>
bool may(const From& from, const path& author, const path& space, access right) {
  if (author.contains(space)) return true;
  for (auto to = author;; to = to.parent()) {
    for (auto on = space;; on = on.parent()) {
      const auto row = from.get(family::meta, keys::grant_row(to, on));
      if (row && row->size() == 1 && row->front() >= static_cast<char>(right)) return true;
      if (on.is_root()) break;
    }
    if (to.is_root()) return false;
  }
}

}  // namespace troupe::memory
