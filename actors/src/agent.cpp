#include <troupe/actors/agent.hpp>

#include "cell.hpp"
#include "kept_state.hpp"
#include "runtime.hpp"

namespace troupe {

const path& agent_context::where() const noexcept { return cell_.where(); }
const message& agent_context::arguments() const noexcept { return cell_.arguments(); }

agent::agent(agent_context& context) : cell_{context.cell_} {}
agent::~agent() = default;

void agent::reentrant(std::size_t turns) {
  if (turns == 0) throw failure{error{errc::invalid_argument, where().str() + ": reentrant(0) would take no message"}};
  if (cell_.inbox())
    throw failure{error{errc::unsupported, where().str() + " is durable, and handles one message after the other"}};
  cell_.set_reentrant(turns);
}
void agent::supervise_children(spawn_policy policy) {
  if (policy.strategy == simple_one_for_one)
    throw failure{
        error{agent_errc::bad_template, where().str() + ": sub-agents have no template; use another strategy"}};
  if (const auto wrong = check(supervisor_spec{
          .name = "spawner", .strategy = policy.strategy, .intensity = policy.intensity, .period = policy.period}))
    throw failure{*wrong};
  cell_.set_spawn_policy(policy);
}

task<void> agent::on_start(turn&) { co_return; }
task<void> agent::on_restart(turn& now, const exit_cause&) { co_await on_start(now); }
void agent::pre_restart(const exit_cause&) {}
task<void> agent::post_stop(turn&, const exit_cause&) { co_return; }

const path& agent::where() const noexcept { return cell_.where(); }
std::uint64_t agent::incarnation() const noexcept { return cell_.incarnation(); }
const logger& agent::log() const noexcept { return cell_.home().log(); }

actors::handler_base* agent::other_handler(std::string_view) noexcept { return nullptr; }
bool agent::end_outside() { return false; }
std::string agent::outside_state() const { return {}; }

void agent::add_handler(std::unique_ptr<actors::handler_base> handler) {
  // A handler that replaces itself would go while it runs.
  if (cell_.current_turn())
    throw failure{error{errc::unsupported, where().str() + ": handlers are registered in the constructor"}};
  for (auto& each : handlers_)
    if (each->type() == handler->type()) {
      each = std::move(handler);
      return;
    }
  handlers_.push_back(std::move(handler));
}

actors::handler_base* agent::handler_for(const message_type* type) const noexcept {
  for (const auto& each : handlers_)
    if (each->type() == type) return each.get();
  return nullptr;
}

result<actors::handler_base*> agent::decode_for_handler(message& what) const {
  actors::handler_base* found = nullptr;
  for (const auto& each : handlers_) {
    if (each->type()->name != what.type_name()) continue;
    if (found)
      return error{agent_errc::bad_message, "there are handlers for two types that are called `" +
                                                std::string{what.type_name()} + "`: rename one of them"};
    found = each.get();
  }
  if (!found) return found;
  auto decoded = what.decoded(*found->type());
  if (!decoded) return std::move(decoded).error();
  what = std::move(*decoded);
  return found;
}

}  // namespace troupe
