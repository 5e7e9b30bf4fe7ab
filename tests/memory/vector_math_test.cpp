#include "vector_math.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "core/seeded.hpp"

namespace {

using troupe::memory::available_kernels;
using vector = std::vector<float>;

// In [-1, 1].
float component(troupe::test::seeded& random) {
  return static_cast<float>(static_cast<double>(random.below(2'000'001)) / 1e6 - 1);
}

vector components(troupe::test::seeded& random, std::size_t dims) {
  vector all(dims);
  for (auto& each : all) each = component(random);
  return all;
}

double exact_dot(const vector& a, const vector& b) {
  double sum = 0;
  for (std::size_t n = 0; n < a.size(); ++n) sum += double{a[n]} * double{b[n]};
  return sum;
}

double magnitudes(const vector& values) {
  double sum = 0;
  for (const auto value : values) sum += std::abs(double{value});
  return sum;
}

float largest(const vector& values) {
  float most = 0;
  for (const auto value : values) most = std::max(most, std::abs(value));
  return most;
}

std::vector<std::int32_t> summed(const troupe::memory::vector_kernels& kernels, const std::vector<std::int8_t>& rows,
                                 const std::vector<std::int16_t>& query, std::size_t count) {
  std::vector<std::int32_t> sums(count);
  kernels.dots(rows.data(), count, query.size(), query.data(), sums.data());
  return sums;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(vector_math_test)

BOOST_AUTO_TEST_CASE(every_kernel_gives_the_plain_one_s_bits) {
  troupe::test::seeded random;
  BOOST_TEST(available_kernels().front().name == std::string{"plain"});
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 400; ++round) {
      const auto dims = random.below(200);
      const auto a = components(random, dims);
      const auto b = components(random, dims);
      const auto count = random.below(11);
      std::vector<std::int8_t> rows(count * dims);
      std::vector<std::int16_t> query(dims);
      for (auto& code : rows) code = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
      for (auto& code : query) code = static_cast<std::int16_t>(static_cast<int>(random.below(8191)) - 4095);
      const auto& plain = available_kernels().front();
      for (const auto& kernels : available_kernels()) {
        BOOST_TEST_REQUIRE(kernels.dot(a.data(), b.data(), dims) == plain.dot(a.data(), b.data(), dims), kernels.name);
        BOOST_TEST_REQUIRE(summed(kernels, rows, query, count) == summed(plain, rows, query, count), kernels.name);
        if (count < 2) continue;
        const auto* second = rows.data() + dims;
        BOOST_TEST_REQUIRE(kernels.dot_codes(rows.data(), second, dims) == plain.dot_codes(rows.data(), second, dims),
                           kernels.name);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_largest_codes_do_not_overflow_a_sum) {
  using troupe::memory::dimensions_max;
  const std::vector<std::int8_t> rows(5 * dimensions_max, -127);
  const std::vector<std::int16_t> query(dimensions_max, 4095);
  for (const auto& kernels : available_kernels()) {
    BOOST_TEST(summed(kernels, rows, query, 5) == std::vector<std::int32_t>(5, -127 * 4095 * 4096), kernels.name);
    BOOST_TEST(kernels.dot_codes(rows.data(), rows.data(), dimensions_max) == 127 * 127 * 4096, kernels.name);
  }
}

BOOST_AUTO_TEST_CASE(a_dot_product_is_near_the_exact_one) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    const auto a = components(random, 1000);
    const auto b = components(random, 1000);
    BOOST_TEST(std::abs(troupe::memory::dot(a.data(), b.data(), a.size()) - exact_dot(a, b)) < 1e-3);
  }
  BOOST_TEST(troupe::memory::dot(nullptr, nullptr, 0) == 0.0F);
}

BOOST_AUTO_TEST_CASE(a_coded_vector_is_within_half_a_step) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 100; ++round) {
      const auto values = components(random, 1 + random.below(100));
      const auto coded = troupe::memory::encode(values);
      const auto decoded = troupe::memory::decode(coded);
      BOOST_TEST_REQUIRE(coded.scale == largest(values) / 127);
      for (std::size_t n = 0; n < values.size(); ++n) {
        BOOST_TEST_REQUIRE(std::abs(values[n] - decoded[n]) <= coded.scale * 0.50001F);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_coded_is_zero) {
  const float infinite = std::numeric_limits<float>::infinity();
  const float none = std::numeric_limits<float>::quiet_NaN();
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const auto& values : {vector{}, vector{0, 0}, vector{1, infinite}, vector{none, 1}, vector{tiny, -tiny}}) {
    const auto coded = troupe::memory::encode(values);
    BOOST_TEST(coded.scale == 0.0F);
    BOOST_TEST(std::ranges::all_of(coded.codes, [](auto code) { return code == 0; }));
    BOOST_TEST(coded.codes.size() == values.size());
  }
}

BOOST_AUTO_TEST_CASE(many_rows_are_compared_within_the_documented_error) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (const std::size_t dims : {1u, 7u, 16u, 256u, 384u}) {
      const std::size_t count = 131;
      const auto query = components(random, dims);
      std::vector<vector> rows;
      std::vector<std::int8_t> codes;
      vector scales;
      for (std::size_t n = 0; n < count; ++n) {
        rows.push_back(components(random, dims));
        const auto coded = troupe::memory::encode(rows.back());
        codes.insert(codes.end(), coded.codes.begin(), coded.codes.end());
        scales.push_back(coded.scale);
      }
      vector found(count);
      troupe::memory::dots(codes.data(), scales.data(), count, dims, query, found.data());
      const double query_step = largest(query) / 4095;
      for (std::size_t n = 0; n < count; ++n) {
        const double step = largest(rows[n]) / 127;
        const auto bound = step / 2 * magnitudes(query) + query_step / 2 * magnitudes(rows[n]) +
                           static_cast<double>(dims) * step * query_step / 4;
        BOOST_TEST_REQUIRE(std::abs(found[n] - exact_dot(query, rows[n])) <= bound * 1.0001 + 1e-6);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
