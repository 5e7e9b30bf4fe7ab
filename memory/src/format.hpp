#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>

#include "database.hpp"

namespace troupe::memory {

// The format of all keys and values. A new number for each change that an older program could not read; open() then
// upgrades from the number before, one step after the other.
//
// 2: family `journal`.
inline constexpr std::uint32_t format_number = 2;

// What all of a database depends on.
struct format_row {
  std::uint32_t number = format_number;
  std::string analyzer;  // whose words the index has
  std::string embedder;  // whose vectors are stored
  std::uint64_t dimensions = 0;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("format", self.number), visit("analyzer", self.analyzer), visit("embedder", self.embedder);
    visit("dimensions", self.dimensions);
  }
};

// Reads what a database was written with, or writes it into a new one. Fails with newer_format, foreign and damaged.
result<format_row> settle_format(database& of, const format_row& ours);

}  // namespace troupe::memory
