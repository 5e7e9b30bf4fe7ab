#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scripted.hpp"

// What the tests of budgets share.

namespace support {

// Does in its turn what the test writes; `go` runs it.
inline troupe::child_spec doing(std::string id, std::function<void(troupe::turn&)> what,
                                troupe::child_options options = {}) {
  return scripted_child(
      std::move(id), [what](scripted& me) { me.on([what](go, troupe::turn& now) { what(now); }); }, std::move(options));
}

inline troupe::child_options with(troupe::budget limits) {
  troupe::child_options options;
  options.budget = std::move(limits);
  return options;
}

// How the budget of an agent stands: "limit reserved spent overrun".
inline std::string stands(const troupe::node& n, std::string_view where,
                          std::string_view quantity = troupe::quantity::tokens) {
  const auto info = n.info(troupe::path{where});
  if (!info) return "gone";
  for (const auto& each : info->budget)
    if (each.quantity == quantity)
      return std::to_string(each.limit) + " " + std::to_string(each.reserved) + " " + std::to_string(each.spent) + " " +
             std::to_string(each.overrun);
  return "none";
}

inline troupe::supervisor_spec limited_top(troupe::budget limits, std::vector<troupe::child_spec> children) {
  return {.name = "top", .intensity = 1'000, .children = std::move(children), .budget = std::move(limits)};
}

inline void run_turn(troupe::node& n, std::string_view who) { must(n.ask(n.ref(troupe::path{who}), go{})); }

inline troupe::child_spec idle(std::string id, troupe::child_options options = {}) {
  return scripted_child(
      std::move(id), [](scripted&) {}, std::move(options));
}

}  // namespace support
