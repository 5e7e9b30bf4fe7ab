#include "postings.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <troupe/memory/errc.hpp>

#include "core/seeded.hpp"
#include "memory/index_fixture.hpp"

namespace {

using namespace troupe::memory;
using troupe::failure;
using troupe::test::text_of;

std::vector<posting> decoded(std::string_view value, std::uint32_t block = 0) {
  std::vector<posting> found;
  decode_postings(value, block, found);
  return found;
}

bool is_damaged(const failure& why) { return why.error().is(troupe::memory_errc::damaged); }

using all_postings = std::map<std::pair<std::string, std::uint32_t>, std::pair<std::uint32_t, std::uint32_t>>;

all_postings stored(const database& from, std::uint32_t space) {
  all_postings found;
  each_posting(reader{from}, space, [&](std::string_view term, const posting& p) {
    found[{std::string{term}, p.place}] = {p.count, p.length};
  });
  return found;
}

std::size_t keys_in_index(const database& from) {
  std::size_t count = 0;
  reader{from}.scan(family::index, "", [&](std::string_view, std::string_view) { return ++count, true; });
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postings_test)

BOOST_AUTO_TEST_CASE(entries_come_sorted_and_the_last_of_a_place_counts) {
  using namespace std::string_view_literals;
  BOOST_TEST(decoded("").empty());
  const auto found = decoded("\x05\x01\x09\x82\x1f\x03\x80\x01\x05\x04\x0a"sv, 2);
  BOOST_TEST_REQUIRE(found.size() == 2u);
  BOOST_TEST((found[0] == posting{2 * 4096 + 5, 4, 10}));
  BOOST_TEST((found[1] == posting{2 * 4096 + 31 * 128 + 2, 3, 128}));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_entries_are_damage) {
  using namespace std::string_view_literals;
  for (const auto bytes : {"\x01"sv, "\x01\x01"sv, "\x01\x80"sv, "\x01\x00\x01"sv, "\x01\xff\xff\xff\xff\xff\x01"sv,
                           "\x01\xff\xff\xff\xff\x7f\x01"sv, "\x01\x01\x01\x02"sv, "\x80\x20\x01\x01"sv})
    BOOST_CHECK_EXCEPTION(decoded(bytes), failure, is_damaged);
  BOOST_CHECK_EXCEPTION(decoded("\x01\x01\x01"sv, 1 << 24), failure, is_damaged);
  troupe::test::seeded random;
  for (int n = 0; n < 20'000; ++n) {
    const auto bytes = random.bytes(12);
    try {
      std::uint32_t before = 0;
      for (const auto& each : decoded(bytes, 7)) {
        BOOST_REQUIRE(each.place >= 7 * 4096u && each.place < 8 * 4096u && each.place >= before && each.count > 0);
        before = each.place + 1;
      }
    } catch (const failure& why) {
      BOOST_REQUIRE(is_damaged(why));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_added_is_there_and_what_is_removed_leaves_no_key) {
  troupe::test::bare_database data;
  const auto one = text_of({{"aspirin", 2}, {"dose", 1}});
  const auto other = text_of({{"dose", 3}});
  add_postings(data.writes(), {1, 0}, one);
  add_postings(data.writes(), {1, 300}, other);
  add_postings(data.writes(), {1, 301}, {});
  add_postings(data.writes(), {2, 0}, one);
  data.commit();
  BOOST_TEST((stored(*data.database, 1) ==
              all_postings{{{"aspirin", 0}, {2, 3}}, {{"dose", 0}, {1, 3}}, {{"dose", 300}, {3, 3}}}));
  std::vector<record_length> lengths;
  each_length(reader{*data.database}, 1, [&](const record_length& each) { lengths.push_back(each); });
  BOOST_TEST((lengths == std::vector<record_length>{{0, 3}, {300, 3}, {301, 0}}));

  remove_postings(data.writes(), {1, 0}, one);
  remove_postings(data.writes(), {2, 0}, one);
  data.commit();
  BOOST_TEST((stored(*data.database, 1) == all_postings{{{"dose", 300}, {3, 3}}}));
  BOOST_TEST(stored(*data.database, 2).empty());
  remove_postings(data.writes(), {1, 301}, {});
  remove_postings(data.writes(), {1, 300}, other);
  remove_postings(data.writes(), {1, 300}, other);  // a repetition does no harm
  data.commit();
  BOOST_TEST(keys_in_index(*data.database) == 0u);
}

BOOST_AUTO_TEST_CASE(a_removal_in_the_batch_of_the_addition_leaves_nothing) {
  troupe::test::bare_database data;
  const auto text = text_of({{"gone", 1}});
  add_postings(data.writes(), {1, 7}, text);
  data.writes().accept();
  remove_postings(data.writes(), {1, 7}, text);
  data.commit();
  BOOST_TEST(keys_in_index(*data.database) == 0u);
}

BOOST_AUTO_TEST_CASE(any_order_of_additions_and_removals_gives_what_is_left) {
  troupe::test::seeded random;
  troupe::test::bare_database data;
  std::map<std::uint32_t, analyzed> left;
  for (int round = 0; round < 40; ++round) {
    for (int n = 0; n < 25; ++n) {
      const auto place = static_cast<std::uint32_t>(random.below(600));
      if (const auto found = left.find(place); found != left.end()) {
        remove_postings(data.writes(), {3, place}, found->second);
        left.erase(found);
      } else {
        std::map<std::string, std::uint32_t> counts;
        for (auto terms = random.below(6); terms > 0; --terms)
          counts[std::string(1, random.one_of("abcdefgh"))] = static_cast<std::uint32_t>(1 + random.below(300));
        left[place] = text_of(counts);
        add_postings(data.writes(), {3, place}, left[place]);
      }
      data.writes().accept();
    }
    data.commit();
    if (round % 8 == 0) data.database->raw().CompactRange({}, data.database->handle(family::index), nullptr, nullptr);
  }
  all_postings expected;
  for (const auto& [place, text] : left)
    for (const auto& [term, count] : text.terms) expected[{term, place}] = {count, text.length};
  BOOST_TEST((stored(*data.database, 3) == expected));
}

BOOST_AUTO_TEST_SUITE_END()
