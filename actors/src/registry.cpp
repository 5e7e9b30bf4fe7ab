#include "registry.hpp"

#include <mutex>

#include "cell.hpp"

namespace troupe::actors {

const registry::stripe& registry::stripe_of(const troupe::path& where) const noexcept {
  return stripes_[std::hash<std::string_view>{}(where.str()) % stripes_.size()];
}
registry::stripe& registry::stripe_of(const troupe::path& where) noexcept {
  return const_cast<stripe&>(std::as_const(*this).stripe_of(where));
}

bool registry::insert(const std::shared_ptr<cell>& newcomer) {
  stripe& mine = stripe_of(newcomer->where());
  std::unique_lock lock{mine.mutex};
  return mine.cells.try_emplace(newcomer->where().str(), newcomer).second;
}

void registry::replace(const cell& old, const std::shared_ptr<cell>& successor) {
  stripe& mine = stripe_of(old.where());
  std::shared_ptr<cell> last;  // released after the lock
  std::unique_lock lock{mine.mutex};
  if (const auto found = mine.cells.find(old.where().str()); found != mine.cells.end()) {
    last = std::move(found->second);
    mine.cells.erase(found);
  }
  mine.cells.emplace(successor->where().str(), successor);
}

void registry::erase(const cell& gone) {
  stripe& mine = stripe_of(gone.where());
  std::shared_ptr<cell> last;  // released after the lock
  std::unique_lock lock{mine.mutex};
  const auto found = mine.cells.find(gone.where().str());
  if (found == mine.cells.end() || found->second.get() != &gone) return;
  last = std::move(found->second);
  mine.cells.erase(found);
}

std::shared_ptr<cell> registry::find(const troupe::path& where) const {
  const stripe& mine = stripe_of(where);
  std::shared_lock lock{mine.mutex};
  const auto found = mine.cells.find(where.str());
  return found == mine.cells.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<cell>> registry::all() const {
  std::vector<std::shared_ptr<cell>> found;
  for (const stripe& each : stripes_) {
    std::shared_lock lock{each.mutex};
    for (const auto& [where, member] : each.cells) found.push_back(member);
  }
  return found;
}

}  // namespace troupe::actors
