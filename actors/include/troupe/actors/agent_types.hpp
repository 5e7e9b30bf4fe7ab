#pragma once

#include <concepts>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <troupe/actors/child_spec.hpp>
#include <vector>

namespace troupe {

// The agent types that can be spawned by name on a node. Owned by the node; threads may share it. Names are path
// segments.
class agent_types {
 public:
  // Registers A, to be built as A{context}; what it needs to know comes as agent_context::arguments(). Fails with
  // already_exists.
  template <class A>
  requires std::constructible_from<A, agent_context&> result<void> add(std::string name) {
    return add(std::move(name), troupe::child<A>("type"));
  }
  // One that is made by a function cannot run in a process of its own.
  result<void> add(std::string name, agent_factory factory);

  // A child spec for a registered type. Fails with unknown_type, naming what there is.
  result<child_spec> child(std::string_view type, std::string id, child_options options = {}) const;
  // In alphabetical order.
  std::vector<std::string> names() const;

 private:
  mutable std::mutex mutex_;
  result<void> add(std::string name, child_spec how);
  std::map<std::string, child_spec, std::less<>> known_;
};

}  // namespace troupe
