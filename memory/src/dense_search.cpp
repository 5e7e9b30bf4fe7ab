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

std::vector<address> nearest(std::span<const graph_of_space> graphs, std::span<const float> question,
                             std::size_t count) {
  const auto coded = encode(question);
  std::vector<address> found;
  for (const auto& [space, graph] : graphs) {
    if (!graph || graph->dimensions() != question.size()) continue;
    for (const auto place : graph->nearest(coded, count)) found.push_back({space, place});
  }
  std::sort(found.begin(), found.end());
  return found;
}

namespace {

// Vectors one behind another, as dots() takes them.
struct gathered {
  std::vector<dense_score> scores;
  std::vector<float> scales;
  std::vector<std::int8_t> codes;

  void add(address where, float scale, std::span<const std::int8_t> of) {
    scores.push_back({where, 0, 0});
    scales.push_back(scale);
    codes.insert(codes.end(), of.begin(), of.end());
  }
  void multiply(std::span<const float> question) {
    std::vector<float> products(scores.size());
    dots(codes.data(), scales.data(), scores.size(), question.size(), question, products.data());
    for (std::size_t n = 0; n < scores.size(); ++n) scores[n].meaning = scores[n].window = products[n];
  }
};

// The places of these records, and of their windows.
std::vector<std::uint32_t> with_neighbours(std::span<const address> of) {
  std::vector<std::uint32_t> places;
  for (const auto& each : of) {
    const auto first = each.place - std::min(each.place, window_neighbours);
    const auto last = each.place + std::min(~each.place, window_neighbours);
    for (std::uint64_t place = first; place <= last; ++place)
      if (places.empty() || places.back() < place) places.push_back(static_cast<std::uint32_t>(place));
  }
  return places;
}

gathered from_graph(const vector_graph& graph, std::span<const address> of, std::span<const float> question) {
  gathered found;
  const auto places = with_neighbours(of);
  const auto values = graph.values(places);
  for (std::size_t n = 0; n < places.size(); ++n)
    if (!values[n].codes.empty()) found.add({of.front().space, places[n]}, values[n].scale, values[n].codes);
  found.multiply(question);
  average_windows(found.scores);
  return found;
}

}  // namespace

std::vector<dense_score> dense_scores(const reader& from, std::span<const graph_of_space> graphs,
                                      std::span<const address> of, std::span<const float> question) {
  std::vector<dense_score> scores;
  std::vector<address> on_disk;
  for (std::size_t begin = 0; begin < of.size();) {
    auto end = begin;
    while (end < of.size() && of[end].space == of[begin].space) ++end;
    const auto wanted = of.subspan(begin, end - begin);
    const auto found = std::lower_bound(graphs.begin(), graphs.end(), wanted.front().space,
                                        [](const auto& each, std::uint32_t space) { return each.space < space; });
    const bool has = found != graphs.end() && found->space == wanted.front().space && found->graph &&
                     found->graph->dimensions() == question.size();
    const auto there = has ? from_graph(*found->graph, wanted, question).scores : std::vector<dense_score>{};
    auto each = there.begin();
    for (const auto& where : wanted) {
      while (each != there.end() && each->where < where) ++each;
      if (each != there.end() && each->where == where)
        scores.push_back(*each);
      else
        on_disk.push_back(where);  // also what was written just now, before the graph followed
    }
    begin = end;
  }

  std::vector<std::string> keys;
  for (const auto& each : on_disk) keys.push_back(keys::at(each));
  const auto values = from.get(family::vectors, keys);
  gathered read;
  for (std::size_t n = 0; n < on_disk.size(); ++n) {
    if (!values[n]) continue;
    const auto scale = scale_of(*values[n]);
    const auto row = codes_of(*values[n]);
    if (row.size() == question.size())
      read.add(on_disk[n], scale, {reinterpret_cast<const std::int8_t*>(row.data()), row.size()});
  }
  read.multiply(question);
  const auto middle = static_cast<std::ptrdiff_t>(scores.size());
  scores.insert(scores.end(), read.scores.begin(), read.scores.end());
  std::inplace_merge(scores.begin(), scores.begin() + middle, scores.end(),
                     [](const auto& x, const auto& y) { return x.where < y.where; });
  return scores;
}

}  // namespace troupe::memory
