#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <iterator>
#include <limits>
#include <set>
#include <troupe/memory/tokens.hpp>
#include <troupe/memory/window.hpp>

#include "core/seeded.hpp"

namespace {

using troupe::errc;
using troupe::memory::count_tokens;
using troupe::memory::fill_window;
using troupe::memory::part;
using troupe::memory::part_kind;
using troupe::memory::window;
using troupe::memory::window_options;
using parts = std::vector<part>;
using strings = std::vector<std::string>;

part said(std::string text, std::uint64_t call = 0) { return {.text = std::move(text), .call = call}; }
part found(std::string text, double score) { return {.text = std::move(text), .score = score}; }

strings texts_of(const parts& all) {
  strings texts;
  for (const auto& each : all) texts.push_back(each.text);
  return texts;
}

// Each with its number as its first word, so that one knows it again.
parts random_parts(troupe::test::seeded& random, std::size_t count_max, bool calls) {
  parts all(random.below(count_max + 1));
  for (std::size_t n = 0; n < all.size(); ++n) {
    all[n].text =
        std::to_string(n) + (random.below(5) == 0 ? random.bytes(60) : " said" + std::string(random.below(60), 'a'));
    all[n].score = static_cast<double>(random.below(5));
    if (calls && random.below(2) == 0) all[n].call = 1 + n / 4 + random.below(2);
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_test)

BOOST_AUTO_TEST_CASE(all_that_fits_is_given_in_the_order_of_kinds) {
  const auto filled = fill_window({said("pin")}, {said("old"), said("new")}, {found("b", 1), found("a", 2)},
                                  {said("one"), said("two")}, {.tokens_max = 100})
                          .value();
  BOOST_TEST(filled.text() == "pin\nold\nnew\nb\na\none\ntwo");
  BOOST_TEST(filled.tokens == 13u);
  BOOST_TEST(filled.left_out.empty());
  std::vector<part_kind> kinds;
  for (const auto& each : filled.parts) kinds.push_back(each.kind);
  using enum part_kind;
  BOOST_TEST((kinds == std::vector{pinned, summary, summary, retrieved, retrieved, recent, recent}));
}

BOOST_AUTO_TEST_CASE(nothing_fills_nothing) {
  const auto filled = fill_window({}, {}, {}, {}, {.tokens_max = 0}).value();
  BOOST_TEST(filled.text() == "");
  BOOST_TEST(filled.tokens == 0u);
}

BOOST_AUTO_TEST_CASE(the_newest_recent_parts_are_kept_without_a_gap) {
  const auto filled =
      fill_window({}, {}, {}, {said("a"), said("longer words here"), said("b"), said("c")}, {.tokens_max = 5}).value();
  BOOST_TEST(texts_of(filled.parts) == (strings{"b", "c"}));
  BOOST_TEST(texts_of(filled.left_out) == (strings{"a", "longer words here"}));
}

BOOST_AUTO_TEST_CASE(a_call_and_its_results_stay_together) {
  const parts recent = {said("call", 7), said("x"), said("result", 7), said("y")};
  const auto narrow = fill_window({}, {}, {}, recent, {.tokens_max = 5}).value();
  BOOST_TEST(texts_of(narrow.parts) == strings{"y"});
  BOOST_TEST(texts_of(narrow.left_out) == (strings{"call", "x", "result"}));
  const auto wide = fill_window({}, {}, {}, recent, {.tokens_max = 6}).value();
  BOOST_TEST(texts_of(wide.parts) == (strings{"call", "result", "y"}));
}

BOOST_AUTO_TEST_CASE(a_newest_part_that_is_too_large_is_cut_unless_it_is_of_a_call) {
  const auto cut = fill_window({}, {}, {}, {said("a"), said("one two six ten")}, {.tokens_max = 3}).value();
  BOOST_TEST(cut.text() == "one two six");
  BOOST_TEST(cut.tokens == 3u);
  BOOST_TEST(texts_of(cut.left_out) == strings{"a"});
  const auto left = fill_window({}, {}, {}, {said("one two six ten", 1)}, {.tokens_max = 3}).value();
  BOOST_TEST(left.parts.empty());
  BOOST_TEST(left.left_out.size() == 1u);
}

BOOST_AUTO_TEST_CASE(shares_bound_summaries_and_retrieved_and_what_is_not_needed_goes_on) {
  parts recent;
  for (int n = 0; n < 50; ++n) recent.push_back(said("word"));
  const parts summaries = {said("s1"), said("s2"), said("s3")};
  const parts retrieved = {found("r", 1), found("q", 3), found("p", 2)};
  // 20 to spend with each line break: 6 for summaries, 4 for the retrieved, 10 for the recent.
  const auto full =
      fill_window({}, summaries, retrieved, recent, {.tokens_max = 19, .summary_share = 0.3, .retrieved_share = 0.2})
          .value();
  BOOST_TEST(texts_of(full.parts) == (strings{"s2", "s3", "q", "p", "word", "word", "word", "word", "word"}));
  BOOST_TEST(full.tokens == 19u);
  // Few recent parts leave room for the other retrieved one.
  const auto few =
      fill_window({}, {}, retrieved, {said("word")}, {.tokens_max = 19, .summary_share = 0.3, .retrieved_share = 0.2})
          .value();
  BOOST_TEST(texts_of(few.parts) == (strings{"r", "q", "p", "word"}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  const auto full = fill_window({said("three words here")}, {}, {}, {}, {.tokens_max = 2});
  BOOST_REQUIRE(!full);
  BOOST_TEST(full.error() == (troupe::error{errc::out_of_range, "the pinned parts have 5 tokens, the window 2"}));
  for (const double share : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    BOOST_TEST(fill_window({}, {}, {}, {}, {.summary_share = share}).error().is(errc::invalid_argument));
    BOOST_TEST(fill_window({}, {}, {}, {}, {.retrieved_share = share}).error().is(errc::invalid_argument));
  }
}

BOOST_AUTO_TEST_CASE(scores_that_are_no_numbers_come_last) {
  const auto none = std::numeric_limits<double>::quiet_NaN();
  const auto filled = fill_window({}, {}, {found("a", none), found("b", -5), found("c", none)}, {},
                                  {.tokens_max = 3, .retrieved_share = 1})
                          .value();
  BOOST_TEST(texts_of(filled.parts) == (strings{"b", "c"}));
}

BOOST_AUTO_TEST_CASE(the_largest_budget_is_one) {
  const auto filled =
      fill_window({}, {}, {}, {said("a")}, {.tokens_max = std::numeric_limits<std::size_t>::max()}).value();
  BOOST_TEST(filled.text() == "a");
}

BOOST_AUTO_TEST_CASE(any_history_fits_its_budget_and_calls_are_never_parted) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 1500; ++round) {
      const auto recent = random_parts(random, 14, true);
      const window_options options{.tokens_max = random.below(150),
                                   .summary_share = static_cast<double>(random.below(11)) / 10,
                                   .retrieved_share = static_cast<double>(random.below(11)) / 10};
      const auto result = fill_window(random_parts(random, 1, false), random_parts(random, 4, false),
                                      random_parts(random, 6, false), recent, options);
      if (!result) {
        BOOST_TEST_REQUIRE(result.error().is(errc::out_of_range));
        continue;
      }
      BOOST_TEST_REQUIRE(count_tokens(result->text()) == result->tokens);
      BOOST_TEST_REQUIRE(result->tokens <= options.tokens_max);

      parts kept;
      std::ranges::copy_if(result->parts, std::back_inserter(kept),
                           [](const part& each) { return each.kind == part_kind::recent; });
      BOOST_TEST_REQUIRE(kept.size() + result->left_out.size() == recent.size());
      // Both lists are in the order of the history, and no call is in both.
      for (const parts* list : {&std::as_const(kept), &std::as_const(result->left_out)}) {
        auto at = recent.begin();
        for (const auto& each : *list) {
          at = std::find_if(at, recent.end(), [&](const part& other) { return other.text.starts_with(each.text); });
          BOOST_TEST_REQUIRE((at != recent.end()));
          ++at;
        }
      }
      std::set<std::uint64_t> calls_kept;
      for (const auto& each : kept) calls_kept.insert(each.call);
      for (const auto& each : result->left_out) {
        BOOST_TEST_REQUIRE((each.call == 0 || !calls_kept.contains(each.call)));
      }
      // A part of no call is kept only if all newer ones of no call are.
      const auto alone = std::ranges::count_if(kept, [](const part& each) { return each.call == 0; });
      strings newest;
      for (auto each = recent.rbegin(); each != recent.rend() && std::ssize(newest) < alone; ++each) {
        if (each->call == 0) newest.push_back(each->text);
      }
      std::ranges::reverse(newest);
      std::size_t n = 0;
      for (const auto& each : kept) {
        if (each.call == 0) BOOST_TEST_REQUIRE(newest[n++].starts_with(each.text));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
