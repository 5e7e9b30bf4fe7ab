// Scans of vectors: ours, and what one thread can read at all.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "memory_sides.hpp"
#include "vector_math.hpp"

namespace bench {

namespace {

constexpr std::size_t dims = 256;
volatile std::uint64_t seen;  // so that no reading is left out

}  // namespace

scan_rates scan_ours(std::size_t rows) {
  std::mt19937_64 random{1};
  std::vector<std::int8_t> codes(rows * dims);
  for (std::size_t at = 0; at < codes.size(); at += sizeof(std::uint64_t)) {
    const auto bits = random() & 0x7f7f7f7f7f7f7f7fU;
    std::memcpy(codes.data() + at, &bits, sizeof bits);
  }
  const std::vector<float> scales(rows, 0.001F);
  std::vector<float> question(dims, 1.F / 16), products(rows);
  const auto rate = rate_of(1, [&] {
    troupe::memory::dots(codes.data(), scales.data(), rows, dims, question, products.data());
    seen = static_cast<std::uint64_t>(products[rows / 2]);
  });
  return {rate * static_cast<double>(rows), rate * static_cast<double>(codes.size())};
}

double read_bandwidth(std::size_t size_bytes) {
  std::vector<std::uint64_t> words(size_bytes / sizeof(std::uint64_t), 1);
  const auto rate = rate_of(1, [&] {
    std::uint64_t sums[8] = {};
    for (std::size_t at = 0; at + 8 <= words.size(); at += 8)
      for (std::size_t n = 0; n < 8; ++n) sums[n] ^= words[at + n];
    std::uint64_t all = 0;
    for (const auto each : sums) all ^= each;
    seen = all;
  });
  return rate * static_cast<double>(size_bytes);
}

}  // namespace bench
