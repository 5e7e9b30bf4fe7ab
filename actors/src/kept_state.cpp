#include "kept_state.hpp"

#include <algorithm>
#include <utility>

#include "cell.hpp"
#include "runtime.hpp"

namespace troupe {

namespace actors {

void kept_state::outcome::resolve(std::uint64_t, result<message> reply) {
  if (reply) {
    told_.store(false);
    return;
  }
  lost.store(true);
  if (told_.exchange(true)) return;
  log.warn("the state of an agent was not saved; its next turn tries again",
           {{"agent", where.str()}, {"error", reply.error().describe()}});
}

void kept_state::add(kept_member what) {
  for (const auto& each : members_)
    if (each.key == what.key)
      throw failure{error{errc::already_exists, outcome_->where.str() + " keeps two members as `" + what.key + "`"}};
  members_.push_back(std::move(what));
}

load_state kept_state::wanted() const {
  load_state all;
  for (const auto& each : members_) all.keys.push_back(each.key);
  return all;
}

result<void> kept_state::restore(std::vector<std::optional<std::string>> found) {
  if (found.size() != members_.size()) return error{errc::internal, "the memory gave other states than were asked for"};
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& each = members_[i];
    auto done = ok();
    if (found[i]) {
      done = each.decode(*found[i]);
      each.stored = *std::move(found[i]);
    } else if (auto initial = each.encode()) {
      each.stored = *std::move(initial);
    } else {
      done = std::move(initial).error();
    }
    if (!done)
      return std::move(done).error().with_context("the state `" + each.key + "` that " + outcome_->where.str() +
                                                  " keeps");
  }
  return ok();
}

result<save_state> kept_state::changed() {
  save_state all;
  if (off_) return all;
  const bool lost = outcome_->lost.exchange(false);
  std::vector<std::string> now;
  for (auto& each : members_) {
    auto bytes = each.encode();
    if (!bytes)
      return std::move(bytes).error().with_context("the state `" + each.key + "` that " + outcome_->where.str() +
                                                   " keeps");
    now.push_back(*std::move(bytes));
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!lost && now[i] == members_[i].stored) continue;
    members_[i].stored = now[i];
    all.changed.emplace_back(members_[i].key, std::move(now[i]));
  }
  return all;
}

}  // namespace actors

void agent::add_kept(actors::kept_member what) {
  if (cell_.current_turn())
    throw failure{error{errc::unsupported, where().str() + ": what is kept is named in the constructor"}};
  if (!kept_) kept_ = std::make_unique<actors::kept_state>(where(), log());
  kept_->add(std::move(what));
}

task<void> agent::restore_and_start(turn& now, const exit_cause& previous) {
  if (kept_) co_await restore_kept(now);
  if (cell_.inbox()) {
    effect<memory::agent_journal> loading{now.begin_memory({cell_.wanted_journal()})};
    auto found = co_await loading.as_result();
    if (!found) throw failure{std::move(found).error().with_context(where().str() + " is durable")};
    cell_.take_in_journal(*std::move(found));
  }
  if (incarnation() == 1)
    co_await on_start(now);
  else
    co_await on_restart(now, previous);
}

task<void> agent::restore_kept(turn& now) {
  effect<std::vector<std::optional<std::string>>> loading{now.begin_memory({kept_->wanted()})};
  auto found = co_await loading.as_result();
  if (found) {
    auto restored = kept_->restore(*std::move(found));
    if (!restored) {
      log().error("an agent does not start, as what it keeps cannot be restored",
                  {{"agent", where().str()}, {"error", restored.error().describe()}});
      throw failure{std::move(restored).error()};
    }
  } else if (found.error().is(errc::unsupported)) {
    kept_->turn_off();
    if (cell_.home().first_without_memory())
      log().debug("agents keep nothing across restarts", {{"agent", where().str()}, {"why", found.error().message()}});
  } else {
    throw failure{found.error()};
  }
}

void agent::save_kept() {
  auto changed = kept_->changed();
  if (!changed) throw failure{std::move(changed).error()};
  if (changed->changed.empty()) return;
  cell_.home().use_memory(where(), {*std::move(changed)}, kept_->saved(), 0);
}

}  // namespace troupe
