#pragma once

#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/agent.hpp>
#include <unordered_set>

#include "failure_cause.hpp"
#include "process_frames.hpp"
#include "process_link.hpp"

namespace troupe::actors {

// Stands in the node for an agent of tier::process: has its place in the tree, its mail, its turns, and hands each
// message to the process. So everything that the runtime does for agents it does for this one, too: what the supervisor
// sees, the bounds of the mailbox, deadlines, restarts in place.
class process_agent final : public agent {
 public:
  process_agent(agent_context& context, const child_spec& spec);
  ~process_agent() override;

 private:
  static constexpr std::uint64_t turns_max = 10'000;  // whatever the process says
  task<void> on_start(turn& now) override;
  task<void> on_restart(turn& now, const exit_cause& previous) override;
  task<void> post_stop(turn& now, const exit_cause& cause) override;
  handler_base* other_handler(std::string_view message_type) noexcept override;
  bool end_outside() override;
  std::string outside_state() const override;

  task<void> launch(turn& now, std::optional<exit_cause> previous);
  result<frames::start> order(std::optional<exit_cause> previous) const;
  task<result<message>> pass_on(message what, turn& now);
  error not_passed(const message& what, error why);
  class relay;

  const child_spec& spec_;
  std::unique_ptr<handler_base> relay_;
  std::unordered_set<std::string> handled_;
  bool told_ = false;                   // that a message could not be given to it
  std::shared_ptr<process_link> link_;  // shared with the host while the process lives
};

}  // namespace troupe::actors
