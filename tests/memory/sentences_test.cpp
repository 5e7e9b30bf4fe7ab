#include "sentences.hpp"

#include <boost/test/unit_test.hpp>

#include "core/seeded.hpp"

namespace {

using troupe::memory::sentence_units_max;
using troupe::memory::sentences;
using strings = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(sentences_test)

BOOST_AUTO_TEST_CASE(sentences_and_lines_are_parted) {
  BOOST_TEST(sentences("It is 37.5 degrees. Is that so?  Yes!\nA list\n\n- of things") ==
             (strings{"It is 37.5 degrees.", "Is that so?", "Yes!", "A list", "- of things"}));
  BOOST_TEST(sentences("我想喝水。你呢？") == (strings{"我想喝水。", "你呢？"}));
  BOOST_TEST(sentences("no end") == strings{"no end"});
}

BOOST_AUTO_TEST_CASE(nothing_but_space_has_no_sentence) {
  BOOST_TEST(sentences("").empty());
  BOOST_TEST(sentences(" \n\t \r\n").empty());
}

BOOST_AUTO_TEST_CASE(a_text_without_full_stops_is_cut_at_words) {
  std::string text;
  for (int n = 0; n < 1000; ++n) text += "word ";
  std::string joined;
  for (const auto& each : sentences(text)) {
    BOOST_TEST(each.size() <= sentence_units_max);
    BOOST_TEST(each.ends_with("word"));
    joined += each + " ";
  }
  BOOST_TEST(joined == text);
}

BOOST_AUTO_TEST_CASE(a_word_without_end_is_cut_at_a_character) {
  std::string text = "x";
  for (int n = 0; n < 1000; ++n) text += "😀";
  std::string joined;
  for (const auto& each : sentences(text)) {
    BOOST_TEST(each.size() <= 2 * sentence_units_max);
    joined += each;
  }
  BOOST_TEST(joined == text);
}

BOOST_AUTO_TEST_CASE(any_bytes_give_sentences_within_the_bound) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 200; ++round) {
      for (const auto& each : sentences(random.bytes(3000))) {
        BOOST_TEST_REQUIRE((!each.empty() && each.size() <= 3 * sentence_units_max));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
