#include "watches.hpp"

#include <algorithm>

#include "cell.hpp"
#include "runtime.hpp"

namespace troupe::actors {

void watches::tell(const std::shared_ptr<cell>& watcher, down_notice notice) {
  envelope mail;
  mail.payload = message::of(std::move(notice));
  watcher->deliver_unbounded(std::move(mail));
}

std::uint64_t watches::add(const std::shared_ptr<cell>& watcher, const troupe::path& who) {
  std::unique_lock lock{mutex_};
  const std::uint64_t number = ++count_;
  // An end becomes visible under this lock, so that none falls between the look and the entry.
  if (const auto target = home_.names().find(who);
      target && !target->gone() && target->current_phase() != phase::shell) {
    watches_[who].emplace(number, watcher);
    return number;
  }
  down_notice notice{number, 0, {exit_kind::unknown, "nobody is known as " + who.str()}, who};
  if (const auto found = ends_.find(who); found != ends_.end()) {
    notice.incarnation = found->second.incarnation;
    notice.cause = found->second.cause;
  }
  lock.unlock();
  tell(watcher, std::move(notice));
  return number;
}

void watches::remove(const troupe::path& who, std::uint64_t watch_number) {
  std::scoped_lock lock{mutex_};
  const auto found = watches_.find(who);
  if (found == watches_.end()) return;
  found->second.erase(watch_number);
  if (found->second.empty()) watches_.erase(found);
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
    if (const auto watcher = who_watches.lock()) tell(watcher, {number, incarnation, cause, who});
  return true;
}

}  // namespace troupe::actors
