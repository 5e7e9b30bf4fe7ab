#include <troupe/actors/agent_types.hpp>
#include <troupe/actors/errc.hpp>

namespace troupe {

result<void> agent_types::add(std::string name, agent_factory factory) {
  std::scoped_lock lock{mutex_};
  if (!factories_.try_emplace(name, std::move(factory)).second)
    return error{errc::already_exists, "an agent type named " + name + " is registered already"};
  return ok();
}

result<child_spec> agent_types::child(std::string_view type, std::string id, child_options options) const {
  std::scoped_lock lock{mutex_};
  const auto found = factories_.find(type);
  if (found == factories_.end()) {
    std::string known;
    for (const auto& [name, factory] : factories_) known += (known.empty() ? "" : ", ") + name;
    return error{agent_errc::unknown_type,
                 "no agent type \"" + std::string{type} + "\"; there is: " + (known.empty() ? "none" : known)};
  }
  child_spec spec;
  static_cast<child_options&>(spec) = std::move(options);
  spec.id = std::move(id);
  spec.actor_type = found->first;
  spec.start = found->second;
  return spec;
}

std::vector<std::string> agent_types::names() const {
  std::scoped_lock lock{mutex_};
  std::vector<std::string> all;
  for (const auto& [name, factory] : factories_) all.push_back(name);
  return all;
}

}  // namespace troupe
