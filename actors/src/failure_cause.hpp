#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/fault.hpp>
#include <troupe/core/clock.hpp>

namespace troupe::actors {

// Why something failed, in words and for programs. A value.
struct failure_cause {
  std::string text;
  fault kind = fault::bug;
  std::uint32_t number = 0;  // for error::with_cause; 0: there is nothing to say
  std::optional<duration> retry_after = {};

  explicit failure_cause(const std::exception_ptr& thrown);
  explicit failure_cause(const error& why);
  explicit failure_cause(const exit_cause& why);

  // An error in other words, which still tells the cause.
  error seen_as(agent_errc code, std::string words) const;
};

}  // namespace troupe::actors
