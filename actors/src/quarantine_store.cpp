#include "quarantine_store.hpp"

#include <algorithm>
#include <utility>

namespace troupe::actors {

quarantine_store::outcome quarantine_store::failed(report what) {
  std::scoped_lock held_lock{mutex_};
  used_.store(true, std::memory_order_release);
  if (const auto known = entries_.find(what.entry); known != entries_.end())  // the operator's try
    return count_again(known->second, std::move(what));
  // One that was in hand already when an equal one was set aside: there is one entry of what is equal.
  if (what.what && !what.what->empty() && what.name.is_nil())
    if (held* const known = entry_of(what.agent, *what.what)) return count_again(*known, std::move(what));
  suspect& of = suspect_for(what);
  ++of.count;
  of.last = what.now;
  if (what.what && of.what.empty()) of.what = *what.what;
  note(of.history, what.failed);
  if (what.limit == 0 || of.count < what.limit || of.what.empty()) return {};
  if (entries_max_ == 0) return {};
  const message aside = of.what;
  auto made = set_aside(what, std::move(of));
  forget(by_agent_.find(what.agent)->second, aside);
  return made;
}

quarantine_store::outcome quarantine_store::count_again(held& known, report&& what) {
  auto& entry = known.entry;
  ++entry.failures;
  entry.last_ns = what.failed.when_ns;
  entry.fault = static_cast<std::uint8_t>(what.kind);
  entry.text = what.failed.text;
  note(entry.history, std::move(what.failed));
  return {entry.id};
}

// The same message with the same failure: one sender, equal values, or, where a value is not known, the same type.
quarantine_store::suspect& quarantine_store::suspect_for(const report& what) {
  auto agent = by_agent_.find(what.agent);
  if (agent == by_agent_.end()) {
    if (agents_.size() >= agents_with_suspects) {
      by_agent_.erase(agents_.front().agent);
      agents_.pop_front();
    }
    agents_.push_back({what.agent, {}});
    agent = by_agent_.emplace(what.agent, std::prev(agents_.end())).first;
  } else {
    agents_.splice(agents_.end(), agents_, agent->second);
  }
  auto& all = agent->second->suspects;
  std::erase_if(all, [&](const suspect& each) { return what.now - each.last > memory; });
  const bool known = what.what && !what.what->empty();
  const auto like = [&](const suspect& each, bool value) {
    if (each.type != what.type || each.kind != what.kind || each.text != what.failed.text ||
        each.sender != what.failed.sender)
      return false;
    return value ? known && !each.what.empty() && each.what.same_as(*what.what) : each.what.empty();
  };
  auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return like(each, true); });
  if (found == all.end())
    found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return like(each, false); });
  if (found != all.end()) return *found;
  if (all.size() >= suspects_of_agent) all.pop_front();
  return all.emplace_back(
      suspect{.type = what.type, .kind = what.kind, .text = what.failed.text, .sender = what.failed.sender});
}

quarantine_store::outcome quarantine_store::set_aside(const report& what, suspect&& of) {
  outcome made;
  if (entries_.size() >= entries_max_) {
    made.gave_way = entries_.begin()->second.agent;
    erase(entries_.begin());
    ++overflowed_;
  }
  const auto id = made.aside = ++last_id_;
  quarantine_entry entry{.id = id,
                         .agent = what.agent.str(),
                         .message_type = std::string{of.type ? of.type->name : std::string_view{}},
                         .failures = of.count,
                         .first_ns = of.history.front().when_ns,
                         .last_ns = what.failed.when_ns,
                         .fault = static_cast<std::uint8_t>(what.kind),
                         .text = what.failed.text,
                         .history = std::move(of.history)};
  made.made = of.what;
  entries_.emplace(id, held{std::move(entry), what.agent, of.what, of.type, what.name});
  entries_by_agent_[what.agent].push_back(id);
  return made;
}

void quarantine_store::was_found(const path& agent, message what, const troupe::id& name, std::string why,
                                 std::int64_t now_ns) {
  std::scoped_lock held_lock{mutex_};
  used_.store(true, std::memory_order_release);
  if (const auto known = entries_by_agent_.find(agent); known != entries_by_agent_.end())
    for (const auto id : known->second)  // of the operator's last try
      if (auto& each = entries_.find(id)->second; each.name == name) {
        ++each.entry.failures;
        each.entry.last_ns = now_ns;
        each.entry.text = std::move(why);
        return;
      }
  if (entries_.size() >= entries_max_) return;  // the next life finds it again
  const auto id = ++last_id_;
  quarantine_entry entry{.id = id,
                         .agent = agent.str(),
                         .message_type = std::string{what.type_name()},
                         .failures = 1,
                         .first_ns = now_ns,
                         .last_ns = now_ns,
                         .fault = static_cast<std::uint8_t>(fault::bug),
                         .text = std::move(why)};
  const auto* type = what.type();
  entries_.emplace(id, held{std::move(entry), agent, std::move(what), type, name});
  entries_by_agent_[agent].push_back(id);
}

troupe::id quarantine_store::name_of(std::uint64_t id) const {
  std::scoped_lock held_lock{mutex_};
  const auto known = entries_.find(id);
  return known == entries_.end() ? troupe::id{} : known->second.name;
}

void quarantine_store::describe(std::uint64_t id, std::string content) {
  std::scoped_lock held_lock{mutex_};
  if (const auto known = entries_.find(id); known != entries_.end()) known->second.entry.content = std::move(content);
}

// Of this message nothing more is counted: it is handled, or set aside.
void quarantine_store::forget(agents::iterator agent, const message& what) {
  std::erase_if(agent->suspects, [&](const suspect& each) { return each.what.same_as(what); });
  if (!agent->suspects.empty()) return;
  by_agent_.erase(agent->agent);
  agents_.erase(agent);
}

void quarantine_store::handled(const path& agent, const message& what) {
  std::scoped_lock held_lock{mutex_};
  if (const auto known = by_agent_.find(agent); known != by_agent_.end()) forget(known->second, what);
}

// The first one says how it began.
void quarantine_store::note(std::vector<failed_try>& history, failed_try what) {
  if (history.size() >= history_max) history.erase(history.begin() + 1);
  history.push_back(std::move(what));
}

quarantine_store::held* quarantine_store::entry_of(const path& agent, const message& what) {
  const auto of_agent = entries_by_agent_.find(agent);
  if (of_agent == entries_by_agent_.end()) return nullptr;
  for (const auto id : of_agent->second)
    if (held& each = entries_.find(id)->second; each.name.is_nil() && each.what.same_as(what)) return &each;
  return nullptr;
}

std::uint64_t quarantine_store::refuse(const path& agent, const message& what) {
  std::scoped_lock held_lock{mutex_};
  held* const found = entry_of(agent, what);
  if (!found) return 0;
  ++found->entry.refused;
  return found->entry.id;
}

bool quarantine_store::has_entries(const path& agent) const {
  if (!used_.load(std::memory_order_acquire)) return false;
  std::scoped_lock held_lock{mutex_};
  return entries_by_agent_.contains(agent);
}

void quarantine_store::show_entries(const path& agent, std::atomic<bool>& any) const {
  std::scoped_lock held_lock{mutex_};
  any.store(entries_by_agent_.contains(agent), std::memory_order_relaxed);
}

bool quarantine_store::remembers(const path& agent) const {
  if (!used_.load(std::memory_order_acquire)) return false;
  std::scoped_lock held_lock{mutex_};
  return by_agent_.contains(agent);
}

// -- the operator -----------------------------------------------------------------------------------------------------

std::vector<path> quarantine_store::agents_with_entries() const {
  std::vector<path> all;
  std::scoped_lock held{mutex_};
  for (const auto& [id, each] : entries_) all.push_back(each.agent);
  return all;
}

std::vector<quarantine_entry> quarantine_store::list(const path& below) const {
  std::scoped_lock held_lock{mutex_};
  std::vector<quarantine_entry> all;
  for (const auto& [id, each] : entries_)
    if (below.contains(each.agent)) all.push_back(each.entry);
  return all;
}

std::optional<quarantine_entry> quarantine_store::find(std::uint64_t id) const {
  std::scoped_lock held_lock{mutex_};
  const auto known = entries_.find(id);
  if (known == entries_.end()) return {};
  return known->second.entry;
}

std::optional<message> quarantine_store::message_of(std::uint64_t id) const {
  std::scoped_lock held_lock{mutex_};
  const auto known = entries_.find(id);
  if (known == entries_.end()) return {};
  return known->second.what;
}

bool quarantine_store::drop(std::uint64_t id) {
  std::scoped_lock held_lock{mutex_};
  const auto known = entries_.find(id);
  if (known == entries_.end()) return false;
  erase(known);
  return true;
}

void quarantine_store::erase(std::map<std::uint64_t, held>::iterator which) {
  const auto of_agent = entries_by_agent_.find(which->second.agent);
  std::erase(of_agent->second, which->first);
  if (of_agent->second.empty()) entries_by_agent_.erase(of_agent);
  entries_.erase(which);
}

void quarantine_store::forget_messages() {
  std::vector<message> gone;  // after the lock: they may hold anything
  agents suspects;
  {
    std::scoped_lock held_lock{mutex_};
    by_agent_.clear();
    suspects.swap(agents_);
    for (auto& [id, each] : entries_) gone.push_back(std::exchange(each.what, {}));
  }
}

std::size_t quarantine_store::size() const {
  std::scoped_lock held_lock{mutex_};
  return entries_.size();
}

std::uint64_t quarantine_store::overflowed() const {
  std::scoped_lock held_lock{mutex_};
  return overflowed_;
}

}  // namespace troupe::actors
