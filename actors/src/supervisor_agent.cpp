#include "supervisor_agent.hpp"

#include <algorithm>
#include <utility>

#include "runtime.hpp"

// Requests and bookkeeping. What happens when a child ends is in supervisor_restart.cpp.

namespace troupe::actors {

supervisor_agent::supervisor_agent(agent_context& context, std::shared_ptr<const supervisor_spec> spec)
    : agent{context}, spec_{std::move(spec)}, simple_{spec_->strategy == simple_one_for_one} {
  on(&supervisor_agent::add);
  on(&supervisor_agent::add_from_template);
  on(&supervisor_agent::terminate);
  on(&supervisor_agent::restart_stopped);
  on(&supervisor_agent::remove);
  on(&supervisor_agent::forget);
  on(&supervisor_agent::list);
  on(&supervisor_agent::count);
  on(&supervisor_agent::find_spec);
  on(&supervisor_agent::child_ended);
  on(&supervisor_agent::retry);
  on(&supervisor_agent::list_set_aside);
  on(&supervisor_agent::inspect_set_aside);
  on(&supervisor_agent::retry_set_aside);
  on(&supervisor_agent::drop_set_aside);
}

std::vector<cell_ptr> supervisor_agent::cells() const {
  std::vector<cell_ptr> found;
  for (const record& each : children_)
    if (each.cell) found.push_back(each.cell);
  return found;
}

// -- start and stop of the supervisor ---------------------------------------------------------------------------------

task<void> supervisor_agent::on_start(turn& now) {
  if (simple_) co_return;
  for (const child_spec& each : spec_->children) insert(each.id, std::make_shared<const child_spec>(each), {});
  for (auto child = children_.begin(); child != children_.end();) {
    const auto started = co_await start(child, now);
    if (started || started.error().is(agent_errc::declined)) {
      const bool drop = !started && leaves_nothing(*child);
      const auto next = std::next(child);
      if (!started) co_await release(child, now);
      if (drop) erase(child);
      child = next;
      continue;
    }
    // The stop hook stops those that were started.
    const bool spent = started.error().is(agent_errc::budget_spent);
    throw failure{error{spent ? agent_errc::budget_spent : agent_errc::failed_to_start,
                        "child " + child->id + ": " + started.error().message()}
                      .with_cause(started.error().cause_number())};
  }
}

task<void> supervisor_agent::post_stop(turn& now, const exit_cause&) { co_await stop_all(now); }

// -- requests ---------------------------------------------------------------------------------------------------------

task<result<agent_ref>> supervisor_agent::add(start_child request, turn& now) {
  if (simple_)
    co_return error{
        agent_errc::bad_template,
        where().str() + " is simple_one_for_one: its children come from its template (start_template_child)"};
  if (const auto wrong = check(request.spec, *spec_)) co_return *wrong;
  if (const auto legal = where().join(request.spec.id); !legal)
    co_return error{agent_errc::bad_child_id, legal.error().message()};
  if (const auto known = find(request.spec.id); known != children_.end())
    co_return error{known->state == child_state::running ? agent_errc::already_started : agent_errc::already_present,
                    "child " + request.spec.id + " of " + where().str()};
  const auto spec = std::make_shared<child_spec>(std::move(request.spec));
  auto started = co_await start_new(insert(spec->id, spec, {}), now);
  if (started && spec->restart == temporary)
    spec->start = nullptr;  // never to be started again: what it captured can go
  co_return started;
}

task<result<agent_ref>> supervisor_agent::add_from_template(start_template_child request, turn& now) {
  if (!simple_)
    co_return error{agent_errc::bad_template, where().str() + " is not simple_one_for_one: it has no template"};
  if (request.id.empty()) {
    do request.id = std::to_string(++names_);
    while (find(request.id) != children_.end());
  }
  if (const auto legal = where().join(request.id); !legal)
    co_return error{agent_errc::bad_child_id, legal.error().message()};
  if (find(request.id) != children_.end())
    co_return error{agent_errc::already_started, "child " + request.id + " of " + where().str()};
  if (!template_) template_ = std::make_shared<const child_spec>(spec_->children.front());
  co_return co_await start_new(insert(std::move(request.id), template_, std::move(request.arguments)), now);
}

task<result<agent_ref>> supervisor_agent::start_new(position child, turn& now) {
  const auto started = co_await start(child, now);
  if (started) co_return child->cell->ref();
  error why = started.error();
  co_await release(child, now);
  // A child that declines may leave its spec; one that fails leaves none.
  if (!why.is(agent_errc::declined) || leaves_nothing(*child)) erase(child);
  co_return why;
}

task<result<done>> supervisor_agent::terminate(terminate_child request, turn& now) {
  const auto child = find(request.id);
  if (child == children_.end()) co_return not_found(request.id);
  co_await end(child, leaves_nothing(*child), now);
  co_return done{};
}

task<result<done>> supervisor_agent::forget(forget_child request, turn& now) {
  const auto child = find(request.id);
  if (child == children_.end()) co_return not_found(request.id);
  co_await end(child, true, now);
  co_return done{};
}

task<void> supervisor_agent::end(position child, bool forget_it, turn& now) {
  const bool was_restarting = child->state == child_state::restarting;
  co_await stop(child, true, now);
  if (forget_it) erase(child);
  if (was_restarting) co_await release_casualties(now);
}

namespace {
error not_stopped(child_state state, const std::string& id) {
  return {state == child_state::running ? agent_errc::child_running : agent_errc::child_restarting, "child " + id};
}
error of_template(const path& where) {
  return {agent_errc::bad_template, where.str() + " is simple_one_for_one: children that ended leave nothing behind"};
}
}  // namespace

task<result<agent_ref>> supervisor_agent::restart_stopped(restart_child request, turn& now) {
  if (simple_) co_return of_template(where());
  const auto child = find(request.id);
  if (child == children_.end()) co_return not_found(request.id);
  if (child->state != child_state::stopped) co_return not_stopped(child->state, request.id);
  child->delay = duration{0};  // whoever starts it by hand has seen to what was wrong
  const auto started = co_await start(child, now);
  if (started) co_return child->cell->ref();
  error why = started.error();
  co_await release(child, now);
  co_return why;
}

task<result<done>> supervisor_agent::remove(delete_child request, turn& now) {
  if (simple_) co_return of_template(where());
  const auto child = find(request.id);
  if (child == children_.end()) co_return not_found(request.id);
  if (child->state != child_state::stopped) co_return not_stopped(child->state, request.id);
  co_await release(child, now);
  erase(child);
  co_return done{};
}

child_list supervisor_agent::list(const which_children&) {
  child_list found;
  found.children.reserve(children_.size());
  for (const record& each : children_)
    found.children.push_back({each.id, each.state, each.spec->type,
                              each.state == child_state::running ? each.cell->ref() : agent_ref{}, each.incarnation});
  return found;
}

child_counts supervisor_agent::count(const count_children&) {
  child_counts counts;
  counts.specs = simple_ ? 1 : children_.size();
  for (const record& each : children_) {
    counts.active += each.state == child_state::running;
    (each.spec->type == child_type::supervisor ? counts.supervisors : counts.workers) += 1;
  }
  return counts;
}

result<child_spec_found> supervisor_agent::find_spec(const get_child_spec& request) {
  if (simple_ && request.id == spec_->children.front().id) return child_spec_found{spec_->children.front()};
  const auto child = find(request.id);
  if (child == children_.end()) return not_found(request.id);
  return child_spec_found{*child->spec};
}

quarantine_entries supervisor_agent::list_set_aside(const list_quarantine&) {
  return {cell_.home().quarantined().list(where())};
}

result<quarantine_entry> supervisor_agent::inspect_set_aside(const inspect_quarantined& request) {
  return cell_.home().find_quarantined(request.id, where());
}

// The agent answers whoever asked; this turn does not wait for it.
result<done> supervisor_agent::retry_set_aside(const retry_quarantined& request, turn& now) {
  return cell_.retry_quarantined(request.id, now);
}

result<done> supervisor_agent::drop_set_aside(const drop_quarantined& request) {
  return cell_.home().drop_quarantined(request.id, where()).map([] { return done{}; });
}

// Whether a child that does not run is forgotten, so that its name can be used again.
bool supervisor_agent::leaves_nothing(const record& child) const {
  return child.spec->restart == temporary || simple_ || cell_.is_spawner();
}

error supervisor_agent::not_found(const std::string& id) const {
  return {agent_errc::child_not_found, "no child " + id + " of " + where().str()};
}

// -- records ----------------------------------------------------------------------------------------------------------

supervisor_agent::position supervisor_agent::insert(std::string id, std::shared_ptr<const child_spec> spec,
                                                    message arguments) {
  const auto child = children_.insert(children_.end(), record{});
  child->id = std::move(id);
  child->spec = std::move(spec);
  child->arguments = std::move(arguments);
  by_id_.emplace(child->id, child);
  return child;
}

supervisor_agent::position supervisor_agent::find(std::string_view id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? children_.end() : found->second;
}

void supervisor_agent::erase(position child) {
  by_id_.erase(child->id);
  children_.erase(child);
}

// -- starts and stops of children -------------------------------------------------------------------------------------

cell_seed supervisor_agent::seed_of(const record& child) {
  return {.where = where() / child.id,
          .spec = child.spec,
          .parent = cell_.shared_from_this(),
          .arguments = child.arguments,
          .incarnation = child.incarnation,
          .last_cause = child.last_cause ? std::optional{*child.last_cause} : std::nullopt};
}

// Starts the child in its cell, made if it has none. After a failure the cell is kept, with its mail.
task<result<void>> supervisor_agent::start(position child, turn& now) {
  if (!child->cell) {
    auto made = cell_.home().make_cell(seed_of(*child));
    if (!made) co_return std::move(made).error();
    child->cell = std::move(*made);
  }
  effect<agent_ref> starting{effect_handle{
      &cell_,
      cell_.tell_child(child->cell, signal_kind::start, false, exit_cause::normal(), child->spec->start_within, &now)}};
  auto started = co_await starting.as_result();
  child->incarnation = child->cell->incarnation();  // one that failed to start counts too
  const auto where = child->cell->where();          // a copy: the cell may go
  if (!started) {
    error why = std::move(started).error();
    if (why.is(agent_errc::declined)) {
      log().debug("a child declined to start", {{"agent", where.str()}, {"incarnation", child->incarnation}});
      co_return why;
    }
    if (why.is(agent_errc::timeout)) {
      why = failure_cause{why}.seen_as(agent_errc::failed_to_start, "its start hook took too long");
      co_await kill(child, false, now);
    }
    log().warn("a child did not start",
               {{"agent", where.str()}, {"incarnation", child->incarnation}, {"error", why.message()}});
    co_return why;
  }
  log().debug("a child started", {{"agent", where.str()}, {"incarnation", child->incarnation}});
  child->state = child_state::running;
  child->started = now.now();
  if (child->spec->restart == temporary) child->arguments = {};
  co_return ok();
}

// Stops the child, asking first. for_good: its cell goes, with what mail there is; otherwise it waits for the next
// start.
task<void> supervisor_agent::stop(position child, bool for_good, turn& now) {
  child->attempt = ++attempts_;
  child->state = child_state::stopped;
  if (!child->cell) co_return;
  const auto policy = child->spec->shutdown_or_default();
  if (policy.is_brutal_kill()) {
    co_await kill(child, for_good, now);
    co_return;
  }
  auto stopping = begin_stop(child, for_good, policy.wait(), now);
  auto stopped = co_await stopping.as_result();
  if (!stopped) {
    warn_of_late(*child);
    co_await kill(child, for_good, now);
    co_return;
  }
  child->last_cause = std::make_unique<exit_cause>(*std::move(stopped));
  if (for_good) child->cell = nullptr;
}

effect<exit_cause> supervisor_agent::begin_stop(position child, bool for_good, duration within, turn& now) {
  return effect<exit_cause>{effect_handle{
      &cell_, cell_.tell_child(child->cell, signal_kind::stop, for_good, exit_cause::shutdown(), within, &now)}};
}

task<void> supervisor_agent::kill(position child, bool for_good, turn& now) {
  auto killing = begin_kill(child, for_good, now);
  co_await finish_kill(child, for_good, killing, now);
}

void supervisor_agent::warn_of_late(const record& child) const {
  log().warn("a child did not stop in time and is killed",
             {{"agent", child.cell->where().str()},
              {"waited_ms", child.spec->shutdown_or_default().wait().count() / 1'000'000}});
}

effect<exit_cause> supervisor_agent::begin_kill(position child, bool for_good, turn& now) {
  return effect<exit_cause>{effect_handle{
      &cell_, cell_.tell_child(child->cell, signal_kind::kill, for_good, exit_cause::killed("killed by its supervisor"),
                               cell_.home().options().kill_grace, &now)}};
}

task<void> supervisor_agent::finish_kill(position child, bool for_good, effect<exit_cause>& killing, turn& now) {
  auto killed = co_await killing.as_result();
  while (!killed && !child->cell->hangs()) {  // it waits for a worker, or for one below it that hangs
    auto again = begin_kill(child, for_good, now);
    killed = co_await again.as_result();
  }
  if (!killed) {
    // Its handler does not come back to the scheduler. The path goes on without it.
    log().error("a child does not even end when killed; it is abandoned with its thread",
                {{"agent", child->cell->where().str()}});
    abandon(child, for_good);
    co_return;
  }
  child->last_cause = std::make_unique<exit_cause>(*killed);
  if (for_good) child->cell = nullptr;
}

// If the child is to be started again, another cell takes over its path and its mail, so that nothing sent is lost.
void supervisor_agent::abandon(position child, bool for_good) {
  const auto old = std::exchange(child->cell, nullptr);
  child->incarnation = old->incarnation();
  child->last_cause = std::make_unique<exit_cause>(exit_cause::killed("abandoned"));
  if (!for_good) {
    auto seed = seed_of(*child);
    seed.nearest_account = old->nearest_account();
    child->cell = cell_.home().make_successor(std::move(seed));
  }
  auto mail = old->abandon(child->cell);
  cell_.home().abandon_below(*old);
  if (child->cell)
    child->cell->mail().adopt(std::move(mail));
  else
    for (auto& each : mail) old->refuse(std::move(each), drop_reason::agent_down, child->last_cause.get());
}

// Lets go of the cell of a child that does not run.
task<void> supervisor_agent::release(position child, turn& now) { co_await stop(child, true, now); }

// Those that were stopped for the sake of another's restart keep their mail for it. If it is not to come any more, they
// are let go.
task<void> supervisor_agent::release_casualties(turn& now) {
  for (const record& each : children_)
    if (each.state == child_state::restarting) co_return;
  for (auto child = children_.begin(); child != children_.end();) {
    const auto casualty = child++;
    if (casualty->state != child_state::stopped || !casualty->cell) continue;
    co_await release(casualty, now);
    if (leaves_nothing(*casualty)) erase(casualty);
  }
}

task<void> supervisor_agent::stop_all(turn& now) {
  if (simple_) {
    co_await stop_all_at_once(now);
    co_return;
  }
  for (auto child = children_.end(); child != children_.begin();) co_await stop(--child, true, now);
}

// Children of a template end in parallel, under one timer.
task<void> supervisor_agent::stop_all_at_once(turn& now) {
  const auto policy = spec_->children.front().shutdown_or_default();
  std::vector<std::pair<position, effect<exit_cause>>> stopping;
  std::vector<std::pair<position, effect<exit_cause>>> killing;
  for (auto child = children_.begin(); child != children_.end(); ++child) {
    child->state = child_state::stopped;
    if (!child->cell) continue;
    if (policy.is_brutal_kill())
      killing.emplace_back(child, begin_kill(child, true, now));
    else
      stopping.emplace_back(child, begin_stop(child, true, policy.wait(), now));
  }
  // All have the same time, so that nobody's is over before the first wait is.
  std::vector<position> late;
  for (auto& [child, effect] : stopping)
    if (!co_await effect.as_result()) late.push_back(child);
  for (const auto child : late) {
    warn_of_late(*child);
    killing.emplace_back(child, begin_kill(child, true, now));
  }
  for (auto& [child, effect] : killing) co_await finish_kill(child, true, effect, now);
  by_id_.clear();
  children_.clear();
}

}  // namespace troupe::actors
