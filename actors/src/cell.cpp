#include <algorithm>
#include <utility>

#include "cell_ending.hpp"
#include "durable_cell.hpp"
#include "process_agent.hpp"
#include "runtime.hpp"
#include "supervisor_agent.hpp"

// A cell between its senders and its scheduler: mail, signals, starts, timers, sub-agents. Its turns are in
// cell_turns.cpp, its ends in cell_ends.cpp.

namespace troupe::actors {

cell::cell(cell_seed seed, doorbell& bell)
    : ref_target{std::move(seed.home), std::move(seed.where)},
      bell_{bell},
      spec_{std::move(seed.spec)},
      parent_{std::move(seed.parent)},
      account_{std::move(seed.nearest_account)},
      spawner_{seed.spawner},
      counted_{seed.counted},
      incarnation_{seed.incarnation},
      mailbox_{spec_->mailbox},
      durable_{spec_->durability == durability::none || spawner_ || home().outside()
                   ? nullptr
                   : new durable_cell{.inbox = home().make_inbox(where(), spec_->mailbox.limit)}},
      arguments_{std::move(seed.arguments)},
      last_cause_{seed.last_cause ? std::make_unique<exit_cause>(*std::move(seed.last_cause)) : nullptr} {
  if (is_supervisor()) return;
  const auto after = spec_->quarantine_after;
  // The value of a message that nobody has kept is not known when it fails: too late if it is to be set aside soon.
  keeps_messages_ = after == 1 || after == 2 || spec_->on_fault.needs_message();
  if (!keeps_messages_ && home().quarantined().remembers(where())) {
    keeps_messages_ = true;
    keeps_until_ = later(home().time().now(), quarantine_store::memory);
  }
  if (home().quarantined().has_entries(where())) update_quarantined();
}

// Turns hold effects, so they go while the table is still there; who waits for them is told.
cell::~cell() { cancel_turns(exit_cause::killed("nobody needs it any more")); }

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

bool cell::deliver(envelope&& mail, bool may_wait) {
  if (durable_) return durable_->inbox->accept(std::move(mail)), false;
  if (in_process() && !mail.payload.empty() && !mail.payload.is_encoded() && !mail.payload.type()->encode) {
    auto why = mail.payload.encode().error().with_context(where().str() + " runs in a process of its own");
    return refuse_local(std::move(mail), std::move(why)), false;
  }
  // A turn that waited for room in its own mailbox would wait for itself.
  may_wait = may_wait && mail.origin.get() != static_cast<reply_sink*>(this);
  auto outcome = mailbox_.push(std::move(mail), may_wait);
  if (outcome.ring) bell_.ring();
  if (outcome.what == pushed::closed)  // let go of since it was found; the path may have gone on to another
    if (const auto successor = home().names().find(where()); successor && successor.get() != this)
      return successor->deliver(std::move(*outcome.dropped), may_wait);
  if (outcome.dropped) {
    outcome.dropped->queued_by_turn = 0;  // it did not wait for room
    const auto why = outcome.what == pushed::closed ? drop_reason::agent_down
                     : outcome.what == pushed::full ? drop_reason::mailbox_full
                                                    : drop_reason::dropped_oldest;
    refuse(std::move(*outcome.dropped), why);
  }
  return outcome.what == pushed::waits_for_room;
}

void cell::deliver_unbounded(envelope&& mail) {
  mail.queued = home().time().coarse_now();
  auto outcome = mailbox_.push_unbounded(std::move(mail));
  if (outcome.ring) bell_.ring();
}

void cell::count_refused(const envelope& mail, drop_reason why) {
  // A notice of the runtime to itself that finds nobody is nobody's loss.
  if (!(mail.unbounded && why == drop_reason::agent_down)) home().drop(why, where(), mail.payload.type_name());
  if (mail.queued_by_turn != 0 && mail.origin)
    if (cell* sender = mail.origin->as_cell()) sender->post({.kind = signal_kind::room, .id = mail.queued_by_turn});
}

// A mistake of the program, which nobody would notice where it is sent: so it is told, once of each agent.
void cell::refuse_local(envelope&& mail, error why) {
  if (!told_local_.exchange(true, std::memory_order_relaxed))
    home().log().warn("a message cannot leave its process; the next ones to this agent are dead letters without a word",
                      {{"agent", where().str()}, {"message", mail.payload.type_name()}, {"error", why.message()}});
  refuse(std::move(mail), drop_reason::local_message, std::move(why));
}

bool cell::in_process() const noexcept {
  return spec_->isolation == tier::process && !home().deterministic() && !home().outside();
}

void cell::refuse(envelope&& mail, drop_reason why, error answer) {
  count_refused(mail, why);
  if (mail.effect != 0 && mail.origin) mail.origin->resolve(mail.effect, std::move(answer));
}

void cell::refuse(envelope&& mail, drop_reason why, const exit_cause* cause) {
  count_refused(mail, why);
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

duration cell::busy_for() const noexcept {
  const auto since = busy_since_ns_.load(std::memory_order_relaxed);
  return since == not_busy ? duration{0} : home().time().now() - instant{duration{since}};
}

bool cell::hangs() const noexcept { return busy_for() >= home().options().kill_grace; }

void cell::notify(down_notice notice) {
  envelope mail;
  mail.payload = message::of(std::move(notice));
  deliver_unbounded(std::move(mail));
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

// -- the scheduler ----------------------------------------------------------------------------------------------------

visit cell::run(std::size_t budget, duration slice) {
  const auto self = weak_from_this().lock();
  if (!self) return visit::terminated;  // let go of by all while it was scheduled
  signal what;
  envelope mail;
  std::shared_ptr<reply_sink> got_room;
  std::uint64_t room_for = 0;
  last_end_ = {};
  const auto began = home().time().coarse_now().time_since_epoch().count();
  instant last_look{};  // at the time, after code of the agent ran
  std::optional<instant> until;
  while (!gone()) {
    if (budget-- == 0 || (until && last_look >= *until)) return visit::more;
    const bool accepting = phase_.load(std::memory_order_relaxed) == phase::running && turns_.size() < turns_max_;
    switch (mailbox_.take(accepting, what, mail, got_room, room_for)) {
      case mailbox::next::idle: return visit::idle;
      case mailbox::next::closed: continue;
      case mailbox::next::arrived:
        busy_since_ns_.store(began, std::memory_order_relaxed);
        cell_rest::arrived(*this);
        last_end_ = {};
        break;
      case mailbox::next::signal:
        busy_since_ns_.store(began, std::memory_order_relaxed);
        resumed_ = false;
        handle(std::move(what));
        if (resumed_) last_look = home().time().coarse_now();
        last_end_ = {};
        break;
      case mailbox::next::message:
        if (got_room) {
          if (cell* sender = got_room->as_cell()) sender->post({.kind = signal_kind::room, .id = room_for});
          got_room.reset();
        }
        busy_since_ns_.store(began, std::memory_order_relaxed);
        begin_turn(std::move(mail));
        if (last_end_ != instant{}) last_look = last_end_;
        break;
    }
    busy_since_ns_.store(not_busy, std::memory_order_relaxed);  // before another worker may come in
    if (!until && last_look != instant{}) until = later(last_look, slice);
  }
  forget_incarnation();
  return visit::terminated;
}

void cell::handle(signal what) {
  if (durable_ && what.kind != signal_kind::timer) cell_rest::was_active(*this);
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
        failure_cause why{*what.cause};
        why.text = (what.cause->is_failure() ? "a sub-agent failed for all: " : "its sub-agents failed too often: ") +
                   why.text;
        how->cause = exit_cause::failed(why.text, why.kind);
        how->start_failed = current_phase() == phase::starting;
        count_failure(home().time().now(), why);
        home().log().warn("an agent failed with its sub-agents", {{"agent", where().str()},
                                                                  {"incarnation", incarnation()},
                                                                  {"error", why.text},
                                                                  {"fault", to_string(why.kind)}});
        begin_ending(std::move(how));
      }
      break;
    case signal_kind::process_ended: process_ended(what); break;
    case signal_kind::overdue: overdue(); break;
    case signal_kind::withdrawn: withdrawn(what); break;
    case signal_kind::journaled: journaled(what.value.take<journaled_result>()); break;
    case signal_kind::taken_back: cell_rest::taken_back(*this, what.value.take<taken_back_message>()); break;
    case signal_kind::room: room(what.id); break;
  }
}

void cell::start(signal what) {
  if (current_phase() != phase::shell) {
    if (what.origin) what.origin->resolve(what.id, error{agent_errc::already_started, where().str() + " runs already"});
    return;
  }
  if (spec_->durability != durability::none && !durable_) {
    if (what.origin)
      what.origin->resolve(what.id, error{agent_errc::bad_durability,
                                          where().str() + " cannot be durable below an agent in a process of its own"});
    return;
  }
  if (auto over = begin_wall_time()) {
    if (what.origin) what.origin->resolve(what.id, *std::move(over));
    return;
  }
  starter_ = std::move(what.origin);
  starter_effect_ = what.id;
  let_go_of_failed_agent();
  if (abandoned()) return;
  incarnation_.fetch_add(1, std::memory_order_acq_rel);
  counters_.started_wall_ns.store(home().time().wall().time_since_epoch().count(), std::memory_order_relaxed);
  if (incarnation() > 1)
    counters_.last_trouble_ns.store(home().time().now().time_since_epoch().count(), std::memory_order_relaxed);
  use_restart_budget(0.0, instant{});
  if (durable_ && cell_rest::begins_passive(*this)) return answer_starter(message::of(ref()));
  build();
}

// The agent, and begins its start hook.
void cell::build() {
  turns_max_ = 1;
  spawn_policy_.reset();
  phase_.store(phase::starting, std::memory_order_release);
  limit_wall_time();
  try {
    agent_context context{*this, incarnation()};
    relays_ = in_process();
    if (relays_)
      agent_ = std::make_unique<process_agent>(context, *spec_);
    else
      agent_ = spec_->start(context);
    if (abandoned()) return;
    if (spec_->restart == temporary) arguments_ = {};  // never to be started again
    if (!agent_)
      throw failure{error{agent_errc::bad_child_start, "the factory of " + where().str() + " made no agent"}};
  } catch (...) {
    return hook_finished(turn_kind::start_hook, false, std::current_exception());
  }
  static const exit_cause none;  // the hook may hold on to it while it waits
  begin_hook(turn_kind::start_hook, last_cause_ ? *last_cause_ : none);
}

void cell::stop(signal what) {
  switch (current_phase()) {
    case phase::ending:
      ending_->asked = true;
      ending_->for_good |= what.for_good;
      ending_->waiting.push_back(std::move(what));
      break;
    case phase::shell:
      if (agent_ && !what.for_good) let_go_of_failed_agent();
      if (!agent_) {
        const auto last = last_cause_ ? *last_cause_ : exit_cause::normal();
        if (what.for_good) terminate();  // first: whoever hears of it may start another at this path
        if (what.origin) what.origin->resolve(what.id, message::of(last));
        break;
      }
      [[fallthrough]];  // failed, and not to come back: its stop hook runs now
    case phase::starting:
    case phase::running:
    case phase::passive: {
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
  if (!parent_ && !what.origin && !home().outside()) {
    home().log().warn("the root of the tree cannot be killed; stop the node instead", {{"cause", cause.describe()}});
    return;
  }
  switch (current_phase()) {
    case phase::shell: {
      if (!what.origin && !what.for_good) break;  // nobody there to kill
      if (!what.for_good) let_go_of_failed_agent();
      agent_.reset();
      const auto last = last_cause_ ? *last_cause_ : cause;
      if (what.for_good) terminate();
      if (what.origin) what.origin->resolve(what.id, message::of(last));
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
    case phase::running:
    case phase::passive: {
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

std::vector<std::string> cell::handled_types() const {
  std::vector<std::string> names;
  if (agent_)
    for (const auto& each : agent_->handlers_) names.emplace_back(each->type()->name);
  return names;
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
    if (!slot || slot->finished || slot->noted) continue;  // an earlier one of these ended its turn
    switch (slot->kind) {
      case effect_kind::delayed_send: {
        envelope mail;
        mail.payload = std::move(*slot->outcome);
        mail.origin = shared_from_this();
        const auto target = slot->target;
        effects_.release(id);
        if (is_supervisor() && target.target().get() == this)
          deliver_unbounded(std::move(mail));  // its retry must not be lost
        else
          home().deliver(target, std::move(mail), false);
        break;
      }
      case effect_kind::ending_child: {
        const auto child = std::const_pointer_cast<cell>(slot->target.target()->as_cell()->shared_from_this());
        effects_.release(id);
        child_is_late(child);
        break;
      }
      case effect_kind::sleep: complete(id, message{}); break;
      case effect_kind::left_alone: break;  // it is stored, however late
      case effect_kind::tool: tool_due(id); break;
      case effect_kind::send: {  // has waited for room long enough; what it sent stays in line
        turn& sender = *slot->owner;
        effects_.release(id);
        sender.room_effect_ = 0;
        sender.blocked_sends_ = 0;
        step(sender);
        break;
      }
      case effect_kind::retry: {
        turn& waiting = *slot->owner;
        effects_.release(id);
        retry(waiting);
        break;
      }
      case effect_kind::stop_hook:
        effects_.release(id);
        stop_hook_too_late();
        break;
      case effect_kind::wall_time:
        effects_.release(id);
        wall_time_over();
        break;
      default:
        slot->stop.request_stop();
        complete(id, error{agent_errc::timeout, std::string{to_string(slot->kind)} + " by " + where().str() +
                                                    " got no answer in time" +
                                                    (slot->target ? " from " + slot->target.path().str() : "")});
    }
  }
  arm_timer(effects_.next_deadline());
  if (durable_ && !gone()) cell_rest::time_passed(*this, now);
}

std::uint64_t cell::tell_child(const cell_ptr& child, signal_kind kind, bool for_good, exit_cause cause,
                               duration within, turn* owner) {
  const auto id = begin_effect(effect_kind::supervise, owner, later(home().time().now(), within));
  if (abandoned()) return id;
  signal what{.kind = kind, .for_good = for_good, .id = id};
  what.origin = shared_from_this();
  what.cause = std::make_unique<exit_cause>(std::move(cause));
  child->post(std::move(what));
  return id;
}

result<cell_ptr> cell::spawner() {
  if (current_phase() == phase::ending)
    return error{agent_errc::cancelled, where().str() + " is ending: it has no sub-agents any more"};
  if (abandoned()) return no_effects();
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
