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

// What an escaping failure of an agent's process is thrown as: the turn that waited for it ends the incarnation with
// this cause.
class process_failure : public failure {
 public:
  explicit process_failure(exit_cause why);
  const exit_cause& cause() const noexcept { return cause_; }

 private:
  exit_cause cause_;
};

// Why something failed, in words and for programs. A value.
struct failure_cause {
  std::string text;
  fault kind = fault::bug;
  std::uint32_t number = 0;  // for error::with_cause; 0: there is nothing to say
  std::optional<duration> retry_after = {};
  std::optional<exit_cause> of_process = {};  // if a process ended with it

  explicit failure_cause(const std::exception_ptr& thrown);
  explicit failure_cause(const error& why);
  explicit failure_cause(const exit_cause& why);

  // As the end of an incarnation.
  exit_cause as_exit() const { return of_process ? *of_process : exit_cause::failed(text, kind); }
  // An error in other words, which still tells the cause.
  error seen_as(agent_errc code, std::string words) const;
};

}  // namespace troupe::actors
