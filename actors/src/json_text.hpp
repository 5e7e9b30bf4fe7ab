#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>

// JSON inside of this module. It comes from anybody: what is nested too deep is refused before it is parsed, since what
// is made of it is walked by recursion.

namespace troupe::actors {

using json = nlohmann::json;

constexpr std::size_t json_depth_max = 64;
constexpr std::size_t json_bytes_max = std::size_t{64} << 20;

// Fails with parse_error.
result<json> parse_json(std::string_view text);
// In one line. What is no UTF-8 is replaced.
std::string write_json(const json& what);

// The member of this name, if there is one and it is of that kind; else what an empty one is.
std::string text_of(const json& object, std::string_view name);
const json* member(const json& object, std::string_view name) noexcept;

// A little of something from outside, for messages: printable, at most `bytes_max`.
std::string seen(std::string_view text, std::size_t bytes_max = 80);

std::string base64(std::string_view bytes);

}  // namespace troupe::actors
