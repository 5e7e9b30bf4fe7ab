#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <troupe/actors/json.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/actors/tool_schema.hpp>

#include "json_schema.hpp"

// Structs as JSON, and the schemas that are derived from them.

using namespace troupe;

namespace {

enum class colour : std::uint8_t { red, green };
struct inner {
  std::string name;
  TROUPE_MESSAGE(inner, name)
};
struct everything {
  bool yes = false;
  int whole = 0;
  std::uint8_t small = 0;
  double real = 0;
  std::string text;
  colour shade = colour::red;
  std::vector<inner> list;
  std::optional<std::string> maybe;
  std::map<std::string, int> counts;
  path where;
  TROUPE_MESSAGE(everything, yes, whole, small, real, text, shade, list, maybe, counts, where)
};
struct nothing {
  TROUPE_MESSAGE(nothing)
};
struct parcel {
  int grams = 0;
  net::unknown_fields rest;
  static constexpr std::uint32_t schema_version = 2;
  static result<void> upgrade(net::fields& was, std::uint32_t) { return was.set("grams", -1); }
  TROUPE_MESSAGE(parcel, grams, rest)
};

const everything example{true,           -3, 200,        0.5,         "a\"\n\xc3\xb6", colour::green,
                         {{"x"}, {"y"}}, {}, {{"k", 2}}, path{"/a/b"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(json_test)

BOOST_AUTO_TEST_CASE(a_struct_is_an_object_of_its_fields_and_comes_back) {
  BOOST_TEST(to_json(inner{"n"}).value() == R"({"name":"n"})");
  const auto text = to_json(example).value();
  BOOST_TEST((from_json<everything>(text).value() == example), text);
  BOOST_TEST(to_json(nothing{}).value() == "{}");
}

BOOST_AUTO_TEST_CASE(numbers_without_a_fraction_are_integers_and_the_other_way_round) {
  const auto came = from_json<everything>(R"({"whole":5.0,"real":2})").value();
  BOOST_TEST(came.whole == 5);
  BOOST_TEST(came.real == 2.0);
  BOOST_TEST(!from_json<everything>(R"({"whole":5.5})").has_value());
}

BOOST_AUTO_TEST_CASE(json_says_no_versions_and_is_of_the_last_one) {
  BOOST_TEST(to_json(std::vector{parcel{5, {}}}).value() == R"([{"grams":5}])");
  const auto came = from_json<std::vector<parcel>>(R"([{"grams":5,"from":"Rome"},{"~v":1,"grams":5}])").value();
  BOOST_TEST(came.at(0).grams == 5);
  BOOST_TEST(came.at(1).grams == -1);  // who says that it is an older one is believed
  BOOST_TEST(to_json(came).value() == R"([{"from":"Rome","grams":5},{"grams":-1}])");
  BOOST_TEST(
      json_schema_of<parcel>::text() ==
      R"({"type":"object","properties":{"grams":{"type":"integer"}},"required":["grams"],"additionalProperties":true})");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_with_its_place) {
  BOOST_TEST(from_json<everything>(R"({"list":[{"name":3}]})").error().message() ==
             "everything.list[0].name: expected a text, got an integer");
  BOOST_TEST(from_json<everything>("{").error().is(errc::parse_error));
  BOOST_TEST(from_json<everything>("\"\xff\"").error().is(errc::parse_error));
  BOOST_TEST(from_json<everything>(std::string(100'000, '[')).error().message().find("levels") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_schema_of_a_struct_takes_what_the_struct_looks_like_and_nothing_else) {
  const auto schema = actors::json_schema::compile(json_schema_of<everything>::text()).value();
  const auto check = [&](const std::string& value) {
    const auto wrong = schema.check(actors::parse_json(value).value());
    return wrong ? wrong->text() : "";
  };
  const auto fine = to_json(example).value();
  BOOST_TEST(check(fine) == "");
  auto changed = actors::parse_json(fine).value();
  changed.erase("maybe");
  BOOST_TEST(check(changed.dump()) == "");
  changed["list"][1]["name"] = 1;
  BOOST_TEST(check(changed.dump()) == "/list/1/name: expected a string, got an integer");
  changed = actors::parse_json(fine).value();
  changed["small"] = -1;
  BOOST_TEST(check(changed.dump()) == "/small: expected at least 0");
  changed = actors::parse_json(fine).value();
  changed["more"] = 1;
  BOOST_TEST(check(changed.dump()) == "/more: there is no such property");
  changed = actors::parse_json(fine).value();
  changed.erase("text");
  BOOST_TEST(check(changed.dump()) == "the whole: `text` is missing");
  changed = actors::parse_json(fine).value();
  changed["counts"]["k"] = "two";
  BOOST_TEST(check(changed.dump()) == "/counts/k: expected an integer, got a string");
  BOOST_TEST(json_schema_of<nothing>::text() ==
             R"({"type":"object","properties":{},"required":[],"additionalProperties":false})");
}

BOOST_AUTO_TEST_SUITE_END()
