#include <algorithm>
#include <limits>
#include <map>
#include <troupe/memory/tokens.hpp>
#include <troupe/memory/window.hpp>

namespace troupe::memory {

namespace {

// A share of it is a number that a double holds exactly enough, and nothing overflows.
constexpr std::size_t budget_max = std::size_t{1} << 48;

bool is_share(double share) { return share >= 0 && share <= 1; }

std::size_t share_of(std::size_t tokens, double share) {
  return static_cast<std::size_t>(static_cast<double>(tokens) * share);
}

// With the line break before it.
std::size_t cost_of(const part& p) { return count_tokens(p.text) + 1; }

// Parts of one kind, and which of them are taken.
struct section {
  section(part_kind kind, std::vector<part> all) : parts{std::move(all)}, taken(parts.size(), false) {
    costs.reserve(parts.size());
    for (auto& each : parts) {
      each.kind = kind;
      costs.push_back(cost_of(each));
    }
  }

  std::vector<part> parts;
  std::vector<std::size_t> costs;
  std::vector<bool> taken;
};

// Takes what fits, in that order, passing over what does not. Returns what it costs.
std::size_t take(section& from, const std::vector<std::size_t>& order, std::size_t budget) {
  std::size_t used = 0;
  for (const auto n : order) {
    if (from.taken[n] || from.costs[n] > budget - used) continue;
    from.taken[n] = true;
    used += from.costs[n];
  }
  return used;
}

std::vector<std::size_t> newest_first(const section& all) {
  std::vector<std::size_t> order;
  for (auto n = all.parts.size(); n > 0; --n) order.push_back(n - 1);
  return order;
}

std::vector<std::size_t> best_first(const section& all) {
  const auto score = [&](std::size_t n) {
    // Not a number is no score, and no order.
    return all.parts[n].score == all.parts[n].score ? all.parts[n].score : -std::numeric_limits<double>::infinity();
  };
  auto order = newest_first(all);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  return order;
}

// A call and its results, or a part alone: places among the recent parts, the newest first.
using units = std::vector<std::vector<std::size_t>>;

// By their newest part, the newest first.
units units_of(const section& recent) {
  units all;
  std::map<std::uint64_t, std::size_t> place_of_call;
  for (const auto n : newest_first(recent)) {
    const auto call = recent.parts[n].call;
    const auto [at, added] = place_of_call.try_emplace(call, all.size());
    if (call == 0 || added) {
      all.push_back({n});
    } else {
      all[at->second].push_back(n);
    }
  }
  return all;
}

// Up to the first unit that does not fit, so that nothing is missing in between. Returns what it costs.
std::size_t take_recent(section& recent, std::size_t budget) {
  std::size_t used = 0;
  const auto all = units_of(recent);
  for (const auto& unit : all) {
    std::size_t cost = 0;
    for (const auto n : unit) cost += recent.costs[n];
    if (cost > budget - used) break;
    for (const auto n : unit) recent.taken[n] = true;
    used += cost;
  }
  if (used > 0 || all.empty() || budget < 2) return used;
  const auto newest = all.front().front();
  if (recent.parts[newest].call != 0) return 0;
  auto& text = recent.parts[newest].text;
  const auto beginning = first_tokens(text, budget - 1);
  if (beginning.empty()) return 0;
  text.resize(beginning.size());
  recent.taken[newest] = true;
  return cost_of(recent.parts[newest]);
}

void sort_by_age(std::vector<part>& parts) { std::ranges::stable_sort(parts, {}, &part::record); }

void move_parts(section& from, bool taken, std::vector<part>& to) {
  for (std::size_t n = 0; n < from.parts.size(); ++n) {
    if (from.taken[n] == taken) to.push_back(std::move(from.parts[n]));
  }
}

}  // namespace

std::string_view to_string(part_kind kind) noexcept {
  switch (kind) {
    case part_kind::pinned: return "pinned";
    case part_kind::summary: return "summary";
    case part_kind::retrieved: return "retrieved";
    case part_kind::recent: return "recent";
  }
  return "unknown";
}

std::string window::text() const {
  std::string all;
  for (const auto& each : parts) {
    if (&each != &parts.front()) all += '\n';
    all += each.text;
  }
  return all;
}

result<window> fill_window(std::vector<part> pinned, std::vector<part> summaries, std::vector<part> retrieved,
                           std::vector<part> recent, const window_options& options) {
  if (!is_share(options.summary_share) || !is_share(options.retrieved_share)) {
    return error{errc::invalid_argument, "a share of a window is a number from 0 to 1"};
  }
  // The first part has no line break before it, so one more is there to be spent.
  const auto budget = std::min(options.tokens_max, budget_max) + 1;
  section first{part_kind::pinned, std::move(pinned)};
  std::size_t used = 0;
  for (const auto cost : first.costs) used += cost;
  if (used > budget) {
    return error{errc::out_of_range, "the pinned parts have " + std::to_string(used - 1) + " tokens, the window " +
                                         std::to_string(options.tokens_max)};
  }
  first.taken.assign(first.taken.size(), true);
  sort_by_age(summaries);
  sort_by_age(retrieved);
  section second{part_kind::summary, std::move(summaries)};
  section third{part_kind::retrieved, std::move(retrieved)};
  section fourth{part_kind::recent, std::move(recent)};
  const auto left = budget - used;
  used += take(second, newest_first(second), share_of(left, options.summary_share));
  const auto by_score = best_first(third);
  used += take(third, by_score, std::min(share_of(left, options.retrieved_share), budget - used));
  used += take_recent(fourth, budget - used);
  used += take(third, by_score, budget - used);

  window filled;
  for (auto* each : {&first, &second, &third, &fourth}) move_parts(*each, true, filled.parts);
  move_parts(fourth, false, filled.left_out);
  filled.tokens = filled.parts.empty() ? 0 : used - 1;
  return filled;
}

}  // namespace troupe::memory
