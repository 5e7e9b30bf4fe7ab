#include <algorithm>
#include <troupe/actors/health.hpp>

#include "runtime.hpp"

namespace troupe {

std::string_view to_string(health state) noexcept {
  switch (state) {
    case health::stopped: return "stopped";
    case health::passive: return "passive";
    case health::healthy: return "healthy";
    case health::starting: return "starting";
    case health::degraded: return "degraded";
    case health::restarting: return "restarting";
    case health::quarantined: return "quarantined";
    case health::unhealthy: return "unhealthy";
  }
  return "unknown";
}

std::string_view to_string(drop_reason reason) noexcept {
  switch (reason) {
    case drop_reason::unknown_agent: return "unknown_agent";
    case drop_reason::agent_down: return "agent_down";
    case drop_reason::mailbox_full: return "mailbox_full";
    case drop_reason::dropped_oldest: return "dropped_oldest";
    case drop_reason::no_handler: return "no_handler";
    case drop_reason::expired: return "expired";
    case drop_reason::late_reply: return "late_reply";
    case drop_reason::withdrawn: return "withdrawn";
    case drop_reason::bad_message: return "bad_message";
    case drop_reason::quarantined: return "quarantined";
    case drop_reason::local_message: return "local_message";
  }
  return "unknown";
}

namespace actors {

namespace {

constexpr duration trouble_remembered = std::chrono::minutes{1};
constexpr double mailbox_alarm = 0.8;

health own_health(const cell& of, const agent_info& info, instant now) {
  if (of.gone()) return health::stopped;
  const bool late = info.current_message_age > of.spec().turn_budget && !cell_rest::is_patient(of);
  if (late || info.restart_budget_used > 1.0) return health::unhealthy;
  if (of.has_quarantined()) return health::quarantined;
  switch (of.current_phase()) {
    case phase::starting: return health::starting;
    case phase::shell: return health::restarting;
    case phase::passive: return health::passive;
    case phase::ending:
    case phase::running: break;
  }
  const auto trouble_ns = of.counters().last_trouble_ns.load(std::memory_order_relaxed);
  const bool trouble_lately = trouble_ns != 0 && now - instant{duration{trouble_ns}} < trouble_remembered;
  const bool deep = static_cast<double>(info.mailbox_messages) > mailbox_alarm * static_cast<double>(of.mail().limit());
  const bool spent = std::any_of(info.budget.begin(), info.budget.end(), [](const auto& u) { return u.exhausted(); });
  return trouble_lately || deep || spent ? health::degraded : health::healthy;
}

std::string_view name_of(strategy s) noexcept {
  switch (s) {
    case one_for_one: return "one_for_one";
    case one_for_all: return "one_for_all";
    case rest_for_one: return "rest_for_one";
    case simple_one_for_one: return "simple_one_for_one";
  }
  return "";
}

agent_info describe(const cell& of, const clock& time) {
  const instant now = time.now();
  const auto& counters = of.counters();
  agent_info info;
  info.path = of.where();
  info.actor_type = of.spec().actor_type;
  info.is_supervisor = of.is_supervisor();
  if (info.is_supervisor) info.strategy = name_of(of.spec().supervises->strategy);
  info.incarnation = of.incarnation();
  info.started = timestamp{duration{counters.started_wall_ns.load(std::memory_order_relaxed)}};
  info.mailbox_messages = of.mail().size();
  info.mailbox_messages_max = of.mail().deepest();
  if (const auto oldest = of.mail().oldest()) info.oldest_message_age = std::max(duration{0}, now - *oldest);
  if (const auto* type = counters.in_hand.load(std::memory_order_relaxed)) {
    info.current_message = type->name;
    info.current_message_age =
        std::max(duration{0}, now - instant{duration{counters.in_hand_since_ns.load(std::memory_order_relaxed)}});
    info.waits_on = to_string(static_cast<effect_kind>(counters.waits_on.load(std::memory_order_relaxed)));
  }
  info.turns = counters.turns.load(std::memory_order_relaxed);
  info.failures = counters.failures.load(std::memory_order_relaxed);
  info.restarts = info.incarnation > 0 ? info.incarnation - 1 : 0;
  info.last_error = counters.last_error();
  info.last_fault = counters.last_fault.load(std::memory_order_relaxed);
  if (const auto* times = counters.turn_times.load(std::memory_order_acquire)) {
    info.turn_time_p50 = times->quantile(0.50);
    info.turn_time_p99 = times->quantile(0.99);
  }
  info.restart_budget_used = of.restart_budget_used(now);
  if (of.has_budget()) info.budget = of.nearest_account()->uses(now);
  info.state = info.rolled_up = own_health(of, info, now);
  return info;
}

}  // namespace

std::vector<agent_info> runtime::agents() const {
  std::vector<agent_info> all;
  for (const auto& each : names_.all()) all.push_back(describe(*each, time()));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  // Deepest first, so that what rolls up has been rolled up to before.
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < all.size(); ++i) index.emplace(all[i].path.str(), i);
  // What is set aside of an agent that is gone shows in the nearest one above that is there.
  for (auto where : quarantine_.agents_with_entries()) {
    while (!index.contains(where.str()) && !where.is_root()) where = where.parent();
    if (const auto found = index.find(where.str()); found != index.end())
      all[found->second].rolled_up = std::max(all[found->second].rolled_up, health::quarantined);
  }
  std::vector<std::size_t> by_depth(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) by_depth[i] = i;
  std::stable_sort(by_depth.begin(), by_depth.end(),
                   [&](std::size_t a, std::size_t b) { return all[a].path.depth() > all[b].path.depth(); });
  for (const std::size_t i : by_depth) {
    if (all[i].path.is_root()) continue;
    const auto above = index.find(all[i].path.parent().str());
    if (above == index.end()) continue;
    agent_info& parent = all[above->second];
    parent.rolled_up = std::max(parent.rolled_up, all[i].rolled_up);
    ++parent.children;
  }
  return all;
}

std::optional<agent_info> runtime::info(const troupe::path& where) const {
  // Rolling up needs everything below.
  for (auto& each : agents())
    if (each.path == where) return std::move(each);
  return {};
}

}  // namespace actors

}  // namespace troupe
