#pragma once

#include <cstdint>
#include <random>

namespace troupe {

// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014):
// a bijection of 64 bits that spreads every bit of its input.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

inline std::uint64_t entropy64() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace troupe
