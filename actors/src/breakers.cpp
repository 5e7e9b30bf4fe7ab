#include "breakers.hpp"

#include <troupe/actors/errc.hpp>
#include <troupe/actors/retry.hpp>
#include <utility>

namespace troupe::actors {

breakers::breakers(std::map<std::string, breaker_options, std::less<>> by_name, breaker_options otherwise,
                   std::size_t max, const clock& time, const logger& log)
    : options_{std::move(by_name)}, otherwise_{otherwise}, max_{max}, time_{time}, log_{log} {}

circuit_breaker& breakers::get(std::string_view name) {
  std::scoped_lock held{mutex_};
  if (const auto known = all_.find(name); known != all_.end()) return *known->second;
  if (all_.size() >= max_)
    throw failure{error{agent_errc::overloaded, "no circuit breaker for " + std::string{name} + ": there are " +
                                                    std::to_string(max_) + " (node_options::breakers_max)"}};
  const auto given = options_.find(name);
  auto made = std::make_unique<circuit_breaker>(
      std::string{name}, given == options_.end() ? otherwise_ : given->second, time_,
      [this](const auto& which, auto from, auto to, const error* why) { report(which, from, to, why); });
  return *all_.emplace(std::string{name}, std::move(made)).first->second;
}

std::vector<breaker_info> breakers::list() const {
  std::scoped_lock held{mutex_};
  std::vector<breaker_info> infos;
  infos.reserve(all_.size());
  for (const auto& [name, each] : all_) infos.push_back(each->info());
  return infos;
}

void breakers::report(const circuit_breaker& which, breaker_state from, breaker_state to, const error* why) const {
  const auto words = why ? why->describe() : std::string{};
  log_.write(to == breaker_state::open ? log_level::warn : log_level::info, "a circuit breaker changed",
             {{"breaker", which.name()}, {"from", to_string(from)}, {"to", to_string(to)}, {"error", words}});
}

// In the handler's own time: what is planned beyond the turn's deadline would be for nobody.
std::optional<duration> delay_before_retry(turn& now, const retry_policy& policy, int failed, const error& why) {
  if (failed > policy.attempts || !policy.faults.contains(fault_of(why))) return {};
  const auto delay = next_delay(policy, failed, why.retry_after(), now.random());
  if (!delay) return {};
  if (const auto deadline = now.deadline(); deadline && *delay >= *deadline - now.now()) return {};
  return delay;
}

}  // namespace troupe::actors
