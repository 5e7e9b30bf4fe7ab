#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

#include "troupe/core/result.hpp"

// JSON text to a tree, with written limits and without exceptions. Private to the readers, as nlohmann::json is.
namespace healthcare {

// FHIR nests about ten deep; what nests deeper than this is no FHIR.
inline constexpr std::size_t json_depth_max = 64;
// Values in the tree at one time, some 64 MiB of them. An entry of a bundle has a few hundred.
inline constexpr std::size_t json_values_max = 1'000'000;

// Called with each object of the array "entry" of the outermost object, as soon as it is complete, and the line on
// which it begins. What it gets is no longer part of the tree, so a large bundle needs the memory of one entry.
using entry_handler = std::function<void(nlohmann::json entry, std::size_t line)>;

// Errors: not_json with the column, too_large for nesting and the number of values; `line` is then where that was. Any
// bytes are allowed as input.
[[nodiscard]] troupe::result<nlohmann::json> parse_json(std::string_view text, std::size_t& line,
                                                        const entry_handler& on_entry = {});

}  // namespace healthcare
