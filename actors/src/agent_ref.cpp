#include <troupe/actors/agent_ref.hpp>

#include "reply_sink.hpp"

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

}  // namespace troupe

std::size_t std::hash<troupe::agent_ref>::operator()(const troupe::agent_ref& ref) const noexcept {
  return ref ? std::hash<troupe::path>{}(ref.path()) : 0;
}
