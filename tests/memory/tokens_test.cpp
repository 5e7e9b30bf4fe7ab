#include <boost/test/unit_test.hpp>
#include <troupe/memory/tokens.hpp>

#include "core/seeded.hpp"
#include "utf8_cut.hpp"

namespace {

using troupe::memory::count_tokens;
using troupe::memory::first_tokens;
using troupe::memory::utf8_cut;

std::string mixed(troupe::test::seeded& random, std::size_t pieces_max) {
  static const std::vector<std::string> pieces = {"a",   "word", "ä",  "Ω",  "中", "😀",    "12",
                                                  "345", " ",    "  ", "\n", ".",  "\xff", "\xe4\xb8"};
  std::string text;
  for (auto left = random.below(pieces_max + 1); left > 0; --left) text += pieces[random.below(pieces.size())];
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tokens_test)

BOOST_AUTO_TEST_CASE(tokens_are_counted_by_what_a_character_is) {
  BOOST_TEST(count_tokens("") == 0u);
  BOOST_TEST(count_tokens("word") == 1u);
  BOOST_TEST(count_tokens("words") == 2u);
  BOOST_TEST(count_tokens("Öl läuft") == 3u);
  BOOST_TEST(count_tokens("1234") == 2u);
  BOOST_TEST(count_tokens("a1a1") == 4u);
  BOOST_TEST(count_tokens("to be, or") == 4u);
  BOOST_TEST(count_tokens("\n\n") == 2u);
  BOOST_TEST(count_tokens("中文😀") == 6u);
  BOOST_TEST(count_tokens("\xff\xe4\xb8") == 6u);
  BOOST_TEST(count_tokens(" ") == 0u);
  BOOST_TEST(count_tokens(std::string(17, ' ')) == 1u);
  BOOST_TEST(count_tokens(std::string(18, ' ')) == 2u);
}

BOOST_AUTO_TEST_CASE(a_beginning_ends_with_a_word) {
  BOOST_TEST(first_tokens("one two six", 2) == "one two");
  BOOST_TEST(first_tokens("one two six", 3) == "one two six");
  BOOST_TEST(first_tokens("see internationalisation", 3) == "see");
  BOOST_TEST(first_tokens("internationalisation", 2) == "internat");
  BOOST_TEST(first_tokens("see, here", 2) == "see,");
  BOOST_TEST(first_tokens("中文", 3) == "中");
  BOOST_TEST(first_tokens("中文", 1) == "");
  BOOST_TEST(first_tokens("word", 0) == "");
  BOOST_TEST(first_tokens("", 9) == "");
}

BOOST_AUTO_TEST_CASE(a_beginning_is_within_its_bound_and_no_character_is_parted) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 2000; ++round) {
      const auto text = mixed(random, 30);
      const auto most = random.below(30);
      const auto first = first_tokens(text, most);
      BOOST_TEST_REQUIRE(text.starts_with(first));
      BOOST_TEST_REQUIRE(count_tokens(first) <= most);
      BOOST_TEST_REQUIRE((count_tokens(text) > most || first == text));
    }
  }
}

BOOST_AUTO_TEST_CASE(texts_with_a_line_between_them_cost_their_sum_and_one) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 1000; ++round) {
      const auto a = mixed(random, 10);
      const auto b = mixed(random, 10);
      BOOST_TEST_REQUIRE(count_tokens(a + "\n" + b) == count_tokens(a) + 1 + count_tokens(b));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cut_by_bytes_parts_no_character) {
  BOOST_TEST(utf8_cut("aä", 2) == "a");
  BOOST_TEST(utf8_cut("aä", 3) == "aä");
  BOOST_TEST(utf8_cut("😀", 3) == "");
  BOOST_TEST(utf8_cut("中文", 5) == "中");
  BOOST_TEST(utf8_cut("ab", 0) == "");
  BOOST_TEST(utf8_cut("\x80\x80\x80\x80\x80\x80", 5).size() == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
