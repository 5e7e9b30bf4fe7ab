#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <troupe/actors/circuit_breaker.hpp>
#include <troupe/core/log.hpp>
#include <vector>

namespace troupe::actors {

// The circuit breakers of a node, by name. Owner: the runtime. Threads: any. Bound: `max` of them; none ever goes.
class breakers {
 public:
  breakers(std::map<std::string, breaker_options, std::less<>> by_name, breaker_options otherwise, std::size_t max,
           const clock& time, const logger& log);

  // Made at its first use. Throws overloaded beyond the bound.
  circuit_breaker& get(std::string_view name);
  // In order of their names.
  std::vector<breaker_info> list() const;

 private:
  void report(const circuit_breaker& which, breaker_state from, breaker_state to, const error* why) const;

  const std::map<std::string, breaker_options, std::less<>> options_;
  const breaker_options otherwise_;
  const std::size_t max_;
  const clock& time_;
  const logger& log_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<circuit_breaker>, std::less<>> all_;
};

}  // namespace troupe::actors
