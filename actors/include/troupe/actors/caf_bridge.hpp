#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/message.hpp>
#include <functional>
#include <optional>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/actors/node.hpp>
#include <typeindex>

// For programs that use CAF themselves: agents as CAF actors. The only public header that includes CAF (0.17); whoever
// includes it links CAF too. A foreign actor may send an agent, or request of it, any type that was made known with
// `share`, and may monitor it; what the agent answers comes back as a CAF response, an error as a caf::error with
// sec::runtime_error and the text. An exit message ends the agent as node::kill does.

namespace troupe {

class caf_bridge {
 public:
  // The bridge may go before the node; what it made known stays known.
  explicit caf_bridge(node& of) noexcept : node_{of} {}

  // The actor system that runs the agents. Lives as long as the node runs.
  caf::actor_system& system() const;

  // The CAF actor of an agent as it is now: unlike a reference it does not find a successor. nullopt if there is no
  // such agent.
  std::optional<caf::actor> handle(const agent_ref& who) const;

  // Lets values of type T pass between CAF and agents, both ways. CAF wants to know T too:
  // CAF_ALLOW_UNSAFE_MESSAGE_TYPE(T) at global scope, unless T has an `inspect`.
  template <message_value T>
  void share() {
    share(
        typeid(T), message_type_of<T>(), [](const void* value) { return message::of(*static_cast<const T*>(value)); },
        [](const message& value) { return caf::make_message(*value.get_if<T>()); });
  }

 private:
  using from_caf = message (*)(const void*);
  using to_caf = caf::message (*)(const message&);
  void share(std::type_index caf_type, const message_type* type, from_caf in, to_caf out);

  node& node_;
};

}  // namespace troupe
