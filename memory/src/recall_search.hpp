#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <troupe/core/clock.hpp>
#include <troupe/memory/embedder.hpp>
#include <troupe/memory/recall.hpp>
#include <vector>

#include "analyzer.hpp"
#include "database.hpp"
#include "space_table.hpp"
#include "vector_cache.hpp"
#include "vector_graphs.hpp"

namespace troupe::memory {

// What questions are answered with. The store's; outlives each question.
struct recall_tools {
  const space_table& spaces;
  vector_cache& vectors;
  vector_graphs& graphs;
  const analyzer& words;
  const embedder& meanings;
  std::uint64_t exact_records_max;  // a scope of more is searched approximately
};

// Answers a question: at most `limit` records that pass its filters, the best first; of equal ones, the one that was
// there earlier. Expired records are passed over. Pure but for what it reads; throws `failure` where reading or the
// embedder fails.
//
// Candidates are all records of the scope that have a word of the question in their window, or a vector. In a scope of
// more than exact_records_max they are the best by words, and the nearest by the graphs of those of its spaces that
// are so large by themselves. Words, windows, spaces and meanings are brought to 0 to 1 over the candidates before
// records are read. Then records are read, best first, until no other can come among the best `limit`, until
// recall_depth(limit) passed the filters (`mention`, 0 or 1, decides among these), or recall_reads_max were read.
// Importance and recency are brought to 0 to 1 over the candidates that were read; if one of them has a weight, these
// are all, or recall_reads_max.
//
// Without words, the newest by filters, as they were recorded; their scores are 0.
std::vector<hit> recall(const reader& from, const recall_tools& with, const query& what, timestamp now,
                        const std::function<bool(const path&)>& may_read);

inline constexpr std::size_t recall_reads_max = 20'000;
constexpr std::size_t recall_depth(std::size_t limit) { return 8 * std::max<std::size_t>(limit, 8); }

}  // namespace troupe::memory
