#include <algorithm>
#include <utility>

#include "cell.hpp"
#include "runtime.hpp"

// Turns that take too long, and questions that nobody waits for any more.

namespace troupe::actors {

// -- the watchdog -----------------------------------------------------------------------------------------------------

instant cell::look_at_turn(instant now) {
  if (!counters_.in_hand.load(std::memory_order_relaxed)) return instant::max();
  const auto since_ns = counters_.in_hand_since_ns.load(std::memory_order_relaxed);
  const instant since{duration{since_ns}};
  const instant budget = cell_rest::is_patient(*this) ? instant::max() : later(since, spec_->turn_budget);
  const instant limit = later(since, spec_->turn_limit);
  const bool reported = reported_since_ns_.load(std::memory_order_relaxed) == since_ns;
  if (now >= limit || (now > budget && !reported)) {
    reported_since_ns_.store(since_ns, std::memory_order_relaxed);
    if (busy_for() > spec_->turn_budget && !reported)
      home().log().warn("a turn is over its budget, and its code does not give its thread back",
                        {{"agent", where().str()},
                         {"type", spec_->actor_type},
                         {"message", counters_.in_hand_name()},
                         {"age_ms", (now - since).count() / 1'000'000}});
    post({.kind = signal_kind::overdue});
  }
  if (now >= limit) return instant::max();
  return reported || now > budget ? limit : std::min(budget, limit);
}

void cell::overdue() {
  const instant now = home().time().now();
  std::vector<std::uint64_t> late;  // by number: a turn may end when another one is cancelled
  for (const auto& each : turns_)
    if (now - each->started_ > std::min(spec_->turn_budget, spec_->turn_limit)) late.push_back(each->number_);
  for (const auto number : late) {
    const auto found =
        std::find_if(turns_.begin(), turns_.end(), [&](const auto& each) { return each->number_ == number; });
    if (found == turns_.end()) continue;
    turn& which = **found;
    const duration age = now - which.started_;
    if (age > spec_->turn_budget && !std::exchange(which.reported_, true)) report_overdue(which, age);
    if (age >= spec_->turn_limit)
      cancel(which,
             {agent_errc::turn_too_long,
              "the turn of " + where().str() + " for `" + std::string{which.type_->name} + "` took longer than " +
                  std::to_string(spec_->turn_limit.count() / 1'000'000) + " ms (child_options::turn_limit)"});
  }
}

void cell::report_overdue(turn& late, duration age) {
  const auto* awaited = effects_.awaited_by(late);
  std::string waits_on{awaited ? to_string(awaited->kind) : late.blocked_sends_ > 0 ? "send" : "its code, which runs"};
  if (awaited && awaited->tool) waits_on += " " + awaited->tool->name();
  if (awaited && awaited->target) waits_on += " to " + awaited->target.path().str();
  if (awaited && awaited->kind == effect_kind::process) waits_on += agent_->outside_state();
  home().log().warn("a turn is over its budget", {{"agent", where().str()},
                                                  {"type", spec_->actor_type},
                                                  {"message", late.type_->name},
                                                  {"age_ms", age.count() / 1'000'000},
                                                  {"waits_on", waits_on}});
}

// What the turn awaits fails, and so does all that it begins from now on.
void cell::cancel(turn& late, error why) {
  if (late.cancelled_) return;
  late.cancelled_ = std::make_unique<error>(why);
  if (late.blocked_sends_ > 0) {  // it is done but for its messages, which stay in line
    effects_.release(std::exchange(late.room_effect_, 0));
    late.blocked_sends_ = 0;
    if (late.running_.done()) return step(late);
  }
  std::uint64_t next_try = 0;
  std::vector<std::uint64_t> awaited;  // by its tasks, if it has several
  effects_.for_each_unfinished([&](std::uint64_t id, effect_table::slot& each) {
    if (each.owner == &late && each.waiter && each.kind != effect_kind::tasks) awaited.push_back(id);
    if (each.owner == &late && each.kind == effect_kind::retry) next_try = id;
  });
  if (next_try != 0) {
    effects_.release(next_try);
    return fail_turn(late, std::make_exception_ptr(failure{std::move(why)}));
  }
  for (const auto id : awaited)
    if (auto* slot = effects_.find(id); slot && !slot->finished) {
      slot->stop.request_stop();
      complete(id, why);
    }
}

// -- questions without an asker ---------------------------------------------------------------------------------------

// Whom this incarnation has asked is told that it does not wait any more.
void cell::withdraw_questions() {
  if (gone() || weak_from_this().expired()) return;
  effects_.for_each_unfinished([this](std::uint64_t id, const effect_table::slot& each) {
    if (each.kind != effect_kind::ask || !each.target || each.number != 0) return;
    const auto whom = home().resolve(each.target);
    if (!whom || whom.get() == this) return;
    signal what{.kind = signal_kind::withdrawn, .id = id};
    what.origin = shared_from_this();
    whom->post(std::move(what));
  });
}

void cell::withdrawn(const signal& what) {
  for (const auto& each : turns_) {
    if (each->origin_ != what.origin || each->reply_to_ != what.id) continue;
    each->asker_gone_ = true;
    effects_.for_each_unfinished([&](std::uint64_t, effect_table::slot& its) {
      if (its.owner == each.get() && its.kind == effect_kind::run) its.stop.request_stop();
    });
    return;
  }
  if (mailbox_.size() == 0) return;
  if (!withdrawn_) withdrawn_ = std::make_unique<std::vector<std::pair<std::shared_ptr<reply_sink>, std::uint64_t>>>();
  if (withdrawn_->size() == withdrawn_max) withdrawn_->erase(withdrawn_->begin());
  withdrawn_->emplace_back(what.origin, what.id);
}

bool cell::is_withdrawn(const envelope& mail) {
  const auto found = std::find(withdrawn_->begin(), withdrawn_->end(), std::pair{mail.origin, mail.effect});
  const bool known = mail.effect != 0 && found != withdrawn_->end();
  if (known) withdrawn_->erase(found);
  if (withdrawn_->empty() || mailbox_.size() == 0) withdrawn_.reset();
  return known;
}

}  // namespace troupe::actors
