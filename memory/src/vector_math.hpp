#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// Arithmetic on vectors, the same bit for bit on every machine: nodes that replicate a memory rank alike. Each function
// takes what the processor has (AVX2, NEON) when it is first called; all ways add in one order, without fused steps.
namespace troupe::memory {

inline constexpr std::size_t dimensions_max = 4096;

// The dot product in 32 partial sums (component n in number n % 32), added up in halves: the upper 16 to the lower 16,
// and so on.
float dot(const float* a, const float* b, std::size_t dims) noexcept;

// A vector in a quarter of the space: code times scale is within scale / 2 of each component. Codes are -127 to 127,
// the scale is the largest magnitude / 127. All zero, or with a component that is no finite number: codes and scale are
// 0.
struct coded_vector {
  float scale = 0;
  std::vector<std::int8_t> codes;
};

coded_vector encode(std::span<const float> values);
std::vector<float> decode(const coded_vector& coded);

// The query's dot product with each of `rows_count` rows of `dims` codes, one behind another, into out[0 ..
// rows_count). At most `dimensions_max` dimensions, as many as the query has.
//
// The query is coded to 13 bits (-4095 to 4095 times its own scale), the sums are exact integers. Against the product
// of the uncoded vectors q and r, with the scales s_q = max|q| / 4095 and s_r = max|r| / 127, the error is at most
//   s_r / 2 * sum|q| + s_q / 2 * sum|r| + dims * s_q * s_r / 4,
// nearly all of it the rows'. For vectors of length 1 with 256 to 384 dimensions it is below 0.005 as a rule.
void dots(const std::int8_t* rows, const float* scales, std::size_t rows_count, std::size_t dims,
          std::span<const float> query, float* out) noexcept;

// The exact sum of products of two rows' codes.
std::int32_t dot_codes(const std::int8_t* a, const std::int8_t* b, std::size_t dims) noexcept;

// One way of doing it, so that tests and benchmarks can compare them.
struct vector_kernels {
  const char* name;
  float (*dot)(const float* a, const float* b, std::size_t dims) noexcept;
  // The exact sums of products of each row's codes and a query's.
  void (*dots)(const std::int8_t* rows, std::size_t rows_count, std::size_t dims, const std::int16_t* query,
               std::int32_t* out) noexcept;
  std::int32_t (*dot_codes)(const std::int8_t* a, const std::int8_t* b, std::size_t dims) noexcept;
};

// Those that this processor has; the first is the plain one, the last is what is taken.
std::span<const vector_kernels> available_kernels() noexcept;

}  // namespace troupe::memory
