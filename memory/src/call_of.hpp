#pragma once

#include <string>
#include <troupe/memory/record.hpp>

namespace troupe::memory {

// The call that a record is a part of, as its attribute "call" names it; empty: of none.
inline std::string call_of(const record& what) {
  const auto found = what.attributes.find("call");
  return found == what.attributes.end() ? std::string{} : found->second;
}

}  // namespace troupe::memory
