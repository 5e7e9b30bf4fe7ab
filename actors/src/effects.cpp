#include "effects.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe::actors {

std::string_view to_string(effect_kind kind) noexcept {
  switch (kind) {
    case effect_kind::none: return "";
    case effect_kind::ask: return "ask";
    case effect_kind::sleep: return "sleep";
    case effect_kind::run: return "run";
    case effect_kind::send: return "send";
    case effect_kind::supervise: return "supervise";
    case effect_kind::delayed_send: return "delayed send";
    case effect_kind::ending_child: return "sub-agents ending";
    case effect_kind::process: return "its process";
    case effect_kind::tasks: return "tasks";
    case effect_kind::stop_hook: return "stop hook";
    case effect_kind::wall_time: return "wall time";
    case effect_kind::retry: return "retry";
    case effect_kind::memory: return "memory";
    case effect_kind::remember: return "remember";
    case effect_kind::left_alone: return "record left alone";
    case effect_kind::once: return "once";
    case effect_kind::commit: return "commit";
    case effect_kind::tool: return "tool";
    case effect_kind::approval: return "approval";
    case effect_kind::receive: return "receive";
    case effect_kind::budget: return "budget";
  }
  return "";
}

namespace {
// 0 stands for no effect at all.
std::uint32_t next_generation(std::uint32_t generation) noexcept { return generation + 1 == 0 ? 1 : generation + 1; }
}  // namespace

std::uint64_t effect_table::begin(effect_kind kind, turn* owner, instant deadline) {
  std::size_t index = slots_.size();
  if (free_.empty()) {
    slots_.emplace_back().generation = first_generation_;
  } else {
    index = free_.back();
    free_.pop_back();
  }
  slot& fresh = slots_[index];
  fresh.kind = kind;
  fresh.owner = owner;
  fresh.deadline = deadline;
  ++used_;
  const auto id = id_of(index, fresh.generation);
  if (deadline != instant::max()) add_timer(deadline, id);
  return id;
}

void effect_table::add_timer(instant when, std::uint64_t id) {
  tidy_timers();
  timers_.push_back({when, id});
  std::push_heap(timers_.begin(), timers_.end(), std::greater<>{});
}

void effect_table::rearm(std::uint64_t id, instant deadline) {
  find(id)->deadline = deadline;
  add_timer(deadline, id);
}

effect_table::slot* effect_table::find(std::uint64_t id) noexcept {
  const std::size_t index = id & 0xffffffffU;
  if (index >= slots_.size()) return nullptr;
  slot& found = slots_[index];
  return found.kind != effect_kind::none && found.generation == id >> 32 ? &found : nullptr;
}

void effect_table::release(std::uint64_t id) noexcept {
  slot* gone = find(id);
  if (!gone) return;
  if (!gone->finished) gone->stop.request_stop();
  const std::uint32_t generation = next_generation(gone->generation);
  *gone = slot{};
  gone->generation = generation;
  free_.push_back(static_cast<std::uint32_t>(id & 0xffffffffU));
  --used_;
}

const effect_table::slot* effect_table::awaited_by(const turn& whose) const noexcept {
  const slot* found = nullptr;
  for (const slot& each : slots_)
    if (each.owner == &whose && (each.waiter || each.kind == effect_kind::retry) && !each.finished &&
        (!found || found->kind == effect_kind::tasks))
      found = &each;
  return found;
}

void effect_table::clear() noexcept {
  for (slot& each : slots_)
    if (!each.finished) each.stop.request_stop();
  // Later ids start above every generation that was given out.
  for (const slot& each : slots_) first_generation_ = std::max(first_generation_, next_generation(each.generation));
  std::vector<slot>{}.swap(slots_);
  std::vector<std::uint32_t>{}.swap(free_);
  std::vector<timer>{}.swap(timers_);
  used_ = 0;
}

bool effect_table::waits_for(const timer& which) noexcept {
  const slot* about = find(which.id);
  return about && !about->finished && !about->noted && about->deadline == which.when;
}

void effect_table::drop_first_timer() noexcept {
  std::pop_heap(timers_.begin(), timers_.end(), std::greater<>{});
  timers_.pop_back();
}

void effect_table::tidy_timers() {
  if (timers_.size() < 2 * used_ + 4) return;
  std::erase_if(timers_, [this](const timer& each) { return !waits_for(each); });
  std::make_heap(timers_.begin(), timers_.end(), std::greater<>{});
}

std::vector<std::uint64_t> effect_table::due(instant now) {
  std::vector<std::uint64_t> ids;
  while (!timers_.empty() && timers_.front().when <= now) {
    if (waits_for(timers_.front())) ids.push_back(timers_.front().id);
    drop_first_timer();
  }
  return ids;
}

instant effect_table::next_deadline() noexcept {
  while (!timers_.empty() && !waits_for(timers_.front())) drop_first_timer();
  return timers_.empty() ? instant::max() : timers_.front().when;
}

}  // namespace troupe::actors
