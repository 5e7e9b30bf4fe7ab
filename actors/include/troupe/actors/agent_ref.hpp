#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/fwd.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/path.hpp>

namespace troupe {

namespace actors {
class ref_target;
}

// The name of an agent, to which one can send. It stands for the path, not for an incarnation: it stays good across
// restarts in place, and finds the successor when the agent was stopped and started anew. Two references are equal if
// their paths are. A small value (one shared pointer: to the agent's shell, shared with the runtime); threads may share
// one. An empty reference may only be compared, tested, and destroyed.
class agent_ref {
 public:
  agent_ref() noexcept = default;

  explicit operator bool() const noexcept { return target_ != nullptr; }
  // Precondition: not empty.
  const troupe::path& path() const noexcept;
  // The path; "(nobody)" for an empty reference.
  std::string describe() const;

  friend bool operator==(const agent_ref& a, const agent_ref& b) noexcept;
  friend std::strong_ordering operator<=>(const agent_ref& a, const agent_ref& b) noexcept;

  // For the runtime.
  explicit agent_ref(std::shared_ptr<const actors::ref_target> target) noexcept : target_{std::move(target)} {}
  const std::shared_ptr<const actors::ref_target>& target() const noexcept { return target_; }

 private:
  std::shared_ptr<const actors::ref_target> target_;
};

// As its path; an empty one as nil. Comes back as a reference of the runtime that the bytes are decoded with.
template <>
struct net::codec<agent_ref> {
  static constexpr bool may_be_nil = true;
  static void pack(packer& out, const agent_ref& from);
  static result<void> unpack(const value& from, agent_ref& into);
};

// Tells a watcher that an incarnation of a watched agent ended, and why. Sent once per watch, like Erlang's monitor;
// the agent may be back under the same path by the time it is read.
struct down {
  agent_ref who;
  std::uint64_t incarnation = 0;
  exit_cause cause;
  TROUPE_LOCAL_MESSAGE(down)
};

}  // namespace troupe

template <>
struct std::hash<troupe::agent_ref> {
  std::size_t operator()(const troupe::agent_ref& ref) const noexcept;
};
