#pragma once

#include <array>
#include <memory>
#include <shared_mutex>
#include <string_view>
#include <troupe/core/path.hpp>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

class cell;

// Which cell has which path. Threads: any; locks are striped by path, so that look-ups of different agents do not meet.
class registry {
 public:
  // False if the path is taken.
  bool insert(const std::shared_ptr<cell>& newcomer);
  // Gives the path of one cell to another, which has the same.
  void replace(const cell& old, const std::shared_ptr<cell>& successor);
  // Forgets the cell, unless its path belongs to another by now.
  void erase(const cell& gone);
  std::shared_ptr<cell> find(const troupe::path& where) const;
  std::vector<std::shared_ptr<cell>> all() const;

 private:
  struct stripe {
    mutable std::shared_mutex mutex;
    std::unordered_map<std::string_view, std::shared_ptr<cell>> cells;  // keys are views into the cells' own paths
  };
  const stripe& stripe_of(const troupe::path& where) const noexcept;
  stripe& stripe_of(const troupe::path& where) noexcept;
  std::array<stripe, 16> stripes_;
};

}  // namespace troupe::actors
