#pragma once

#include <memory>
#include <span>
#include <vector>

#include "database.hpp"
#include "keys.hpp"
#include "space_table.hpp"
#include "vector_cache.hpp"
#include "vector_graph.hpp"

namespace troupe::memory {

struct dense_score {
  address where;
  double meaning = 0;  // the dot product of the question's vector with the record's
  double window = 0;   // with the mean of the vectors of its window (see bm25.hpp): its own and its neighbours'
};

// All records of these spaces that have a vector, by address. Looks at each vector.
// Vectors of other dimensions than the question's are passed over.
std::vector<dense_score> dense_search(const reader& from, std::span<const known_space> in, vector_cache& cache,
                                      std::span<const float> question);

// A large space's vectors in memory; null: they are on disk alone.
struct graph_of_space {
  std::uint32_t space = 0;
  std::shared_ptr<const vector_graph> graph;  // shared with vector_graphs
};

// Of each space that has a graph, the records whose vectors are nearest, `count` of each at most. By address.
std::vector<address> nearest(std::span<const graph_of_space> graphs, std::span<const float> question,
                             std::size_t count);

// Those of these records (by address) that have a vector. Vectors come from their space's graph; if it has none, from
// disk, and then a window is the record alone: its neighbours would be four times the reading.
std::vector<dense_score> dense_scores(const reader& from, std::span<const graph_of_space> graphs,
                                      std::span<const address> of, std::span<const float> question);

}  // namespace troupe::memory
