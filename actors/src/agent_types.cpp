#include <troupe/actors/agent_types.hpp>
#include <troupe/actors/errc.hpp>

namespace troupe {

result<void> agent_types::add(std::string name, agent_factory factory) {
  child_spec how;
  how.start = std::move(factory);
  return add(std::move(name), std::move(how));
}

result<void> agent_types::add(std::string name, child_spec how) {
  std::scoped_lock lock{mutex_};
  if (!known_.try_emplace(name, std::move(how)).second)
    return error{errc::already_exists, "an agent type named " + name + " is registered already"};
  return ok();
}

result<child_spec> agent_types::child(std::string_view type, std::string id, child_options options) const {
  std::scoped_lock lock{mutex_};
  const auto found = known_.find(type);
  if (found == known_.end()) {
    std::string known;
    for (const auto& [name, how] : known_) known += (known.empty() ? "" : ", ") + name;
    return error{agent_errc::unknown_type,
                 "no agent type \"" + std::string{type} + "\"; there is: " + (known.empty() ? "none" : known)};
  }
  child_spec spec = found->second;
  static_cast<child_options&>(spec) = std::move(options);
  spec.id = std::move(id);
  spec.actor_type = found->first;
  return spec;
}

std::vector<std::string> agent_types::names() const {
  std::scoped_lock lock{mutex_};
  std::vector<std::string> all;
  for (const auto& [name, how] : known_) all.push_back(name);
  return all;
}

}  // namespace troupe
