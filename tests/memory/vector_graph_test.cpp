#include "vector_graph.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <set>

#include "core/seeded.hpp"
#include "vector_cache.hpp"

namespace {

using namespace troupe::memory;
using troupe::test::seeded;

constexpr std::size_t dims = 24;

// Of length 1, around one of a few middles, as texts about a few subjects are.
coded_vector random_vector(seeded& random) {
  const auto middle = random.below(40);
  std::vector<float> values(dims);
  float length = 0;
  for (std::size_t n = 0; n < dims; ++n) {
    values[n] = (middle >> (n % 6) & 1 ? 1.F : -1.F) + static_cast<float>(random.below(2001)) / 500.F - 2.F;
    length += values[n] * values[n];
  }
  for (auto& each : values) each /= std::sqrt(length);
  return encode(values);
}

double product(const coded_vector& a, const coded_vector& b) {
  return a.scale * b.scale * static_cast<float>(dot_codes(a.codes.data(), b.codes.data(), dims));
}

struct fixture {
  seeded random;
  vector_graph graph{dims, 3000};
  std::map<std::uint32_t, coded_vector> model;

  void put(std::uint32_t place) {
    model[place] = random_vector(random);
    graph.put(place, to_bytes(model[place]));
  }
  // The share of the ten nearest by a scan that the graph found.
  double share_found(int questions) {
    std::size_t found = 0, all = 0;
    for (int n = 0; n < questions; ++n) {
      const auto question = random_vector(random);
      std::vector<std::pair<double, std::uint32_t>> scanned;
      for (const auto& [place, vector] : model) scanned.emplace_back(-product(question, vector), place);
      const auto count = std::min<std::size_t>(10, scanned.size());
      std::partial_sort(scanned.begin(), scanned.begin() + static_cast<std::ptrdiff_t>(count), scanned.end());
      const auto near = graph.nearest(question, 10);
      BOOST_REQUIRE(near.size() == count);
      double before = -2;
      for (const auto place : near) {
        BOOST_REQUIRE(model.contains(place));
        BOOST_REQUIRE(-product(question, model[place]) >= before - 1e-6);
        before = -product(question, model[place]);
        found += -product(question, model[place]) <= scanned[count - 1].first + 1e-6 ? 1 : 0;
      }
      all += count;
    }
    return static_cast<double>(found) / static_cast<double>(all);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(vector_graph_test, fixture)

BOOST_AUTO_TEST_CASE(an_empty_one_finds_nothing) {
  BOOST_TEST(graph.nearest(random_vector(random), 10).empty());
  BOOST_TEST(graph.values({7}).front().codes.empty());
  graph.erase(7);
  BOOST_TEST(graph.rows() == 0u);
}

BOOST_AUTO_TEST_CASE(it_finds_nearly_all_that_a_scan_finds_the_nearest_first) {
  for (std::uint32_t n = 0; n < 3000; ++n) put(n * 3);
  BOOST_TEST(graph.rows() == 3000u);
  BOOST_TEST(share_found(50) >= 0.95);
}

BOOST_AUTO_TEST_CASE(what_is_replaced_or_erased_is_found_as_it_is_now_and_not_as_it_was) {
  for (std::uint32_t n = 0; n < 1000; ++n) put(n);
  for (std::uint32_t n = 0; n < 1000; n += 3) put(n);
  for (std::uint32_t n = 0; n < 1000; n += 4) graph.erase(n), model.erase(n);
  graph.erase(0);
  BOOST_TEST(graph.erased() == 250u);
  for (std::uint32_t n = 0; n < 1000; n += 20) put(n);
  BOOST_TEST(graph.erased() == 200u);
  BOOST_TEST(graph.rows() == 1000u);
  BOOST_TEST(share_found(50) >= 0.95);
  const auto values = graph.values({4, 999, 20, 5000});
  BOOST_TEST(values[0].codes.empty());
  BOOST_TEST((values[1].codes == model[999].codes));
  BOOST_TEST(values[1].scale == model[999].scale);
  BOOST_TEST((values[2].codes == model[20].codes));
  BOOST_TEST(values[3].codes.empty());
}

BOOST_AUTO_TEST_CASE(it_grows) {
  vector_graph small{dims, 10};
  for (std::uint32_t n = 0; n < 10; ++n) small.put(n, to_bytes(random_vector(random)));
  BOOST_TEST(small.capacity() == small.rows());
  small.grow(40);
  for (std::uint32_t n = 10; n < 40; ++n) small.put(n, to_bytes(random_vector(random)));
  BOOST_TEST(small.nearest(random_vector(random), 100).size() == 40u);
}

BOOST_AUTO_TEST_SUITE_END()
