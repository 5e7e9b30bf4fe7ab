#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// The few operations on text that several parts of the domain need. ASCII where it says so; other bytes pass through.
namespace healthcare {

// ASCII letters in lower case.
[[nodiscard]] std::string lower(std::string_view text);

// At most `bytes_max` bytes of UTF-8 text, cut between characters.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t bytes_max);

// For a terminal or a log: what is no UTF-8, and control and format characters, which could move its cursor, colour it
// or turn the direction of the text, become '?'.
[[nodiscard]] std::string printable(std::string_view text);

// At most two decimals, none where there are none: 37.5, 120, 0.25.
[[nodiscard]] std::string number_text(double value);

}  // namespace healthcare
