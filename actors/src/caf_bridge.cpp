#include <troupe/actors/caf_bridge.hpp>

#include "caf_cell.hpp"
#include "caf_scheduler.hpp"
#include "runtime.hpp"

namespace troupe {

namespace actors {

void caf_types::share(std::type_index caf_type, const message_type* type, from_caf in, to_caf out) {
  std::scoped_lock lock{mutex_};
  in_[caf_type] = in;
  out_[type] = out;
}

message caf_types::convert(const caf::type_erased_tuple& content) const {
  if (content.size() != 1 || content.type(0).second == nullptr) return {};
  std::scoped_lock lock{mutex_};
  const auto found = in_.find(*content.type(0).second);
  return found == in_.end() ? message{} : found->second(content.get(0));
}

caf::message caf_types::convert(const message& value) const {
  std::scoped_lock lock{mutex_};
  const auto found = out_.find(value.type());
  return found == out_.end() ? caf::message{} : found->second(value);
}

namespace {
caf_scheduler& layer_of(node& of) { return static_cast<caf_scheduler&>(of.internals().scheduling_layer()); }
}  // namespace

}  // namespace actors

caf::actor_system& caf_bridge::system() const { return actors::layer_of(node_).system(); }

std::optional<caf::actor> caf_bridge::handle(const agent_ref& who) const {
  const auto found = node_.internals().resolve(who);
  if (!found) return {};
  auto& behind = static_cast<actors::caf_cell&>(found->bell());
  return caf::actor_cast<caf::actor>(caf::strong_actor_ptr{behind.ctrl()});
}

void caf_bridge::share(std::type_index caf_type, const message_type* type, from_caf in, to_caf out) {
  actors::layer_of(node_).types().share(caf_type, type, in, out);
}

}  // namespace troupe
