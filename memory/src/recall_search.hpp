#pragma once

#include <cstddef>
#include <functional>
#include <troupe/core/clock.hpp>
#include <troupe/memory/embedder.hpp>
#include <troupe/memory/recall.hpp>
#include <vector>

#include "analyzer.hpp"
#include "database.hpp"
#include "space_table.hpp"
#include "vector_cache.hpp"

namespace troupe::memory {

// Answers a question: at most `limit` records that pass its filters, the best first; of equal ones, the one that was
// there earlier. Expired records are passed over. Pure but for what it reads; throws `failure` where reading or the
// embedder fails.
//
// Candidates are all records of the scope that have a word of the question in their window, or a vector. Above
// exact_records_max (see lexical_search.hpp) they are those that the words bring, and vectors only rank them. Words,
// windows, spaces and meanings are brought to 0 to 1 over the candidates before records are read. Then records are
// read, best first, until no other can come among the best `limit`, or recall_reads_max were read. `mention` is 0 or 1.
// Importance and recency are brought to 0 to 1 over all candidates only if one of them has a weight: then all are read.
//
// Without words, the newest by filters, as they were recorded; their scores are 0.
std::vector<hit> recall(const reader& from, const space_table& spaces, vector_cache& vectors, const analyzer& words,
                        const embedder& meanings, const query& what, timestamp now,
                        const std::function<bool(const path&)>& may_read);

inline constexpr std::size_t recall_reads_max = 20'000;

}  // namespace troupe::memory
