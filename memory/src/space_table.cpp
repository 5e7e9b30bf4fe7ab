#include "space_table.hpp"

#include <mutex>
#include <troupe/memory/errc.hpp>
#include <troupe/net/codec.hpp>

#include "keys.hpp"

namespace troupe::memory {

void space_table::set(std::string_view key, std::string_view value) {
  std::string by_path{key.substr(1)};
  auto row = net::decode<space_row>(value);
  if (!row) throw failure{error{memory_errc::damaged, "the row of a space: " + row.error().message()}};
  by_number_.insert_or_assign(row->number, by_path);
  by_path_.insert_or_assign(std::move(by_path), held{*std::move(row)});
}

// No segment of a path has a byte as low as those two.
space_table::table::const_iterator space_table::end_of_subtree(const std::string& first) const {
  return first.empty() ? by_path_.end() : by_path_.lower_bound(first + '\2');
}

template <class T>
std::optional<T> space_table::nearest(std::string_view by_path, std::optional<T> space_options::*option) const {
  for (;; by_path = by_path.substr(0, by_path.rfind('\1'))) {
    if (const auto it = by_path_.find(by_path); it != by_path_.end() && it->second.row.options.*option)
      return it->second.row.options.*option;
    if (by_path.empty()) return {};
  }
}

void space_table::load(const reader& from) {
  const std::unique_lock lock{mutex_};
  from.scan(family::meta, "S", [&](std::string_view key, std::string_view value) {
    set(key, value);
    return true;
  });
}

void space_table::follow(const write_set& written) {
  const std::unique_lock lock{mutex_};
  written.each_accepted(family::meta, "S", [&](std::string_view key, const std::optional<std::string>& value) {
    const auto there = by_path_.find(key.substr(1));
    if (value) {
      const auto before = there == by_path_.end() ? std::nullopt : there->second.row.options.summaries;
      set(key, *value);
      const std::string first{key.substr(1)};
      if (auto it = by_path_.find(first); it->second.row.options.summaries != before)
        for (const auto end = end_of_subtree(first); it != end; ++it) it->second.look_at = timestamp::min();
    } else if (there != by_path_.end()) {
      by_number_.erase(there->second.row.number);
      by_path_.erase(there);
    }
  });
}

std::optional<space_row> space_table::find(const path& space) const {
  const std::shared_lock lock{mutex_};
  const auto found = by_path_.find(keys::of_path(space));
  if (found == by_path_.end()) return {};
  return found->second.row;
}

std::optional<path> space_table::name_of(std::uint32_t number) const {
  const std::shared_lock lock{mutex_};
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return {};
  return keys::path_of(found->second);
}

std::vector<known_space> space_table::in_scope(const path& space, scope within) const {
  const std::shared_lock lock{mutex_};
  std::vector<known_space> found;
  const auto first = keys::of_path(space);
  switch (within) {
    case scope::space:
      if (const auto it = by_path_.find(first); it != by_path_.end()) found.push_back({space, it->second.row});
      break;
    case scope::subtree:
      for (auto it = by_path_.lower_bound(first), end = end_of_subtree(first); it != end; ++it)
        found.push_back({keys::path_of(it->first), it->second.row});
      break;
    case scope::ancestors:
      for (auto up = space;; up = up.parent()) {
        if (const auto it = by_path_.find(keys::of_path(up)); it != by_path_.end())
          found.push_back({up, it->second.row});
        if (up.is_root()) break;
      }
      std::reverse(found.begin(), found.end());
      break;
  }
  return found;
}

std::optional<duration> space_table::ttl_of(const path& space) const {
  const std::shared_lock lock{mutex_};
  return nearest(keys::of_path(space), &space_options::ttl);
}

std::optional<space_table::to_summarise> space_table::next_to_summarise(std::size_t& looks, timestamp now) {
  const std::unique_lock lock{mutex_};
  std::optional<to_summarise> found;
  auto it = by_path_.lower_bound(look_from_);
  for (; it != by_path_.end() && looks > 0 && !found; ++it, --looks) {
    auto& [by_path, space] = *it;
    if (space.look_at > now || space.row.next_place - space.row.summarised_to < 2) continue;
    if (auto policy = nearest(by_path, &space_options::summaries))
      found = to_summarise{keys::path_of(by_path), *policy};
    space.look_at = timestamp::max();
  }
  look_from_ = it == by_path_.end() ? std::string{} : it->first;
  return found;
}

void space_table::look_again(const path& space, timestamp at) {
  const std::unique_lock lock{mutex_};
  if (const auto it = by_path_.find(keys::of_path(space)); it != by_path_.end())
    it->second.look_at = std::min(it->second.look_at, at);
}

std::size_t space_table::size() const {
  const std::shared_lock lock{mutex_};
  return by_path_.size();
}

space_row space_table::total() const {
  const std::shared_lock lock{mutex_};
  space_row sum;
  for (const auto& [name, space] : by_path_) {
    const auto& row = space.row;
    sum.records += row.records;
    sum.bytes += row.bytes;
    sum.archived_records += row.archived_records;
    sum.archived_bytes += row.archived_bytes;
    sum.words += row.words;
  }
  return sum;
}

}  // namespace troupe::memory
