#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::memory {

// FNV-1a with its bits mixed at the end: the same on every machine, no defence against chosen words.
constexpr std::uint64_t word_hash(std::string_view word, std::uint64_t start = 0xcbf29ce484222325U) noexcept {
  auto hash = start;
  for (const auto c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  hash = (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 32);
}

}  // namespace troupe::memory
