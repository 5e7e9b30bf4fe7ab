#include "troupe/core/path.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <unordered_set>

#include "core/seeded.hpp"

namespace {

using troupe::errc;
using troupe::path;

std::vector<std::string> segments_of(const path& p) {
  std::vector<std::string> all;
  for (const auto segment : p.segments()) all.emplace_back(segment);
  return all;
}

path random_path(troupe::test::seeded& random) {
  path p;
  for (auto depth = random.below(6); depth > 0; --depth) {
    std::string segment(1 + random.below(3), 'a');
    for (auto& c : segment) c = random.one_of("ab-+~Z");
    p = p / segment;
  }
  return p;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_test)

BOOST_AUTO_TEST_CASE(the_default_path_is_the_root) {
  const path root;
  BOOST_TEST(root.str() == "/");
  BOOST_TEST(root.is_root());
  BOOST_TEST(root.depth() == 0u);
  BOOST_TEST(root.name() == "");
  BOOST_TEST(root.parent() == root);
  BOOST_TEST(segments_of(root).empty());
  BOOST_TEST(path{"/"} == root);
}

BOOST_AUTO_TEST_CASE(a_path_has_a_name_a_parent_and_segments) {
  const path vitals{"/hospital/patients/p17/vitals"};
  BOOST_TEST(vitals.name() == "vitals");
  BOOST_TEST(vitals.parent() == path{"/hospital/patients/p17"});
  BOOST_TEST(vitals.depth() == 4u);
  BOOST_TEST(segments_of(vitals) == (std::vector<std::string>{"hospital", "patients", "p17", "vitals"}));
  BOOST_TEST(path{"/hospital"}.parent().is_root());
  BOOST_TEST((path{} / "hospital" / "patients" / "p17" / "vitals") == vitals);
}

BOOST_AUTO_TEST_CASE(what_is_no_path_is_refused_with_the_reason_and_the_place) {
  const std::pair<std::string, std::string> bad[] = {
      {"", "bad path: a path starts with '/'"},
      {"hospital", "bad path: a path starts with '/'"},
      {"//", "bad path: empty segment at byte 1"},
      {"/a/", "bad path: empty segment at byte 3"},
      {"/a//b", "bad path: empty segment at byte 3"},
      {"/a/./b", "bad path: segment \".\" at byte 3: a path is absolute"},
      {"/..", "bad path: segment \"..\" at byte 1: a path is absolute"},
      {"/a b", "bad path: bad character 0x20 at byte 2"},
      {"/a/b*", "bad path: bad character '*' at byte 4"},
      {std::string{"/a\0b", 4}, "bad path: bad character 0x00 at byte 2"},
      {"/a\xFF", "bad path: bad character 0xFF at byte 2"},
  };
  for (const auto& [text, message] : bad) {
    BOOST_TEST_CONTEXT(text) {
      const auto parsed = path::parse(text);
      BOOST_REQUIRE(!parsed);
      BOOST_TEST(parsed.error().is(errc::parse_error));
      BOOST_TEST(parsed.error().message() == message);
    }
  }
  BOOST_CHECK_THROW(path{"not/absolute"}, troupe::failure);
  BOOST_CHECK_THROW(path{} / "a/b", troupe::failure);
  BOOST_CHECK_THROW(path{} / "", troupe::failure);
}

BOOST_AUTO_TEST_CASE(overlong_surrogate_and_cut_utf8_is_refused) {
  for (const std::string_view good :
       {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\xA9\xBA", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    BOOST_TEST(path{}.join(good).has_value());
  }
  for (const std::string_view bad :
       {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x9F\xA9", "\x80", "\xC3"}) {
    BOOST_TEST(!path{}.join(bad).has_value());
  }
}

BOOST_AUTO_TEST_CASE(the_limits_hold_exactly) {
  const std::string longest(path::segment_size_bytes_max, 'x');
  BOOST_TEST(path::parse("/" + longest).has_value());
  BOOST_TEST(path::parse("/" + longest + "x").error().is(errc::out_of_range));

  path deep;
  for (std::size_t i = 0; i < path::depth_max; ++i) deep = deep / "x";
  BOOST_TEST(deep.depth() == path::depth_max);
  BOOST_TEST(path::parse(deep.str()).has_value());
  BOOST_TEST(deep.join("x").error().is(errc::out_of_range));
  BOOST_TEST(path::parse(deep.str() + "/x").error().is(errc::out_of_range));

  path wide;
  for (int i = 0; i < 7; ++i) wide = wide / longest;
  const auto rest = path::size_bytes_max - wide.str().size() - 1;
  BOOST_TEST(wide.join(longest.substr(0, rest)).value().str().size() == path::size_bytes_max);
  BOOST_TEST(wide.join(longest.substr(0, rest + 1)).error().is(errc::out_of_range));
  BOOST_TEST(path::parse(wide.str() + "/" + longest.substr(0, rest + 1)).error().is(errc::out_of_range));
}

BOOST_AUTO_TEST_CASE(a_subtree_contains_itself_and_what_is_below) {
  const path ward{"/hospital/ward"};
  BOOST_TEST(ward.contains(ward));
  BOOST_TEST(ward.contains(path{"/hospital/ward/bed"}));
  BOOST_TEST(!ward.contains(path{"/hospital/ward-2"}));
  BOOST_TEST(!ward.contains(path{"/hospital"}));
  BOOST_TEST(path{}.contains(ward));
  BOOST_TEST(!ward.contains(path{}));
}

BOOST_AUTO_TEST_CASE(order_is_depth_first) {
  std::vector<path> sorted{path{"/"},    path{"/a"},   path{"/a/b"},   path{"/a/b/c"},
                           path{"/a/c"}, path{"/a-b"}, path{"/a-b/c"}, path{"/b"}};
  auto shuffled = sorted;
  std::reverse(shuffled.begin(), shuffled.end());
  std::sort(shuffled.begin(), shuffled.end());
  BOOST_TEST(shuffled == sorted);
}

BOOST_AUTO_TEST_CASE(order_agrees_with_the_order_of_segments_and_keeps_subtrees_together) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 2'000; ++round) {
      const auto a = random_path(random);
      const auto b = random_path(random);
      const auto left = segments_of(a);
      const auto right = segments_of(b);
      BOOST_REQUIRE((a < b) == (left < right));
      BOOST_REQUIRE((a == b) == (left == right));
      const bool prefix = left.size() <= right.size() && std::equal(left.begin(), left.end(), right.begin());
      BOOST_REQUIRE(a.contains(b) == prefix);
    }
    std::set<path> all;
    for (int i = 0; i < 500; ++i) all.insert(random_path(random));
    for (const auto& top : all) {
      bool left_it = false;
      for (auto it = all.find(top); it != all.end(); ++it) {
        if (!top.contains(*it)) left_it = true;
        BOOST_REQUIRE(top.contains(*it) == !left_it);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(paths_are_keys_of_hashed_containers) {
  std::unordered_set<path> seen{path{"/a"}, path{"/a/b"}, path{"/a"}};
  BOOST_TEST(seen.size() == 2u);
  BOOST_TEST(seen.contains(path{"/a/b"}));
}

BOOST_AUTO_TEST_CASE(escaping_is_readable_where_it_can_be) {
  BOOST_TEST(path::escape_segment("p17") == "p17");
  BOOST_TEST(path::escape_segment("Müller") == "Müller");
  BOOST_TEST(path::escape_segment("a b/c") == "a~20b~2Fc");
  BOOST_TEST(path::escape_segment("~") == "~7E");
  BOOST_TEST(path::escape_segment("") == "~");
  BOOST_TEST(path::escape_segment(".") == "~2E");
  BOOST_TEST(path::escape_segment("..") == "~2E.");
  BOOST_TEST(path::escape_segment("...") == "...");
}

BOOST_AUTO_TEST_CASE(any_text_becomes_a_segment_and_comes_back) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    std::map<std::string, std::string> text_of;
    for (int round = 0; round < 5'000; ++round) {
      const auto text = random.bytes(round % 10 == 0 ? 400 : 30);
      const auto segment = path::escape_segment(text);
      BOOST_REQUIRE(path{}.join(segment).has_value());
      BOOST_REQUIRE(text_of.emplace(segment, text).first->second == text);
      const auto back = path::unescape_segment(segment);
      if (segment.find("~~") == std::string::npos) {
        BOOST_REQUIRE(back.value() == text);
      } else {
        BOOST_REQUIRE(back.error().is(errc::unsupported));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cut_segment_ends_between_characters) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "\xE2\x82\xAC";
  for (int shift = 0; shift < 4; ++shift) {
    BOOST_TEST(path{}.join(path::escape_segment(std::string(static_cast<std::size_t>(shift), ' ') + text)).has_value());
  }
  BOOST_TEST(path::escape_segment(text + "a") != path::escape_segment(text + "b"));
}

BOOST_AUTO_TEST_CASE(what_escaping_never_returns_is_not_unescaped) {
  for (const std::string_view bad : {"~2", "~2f", "~zz", "a~", "~61", "a b", ""}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(path::unescape_segment(bad).error().is(errc::parse_error)); }
  }
}

BOOST_AUTO_TEST_CASE(hostile_bytes_never_parse_into_another_text) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 5'000; ++round) {
      const auto text = "/" + random.bytes(40);
      if (const auto parsed = path::parse(text)) BOOST_REQUIRE(parsed->str() == text);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
