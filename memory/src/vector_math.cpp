#include "vector_math.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace troupe::memory {

namespace {

constexpr float code_max = 127;
constexpr float query_code_max = 4095;
// What a sum can reach fits 32 bits.
static_assert(std::int64_t{dimensions_max} * 127 * 4095 < std::int64_t{1} << 31);

// The end of every dot product, after whole blocks of eight.
float add_up(const float* sums, const float* a, const float* b, std::size_t from, std::size_t dims) noexcept {
  std::array<float, 8> all;
  std::copy_n(sums, 8, all.begin());
  for (auto n = from; n < dims; ++n) all[n - from] += a[n] * b[n];
  return ((all[0] + all[4]) + (all[2] + all[6])) + ((all[1] + all[5]) + (all[3] + all[7]));
}

float dot_plain(const float* a, const float* b, std::size_t dims) noexcept {
  std::array<float, 8> sums{};
  std::size_t n = 0;
  for (; n + 8 <= dims; n += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[n + lane] * b[n + lane];
  }
  return add_up(sums.data(), a, b, n, dims);
}

std::int32_t dot_codes_plain(const std::int8_t* row, const std::int16_t* query, std::size_t dims) noexcept {
  std::int32_t sum = 0;
  for (std::size_t n = 0; n < dims; ++n) sum += std::int32_t{row[n]} * query[n];
  return sum;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) float dot_avx2(const float* a, const float* b, std::size_t dims) noexcept {
  auto sums = _mm256_setzero_ps();
  std::size_t n = 0;
  for (; n + 8 <= dims; n += 8) {
    sums = _mm256_add_ps(sums, _mm256_mul_ps(_mm256_loadu_ps(a + n), _mm256_loadu_ps(b + n)));
  }
  std::array<float, 8> each;
  _mm256_storeu_ps(each.data(), sums);
  return add_up(each.data(), a, b, n, dims);
}

__attribute__((target("avx2"))) __m256i products_avx2(const std::int8_t* row, const std::int16_t* query) noexcept {
  const auto codes = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
  return _mm256_madd_epi16(codes, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query)));
}

__attribute__((target("avx2"))) std::int32_t dot_codes_avx2(const std::int8_t* row, const std::int16_t* query,
                                                            std::size_t dims) noexcept {
  auto even = _mm256_setzero_si256();
  auto odd = _mm256_setzero_si256();
  std::size_t n = 0;
  for (; n + 32 <= dims; n += 32) {
    even = _mm256_add_epi32(even, products_avx2(row + n, query + n));
    odd = _mm256_add_epi32(odd, products_avx2(row + n + 16, query + n + 16));
  }
  const auto both = _mm256_add_epi32(even, odd);
  auto four = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
  return _mm_cvtsi128_si32(four) + dot_codes_plain(row + n, query + n, dims - n);
}

#elif defined(__aarch64__)

float dot_neon(const float* a, const float* b, std::size_t dims) noexcept {
  auto low = vdupq_n_f32(0);
  auto high = vdupq_n_f32(0);
  std::size_t n = 0;
  for (; n + 8 <= dims; n += 8) {
    low = vaddq_f32(low, vmulq_f32(vld1q_f32(a + n), vld1q_f32(b + n)));
    high = vaddq_f32(high, vmulq_f32(vld1q_f32(a + n + 4), vld1q_f32(b + n + 4)));
  }
  std::array<float, 8> each;
  vst1q_f32(each.data(), low);
  vst1q_f32(each.data() + 4, high);
  return add_up(each.data(), a, b, n, dims);
}

std::int32_t dot_codes_neon(const std::int8_t* row, const std::int16_t* query, std::size_t dims) noexcept {
  auto even = vdupq_n_s32(0);
  auto odd = vdupq_n_s32(0);
  std::size_t n = 0;
  for (; n + 16 <= dims; n += 16) {
    const auto codes = vld1q_s8(row + n);
    const auto low = vmovl_s8(vget_low_s8(codes));
    const auto high = vmovl_high_s8(codes);
    const auto first = vld1q_s16(query + n);
    const auto second = vld1q_s16(query + n + 8);
    even = vmlal_s16(even, vget_low_s16(low), vget_low_s16(first));
    odd = vmlal_high_s16(odd, low, first);
    even = vmlal_s16(even, vget_low_s16(high), vget_low_s16(second));
    odd = vmlal_high_s16(odd, high, second);
  }
  return vaddvq_s32(vaddq_s32(even, odd)) + dot_codes_plain(row + n, query + n, dims - n);
}

#endif

constexpr auto kernels = std::to_array<vector_kernels>({
  {"plain", dot_plain, dot_codes_plain},
#if defined(__x86_64__)
      {"avx2", dot_avx2, dot_codes_avx2},
#elif defined(__aarch64__)
      {"neon", dot_neon, dot_codes_neon},
#endif
});

const vector_kernels& best() noexcept {
  static const auto& chosen = available_kernels().back();
  return chosen;
}

// Values as whole numbers of at most `most`, and what one of them stands for.
template <class Code>
float encode_into(std::span<const float> values, float most, Code* codes) noexcept {
  float largest = 0;
  bool finite = true;
  for (const auto value : values) {
    finite = finite && std::isfinite(value);
    largest = std::max(largest, std::fabs(value));
  }
  const auto scale = largest / most;
  // A scale that is subnormal has too few bits to divide by; what it would stand for is nothing to rank by.
  if (!finite || !std::isnormal(scale)) {
    std::fill_n(codes, values.size(), Code{0});
    return 0;
  }
  for (std::size_t n = 0; n < values.size(); ++n) {
    codes[n] = static_cast<Code>(std::clamp(std::nearbyint(values[n] / scale), -most, most));
  }
  return scale;
}

}  // namespace

std::span<const vector_kernels> available_kernels() noexcept {
  std::size_t count = kernels.size();
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) count = 1;
#endif
  return {kernels.data(), count};
}

float dot(const float* a, const float* b, std::size_t dims) noexcept { return best().dot(a, b, dims); }

coded_vector encode(std::span<const float> values) {
  coded_vector coded;
  coded.codes.resize(values.size());
  coded.scale = encode_into(values, code_max, coded.codes.data());
  return coded;
}

std::vector<float> decode(const coded_vector& coded) {
  std::vector<float> values;
  values.reserve(coded.codes.size());
  for (const auto code : coded.codes) values.push_back(static_cast<float>(code) * coded.scale);
  return values;
}

void dots(const std::int8_t* rows, const float* scales, std::size_t rows_count, std::size_t dims,
          std::span<const float> query, float* out) noexcept {
  assert(dims <= dimensions_max && query.size() == dims);
  std::array<std::int16_t, dimensions_max> codes;
  const auto scale = encode_into(query, query_code_max, codes.data());
  const auto dot_codes = best().dot_codes;
  for (std::size_t n = 0; n < rows_count; ++n) {
    out[n] = static_cast<float>(dot_codes(rows + n * dims, codes.data(), dims)) * (scales[n] * scale);
  }
}

}  // namespace troupe::memory
