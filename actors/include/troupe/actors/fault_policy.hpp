#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/fault.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <utility>
#include <vector>

// What is done about a failure, by its kind. Plain values; no threads.

namespace troupe {

class random_engine;

// A set of kinds of faults.
class fault_set {
 public:
  constexpr fault_set() noexcept = default;
  constexpr fault_set(std::initializer_list<fault> kinds) noexcept {
    for (const fault each : kinds) bits_ |= bit(each);
  }
  static constexpr fault_set all() noexcept {
    fault_set every;
    every.bits_ = ~std::uint32_t{0};
    return every;
  }
  constexpr bool contains(fault kind) const noexcept { return (bits_ & bit(kind)) != 0; }
  friend constexpr bool operator==(fault_set, fault_set) noexcept = default;

 private:
  static constexpr std::uint32_t bit(fault kind) noexcept { return 1U << static_cast<unsigned>(kind); }
  std::uint32_t bits_ = 0;
};

// Faults that pass by themselves: of the world around an agent, not of the agent or its message.
inline constexpr fault_set passing_faults{fault::timeout, fault::overload, fault::provider_throttled,
                                          fault::provider_unavailable, fault::node_lost};

// How something that failed is tried again. The delay before each further try is the one that the failure came with
// (error::retry_after), or else `delay_min`, doubled each time up to `delay_max`; plus a random part of up to `jitter`
// of it. A try that would begin after the deadline of whoever waits is not made, nor one that would wait longer than
// `wait_max`: the failure is final then, at once.
struct retry_policy {
  int attempts = 3;  // After the first one; at least 1.
  duration delay_min = std::chrono::milliseconds{200};
  duration delay_max = std::chrono::seconds{30};
  double jitter = 0.2;  // 0 to 1
  duration wait_max = std::chrono::minutes{10};
  fault_set faults = passing_faults;  // What `retry(...)` in a handler tries again. Not used in a fault_policy.
  friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

// The delay before the try that follows `failed` failures in a row (at least 1); nullopt if it is longer than wait_max.
std::optional<duration> next_delay(const retry_policy& policy, int failed, std::optional<duration> retry_after,
                                   random_engine& random) noexcept;

// What becomes of an agent, or of the message in hand, after a failure.
enum class response : std::uint8_t {
  restart,     // The restart type decides, as in OTP. The default for every fault.
  retry,       // The same incarnation handles the message again.
  quarantine,  // The message is set aside once it has failed so often; the restart type decides about the agent.
  escalate,    // The supervisor ends too, with this cause: the next level decides.
  stop,        // The agent ends and is not restarted, whatever its restart type.
};

std::string_view to_string(response what) noexcept;

// A response with its numbers.
struct fault_action {
  response what = response::restart;
  retry_policy retrying = {};         // for retry
  response then = response::restart;  // for retry: when the attempts are used up
  std::uint32_t after = 1;            // for quarantine: failures of the same message; at least 1

  static fault_action restart() noexcept { return {}; }
  static fault_action retry(retry_policy how = {}, response then = response::restart) noexcept {
    return {response::retry, how, then, 1};
  }
  static fault_action quarantine(std::uint32_t after = 1) noexcept {
    return {response::quarantine, {}, response::restart, after};
  }
  static fault_action escalate() noexcept { return {response::escalate, {}, response::restart, 1}; }
  static fault_action stop() noexcept { return {response::stop, {}, response::restart, 1}; }
  friend bool operator==(const fault_action&, const fault_action&) = default;
};

// child_options::on_fault: actions by kind of fault; what is not named restarts. The last action for a kind wins.
//
//   {.on_fault = {{fault::provider_throttled, fault_action::retry({.attempts = 5})},
//                 {fault::policy_denied, fault_action::stop()}}}
class fault_policy {
 public:
  fault_policy() noexcept = default;
  fault_policy(std::initializer_list<std::pair<fault, fault_action>> actions) : actions_{actions} {}
  void set(fault kind, fault_action action) { actions_.emplace_back(kind, action); }

  fault_action action(fault kind) const noexcept;
  // What is done where there is no message to try again or to set aside: a start that fails, the end of sub-agents.
  response response_without_message(fault kind) const noexcept;
  // Whether the runtime has to keep each message until it was handled.
  bool needs_message() const noexcept;
  // What is wrong with it (bad_policy), if anything.
  std::optional<error> check() const;
  friend bool operator==(const fault_policy&, const fault_policy&) = default;

 private:
  std::vector<std::pair<fault, fault_action>> actions_;  // a handful: there are 14 kinds
};

}  // namespace troupe
