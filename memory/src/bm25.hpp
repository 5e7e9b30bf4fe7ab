#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "keys.hpp"
#include "postings.hpp"

// BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009), with k1 = 1.2 and b = 0.75.

namespace troupe::memory {

// A window: a record with up to so many neighbours on either side, by place in its space. Places that are erased, or
// beyond the ends, hold nothing.
inline constexpr std::uint32_t window_neighbours = 2;
inline constexpr std::uint32_t window_places = 2 * window_neighbours + 1;

// How much a term counts that so many `of` all texts have (its inverse document frequency). Never negative.
double term_rarity(double have, double of);

// How much a term counts for a text of that length in which it is so often, among texts of that mean length: 0 to 2.2.
inline double term_weight(double count, double length, double mean) {
  constexpr double k1 = 1.2, b = 0.75;
  return count * (k1 + 1) / (count + k1 * (1 - b + b * length / mean));
}

struct lexical_score {
  address where;
  double words = 0;   // of the record
  double window = 0;  // of its window
};

// What the records of a space have of a question's terms; each list by place.
struct space_postings {
  std::uint32_t space = 0;
  std::vector<std::vector<posting>> of_term;
  std::vector<record_length> lengths;
};

// Scores those of the places (ascending) that hold a record and have a score above 0, in their order. A term is as rare
// in windows as it is in records, and a window is as long as five records in the mean.
void score_places(const space_postings& in, std::span<const std::uint32_t> places, std::span<const double> rarities,
                  double mean_length, std::vector<lexical_score>& into);

}  // namespace troupe::memory
