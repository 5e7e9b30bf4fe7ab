#include <algorithm>
#include <utility>

#include "account.hpp"
#include "cell_ending.hpp"
#include "runtime.hpp"

// A cell and the budgets that hold for it.

namespace troupe::actors {

bool cell::has_budget() const noexcept { return !spawner_ && !spec_->budget.empty(); }

// The account of the agent above that this one is a child of.
account* cell::account_above() const noexcept { return has_budget() ? account_->above().get() : account_.get(); }

// Lets go of its place among the children above, or passes it on to its successor.
void cell::leave_place(cell* successor) noexcept {
  if (!counted_.exchange(false)) return;
  if (successor)
    successor->counted_.store(true);
  else if (account* above = account_above())
    above->leave();
}

// Its wall time, from the first start on, and that of those above. What is over already is the error.
std::optional<error> cell::begin_wall_time() {
  if (!account_) return {};
  const instant now = home().time().now();
  if (has_budget()) account_->start_clock(now);
  if (const auto over = account_->time_over(now)) return home().budget_refused(*over, where());
  return {};
}

void cell::limit_wall_time() {
  if (!has_budget() || account_->own_end() == instant::max()) return;
  effects_.begin(effect_kind::wall_time, nullptr, account_->own_end());
  arm_timer(account_->own_end());
}

void cell::wall_time_over() {
  const auto over = account_->time_over(home().time().now());
  if (!over || (current_phase() != phase::running && current_phase() != phase::starting)) return;
  const error why = over->to_error(where());
  count_failure(home().time().now(), failure_cause{why});
  home().log().warn("an agent's wall time is over", {{"agent", where().str()}, {"error", why.message()}});
  auto how = std::make_unique<ending>();
  how->cause = exit_cause::failed(why.message(), fault::budget_spent);
  how->start_failed = current_phase() == phase::starting;
  begin_ending(std::move(how));
}

// No turn lasts longer than the wall time, but for the last one, which cleans up.
instant cell::turn_deadline(turn_kind kind, instant asked) const noexcept {
  if (!account_ || kind == turn_kind::stop_hook) return asked;
  return std::min(asked, account_->ends());
}

bool cell::time_is_over() const { return account_ && account_->time_over(home().time().now()).has_value(); }

}  // namespace troupe::actors
