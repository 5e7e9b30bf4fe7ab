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
  // An end sets the phase before it takes this lock, so that no end falls between the look and the entry.
  const auto target = home_.names().find(who);
  const phase now = target ? target->current_phase() : phase::terminated;
  if (now == phase::starting || now == phase::running || now == phase::ending) {
    watches_[who].push_back({number, watcher});
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
  std::erase_if(found->second, [&](const watch& each) { return each.number == watch_number; });
  if (found->second.empty()) watches_.erase(found);
}

void watches::incarnation_ended(const troupe::path& who, std::uint64_t incarnation, const exit_cause& cause) {
  std::vector<watch> told;
  {
    std::scoped_lock lock{mutex_};
    if (const auto found = watches_.find(who); found != watches_.end()) {
      told = std::move(found->second);
      watches_.erase(found);
    }
    if (ends_.insert_or_assign(who, end{incarnation, cause}).second) ends_order_.push_back(who);
    if (ends_order_.size() > ends_kept) {
      ends_.erase(ends_order_.front());
      ends_order_.pop_front();
    }
  }
  for (const watch& each : told)
    if (const auto watcher = each.watcher.lock()) tell(watcher, {each.number, incarnation, cause, who});
}

}  // namespace troupe::actors
