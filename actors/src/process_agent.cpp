#include "process_agent.hpp"

#include <algorithm>
#include <utility>

#include "cell.hpp"
#include "entry_point.hpp"
#include "process_host.hpp"
#include "runtime.hpp"

namespace troupe::actors {

namespace {

// The outcome of an effect as it is, whatever its type.
struct raw_outcome : effect_awaiter {
  result<message> await_resume() { return handle.take(); }
};

}  // namespace

// The handler of every message that the agent in the process has one for.
class process_agent::relay final : public handler_base {
 public:
  relay() : handler_base{nullptr} {}
  invocation call(agent& self, message what, message& keep, turn& now) override {
    keep = what;
    return invocation{static_cast<process_agent&>(self).pass_on(std::move(what), now)};
  }
};

process_agent::process_agent(agent_context& context, const child_spec& spec)
    : agent{context}, spec_{spec}, relay_{std::make_unique<relay>()} {}

process_agent::~process_agent() {
  if (link_) link_->kill(exit_cause::killed());
}

handler_base* process_agent::other_handler(std::string_view message_type) noexcept {
  return handled_.contains(std::string{message_type}) ? relay_.get() : nullptr;
}

task<void> process_agent::on_start(turn& now) { co_await launch(now, {}); }
task<void> process_agent::on_restart(turn& now, const exit_cause& previous) { co_await launch(now, previous); }

result<frames::start> process_agent::order(std::optional<exit_cause> previous) const {
  frames::start out;
  out.where = where();
  out.actor_type = spec_.actor_type;
  out.incarnation = incarnation();
  out.previous = std::move(previous);
  auto entry = entry_point_of(spec_.entry);
  if (!entry) return std::move(entry).error();
  out.module = std::move(entry->module);
  out.entry = entry->distance;
  out.constructor_arguments = spec_.constructor_arguments;
  if (!cell_.arguments().empty()) {
    auto arguments = cell_.arguments().encode();
    if (!arguments) return std::move(arguments).error();
    out.argument_type = cell_.arguments().type_name();
    out.arguments = *std::move(arguments);
  }
  const auto& home = cell_.home();
  out.seed = home.options().seed;
  out.ask_timeout = home.options().ask_timeout;
  out.options = spec_.process;
  out.has_budget = cell_.nearest_account() != nullptr;
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    const auto kind = static_cast<fault>(i);
    const auto action = spec_.on_fault.action(kind);
    const auto& how = action.retrying;
    if (action.what == response::retry)
      out.retries.push_back({kind, how.attempts, how.delay_min, how.delay_max, how.wait_max, how.jitter});
  }
  return out;
}

task<void> process_agent::launch(turn& now, std::optional<exit_cause> previous) {
  auto wanted = order(std::move(previous));
  if (!wanted) throw failure{wanted.error()};
  if (const auto size = frame_bytes(*wanted).size(); size > frame_overhead_max)
    throw failure{error{errc::out_of_range, "what " + where().str() + " is started with has " + std::to_string(size) +
                                                " bytes; it may have " + std::to_string(frame_overhead_max)}};
  const auto& sandbox = spec_.process.sandbox;
  const bool fresh = sandbox.no_network || sandbox.read_only_files || sandbox.system_calls || sandbox.drop_privileges;
  auto link = cell_.home().processes().take(fresh);
  if (!link) throw failure{link.error()};
  link_ = *std::move(link);
  const auto id = cell_.begin_effect(effect_kind::process, &now, instant::max());
  effect_handle handle{&cell_, id};
  link_->begin(cell_.shared_from_this(), id, *wanted);
  raw_outcome waiting{std::move(handle)};
  auto outcome = co_await waiting;
  if (!outcome && outcome.error().is(agent_errc::declined)) {
    now.decline();
    co_return;
  }
  if (!outcome) throw failure{outcome.error()};
  if (const auto* verdict = outcome->get_if<process_verdict>()) throw process_failure{verdict->cause};
  const auto* info = outcome->get_if<frames::started>();
  if (!info) throw failure{error{errc::internal, "the start of a process was answered by something else"}};
  handled_.insert(info->handles.begin(), info->handles.end());
  cell_.set_reentrant(std::clamp<std::uint64_t>(info->turns_max, 1, turns_max));
}

task<void> process_agent::post_stop(turn& now, const exit_cause& cause) {
  if (!link_ || link_->over()) co_return;
  const auto id = cell_.begin_effect(effect_kind::process, &now, instant::max());
  effect_handle handle{&cell_, id};
  link_->stop(id, cause);
  raw_outcome waiting{std::move(handle)};
  (void)co_await waiting;
}

bool process_agent::end_outside() {
  if (!link_ || link_->over()) return false;
  link_->kill(exit_cause::killed());
  return true;
}

std::string process_agent::outside_state() const {
  const auto its = link_ ? link_->waits_on() : std::string{};
  return its.empty() ? its : ", which waits on: " + its;
}

// Whoever asked is told; and it is a dead letter, so that it can be seen that a message went nowhere that was only
// sent.
error process_agent::not_passed(const message& what, error why) {
  const bool local = why.is(agent_errc::local_message);
  cell_.home().drop(local ? drop_reason::local_message : drop_reason::bad_message, where(), what.type_name());
  if (!std::exchange(told_, true))
    log().warn("a message cannot be given to the process of an agent; the next ones are dead letters without a word",
               {{"agent", where().str()}, {"message", what.type_name()}, {"error", why.message()}});
  return why;
}

task<result<message>> process_agent::pass_on(message what, turn& now) {
  frames::message out;
  out.type = what.type_name();
  auto bytes = what.encode();
  if (!bytes) {
    if (now.aside_ != 0) throw failure{bytes.error()};  // as below
    co_return not_passed(what, std::move(bytes).error());
  }
  if (bytes->size() > spec_.process.message_bytes_max)
    co_return not_passed(what,
                         {agent_errc::bad_message, "a message of " + std::to_string(bytes->size()) + " bytes for " +
                                                       where().str() + "; process_options::message_bytes_max is " +
                                                       std::to_string(spec_.process.message_bytes_max)});
  out.bytes = *std::move(bytes);
  if (const auto from = now.sender()) out.sender = from.path().str();
  out.deadline = now.deadline().value_or(instant::max());
  out.trace = now.trace();
  const auto id = cell_.begin_effect(effect_kind::process, &now, instant::max());
  effect_handle handle{&cell_, id};
  link_->send(id, std::move(out));
  raw_outcome waiting{std::move(handle)};
  auto reply = co_await waiting;
  if (now.cancelled_) throw failure{*now.cancelled_};  // it is too late; the process goes with this incarnation
  if (!reply) co_return reply;
  if (const auto* verdict = reply->get_if<process_verdict>()) {
    if (verdict->cause.is_failure()) throw process_failure{verdict->cause};
    error why{agent_errc::agent_down, where().str() + " ended before it handled `" + std::string{what.type_name()} +
                                          "`: " + verdict->cause.describe()};
    if (now.aside_ != 0) throw failure{std::move(why)};  // the message is still to be handled
    co_return why;
  }
  if (const auto* passed = reply->get_if<frames::passed_on>()) {
    const auto to = path::parse(passed->to);
    if (!to) co_return to.error();
    now.forward_message(now.ref(*to), message::encoded(passed->type, passed->bytes, cell_.home().shared_from_this()));
    co_return message{};
  }
  co_return reply;
}

}  // namespace troupe::actors
