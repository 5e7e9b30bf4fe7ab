#include "lexical_search.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>

#include "core/seeded.hpp"
#include "memory/index_fixture.hpp"
#include "postings.hpp"

namespace {

using namespace troupe::memory;
using troupe::test::seeded;
using troupe::test::text_of;

// Spaces and their records, and the scores as the definition has them, computed from the texts.
struct model {
  std::map<std::uint32_t, std::map<std::uint32_t, analyzed>> spaces;
  std::map<std::uint32_t, std::uint32_t> ends;  // the next place of each space

  static double count_of(const analyzed& text, const std::string& term) {
    for (const auto& each : text.terms)
      if (each.term == term) return each.count;
    return 0;
  }
  static double weight(double count, double length, double mean) {
    return count * 2.2 / (count + 1.2 * (1 - 0.75 + 0.75 * length / mean));
  }
  static double rarity(double have, double of) { return std::log(1 + (of - have + 0.5) / (have + 0.5)); }

  std::vector<known_space> rows() const {
    std::vector<known_space> made;
    for (const auto& [number, records] : spaces) {
      auto& next = made.emplace_back();
      next.name = troupe::path{"/s" + std::to_string(number)};
      next.row.number = number;
      next.row.next_place = ends.at(number);
      next.row.records = records.size();
      for (const auto& each : records) next.row.words += each.second.length;
    }
    return made;
  }

  std::map<address, std::pair<double, double>> scores(const analyzed& question) const {
    double records = 0, words = 0;
    for (const auto& [number, all] : spaces)
      for (const auto& [place, text] : all) ++records, words += text.length;
    const auto mean = std::max(1.0, words / std::max(1.0, records));
    std::map<address, std::pair<double, double>> found;
    for (const auto& [term, ignored] : question.terms) {
      double have = 0;
      for (const auto& [number, all] : spaces)
        for (const auto& [place, text] : all) have += count_of(text, term) > 0 ? 1 : 0;
      for (const auto& [number, all] : spaces) {
        for (const auto& [place, text] : all) {
          double count = 0, length = 0;
          for (std::int64_t near = std::int64_t{place} - 2; near <= std::int64_t{place} + 2; ++near) {
            const auto at = near < 0 ? all.end() : all.find(static_cast<std::uint32_t>(near));
            if (at == all.end()) continue;
            count += count_of(at->second, term), length += at->second.length;
          }
          if (count == 0) continue;
          auto& score = found[{number, place}];
          score.first += rarity(have, records) * weight(count_of(text, term), text.length, mean);
          score.second += rarity(have, records) * weight(count, length, 5 * mean);
        }
      }
    }
    return found;
  }

  std::vector<double> space_scores(const analyzed& question) const {
    std::vector<double> found;
    double texts = 0, words = 0;
    for (const auto& each : rows()) texts += each.row.records > 0 ? 1 : 0, words += static_cast<double>(each.row.words);
    const auto mean = std::max(1.0, words / std::max(1.0, texts));
    for (const auto& [number, all] : spaces) {
      double score = 0, length = 0;
      for (const auto& [place, text] : all) length += text.length;
      for (const auto& [term, ignored] : question.terms) {
        double have = 0, count = 0;
        for (const auto& [other, those] : spaces) {
          double times = 0;
          for (const auto& [place, text] : those) times += count_of(text, term);
          if (times > 0) ++have;
          if (other == number) count = times;
        }
        if (count > 0) score += rarity(have, texts) * weight(count, length, mean);
      }
      found.push_back(score);
    }
    return found;
  }
};

// Terms of which the first are frequent.
analyzed random_text(seeded& random, std::size_t terms_max) {
  std::map<std::string, std::uint32_t> counts;
  for (auto n = random.below(terms_max + 1); n > 0; --n)
    ++counts["t" + std::to_string(random.below(1 + random.below(60)))];
  return text_of(counts);
}

struct fixture {
  troupe::test::bare_database data;
  model all;

  void add(std::uint32_t space, const analyzed& text) {
    const auto place = all.ends[space]++;
    all.spaces[space][place] = text;
    add_postings(data.writes(), {space, place}, text);
    data.writes().accept();
  }
  void erase(std::uint32_t space, std::uint32_t place) {
    remove_postings(data.writes(), {space, place}, all.spaces[space][place]);
    data.writes().accept();
    all.spaces[space].erase(place);
  }
  lexical_scores search(const analyzed& question) {
    const auto rows = all.rows();
    return lexical_search(reader{*data.database}, rows, question, {});
  }
  void compare(const analyzed& question) {
    const auto found = search(question);
    const auto expected = all.scores(question);
    BOOST_TEST_REQUIRE(found.records.size() == expected.size());
    auto next = expected.begin();
    for (const auto& each : found.records) {
      BOOST_REQUIRE((each.where == next->first));
      BOOST_REQUIRE_SMALL(each.words - next->second.first, 1e-9);
      BOOST_REQUIRE_SMALL(each.window - next->second.second, 1e-9);
      ++next;
    }
    const auto spaces = all.space_scores(question);
    BOOST_TEST_REQUIRE(found.spaces.size() == spaces.size());
    for (std::size_t n = 0; n < spaces.size(); ++n) BOOST_REQUIRE_SMALL(found.spaces[n] - spaces[n], 1e-9);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lexical_search_test, fixture)

BOOST_AUTO_TEST_CASE(nothing_is_found_where_nothing_is) {
  compare(text_of({{"t1", 1}}));
  add(1, {});
  add(1, text_of({{"t2", 1}}));
  data.commit();
  compare(text_of({{"t1", 1}}));
  compare({});
}

BOOST_AUTO_TEST_CASE(windows_end_where_spaces_end_and_pass_over_erased_places) {
  const auto hit = text_of({{"x", 1}, {"y", 2}});
  const auto other = text_of({{"y", 1}, {"z", 4}});
  for (int n = 0; n < 12; ++n) add(1, n == 0 || n == 5 || n == 11 ? hit : other);
  add(2, hit);
  add(3, other);
  add(3, hit);
  data.commit();
  compare(text_of({{"x", 1}}));
  for (const auto place : {4u, 6u, 0u, 11u}) {
    erase(1, place);
    data.commit();
    compare(text_of({{"x", 1}}));
    compare(text_of({{"x", 1}, {"z", 1}}));
  }
}

BOOST_AUTO_TEST_CASE(scores_are_those_of_the_definition) {
  seeded random;
  for (int round = 0; round < 6; ++round) {
    const auto space = static_cast<std::uint32_t>(10 + 7 * round % 30);
    for (auto n = 1 + random.below(500); n > 0; --n) add(space, random_text(random, 12));
    data.commit();
    for (auto n = random.below(60); n > 0; --n) {
      const auto place = static_cast<std::uint32_t>(random.below(all.ends[space]));
      if (all.spaces[space].contains(place)) erase(space, place);
    }
    data.commit();
    for (int n = 0; n < 3; ++n) compare(random_text(random, 8));
  }
}

BOOST_AUTO_TEST_CASE(a_long_space_is_read_as_a_short_one_is) {
  seeded random;
  for (int n = 0; n < 2200; ++n) add(1, random_text(random, 4));
  for (int n = 0; n < 100; ++n) add(2, random_text(random, 4));
  data.commit();
  for (const auto place : {255u, 256u, 511u, 1024u, 2199u}) erase(1, place);
  data.commit();
  compare(random_text(random, 6));
}

// The rows say that there are so many records, which makes the scope a large one.
BOOST_AUTO_TEST_CASE(a_large_scope_finds_the_best_by_its_rarer_terms) {
  seeded random;
  const auto common = text_of({{"common", 1}});
  for (int n = 0; n < 7000; ++n) {
    auto text = common;
    if (n % 700 == 3) text = text_of({{"common", 1}, {"rare", 1 + static_cast<std::uint32_t>(n % 3)}});
    add(1, text);
  }
  data.commit();
  const auto rows = all.rows();
  const search_bounds large{.exact_records_max = 6999};
  const reader now{*data.database};
  const auto found = lexical_search(now, rows, text_of({{"common", 1}, {"rare", 1}}), large);
  std::set<std::uint32_t> with_rare;
  for (const auto& each : found.records) {
    BOOST_TEST(each.window > 0);
    if (each.where.place % 700 != 3) continue;
    with_rare.insert(each.where.place);
    BOOST_TEST(each.words > 1);
  }
  BOOST_TEST(with_rare.size() == 10u);
  BOOST_TEST(found.records.size() <= 2 * large.candidates);
  // Nothing but a common term: it brings some.
  BOOST_TEST(lexical_search(now, rows, text_of({{"common", 1}}), large).records.size() >= 2u);
  // What others bring is scored too, if it has a term.
  const std::vector<address> others{{1, 4444}};
  const auto more = lexical_search(now, rows, text_of({{"rare", 1}, {"common", 1}}), large, others);
  BOOST_TEST(std::any_of(more.records.begin(), more.records.end(),
                         [&](const auto& each) { return each.where == others.front() && each.words > 0; }));
}

BOOST_AUTO_TEST_CASE(a_large_scope_with_few_candidates_is_scored_as_a_small_one) {
  // Windows lie across the stretches in which candidates are chosen, and the spaces end within one.
  const std::set<std::uint32_t> in_one{0, 4093, 4095, 4096, 4097, 8190, 8191, 8194, 8999}, in_other{1, 2, 4094, 4098};
  for (std::uint32_t place = 0; place < 9000; ++place)
    add(1, text_of({{"other", 1 + place % 3}, {in_one.contains(place) ? "rare" : "rest", 1}}));
  for (std::uint32_t place = 0; place < 4099; ++place)
    add(2, text_of({{"other", 2}, {in_other.contains(place) ? "rare" : "rest", 1 + place % 2}}));
  data.commit();
  const auto rows = all.rows();
  const reader now{*data.database};
  const auto question = text_of({{"rare", 1}});
  const auto small = lexical_search(now, rows, question, {}).records;
  const auto large = lexical_search(now, rows, question, {.exact_records_max = 100}).records;
  BOOST_TEST_REQUIRE(small.size() > in_one.size() + in_other.size());
  BOOST_TEST_REQUIRE(large.size() == small.size());
  for (std::size_t n = 0; n < small.size(); ++n) {
    BOOST_TEST_REQUIRE((large[n].where == small[n].where));
    BOOST_TEST(large[n].words == small[n].words);
    BOOST_TEST(large[n].window == small[n].window);
  }
}

BOOST_AUTO_TEST_SUITE_END()
