#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace healthcare {

// SHA-256, and as 64 hex digits.
[[nodiscard]] std::array<std::byte, 32> sha256(std::string_view text);
[[nodiscard]] std::string hex(const std::byte* bytes, std::size_t count);
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace healthcare
