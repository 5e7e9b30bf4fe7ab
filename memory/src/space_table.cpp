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
  by_path_.insert_or_assign(std::move(by_path), *std::move(row));
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
    if (value) return set(key, *value);
    if (const auto gone = by_path_.find(key.substr(1)); gone != by_path_.end()) {
      by_number_.erase(gone->second.number);
      by_path_.erase(gone);
    }
  });
}

std::optional<space_row> space_table::find(const path& space) const {
  const std::shared_lock lock{mutex_};
  const auto found = by_path_.find(keys::of_path(space));
  if (found == by_path_.end()) return {};
  return found->second;
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
      if (const auto it = by_path_.find(first); it != by_path_.end()) found.push_back({space, it->second});
      break;
    case scope::subtree:
      for (auto it = by_path_.lower_bound(first); it != by_path_.end() && it->first.starts_with(first); ++it)
        if (it->first.size() == first.size() || first.empty() || it->first[first.size()] == '\1')
          found.push_back({keys::path_of(it->first), it->second});
        else
          break;
      break;
    case scope::ancestors:
      for (auto up = space;; up = up.parent()) {
        if (const auto it = by_path_.find(keys::of_path(up)); it != by_path_.end()) found.push_back({up, it->second});
        if (up.is_root()) break;
      }
      std::reverse(found.begin(), found.end());
      break;
  }
  return found;
}

std::optional<duration> space_table::ttl_of(const path& space) const {
  const std::shared_lock lock{mutex_};
  for (auto up = space;; up = up.parent()) {
    if (const auto it = by_path_.find(keys::of_path(up)); it != by_path_.end() && it->second.options.ttl)
      return it->second.options.ttl;
    if (up.is_root()) return {};
  }
}

std::size_t space_table::size() const {
  const std::shared_lock lock{mutex_};
  return by_path_.size();
}

space_row space_table::total() const {
  const std::shared_lock lock{mutex_};
  space_row sum;
  for (const auto& [name, row] : by_path_) {
    sum.records += row.records;
    sum.bytes += row.bytes;
    sum.archived_records += row.archived_records;
    sum.archived_bytes += row.archived_bytes;
    sum.words += row.words;
  }
  return sum;
}

}  // namespace troupe::memory
