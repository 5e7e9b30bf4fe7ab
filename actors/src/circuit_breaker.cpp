#include <algorithm>
#include <troupe/actors/circuit_breaker.hpp>
#include <troupe/actors/errc.hpp>

namespace troupe {

std::string_view to_string(breaker_state state) noexcept {
  switch (state) {
    case breaker_state::closed: return "closed";
    case breaker_state::half_open: return "half_open";
    case breaker_state::open: return "open";
  }
  return "unknown";
}

std::optional<error> check(const breaker_options& options) {
  const auto wrong = [](const char* what) { return error{agent_errc::bad_policy, std::string{"breaker: "} + what}; };
  if (!(options.failure_rate >= 0.0 && options.failure_rate <= 1.0)) return wrong("failure_rate is not within 0 to 1");
  if (options.failures == 0 && options.failure_rate == 0.0) return wrong("neither failures nor failure_rate is given");
  if (options.window < std::chrono::microseconds{1}) return wrong("window is shorter than a microsecond");
  if (options.open_for <= duration{0} || options.open_max < options.open_for)
    return wrong("needs 0 < open_for <= open_max");
  if (options.trials == 0) return wrong("without trials it would never close");
  return {};
}

circuit_breaker::circuit_breaker(std::string name, breaker_options options, const clock& time, listener told)
    : name_{std::move(name)}, options_{options}, time_{time}, told_{std::move(told)}, since_{time.wall()} {}

void circuit_breaker::call::failed(const error& why) {
  const fault kind = fault_of(why);
  // An answer that says "wrong request" is an answer.
  const auto how = dependency_faults.contains(kind)   ? outcome::failure
                   : kind == fault::provider_rejected ? outcome::success
                                                      : outcome::unknown;
  end(how, &why);
}

result<circuit_breaker::call> circuit_breaker::enter() {
  const instant now = time_.now();
  std::optional<change> changed;
  std::optional<error> refused;
  std::uint64_t epoch = 0;
  {
    std::scoped_lock held{mutex_};
    if (state_ == breaker_state::open && now >= open_until_) changed = become(breaker_state::half_open);
    if (state_ == breaker_state::open) {
      refused =
          error{agent_errc::circuit_open, "the circuit breaker " + name_ + " is open: " + last_error_}.with_retry_after(
              open_until_ - now);
    } else if (state_ == breaker_state::half_open && trials_running_ + trials_succeeded_ >= options_.trials) {
      refused =
          error{agent_errc::circuit_open, "the circuit breaker " + name_ + " is half-open, and its trials are running"}
              .with_retry_after(options_.open_for);
    } else if (state_ == breaker_state::half_open) {
      ++trials_running_;
    }
    if (refused) ++refused_;
    epoch = epoch_;
  }
  tell(changed, nullptr);
  if (refused) return *std::move(refused);
  return call{this, epoch};
}

void circuit_breaker::ended(const call& which, call::outcome how, const error* why) {
  std::optional<change> changed;
  {
    std::scoped_lock held{mutex_};
    if (which.epoch_ != epoch_) return;
    changed = count(how, why, time_.now());
  }
  tell(changed, why);
}

std::optional<circuit_breaker::change> circuit_breaker::count(call::outcome how, const error* why, instant now) {
  if (how == call::outcome::failure) last_error_ = why->describe();
  if (state_ == breaker_state::half_open) {
    --trials_running_;
    if (how == call::outcome::failure) return open(why, now);
    if (how == call::outcome::success && ++trials_succeeded_ == options_.trials) return become(breaker_state::closed);
    return {};
  }
  if (how == call::outcome::unknown) return {};
  slice& present = slice_at(now);
  ++present.calls;
  if (how == call::outcome::success) return {};
  ++present.failures;
  if (!has_had_enough(counted(now))) return {};
  return open(why, now);
}

circuit_breaker::change circuit_breaker::open(const error* why, instant now) {
  const auto asked = why->retry_after();
  const duration stays = asked ? std::min(*asked, options_.open_max) : options_.open_for;
  open_until_ = stays > instant::max() - now ? instant::max() : now + stays;
  ++opened_;
  return become(breaker_state::open);
}

circuit_breaker::change circuit_breaker::become(breaker_state next) {
  const change made{state_, next};
  state_ = next;
  since_ = time_.wall();
  ++epoch_;
  trials_running_ = trials_succeeded_ = 0;
  window_ = {};
  return made;
}

bool circuit_breaker::has_had_enough(counts of) const noexcept {
  if (options_.failures != 0 && of.failures >= options_.failures) return true;
  return options_.failure_rate > 0.0 && of.calls >= options_.calls_min &&
         static_cast<double>(of.failures) >= options_.failure_rate * static_cast<double>(of.calls);
}

std::int64_t circuit_breaker::slice_number(instant now) const noexcept {
  return now.time_since_epoch() / (options_.window / slices);
}

circuit_breaker::slice& circuit_breaker::slice_at(instant now) {
  const auto number = slice_number(now);
  slice& found = window_[static_cast<std::size_t>(number) % slices];
  if (found.number != number) found = {number, 0, 0};
  return found;
}

circuit_breaker::counts circuit_breaker::counted(instant now) const {
  const auto last = slice_number(now);
  counts sum;
  for (const slice& each : window_) {
    if (each.number < 0 || each.number <= last - static_cast<std::int64_t>(slices)) continue;
    sum.calls += each.calls;
    sum.failures += each.failures;
  }
  return sum;
}

breaker_info circuit_breaker::info() const {
  const instant now = time_.now();
  std::scoped_lock held{mutex_};
  const auto of = counted(now);
  return {.name = name_,
          .state = state_,
          .since = since_,
          .opens_in = state_ == breaker_state::open ? std::max(duration{0}, duration{open_until_ - now}) : duration{0},
          .calls = of.calls,
          .failures = of.failures,
          .refused = refused_,
          .opened = opened_,
          .last_error = last_error_};
}

void circuit_breaker::tell(std::optional<change> what, const error* why) const {
  if (what && told_) told_(*this, what->from, what->to, why);
}

}  // namespace troupe
