#include <troupe/actors/agent_ref.hpp>

#include "reply_sink.hpp"
#include "runtime.hpp"

namespace troupe {

const path& agent_ref::path() const noexcept { return target_->where(); }
std::string agent_ref::describe() const { return target_ ? path().str() : "(nobody)"; }

bool operator==(const agent_ref& a, const agent_ref& b) noexcept {
  if (!a || !b) return !a && !b;
  return a.target_ == b.target_ || a.path() == b.path();
}

std::strong_ordering operator<=>(const agent_ref& a, const agent_ref& b) noexcept {
  if (!a || !b) return static_cast<bool>(a) <=> static_cast<bool>(b);
  return a.path() <=> b.path();
}

void net::codec<agent_ref>::pack(packer& out, const agent_ref& from) {
  if (!from) return out.nil();
  codec<path>::pack(out, from.path());
}

result<void> net::codec<agent_ref>::unpack(const value& from, agent_ref& into) {
  into = {};
  if (from.is_nil()) return ok();
  path where;
  if (auto outcome = codec<path>::unpack(from, where); !outcome) return outcome;
  if (!from.context())
    return error{net_errc::no_context, "a reference to " + where.str() + " means something in a runtime only"};
  // message::encoded says what a context is.
  const auto home = std::static_pointer_cast<actors::runtime>(std::const_pointer_cast<void>(from.context()));
  into = home->ref(where);
  return ok();
}

}  // namespace troupe

std::size_t std::hash<troupe::agent_ref>::operator()(const troupe::agent_ref& ref) const noexcept {
  return ref ? std::hash<troupe::path>{}(ref.path()) : 0;
}
