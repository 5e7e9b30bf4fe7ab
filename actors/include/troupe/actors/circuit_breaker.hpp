#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/fault_policy.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <utility>

namespace troupe {

enum class breaker_state : std::uint8_t {
  closed = 0,     // Calls go through.
  half_open = 1,  // A few calls go through, to see whether the dependency is back.
  open = 2,       // Calls fail at once.
};
std::string_view to_string(breaker_state state) noexcept;

// Faults that speak against a dependency. provider_rejected does not: it answered. What else fails says nothing of it.
inline constexpr fault_set dependency_faults{fault::provider_unavailable, fault::provider_throttled, fault::timeout,
                                             fault::tool_crash, fault::node_lost};

// When a breaker opens and closes. It opens when within `window` either of the two limits is reached.
struct breaker_options {
  std::uint64_t failures = 5;  // So many failures; 0: not by number.
  double failure_rate = 0.0;   // This part of the calls, 0 to 1, once there are `calls_min` of them; 0: not by rate.
  std::uint64_t calls_min = 20;
  duration window = std::chrono::seconds{30};
  // How long it stays open, unless the failure that opened it came with a delay (error::retry_after).
  duration open_for = std::chrono::seconds{15};
  duration open_max = std::chrono::minutes{10};  // A provider's delay is cut to this.
  // Calls that it lets through at once when half-open; so many successes close it, one failure opens it again.
  std::uint32_t trials = 1;
  friend bool operator==(const breaker_options&, const breaker_options&) = default;
};

// What is wrong with them (bad_policy), if anything.
std::optional<error> check(const breaker_options& options);

// A breaker as the tools see it.
struct breaker_info {
  std::string name;
  breaker_state state = breaker_state::closed;
  timestamp since{};        // Of this state.
  duration opens_in{};      // While open: until it lets a call through.
  std::uint64_t calls = 0;  // Within the window, as are the next; the end of a window is exact to a tenth of it.
  std::uint64_t failures = 0;
  std::uint64_t refused = 0;  // Calls that failed at once, since the node started; so are the next.
  std::uint64_t opened = 0;
  std::string last_error = {};
};

// Keeps calls away from a dependency (a model provider, a service, a tool) that is down, for all agents of a node
// together, so that they neither wait for it nor burden it. Met through turn::breaker and `guarded`:
//
//   auto text = co_await guarded(now, "openai", [&] { return now.ask<prompt>(openai, words); });
//
// A call through an open breaker fails with circuit_open, whose retry_after is the time left. Owner: the node, which
// makes one at the first use of a name and keeps it. Threads: any.
class circuit_breaker {
 public:
  // Called after each change of state, under no lock.
  using listener = std::function<void(const circuit_breaker&, breaker_state from, breaker_state to, const error* why)>;

  circuit_breaker(std::string name, breaker_options options, const clock& time, listener told = {});
  circuit_breaker(const circuit_breaker&) = delete;
  circuit_breaker& operator=(const circuit_breaker&) = delete;

  // A call that was let through. Tell it how the call ended; one that is destroyed before says nothing. Must not
  // outlive the breaker.
  class call {
   public:
    call(call&& other) noexcept : breaker_{std::exchange(other.breaker_, nullptr)}, epoch_{other.epoch_} {}
    call& operator=(call&& other) noexcept {
      std::swap(breaker_, other.breaker_);
      std::swap(epoch_, other.epoch_);
      return *this;
    }
    ~call() {
      if (breaker_) breaker_->ended(*this, outcome::unknown, nullptr);
    }
    void succeeded() { end(outcome::success, nullptr); }
    void failed(const error& why);

   private:
    friend class circuit_breaker;
    enum class outcome : std::uint8_t { success, failure, unknown };
    call(circuit_breaker* breaker, std::uint64_t epoch) noexcept : breaker_{breaker}, epoch_{epoch} {}
    void end(outcome how, const error* why) {
      if (auto* const breaker = std::exchange(breaker_, nullptr)) breaker->ended(*this, how, why);
    }
    circuit_breaker* breaker_;
    std::uint64_t epoch_;  // of the state that let it through; an older one's calls do not count
  };

  // Fails with circuit_open.
  result<call> enter();
  breaker_info info() const;
  const std::string& name() const noexcept { return name_; }

 private:
  // The sliding window: ten slices, each counted from its own beginning.
  struct slice {
    std::int64_t number = -1;
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
  };
  struct counts {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
  };
  struct change {
    breaker_state from, to;
  };
  static constexpr std::size_t slices = 10;

  void ended(const call& which, call::outcome how, const error* why);
  std::optional<change> count(call::outcome how, const error* why, instant now);
  slice& slice_at(instant now);
  counts counted(instant now) const;
  std::int64_t slice_number(instant now) const noexcept;
  bool has_had_enough(counts of) const noexcept;
  change become(breaker_state next);
  change open(const error* why, instant now);
  void tell(std::optional<change> what, const error* why) const;

  const std::string name_;
  const breaker_options options_;
  const clock& time_;
  const listener told_;
  mutable std::mutex mutex_;
  breaker_state state_ = breaker_state::closed;
  timestamp since_;
  instant open_until_{};
  std::uint64_t epoch_ = 0;
  std::uint32_t trials_running_ = 0;
  std::uint32_t trials_succeeded_ = 0;
  std::array<slice, slices> window_{};
  std::uint64_t refused_ = 0;
  std::uint64_t opened_ = 0;
  std::string last_error_;
};

}  // namespace troupe
