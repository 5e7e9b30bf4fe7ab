#include "vector_cache.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <map>
#include <thread>
#include <troupe/memory/errc.hpp>

#include "core/seeded.hpp"
#include "dense_search.hpp"
#include "memory/index_fixture.hpp"

namespace {

using namespace troupe::memory;
using troupe::failure;
using troupe::test::seeded;

constexpr std::size_t dims = 8;

std::string vector_of(std::uint64_t n) {
  coded_vector made{0.5F + static_cast<float>(n % 7), {}};
  for (std::size_t i = 0; i < dims; ++i) made.codes.push_back(static_cast<std::int8_t>(n >> i & 0x7f));
  return to_bytes(made);
}

std::map<std::uint32_t, std::string> content(const space_vectors& of) {
  std::map<std::uint32_t, std::string> found;
  std::size_t rows = 0;
  for (const auto& chunk : of.chunks) {
    BOOST_REQUIRE(!chunk->places.empty());
    BOOST_REQUIRE(chunk->scales.size() == chunk->places.size());
    BOOST_REQUIRE(chunk->codes.size() == chunk->places.size() * of.dimensions);
    for (std::size_t n = 0; n < chunk->places.size(); ++n) {
      BOOST_REQUIRE((found.empty() || found.rbegin()->first < chunk->places[n]));
      const auto* codes = chunk->codes.data() + n * of.dimensions;
      found[chunk->places[n]] = to_bytes({chunk->scales[n], {codes, codes + of.dimensions}});
    }
    rows += chunk->places.size();
  }
  BOOST_REQUIRE(rows == of.rows);
  return found;
}

struct fixture {
  troupe::test::bare_database data;
  std::map<address, std::string> model;

  void put(address where, std::string value) {
    data.writes().put(family::vectors, keys::at(where), value);
    model[where] = std::move(value);
  }
  void erase(address where) {
    data.writes().erase(family::vectors, keys::at(where));
    model.erase(where);
  }
  void commit(vector_cache& cache) {
    data.commit([&](const write_set& written) { cache.follow(written); });
  }
  std::map<std::uint32_t, std::string> of_space(std::uint32_t space) const {
    std::map<std::uint32_t, std::string> found;
    for (const auto& [where, value] : model)
      if (where.space == space) found[where.place] = value;
    return found;
  }
  std::shared_ptr<const space_vectors> cached(vector_cache& cache, std::uint32_t space) {
    return cache.of(reader{*data.database}, space);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(vector_cache_test, fixture)

BOOST_AUTO_TEST_CASE(a_vector_survives_its_bytes_and_other_bytes_are_damage) {
  const coded_vector made{-0.25F, {1, -127, 127}};
  const auto bytes = to_bytes(made);
  BOOST_TEST(bytes.size() == 7u);
  BOOST_TEST(scale_of(bytes) == -0.25F);
  BOOST_TEST(codes_of(bytes) == "\x01\x81\x7f");
  for (const auto& wrong : {std::string{}, std::string(4, '\0'), std::string("\0\0\xc0\x7f\1", 5)})
    BOOST_CHECK_EXCEPTION(scale_of(wrong), failure,
                          [](const failure& why) { return why.error().is(troupe::memory_errc::damaged); });
}

BOOST_AUTO_TEST_CASE(a_space_is_loaded_when_it_is_asked_for_and_follows_what_is_written) {
  vector_cache cache{1 << 20};
  put({1, 0}, vector_of(1)), put({1, 5}, vector_of(2)), put({2, 0}, vector_of(3));
  commit(cache);
  BOOST_TEST(cache.size_bytes() == 0u);
  const auto before = cached(cache, 1);
  BOOST_TEST((content(*before) == of_space(1)));
  const auto size = cache.size_bytes();
  BOOST_TEST(size > 0u);

  const auto was = of_space(1);
  put({1, 6}, vector_of(4)), put({1, 0}, vector_of(5)), put({1, 3}, vector_of(6)), erase({1, 5});
  commit(cache);
  BOOST_TEST((content(*cached(cache, 1)) == of_space(1)));
  BOOST_TEST((content(*before) == was), "a reader keeps what it got");

  for (const auto place : {0u, 3u, 6u}) erase({1, place});
  commit(cache);
  BOOST_TEST(cached(cache, 1)->rows == 0u);
  BOOST_TEST(cached(cache, 7)->rows == 0u);
}

BOOST_AUTO_TEST_CASE(what_was_not_asked_for_the_longest_goes_first_and_the_bound_holds) {
  vector_cache all{1 << 30};
  for (std::uint32_t space = 1; space <= 4; ++space)
    for (std::uint32_t place = 0; place < 100; ++place) put({space, place}, vector_of(place));
  commit(all);
  cached(all, 1);
  const auto one = all.size_bytes();

  vector_cache cache{2 * one + one / 2};
  const auto a = cached(cache, 1);
  cached(cache, 2);
  BOOST_TEST(cached(cache, 1) == a);
  cached(cache, 3);  // the second goes
  BOOST_TEST(cached(cache, 1) == a);
  BOOST_TEST(cache.size_bytes() <= 2 * one + one / 2);
  for (std::uint32_t place = 100; place < 1000; ++place) put({1, place}, vector_of(place));
  commit(cache);  // too large by now
  BOOST_TEST(cache.size_bytes() <= 2 * one + one / 2);
  BOOST_TEST((content(*cached(cache, 1)) == of_space(1)));
  BOOST_TEST(cache.size_bytes() <= 2 * one + one / 2);
}

BOOST_AUTO_TEST_CASE(any_order_of_changes_gives_what_is_stored) {
  seeded random;
  vector_cache cache{1 << 20};
  std::uint32_t next = 0;
  for (int round = 0; round < 40; ++round) {
    for (auto n = random.below(200); n > 0; --n) {
      if (const auto what = random.below(10); what < 7 || next == 0)
        put({1, next += static_cast<std::uint32_t>(1 + random.below(2))}, vector_of(random.word()));
      else if (what < 8)
        put({1, static_cast<std::uint32_t>(random.below(next))}, vector_of(random.word()));
      else
        erase({1, static_cast<std::uint32_t>(random.below(next))});
    }
    commit(cache);
    BOOST_TEST_REQUIRE((content(*cached(cache, 1)) == of_space(1)));
  }
  BOOST_TEST(cached(cache, 1)->chunks.size() > 1u);
  vector_cache fresh{1 << 20};
  BOOST_TEST((content(*cached(fresh, 1)) == of_space(1)));
}

// It fits only in the beginning: from then on, each question loads it, while it is written to.
BOOST_AUTO_TEST_CASE(a_space_that_is_loaded_while_it_is_written_to_misses_nothing) {
  vector_cache cache{2048};
  std::atomic<bool> stop = false, torn = false;
  std::thread asks{[&] {
    while (!stop) {
      const auto found = cached(cache, 1);
      if (found->rows > 0 && found->chunks.back()->places.back() + 1 != found->rows) torn = true;
    }
  }};
  std::size_t missed = 0;
  for (std::uint32_t place = 0; place < 300; ++place) {
    put({1, place}, vector_of(place));
    commit(cache);
    if (cached(cache, 1)->rows != place + 1) ++missed;
  }
  stop = true;
  asks.join();
  BOOST_TEST(!torn);
  BOOST_TEST(missed == 0u);
}

BOOST_AUTO_TEST_CASE(vectors_of_two_lengths_in_a_space_are_damage) {
  vector_cache cache{1 << 20};
  put({1, 0}, vector_of(1));
  commit(cache);
  cached(cache, 1);
  put({1, 1}, to_bytes({1, {1, 2, 3}}));
  commit(cache);
  BOOST_CHECK_THROW(cached(cache, 1), failure);
}

BOOST_AUTO_TEST_CASE(a_scan_gives_each_vector_its_product_and_the_mean_around_it) {
  seeded random;
  vector_cache cache{1 << 20};
  std::vector<float> question(dims);
  for (auto& each : question) each = static_cast<float>(random.below(200)) / 100 - 1;
  for (std::uint32_t place = 0; place < 1500; ++place)
    if (place < 4 || random.below(5) != 0) put({1, place}, vector_of(random.word()));
  put({2, 9}, vector_of(9));
  commit(cache);
  std::vector<known_space> in(2);
  for (std::uint32_t n = 0; n < 2; ++n) in[n].row.number = 2 - n, in[n].row.records = 1;
  const reader now{*data.database};
  const auto found = dense_search(now, in, cache, question);
  BOOST_TEST_REQUIRE(found.size() == model.size());

  std::map<address, double> products;
  for (const auto& each : found) products[each.where] = each.meaning;
  std::vector<address> all;
  for (const auto& each : found) {
    all.push_back(each.where);
    BOOST_REQUIRE(model.contains(each.where));
    const auto codes = codes_of(model[each.where]);
    double product = 0;
    for (std::size_t n = 0; n < dims; ++n)
      product += static_cast<double>(question[n]) * static_cast<std::int8_t>(codes[n]) * scale_of(model[each.where]);
    BOOST_REQUIRE_SMALL(product - each.meaning, 1.0);
    double sum = 0, count = 0;
    for (std::int64_t near = std::int64_t{each.where.place} - 2; near <= std::int64_t{each.where.place} + 2; ++near) {
      if (near < 0 || !products.contains({each.where.space, static_cast<std::uint32_t>(near)})) continue;
      sum += products[{each.where.space, static_cast<std::uint32_t>(near)}], ++count;
    }
    BOOST_REQUIRE_CLOSE(each.window + 1000, sum / count + 1000, 1e-6);
  }
  // From a graph, it is the same. From disk, it is the same but for windows.
  vector_graph graph{dims, model.size()};
  for (const auto& [where, value] : model)
    if (where.space == 1) graph.put(where.place, value);
  const std::vector<graph_of_space> graphs{{1, {std::shared_ptr<void>{}, &graph}}};
  const auto read = dense_scores(now, graphs, all, question);
  BOOST_TEST_REQUIRE(read.size() == found.size());
  for (std::size_t n = 0; n < read.size(); ++n) {
    BOOST_REQUIRE((read[n].where == found[n].where));
    BOOST_REQUIRE(read[n].meaning == found[n].meaning);
    BOOST_REQUIRE_SMALL(read[n].window - (read[n].where.space == 1 ? found[n].window : found[n].meaning), 1e-9);
  }
  BOOST_TEST(dense_scores(now, graphs, std::vector<address>{{3, 1}}, question).empty());
}

BOOST_AUTO_TEST_SUITE_END()
