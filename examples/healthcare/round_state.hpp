#pragma once

#include <string>
#include <troupe/core/result.hpp>
#include <troupe/memory/store.hpp>

// Of which round a memory holds the state, and whether that is finished. Functions of a store, in the name of the root,
// for when no node uses it; errors are the store's.
namespace healthcare {

// Begins a round of this input, or goes on with the one of it that is not finished: true. What is left of a finished
// one is erased. Errors: other_round, if one of other input is not finished; with `anew` that one is erased, too.
[[nodiscard]] troupe::result<bool> begin_round(troupe::memory::store& in, const std::string& input_digest, bool anew);

// The next one is a new one.
[[nodiscard]] troupe::result<void> end_round(troupe::memory::store& in);

// Erases all that the agents of a round have written down: observations, decisions, open questions.
[[nodiscard]] troupe::result<void> drop_round(troupe::memory::store& in);

}  // namespace healthcare
