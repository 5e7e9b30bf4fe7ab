#include "vector_graphs.hpp"

#include <algorithm>
#include <exception>
#include <string>

#include "keys.hpp"
#include "vector_cache.hpp"

namespace troupe::memory {

namespace {

// Vectors are read so many at a time, each time from a state of its own: one that is kept for long keeps erased records
// on the disk.
constexpr std::size_t rows_at_once = 1024;
constexpr auto no_room = "the bound for graphs is reached (store_options::vector_graph_bytes)";

}  // namespace

vector_graphs::vector_graphs(const database& from, std::size_t dimensions, std::size_t size_bytes_max, logger log)
    : database_{from}, dimensions_{dimensions}, size_bytes_max_{size_bytes_max}, log_{std::move(log)}, thread_{[this] {
        run();
      }} {}

vector_graphs::~vector_graphs() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::shared_ptr<const vector_graph> vector_graphs::of(std::uint32_t space, std::uint64_t records) {
  const std::lock_guard lock{mutex_};
  if (closing_) return nullptr;
  const auto [found, is_new] = spaces_.try_emplace(space);
  if (is_new) {
    found->second.records = records;
    changed_.notify_all();
  }
  return found->second.is == state::ready ? found->second.graph : nullptr;
}

void vector_graphs::follow(const write_set& written) {
  const std::lock_guard lock{mutex_};
  if (spaces_.empty()) return;
  written.each_accepted(family::vectors, {}, [&](std::string_view key, const std::optional<std::string>&) {
    if (key.size() != 8) return;
    const auto where = keys::read_address(key);
    const auto found = spaces_.find(where.space);
    if (found != spaces_.end() && found->second.is != state::refused) found->second.changed.push_back(where.place);
  });
  changed_.notify_all();
}

void vector_graphs::settle() const {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] {
    return closing_ ||
           std::none_of(spaces_.begin(), spaces_.end(), [](const auto& each) { return each.second.has_work(); });
  });
}

std::size_t vector_graphs::size_bytes() const {
  const std::lock_guard lock{mutex_};
  return size_bytes_;
}

std::size_t vector_graphs::ready() const {
  const std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(
      std::count_if(spaces_.begin(), spaces_.end(), [](const auto& each) { return each.second.is == state::ready; }));
}

bool vector_graphs::closing() const {
  const std::lock_guard lock{mutex_};
  return closing_;
}

void vector_graphs::run() {
  for (std::uint32_t space = 0;;) {
    {
      std::unique_lock lock{mutex_};
      const auto has_work = [](const auto& each) { return each.second.has_work(); };
      auto next = spaces_.end();
      changed_.wait(lock, [&] {
        next = std::find_if(spaces_.upper_bound(space), spaces_.end(), has_work);
        if (next == spaces_.end()) next = std::find_if(spaces_.begin(), spaces_.end(), has_work);
        return closing_ || next != spaces_.end();
      });
      if (closing_) return;
      space = next->first;
    }
    try {
      step(space);
    } catch (const failure& why) {
      refuse(space, why.error().message());
    } catch (const std::exception& why) {  // no memory for it, or a fault of the library's
      refuse(space, why.what());
    }
  }
}

// One thousand rows of a space's graph.
void vector_graphs::step(std::uint32_t space) {
  std::shared_ptr<vector_graph> graph;
  {
    const std::lock_guard lock{mutex_};
    graph = spaces_.at(space).graph;
  }
  if (!graph) return begin(space);
  for (const auto& [place, value] : next_rows(space)) {
    if (closing()) return;
    if (!value || codes_of(*value).size() != dimensions_)
      graph->erase(place);
    else if (make_room(space, *graph))
      graph->put(place, *value);
    else
      return;
  }
  finish_step(space);
}

void vector_graphs::begin(std::uint32_t space) {
  std::size_t capacity = 0;
  {
    const std::lock_guard lock{mutex_};
    auto& its = spaces_.at(space);
    its.changed.clear();  // what is written already is about to be read
    its.read_from = keys::u32(space);
    const auto records = static_cast<std::size_t>(its.records) + rows_at_once;
    capacity = reserve(its, records, records + records / 4);
  }
  if (capacity == 0) return refuse(space, no_room);
  const auto graph = std::make_shared<vector_graph>(dimensions_, capacity);  // shared with readers, later
  const std::lock_guard lock{mutex_};
  spaces_.at(space).graph = graph;
}

std::vector<vector_graphs::row> vector_graphs::next_rows(std::uint32_t space) {
  std::optional<std::string> from;
  std::vector<std::uint32_t> places;
  {
    const std::lock_guard lock{mutex_};
    auto& its = spaces_.at(space);
    from = its.read_from;
    if (!from) {
      const auto count = static_cast<std::ptrdiff_t>(std::min(its.changed.size(), rows_at_once));
      places.assign(its.changed.begin(), its.changed.begin() + count);
      its.changed.erase(its.changed.begin(), its.changed.begin() + count);
      its.in_hand = true;
    }
  }
  if (!from) return read_again(space, std::move(places));
  std::string next;
  auto rows = read_on(space, *from, next);
  const std::lock_guard lock{mutex_};
  auto& its = spaces_.at(space);
  its.read_from.reset();
  if (!next.empty()) its.read_from = std::move(next);
  return rows;
}

std::vector<vector_graphs::row> vector_graphs::read_on(std::uint32_t space, const std::string& from,
                                                       std::string& next) const {
  std::vector<row> rows;
  reader{database_}.scan(
      family::vectors, keys::u32(space),
      [&](std::string_view key, std::string_view value) {
        if (rows.size() == rows_at_once) return next = key, false;
        rows.push_back({keys::read_address(key).place, std::string{value}});
        return true;
      },
      from);
  return rows;
}

std::vector<vector_graphs::row> vector_graphs::read_again(std::uint32_t space,
                                                          std::vector<std::uint32_t> places) const {
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::vector<std::string> keys;
  for (const auto place : places) keys.push_back(keys::at({space, place}));
  auto values = reader{database_}.get(family::vectors, keys);
  std::vector<row> rows;
  for (std::size_t n = 0; n < places.size(); ++n) rows.push_back({places[n], std::move(values[n])});
  return rows;
}

void vector_graphs::finish_step(std::uint32_t space) {
  {
    const std::lock_guard lock{mutex_};
    auto& its = spaces_.at(space);
    its.in_hand = false;
    if (its.graph->erased() * 4 > its.graph->rows())
      make_anew(its);
    else if (!its.read_from && its.changed.empty())
      its.is = state::ready;
  }
  changed_.notify_all();
}

// Of the bound; the lock is held. Returns for how many rows, 0 if there is no room for `at_least`.
std::size_t vector_graphs::reserve(entry& of, std::size_t at_least, std::size_t wanted) {
  const auto row_bytes = vector_graph::row_size_bytes(dimensions_);
  const auto others = size_bytes_ - of.reserved_bytes;
  const auto capacity = std::min(wanted, (size_bytes_max_ - std::min(others, size_bytes_max_)) / row_bytes);
  if (capacity < at_least) return 0;
  of.reserved_bytes = capacity * row_bytes;
  size_bytes_ = others + of.reserved_bytes;
  return capacity;
}

// For one more row. False: it is refused, or made anew.
bool vector_graphs::make_room(std::uint32_t space, vector_graph& graph) {
  const auto rows = graph.rows();
  if (rows < graph.capacity()) return true;
  std::size_t capacity = 0;
  {
    const std::lock_guard lock{mutex_};
    auto& its = spaces_.at(space);
    capacity = reserve(its, rows + 1, rows + rows / 4 + rows_at_once);
    // Those erased have room in it that only a new one can use.
    if (capacity == 0 && graph.erased() > rows_at_once) return make_anew(its), false;
  }
  if (capacity == 0) return refuse(space, no_room), false;
  graph.grow(capacity);
  return true;
}

// The lock is held. What is reserved stays so.
void vector_graphs::make_anew(entry& which) {
  which.records = which.graph->rows() - which.graph->erased();
  which.graph = nullptr;
  which.in_hand = false;
  which.is = state::making;
}

void vector_graphs::refuse(std::uint32_t space, std::string_view why) {
  {
    const std::lock_guard lock{mutex_};
    auto& its = spaces_.at(space);
    size_bytes_ -= its.reserved_bytes;
    its = {};
    its.is = state::refused;
  }
  changed_.notify_all();
  try {
    log_.warn("a large space is searched by words alone, as its vectors have no graph",
              {{"space", std::to_string(space)}, {"why", std::string{why}}});
  } catch (const std::exception&) {
    // No memory to say so.
  }
}

}  // namespace troupe::memory
