#include <malloc.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/seeded.hpp"
#include "effects.hpp"
#include "support.hpp"

using namespace troupe;
using actors::effect_kind;
using actors::effect_table;
using namespace support;

// The table of what the turns of one agent wait for.

namespace {

constexpr instant never = instant::max();
instant at(std::size_t ms) { return virtual_clock::start_now + std::chrono::milliseconds{ms}; }
std::size_t index_of(std::uint64_t id) { return id & 0xffffffffU; }

// Bytes that the program has from the allocator; sanitizers say 0.
std::size_t memory_in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(effect_table_test)

BOOST_AUTO_TEST_CASE(an_effect_is_found_until_it_is_given_up) {
  effect_table table;
  const auto first = table.begin(effect_kind::ask, nullptr, never);
  const auto second = table.begin(effect_kind::sleep, nullptr, at(5));
  BOOST_TEST(first != 0u);
  BOOST_TEST(first != second);
  BOOST_REQUIRE(table.find(first));
  BOOST_TEST((table.find(first)->kind == effect_kind::ask));
  BOOST_TEST((table.find(second)->deadline == at(5)));
  table.release(first);
  table.release(first);
  BOOST_TEST(!table.find(first));
  BOOST_TEST(table.find(second));
  BOOST_TEST(!table.find(0));
}

BOOST_AUTO_TEST_CASE(an_id_that_was_given_up_finds_nothing_in_the_place_that_another_took) {
  effect_table table;
  std::set<std::uint64_t> given_out;
  for (int i = 0; i < 1'000; ++i) {
    const auto id = table.begin(effect_kind::ask, nullptr, never);
    BOOST_TEST(given_out.insert(id).second);
    for (const auto old : given_out) BOOST_REQUIRE((table.find(old) != nullptr) == (old == id));
    table.release(id);
  }
}

BOOST_AUTO_TEST_CASE(ids_from_before_the_table_was_cleared_find_nothing) {
  effect_table table;
  std::set<std::uint64_t> before;
  for (int life = 0; life < 20; ++life) {
    std::set<std::uint64_t> now;
    for (int i = 0; i <= life; ++i) now.insert(table.begin(effect_kind::ask, nullptr, at(1)));
    for (int i = 0; i < life % 3; ++i) {  // some places are used more often than others
      table.release(*now.begin());
      before.insert(*now.begin());
      now.erase(now.begin());
      now.insert(table.begin(effect_kind::ask, nullptr, at(1)));
    }
    for (const auto id : before) BOOST_TEST(!table.find(id));
    for (const auto id : now) BOOST_TEST(table.find(id));
    table.clear();
    BOOST_TEST((table.next_deadline() == never));
    BOOST_TEST(table.due(at(10)).empty());
    before.merge(now);
  }
}

BOOST_AUTO_TEST_CASE(effects_that_come_and_go_take_no_more_place_than_those_of_one_moment) {
  effect_table table;
  const auto lasting = table.begin(effect_kind::ask, nullptr, at(1));
  const auto before = memory_in_use();
  std::size_t highest = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t ids[]{table.begin(effect_kind::ask, nullptr, at(60'000)),
                              table.begin(effect_kind::sleep, nullptr, at(70'000))};
    for (const auto id : ids) {
      highest = std::max(highest, index_of(id));
      table.release(id);
    }
  }
  const auto after = memory_in_use();
  BOOST_TEST(highest <= 2u);
  BOOST_TEST(after <= before + 50'000);
  BOOST_TEST(table.find(lasting));
  BOOST_TEST((table.next_deadline() == at(1)));
}

BOOST_AUTO_TEST_CASE(what_is_due_comes_once_and_in_the_order_of_its_time) {
  test::seeded random;
  for (int round = 0; round < 200; ++round) {
    effect_table table;
    std::map<std::uint64_t, instant> waiting;
    std::vector<std::uint64_t> all;
    std::size_t now = 0;
    for (int step = 0; step < 100; ++step) {
      switch (random.below(5)) {
        case 0:
        case 1: {
          const auto deadline = random.below(10) == 0 ? never : at(now + random.below(50));
          const auto id = table.begin(effect_kind::sleep, nullptr, deadline);
          waiting.emplace(id, deadline);
          all.push_back(id);
          break;
        }
        case 2: {  // given up, or finished
          if (all.empty()) break;
          const auto id = all[random.below(all.size())];
          waiting.erase(id);
          auto* slot = table.find(id);
          if (slot && random.below(2) == 0)
            slot->finished = true;
          else
            table.release(id);
          break;
        }
        default: {
          now += random.below(20);
          std::vector<std::pair<instant, std::uint64_t>> wanted;
          for (const auto& [id, deadline] : waiting)
            if (deadline <= at(now)) wanted.emplace_back(deadline, id);
          std::sort(wanted.begin(), wanted.end());
          const auto due = table.due(at(now));
          BOOST_REQUIRE(due.size() == wanted.size());
          for (std::size_t i = 0; i < due.size(); ++i) {
            BOOST_TEST(due[i] == wanted[i].second);
            waiting.erase(due[i]);
            if (random.below(2) == 0) table.release(due[i]);
          }
        }
      }
      const auto soonest = std::min_element(waiting.begin(), waiting.end(),
                                            [](const auto& x, const auto& y) { return x.second < y.second; });
      BOOST_REQUIRE((table.next_deadline() == (soonest == waiting.end() ? never : soonest->second)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
