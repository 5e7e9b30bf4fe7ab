#include "dense_search.hpp"

#include <algorithm>
#include <cstring>

#include "bm25.hpp"
#include "vector_math.hpp"

namespace troupe::memory {

namespace {

// Sets the windows of scores of one space; by place.
void average_windows(std::span<dense_score> scores) {
  std::size_t first = 0, next = 0;
  for (auto& each : scores) {
    const std::uint64_t place = each.where.place;
    while (next < scores.size() && scores[next].where.place <= place + window_neighbours) ++next;
    while (std::uint64_t{scores[first].where.place} + window_neighbours < place) ++first;
    double sum = 0;
    for (auto n = first; n < next; ++n) sum += scores[n].meaning;
    each.window = sum / static_cast<double>(next - first);
  }
}

}  // namespace

std::vector<dense_score> dense_search(const reader& from, std::span<const known_space> in, vector_cache& cache,
                                      std::span<const float> question) {
  std::vector<std::uint32_t> spaces;
  for (const auto& each : in)
    if (each.row.records > 0) spaces.push_back(each.row.number);
  std::sort(spaces.begin(), spaces.end());
  std::vector<dense_score> scores;
  std::vector<float> products;
  for (const auto space : spaces) {
    const auto vectors = cache.of(from, space);
    if (vectors->dimensions != question.size()) continue;
    const auto begin = scores.size();
    for (const auto& chunk : vectors->chunks) {
      const auto rows = chunk->places.size();
      products.resize(rows);
      dots(chunk->codes.data(), chunk->scales.data(), rows, question.size(), question, products.data());
      for (std::size_t n = 0; n < rows; ++n) scores.push_back({{space, chunk->places[n]}, products[n], 0});
    }
    average_windows(std::span{scores}.subspan(begin));
  }
  return scores;
}

std::vector<dense_score> dense_scores(const reader& from, std::span<const address> of,
                                      std::span<const float> question) {
  std::vector<address> wanted;
  for (const auto& each : of) {
    const auto first = each.place - std::min(each.place, window_neighbours);
    const auto last = each.place + std::min(~each.place, window_neighbours);
    for (std::uint64_t place = first; place <= last; ++place) {
      const address next{each.space, static_cast<std::uint32_t>(place)};
      if (wanted.empty() || wanted.back() < next) wanted.push_back(next);
    }
  }
  std::vector<std::string> keys;
  for (const auto& each : wanted) keys.push_back(keys::at(each));
  const auto values = from.get(family::vectors, keys);
  std::vector<dense_score> all;
  std::vector<float> scales;
  std::vector<std::int8_t> codes;
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    if (!values[n]) continue;
    const auto scale = scale_of(*values[n]);
    const auto row = codes_of(*values[n]);
    if (row.size() != question.size()) continue;
    all.push_back({wanted[n]});
    scales.push_back(scale);
    const auto* bytes = reinterpret_cast<const std::int8_t*>(row.data());
    codes.insert(codes.end(), bytes, bytes + row.size());
  }
  std::vector<float> products(all.size());
  dots(codes.data(), scales.data(), all.size(), question.size(), question, products.data());
  for (std::size_t n = 0; n < all.size(); ++n) all[n].meaning = products[n];
  for (std::size_t begin = 0; begin < all.size();) {
    auto end = begin;
    while (end < all.size() && all[end].where.space == all[begin].where.space) ++end;
    average_windows(std::span{all}.subspan(begin, end - begin));
    begin = end;
  }
  std::vector<dense_score> scores;
  auto each = all.begin();
  for (const auto& where : of) {
    while (each != all.end() && each->where < where) ++each;
    if (each != all.end() && each->where == where) scores.push_back(*each);
  }
  return scores;
}

}  // namespace troupe::memory
