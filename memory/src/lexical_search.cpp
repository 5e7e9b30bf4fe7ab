#include "lexical_search.hpp"

#include <rocksdb/iterator.h>

#include <algorithm>
#include <array>
#include <memory>

#include "postings.hpp"

namespace troupe::memory {

namespace {

// Spaces of up to so many places are read by keys, all of them at once; longer ones with an iterator.
constexpr std::uint32_t keyed_places_max = 2048;
// In a large scope, a term with more postings than this in a space, and than a tenth of its records, is a common one.
constexpr std::size_t common_postings_min = 4096;

struct occurrence {
  double records = 0;   // that have the term
  double times = 0;     // that it is there in all
  bool common = false;  // it was not read to the end: the numbers are estimated, and the postings are not there
};

struct searched {
  std::size_t given_as = 0;  // its index in the spaces given
  const space_row* row = nullptr;
  space_postings postings;
  std::vector<occurrence> terms;
  std::vector<std::uint32_t> places;  // to score, ascending

  bool is_long() const { return row->next_place > keyed_places_max; }
  template <class Entry>
  std::uint32_t blocks() const {
    return blocks_before(row->next_place, Entry::block_places);
  }
};

class lexical_searcher {
 public:
  lexical_searcher(const reader& from, std::span<const known_space> in, const analyzed& question,
                   const search_bounds& within);
  lexical_scores run(std::span<const address> others);

 private:
  void read_short_spaces();
  void read_long_space(searched& of);
  void read_term(searched& of, std::size_t term, std::size_t postings_max);
  void read_around_places(searched& of);
  void count();
  void choose_all(searched& of) const;
  void choose_best(std::span<const address> others);
  std::vector<double> score_spaces() const;
  template <class Take>
  void iterate(const std::string& prefix, Take take);

  const reader& from_;
  const std::vector<term_count>& terms_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // of family index; made when a long space wants it
  std::vector<searched> spaces_;                 // by number; without the empty ones
  std::size_t spaces_given_;
  const std::size_t candidates_;  // in a large scope
  std::vector<double> rarities_;  // by term
  double records_ = 0, words_ = 0, mean_length_ = 1;
  bool exact_ = true;
};

lexical_searcher::lexical_searcher(const reader& from, std::span<const known_space> in, const analyzed& question,
                                   const search_bounds& within)
    : from_{from}, terms_{question.terms}, spaces_given_{in.size()}, candidates_{within.candidates} {
  for (std::size_t n = 0; n < in.size(); ++n) {
    const auto& row = in[n].row;
    if (row.records == 0) continue;
    records_ += static_cast<double>(row.records), words_ += static_cast<double>(row.words);
    auto& made = spaces_.emplace_back();
    made.given_as = n, made.row = &row;
    made.postings.space = row.number;
    made.postings.of_term.resize(terms_.size()), made.terms.resize(terms_.size());
  }
  std::sort(spaces_.begin(), spaces_.end(),
            [](const searched& x, const searched& y) { return x.postings.space < y.postings.space; });
  if (records_ > 0) mean_length_ = std::max(1.0, words_ / records_);
  exact_ = records_ <= static_cast<double>(within.exact_records_max);
}

lexical_scores lexical_searcher::run(std::span<const address> others) {
  read_short_spaces();
  for (auto& each : spaces_)
    if (each.is_long()) read_long_space(each);
  count();
  lexical_scores scores;
  scores.spaces = score_spaces();
  if (!exact_) choose_best(others);
  for (auto& each : spaces_) {
    if (exact_)
      choose_all(each);
    else if (!each.places.empty())
      read_around_places(each);
    if (!each.places.empty()) score_places(each.postings, each.places, rarities_, mean_length_, scores.records);
  }
  return scores;
}

void lexical_searcher::read_short_spaces() {
  std::vector<std::string> keys;
  for (const auto& space : spaces_) {
    if (space.is_long()) continue;
    for (std::uint32_t block = 0; exact_ && block < space.blocks<record_length>(); ++block)
      keys.push_back(keys::length_block(space.postings.space, block));
    for (const auto& each : terms_)
      for (std::uint32_t block = 0; block < space.blocks<posting>(); ++block)
        keys.push_back(keys::term_block(space.postings.space, each.term, block));
  }
  const auto values = from_.get(family::index, keys);
  auto value = values.begin();
  for (auto& space : spaces_) {
    if (space.is_long()) continue;
    for (std::uint32_t block = 0; exact_ && block < space.blocks<record_length>(); ++block, ++value)
      if (*value) decode_lengths(**value, block, space.postings.lengths);
    for (auto& postings : space.postings.of_term)
      for (std::uint32_t block = 0; block < space.blocks<posting>(); ++block, ++value)
        if (*value) decode_postings(**value, block, postings);
  }
}

// Calls take(block, value) for each block of a term, or of lengths, until it returns false.
template <class Take>
void lexical_searcher::iterate(const std::string& prefix, Take take) {
  for (iterator_->Seek(prefix); iterator_->Valid() && iterator_->key().starts_with(prefix); iterator_->Next()) {
    const auto key = iterator_->key().ToStringView();
    if (!take(keys::read_u32(key.substr(key.size() - 4)), iterator_->value().ToStringView())) return;
  }
  from_.require(iterator_->status(), "reading the index");
}

void lexical_searcher::read_term(searched& of, std::size_t term, std::size_t postings_max) {
  auto& postings = of.postings.of_term[term];
  auto& found = of.terms[term];
  iterate(keys::postings_of(of.postings.space, terms_[term].term), [&](std::uint32_t block, std::string_view value) {
    decode_postings(value, block, postings);
    found.common = postings.size() > postings_max;
    return !found.common;
  });
  if (!found.common) return;
  double times = 0;
  for (const auto& each : postings) times += each.count;
  const auto seen = (static_cast<double>(postings.back().place) + 1) / of.row->next_place;
  found.records = std::min(static_cast<double>(postings.size()) / seen, static_cast<double>(of.row->records));
  found.times = times / seen;
  postings = {};
}

void lexical_searcher::read_long_space(searched& of) {
  if (!iterator_) iterator_ = from_.iterate(family::index);
  const auto postings_max =
      exact_ ? std::size_t{UINT32_MAX} : std::max(common_postings_min, static_cast<std::size_t>(of.row->records / 10));
  for (std::size_t term = 0; term < terms_.size(); ++term) read_term(of, term, postings_max);
  if (exact_) {
    iterate(keys::lengths_of(of.postings.space), [&](std::uint32_t block, std::string_view value) {
      decode_lengths(value, block, of.postings.lengths);
      return true;
    });
    return;
  }
  // Nothing but common terms: the rarest of them brings the candidates.
  std::size_t rarest = terms_.size();
  for (std::size_t term = 0; term < terms_.size(); ++term) {
    if (!of.postings.of_term[term].empty()) return;
    if (of.terms[term].common && (rarest == terms_.size() || of.terms[term].records < of.terms[rarest].records))
      rarest = term;
  }
  if (rarest == terms_.size()) return;
  of.terms[rarest] = {};
  read_term(of, rarest, of.row->next_place);
}

void lexical_searcher::count() {
  for (std::size_t term = 0; term < terms_.size(); ++term) {
    double have = 0;
    for (auto& space : spaces_) {
      auto& found = space.terms[term];
      if (!found.common) {
        for (const auto& each : space.postings.of_term[term]) found.times += each.count;
        found.records = static_cast<double>(space.postings.of_term[term].size());
      }
      have += found.records;
    }
    rarities_.push_back(term_rarity(have, records_));
  }
}

std::vector<double> lexical_searcher::score_spaces() const {
  std::vector<double> scores(spaces_given_, 0);
  const auto spaces = static_cast<double>(spaces_.size());
  for (std::size_t term = 0; term < terms_.size(); ++term) {
    const auto have = std::count_if(spaces_.begin(), spaces_.end(),
                                    [term](const searched& each) { return each.terms[term].times > 0; });
    if (have == 0) continue;
    const auto rarity = term_rarity(static_cast<double>(have), spaces);
    for (const auto& each : spaces_)
      scores[each.given_as] += rarity * term_weight(each.terms[term].times, static_cast<double>(each.row->words),
                                                    std::max(1.0, words_ / spaces));
  }
  return scores;
}

// Each place whose window has a term.
void lexical_searcher::choose_all(searched& of) const {
  std::vector<bool> wanted(of.row->next_place + window_places, false);
  bool any = false;
  for (const auto& postings : of.postings.of_term)
    for (const auto& each : postings) {
      if (each.place >= of.row->next_place) continue;  // written after the row was read
      any = true;
      for (std::uint32_t n = 0; n < window_places; ++n) wanted[each.place + n] = true;
    }
  if (!any) return;
  for (const auto& each : of.postings.lengths)
    if (each.place < of.row->next_place && wanted[each.place + window_neighbours]) of.places.push_back(each.place);
}

// Keeps the best `count` of what it is offered; twice as many meanwhile.
class best_places {
 public:
  explicit best_places(std::size_t count) : count_{count} {}

  void offer(float score, address where) {
    if (score <= threshold_) return;
    kept_.emplace_back(score, where);
    if (kept_.size() == 2 * count_) cut();
  }
  std::vector<std::pair<float, address>> take() {
    if (kept_.size() > count_) cut();
    return std::move(kept_);
  }

 private:
  void cut() {
    const auto nth = kept_.begin() + static_cast<std::ptrdiff_t>(count_) - 1;
    std::nth_element(kept_.begin(), nth, kept_.end(), [](const auto& x, const auto& y) {
      return x.first != y.first ? x.first > y.first : x.second < y.second;
    });
    threshold_ = nth->first;
    kept_.resize(count_);
  }

  const std::size_t count_;
  float threshold_ = 0;
  std::vector<std::pair<float, address>> kept_;
};

// By what the records of a stretch have of the terms that are not common, and by the sum of that over the window.
void lexical_searcher::choose_best(std::span<const address> others) {
  constexpr std::uint32_t stretch = 4096;  // so that its scores stay in the processor's cache
  best_places by_words{candidates_}, by_window{candidates_};
  // Of scores[n], the place is from + n - window_neighbours; the last ones are the first of the next stretch.
  std::vector<float> scores(stretch + 2 * window_neighbours);
  for (const auto& space : spaces_) {
    std::vector<std::size_t> next(terms_.size(), 0);
    std::fill_n(scores.begin(), 2 * window_neighbours, 0.F);
    for (std::uint64_t from = 0; from < space.row->next_place; from += stretch) {
      const auto places = std::min<std::uint64_t>(stretch, space.row->next_place - from);
      std::fill_n(scores.begin() + 2 * window_neighbours, places, 0.F);
      bool any = std::any_of(scores.begin(), scores.begin() + 2 * window_neighbours, [](float s) { return s != 0; });
      for (std::size_t term = 0; term < terms_.size(); ++term) {
        const auto& postings = space.postings.of_term[term];
        for (auto& n = next[term]; n < postings.size() && postings[n].place < from + places + window_neighbours; ++n) {
          scores[postings[n].place + window_neighbours - from] +=
              static_cast<float>(rarities_[term] * term_weight(postings[n].count, postings[n].length, mean_length_));
          any = true;
        }
      }
      if (any) {
        for (std::uint32_t n = 0; n < places; ++n) {
          const auto* window = scores.data() + n;
          const auto sum = window[0] + window[1] + window[2] + window[3] + window[4];
          if (sum == 0) continue;
          const address where{space.postings.space, static_cast<std::uint32_t>(from) + n};
          by_words.offer(window[window_neighbours], where);
          by_window.offer(sum, where);
        }
      }
      std::copy_n(scores.begin() + stretch, 2 * window_neighbours, scores.begin());
    }
  }
  std::vector<address> chosen{others.begin(), others.end()};
  for (auto* best : {&by_words, &by_window})
    for (const auto& each : best->take()) chosen.push_back(each.second);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  auto space = spaces_.begin();
  for (const auto& each : chosen) {
    while (space->postings.space != each.space) ++space;
    space->places.push_back(each.place);
  }
}

// The blocks of that size that these places and their windows are in.
std::vector<std::uint32_t> blocks_around(const std::vector<std::uint32_t>& places, std::uint32_t end,
                                         std::uint32_t block_places) {
  std::vector<std::uint32_t> blocks;
  for (const auto place : places)
    for (const auto near : {place - std::min(place, window_neighbours), std::min(place + window_neighbours, end - 1)})
      if (const auto block = near / block_places; blocks.empty() || blocks.back() < block) blocks.push_back(block);
  return blocks;
}

// The lengths there, and the common terms.
void lexical_searcher::read_around_places(searched& of) {
  const auto number = of.postings.space;
  const auto with_lengths = blocks_around(of.places, of.row->next_place, record_length::block_places);
  const auto with_postings = blocks_around(of.places, of.row->next_place, posting::block_places);
  std::vector<std::string> keys;
  for (const auto block : with_lengths) keys.push_back(keys::length_block(number, block));
  for (std::size_t term = 0; term < terms_.size(); ++term)
    for (const auto block : with_postings)
      if (of.terms[term].common) keys.push_back(keys::term_block(number, terms_[term].term, block));
  const auto values = from_.get(family::index, keys);
  auto value = values.begin();
  for (const auto block : with_lengths) {
    if (*value) decode_lengths(**value, block, of.postings.lengths);
    ++value;
  }
  for (std::size_t term = 0; term < terms_.size(); ++term) {
    if (!of.terms[term].common) continue;
    for (const auto block : with_postings) {
      if (*value) decode_postings(**value, block, of.postings.of_term[term]);
      ++value;
    }
  }
}

}  // namespace

lexical_scores lexical_search(const reader& from, std::span<const known_space> in, const analyzed& question,
                              const search_bounds& within, std::span<const address> others) {
  return lexical_searcher{from, in, question, within}.run(others);
}

}  // namespace troupe::memory
