#include "cell.hpp"

#include <algorithm>
#include <utility>

#include "runtime.hpp"
#include "supervisor_agent.hpp"

// The life of a cell: scheduling, signals, starts and ends. Its turns are in cell_turns.cpp.

namespace troupe::actors {

cell::cell(cell_seed seed, doorbell& bell)
    : ref_target{std::move(seed.home), std::move(seed.where)},
      bell_{bell},
      spec_{std::move(seed.spec)},
      parent_{std::move(seed.parent)},
      spawner_{seed.spawner},
      incarnation_{seed.incarnation},
      mailbox_{spec_->mailbox},
      arguments_{std::move(seed.arguments)} {}

// Turns hold effects, so they go while the table is still there.
cell::~cell() { turns_.clear(); }

// -- any thread -------------------------------------------------------------------------------------------------------

void cell::resolve(std::uint64_t effect, result<message> reply) {
  signal what{.kind = signal_kind::reply, .id = effect};
  if (reply)
    what.value = std::move(*reply);
  else
    what.error = std::make_unique<troupe::error>(std::move(reply).error());
  post(std::move(what));
}

void cell::post(signal what) {
  bool ring = false;
  if (mailbox_.post(what, ring) == pushed::closed) return come_too_late(what, where());
  if (ring) bell_.ring();
}

void cell::come_too_late(const signal& what, const troupe::path& where) {
  if (!what.origin) return;
  if (what.kind == signal_kind::start)
    what.origin->resolve(what.id, error{agent_errc::agent_down, where.str() + " is gone"});
  else if (what.kind == signal_kind::stop || what.kind == signal_kind::kill)  // it has what it wanted
    what.origin->resolve(what.id, message::of(exit_cause::shutdown("gone already")));
}

bool cell::deliver(envelope mail, bool may_wait) {
  // A turn that waited for room in its own mailbox would wait for itself.
  may_wait = may_wait && mail.origin.get() != static_cast<reply_sink*>(this);
  auto outcome = mailbox_.push(std::move(mail), may_wait);
  if (outcome.ring) bell_.ring();
  if (outcome.dropped) {
    outcome.dropped->queued_by_turn = 0;  // it did not wait for room
    const auto why = outcome.what == pushed::closed ? drop_reason::agent_down
                     : outcome.what == pushed::full ? drop_reason::mailbox_full
                                                    : drop_reason::dropped_oldest;
    refuse(std::move(*outcome.dropped), why);
  }
  return outcome.what == pushed::waits_for_room;
}

void cell::deliver_unbounded(envelope mail) {
  auto outcome = mailbox_.push_unbounded(std::move(mail));
  if (outcome.ring) bell_.ring();
}

void cell::refuse(envelope mail, drop_reason why, const exit_cause* cause) {
  // A notice of the runtime to itself that finds nobody is nobody's loss.
  if (!(mail.unbounded && why == drop_reason::agent_down)) home().drop(why, where(), mail.payload.type_name());
  if (mail.queued_by_turn != 0 && mail.origin)
    if (cell* sender = mail.origin->as_cell()) sender->post({.kind = signal_kind::room, .id = mail.queued_by_turn});
  if (mail.effect == 0 || !mail.origin) return;
  const std::string& name = where().str();
  const std::string type{mail.payload.type_name()};
  const auto because = [&]() -> error {
    switch (why) {
      case drop_reason::mailbox_full:
        return {agent_errc::mailbox_full,
                "the mailbox of " + name + " is full (" + std::to_string(mailbox_.limit()) + " messages)"};
      case drop_reason::dropped_oldest:
        return {agent_errc::mailbox_full, name + " dropped its oldest message, `" + type + "`, to take a new one"};
      case drop_reason::no_handler:
        return {agent_errc::no_handler, name + " (" + spec_->actor_type + ") has no handler for `" + type + "`"};
      case drop_reason::expired: return {agent_errc::timeout, name + " got to `" + type + "` after its deadline"};
      default:
        return {agent_errc::agent_down,
                name + " ended before it handled `" + type + "`" + (cause ? ": " + cause->describe() : std::string{})};
    }
  };
  mail.origin->resolve(mail.effect, because());
}

void cell::use_restart_budget(double used, instant at) noexcept {
  restart_budget_used_.store(used, std::memory_order_relaxed);
  last_child_restart_ns_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
}

double cell::restart_budget_used(instant now) const noexcept {
  const instant last{duration{last_child_restart_ns_.load(std::memory_order_relaxed)}};
  if (!is_supervisor() || now - last > spec_->supervises->period) return 0.0;
  return restart_budget_used_.load(std::memory_order_relaxed);
}

std::vector<envelope> cell::abandon() {
  if (let_go_.exchange(true)) return {};  // it came to its end in the meantime, or somebody else abandoned it
  abandoned_.store(true, std::memory_order_release);
  phase_.store(phase::terminated, std::memory_order_release);
  auto left = mailbox_.close();
  for (const auto& what : mailbox_.take_signals()) come_too_late(what, where());
  // Whoever waits for room need not wait for the successor.
  for (auto& mail : left)
    if (const auto waiting = std::exchange(mail.queued_by_turn, 0); waiting != 0 && mail.origin)
      if (cell* sender = mail.origin->as_cell()) sender->post({.kind = signal_kind::room, .id = waiting});
  if (spawner_) return left;
  home().names().erase(*this);
  home().retire(*this);
  home().watching().incarnation_ended(where(), incarnation(),
                                      exit_cause::killed("abandoned: its handler does not return"));
  home().metrics().agent_terminated(exit_kind::killed);
  return left;
}

// -- the scheduler ----------------------------------------------------------------------------------------------------

visit cell::run(std::size_t budget) {
  const auto self = weak_from_this().lock();
  if (!self) return visit::terminated;  // let go of by all while it was scheduled
  signal what;
  envelope mail;
  std::shared_ptr<reply_sink> got_room;
  std::uint64_t room_for = 0;
  last_end_ = {};
  while (!abandoned()) {
    if (budget == 0) return visit::more;
    const bool accepting = phase_.load(std::memory_order_relaxed) == phase::running && turns_.size() < turns_max_;
    switch (mailbox_.take(accepting, what, mail, got_room, room_for)) {
      case mailbox::next::idle: return visit::idle;
      case mailbox::next::signal:
        handle(std::move(what));
        last_end_ = {};
        break;
      case mailbox::next::message:
        if (got_room) {
          if (cell* sender = got_room->as_cell()) sender->post({.kind = signal_kind::room, .id = room_for});
          got_room.reset();
        }
        begin_turn(std::move(mail));
        --budget;
        break;
    }
    if (gone()) break;
  }
  forget_incarnation();
  return visit::terminated;
}

void cell::handle(signal what) {
  switch (what.kind) {
    case signal_kind::reply:
      if (what.error)
        complete(what.id, std::move(*what.error));
      else
        complete(what.id, std::move(what.value));
      break;
    case signal_kind::timer: timer_fired(); break;
    case signal_kind::start: start(std::move(what)); break;
    case signal_kind::stop: stop(std::move(what)); break;
    case signal_kind::kill: kill(std::move(what)); break;
    case signal_kind::will_restart:
      if (current_phase() == phase::shell) let_go_of_failed_agent();
      break;
    case signal_kind::spawner_ended:
      spawner_cell_.reset();
      if (current_phase() == phase::running || current_phase() == phase::starting) {
        auto how = std::make_unique<ending>();
        how->cause = exit_cause::failed("its sub-agents failed too often: " + what.cause->text);
        how->start_failed = current_phase() == phase::starting;
        counters_.count_failure(home().time().now(), how->cause.text);
        home().log().warn("an agent failed with its sub-agents",
                          {{"agent", where().str()}, {"incarnation", incarnation()}, {"error", how->cause.text}});
        begin_ending(std::move(how));
      }
      break;
    case signal_kind::room: room(what.id); break;
  }
}

void cell::start(signal what) {
  if (current_phase() != phase::shell) {
    if (what.origin) what.origin->resolve(what.id, error{agent_errc::already_started, where().str() + " runs already"});
    return;
  }
  let_go_of_failed_agent();
  incarnation_.fetch_add(1, std::memory_order_acq_rel);
  counters_.started_wall_ns.store(home().time().wall().time_since_epoch().count(), std::memory_order_relaxed);
  if (incarnation() > 1)
    counters_.last_trouble_ns.store(home().time().now().time_since_epoch().count(), std::memory_order_relaxed);
  use_restart_budget(0.0, instant{});
  starter_ = std::move(what.origin);
  starter_effect_ = what.id;
  phase_.store(phase::starting, std::memory_order_release);
  try {
    agent_context context{*this, incarnation()};
    agent_ = spec_->start(context);
    if (spec_->restart == temporary) arguments_ = {};  // never to be started again
    if (!agent_)
      throw failure{error{agent_errc::bad_child_start, "the factory of " + where().str() + " made no agent"}};
  } catch (...) {
    return hook_finished(turn_kind::start_hook, false, std::current_exception());
  }
  begin_hook(turn_kind::start_hook, last_cause_ ? *last_cause_ : exit_cause::normal());
}

void cell::stop(signal what) {
  switch (current_phase()) {
    case phase::terminated: break;
    case phase::ending:
      ending_->asked = true;
      ending_->for_good |= what.for_good;
      ending_->waiting.push_back(std::move(what));
      break;
    case phase::shell:
      if (agent_ && !what.for_good) let_go_of_failed_agent();
      if (!agent_) {
        const bool for_good = what.for_good;
        if (what.origin) what.origin->resolve(what.id, message::of(last_cause_ ? *last_cause_ : exit_cause::normal()));
        if (for_good) terminate();
        break;
      }
      [[fallthrough]];  // failed, and not to come back: its stop hook runs now
    case phase::starting:
    case phase::running: {
      auto how = std::make_unique<ending>();
      how->cause = current_phase() == phase::shell ? *last_cause_ : *what.cause;
      how->start_failed = current_phase() == phase::starting;
      how->asked = true;
      how->for_good = what.for_good;
      how->waiting.push_back(std::move(what));
      begin_ending(std::move(how));
    }
  }
}

void cell::kill(signal what) {
  const auto cause = what.cause ? *what.cause : exit_cause::killed();
  switch (current_phase()) {
    case phase::terminated: break;
    case phase::shell: {
      if (!what.origin && !what.for_good) break;  // nobody there to kill
      if (!what.for_good) let_go_of_failed_agent();
      agent_.reset();
      const bool for_good = what.for_good;
      if (what.origin) what.origin->resolve(what.id, message::of(last_cause_ ? *last_cause_ : cause));
      if (for_good) terminate();
      break;
    }
    case phase::ending:
      ending_->for_good |= what.for_good;
      ending_->asked |= what.origin != nullptr;
      if (what.origin) ending_->waiting.push_back(std::move(what));
      if (!std::exchange(ending_->brutal, true)) {
        ending_->cause = cause;
        cancel_turns(cause);
        effects_.clear();
        sweep_children();
      }
      break;
    case phase::starting:
    case phase::running: {
      auto how = std::make_unique<ending>();
      how->cause = cause;
      how->brutal = true;
      how->start_failed = current_phase() == phase::starting;
      how->asked = what.origin != nullptr;
      how->for_good = what.for_good;
      if (what.origin) how->waiting.push_back(std::move(what));
      begin_ending(std::move(how));
    }
  }
}

void cell::let_go_of_failed_agent() {
  if (!agent_) return;
  try {
    agent_->pre_restart(*last_cause_);
  } catch (const std::exception& e) {
    home().log().warn("a pre_restart hook threw", {{"agent", where().str()}, {"what", e.what()}});
  } catch (...) {
    home().log().warn("a pre_restart hook threw", {{"agent", where().str()}});
  }
  agent_.reset();
}

// -- ends -------------------------------------------------------------------------------------------------------------

void cell::begin_ending(std::unique_ptr<ending> how) {
  if (abandoned()) return;
  phase_.store(phase::ending, std::memory_order_release);
  ending_ = std::move(how);
  cancel_turns(ending_->cause);
  effects_.clear();
  if (watching_)
    for (const auto& [who, number] : *watching_) home().watching().remove(who, number);
  watching_.reset();
  // A supervisor's stop hook ends its children in order; whatever is left then is swept.
  if (is_supervisor() && !ending_->brutal)
    continue_ending();
  else
    sweep_children();
}

std::vector<cell_ptr> cell::children() const {
  if (spawner_cell_) return {spawner_cell_};
  if (const auto* supervisor = dynamic_cast<const supervisor_agent*>(agent_.get())) return supervisor->cells();
  return {};
}

void cell::sweep_children() {
  ending_->swept = true;
  const auto left = children();
  ending_->children = left.size();
  if (left.empty()) return continue_ending();
  for (const auto& child : left) {
    // Half of what whoever kills this cell allows, so that a handler below that hangs does not hang the cell.
    const auto within = ending_->brutal ? home().options().kill_grace / 2 : duration::max();
    const auto id = begin_effect(effect_kind::ending_child, nullptr, later(home().time().now(), within));
    effects_.find(id)->target = child->ref();
    signal what{.kind = ending_->brutal ? signal_kind::kill : signal_kind::stop, .for_good = true, .id = id};
    what.origin = shared_from_this();
    what.cause = std::make_unique<exit_cause>(exit_cause::shutdown("its parent ends"));
    child->post(std::move(what));
  }
}

void cell::child_ended() {
  if (--ending_->children == 0) continue_ending();
}

// Ends what does not end when killed: its path is free, what it does has no effect.
void cell::abandon_child(const agent_ref& child) {
  auto* stuck = const_cast<cell*>(child.target()->as_cell());
  if (!stuck || stuck->gone()) return;
  home().log().error("an agent does not even end when killed; it is abandoned with its thread",
                     {{"agent", stuck->where().str()}});
  const auto cause = exit_cause::killed("abandoned");
  for (auto& mail : stuck->abandon()) stuck->refuse(std::move(mail), drop_reason::agent_down, &cause);
  home().abandon_below(*stuck);
}

void cell::continue_ending() {
  if (has_stop_hook() && !std::exchange(ending_->hook_done, true))
    return begin_hook(turn_kind::stop_hook, ending_->cause);
  if (!ending_->swept) return sweep_children();
  arrive_down();
}

bool cell::has_stop_hook() const noexcept {
  if (!agent_ || ending_->brutal || ending_->declined) return false;
  if (is_supervisor()) return true;  // ends its children, however far its start had come
  if (ending_->start_failed) return false;
  // After a failure the supervisor decides between pre_restart and post_stop, unless there is nothing to decide.
  const bool failed_by_itself = ending_->cause.is_failure() && !ending_->asked;
  return !failed_by_itself || spec_->restart == temporary;
}

void cell::arrive_down() {
  if (abandoned()) return;
  watching_.reset();  // what a stop hook began to watch
  auto how = std::move(ending_);
  spawner_cell_.reset();
  // An agent that failed is kept until its supervisor has decided between pre_restart and post_stop.
  const bool keep = how->cause.kind == exit_kind::failed && !how->asked && !how->start_failed && !how->hook_done;
  if (!keep) agent_.reset();
  turns_max_ = keep ? turns_max_ : 1;
  last_cause_ = std::make_unique<exit_cause>(how->cause);
  phase_.store(phase::shell, std::memory_order_release);
  if (!spawner_) home().watching().incarnation_ended(where(), incarnation(), how->cause);

  const bool was_starting = how->start_failed || how->declined;
  if (was_starting) {
    if (how->declined)
      answer_starter(error{agent_errc::declined, where().str() + " declined to start"});
    else
      answer_starter(error{agent_errc::failed_to_start, how->cause.text});
  } else if (!how->asked && parent_) {
    if (spawner_) {
      signal what{.kind = signal_kind::spawner_ended};
      what.cause = std::make_unique<exit_cause>(how->cause);
      parent_->post(std::move(what));
      how->for_good = true;
    } else {
      envelope notice;
      notice.payload = message::of(child_exit{shared_from_this(), incarnation(), how->cause});
      parent_->deliver_unbounded(std::move(notice));
    }
  }
  if (how->for_good) terminate();
  for (auto& request : how->waiting) request.origin->resolve(request.id, message::of(how->cause));
}

void cell::terminate() {
  if (let_go_.exchange(true)) return;  // abandoned in the meantime
  phase_.store(phase::terminated, std::memory_order_release);
  agent_.reset();
  const auto cause = last_cause_ ? *last_cause_ : exit_cause::shutdown();
  if (!spawner_) {
    home().names().erase(*this);
    home().retire(*this);
    home().metrics().agent_terminated(cause.kind);
  }
  for (auto& mail : mailbox_.close()) refuse(std::move(mail), drop_reason::agent_down, &cause);
  for (const auto& what : mailbox_.take_signals()) come_too_late(what, where());
}

void cell::answer_starter(result<message> outcome) {
  if (const auto starter = std::exchange(starter_, nullptr)) starter->resolve(starter_effect_, std::move(outcome));
}

void cell::forget_incarnation() {
  cancel_turns(exit_cause::killed("abandoned"));
  effects_.clear();
  agent_.reset();
  spawner_cell_.reset();
  arguments_ = {};
}

// -- timers and children ----------------------------------------------------------------------------------------------

void cell::arm_timer(instant when) {
  if (when == instant::max() || (!armed_.empty() && armed_.back() <= when)) return;
  armed_.push_back(when);
  home().timers().add(when, weak_from_this());
}

void cell::timer_fired() {
  const instant now = home().time().now();
  while (!armed_.empty() && armed_.back() <= now) armed_.pop_back();
  for (const auto id : effects_.due(now)) {
    auto* slot = effects_.find(id);
    if (!slot) continue;  // an earlier one of these ended its turn
    switch (slot->kind) {
      case effect_kind::delayed_send: {
        envelope mail;
        mail.payload = std::move(*slot->outcome);
        mail.origin = shared_from_this();
        const auto target = slot->target;
        effects_.release(id);
        if (target.target().get() == this)
          deliver_unbounded(std::move(mail));  // a supervisor's retry must not be lost
        else
          home().deliver(target, std::move(mail), false);
        break;
      }
      case effect_kind::ending_child: {
        const auto child = slot->target;
        effects_.release(id);
        abandon_child(child);
        child_ended();
        break;
      }
      case effect_kind::sleep: complete(id, message{}); break;
      default:
        complete(id, error{agent_errc::timeout, std::string{to_string(slot->kind)} + " by " + where().str() +
                                                    " got no answer in time" +
                                                    (slot->target ? " from " + slot->target.path().str() : "")});
    }
  }
  arm_timer(effects_.next_deadline());
}

std::uint64_t cell::tell_child(const cell_ptr& child, signal_kind kind, bool for_good, exit_cause cause,
                               duration within, turn* owner) {
  const auto id = begin_effect(effect_kind::supervise, owner, later(home().time().now(), within));
  signal what{.kind = kind, .for_good = for_good, .id = id};
  what.origin = shared_from_this();
  what.cause = std::make_unique<exit_cause>(std::move(cause));
  child->post(std::move(what));
  return id;
}

result<cell_ptr> cell::spawner() {
  if (current_phase() == phase::ending)
    return error{agent_errc::cancelled, where().str() + " is ending: it has no sub-agents any more"};
  if (abandoned()) return error{agent_errc::cancelled, where().str() + " was abandoned; its turn has no effects"};
  if (spawner_cell_) return spawner_cell_;
  const spawn_policy policy = spawn_policy_ ? *spawn_policy_ : spawn_policy{};
  auto spec = std::make_shared<child_spec>(child(supervisor_spec{
      .name = "spawner", .strategy = policy.strategy, .intensity = policy.intensity, .period = policy.period}));
  auto made =
      home().make_cell({.where = where(), .spec = std::move(spec), .parent = shared_from_this(), .spawner = true});
  if (!made) return std::move(made).error();
  spawner_cell_ = std::move(*made);
  spawner_cell_->post({.kind = signal_kind::start});
  return spawner_cell_;
}

void cell::watch(const troupe::path& who) {
  if (!watching_) watching_ = std::make_unique<std::unordered_map<troupe::path, std::uint64_t>>();
  if (!watching_->contains(who)) watching_->emplace(who, home().watching().add(shared_from_this(), who));
}

void cell::unwatch(const troupe::path& who) {
  if (!watching_) return;
  const auto found = watching_->find(who);
  if (found == watching_->end()) return;
  home().watching().remove(who, found->second);
  watching_->erase(found);
}

}  // namespace troupe::actors
