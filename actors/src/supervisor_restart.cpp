#include <algorithm>
#include <utility>

#include "runtime.hpp"
#include "supervisor_agent.hpp"

// What a supervisor does when a child ends by itself.

namespace troupe::actors {

task<void> supervisor_agent::child_ended(child_exit notice, turn& now) {
  const auto child = find(notice.child->where().name());
  // A child that was stopped or restarted in the meantime has another cell, state or incarnation.
  if (child == children_.end() || child->cell != notice.child || child->state != child_state::running ||
      child->incarnation != notice.incarnation)
    co_return;
  child->state = child_state::stopped;
  child->last_cause = std::make_unique<exit_cause>(notice.cause);
  const bool failed = notice.cause.is_failure();
  const auto kind = child->spec->restart;
  // One whose wall time is over would not be let start again.
  const bool restarts = notice.what == response::restart && (kind == permanent || (kind == transient && failed)) &&
                        !child->cell->time_is_over();
  // A failure that is mended was reported by the agent, with the message that it failed on.
  const bool news = failed && (!restarts || notice.cause.kind != exit_kind::failed);
  log().write(news ? log_level::warn : log_level::debug, "a child ended",
              {{"agent", notice.child->where().str()},
               {"incarnation", notice.incarnation},
               {"cause", notice.cause.describe()},
               {"restarts", restarts}});
  if (restarts) {
    if (now.now() - child->started >= child->spec->backoff.reset) child->delay = duration{0};
    co_await restart(child, notice.counts, now);
    co_return;
  }
  if (notice.what == response::escalate)
    co_await escalate(child, notice.cause, now);
  else
    co_await let_stay_down(child, notice.cause, now);
}

task<void> supervisor_agent::let_stay_down(position child, const exit_cause& cause, turn& now) {
  const bool significant = child->spec->significant;
  const auto path = where() / child->id;
  co_await release(child, now);
  if (leaves_nothing(*child)) erase(child);
  if (!cell_.parent()) cell_.home().top_level_ended(path, cause);
  co_await consider_auto_shutdown(significant, now);
}

// This supervisor fails as its child did.
task<void> supervisor_agent::escalate(position child, const exit_cause& cause, turn& now) {
  auto same = exit_cause::failed("child " + child->id + ": " + cause.text, cause.fault);
  co_await give_up(std::move(same), now);
}

task<void> supervisor_agent::retry(retry_restart request, turn& now) {
  const auto child = find(request.id);
  if (child == children_.end() || child->state != child_state::restarting || child->attempt != request.attempt)
    co_return;
  if (child->spec->backoff.min > duration{0})
    co_await attempt(child, now);
  else
    co_await restart(child, true, now);
}

// At once, or after the delay. An attempt that is delayed is counted before its delay: a supervisor that has had enough
// does not wait to give up. What is not counted: a restart after a failure of a message that is set aside.
task<void> supervisor_agent::restart(position child, bool counts, turn& now) {
  if (counts && over_intensity(now)) {
    co_await give_up(exit_cause::shutdown("restart intensity reached: more than " + std::to_string(spec_->intensity) +
                                          " restarts in " + std::to_string(spec_->period.count() / 1'000'000) +
                                          " ms, the last of child " + child->id),
                     now);
    co_return;
  }
  if (const duration delay = next_delay(*child, now); delay > duration{0}) {
    child->state = child_state::restarting;
    if (child->cell) child->cell->post({.kind = signal_kind::will_restart});
    plan_retry(child, delay, now);
    co_return;
  }
  co_await attempt(child, now);
}

// After a failed attempt. Without a delay too, requests are served before the next one.
task<void> supervisor_agent::try_again(position child, turn& now) {
  child->state = child_state::restarting;
  if (child->spec->backoff.min > duration{0})
    co_await restart(child, true, now);
  else
    plan_retry(child, duration{0}, now);
}

task<void> supervisor_agent::attempt(position child, turn& now) {
  switch (spec_->strategy) {
    case one_for_one:
    case simple_one_for_one: co_await start_again(child, now); break;
    case rest_for_one: co_await restart_group(child, now); break;
    case one_for_all: co_await restart_group(children_.begin(), now); break;
  }
}

// False if it failed to start, so that there will be another attempt.
task<bool> supervisor_agent::start_again(position child, turn& now) {
  const auto started = co_await start(child, now);
  if (started) {
    count_restart(*child);
  } else if (started.error().is(agent_errc::declined) || (child->cell && child->cell->time_is_over())) {
    // Its wall time will not be less over at the next attempt.
    co_await release(child, now);
    if (leaves_nothing(*child)) erase(child);
  } else {
    const bool goes_on = co_await did_not_start(child, started.error(), now);
    co_return goes_on;
  }
  co_return true;
}

// False if there will be another attempt, or if this supervisor ends.
task<bool> supervisor_agent::did_not_start(position child, const error& why, turn& now) {
  const exit_cause cause = exit_cause::failed(why.message(), fault_of(why));
  switch (child->spec->on_fault.response_without_message(cause.fault)) {
    case response::stop: co_await let_stay_down(child, cause, now); co_return !gave_up_;
    case response::escalate: co_await escalate(child, cause, now); co_return false;
    default: co_await try_again(child, now); co_return false;
  }
}

void supervisor_agent::count_restart(const record& child) {
  cell_.home().metrics().child_restarted(child.spec->actor_type,
                                         child.last_cause ? child.last_cause->kind : exit_kind::normal);
}

// Stops all from `first` on in reverse order, and starts them in order. Temporary ones do not come back.
task<void> supervisor_agent::restart_group(position first, turn& now) {
  std::vector<std::string> group;  // by name: positions change as temporary children go
  for (auto child = first; child != children_.end(); ++child) group.push_back(child->id);
  for (auto id = group.rbegin(); id != group.rend(); ++id) {
    const auto child = find(*id);
    const bool gone = child->spec->restart == temporary;
    co_await stop(child, gone, now);
    if (gone) erase(child);
  }
  for (const auto& id : group) {
    const auto child = find(id);
    if (child == children_.end()) continue;
    const bool goes_on = co_await start_again(child, now);
    if (!goes_on) co_return;
  }
}

bool supervisor_agent::over_intensity(turn& now) {
  const instant at = now.now();
  restarts_.push_back(at);
  while (!restarts_.empty() && at - restarts_.front() > spec_->period) restarts_.pop_front();
  const double used = spec_->intensity == 0 ? 1.0 : static_cast<double>(restarts_.size()) / spec_->intensity;
  cell_.use_restart_budget(used, at);
  return restarts_.size() > static_cast<std::size_t>(spec_->intensity);
}

// The delay before the next attempt: doubled each time, until the child has run for the reset time.
duration supervisor_agent::next_delay(record& child, turn& now) {
  const backoff& policy = child.spec->backoff;
  if (policy.min <= duration{0}) return duration{0};
  if (child.delay <= duration{0})
    child.delay = policy.min;
  else
    child.delay = child.delay > policy.max / 2 ? policy.max : child.delay * 2;
  const double extra = policy.jitter * now.random().uniform();
  // In floating point, so that a delay near the end of time does not run over.
  const double whole = static_cast<double>(child.delay.count()) * (1.0 + extra);
  return whole < 9e18 ? duration{static_cast<std::int64_t>(whole)} : duration::max();
}

void supervisor_agent::plan_retry(position child, duration delay, turn& now) {
  child->attempt = ++attempts_;
  retry_restart later{child->id, child->attempt};
  if (delay > duration{0}) {
    now.send_after(delay, cell_.ref(), std::move(later));
  } else {
    envelope mail;
    mail.payload = message::of(std::move(later));
    cell_.deliver_unbounded(std::move(mail));
  }
}

task<void> supervisor_agent::consider_auto_shutdown(bool significant, turn& now) {
  if (!significant || spec_->auto_shutdown == auto_shutdown::never) co_return;
  const bool others = std::any_of(children_.begin(), children_.end(), [](const record& each) {
    return each.spec->significant && each.state != child_state::stopped;
  });
  if (spec_->auto_shutdown == auto_shutdown::any_significant || !others)
    co_await give_up(exit_cause::shutdown("its significant children ended"), now);
}

task<void> supervisor_agent::give_up(exit_cause cause, turn& now) {
  log().warn("a supervisor ends", {{"agent", where().str()}, {"cause", cause.describe()}});
  cell_.home().metrics().escalated();
  gave_up_ = true;
  co_await stop_all(now);
  now.stop(std::move(cause));
}

}  // namespace troupe::actors
