#include "healthcare/text.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;

BOOST_AUTO_TEST_SUITE(text_test)

BOOST_AUTO_TEST_CASE(letters_of_any_language_are_printable) {
  for (const auto* text : {"", "Ada Berg", "Jos\u00e9", "\u65e5\u672c\u8a9e", "\U0001f600", "37.5 \u00b0C"}) {
    BOOST_TEST(printable(text) == text);
  }
}

BOOST_AUTO_TEST_CASE(what_moves_the_cursor_or_turns_the_text_is_not) {
  for (const auto* text : {"\x1b", "\n", "\t", "\x7f", "\u0085", "\u009b", "\u00ad", "\u061c", "\u200b", "\u200f",
                           "\u2028", "\u202e", "\u2066", "\u2069", "\ufeff", "\U000e0041"}) {
    BOOST_TEST(printable(std::string{"a"} + text + "b") == "a?b");
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_utf_8_is_not) {
  BOOST_TEST(printable("\xff") == "?");
  BOOST_TEST(printable("\xc3") == "?");
  BOOST_TEST(printable("\xe2\x80") == "??");
  BOOST_TEST(printable("\xc0\x9b") == "??");       // an escape in more bytes than it needs
  BOOST_TEST(printable("\xe0\x80\x9b") == "???");  // the same
  BOOST_TEST(printable("a\x80z") == "a?z");
}

BOOST_AUTO_TEST_CASE(text_is_cut_between_characters) {
  BOOST_TEST(clipped("abc", 3) == "abc");
  BOOST_TEST(clipped("abcd", 3) == "abc");
  BOOST_TEST(clipped("ab\u00e9", 3) == "ab");
}

BOOST_AUTO_TEST_CASE(numbers_have_two_decimals_at_most) {
  BOOST_TEST(number_text(120) == "120");
  BOOST_TEST(number_text(37.5) == "37.5");
  BOOST_TEST(number_text(0.256) == "0.26");
  BOOST_TEST(number_text(-0.001) == "0");
}

BOOST_AUTO_TEST_SUITE_END()
