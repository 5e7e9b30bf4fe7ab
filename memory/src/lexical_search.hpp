#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analyzer.hpp"
#include "bm25.hpp"
#include "database.hpp"
#include "space_table.hpp"

namespace troupe::memory {

struct lexical_scores {
  std::vector<lexical_score> records;  // by address; those that have a score above 0
  std::vector<double> spaces;          // of each space as one text, in the order in which they were given
};

// How large a scope may be to be searched exactly, and what a larger one is bounded to.
struct search_bounds {
  std::uint64_t exact_records_max = UINT64_MAX;
  std::size_t candidates = 128;
};

// BM25 of records, of their windows, and of spaces; each term of the question counts once. How rare terms are and how
// long records are in the mean is counted over the spaces given.
//
// In scopes of more than exact_records_max:
// - the `candidates` best by words, and as many by the sum of these over the window, are scored, and those that
//   `others` (by address) names; nothing else;
// - a term that more than a tenth of a space's records have brings no candidates there: it is read only where others
//   brought them, and how many records have it is estimated. If all terms are such, the rarest brings them.
// So the work depends on how many records have the terms, up to a tenth of all for each.
lexical_scores lexical_search(const reader& from, std::span<const known_space> in, const analyzed& question,
                              const search_bounds& within, std::span<const address> others = {});

}  // namespace troupe::memory
