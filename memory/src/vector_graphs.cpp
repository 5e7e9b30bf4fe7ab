#include "vector_graphs.hpp"

#include <sys/resource.h>

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
  setpriority(PRIO_PROCESS, 0, 10);  // of this thread alone: who asks goes first
  for (;;) {
    std::uint32_t space = 0;
    bool is_made = false;
    {
      std::unique_lock lock{mutex_};
      auto next = spaces_.end();
      changed_.wait(lock, [&] {
        next = std::find_if(spaces_.begin(), spaces_.end(), [](const auto& each) { return each.second.has_work(); });
        return closing_ || next != spaces_.end();
      });
      if (closing_) return;
      space = next->first;
      is_made = next->second.is == state::ready;
    }
    try {
      if (!is_made) make(space);
      keep_up(space);
    } catch (const failure& why) {
      refuse(space, why.error().message());
    } catch (const std::exception& why) {  // no memory for it, or a fault of the library's
      refuse(space, why.what());
    }
  }
}

// Of the bound; the lock is held.
bool vector_graphs::reserve(entry& of, std::size_t capacity) {
  const auto wanted = capacity * vector_graph::row_size_bytes(dimensions_);
  if (size_bytes_ - of.reserved_bytes + wanted > size_bytes_max_) return false;
  size_bytes_ += wanted - of.reserved_bytes;
  of.reserved_bytes = wanted;
  return true;
}

void vector_graphs::refuse(std::uint32_t space, std::string_view why) {
  log_.warn("a large space is searched by words alone, as its vectors have no graph",
            {{"space", std::to_string(space)}, {"why", std::string{why}}});
  {
    const std::lock_guard lock{mutex_};
    auto& its = spaces_.at(space);
    size_bytes_ -= its.reserved_bytes;
    its = {};
    its.is = state::refused;
  }
  changed_.notify_all();
}

// Whether one more fits, now.
bool vector_graphs::has_room(std::uint32_t space, vector_graph& graph) {
  if (graph.rows() < graph.capacity()) return true;
  const auto capacity = graph.capacity() + graph.capacity() / 4 + rows_at_once;
  {
    const std::lock_guard lock{mutex_};
    if (!reserve(spaces_.at(space), capacity)) return false;
  }
  graph.grow(capacity);
  return true;
}

void vector_graphs::make(std::uint32_t space) {
  constexpr auto no_room = "the bound for graphs is reached (store_options::vector_graph_bytes)";
  std::size_t capacity = 0;
  {
    const std::lock_guard lock{mutex_};
    auto& its = spaces_.at(space);
    its.changed.clear();  // what is written already is about to be read
    const auto records = static_cast<std::size_t>(its.records);
    for (const auto fitting : {records + records / 4 + rows_at_once, records + rows_at_once})
      if (capacity == 0 && reserve(its, fitting)) capacity = fitting;
  }
  if (capacity == 0) return refuse(space, no_room);
  const auto graph = std::make_shared<vector_graph>(dimensions_, capacity);  // shared with readers, later
  {
    const std::lock_guard lock{mutex_};
    spaces_.at(space).graph = graph;
  }
  const auto prefix = keys::u32(space);
  for (auto from = prefix; !from.empty();) {
    if (closing()) return;
    std::vector<std::pair<std::uint32_t, std::string>> rows;
    std::string next;
    reader{database_}.scan(
        family::vectors, prefix,
        [&](std::string_view key, std::string_view value) {
          if (rows.size() == rows_at_once) return next = key, false;
          rows.emplace_back(keys::read_address(key).place, value);
          return true;
        },
        from);
    for (const auto& [place, value] : rows) {
      if (codes_of(value).size() != dimensions_) continue;
      if (!has_room(space, *graph)) return refuse(space, no_room);
      graph->put(place, value);
    }
    from = std::move(next);
  }
}

// Reads again what changed. Ready is a graph that has followed all.
void vector_graphs::keep_up(std::uint32_t space) {
  for (;;) {
    std::vector<std::uint32_t> places;
    std::shared_ptr<vector_graph> graph;
    {
      const std::lock_guard lock{mutex_};
      auto& its = spaces_.at(space);
      its.following = false;
      if (closing_ || its.is == state::refused) return;
      graph = its.graph;
      const auto count = static_cast<std::ptrdiff_t>(std::min(its.changed.size(), rows_at_once));
      places.assign(its.changed.end() - count, its.changed.end());
      its.changed.resize(its.changed.size() - places.size());
      its.following = !places.empty();
      if (places.empty()) {
        const bool worn = graph->erased() * 4 > graph->rows();
        if (worn) {
          its.records = graph->rows() - graph->erased();
          size_bytes_ -= its.reserved_bytes;
          its.reserved_bytes = 0;
          its.graph = nullptr;
        }
        its.is = worn ? state::wanted : state::ready;
      }
    }
    if (places.empty()) return changed_.notify_all();
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    std::vector<std::string> keys;
    for (const auto place : places) keys.push_back(keys::at({space, place}));
    const auto values = reader{database_}.get(family::vectors, keys);
    for (std::size_t n = 0; n < places.size(); ++n) {
      if (!values[n] || codes_of(*values[n]).size() != dimensions_) {
        graph->erase(places[n]);
      } else if (has_room(space, *graph)) {
        graph->put(places[n], *values[n]);
      } else {
        return refuse(space, "it has grown beyond the bound for graphs (store_options::vector_graph_bytes)");
      }
    }
  }
}

}  // namespace troupe::memory
