#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "vector_math.hpp"

namespace troupe::memory {

// The vectors of one space in memory, as a graph that finds near ones without looking at all of them (HNSW: Malkov and
// Yashunin, 2018; hnswlib's, with 24 links, and 100 candidates when one is put in). Approximate: it misses a few of
// those that a scan of all finds (how many: tests/bench/README.md).
//
// Any thread may ask, beside one that changes it. A change keeps questions waiting: for a fraction of a millisecond if
// it puts in or erases, some milliseconds if it replaces, longer if it grows. What is erased is overwritten; the room
// that it had is not given back.
class vector_graph {
 public:
  // Room for `capacity` vectors, which is taken at once: row_size_bytes() for each.
  vector_graph(std::size_t dimensions, std::size_t capacity);
  ~vector_graph();
  vector_graph(const vector_graph&) = delete;
  vector_graph& operator=(const vector_graph&) = delete;

  static std::size_t row_size_bytes(std::size_t dimensions) noexcept;

  // A value as family `vectors` has it (vector_cache.hpp), of these dimensions. There has to be room for a new place.
  void put(std::uint32_t place, std::string_view value);
  void erase(std::uint32_t place);
  void grow(std::size_t capacity);

  std::size_t dimensions() const noexcept { return dimensions_; }
  std::size_t capacity() const;
  std::size_t rows() const;    // those erased included
  std::size_t erased() const;  // of them

  // The places of the nearest by dot product, the nearest first: `count` of them, or all.
  std::vector<std::uint32_t> nearest(const coded_vector& question, std::size_t count) const;
  // The values of these places as put() got them, empty for those that are not there; in their order, one behind
  // another.
  std::vector<coded_vector> values(const std::vector<std::uint32_t>& places) const;

 private:
  struct graph;  // hnswlib stays in one file
  const std::size_t dimensions_;
  const std::unique_ptr<graph> graph_;
};

}  // namespace troupe::memory
