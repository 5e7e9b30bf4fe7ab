#include "runtime.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <utility>

#include "durable_inbox.hpp"
#include "launcher.hpp"
#include "process_host.hpp"
#include "turn_charges.hpp"
#include "uplink.hpp"

namespace troupe::actors {

namespace {

constexpr duration stop_told_after = std::chrono::seconds{1};

node_options checked(node_options given) {
  const auto require = [](bool fine, const char* what) {
    if (!fine) throw failure{error{errc::invalid_argument, std::string{"node_options::"} + what}};
  };
  require(given.blocking_threads > 0, "blocking_threads must be at least 1");
  require(given.blocking_queue > 0, "blocking_queue must be at least 1");
  require(given.ask_timeout > duration{0}, "ask_timeout must be positive");
  require(given.kill_grace > duration{0}, "kill_grace must be positive");
  require(given.settle_visits_max > 0, "settle_visits_max must be at least 1");
  const auto require_breaker = [&](const breaker_options& options, const std::string& name) {
    if (const auto wrong = check(options)) require(false, (name + ": " + wrong->message()).c_str());
  };
  require_breaker(given.breaker, "breaker");
  for (const auto& [name, options] : given.breakers) require_breaker(options, "breakers[" + name + "]");
  require(given.scheduling == scheduling::deterministic || !dynamic_cast<virtual_clock*>(given.clock.get()),
          "clock is a virtual_clock, which needs scheduling = deterministic: nothing else fires its timers");
  if (const auto bad = check(given.budget))
    throw failure{error{agent_errc::bad_budget, "node_options::budget: " + bad->message()}};
  if (!given.clock) given.clock = std::make_shared<real_clock>();
  if (given.seed == 0) given.seed = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  if (!given.log) given.log = logger::make({.level = log_level::warn}).value();
  return given;
}

}  // namespace

runtime::runtime(node_options options)
    : options_{checked(std::move(options))},
      wall_from_start_{options_.clock->wall().time_since_epoch() - options_.clock->now().time_since_epoch()},
      watches_{*this},
      timers_{*options_.clock},
      blocking_{options_.blocking_threads, options_.blocking_queue, deterministic()},
      used_budgets_{std::make_shared<account_book>()},
      tools_{options_.tools, *options_.log},
      breakers_{options_.breakers, options_.breaker, options_.breakers_max, *options_.clock, *options_.log},
      quarantine_{options_.quarantine_max},
      processes_{std::make_unique<process_host>(*this, options_.warm_processes)} {}

runtime::~runtime() = default;

void runtime::start() {
  if (std::getenv(launcher_variable))
    throw failure{error{errc::unsupported,
                        "this program was started to make processes of agents, but its main function went on: it must "
                        "begin with `if (const auto code = troupe::process_main()) return *code;` or use troupe::run"}};
  // With one seed, too, no two lives of a node give the same names.
  ids_.emplace(*options_.clock, options_.seed + memory_.commands_applied());
  take_in_durable_agents();
  scheduler_ = make_caf_scheduler(options_.threads, deterministic());
  if (!deterministic()) timers_.run_in_thread();
  if (!deterministic()) watchdog_.run_in_thread();
  if (!deterministic()) memory_.run_in_thread();
  auto spec = std::make_shared<child_spec>(
      child(supervisor_spec{.name = "root", .strategy = one_for_one}, {.budget = options_.budget}));
  root_ = make_cell({.spec = std::move(spec)}).value();
  root_->post({.kind = signal_kind::start});
}

void runtime::start_below(uplink& rest) {
  outside_ = &rest;
  scheduler_ = make_caf_scheduler(options_.threads, false);
  timers_.run_in_thread();
}

void runtime::configure_below(std::uint64_t seed, duration ask_timeout) {
  options_.seed = seed;
  options_.ask_timeout = ask_timeout;
}

// Whoever comes second waits for the first.
void runtime::stop() {
  std::call_once(stopped_, [this] { end_tree(); });
}

void runtime::end_tree() {
  stopping_.store(true);
  request_stop(exit_cause::shutdown("the node stops"));
  auto waiter = std::make_shared<outside_waiter>();
  signal what{.kind = signal_kind::stop, .for_good = true};
  what.origin = waiter;
  what.cause = std::make_unique<exit_cause>(exit_cause::shutdown("the node stops"));
  root()->post(std::move(what));
  wait_for_end(*waiter);
  {
    std::scoped_lock lock{root_mutex_};
    root_.reset();
  }
  watchdog_.stop();
  processes_->stop();
  tools_.close();
  blocking_.stop();
  memory_.stop();
  timers_.stop();
  abandon_all();
  if (deterministic())
    while (scheduler_->run_one()) {
    }  // last visits
  scheduler_.reset();
  quarantine_.forget_messages();
  std::scoped_lock lock{inboxes_mutex_};
  for (const auto& [where, inbox] : inboxes_) inbox->close();
  inboxes_.clear();  // they keep this object
}

// Says whom it waits for: after a second, and then each time that it has taken twice as long.
void runtime::wait_for_end(outside_waiter& whole_tree) {
  const instant began = time().now();
  duration told = stop_told_after;
  if (!deterministic()) {
    for (; !whole_tree.wait(later(began, told) - time().now()); told *= 2) say_what_stop_waits_for(told);
    return;
  }
  // Children that do not end by themselves are killed when their shutdown time is over.
  try {
    for (settle(); !whole_tree.ready() && timers_.next() != instant::max(); settle()) {
      auto* manual = dynamic_cast<virtual_clock*>(options_.clock.get());
      if (!manual) continue;
      const bool tells = later(began, told) < timers_.next();
      manual->advance(std::max(duration{0}, std::min(later(began, told), timers_.next()) - time().now()));
      if (tells)
        say_what_stop_waits_for(std::exchange(told, 2 * told));
      else
        timers_.fire_due();
    }
  } catch (const failure& why) {
    log().error("the agents do not end in order", {{"error", why.error().describe()}});
  }
}

// Those that are ending, and those whose code does not come back to see that they should.
void runtime::say_what_stop_waits_for(duration so_far) const {
  constexpr std::size_t named_max = 10;
  std::vector<cell_ptr> late;
  for (const auto& each : names_.all())
    if (!each->is_supervisor() && !each->gone() &&
        (each->current_phase() == phase::ending || each->busy_for() >= stop_told_after))
      late.push_back(each);
  std::sort(late.begin(), late.end(), [](const auto& a, const auto& b) { return a->where() < b->where(); });
  std::string names;
  for (std::size_t i = 0; i < std::min(late.size(), named_max); ++i) {
    const cell& each = *late[i];
    names += (i == 0 ? "" : ", ") + each.where().str();
    const auto* in_hand = each.counters().in_hand.load(std::memory_order_relaxed);
    const auto awaits = to_string(static_cast<effect_kind>(each.counters().waits_on.load(std::memory_order_relaxed)));
    if (in_hand) names += " (in `" + std::string{in_hand->name} + "`";
    if (in_hand) names += (awaits.empty() ? ", which runs" : ", which waits on: " + std::string{awaits}) + ")";
  }
  if (late.size() > named_max) names += " and " + std::to_string(late.size() - named_max) + " more";
  log().warn("the node stops, and waits for agents to end",
             {{"agents", names}, {"for_ms", so_far.count() / 1'000'000}});
}

cell_ptr runtime::root() const {
  std::scoped_lock lock{root_mutex_};
  return root_;
}

actors::scheduler& runtime::scheduling_layer() {
  if (!scheduler_) throw failure{error{agent_errc::node_stopping, "the node is stopped"}};
  return *scheduler_;
}

// -- cells ------------------------------------------------------------------------------------------------------------

result<cell_ptr> runtime::make_cell(cell_seed seed) {
  seed.home = shared_from_this();
  if (seed.parent) seed.nearest_account = seed.parent->nearest_account();
  if (seed.spawner) return scheduler_->make(std::move(seed));
  if (seed.nearest_account && seed.parent) {  // the root of a process has its place by the node
    if (const auto refused = seed.nearest_account->admit(seed.where, time().now()))
      return budget_refused(*refused, seed.where);
    seed.counted = true;
  }
  if (!seed.spec->budget.empty()) {
    seed.nearest_account = std::make_shared<account>(seed.where, seed.spec->budget, seed.nearest_account);
    seed.nearest_account->begin_with(used_budgets_->of(seed.where));
  }
  auto made = scheduler_->make(std::move(seed));
  if (!names_.insert(made)) {
    made->leave_place();
    return error{agent_errc::already_started, "the path " + made->where().str() + " is taken"};
  }
  metrics_.agent_spawned();
  return made;
}

cell_ptr runtime::make_successor(cell_seed seed) {
  seed.home = shared_from_this();
  metrics_.agent_spawned();
  return scheduler_->make(std::move(seed));
}

agent_ref runtime::ref(const troupe::path& where) {
  if (const auto found = names_.find(where)) return found->ref();
  return agent_ref{std::make_shared<const ref_target>(shared_from_this(), where)};
}

cell_ptr runtime::resolve(const agent_ref& to) {
  if (const cell* known = to.target()->as_cell(); known && !known->gone())
    return std::const_pointer_cast<cell>(known->shared_from_this());
  return names_.find(to.path());
}

error runtime::budget_refused(const refusal& why, const troupe::path& by) {
  metrics_.budget_refused(why.stood.quantity);
  return why.to_error(by);
}

void runtime::retire(const std::string& actor_type, agent_counters& of) {
  std::scoped_lock lock{retired_mutex_};
  retired_[actor_type].add(of);
  of.retired = true;
}

void runtime::totals::add(const agent_counters& of) noexcept {
  turns += of.turns.load(std::memory_order_relaxed);
  failures += of.failures.load(std::memory_order_relaxed);
}

// -- messages ---------------------------------------------------------------------------------------------------------

bool runtime::deliver(const agent_ref& to, envelope&& mail, bool may_wait) {
  mail.queued = time().coarse_now();
  if (to) {
    if (cell* known = const_cast<cell*>(to.target()->as_cell()); known && !known->gone())
      return known->deliver(std::move(mail), may_wait);
    if (const auto found = names_.find(to.path())) return found->deliver(std::move(mail), may_wait);
  }
  const troupe::path where = to ? to.path() : troupe::path{};
  if (const auto inbox = inbox_of(to)) return inbox->accept(std::move(mail)), false;
  if (outside_ && to && outside_->is_outside(where)) return outside_->deliver(where, std::move(mail)), false;
  if (const auto process = processes_->find_above(where)) return process->pass(where, std::move(mail)), false;
  drop(drop_reason::unknown_agent, where, mail.payload.type_name());
  if (mail.effect != 0 && mail.origin)
    mail.origin->resolve(mail.effect,
                         error{agent_errc::unknown_agent, to ? "no agent " + where.str() : "an empty reference"});
  return false;
}

void runtime::drop(drop_reason why, const troupe::path& to, std::string_view message_type) {
  metrics_.dropped(to_string(why));
  std::scoped_lock lock{dead_mutex_};
  ++dropped_[static_cast<std::size_t>(why)];
  if (options_.dead_letters_kept == 0) return;
  if (dead_.size() >= options_.dead_letters_kept) dead_.pop_front();
  dead_.push_back({time().wall(), why, to, std::string{message_type}});
}

std::array<std::uint64_t, drop_reasons> runtime::dropped() const {
  std::scoped_lock lock{dead_mutex_};
  return dropped_;
}

std::vector<dead_letter> runtime::dead_letters() const {
  std::scoped_lock lock{dead_mutex_};
  return {dead_.begin(), dead_.end()};
}

std::map<std::string, runtime::totals, std::less<>> runtime::totals_by_type() const {
  const auto present = names_.all();
  std::scoped_lock lock{retired_mutex_};
  auto sums = retired_;
  for (const auto& each : present)
    if (!each->counters().retired) sums[each->spec().actor_type].add(each->counters());
  return sums;
}

std::uint64_t runtime::messages_processed() const {
  std::uint64_t total = 0;
  for (const auto& [type, of] : totals_by_type()) total += of.turns;
  return total;
}

// -- memory -----------------------------------------------------------------------------------------------------------

void runtime::use_memory(const troupe::path& author, memory_request request, std::shared_ptr<reply_sink> whom,
                         std::uint64_t effect, std::stop_token nobody_waits) {
  if (outside_) return outside_->use_memory(author, request, std::move(whom), effect);
  memory_.begin(author, std::move(request), std::move(whom), effect, std::move(nobody_waits));
}

std::shared_ptr<durable_inbox> runtime::inbox_of(const agent_ref& whom) {
  if (!whom) return nullptr;
  if (const auto known = resolve(whom)) return known->inbox();
  std::scoped_lock lock{inboxes_mutex_};
  const auto found = inboxes_.find(whom.path());
  return found == inboxes_.end() ? nullptr : found->second;
}

std::shared_ptr<durable_inbox> runtime::make_inbox(const troupe::path& where, std::size_t limit) {
  std::scoped_lock lock{inboxes_mutex_};
  auto& inbox = inboxes_[where];
  if (inbox)
    inbox->set_limit(limit);
  else
    inbox = std::make_shared<durable_inbox>(shared_from_this(), where, limit);
  return inbox;
}

// Those of earlier lives of the node: they may get messages before they are started.
void runtime::take_in_durable_agents() {
  const auto known = memory_.durable_agents();
  if (!known) throw failure{known.error()};
  for (const auto& each : *known) {
    make_inbox(each.agent, mailbox_options{}.limit)->was_found(each.messages, each.rest);
    for (const auto& request : each.requests) approvals_.was_found(each.agent, request);
    for (const auto& message : each.set_aside)
      quarantine_.was_found(each.agent, message::encoded(message.type, message.bytes, shared_from_this()), message.name,
                            message.aside, time().wall().time_since_epoch().count());
  }
  const auto used = memory_.charges();
  if (!used) throw failure{used.error()};
  used_budgets_->add(*used);
}

result<void> runtime::forget(const troupe::path& durable_agent) {
  if (names_.find(durable_agent))
    return error{errc::invalid_argument, durable_agent.str() + " runs: stop it, and take it out of its supervisor"};
  const auto inbox = inbox_of(ref(durable_agent));
  if (!inbox) return error{errc::not_found, "no durable agent " + durable_agent.str()};
  const auto waiter = std::make_shared<outside_waiter>();
  inbox->forget_agent(waiter);
  if (auto done = waiter->take(options_.ask_timeout); !done) return std::move(done).error();
  inbox->close();
  used_budgets()->forget(durable_agent);
  for (const auto& each : quarantine_.list(durable_agent))
    if (each.agent == durable_agent.str() && !quarantine_.name_of(each.id).is_nil()) quarantine_.drop(each.id);
  std::scoped_lock lock{inboxes_mutex_};
  inboxes_.erase(durable_agent);
  return ok();
}

// -- abandoned cells --------------------------------------------------------------------------------------------------

// Whoever has not ended with the tree: without a scheduler nobody runs any more.
void runtime::abandon_all() {
  const auto cause = exit_cause::killed("the node stops");
  for (const auto& each : names_.all())
    for (auto& mail : each->abandon()) each->refuse(std::move(mail), drop_reason::agent_down, &cause);
}

void runtime::abandon_below(const cell& abandoned) {
  const auto cause = exit_cause::killed("its parent was abandoned");
  for (const auto& each : names_.all()) {
    // A spawner has the path of the agent that it serves, which is above it.
    if (each->where() == abandoned.where() || !abandoned.where().contains(each->where()) || each->gone()) continue;
    if (const auto& above = each->parent(); above && above->is_spawner()) {  // it would start its children anew
      signal what{.kind = signal_kind::kill, .for_good = true};
      what.cause = std::make_unique<exit_cause>(cause);
      above->post(std::move(what));
    }
    for (auto& mail : each->abandon()) each->refuse(std::move(mail), drop_reason::agent_down, &cause);
  }
}

// -- ends -------------------------------------------------------------------------------------------------------------

void runtime::root_ended(const exit_cause& cause) {
  if (outside_) return outside_->root_ended(cause);
  request_stop(exit_cause::failed("the root of the tree ended: " + cause.describe()));
}

void runtime::top_level_ended(const troupe::path& who, const exit_cause& cause) {
  // A supervisor that gave up says `shutdown`, as OTP's does; for the node that is a failure.
  request_stop({cause.kind == exit_kind::normal ? exit_kind::normal : exit_kind::failed,
                who.str() + " ended: " + cause.describe()});
}

exit_cause runtime::wait() {
  std::unique_lock lock{end_mutex_};
  ended_.wait(lock, [this] { return end_.has_value(); });
  return *end_;
}

void runtime::request_stop(exit_cause cause) {
  {
    std::scoped_lock lock{end_mutex_};
    if (!end_) end_ = std::move(cause);
  }
  ended_.notify_all();
}

// -- deterministic scheduling -----------------------------------------------------------------------------------------

void runtime::settle() {
  if (!deterministic())
    throw failure{error{errc::unsupported, "settle() needs node_options::scheduling = deterministic"}};
  std::uint64_t visits = 0;
  for (;;) {
    while (scheduler_ && (scheduler_->run_one() || blocking_.run_one()))
      if (++visits > options_.settle_visits_max)
        throw failure{error{agent_errc::overloaded, "the agents do not come to rest in " +
                                                        std::to_string(options_.settle_visits_max) +
                                                        " visits (node_options::settle_visits_max)"}};
    if (timers_.next() > time().now()) break;
    timers_.fire_due();
    ++visits;
  }
}

void runtime::advance(duration by) {
  auto* manual = dynamic_cast<virtual_clock*>(options_.clock.get());
  if (!deterministic() || !manual)
    throw failure{error{errc::unsupported, "advance() needs deterministic scheduling and a virtual_clock"}};
  const instant until = later(manual->now(), by);
  settle();
  // Timers fire at their own times; turns are looked at when one is due, and else once a second of those in which
  // something happens.
  instant overdue = watchdog_.look();
  instant looked = manual->now();
  for (bool changed = true;;) {
    const instant now = manual->now();
    const instant next = std::min(timers_.next(), overdue);
    if (next <= now ? overdue <= now : (next > until ? changed : now - looked >= watchdog::interval)) {
      overdue = std::max(watchdog_.look(), now + duration{1});
      looked = now;
      changed = false;
      settle();
    } else if (next > until) {
      break;
    } else {
      if (next > now) manual->advance(next - now);
      timers_.fire_due();
      settle();
      changed = true;
    }
  }
  manual->advance(until - manual->now());
}

// -- names ------------------------------------------------------------------------------------------------------------

agent_ref reply_sink::sender() { return {}; }

const message_type* type_names::find(std::string_view name) {
  static constexpr message_type unnamed{"encoded"};
  std::scoped_lock lock{mutex_};
  auto found = known_.find(name);
  if (found == known_.end()) {
    if (known_.size() >= names_max) return &unnamed;
    found = known_.emplace(name, message_type{}).first;
    found->second.name = found->first;
  }
  return &found->second;
}

// -- outside_waiter ---------------------------------------------------------------------------------------------------

void outside_waiter::resolve(std::uint64_t, result<message> reply) {
  {
    std::scoped_lock lock{mutex_};
    if (!reply_) reply_ = std::move(reply);
  }
  ready_.notify_all();
}

bool outside_waiter::ready() const {
  std::scoped_lock lock{mutex_};
  return reply_.has_value();
}

bool outside_waiter::wait(duration within) const {
  std::unique_lock lock{mutex_};
  return ready_.wait_for(lock, within, [this] { return reply_.has_value(); });
}

result<message> outside_waiter::take(duration within) {
  std::unique_lock lock{mutex_};
  const auto there = [this] { return reply_.has_value(); };
  if (within == duration::max())
    ready_.wait(lock, there);
  else if (!ready_.wait_for(lock, within, there))
    return error{agent_errc::timeout, "no answer in time"};
  return std::move(*reply_);
}

}  // namespace troupe::actors
