#include "watches.hpp"

#include <algorithm>

#include "cell.hpp"
#include "runtime.hpp"
#include "uplink.hpp"

namespace troupe::actors {

std::uint64_t watches::add(const std::shared_ptr<watcher>& whom, const troupe::path& who) {
  std::unique_lock lock{mutex_};
  const std::uint64_t number = ++count_;
  if (auto* outside = home_.outside(); outside && outside->is_outside(who)) {
    watches_[who].emplace(number, whom);
    lock.unlock();
    outside->watch(number, who);
    return number;
  }
  // An end becomes visible under this lock, so that none falls between the look and the entry.
  if (const auto target = home_.names().find(who);
      target && !target->gone() && target->current_phase() != phase::shell) {
    watches_[who].emplace(number, whom);
    return number;
  }
  down_notice notice{number, 0, {exit_kind::unknown, "nobody is known as " + who.str()}, who};
  if (const auto found = ends_.find(who); found != ends_.end()) {
    notice.incarnation = found->second.incarnation;
    notice.cause = found->second.cause;
  }
  lock.unlock();
  whom->notify(std::move(notice));
  return number;
}

void watches::remove(const troupe::path& who, std::uint64_t watch_number) {
  std::unique_lock lock{mutex_};
  const auto found = watches_.find(who);
  if (found == watches_.end()) return;
  found->second.erase(watch_number);
  if (found->second.empty()) watches_.erase(found);
  lock.unlock();
  if (auto* outside = home_.outside(); outside && outside->is_outside(who)) outside->unwatch(watch_number);
}

void watches::outside_ended(std::uint64_t watch, std::uint64_t incarnation, const exit_cause& cause) {
  std::shared_ptr<watcher> whom;
  down_notice notice{watch, incarnation, cause, {}};
  {
    std::scoped_lock lock{mutex_};
    for (auto each = watches_.begin(); each != watches_.end(); ++each) {
      const auto found = each->second.find(watch);
      if (found == each->second.end()) continue;
      whom = found->second.lock();
      notice.who = each->first;
      each->second.erase(found);
      if (each->second.empty()) watches_.erase(each);
      break;
    }
  }
  if (whom) whom->notify(std::move(notice));
}

bool watches::incarnation_ended(const troupe::path& who, std::uint64_t incarnation, const exit_cause& cause,
                                const std::function<bool()>& mark) {
  watchers told;
  {
    std::scoped_lock lock{mutex_};
    if (!mark()) return false;
    if (const auto found = watches_.find(who); found != watches_.end()) {
      told = std::move(found->second);
      watches_.erase(found);
    }
    const auto [known, fresh] = ends_.try_emplace(who);
    if (fresh)
      known->second.place = ends_order_.insert(ends_order_.end(), who);
    else
      ends_order_.splice(ends_order_.end(), ends_order_, known->second.place);
    known->second.incarnation = incarnation;
    known->second.cause = cause;
    if (ends_order_.size() > ends_kept) {
      ends_.erase(ends_order_.front());
      ends_order_.pop_front();
    }
  }
  for (const auto& [number, who_watches] : told)
    if (const auto whom = who_watches.lock()) whom->notify({number, incarnation, cause, who});
  return true;
}

}  // namespace troupe::actors
