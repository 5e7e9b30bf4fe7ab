#include <algorithm>
#include <utility>

#include "cell.hpp"
#include "message_text.hpp"
#include "runtime.hpp"
#include "turn_journal.hpp"

// What a cell does about a message that failed: another try, or quarantine; and what the operator does about those in
// quarantine.

namespace troupe::actors {

namespace {

// Of what comes from elsewhere and passes, the message is not to blame.
constexpr fault_set not_of_the_message{fault::overload,  fault::provider_throttled, fault::provider_unavailable,
                                       fault::node_lost, fault::budget_spent,       fault::stopped};

std::optional<duration> delay_of_retry(const retry_policy& policy, int failed, std::optional<duration> retry_after,
                                       duration left, random_engine& random) {
  if (failed > policy.attempts) return {};
  const auto delay = next_delay(policy, failed, retry_after, random);
  return delay && *delay < left ? delay : std::nullopt;
}

}  // namespace

cell::verdict cell::judge(turn& failed, const failure_cause& why) {
  const auto action = spec_->on_fault.action(why.kind);
  verdict made{.what = action.what};
  if (made.what == response::retry) {
    const auto left = failed.deadline_ == instant::max() ? duration::max() : failed.deadline_ - home().time().now();
    const bool possible = !failed.kept_.empty() && failed.aside_ == 0 && current_phase() == phase::running &&
                          !failed.cancelled_ &&  // it would get no effects
                          !failed.journal_ &&    // it would do again what is done
                          !relays_;              // the process has tried by itself, and is gone
    const auto delay = possible ? delay_of_retry(action.retrying, static_cast<int>(failed.tries_) + 1, why.retry_after,
                                                 left, failed.random())
                                : std::nullopt;
    made.delay = delay.value_or(duration{0});
    if (!delay) made.what = action.then;
  }
  const bool another_way = failed.journal_ && failed.journal_->wrong;
  const auto limit = another_way                         ? 1
                     : made.what == response::quarantine ? action.what == response::quarantine ? action.after : 1
                                                         : limit_of(failed, why);
  if (limit != 0 || action.what == response::retry || failed.aside_ != 0) made.aside = remember(failed, why, limit);
  if (made.what == response::retry && made.aside != 0) made.what = action.then;
  if (made.what == response::quarantine) made.what = response::restart;
  return made;
}

// After how many failures the message is set aside without an action that says so; 0: not for this one.
std::uint32_t cell::limit_of(const turn& failed, const failure_cause& why) const noexcept {
  const auto after = spec_->quarantine_after;
  if (not_of_the_message.contains(why.kind)) return 0;
  const bool from_agent = failed.origin_ && failed.origin_->sender();
  if (from_agent || spec_->quarantine_outside) return after;
  // Who sent it is not known, so nobody can have sent it again: the tries of this very message count.
  return after != 0 && failed.tries_ + 1 >= after ? 1 : 0;
}

// The number in quarantine, if the message is set aside.
std::uint64_t cell::remember(const turn& failed, const failure_cause& why, std::uint32_t limit) {
  if (is_supervisor()) return 0;
  const instant now = home().time().now();
  if (keeps_until_ != instant::max() || !keeps_messages_) {
    keeps_messages_ = true;
    keeps_until_ = later(now, quarantine_store::memory);
  }
  const agent_ref sender = failed.origin_ ? failed.origin_->sender() : agent_ref{};
  const auto [aside, made, gave_way] =
      home().quarantined().failed({.agent = where(),
                                   .what = failed.kept_.empty() ? &failed.in_hand_ : &failed.kept_,
                                   .type = failed.type_,
                                   .kind = why.kind,
                                   .failed = {.when_ns = home().time().wall().time_since_epoch().count(),
                                              .incarnation = incarnation(),
                                              .sender = sender ? sender.path().str() : std::string{},
                                              .text = why.text},
                                   .now = now,
                                   .limit = limit,
                                   .entry = failed.aside_,
                                   .name = failed.journal_ && failed.journal_->wrong ? failed.journal_->name() : id{}});
  if (aside == 0) return 0;
  if (made) home().quarantined().describe(aside, text_of(*made, quarantine_store::content_bytes_max));
  update_quarantined();
  if (gave_way)
    if (const auto other = home().names().find(*gave_way)) other->update_quarantined();
  home().log().error("a message is set aside", {{"agent", where().str()},
                                                {"message", failed.type_->name},
                                                {"number", aside},
                                                {"error", why.text},
                                                {"fault", to_string(why.kind)}});
  return aside;
}

// The turn keeps its place, and with it the claim to be the only one: messages that came later wait.
void cell::retry_later(turn& failed, duration delay, const failure_cause& why) {
  failed.running_.cancel();
  if (abandoned()) return;
  if (failed.room_effect_ != 0) effects_.release(std::exchange(failed.room_effect_, 0));
  failed.blocked_sends_ = 0;
  failed.number_ = ++turn_count_;  // room for what the failed try sent is no news for the next one
  failed.in_hand_ = {};
  failed.stop_.reset();
  ++failed.tries_;
  const instant now = home().time().now();
  count_failure(now, why);
  home().log().warn("a message failed and is tried again", {{"agent", where().str()},
                                                            {"message", failed.type_->name},
                                                            {"incarnation", incarnation()},
                                                            {"error", why.text},
                                                            {"fault", to_string(why.kind)},
                                                            {"tries", failed.tries_},
                                                            {"delay_ms", delay.count() / 1'000'000}});
  begin_effect(effect_kind::retry, &failed, later(now, delay));
  waits_on(effect_kind::retry);
}

void cell::retry(turn& waiting) {
  counters_.waits_on.store(0, std::memory_order_relaxed);
  resumed_ = true;
  call_handler(waiting, *agent_->handler_for(waiting.type_), waiting.kept_);
}

void cell::handled_after_all(const turn& over) {
  if (!over.kept_.empty()) home().quarantined().handled(where(), over.kept_);
  if (over.aside_ == 0) return;
  home().quarantined().drop(over.aside_);
  update_quarantined();
}

void cell::count_failure(instant when, const failure_cause& why) {
  counters_.count_failure(when, why.text, why.kind);
  home().metrics().failed(why.kind);
}

// -- quarantine -------------------------------------------------------------------------------------------------------

void cell::update_quarantined() { home().quarantined().show_entries(where(), has_quarantined_); }

bool cell::refuse_quarantined(envelope& mail) {
  const auto aside = home().quarantined().refuse(where(), mail.payload);
  if (aside == 0) return false;
  home().drop(drop_reason::quarantined, where(), mail.payload.type_name());
  if (mail.effect != 0 && mail.origin)
    mail.origin->resolve(
        mail.effect,
        error{agent_errc::quarantined,
              where().str() + " does not handle this `" + std::string{mail.payload.type_name()} +
                  "`: an equal one failed too often, and is set aside as number " + std::to_string(aside)});
  return true;
}

result<done> cell::retry_quarantined(std::uint64_t id, turn& asked) {
  if (const auto known = home().find_quarantined(id, where()); !known) return known.error();
  envelope mail;
  mail.origin = asked.origin_;
  mail.effect = take_question(asked);
  mail.trace = asked.trace_;
  mail.deadline = asked.deadline_;
  const auto origin = mail.origin;
  const auto effect = mail.effect;
  if (const auto sent = home().retry_quarantined(id, where(), std::move(mail)); !sent && effect != 0)
    origin->resolve(effect, sent.error());
  return done{};
}

result<quarantine_entry> runtime::find_quarantined(std::uint64_t id, const troupe::path& at) const {
  auto found = quarantine_.find(id);
  if (!found || !at.contains(troupe::path{found->agent}))
    return error{errc::not_found, "no message in quarantine under " + at.str() + " has number " + std::to_string(id)};
  return *std::move(found);
}

result<void> runtime::retry_quarantined(std::uint64_t id, const troupe::path& at, envelope&& mail) {
  if (stopping()) return error{agent_errc::node_stopping, "the node is stopped"};
  const auto found = find_quarantined(id, at);
  if (!found) return found.error();
  auto what = quarantine_.message_of(id);
  if (!what) return error{errc::not_found, "message " + std::to_string(id) + " has just left the quarantine"};
  mail.payload = *std::move(what);
  mail.aside = static_cast<std::uint32_t>(id);
  if (const auto name = quarantine_.name_of(id); !name.is_nil()) {
    const auto inbox = inbox_of(ref(troupe::path{found->agent}));
    if (!inbox) return error{agent_errc::unknown_agent, found->agent + " is not durable any more"};
    inbox->take_back(name, std::move(mail));
    return ok();
  }
  deliver(ref(troupe::path{found->agent}), std::move(mail), false);
  return ok();
}

result<void> runtime::drop_quarantined(std::uint64_t id, const troupe::path& at) {
  const auto found = find_quarantined(id, at);
  if (!found) return found.error();
  if (const auto name = quarantine_.name_of(id); !name.is_nil())
    if (const auto inbox = inbox_of(ref(troupe::path{found->agent}))) inbox->drop(name);
  quarantine_.drop(id);
  if (const auto agent = names_.find(troupe::path{found->agent})) agent->update_quarantined();
  return ok();
}

}  // namespace troupe::actors
