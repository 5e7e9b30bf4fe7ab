#include "vector_cache.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <troupe/memory/errc.hpp>

#include "keys.hpp"

namespace troupe::memory {

namespace {

[[noreturn]] void damaged() { throw failure{error{memory_errc::damaged, "a vector is not as written"}}; }

// Changes to the vectors of a space. What is shared with readers is copied before it is changed, once.
class editor {
 public:
  explicit editor(const space_vectors* from) {
    if (from == nullptr) return;
    dimensions_ = from->dimensions;
    for (const auto& each : from->chunks) chunks_.push_back({each, nullptr});
  }

  void put(std::uint32_t place, std::string_view value) {
    const auto scale = scale_of(value);
    const auto codes = codes_of(value);
    if (dimensions_ == 0) dimensions_ = codes.size();
    if (codes.size() != dimensions_) damaged();
    auto& chunk = of(place);
    const auto row = row_of(chunk, place);
    const auto* from = reinterpret_cast<const std::int8_t*>(codes.data());
    if (static_cast<std::size_t>(row) < chunk.places.size() && chunk.places[static_cast<std::size_t>(row)] == place) {
      std::copy_n(from, dimensions_, chunk.codes.begin() + codes_at(row));
      chunk.scales[static_cast<std::size_t>(row)] = scale;
      return;
    }
    chunk.places.insert(chunk.places.begin() + row, place);
    chunk.scales.insert(chunk.scales.begin() + row, scale);
    chunk.codes.insert(chunk.codes.begin() + codes_at(row), from, from + dimensions_);
  }

  void erase(std::uint32_t place) {
    if (chunks_.empty()) return;
    const auto n = index_of(place);
    const auto row = row_of(*chunks_[n].shared, place);
    const auto& places = chunks_[n].shared->places;
    if (static_cast<std::size_t>(row) == places.size() || places[static_cast<std::size_t>(row)] != place) return;
    auto& chunk = owned(n);
    chunk.places.erase(chunk.places.begin() + row);
    chunk.scales.erase(chunk.scales.begin() + row);
    chunk.codes.erase(chunk.codes.begin() + codes_at(row), chunk.codes.begin() + codes_at(row + 1));
    if (chunk.places.empty()) chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(n));
  }

  std::shared_ptr<const space_vectors> finish() && {
    auto made = std::make_shared<space_vectors>();
    made->size_bytes = sizeof(space_vectors);
    for (auto& each : chunks_) {
      const auto rows = each.shared->places.size();
      made->rows += rows;
      made->size_bytes += sizeof(vector_chunk) + each.shared->places.capacity() * sizeof(std::uint32_t) +
                          each.shared->scales.capacity() * sizeof(float) + each.shared->codes.capacity();
      made->chunks.push_back(std::move(each.shared));
    }
    if (!made->chunks.empty()) made->dimensions = dimensions_;
    return made;
  }

 private:
  struct slot {
    std::shared_ptr<const vector_chunk> shared;
    vector_chunk* owned;  // the same one, once it is this editor's alone
  };

  // The last chunk that begins before a place or with it, or the first.
  std::size_t index_of(std::uint32_t place) const {
    const auto after = std::upper_bound(chunks_.begin(), chunks_.end(), place, [](std::uint32_t p, const slot& each) {
      return p < each.shared->places.front();
    });
    return after == chunks_.begin() ? 0 : static_cast<std::size_t>(after - chunks_.begin()) - 1;
  }

  vector_chunk& owned(std::size_t n) {
    auto& each = chunks_[n];
    if (each.owned == nullptr) {
      auto copy = std::make_shared<vector_chunk>(*each.shared);
      each.owned = copy.get();
      each.shared = std::move(copy);
    }
    return *each.owned;
  }

  // Where a place is, or goes: a new chunk if it comes after all others and the last one is full. A vector that comes
  // late (to a record that had no text) may make a chunk larger.
  vector_chunk& of(std::uint32_t place) {
    const auto full = [](const vector_chunk& chunk) { return chunk.places.size() >= vector_chunk_rows; };
    if (chunks_.empty() || (full(*chunks_.back().shared) && chunks_.back().shared->places.back() < place)) {
      auto made = std::make_shared<vector_chunk>();
      auto* owned = made.get();
      chunks_.push_back({std::move(made), owned});
      return *owned;
    }
    return owned(index_of(place));
  }

  static std::ptrdiff_t row_of(const vector_chunk& chunk, std::uint32_t place) {
    return std::lower_bound(chunk.places.begin(), chunk.places.end(), place) - chunk.places.begin();
  }
  std::ptrdiff_t codes_at(std::ptrdiff_t row) const { return row * static_cast<std::ptrdiff_t>(dimensions_); }

  std::size_t dimensions_ = 0;
  std::vector<slot> chunks_;
};

}  // namespace

std::string to_bytes(const coded_vector& vector) {
  const auto bits = std::bit_cast<std::uint32_t>(vector.scale);
  std::string value;
  value.reserve(vector_header_size_bytes + vector.codes.size());
  for (std::size_t n = 0; n < vector_header_size_bytes; ++n) value.push_back(static_cast<char>(bits >> (8 * n)));
  for (const auto code : vector.codes) value.push_back(static_cast<char>(code));
  return value;
}

float scale_of(std::string_view value) {
  if (value.size() <= vector_header_size_bytes || value.size() > vector_header_size_bytes + dimensions_max) damaged();
  std::uint32_t bits = 0;
  for (std::size_t n = vector_header_size_bytes; n-- > 0;) bits = bits << 8 | static_cast<std::uint8_t>(value[n]);
  const auto scale = std::bit_cast<float>(bits);
  if (!std::isfinite(scale)) damaged();
  return scale;
}

std::string_view codes_of(std::string_view value) { return value.substr(vector_header_size_bytes); }

std::shared_ptr<const space_vectors> vector_cache::apply(const space_vectors* to, const changes& all) {
  editor edit{to};
  for (const auto& [place, value] : all) {
    if (value)
      edit.put(place, *value);
    else
      edit.erase(place);
  }
  return std::move(edit).finish();
}

std::shared_ptr<const space_vectors> vector_cache::find(std::uint32_t space) {
  const auto found = spaces_.find(space);
  if (found == spaces_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second.used);
  return found->second.vectors;
}

void vector_cache::drop(std::unordered_map<std::uint32_t, entry>::iterator which) {
  size_bytes_ -= which->second.vectors->size_bytes;
  used_.erase(which->second.used);
  spaces_.erase(which);
}

void vector_cache::keep(std::uint32_t space, std::shared_ptr<const space_vectors> vectors) {
  if (const auto before = spaces_.find(space); before != spaces_.end()) drop(before);
  if (vectors->size_bytes > size_bytes_max_) return;
  size_bytes_ += vectors->size_bytes;
  used_.push_front(space);
  spaces_.emplace(space, entry{std::move(vectors), used_.begin()});
  while (size_bytes_ > size_bytes_max_) drop(spaces_.find(used_.back()));
}

std::shared_ptr<const space_vectors> vector_cache::of(const reader& from, std::uint32_t space) {
  std::list<loading>::iterator mine;
  {
    const std::lock_guard lock{mutex_};
    if (auto found = find(space)) return found;
    mine = loading_.insert(loading_.end(), {space, {}});
  }
  // Read from a state that is newer than the entry in loading_, so that each change is in the one or the other.
  editor edit{nullptr};
  try {
    const reader now{from.from()};
    now.scan(family::vectors, keys::u32(space), [&](std::string_view key, std::string_view value) {
      if (key.size() != 8) damaged();
      edit.put(keys::read_address(key).place, value);
      return true;
    });
  } catch (...) {
    const std::lock_guard lock{mutex_};
    loading_.erase(mine);
    throw;
  }
  auto loaded = std::move(edit).finish();
  const std::lock_guard lock{mutex_};
  const auto missed = std::move(mine->missed);
  loading_.erase(mine);
  if (!missed.empty()) loaded = apply(loaded.get(), missed);
  keep(space, loaded);
  return loaded;
}

void vector_cache::follow(const write_set& written) {
  std::map<std::uint32_t, changes> by_space;
  written.each_accepted(family::vectors, {}, [&](std::string_view key, const std::optional<std::string>& value) {
    if (key.size() != 8) return;
    const auto where = keys::read_address(key);
    by_space[where.space].push_back({where.place, value});
  });
  for (const auto& [space, all] : by_space) {
    std::shared_ptr<const space_vectors> before;
    {
      const std::lock_guard lock{mutex_};
      for (auto& each : loading_)
        if (each.space == space) each.missed.insert(each.missed.end(), all.begin(), all.end());
      if (const auto found = spaces_.find(space); found != spaces_.end()) before = found->second.vectors;
    }
    if (!before) continue;
    // Only the writer changes an entry; what a reader puts in meanwhile has these changes too, or is this state again.
    std::shared_ptr<const space_vectors> after;
    try {
      after = apply(before.get(), all);
    } catch (const failure&) {
      // A vector of another length: the next question reads it, and says so.
    }
    const std::lock_guard lock{mutex_};
    const auto found = spaces_.find(space);
    if (found == spaces_.end()) continue;
    if (!after) {
      drop(found);
      continue;
    }
    size_bytes_ += after->size_bytes;
    size_bytes_ -= found->second.vectors->size_bytes;
    found->second.vectors = std::move(after);
    while (size_bytes_ > size_bytes_max_) drop(spaces_.find(used_.back()));
  }
}

std::size_t vector_cache::size_bytes() const {
  const std::lock_guard lock{mutex_};
  return size_bytes_;
}

}  // namespace troupe::memory
