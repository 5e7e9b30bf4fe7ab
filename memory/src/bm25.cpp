#include "bm25.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::memory {

namespace {

// The sum over a window that moves over entries, forward only.
template <class Entry>
class sliding_sum {
 public:
  sliding_sum(const std::vector<Entry>& entries, std::uint32_t Entry::*counted)
      : counted_{counted}, first_{entries.begin()}, next_{entries.begin()}, end_{entries.end()} {}

  std::uint64_t around(std::uint32_t place) {
    for (; next_ != end_ && next_->place <= std::uint64_t{place} + window_neighbours; ++next_)
      sum_ += (*next_).*counted_;
    for (; first_ != next_ && std::uint64_t{first_->place} + window_neighbours < place; ++first_)
      sum_ -= (*first_).*counted_;
    return sum_;
  }
  bool at_end() const { return next_ == end_; }
  // The first place whose window has the next entry; not at the end.
  std::uint32_t next_place() const { return next_->place - std::min(next_->place, window_neighbours); }
  // After around(): the entry of that place itself.
  const Entry* at(std::uint32_t place) const {
    for (auto each = first_; each != next_; ++each)
      if (each->place == place) return &*each;
    return nullptr;
  }

 private:
  using iterator = typename std::vector<Entry>::const_iterator;
  std::uint32_t Entry::*counted_;
  iterator first_, next_;
  const iterator end_;
  std::uint64_t sum_ = 0;
};

}  // namespace

double term_rarity(double have, double of) { return std::log(1 + (std::max(of, have) - have + 0.5) / (have + 0.5)); }

void score_places(const space_postings& in, std::span<const std::uint32_t> places, std::span<const double> rarities,
                  double mean_length, std::vector<lexical_score>& into) {
  const auto begin = into.size();
  std::vector<double> window_lengths;
  sliding_sum lengths{in.lengths, &record_length::length};
  for (const auto place : places) {
    const auto around = lengths.around(place);
    if (lengths.at(place) == nullptr) continue;
    into.push_back({{in.space, place}});
    window_lengths.push_back(static_cast<double>(around));
  }
  for (std::size_t term = 0; term < in.of_term.size(); ++term) {
    if (in.of_term[term].empty()) continue;
    sliding_sum counts{in.of_term[term], &posting::count};
    for (auto n = begin; n < into.size(); ++n) {
      const auto around = counts.around(into[n].where.place);
      if (around == 0) {
        // Most places have nothing of a rare term.
        if (counts.at_end()) break;
        const auto by_place = [](const lexical_score& each, std::uint32_t place) { return each.where.place < place; };
        n = static_cast<std::size_t>(std::lower_bound(into.begin() + static_cast<std::ptrdiff_t>(n), into.end(),
                                                      counts.next_place(), by_place) -
                                     into.begin()) -
            1;
        continue;
      }
      auto& score = into[n];
      score.window += rarities[term] *
                      term_weight(static_cast<double>(around), window_lengths[n - begin], mean_length * window_places);
      if (const auto own = counts.at(score.where.place); own != nullptr)
        score.words += rarities[term] * term_weight(own->count, own->length, mean_length);
    }
  }
  into.erase(std::remove_if(into.begin() + static_cast<std::ptrdiff_t>(begin), into.end(),
                            [](const lexical_score& each) { return each.window <= 0; }),
             into.end());
}

}  // namespace troupe::memory
