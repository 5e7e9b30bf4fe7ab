#pragma once

#include <cstdint>
#include <troupe/memory/store.hpp>

namespace troupe::memory {

// Summarises spaces for which a policy is set, where it says that they are due, within the bounds that store::tidy()
// promises. Returns how many it made.
std::uint64_t summarise_due_spaces(store& in);

}  // namespace troupe::memory
