#pragma once

#include <cstdint>
#include <memory>
#include <troupe/actors/agent_ref.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/result.hpp>
#include <utility>

namespace troupe::actors {

class cell;
class runtime;

// Whoever can get an answer: an agent's cell, a thread outside the tree, a foreign CAF actor. Any thread may call.
class reply_sink {
 public:
  virtual ~reply_sink() = default;
  virtual void resolve(std::uint64_t effect, result<message> reply) = 0;
  // The handler of the question threw, for this cause.
  virtual void fail(std::uint64_t effect, error why, const exit_cause&) { resolve(effect, std::move(why)); }
  // The agent behind it, if it is one.
  virtual cell* as_cell() noexcept { return nullptr; }
  // Its name in the tree; empty if it has none.
  virtual agent_ref sender();
};

// What an agent_ref points to: a path, and for an agent that was found, its cell.
class ref_target {
 public:
  ref_target(std::shared_ptr<runtime> home, troupe::path where) noexcept
      : home_{std::move(home)}, where_{std::move(where)} {}
  virtual ~ref_target() = default;
  virtual const cell* as_cell() const noexcept { return nullptr; }
  runtime& home() const noexcept { return *home_; }
  const troupe::path& where() const noexcept { return where_; }

 private:
  std::shared_ptr<runtime> home_;  // shared with the node and every other target
  const troupe::path where_;
};

}  // namespace troupe::actors
