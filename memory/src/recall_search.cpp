#include "recall_search.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <queue>
#include <troupe/memory/errc.hpp>
#include <troupe/net/codec.hpp>
#include <utility>

#include "dense_search.hpp"
#include "lexical_search.hpp"
#include "mention.hpp"

namespace troupe::memory {

namespace {

// Records are read so many at a time.
constexpr std::size_t reads_at_once = 32;

// The parts of a score that are known before the record is read.
struct candidate {
  static constexpr std::size_t parts = 5;
  address where;
  std::array<double, parts> of{};  // words, window, space, meaning, window's meaning
  double partial = 0;              // their weighted sum, each brought to 0 to 1
};

// Brings values to 0 to 1; all to 0 if they are equal.
class range {
 public:
  void add(double value) { low_ = std::min(low_, value), high_ = std::max(high_, value); }
  double operator()(double value) const { return high_ > low_ ? (value - low_) / (high_ - low_) : 0; }

 private:
  double low_ = std::numeric_limits<double>::infinity(), high_ = -low_;
};

record decode_record(std::string_view bytes) {
  auto what = net::decode<record>(bytes);
  if (!what) throw failure{error{memory_errc::damaged, "a record: " + what.error().message()}};
  return *std::move(what);
}

// Reads what is there, warm or archived, in the order asked for.
template <class Wanted, class Visit>
void read_records(const reader& from, const std::vector<Wanted>& all, Visit visit) {
  std::vector<std::string> keys;
  for (const auto& each : all) keys.push_back(keys::at(each.where));
  const auto values = from.get(family::records, keys);
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (values[n])
      visit(all[n], decode_record(*values[n]));
    else if (const auto archived = from.get(family::archive, keys[n]))
      visit(all[n], decode_record(*archived));
  }
}

bool passes(const record& what, const query& filters, timestamp now) {
  const auto& kinds = filters.kinds;
  const auto& attributes = filters.attributes;
  if (what.expires && *what.expires <= now) return false;
  if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), what.kind) == kinds.end()) return false;
  if ((filters.from && what.time < *filters.from) || (filters.to && what.time >= *filters.to)) return false;
  if (!filters.subject.empty() && what.subject != filters.subject) return false;
  return std::all_of(attributes.begin(), attributes.end(), [&](const auto& each) {
    const auto found = what.attributes.find(each.first);
    return found != what.attributes.end() && found->second == each.second;
  });
}

double recency_of(const record& what, timestamp now) {
  const std::chrono::duration<double, std::ratio<3600>> age = now - what.time;
  return std::pow(0.995, std::max(0.0, age.count()));
}

// A space whose newest records are wanted: those read, the newest last, and before which place to go on.
struct newest_of_space {
  std::uint32_t space = 0;
  std::string before;  // a key; empty: from the end
  std::vector<std::pair<address, record>> read;
};

// The newest of a space's records that are before a key, in both families. False: there are none.
bool read_back(const reader& from, newest_of_space& of) {
  const auto prefix = keys::u32(of.space);
  for (const auto tier : {family::records, family::archive}) {
    std::size_t taken = 0;
    from.scan_back(
        tier, prefix,
        [&](std::string_view key, std::string_view value) {
          of.read.emplace_back(keys::read_address(key), decode_record(value));
          return ++taken < reads_at_once;
        },
        of.before);
  }
  std::sort(of.read.begin(), of.read.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  // The oldest of them may have others between them in the other family.
  if (of.read.size() > reads_at_once)
    of.read.erase(of.read.begin(), of.read.end() - static_cast<std::ptrdiff_t>(reads_at_once));
  if (of.read.empty()) return false;
  of.before = keys::at(of.read.front().first);
  return true;
}

// Merges the spaces' records from their ends.
std::vector<hit> newest(const reader& from, const std::vector<known_space>& in, const query& filters, timestamp now) {
  const auto older = [](const newest_of_space& x, const newest_of_space& y) {
    const auto& [at_x, what_x] = x.read.back();
    const auto& [at_y, what_y] = y.read.back();
    return what_x.recorded != what_y.recorded ? what_x.recorded < what_y.recorded : at_x < at_y;
  };
  std::vector<newest_of_space> spaces;
  for (const auto& each : in) {
    newest_of_space of{each.row.number, {}, {}};
    if (read_back(from, of)) spaces.push_back(std::move(of));
  }
  std::make_heap(spaces.begin(), spaces.end(), older);
  std::vector<hit> found;
  for (std::size_t read = 0; !spaces.empty() && found.size() < filters.limit && read < recall_reads_max; ++read) {
    std::pop_heap(spaces.begin(), spaces.end(), older);
    auto& next = spaces.back();
    if (passes(next.read.back().second, filters, now)) found.push_back({std::move(next.read.back().second), 0, {}});
    next.read.pop_back();
    if (next.read.empty() && !read_back(from, next))
      spaces.pop_back();
    else
      std::push_heap(spaces.begin(), spaces.end(), older);
  }
  return found;
}

class recaller {
 public:
  recaller(const reader& from, const recall_tools& with, const query& what, timestamp now, std::vector<known_space> in)
      : from_{from}, with_{with}, query_{what}, now_{now}, in_{std::move(in)} {}

  std::vector<hit> by_score();

 private:
  struct scores {
    lexical_scores lexical;
    std::vector<dense_score> dense;
  };
  scores all_scores() const;
  scores best_scores(std::span<const float> question) const;
  std::vector<candidate> candidates() const;
  void add_up(std::vector<candidate>& all) const;
  struct found_record {
    address where;
    hit made;
  };
  found_record complete(const candidate& from, record what, const mention& named) const;
  std::vector<hit> best_of(std::vector<found_record> all) const;

  const reader& from_;
  const recall_tools& with_;
  const query& query_;
  const timestamp now_;
  const std::vector<known_space> in_;
};

recaller::scores recaller::all_scores() const {
  const auto& weights = query_.weights;
  const bool by_meaning = weights.meaning != 0 || weights.window_meaning != 0;
  const std::string_view text = query_.text;
  const auto question = by_meaning ? with_.meanings.embed({&text, 1}).value() : std::vector<float>{};
  std::uint64_t records = 0;
  for (const auto& each : in_) records += each.row.records;
  if (records > with_.exact_records_max) return best_scores(question);
  return {lexical_search(from_, in_, with_.words.analyze(query_.text), {}),
          by_meaning ? dense_search(from_, in_, with_.vectors, question) : std::vector<dense_score>{}};
}

// In a large scope: words and graphs bring candidates, which then get all of their scores.
recaller::scores recaller::best_scores(std::span<const float> question) const {
  std::vector<graph_of_space> graphs;
  for (const auto& [name, row] : in_)
    if (!question.empty() && row.records > with_.exact_records_max)
      graphs.push_back({row.number, with_.graphs.of(row.number, row.records)});
  std::sort(graphs.begin(), graphs.end(), [](const auto& x, const auto& y) { return x.space < y.space; });
  const search_bounds within{.exact_records_max = with_.exact_records_max,
                             .candidates = std::max(search_bounds{}.candidates, query_.limit)};
  const auto near = nearest(graphs, question, within.candidates);
  scores made;
  made.lexical = lexical_search(from_, in_, with_.words.analyze(query_.text), within, near);
  if (question.empty()) return made;
  std::vector<address> by_words, all;
  for (const auto& each : made.lexical.records) by_words.push_back(each.where);
  std::set_union(by_words.begin(), by_words.end(), near.begin(), near.end(), std::back_inserter(all));
  made.dense = dense_scores(from_, graphs, all, question);
  return made;
}

// By address.
std::vector<candidate> recaller::candidates() const {
  const auto [lexical, meanings] = all_scores();
  std::vector<std::pair<std::uint32_t, double>> spaces;
  for (std::size_t n = 0; n < in_.size(); ++n) spaces.emplace_back(in_[n].row.number, lexical.spaces[n]);
  std::sort(spaces.begin(), spaces.end());

  std::vector<candidate> all;
  all.reserve(std::max(lexical.records.size(), meanings.size()));
  auto word = lexical.records.begin();
  auto meaning = meanings.begin();
  auto space = spaces.begin();
  while (word != lexical.records.end() || meaning != meanings.end()) {
    auto& next = all.emplace_back();
    const auto has_word = word != lexical.records.end() && (meaning == meanings.end() || word->where <= meaning->where);
    next.where = has_word ? word->where : meaning->where;
    if (has_word) next.of[0] = word->words, next.of[1] = word->window, ++word;
    while (space->first != next.where.space) ++space;
    next.of[2] = space->second;
    if (meaning != meanings.end() && meaning->where == next.where)
      next.of[3] = meaning->meaning, next.of[4] = meaning->window, ++meaning;
  }
  add_up(all);
  return all;
}

void recaller::add_up(std::vector<candidate>& all) const {
  const auto& w = query_.weights;
  const std::array<double, candidate::parts> weights{w.words, w.window, w.space, w.meaning, w.window_meaning};
  std::array<range, candidate::parts> ranges;
  for (const auto& each : all)
    for (std::size_t n = 0; n < candidate::parts; ++n) ranges[n].add(each.of[n]);
  for (auto& each : all)
    for (std::size_t n = 0; n < candidate::parts; ++n) {
      each.of[n] = ranges[n](each.of[n]);
      each.partial += weights[n] * each.of[n];
    }
}

std::vector<hit> recaller::by_score() {
  const auto all = candidates();
  // A heap of them by score, of what it takes to compare two alone: most are never taken from it.
  std::vector<std::pair<double, std::uint32_t>> best_first;
  best_first.reserve(all.size());
  for (const auto& each : all) best_first.emplace_back(each.partial, static_cast<std::uint32_t>(best_first.size()));
  const auto worse = [](const auto& x, const auto& y) {
    return x.first != y.first ? x.first < y.first : x.second > y.second;
  };
  std::make_heap(best_first.begin(), best_first.end(), worse);
  const auto& weights = query_.weights;
  const bool read_all = weights.recency != 0 || weights.importance != 0;
  const auto enough = recall_depth(query_.limit);
  const mention named{with_.words, query_.text};

  std::vector<found_record> found;
  std::priority_queue<double, std::vector<double>, std::greater<>> best;  // the scores of the `limit` best
  std::vector<candidate> batch;
  for (std::size_t read = 0; !best_first.empty() && read < recall_reads_max; read += batch.size()) {
    if (!read_all && best.size() == query_.limit &&
        (found.size() >= enough || best.top() > best_first.front().first + weights.mention))
      break;
    batch.clear();
    while (!best_first.empty() && batch.size() < reads_at_once) {
      batch.push_back(all[best_first.front().second]);
      std::pop_heap(best_first.begin(), best_first.end(), worse);
      best_first.pop_back();
    }
    std::sort(batch.begin(), batch.end(), [](const auto& x, const auto& y) { return x.where < y.where; });
    read_records(from_, batch, [&](const candidate& from, record what) {
      if (!passes(what, query_, now_)) return;
      found.push_back(complete(from, std::move(what), named));
      best.push(found.back().made.score);
      if (best.size() > query_.limit) best.pop();
    });
  }
  return best_of(std::move(found));
}

recaller::found_record recaller::complete(const candidate& from, record what, const mention& named) const {
  found_record found{from.where, {}};
  found.made.parts = {.words = from.of[0],
                      .window = from.of[1],
                      .space = from.of[2],
                      .meaning = from.of[3],
                      .window_meaning = from.of[4],
                      .mention = named.of(what) ? 1.0 : 0.0,
                      .recency = recency_of(what, now_),
                      .importance = what.importance};
  found.made.score = from.partial + query_.weights.mention * found.made.parts.mention;
  found.made.what = std::move(what);
  return found;
}

std::vector<hit> recaller::best_of(std::vector<found_record> all) const {
  const auto& weights = query_.weights;
  for (const auto& [part, weight] :
       {std::pair{&score_parts::recency, weights.recency}, std::pair{&score_parts::importance, weights.importance}}) {
    if (weight == 0) continue;
    range of;
    for (const auto& each : all) of.add(each.made.parts.*part);
    for (auto& each : all) {
      auto& value = each.made.parts.*part;
      value = of(value);
      each.made.score += weight * value;
    }
  }
  std::sort(all.begin(), all.end(), [](const found_record& x, const found_record& y) {
    return x.made.score != y.made.score ? x.made.score > y.made.score : x.where < y.where;
  });
  if (all.size() > query_.limit) all.resize(query_.limit);
  const auto sum = weights.words + weights.window + weights.space + weights.meaning + weights.window_meaning +
                   weights.mention + weights.recency + weights.importance;
  std::vector<hit> hits;
  for (auto& each : all) {
    if (sum > 0) each.made.score /= sum;
    hits.push_back(std::move(each.made));
  }
  return hits;
}

}  // namespace

std::vector<hit> recall(const reader& from, const recall_tools& with, const query& what, timestamp now,
                        const std::function<bool(const path&)>& may_read) {
  auto in = with.spaces.in_scope(what.space, what.scope);
  std::erase_if(in, [&](const known_space& each) { return each.row.records == 0 || !may_read(each.name); });
  if (with.words.words(what.text).empty()) return newest(from, in, what, now);
  return recaller{from, with, what, now, std::move(in)}.by_score();
}

}  // namespace troupe::memory
