#include "vector_graphs.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "core/seeded.hpp"
#include "memory/index_fixture.hpp"
#include "vector_cache.hpp"

namespace {

using namespace troupe::memory;
using troupe::test::seeded;

constexpr std::size_t dims = 8;
const auto row_bytes = vector_graph::row_size_bytes(dims);

struct fixture {
  troupe::test::bare_database data;
  seeded random;
  std::set<std::uint32_t> places;

  coded_vector any() {
    coded_vector made{0.01F, {}};
    for (std::size_t n = 0; n < dims; ++n) made.codes.push_back(static_cast<std::int8_t>(random.below(255)));
    return made;
  }
  void put(std::uint32_t place) {
    data.writes().put(family::vectors, keys::at({1, place}), to_bytes(any()));
    places.insert(place);
  }
  void erase(std::uint32_t place) {
    data.writes().erase(family::vectors, keys::at({1, place}));
    places.erase(place);
  }
  void commit(vector_graphs& graphs) {
    data.commit([&](const write_set& written) { graphs.follow(written); });
  }
  // All that a graph has.
  std::set<std::uint32_t> all_of(const vector_graph& graph) {
    const auto found = graph.nearest(any(), graph.rows());
    return {found.begin(), found.end()};
  }
  std::shared_ptr<const vector_graph> settled(vector_graphs& graphs) {
    graphs.of(1, places.size());
    graphs.settle();
    return graphs.of(1, places.size());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(vector_graphs_test, fixture)

BOOST_AUTO_TEST_CASE(one_is_made_when_it_is_asked_for_and_follows_what_is_written) {
  vector_graphs graphs{*data.database, dims, 1 << 30, {}};
  for (std::uint32_t n = 0; n < 1500; ++n) put(2 * n);
  commit(graphs);
  BOOST_TEST(graphs.size_bytes() == 0u);
  BOOST_TEST(graphs.ready() == 0u);
  const auto graph = settled(graphs);
  BOOST_REQUIRE(graph);
  BOOST_TEST(graphs.ready() == 1u);
  BOOST_TEST(graph->rows() == 1500u);
  BOOST_TEST(graphs.size_bytes() >= 1500 * row_bytes);

  for (std::uint32_t n = 0; n < 500; ++n) put(5 * n);
  for (std::uint32_t n = 0; n < 100; ++n) erase(40 * n);
  commit(graphs);
  graphs.settle();
  BOOST_TEST((graphs.of(1, 0) == graph));
  BOOST_TEST(graph->rows() - graph->erased() == places.size());
  const auto found = all_of(*graph);
  BOOST_TEST(std::includes(places.begin(), places.end(), found.begin(), found.end()));
  BOOST_TEST(found.size() * 100 >= places.size() * 95);
}

BOOST_AUTO_TEST_CASE(beyond_the_bound_there_is_none_and_one_that_grows_takes_more_room) {
  vector_graphs graphs{*data.database, dims, 6000 * row_bytes, {}};
  for (std::uint32_t n = 0; n < 100; ++n) put(n);
  commit(graphs);
  BOOST_REQUIRE(settled(graphs));
  const auto before = graphs.size_bytes();
  for (std::uint32_t n = 100; n < 3000; ++n) put(n);
  commit(graphs);
  const auto grown = settled(graphs);
  BOOST_REQUIRE(grown);
  BOOST_TEST(grown->rows() == 3000u);
  BOOST_TEST(graphs.size_bytes() > before);
  BOOST_TEST(graphs.size_bytes() <= 6000 * row_bytes);
  for (std::uint32_t n = 3000; n < 5900; ++n) put(n);  // fits, but not with a quarter more
  commit(graphs);
  BOOST_REQUIRE(settled(graphs));
  BOOST_TEST(graphs.of(1, 0)->rows() == 5900u);
  for (std::uint32_t n = 0; n < 1200; ++n) erase(n);
  for (std::uint32_t n = 6000; n < 7000; ++n) put(n);  // fits, without those erased
  commit(graphs);
  BOOST_REQUIRE(settled(graphs));
  BOOST_TEST(graphs.of(1, 0)->rows() == 5700u);
  for (std::uint32_t n = 7000; n < 8000; ++n) put(n);
  commit(graphs);
  BOOST_TEST(!settled(graphs));
  BOOST_TEST(graphs.size_bytes() == 0u);
  BOOST_TEST(graphs.ready() == 0u);

  vector_graphs fresh{*data.database, dims, 6000 * row_bytes, {}};
  BOOST_TEST(!settled(fresh));
}

BOOST_AUTO_TEST_CASE(one_of_which_much_was_erased_is_made_anew) {
  vector_graphs graphs{*data.database, dims, 1 << 30, {}};
  for (std::uint32_t n = 0; n < 1000; ++n) put(n);
  commit(graphs);
  const auto before = settled(graphs);
  for (std::uint32_t n = 0; n < 300; ++n) erase(n);
  commit(graphs);
  const auto after = settled(graphs);
  BOOST_REQUIRE(after);
  BOOST_TEST((after != before));
  BOOST_TEST(after->rows() == 700u);
  BOOST_TEST(after->erased() == 0u);
}

BOOST_AUTO_TEST_CASE(questions_and_writes_go_on_while_it_is_made) {
  vector_graphs graphs{*data.database, dims, 1 << 30, {}};
  for (std::uint32_t n = 0; n < 800; ++n) put(n);
  commit(graphs);
  graphs.of(1, places.size());
  std::atomic<bool> done{false};
  std::thread asker{[&] {
    const coded_vector question{0.01F, std::vector<std::int8_t>(dims, 5)};
    while (!done)
      if (const auto graph = graphs.of(1, 0)) (void)graph->values(graph->nearest(question, 20));
  }};
  for (int round = 0; round < 40; ++round) {
    for (int n = 0; n < 20; ++n) {
      const auto place = static_cast<std::uint32_t>(random.below(1000));
      if (places.contains(place) && random.below(3) == 0)
        erase(place);
      else
        put(place);
    }
    commit(graphs);
  }
  const auto graph = settled(graphs);
  done = true;
  asker.join();
  BOOST_REQUIRE(graph);
  BOOST_TEST(graph->rows() - graph->erased() == places.size());
  const auto found = all_of(*graph);
  BOOST_TEST(std::includes(places.begin(), places.end(), found.begin(), found.end()));
}

BOOST_AUTO_TEST_CASE(one_in_the_making_does_not_keep_the_store_from_being_closed) {
  for (std::uint32_t n = 0; n < 20'000; ++n) put(n);
  data.commit();
  vector_graphs graphs{*data.database, dims, 1 << 30, {}};
  BOOST_TEST(!graphs.of(1, places.size()));
}

BOOST_AUTO_TEST_SUITE_END()
