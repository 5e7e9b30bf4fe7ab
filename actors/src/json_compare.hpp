#pragma once

#include <cstddef>

#include "json_text.hpp"

// JSON values compared by what they say, as JSON Schema wants it: 1 and 1.0 are the same, -1 and 2^64 - 1 are not.
// Exact for all numbers that the parser makes, whether signed, unsigned or floating.

namespace troupe::actors {

// Precondition: both are numbers.
bool number_less(const json& x, const json& y) noexcept;
bool is_multiple(const json& number, const json& of) noexcept;

// Whole values of any kind. `json_less` is an order without a meaning, for sorting.
bool json_same(const json& x, const json& y) noexcept;
bool json_less(const json& x, const json& y) noexcept;

// A number that says how many; what is more than there can be of anything is the largest.
std::size_t as_count(const json& number) noexcept;

}  // namespace troupe::actors
