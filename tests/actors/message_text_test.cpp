#include "message_text.hpp"

#include <map>
#include <optional>
#include <vector>

#include "scripted.hpp"

// What a message holds, for people.

using namespace troupe;
using actors::text_of;

namespace {

struct inner {
  std::int64_t number = 0;
  TROUPE_MESSAGE(inner, number)
};
struct all_kinds {
  bool yes = true;
  std::uint64_t large = 0;
  double real = 0.5;
  std::string text;
  std::vector<inner> list;
  std::map<std::string, std::int64_t> table;
  std::optional<std::string> none;
  TROUPE_MESSAGE(all_kinds, yes, large, real, text, list, table, none)
};
struct local {
  int* where = nullptr;
  TROUPE_LOCAL_MESSAGE(local)
};
struct holder {
  message what;
  TROUPE_MESSAGE(holder, what)
};

std::string shown(std::string text, std::size_t max = 4'096) {
  return text_of(message::of(support::answer{std::move(text)}), max);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(message_text_test)

BOOST_AUTO_TEST_CASE(fields_have_their_names_and_values) {
  const all_kinds some{
      .large = ~std::uint64_t{0}, .text = "bees", .list = {{1}, {-2}}, .table = {{"a", 1}}, .none = {}};
  BOOST_TEST(text_of(message::of(some), 4'096) ==
             "{yes: true, large: 18446744073709551615, real: 0.5, text: \"bees\", list: [{number: 1}, {number: -2}], "
             "table: {a: 1}, none: nothing}");
  BOOST_TEST(text_of(message::of(support::go{}), 4'096) == "{}");
  BOOST_TEST(text_of(message{}, 4'096) == "");
}

BOOST_AUTO_TEST_CASE(one_that_came_as_bytes_shows_the_same) {
  const auto bytes = message::of(inner{7}).encode().value();
  BOOST_TEST(text_of(message::encoded("inner", bytes), 4'096) == "{number: 7}");
  BOOST_TEST(text_of(message::encoded("inner", "\xc1"), 4'096) == "inner (its bytes cannot be read)");
}

BOOST_AUTO_TEST_CASE(what_is_local_shows_its_type_and_why_there_is_no_more) {
  BOOST_TEST(text_of(message::of(local{}), 4'096) == "local (local to its process: its fields cannot be shown)");
  BOOST_TEST(text_of(message::of(holder{message::of(local{})}), 4'096) ==
             "holder (local to its process: its fields cannot be shown)");
}

BOOST_AUTO_TEST_CASE(it_is_valid_utf8_without_control_characters_whatever_the_text_is) {
  BOOST_TEST(shown("a\"b\\c\nd\x1b[31m\x7f") == "{text: \"a\\\"b\\\\c\\nd\\x1b[31m\\x7f\"}");
  BOOST_TEST(shown("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d") == "{text: \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d\"}");
  BOOST_TEST(shown("\xff \xc0\x80 \xed\xa0\x80 \xe2\x82") == "{text: \"\\xff \\xc0\\x80 \\xed\\xa0\\x80 \\xe2\\x82\"}");
  BOOST_TEST(shown("\xc2\x9b") == "{text: \"\\xc2\\x9b\"}");  // what a terminal takes for ESC [
}

BOOST_AUTO_TEST_CASE(it_is_cut_at_its_bound_between_two_characters) {
  for (std::size_t max = 8; max < 40; ++max) {
    std::string text;
    for (int i = 0; i < 10; ++i) text += "\xf0\x9f\x90\x9d";
    const auto cut = shown(text, max);
    BOOST_TEST(cut.size() <= max);
    BOOST_TEST(cut.size() + 4 > max);
    BOOST_REQUIRE(cut.ends_with("\xe2\x80\xa6"));
    const auto kept = cut.substr(0, cut.size() - 3);
    const auto bees = kept.find('\xf0');
    if (bees != std::string::npos) BOOST_TEST((kept.size() - bees) % 4 == 0U);
  }
  BOOST_TEST(shown("", 10) == "{text: \"\"}");  // exactly as long as it may be
}

BOOST_AUTO_TEST_CASE(what_is_long_takes_no_longer_than_what_is_shown_of_it) {
  const auto long_one = shown(std::string(std::size_t{3} << 20, 'x'));
  BOOST_TEST(long_one.size() == 4'096U);
  BOOST_TEST(shown(std::string(std::size_t{5} << 20, 'x')).find("too long to show)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
