#pragma once

#include <span>
#include <vector>

#include "database.hpp"
#include "keys.hpp"
#include "space_table.hpp"
#include "vector_cache.hpp"

namespace troupe::memory {

struct dense_score {
  address where;
  double meaning = 0;  // the dot product of the question's vector with the record's
  double window = 0;   // with the mean of the vectors of its window (see bm25.hpp): its own and its neighbours'
};

// All records of these spaces that have a vector, by address. Looks at each vector: for exact_records_max at most.
// Vectors of other dimensions than the question's are passed over.
std::vector<dense_score> dense_search(const reader& from, std::span<const known_space> in, vector_cache& cache,
                                      std::span<const float> question);

// Those of these records (by address) that have a vector; read from disk.
std::vector<dense_score> dense_scores(const reader& from, std::span<const address> of, std::span<const float> question);

}  // namespace troupe::memory
