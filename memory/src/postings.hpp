#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer.hpp"
#include "database.hpp"
#include "keys.hpp"
#include "write_set.hpp"

// The inverted index, in family `index`, in blocks of places of a space: large ones for a term, which is read whole,
// and small ones for lengths, which are read around what was found.
//
//   u32 space | 't' | term | 0 | u32 block   entries: varint place in the block | varint count | varint length of the
//                                            record
//   u32 space | 'l' | u32 block              entries: varint place in the block | varint length of the record
//
// Entries come in any order, and a later one of a place replaces an earlier one: so a record is added without reading.
// Each record has a length, also one without a term. Lengths are in words. Varints are little-endian groups of 7 bits.

namespace troupe::memory {

// How many blocks of that many places it takes to have all before `end`.
constexpr std::uint32_t blocks_before(std::uint32_t end, std::uint32_t block_places) {
  return end / block_places + (end % block_places != 0 ? 1 : 0);
}

struct posting {
  static constexpr std::uint32_t block_places = 4096;
  std::uint32_t place = 0;
  std::uint32_t count = 0;   // of the term in the record; at least 1
  std::uint32_t length = 0;  // of the record
  friend bool operator==(const posting&, const posting&) = default;
};

struct record_length {
  static constexpr std::uint32_t block_places = 256;
  std::uint32_t place = 0;
  std::uint32_t length = 0;
  friend bool operator==(const record_length&, const record_length&) = default;
};

namespace keys {

inline std::string postings_of(std::uint32_t space, std::string_view term) {
  auto key = u32(space);
  return key.append(1, 't').append(term).append(1, '\0');
}
inline std::string term_block(std::uint32_t space, std::string_view term, std::uint32_t block) {
  auto key = postings_of(space, term);
  append_u32(key, block);
  return key;
}
inline std::string lengths_of(std::uint32_t space) { return u32(space).append(1, 'l'); }
inline std::string length_block(std::uint32_t space, std::uint32_t block) {
  auto key = lengths_of(space);
  append_u32(key, block);
  return key;
}

}  // namespace keys

void add_postings(write_set& to, address where, const analyzed& text);
// `text` as it was added. Of a term that no other record has, the key goes as well.
void remove_postings(write_set& from, address where, const analyzed& text);

// Appends a block's entries, each place once, by place. Bytes that are no entries throw failure(damaged).
void decode_postings(std::string_view value, std::uint32_t block, std::vector<posting>& into);
void decode_lengths(std::string_view value, std::uint32_t block, std::vector<record_length>& into);

// All of a space, by term and place, and by place: for a check.
void each_posting(const reader& from, std::uint32_t space,
                  const std::function<void(std::string_view term, const posting&)>& visit);
void each_length(const reader& from, std::uint32_t space, const std::function<void(const record_length&)>& visit);

}  // namespace troupe::memory
