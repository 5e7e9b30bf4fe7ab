#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <troupe/net/codec.hpp>

#include "net/visible.hpp"

using namespace troupe;

// Structs that change from one version of a program to the next. The bytes here are what the older program wrote, and
// are not to be made anew: they are on disks.

namespace {

// As the program was at first.
namespace v1 {
struct place {
  std::string street;
  FIELDS(place, FIELD(street))
};
struct order {
  std::string item;
  double kg = 0;
  place to;
  FIELDS(order, FIELD(item) FIELD(kg) FIELD(to))
};
}  // namespace v1

// Fields were added: no version is needed.
namespace more {
struct place {
  std::string street;
  std::string town = "Rome";
  FIELDS(place, FIELD(street) FIELD(town))
};
struct order {
  std::string item;
  double kg = 0;
  place to;
  std::uint32_t pieces = 1;
  std::optional<std::string> note;
  FIELDS(order, FIELD(item) FIELD(kg) FIELD(to) FIELD(pieces) FIELD(note))
};
}  // namespace more

// Another name, another unit, and another form of what is inside.
namespace v3 {
struct place {
  std::string street;
  std::uint32_t number = 0;
  static constexpr std::uint32_t schema_version = 2;
  static result<void> upgrade(net::fields& was, std::uint32_t) {
    const auto all = was.get<std::string>("street");
    if (!all) return all.error();
    const auto words = all->value_or("");
    const auto gap = words.rfind(' ');
    if (gap == std::string::npos) return ok();
    if (auto done = was.set("number", std::stoul(words.substr(gap + 1))); !done) return done;
    return was.set("street", words.substr(0, gap));
  }
  FIELDS(place, FIELD(street) FIELD(number))
};
struct order {
  std::string what;
  std::uint32_t grams = 0;
  place to;
  static constexpr std::uint32_t schema_version = 3;
  static result<void> upgrade(net::fields& was, std::uint32_t from) {
    if (from < 2) was.rename("item", "what");
    const auto kg = was.get<double>("kg");
    if (!kg) return kg.error();
    if (!*kg) return ok();
    was.remove("kg");
    return was.set("grams", static_cast<std::uint32_t>(**kg * 1000));
  }
  FIELDS(order, FIELD(what) FIELD(grams) FIELD(to))
};
}  // namespace v3

// Those that keep what they do not know.
namespace keeping {
struct place {
  std::string street;
  net::unknown_fields rest;
  FIELDS(place, FIELD(street) FIELD(rest))
};
struct order {
  std::string item;
  double kg = 0;
  place to;
  net::unknown_fields rest;
  FIELDS(order, FIELD(item) FIELD(kg) FIELD(to) FIELD(rest))
};
}  // namespace keeping

std::string unhex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    if (digits[i] == ' ') ++i;
    bytes += static_cast<char>(std::stoi(std::string{digits.substr(i, 2)}, nullptr, 16));
  }
  return bytes;
}

template <class T>
T back(std::string_view bytes) {
  auto value = net::decode<T>(bytes);
  if (!value) BOOST_FAIL(value.error().describe());
  return std::move(*value);
}

template <class T>
error why(std::string_view bytes) {
  const auto value = net::decode<T>(bytes);
  BOOST_REQUIRE(!value);
  return value.error();
}

// v1::order{"piano", 1.5, {"Via Appia 7"}}
const std::string stored =
    unhex("83 a46974656d a57069616e6f a26b67 cb3ff8000000000000 a2746f 81 a6737472656574 ab566961204170706961 2037");
// v3::order{"piano", 1500, {"Via Appia", 7}}
const std::string newest = unhex(
    "84 a27e76 03 a477686174 a57069616e6f a56772616d73 cd05dc a2746f 83 a27e76 02 a6737472656574 a9566961204170706961 "
    "a66e756d626572 07");

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_test)

BOOST_AUTO_TEST_CASE(the_first_version_says_none) {
  BOOST_TEST((net::encode(v1::order{"piano", 1.5, {"Via Appia 7"}}) == stored));
  BOOST_TEST((back<v1::order>(stored) == v1::order{"piano", 1.5, {"Via Appia 7"}}));
}

BOOST_AUTO_TEST_CASE(later_ones_say_it_first) {
  BOOST_TEST((net::encode(v3::order{"piano", 1500, {"Via Appia", 7}}) == newest));
  BOOST_TEST((back<v3::order>(newest) == v3::order{"piano", 1500, {"Via Appia", 7}}));
}

BOOST_AUTO_TEST_CASE(fields_that_were_not_written_have_their_defaults) {
  BOOST_TEST((back<more::order>(stored) == more::order{"piano", 1.5, {"Via Appia 7", "Rome"}, 1, {}}));
}

BOOST_AUTO_TEST_CASE(fields_that_are_not_known_are_skipped) {
  const auto bytes = net::encode(more::order{"piano", 1.5, {"Via Appia 7", "Ostia"}, 2, "fragile"});
  BOOST_TEST((back<v1::order>(bytes) == v1::order{"piano", 1.5, {"Via Appia 7"}}));
}

BOOST_AUTO_TEST_CASE(an_older_version_is_upgraded_at_each_level) {
  BOOST_TEST((back<v3::order>(stored) == v3::order{"piano", 1500, {"Via Appia", 7}}));
}

BOOST_AUTO_TEST_CASE(the_hook_is_told_which_version_it_was) {
  // Version 2 had `what` already, and kg. Its entries may come in any order.
  const auto second = unhex("83 a26b67 01 a27e76 02 a477686174 a57069616e6f");
  BOOST_TEST((back<v3::order>(second) == v3::order{"piano", 1000, {}}));
  // A version that says that it is the first one is no other than one that says nothing.
  const auto first = unhex("83 a27e76 01 a46974656d a57069616e6f a26b67 02");
  BOOST_TEST((back<v3::order>(first) == v3::order{"piano", 2000, {}}));
}

BOOST_AUTO_TEST_CASE(what_has_the_right_version_is_not_upgraded_wherever_it_says_so) {
  const auto last = unhex("83 a477686174 a57069616e6f a56772616d73 05 a27e76 03");
  BOOST_TEST((back<v3::order>(last) == v3::order{"piano", 5, {}}));
}

BOOST_AUTO_TEST_CASE(a_newer_version_is_read_as_far_as_it_is_known) {
  BOOST_TEST((back<v1::order>(newest) == v1::order{"", 0, {"Via Appia"}}));
  const auto fourth = unhex("84 a27e76 04 a477686174 a57069616e6f a3746178 05 a56772616d73 05");
  BOOST_TEST((back<v3::order>(fourth) == v3::order{"piano", 5, {}}));
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_kept_at_each_level_and_written_again) {
  const more::order newer{"piano", 1.5, {"Via Appia 7", "Ostia"}, 2, "fragile"};
  auto older = back<keeping::order>(net::encode(newer));
  BOOST_TEST(older.rest.size() == 2u);
  BOOST_TEST(older.rest.contains("pieces"));
  BOOST_TEST(older.rest.contains("note"));
  BOOST_TEST(older.to.rest.contains("town"));
  BOOST_TEST(!older.to.rest.contains("street"));
  older.kg = 2.5;
  older.to.street = "Via Sacra";
  const auto bytes = net::encode(older);
  BOOST_TEST((back<more::order>(bytes) == more::order{"piano", 2.5, {"Via Sacra", "Ostia"}, 2, "fragile"}));
  BOOST_TEST((back<keeping::order>(bytes) == older));
  older.rest.clear();
  BOOST_TEST((back<more::order>(net::encode(older)) == more::order{"piano", 2.5, {"Via Sacra", "Ostia"}, 1, {}}));
}

BOOST_AUTO_TEST_CASE(without_unknown_fields_the_bytes_are_those_of_a_struct_that_keeps_none) {
  BOOST_TEST((net::encode(keeping::order{"piano", 1.5, {"Via Appia 7", {}}, {}}) == stored));
  BOOST_TEST(back<keeping::order>(stored).rest.empty());
}

BOOST_AUTO_TEST_CASE(values_that_are_kept_stay_as_they_are) {
  // nil, true, -5, 2^64-1, float 32, float 64, text, binary, array, map with keys of any type
  const auto bytes = unhex(
      "8a a16e c0 a162 c3 a169 fb a175 cfffffffffffffffff a166 ca3e800000 a164 cb3fb999999999999a a174 a5 68656c6c6f "
      "a178 c402 00ff a161 93 01 90 a0 a16d 82 01 80 c0 c2");
  const auto read = back<keeping::place>(bytes);
  BOOST_TEST(read.rest.size() == 10u);
  BOOST_TEST((net::encode(read) == unhex("8b a6737472656574 a0") + bytes.substr(1)));
}

BOOST_AUTO_TEST_CASE(an_older_program_that_keeps_them_says_the_version_of_what_it_keeps) {
  auto older = back<keeping::order>(newest);
  BOOST_TEST(older.rest.contains("grams"));
  older.to.street = "Via Sacra";
  const auto bytes = net::encode(older);
  BOOST_TEST((back<v3::order>(bytes) == v3::order{"piano", 1500, {"Via Sacra", 7}}));
  BOOST_TEST((back<keeping::order>(bytes) == older));
}

BOOST_AUTO_TEST_CASE(whoever_keeps_a_struct_keeps_its_unknown_fields_beside_it) {
  net::unknown_fields beside;
  auto older = net::decode_keeping<v1::order>(newest, beside).value();
  BOOST_TEST(beside.size() == 2u);
  older.to = {"Via Sacra 8"};  // which is written as the first version: what is in a struct keeps for itself
  std::string bytes;
  BOOST_TEST(net::append_keeping(bytes, older, beside).has_value());
  BOOST_TEST((back<v3::order>(bytes) == v3::order{"piano", 1500, {"Via Sacra", 8}}));
  BOOST_TEST((net::decode_keeping<v1::order>(stored, beside).value() == v1::order{"piano", 1.5, {"Via Appia 7"}}));
  BOOST_TEST(beside.empty());
  BOOST_TEST(net::decode_keeping<std::int64_t>(unhex("05"), beside).value() == 5);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_twice) {
  keeping::place other{"Via Appia", back<keeping::place>(unhex("81 a3 6b6579 01")).rest};
  BOOST_TEST(net::encode(other) == unhex("82 a6737472656574 a9566961204170706961 a36b6579 01"));
  other.rest = back<keeping::order>(unhex("82 a6737472656574 a0 a6 6e756d626572 03")).rest;
  BOOST_TEST(other.rest.contains("street"));
  BOOST_TEST(net::encode(other) == unhex("82 a6737472656574 a9566961204170706961 a66e756d626572 03"));
}

// -- hooks ------------------------------------------------------------------------------------------------------------

namespace {

struct strict {
  std::uint32_t grams = 0;
  std::vector<v3::place> places;
  static constexpr std::uint32_t schema_version = 7;
  static result<void> upgrade(net::fields& was, std::uint32_t from) {
    if (from == 2) throw std::runtime_error{"nobody knows version 2"};
    if (from == 3) throw failure{error{errc::unsupported, "nobody knows version 3"}};
    const auto kg = was.get<double>("kg");
    if (!kg) return kg.error();
    return was.set("grams", (*kg).value_or(0) * 1000);
  }
  FIELDS(strict, FIELD(grams) FIELD(places))
};
struct without_hook {
  int number = 5;
  int other = 6;
  static constexpr int schema_version = 2;
  FIELDS(without_hook, FIELD(number) FIELD(other))
};
struct shuffled {
  std::string a, b, c;
  net::unknown_fields rest;
  static constexpr std::uint32_t schema_version = 2;
  static result<void> upgrade(net::fields& was, std::uint32_t) {
    BOOST_TEST(!was.find("~v"));
    BOOST_TEST(!was.rename("nothing", "a"));
    BOOST_TEST(was.rename("a", "a"));
    BOOST_TEST(was.rename("a", "b"));  // in place of b
    BOOST_TEST(!was.find("a"));
    BOOST_TEST(was.remove("x"));
    BOOST_TEST(!was.remove("x"));
    if (auto done = was.set("c", std::string{"once"}); !done) return done;
    if (auto done = was.set("y", std::vector<int>{1, 2}); !done) return done;
    return was.set("c", std::string{"twice"});
  }
  FIELDS(shuffled, FIELD(a) FIELD(b) FIELD(c) FIELD(rest))
};
struct with_members_of_these_names {
  std::string schema_version, upgrade;
  FIELDS(with_members_of_these_names, FIELD(schema_version) FIELD(upgrade))
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_hook_that_fails_names_the_place_and_both_versions) {
  const auto wrong = why<v3::order>(unhex("81 a26b67 a16b"));
  BOOST_TEST(wrong.is(net_errc::not_upgraded));
  BOOST_TEST(wrong.message() == "order: version 1 cannot be upgraded to 3: kg: expected a number, got a text");
  const auto inside = why<strict>(unhex("82 a27e76 07 a6706c61636573 92 80 81 a6737472656574 c0"));
  BOOST_TEST(inside.message() ==
             "strict.places[1]: version 1 cannot be upgraded to 2: street: expected a text, got nil");
  BOOST_TEST(why<strict>(unhex("81 a27e76 02")).message() ==
             "strict: version 2 cannot be upgraded to 7: nobody knows version 2");
  BOOST_TEST(why<strict>(unhex("81 a27e76 03")).message() ==
             "strict: version 3 cannot be upgraded to 7: nobody knows version 3");
}

BOOST_AUTO_TEST_CASE(what_a_hook_sets_is_checked_as_any_field) {
  const auto wrong = why<strict>(unhex("81 a26b67 01"));
  BOOST_TEST(wrong.message() == "strict.grams: expected an integer, got a number");
}

BOOST_AUTO_TEST_CASE(a_version_without_a_hook_is_only_told) {
  BOOST_TEST((back<without_hook>(unhex("81 a66e756d626572 01")) == without_hook{1, 6}));
  BOOST_TEST((net::encode(without_hook{1, 6}) == unhex("83 a27e76 02 a66e756d626572 01 a56f74686572 06")));
}

BOOST_AUTO_TEST_CASE(a_hook_may_rename_remove_and_replace) {
  const auto read = back<shuffled>(unhex("84 a161 a131 a162 a132 a178 01 a17a 09"));
  BOOST_TEST(read.a.empty());
  BOOST_TEST(read.b == "1");
  BOOST_TEST(read.c == "twice");
  BOOST_TEST(read.rest.empty());  // what is left of an older version is not unknown
  BOOST_TEST((net::encode(read) == unhex("84 a27e76 02 a161 a0 a162 a131 a163 a57477696365")));
  const auto newer = back<shuffled>(unhex("83 a27e76 02 a178 01 a161 a131"));
  BOOST_TEST(newer.rest.contains("x"));
}

BOOST_AUTO_TEST_CASE(fields_may_have_the_names_of_the_hook_and_the_version) {
  const with_members_of_these_names both{"a", "b"};
  BOOST_TEST((back<with_members_of_these_names>(net::encode(both)) == both));
}

// -- bytes from anybody -----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_version_that_is_none_is_an_error_whoever_reads_it) {
  const auto wrong = [](std::string_view version, net_errc code, std::string_view message) {
    const auto bytes = unhex("82 a27e76 " + std::string{version} + " a46974656d a178");
    for (const auto& got : {why<v3::order>(bytes), why<v1::order>(bytes), why<keeping::order>(bytes)}) {
      BOOST_TEST(got.is(code), got.describe());
      BOOST_TEST(got.message() == message);
    }
  };
  wrong("00", net_errc::bad_value, "order.~v: versions begin with 1");
  wrong("ff", net_errc::out_of_range, "order.~v: -1 does not fit");
  wrong("cf0000000100000000", net_errc::out_of_range, "order.~v: 4294967296 does not fit");
  wrong("a133", net_errc::wrong_type, "order.~v: expected an integer, got a text");
  wrong("cb4008000000000000", net_errc::wrong_type, "order.~v: expected an integer, got a number");
  wrong("c0", net_errc::wrong_type, "order.~v: expected an integer, got nil");
}

BOOST_AUTO_TEST_CASE(a_version_is_said_once) {
  for (const char* bytes : {"82 a27e76 03 a27e76 03", "82 a27e76 01 a27e76 02", "83 a27e76 03 a477686174 a0 a27e76 04"})
    for (const auto& got :
         {why<v3::order>(unhex(bytes)), why<v1::order>(unhex(bytes)), why<keeping::order>(unhex(bytes))})
      BOOST_TEST(got.message() == "order: `~v` is there twice");
}

BOOST_AUTO_TEST_CASE(fields_are_there_once_before_an_upgrade) {
  BOOST_TEST(why<v3::order>(unhex("82 a26b67 01 a26b67 02")).is(net_errc::duplicate_key));
  BOOST_TEST(why<v3::order>(unhex("82 a26b67 01 05 02")).is(net_errc::wrong_type));
  BOOST_TEST(why<v3::order>(unhex("90")).is(net_errc::wrong_type));
}

BOOST_AUTO_TEST_CASE(the_highest_version_is_read) {
  const auto bytes = unhex("82 a27e76 ceffffffff a46974656d a178");
  BOOST_TEST(back<v1::order>(bytes).item == "x");
  BOOST_TEST((net::encode(back<keeping::order>(bytes)).substr(1, 8) == bytes.substr(1, 8)));
}

BOOST_AUTO_TEST_CASE(unknown_fields_count_against_the_limit_of_what_is_built) {
  std::string many = unhex("df00020000");
  const auto digits = [](int i) { return std::string{"\xa3"} + char(i >> 12 & 63) + char(i >> 6 & 63) + char(i & 63); };
  for (int i = 0; i < 0x20000; ++i) many += digits(i) + "\xc0";
  BOOST_TEST(net::decode<keeping::place>(many).value().rest.size() == 0x20000u);
  BOOST_TEST(net::decode<keeping::place>(many, {.expansion = 4}).error().is(net_errc::too_big));
}

// -- shapes -----------------------------------------------------------------------------------------------------------

namespace {

struct tree {
  std::string name;
  std::vector<tree> branches;
  FIELDS(tree, FIELD(name) FIELD(branches))
};
namespace later {
struct tree {
  std::string name;
  std::vector<tree> branches;
  int age = 0;
  FIELDS(tree, FIELD(name) FIELD(branches) FIELD(age))
};
}  // namespace later
namespace wider {
struct order {
  std::string item;
  float kg = 0;
  v1::place to;
  FIELDS(order, FIELD(item) FIELD(kg) FIELD(to))
};
}  // namespace wider

}  // namespace

BOOST_AUTO_TEST_CASE(a_shape_says_whether_bytes_may_be_compared) {
  static_assert(net::shape_of<v1::order> != net::shape_of<more::order>);
  static_assert(net::shape_of<v1::order> != net::shape_of<v3::order>);
  static_assert(net::shape_of<v1::order> != net::shape_of<wider::order>);
  static_assert(net::shape_of<tree> != net::shape_of<later::tree>);
  static_assert(net::shape_of<std::vector<tree>> != net::shape_of<std::vector<later::tree>>);
  static_assert(net::shape_of<std::optional<v1::place>> != net::shape_of<std::optional<more::place>>);
  BOOST_TEST(net::shape_of<v3::order> == 4106990322u);  // it is in journals, so it stays what it is
}

BOOST_AUTO_TEST_SUITE_END()
