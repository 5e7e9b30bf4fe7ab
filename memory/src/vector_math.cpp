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

// So many sums, since an addition takes about four steps of a processor that could begin two in each.
constexpr std::size_t lanes = 32;
using partial_sums = std::array<float, lanes>;

// The end of every dot product, after whole blocks.
float add_up(partial_sums& sums, const float* a, const float* b, std::size_t from, std::size_t dims) noexcept {
  for (auto n = from; n < dims; ++n) sums[n - from] += a[n] * b[n];
  for (auto half = lanes / 2; half > 0; half /= 2) {
    for (std::size_t n = 0; n < half; ++n) sums[n] += sums[n + half];
  }
  return sums[0];
}

float dot_plain(const float* a, const float* b, std::size_t dims) noexcept {
  partial_sums sums{};
  std::size_t n = 0;
  for (; n + lanes <= dims; n += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += a[n + lane] * b[n + lane];
  }
  return add_up(sums, a, b, n, dims);
}

std::int32_t sum_plain(const std::int8_t* row, const std::int16_t* query, std::size_t dims) noexcept {
  std::int32_t sum = 0;
  for (std::size_t n = 0; n < dims; ++n) sum += std::int32_t{row[n]} * query[n];
  return sum;
}

void dots_plain(const std::int8_t* rows, std::size_t rows_count, std::size_t dims, const std::int16_t* query,
                std::int32_t* out) noexcept {
  for (std::size_t n = 0; n < rows_count; ++n) out[n] = sum_plain(rows + n * dims, query, dims);
}

std::int32_t dot_codes_plain(const std::int8_t* a, const std::int8_t* b, std::size_t dims) noexcept {
  std::int32_t sum = 0;
  for (std::size_t n = 0; n < dims; ++n) sum += std::int32_t{a[n]} * b[n];
  return sum;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) float dot_avx2(const float* a, const float* b, std::size_t dims) noexcept {
  auto first = _mm256_setzero_ps(), second = first, third = first, fourth = first;
  std::size_t n = 0;
  for (; n + lanes <= dims; n += lanes) {
    first = _mm256_add_ps(first, _mm256_mul_ps(_mm256_loadu_ps(a + n), _mm256_loadu_ps(b + n)));
    second = _mm256_add_ps(second, _mm256_mul_ps(_mm256_loadu_ps(a + n + 8), _mm256_loadu_ps(b + n + 8)));
    third = _mm256_add_ps(third, _mm256_mul_ps(_mm256_loadu_ps(a + n + 16), _mm256_loadu_ps(b + n + 16)));
    fourth = _mm256_add_ps(fourth, _mm256_mul_ps(_mm256_loadu_ps(a + n + 24), _mm256_loadu_ps(b + n + 24)));
  }
  partial_sums sums;
  _mm256_storeu_ps(sums.data(), first);
  _mm256_storeu_ps(sums.data() + 8, second);
  _mm256_storeu_ps(sums.data() + 16, third);
  _mm256_storeu_ps(sums.data() + 24, fourth);
  _mm256_zeroupper();  // g++ 12 leaves it out before a function of the same file: four times the time
  return add_up(sums, a, b, n, dims);
}

__attribute__((target("avx2"))) __m256i products_avx2(const std::int8_t* row, __m256i query) noexcept {
  return _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row))), query);
}

// Four rows at a time: the query is loaded once for them, their sums are added up together, and the memory is asked for
// four of them at once.
__attribute__((target("avx2"))) void dots_avx2(const std::int8_t* rows, std::size_t rows_count, std::size_t dims,
                                               const std::int16_t* query, std::int32_t* out) noexcept {
  const auto whole = dims - dims % 16;
  std::size_t row = 0;
  for (; row + 4 <= rows_count; row += 4) {
    const auto* first = rows + row * dims;
    const auto* ahead = row + 8 <= rows_count ? first + 4 * dims : first;  // the next four, a line for each step
    auto a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (std::size_t n = 0; n < whole; n += 16) {
      const auto codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + n));
      _mm_prefetch(reinterpret_cast<const char*>(ahead + 4 * n), _MM_HINT_T0);
      a = _mm256_add_epi32(a, products_avx2(first + n, codes));
      b = _mm256_add_epi32(b, products_avx2(first + dims + n, codes));
      c = _mm256_add_epi32(c, products_avx2(first + 2 * dims + n, codes));
      d = _mm256_add_epi32(d, products_avx2(first + 3 * dims + n, codes));
    }
    const auto halves = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    const auto sums = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + row), sums);
    for (std::size_t n = 0; n < 4 && whole < dims; ++n) {
      out[row + n] += sum_plain(first + n * dims + whole, query + whole, dims - whole);
    }
  }
  _mm256_zeroupper();
  dots_plain(rows + row * dims, rows_count - row, dims, query, out + row);
}

__attribute__((target("avx2"))) __m256i widened_avx2(const std::int8_t* codes) noexcept {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
}

__attribute__((target("avx2"))) std::int32_t dot_codes_avx2(const std::int8_t* a, const std::int8_t* b,
                                                            std::size_t dims) noexcept {
  auto even = _mm256_setzero_si256(), odd = even;
  std::size_t n = 0;
  for (; n + 32 <= dims; n += 32) {
    even = _mm256_add_epi32(even, products_avx2(a + n, widened_avx2(b + n)));
    odd = _mm256_add_epi32(odd, products_avx2(a + n + 16, widened_avx2(b + n + 16)));
  }
  const auto all = _mm256_add_epi32(even, odd);
  auto sums = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  sums = _mm_hadd_epi32(sums, sums);
  const auto sum = _mm_cvtsi128_si32(_mm_hadd_epi32(sums, sums));
  _mm256_zeroupper();
  return sum + dot_codes_plain(a + n, b + n, dims - n);
}

#elif defined(__aarch64__)

float dot_neon(const float* a, const float* b, std::size_t dims) noexcept {
  std::array<float32x4_t, lanes / 4> each;
  each.fill(vdupq_n_f32(0));
  std::size_t n = 0;
  for (; n + lanes <= dims; n += lanes) {
    for (std::size_t four = 0; four < each.size(); ++four) {
      const auto products = vmulq_f32(vld1q_f32(a + n + 4 * four), vld1q_f32(b + n + 4 * four));
      each[four] = vaddq_f32(each[four], products);
    }
  }
  partial_sums sums;
  for (std::size_t four = 0; four < each.size(); ++four) vst1q_f32(sums.data() + 4 * four, each[four]);
  return add_up(sums, a, b, n, dims);
}

std::int32_t sum_neon(const std::int8_t* row, const std::int16_t* query, std::size_t dims) noexcept {
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
  return vaddvq_s32(vaddq_s32(even, odd)) + sum_plain(row + n, query + n, dims - n);
}

void dots_neon(const std::int8_t* rows, std::size_t rows_count, std::size_t dims, const std::int16_t* query,
               std::int32_t* out) noexcept {
  for (std::size_t n = 0; n < rows_count; ++n) out[n] = sum_neon(rows + n * dims, query, dims);
}

std::int32_t dot_codes_neon(const std::int8_t* a, const std::int8_t* b, std::size_t dims) noexcept {
  auto sums = vdupq_n_s32(0);
  std::size_t n = 0;
  for (; n + 16 <= dims; n += 16) {
    const auto left = vld1q_s8(a + n);
    const auto right = vld1q_s8(b + n);
    sums = vpadalq_s16(sums, vmull_s8(vget_low_s8(left), vget_low_s8(right)));
    sums = vpadalq_s16(sums, vmull_high_s8(left, right));
  }
  return vaddvq_s32(sums) + dot_codes_plain(a + n, b + n, dims - n);
}

#endif

constexpr auto kernels = std::to_array<vector_kernels>({
  {"plain", dot_plain, dots_plain, dot_codes_plain},
#if defined(__x86_64__)
      {"avx2", dot_avx2, dots_avx2, dot_codes_avx2},
#elif defined(__aarch64__)
      {"neon", dot_neon, dots_neon, dot_codes_neon},
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

std::int32_t dot_codes(const std::int8_t* a, const std::int8_t* b, std::size_t dims) noexcept {
  return best().dot_codes(a, b, dims);
}

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
  std::array<std::int32_t, 512> sums;
  for (std::size_t from = 0; from < rows_count; from += sums.size()) {
    const auto count = std::min(sums.size(), rows_count - from);
    best().dots(rows + from * dims, count, dims, codes.data(), sums.data());
    for (std::size_t n = 0; n < count; ++n) out[from + n] = static_cast<float>(sums[n]) * (scales[from + n] * scale);
  }
}

}  // namespace troupe::memory
