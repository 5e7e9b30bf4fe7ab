#include "troupe/core/id.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>
#include <unordered_set>

#include "core/seeded.hpp"

using namespace std::chrono_literals;
using troupe::errc;
using troupe::id;
using troupe::id_generator;
using troupe::virtual_clock;

BOOST_AUTO_TEST_SUITE(id_test)

BOOST_AUTO_TEST_CASE(the_layout_is_that_of_rfc_9562) {
  const virtual_clock time;
  id_generator ids{time, 1};
  const auto text = ids.next().to_string();
  // 2024-01-01T00:00:00Z is 1704067200000 ms = 0x018CC251F400; version 7, counter 0, variant binary 10.
  BOOST_TEST(text.substr(0, 20) == "018cc251-f400-7000-8");
  BOOST_TEST(ids.next().to_string().substr(0, 20) == "018cc251-f400-7000-8");
  BOOST_TEST(text.size() == 36u);
}

BOOST_AUTO_TEST_CASE(ids_of_one_millisecond_ascend) {
  const virtual_clock time;
  id_generator ids{time, 7};
  auto last = ids.next();
  for (int i = 0; i < 200'000; ++i) {  // beyond the counter's 65,536: the time in the ids runs ahead
    const auto next = ids.next();
    BOOST_REQUIRE(last < next);
    last = next;
  }
  BOOST_TEST((last.time() - time.wall() == 3ms));
}

BOOST_AUTO_TEST_CASE(ids_ascend_though_the_wall_clock_is_set_back) {
  virtual_clock time;
  id_generator ids{time, 7};
  const auto before = ids.next();
  time.step_wall(-1h);
  const auto after = ids.next();
  BOOST_TEST(before < after);
  time.step_wall(2h);
  BOOST_TEST((ids.next().time() == std::chrono::floor<std::chrono::milliseconds>(time.wall())));
}

BOOST_AUTO_TEST_CASE(a_clock_before_1970_counts_as_1970) {
  virtual_clock time;
  time.step_wall(-100 * 365 * 24h);
  id_generator ids{time, 7};
  BOOST_TEST((ids.next().time().time_since_epoch() == 0ms));
}

BOOST_AUTO_TEST_CASE(equal_seeds_give_equal_ids_and_others_do_not) {
  const virtual_clock time;
  id_generator a{time, 5};
  id_generator b{time, 5};
  id_generator c{time, 6};
  for (int i = 0; i < 1'000; ++i) {
    const auto made = a.next();
    BOOST_REQUIRE(made == b.next());
    BOOST_REQUIRE(made != c.next());
  }
  BOOST_TEST(id_generator::random_seed() != id_generator::random_seed());
}

BOOST_AUTO_TEST_CASE(text_and_bytes_come_back) {
  troupe::test::seeded random;
  virtual_clock time;
  id_generator ids{time, random.word()};
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int i = 0; i < 1'000; ++i) {
      time.advance(std::chrono::microseconds{random.below(5'000)});
      const auto made = ids.next();
      BOOST_REQUIRE(id::parse(made.to_string()).value() == made);
      BOOST_REQUIRE(id::from_bytes(made.bytes()).value() == made);
      BOOST_REQUIRE((made.time() == std::chrono::floor<std::chrono::milliseconds>(time.wall())));
    }
  }
  BOOST_TEST(id::parse("00000000-0000-0000-0000-000000000000").value().is_nil());
  BOOST_TEST(id::parse("018CC251-F400-7000-8000-00000000000A").value().to_string() ==
             "018cc251-f400-7000-8000-00000000000a");
}

BOOST_AUTO_TEST_CASE(names_of_parts_are_the_same_each_time_and_differ) {
  virtual_clock time;
  id_generator ids{time, 1};
  const auto one = ids.next(), other = ids.next();
  BOOST_TEST(one.derived(1) == one.derived(1));
  BOOST_TEST((one.derived(1).time() == one.time()));
  std::set<id> all{one, other};
  for (std::uint64_t n = 0; n < 1000; ++n) {
    all.insert(one.derived(n));
    all.insert(other.derived(n << 32));
  }
  BOOST_TEST(all.size() == 2002u);
  for (const auto& each : all) BOOST_TEST((id::from_bytes(each.bytes()) == each));
  BOOST_TEST(one.derived(1).to_string().substr(24) != one.derived(2).to_string().substr(24));
}

BOOST_AUTO_TEST_CASE(order_of_text_is_order_of_ids) {
  virtual_clock time;
  id_generator ids{time, 3};
  const auto a = ids.next();
  time.advance(5ms);
  const auto b = ids.next();
  BOOST_TEST(a < b);
  BOOST_TEST(a.to_string() < b.to_string());
  BOOST_TEST(id{} < a);
}

BOOST_AUTO_TEST_CASE(what_is_no_id_is_refused) {
  for (const std::string_view bad : {"", "018cc251-f400-7000-8000-00000000000", "018cc251-f400-7000-8000-00000000000g",
                                     "018cc251xf400-7000-8000-000000000000", "018cc251f-400-7000-8000-000000000000",
                                     "{18cc251-f400-7000-8000-00000000000}"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(id::parse(bad).error().is(errc::parse_error)); }
  }
  BOOST_TEST(id::parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8").error().is(errc::unsupported));
  BOOST_TEST(id::parse("018cc251-f400-7000-c000-000000000000").error().is(errc::unsupported));
}

BOOST_AUTO_TEST_CASE(threads_never_get_the_same_id_and_each_sees_them_ascend) {
  const virtual_clock time;  // stands still, so all of them fight for the counter
  id_generator ids{time, 11};
  constexpr int threads = 4;
  std::vector<std::vector<id>> made(threads);
  {
    std::vector<std::jthread> running;
    for (auto& mine : made) {
      running.emplace_back([&] {
        for (int i = 0; i < 20'000; ++i) mine.push_back(ids.next());
      });
    }
  }
  std::unordered_set<id> all;
  for (const auto& mine : made) {
    BOOST_TEST(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  BOOST_TEST(all.size() == threads * 20'000u);
}

BOOST_AUTO_TEST_SUITE_END()
