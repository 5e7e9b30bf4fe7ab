#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::memory {

// The longest beginning of at most that many bytes that does not end inside of a UTF-8 character. Of bytes that are no
// UTF-8, up to three more may go.
constexpr std::string_view utf8_cut(std::string_view text, std::size_t size_bytes_max) noexcept {
  if (text.size() <= size_bytes_max) return text;
  const auto follows = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  auto end = size_bytes_max;
  for (int steps = 0; steps < 3 && end > 0 && follows(end); ++steps) --end;
  return text.substr(0, follows(end) ? size_bytes_max : end);
}

}  // namespace troupe::memory
