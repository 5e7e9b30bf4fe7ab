#include "effects.hpp"

#include <algorithm>
#include <utility>

namespace troupe::actors {

std::string_view to_string(effect_kind kind) noexcept {
  switch (kind) {
    case effect_kind::none: return "";
    case effect_kind::ask: return "ask";
    case effect_kind::sleep: return "sleep";
    case effect_kind::run: return "run";
    case effect_kind::supervise: return "supervise";
    case effect_kind::delayed_send: return "delayed send";
    case effect_kind::ending_child: return "sub-agents ending";
  }
  return "";
}

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
  return id_of(index, fresh.generation);
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
  const std::uint32_t generation = gone->generation + 1;
  *gone = slot{};
  gone->generation = generation;
  free_.push_back(static_cast<std::uint32_t>(id & 0xffffffffU));
  --used_;
}

void effect_table::clear() noexcept {
  // Later ids start above every generation that was given out.
  for (const slot& each : slots_) first_generation_ = std::max(first_generation_, each.generation + 1);
  std::vector<slot>{}.swap(slots_);
  std::vector<std::uint32_t>{}.swap(free_);
  used_ = 0;
}

std::vector<std::uint64_t> effect_table::due(instant now) const {
  std::vector<std::pair<instant, std::uint64_t>> found;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const slot& each = slots_[i];
    if (each.kind != effect_kind::none && !each.finished && each.deadline <= now)
      found.emplace_back(each.deadline, id_of(i, each.generation));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::uint64_t> ids;
  for (const auto& [when, id] : found) ids.push_back(id);
  return ids;
}

instant effect_table::next_deadline() const noexcept {
  instant next = instant::max();
  for (const slot& each : slots_)
    if (each.kind != effect_kind::none && !each.finished) next = std::min(next, each.deadline);
  return next;
}

}  // namespace troupe::actors
