#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/core/path.hpp>

#include "mailbox.hpp"

namespace troupe::actors {

// What a runtime that is a part of another one's tree, in the process of one agent, knows of the rest: the way there.
// Threads: any.
class uplink {
 public:
  virtual ~uplink() = default;
  // Whether this path belongs to the rest of the tree.
  virtual bool is_outside(const troupe::path& where) const noexcept = 0;
  virtual void deliver(const troupe::path& to, envelope&& mail) = 0;
  virtual void watch(std::uint64_t number, const troupe::path& who) = 0;
  virtual void unwatch(std::uint64_t number) = 0;
  // `whom` is answered when the node has done it.
  virtual void use_memory(const troupe::path& author, const memory_request& request, std::shared_ptr<reply_sink> whom,
                          std::uint64_t effect) = 0;
  virtual void kill(const troupe::path& who, std::string why) = 0;
  // The agent that the process was made for ended by itself.
  virtual void root_ended(const exit_cause& cause) = 0;
};

}  // namespace troupe::actors
