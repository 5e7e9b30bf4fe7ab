#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <troupe/core/result.hpp>
#include <troupe/memory/record.hpp>
#include <troupe/memory/store.hpp>
#include <vector>

#include "healthcare/escalation.hpp"
#include "healthcare/messages.hpp"
#include "healthcare/ward.hpp"

// What a round writes down as it goes, as records of the memory: each in the own space of the agent that writes it, as
// JSON, about its patient. They have no words to be found by.
namespace healthcare {

[[nodiscard]] troupe::result<troupe::memory::record> record_of(const observed& line);
[[nodiscard]] troupe::result<troupe::memory::record> record_of(const escalation_decision& made);

// All of them, in the order in which they came. Errors: the store's; parse_error.
[[nodiscard]] troupe::result<std::vector<observed>> observations_in(const troupe::memory::store& of);
[[nodiscard]] troupe::result<std::vector<escalation_decision>> decisions_in(const troupe::memory::store& of);

// Of what a line says; the same in one process.
[[nodiscard]] std::size_t hash_of(const observed& line);

// Of what a round starts from, the stream apart. 64 hex digits.
[[nodiscard]] troupe::result<std::string> digest_of_input(const ward& of, std::optional<instant> begins);

}  // namespace healthcare
