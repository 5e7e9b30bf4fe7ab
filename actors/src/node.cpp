#include <algorithm>
#include <troupe/actors/node.hpp>

#include "durable_inbox.hpp"
#include "runtime.hpp"

namespace troupe {

using actors::envelope;
using actors::outside_waiter;

namespace {

// The deadline travels with the question; the waiter itself waits a little longer, for the error that says who was
// late.
constexpr duration answer_grace = std::chrono::milliseconds{200};

}  // namespace

bool pending_message::ready() const { return static_cast<const outside_waiter&>(*waiter_).ready(); }

result<message> pending_message::get() {
  auto& waiter = static_cast<outside_waiter&>(*waiter_);
  return waiter.take(deterministic_ ? duration{0} : longest_);
}

node::node(node_options options)
    : memory_{std::move(options.memory)}, runtime_{std::make_shared<actors::runtime>(std::move(options))} {
  runtime_->memory().use(memory_.get());
  runtime_->start();
}
node::~node() { stop(); }

result<agent_ref> node::supervise(supervisor_spec spec) {
  if (const auto wrong = check(spec)) return *wrong;
  const auto root = runtime_->root();
  if (runtime_->stopping() || !root) return error{agent_errc::node_stopping, "the node is stopped"};
  auto top = child(std::move(spec), {.restart = temporary});
  return ask(root->ref(), start_child{std::move(top)}, duration::max());
}

tool_registry& node::tools() noexcept { return runtime_->tools(); }
agent_types& node::types() noexcept { return runtime_->types(); }
agent_ref node::ref(const path& where) const { return runtime_->ref(where); }

void node::send_message(const agent_ref& to, message what) {
  envelope mail;
  mail.payload = std::move(what);
  runtime_->deliver(to, std::move(mail), false);
}

result<id> node::post_message(const agent_ref& to, message what) {
  const auto inbox = runtime_->inbox_of(to);
  if (!inbox && runtime_->resolve(to))
    return error{errc::unsupported, to.path().str() + " is not durable (child_options::durability)"};
  if (!inbox) return error{agent_errc::unknown_agent, to ? "no agent " + to.path().str() : "an empty reference"};
  auto waiter = std::make_shared<outside_waiter>();
  envelope mail;
  mail.payload = std::move(what);
  inbox->accept(std::move(mail), [waiter](const result<id>& name) {
    waiter->resolve(1, name ? result<message>{message::of(*name)} : name.error());
  });
  auto accepted = waiter->take(runtime_->options().ask_timeout);
  if (!accepted) return std::move(accepted).error();
  return accepted->take<id>();
}

pending_message node::begin_ask_message(const agent_ref& to, message question, std::optional<duration> within) {
  const duration longest = within.value_or(runtime_->options().ask_timeout);
  auto waiter = std::make_shared<outside_waiter>();
  envelope mail;
  mail.payload = std::move(question);
  mail.origin = waiter;
  mail.effect = 1;
  mail.deadline = actors::later(runtime_->time().now(), longest);
  if (runtime_->stopping())
    waiter->resolve(1, error{agent_errc::node_stopping, "the node is stopped"});
  else
    runtime_->deliver(to, std::move(mail), false);
  return pending_message{std::move(waiter), longest == duration::max() ? longest : longest + answer_grace,
                         runtime_->deterministic()};
}

result<message> node::ask_message(const agent_ref& to, message question, std::optional<duration> within) {
  auto pending = begin_ask_message(to, std::move(question), within);
  if (runtime_->deterministic()) runtime_->settle();
  return pending.get();
}

void node::kill(const agent_ref& who, std::string why) {
  actors::signal what{.kind = actors::signal_kind::kill};
  what.cause = std::make_unique<exit_cause>(exit_cause::killed(std::move(why)));
  if (const auto target = runtime_->resolve(who)) target->post(std::move(what));
}

exit_cause node::wait() { return runtime_->wait(); }
void node::request_stop(std::string why) { runtime_->request_stop(exit_cause::shutdown(std::move(why))); }
void node::stop() { runtime_->stop(); }

std::vector<agent_info> node::agents() const { return runtime_->agents(); }
std::optional<agent_info> node::info(const path& where) const { return runtime_->info(where); }
std::array<std::uint64_t, drop_reasons> node::dropped() const { return runtime_->dropped(); }
std::vector<dead_letter> node::dead_letters() const { return runtime_->dead_letters(); }
std::vector<breaker_info> node::breakers() const { return runtime_->circuit_breakers().list(); }
std::uint64_t node::messages_processed() const { return runtime_->messages_processed(); }
std::uint64_t node::restarts() const { return runtime_->metrics().restarts(); }
metrics_registry& node::metrics() noexcept { return runtime_->metrics().all(); }
std::string node::metrics_text() const { return runtime_->metrics_text(); }
const clock& node::clock() const noexcept { return runtime_->time(); }
const logger& node::log() const noexcept { return runtime_->log(); }

std::vector<open_approval> node::approvals() const { return runtime_->approvals().list(); }

result<void> node::decide(const id& approval, approval_decision decision) {
  const auto waiter = std::make_shared<outside_waiter>();
  runtime_->approvals().decide(approval, std::move(decision), waiter);
  auto done = waiter->take(runtime_->options().ask_timeout);
  if (!done) return std::move(done).error();
  return ok();
}

result<void> node::forget(const path& durable_agent) { return runtime_->forget(durable_agent); }

std::vector<quarantine_entry> node::quarantine() const { return runtime_->quarantined().list(); }
result<quarantine_entry> node::quarantined(std::uint64_t id) const { return runtime_->find_quarantined(id, {}); }
result<void> node::drop_quarantined(std::uint64_t id) { return runtime_->drop_quarantined(id, {}); }

pending_message node::begin_retry_quarantined(std::uint64_t id, std::optional<duration> within) {
  const duration longest = within.value_or(runtime_->options().ask_timeout);
  auto waiter = std::make_shared<outside_waiter>();
  envelope mail;
  mail.origin = waiter;
  mail.effect = 1;
  mail.deadline = actors::later(runtime_->time().now(), longest);
  if (const auto sent = runtime_->retry_quarantined(id, {}, std::move(mail)); !sent) waiter->resolve(1, sent.error());
  return pending_message{std::move(waiter), longest == duration::max() ? longest : longest + answer_grace,
                         runtime_->deterministic()};
}

result<message> node::retry_quarantined(std::uint64_t id, std::optional<duration> within) {
  auto pending = begin_retry_quarantined(id, within);
  if (runtime_->deterministic()) runtime_->settle();
  return pending.get();
}

void node::settle() { runtime_->settle(); }
void node::advance(duration time) { runtime_->advance(time); }

}  // namespace troupe
