#include "vector_graph.hpp"

// Its own distances are not used, and with them it defines functions that are not inline.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <cassert>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "vector_cache.hpp"

namespace troupe::memory {

namespace {

constexpr std::size_t links = 24, candidates_at_put = 100;

// Two rows as they are stored: the scale, then the codes. Near is what has a large product.
float distance_of(const void* left, const void* right, const void* dimensions) {
  float scales[2];
  std::memcpy(&scales[0], left, sizeof scales[0]), std::memcpy(&scales[1], right, sizeof scales[1]);
  const auto codes = [](const void* row) {
    return reinterpret_cast<const std::int8_t*>(static_cast<const char*>(row) + vector_header_size_bytes);
  };
  const auto sum = dot_codes(codes(left), codes(right), *static_cast<const std::size_t*>(dimensions));
  return -(scales[0] * scales[1] * static_cast<float>(sum));
}

class coded_space final : public hnswlib::SpaceInterface<float> {
 public:
  explicit coded_space(std::size_t dimensions) : dimensions_{dimensions} {}
  size_t get_data_size() override { return vector_header_size_bytes + dimensions_; }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance_of; }
  void* get_dist_func_param() override { return &dimensions_; }

 private:
  std::size_t dimensions_;
};

std::string row_of(float scale, std::string_view codes) {
  std::string row(sizeof scale, '\0');
  std::memcpy(row.data(), &scale, sizeof scale);
  return row.append(codes);
}

}  // namespace

struct vector_graph::graph {
  graph(std::size_t dimensions, std::size_t capacity)
      : space{dimensions}, rows{&space, capacity, links, candidates_at_put} {
    rows.label_lookup_.reserve(capacity);  // not anew, bit by bit, while questions wait
  }

  char* find(std::uint32_t place) const {
    const auto found = rows.label_lookup_.find(place);
    return found == rows.label_lookup_.end() ? nullptr : rows.getDataByInternalId(found->second);
  }
  bool is_erased(std::uint32_t place) const { return rows.isMarkedDeleted(rows.label_lookup_.at(place)); }

  // Questions that keep coming would never let a change in: who waits for one waits at the gate.
  std::unique_lock<std::shared_mutex> alone() {
    const std::lock_guard wait{gate};
    return std::unique_lock{mutex};
  }
  std::shared_lock<std::shared_mutex> beside_others() const {
    { const std::lock_guard wait{gate}; }
    return std::shared_lock{mutex};
  }

  coded_space space;
  mutable std::mutex gate;
  mutable std::shared_mutex mutex;  // guards what follows; hnswlib's own locks do not keep searches from changes
  hnswlib::HierarchicalNSW<float> rows;
  std::size_t erased = 0;
};

std::size_t vector_graph::row_size_bytes(std::size_t dimensions) noexcept {
  // Its data, twice the links below and a few above, and what hnswlib holds beside: a lock, the levels, the table of
  // places.
  return vector_header_size_bytes + dimensions + 2 * links * sizeof(std::uint32_t) + 175;
}

vector_graph::vector_graph(std::size_t dimensions, std::size_t capacity)
    : dimensions_{dimensions}, graph_{std::make_unique<graph>(dimensions, capacity)} {}

vector_graph::~vector_graph() = default;

void vector_graph::put(std::uint32_t place, std::string_view value) {
  const auto row = row_of(scale_of(value), codes_of(value));
  assert(row.size() == vector_header_size_bytes + dimensions_);
  const auto lock = graph_->alone();
  if (auto* there = graph_->find(place); there != nullptr) {
    if (graph_->is_erased(place))
      --graph_->erased;
    else if (std::memcmp(there, row.data(), row.size()) == 0)
      return;
  }
  graph_->rows.addPoint(row.data(), place);
}

void vector_graph::erase(std::uint32_t place) {
  const auto lock = graph_->alone();
  auto* there = graph_->find(place);
  if (there == nullptr || graph_->is_erased(place)) return;
  graph_->rows.markDelete(place);
  std::memset(there, 0, vector_header_size_bytes + dimensions_);
  ++graph_->erased;
}

void vector_graph::grow(std::size_t capacity) {
  const auto lock = graph_->alone();
  graph_->rows.resizeIndex(capacity);
  graph_->rows.label_lookup_.reserve(capacity);
}

std::size_t vector_graph::capacity() const {
  const auto lock = graph_->beside_others();
  return graph_->rows.max_elements_;
}

std::size_t vector_graph::rows() const {
  const auto lock = graph_->beside_others();
  return graph_->rows.cur_element_count;
}

std::size_t vector_graph::erased() const {
  const auto lock = graph_->beside_others();
  return graph_->erased;
}

std::vector<std::uint32_t> vector_graph::nearest(const coded_vector& question, std::size_t count) const {
  assert(question.codes.size() == dimensions_);
  const auto row =
      row_of(question.scale, {reinterpret_cast<const char*>(question.codes.data()), question.codes.size()});
  const auto lock = graph_->beside_others();
  // It looks at as many candidates as it returns; so few that are asked for are found among more.
  constexpr std::size_t candidates_min = 256;
  auto found = graph_->rows.searchKnn(row.data(), std::max(count, candidates_min));
  while (found.size() > count) found.pop();
  std::vector<std::uint32_t> places(found.size());
  for (auto n = places.size(); n-- > 0; found.pop()) places[n] = static_cast<std::uint32_t>(found.top().second);
  return places;
}

std::vector<coded_vector> vector_graph::values(const std::vector<std::uint32_t>& places) const {
  std::vector<coded_vector> found(places.size());
  const auto lock = graph_->beside_others();
  for (std::size_t n = 0; n < places.size(); ++n) {
    const auto* there = graph_->find(places[n]);
    if (there == nullptr || graph_->is_erased(places[n])) continue;
    std::memcpy(&found[n].scale, there, sizeof found[n].scale);
    const auto* codes = reinterpret_cast<const std::int8_t*>(there + vector_header_size_bytes);
    found[n].codes.assign(codes, codes + dimensions_);
  }
  return found;
}

}  // namespace troupe::memory
