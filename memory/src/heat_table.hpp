#pragma once

#include <cstddef>
#include <mutex>
#include <troupe/memory/command.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::memory {

// Which records were found since it was last asked. In memory, as readings do not write: what a crash loses of it makes
// a record a little cooler. Bounded: when it is full, further records are not noted until it is emptied. Any thread.
class heat_table {
 public:
  static constexpr std::size_t records_max = 65'536;

  void visited(const id& which, timestamp now) {
    const std::lock_guard lock{mutex_};
    if (visits_.size() >= records_max && !visits_.contains(which)) return;
    auto& noted = visits_[which];
    noted.id = which;
    ++noted.count;
    noted.last = std::max(noted.last, now);
  }
  // What was noted, at most so many, which are then gone from here.
  std::vector<note_visits::visits> take(std::size_t limit) {
    const std::lock_guard lock{mutex_};
    std::vector<note_visits::visits> taken;
    for (auto each = visits_.begin(); each != visits_.end() && taken.size() < limit;) {
      taken.push_back(each->second);
      each = visits_.erase(each);
    }
    return taken;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<id, note_visits::visits> visits_;
};

}  // namespace troupe::memory
