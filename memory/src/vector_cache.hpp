#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "database.hpp"
#include "vector_math.hpp"
#include "write_set.hpp"

namespace troupe::memory {

// Vectors as they are stored in family `vectors`, under keys::at(): the scale as a little-endian float32, then a byte
// for each code. What is no such value throws failure(damaged).
inline constexpr std::size_t vector_header_size_bytes = 4;
std::string to_bytes(const coded_vector& vector);
float scale_of(std::string_view value);
std::string_view codes_of(std::string_view value);

// Up to vector_chunk_rows vectors, ready for dots(). By place.
struct vector_chunk {
  std::vector<std::uint32_t> places;
  std::vector<float> scales;
  std::vector<std::int8_t> codes;  // row after row
};
inline constexpr std::size_t vector_chunk_rows = 1024;

// All vectors of a space, by place. Never changes.
struct space_vectors {
  std::size_t dimensions = 0;                               // 0: there are none
  std::vector<std::shared_ptr<const vector_chunk>> chunks;  // shared with later states of the space; none is empty
  std::size_t rows = 0;
  std::size_t size_bytes = 0;
};

// The vectors of spaces in memory, for scans of all of them. A space is loaded when it is first asked for; those that
// were not asked for the longest go when there are more than so many bytes (what readers still hold is not counted). A
// space larger than that is loaded for each question.
//
// Owner: the store. Any thread may call of(); the writer calls follow() after each batch, before it acknowledges it. A
// reader keeps the state that it got, and waits for others only as long as it takes to find or put in a pointer.
class vector_cache {
 public:
  explicit vector_cache(std::size_t size_bytes_max) : size_bytes_max_{size_bytes_max} {}

  // The state at some time from the beginning of this call on; so it may have records that `from` does not show yet.
  // Throws what reader does.
  std::shared_ptr<const space_vectors> of(const reader& from, std::uint32_t space);
  void follow(const write_set& written);
  std::size_t size_bytes() const;

 private:
  struct change {
    std::uint32_t place = 0;
    std::optional<std::string> value;
  };
  using changes = std::vector<change>;
  // A space that some reader is loading, and what was written to it meanwhile.
  struct loading {
    std::uint32_t space = 0;
    changes missed;
  };
  struct entry {
    std::shared_ptr<const space_vectors> vectors;  // shared with readers
    std::list<std::uint32_t>::iterator used;
  };

  static std::shared_ptr<const space_vectors> apply(const space_vectors* to, const changes& all);
  std::shared_ptr<const space_vectors> find(std::uint32_t space);
  void keep(std::uint32_t space, std::shared_ptr<const space_vectors> vectors);
  void drop(std::unordered_map<std::uint32_t, entry>::iterator which);

  const std::size_t size_bytes_max_;
  mutable std::mutex mutex_;  // guards all below
  std::unordered_map<std::uint32_t, entry> spaces_;
  std::list<std::uint32_t> used_;  // the newest first
  std::list<loading> loading_;
  std::size_t size_bytes_ = 0;
};

}  // namespace troupe::memory
