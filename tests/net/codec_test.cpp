#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <troupe/net/codec.hpp>

#include "core/seeded.hpp"
#include "net/visible.hpp"

using namespace troupe;
using namespace std::chrono_literals;

// Values as MessagePack and back: what becomes which bytes, and that everything comes back as it was.

namespace {

enum class route : std::uint8_t { oral = 0, vein = 1 };
enum class far : std::int64_t { least = INT64_MIN, most = INT64_MAX };

struct dose {
  std::string drug;
  double mg = 0;
  route by = route::oral;
  FIELDS(dose, FIELD(drug) FIELD(mg) FIELD(by))
};
struct nothing {
  FIELDS(nothing, )
};
struct branch {
  int number = 0;
  std::vector<branch> branches;
  std::map<std::string, branch> named;
  FIELDS(branch, FIELD(number) FIELD(branches) FIELD(named))
};
struct everything {
  bool truth = false;
  std::int8_t tiny = 0;
  std::uint8_t byte = 0;
  std::int16_t small = 0;
  std::uint32_t plain = 0;
  std::int64_t whole = 0;
  std::uint64_t natural = 0;
  char letter = 'x';
  far distance = far::least;
  float single_precision = 0;
  double real = 0;
  std::string text;
  std::vector<std::string> texts;
  std::vector<bool> bits;
  std::vector<std::uint8_t> blob;
  std::vector<std::byte> bytes;
  std::array<std::int16_t, 3> three{};
  std::array<std::byte, 4> four{};
  std::map<std::string, std::vector<dose>> doses;
  std::unordered_map<std::int32_t, std::string> names;
  std::set<std::int64_t> numbers;
  std::unordered_set<std::string> words;
  std::optional<dose> maybe;
  std::optional<std::optional<std::int32_t>> maybe_maybe;
  std::pair<std::int32_t, std::string> both;
  std::tuple<bool, double, nothing> triple;
  std::variant<std::monostate, std::string, dose, std::vector<std::int64_t>> either;
  duration lasted{};
  std::chrono::hours hours{};
  timestamp when{};
  path where;
  troupe::id number;
  trace_context trace;
  error failed{0, ""};
  nothing empty;
  FIELDS(everything,
         FIELD(truth) FIELD(tiny) FIELD(byte) FIELD(small) FIELD(plain) FIELD(whole) FIELD(natural) FIELD(letter)
             FIELD(distance) FIELD(single_precision) FIELD(real) FIELD(text) FIELD(texts) FIELD(bits) FIELD(blob)
                 FIELD(bytes) FIELD(three) FIELD(four) FIELD(doses) FIELD(names) FIELD(numbers) FIELD(words)
                     FIELD(maybe) FIELD(maybe_maybe) FIELD(both) FIELD(triple) FIELD(either) FIELD(lasted) FIELD(hours)
                         FIELD(when) FIELD(where) FIELD(number) FIELD(trace) FIELD(failed) FIELD(empty))
};

struct holds_pointer {
  int number = 0;
  std::shared_ptr<int> pointer;
  FIELDS(holds_pointer, FIELD(number) FIELD(pointer))
};
struct holds_it_deep {
  std::map<std::string, std::vector<std::optional<holds_pointer>>> deep;
  FIELDS(holds_it_deep, FIELD(deep))
};
struct opaque {
  int number = 0;
};

// A type with a codec of its own, which needs a context.
struct reference {
  int number = 0;
};

}  // namespace

template <>
struct troupe::net::codec<reference> {
  static void pack(packer& out, const reference& from) {
    if (from.number < 0) return out.fail({errc::invalid_argument, "a negative reference"});
    out.integer(from.number);
  }
  static result<void> unpack(const value& from, reference& into) {
    if (!from.context()) return error{net_errc::no_context, "a reference means nothing here"};
    into.number = *std::static_pointer_cast<const int>(from.context());
    return ok();
  }
};

namespace {

static_assert(net::packable<everything> && net::packable<branch> && net::packable<nothing> && net::packable<error>);
static_assert(net::packable<std::vector<std::map<int, std::tuple<branch, error>>>>);
static_assert(!net::packable<holds_pointer> && !net::packable<holds_it_deep> && !net::packable<opaque>);
static_assert(!net::packable<std::vector<opaque>> && !net::packable<std::variant<int, opaque>>);
static_assert(net::packable<std::variant<error, int>> && net::packable<reference>);
static_assert(!net::packable<int*> && !net::packable<const char*> && !net::packable<std::string_view>);
static_assert(!net::packable<std::unique_ptr<int>> && !net::packable<std::function<void()>>);

std::string hex(std::string_view bytes) {
  std::string digits;
  for (const unsigned char c : bytes) {
    digits += "0123456789abcdef"[c / 16];
    digits += "0123456789abcdef"[c % 16];
  }
  return digits;
}

template <class T>
T back(const std::string& bytes) {
  auto value = net::decode<T>(bytes);
  if (!value) BOOST_FAIL(value.error().describe());
  return std::move(*value);
}

template <class T>
void check_same(const T& value) {
  const auto bytes = net::encode(value);
  BOOST_TEST((back<T>(bytes) == value), "came back as another: " << hex(bytes));
}

template <class T>
error refused(const std::string& bytes) {
  const auto value = net::decode<T>(bytes);
  BOOST_REQUIRE(!value);
  return value.error();
}

// -- random values ----------------------------------------------------------------------------------------------------

template <class T>
concept sequence = requires(T& t) {
  t.push_back(typename T::value_type{});
}
&&!std::same_as<T, std::string>;
template <class T>
concept associative = requires {
  typename T::key_type;
};

template <class T>
struct held {};

class random_values {
 public:
  explicit random_values(test::seeded& from) : from_{from} {}

  template <class T>
  T any() {
    return make(held<T>{});
  }

 private:
  template <class T>
  T make(held<T>) {
    if constexpr (std::is_same_v<T, bool>) {
      return from_.below(2) == 1;
    } else if constexpr (std::is_integral_v<T>) {
      return number<T>();
    } else if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(number<std::underlying_type_t<T>>());
    } else if constexpr (std::is_floating_point_v<T>) {
      return std::ldexp(static_cast<T>(from_.word() % 2001) - 1000, static_cast<int>(from_.below(100)) - 50);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return from_.bytes(from_.below(20) == 0 ? 70'000 : 40);
    } else if constexpr (sequence<T>) {
      T made;
      for (std::size_t n = size(); n > 0; --n) made.push_back(any<typename T::value_type>());
      return made;
    } else if constexpr (associative<T>) {
      T made;
      for (std::size_t n = size(); n > 0; --n) {
        if constexpr (requires { typename T::mapped_type; })
          made.emplace(any<typename T::key_type>(), any<typename T::mapped_type>());
        else
          made.insert(any<typename T::key_type>());
      }
      return made;
    } else {
      T made{};
      ++depth_;
      T::troupe_visit(made, [&]<class Field>(std::string_view, Field& field) { field = any<Field>(); });
      --depth_;
      return made;
    }
  }

  template <class T>
  std::optional<T> make(held<std::optional<T>>) {
    if (from_.below(2) == 0) return {};
    return std::optional<T>{any<T>()};
  }
  template <class A, class B>
  std::pair<A, B> make(held<std::pair<A, B>>) {
    return {any<A>(), any<B>()};
  }
  template <class... T>
  std::tuple<T...> make(held<std::tuple<T...>>) {
    return {any<T>()...};
  }
  template <class T, std::size_t Size>
  std::array<T, Size> make(held<std::array<T, Size>>) {
    std::array<T, Size> made;
    for (auto& each : made) each = any<T>();
    return made;
  }
  std::monostate make(held<std::monostate>) { return {}; }
  template <class... T>
  std::variant<T...> make(held<std::variant<T...>>) {
    const std::size_t index = from_.below(sizeof...(T));
    std::variant<T...> made;
    std::size_t n = 0;
    ((n++ == index ? void(made = any<T>()) : void()), ...);
    return made;
  }
  duration make(held<duration>) { return duration{number<std::int64_t>()}; }
  std::chrono::hours make(held<std::chrono::hours>) { return std::chrono::hours{number<std::int16_t>()}; }
  timestamp make(held<timestamp>) { return timestamp{duration{number<std::int64_t>()}}; }
  path make(held<path>) {
    path made;
    for (std::size_t n = from_.below(5); n > 0; --n) made = made / path::escape_segment(from_.bytes(20));
    return made;
  }
  troupe::id make(held<troupe::id>) {
    const virtual_clock time;
    return id_generator{time, from_.word()}.next();
  }
  trace_context make(held<trace_context>) { return trace_context::start(from_.below(2) == 1); }
  error make(held<error>) { return {number<std::uint32_t>(), from_.bytes(30)}; }

  // Of every length, and the extremes.
  template <class T>
  T number() {
    switch (from_.below(8)) {
      case 0: return std::numeric_limits<T>::min();
      case 1: return std::numeric_limits<T>::max();
      case 2: return 0;
      default: return static_cast<T>(from_.word() >> from_.below(64));
    }
  }
  std::size_t size() { return depth_ > 4 ? 0 : from_.below(5); }

  test::seeded& from_;
  std::size_t depth_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_test)

BOOST_AUTO_TEST_CASE(each_thing_has_its_bytes) {
  BOOST_TEST(hex(net::encode(true)) == "c3");
  BOOST_TEST(hex(net::encode(127)) == "7f");
  BOOST_TEST(hex(net::encode(-1)) == "ff");
  BOOST_TEST(hex(net::encode(200)) == "ccc8");
  BOOST_TEST(hex(net::encode(INT64_MIN)) == "d38000000000000000");
  BOOST_TEST(hex(net::encode(UINT64_MAX)) == "cfffffffffffffffff");
  BOOST_TEST(hex(net::encode(1.5)) == "cb3ff8000000000000");
  BOOST_TEST(hex(net::encode(1.5f)) == "ca3fc00000");
  BOOST_TEST(hex(net::encode(std::string{})) == "a0");
  BOOST_TEST(hex(net::encode(std::string{"ab"})) == "a26162");
  BOOST_TEST(hex(net::encode(std::vector<std::uint8_t>{1, 2})) == "c4020102");
  BOOST_TEST(hex(net::encode(std::array{std::byte{1}, std::byte{2}})) == "c4020102");
  BOOST_TEST(hex(net::encode(std::vector<int>{1, 2})) == "920102");
  BOOST_TEST(hex(net::encode(std::map<int, bool>{{1, false}})) == "8101c2");
  BOOST_TEST(hex(net::encode(std::set<int>{2, 1})) == "920102");
  BOOST_TEST(hex(net::encode(std::optional<int>{})) == "c0");
  BOOST_TEST(hex(net::encode(std::optional<int>{1})) == "01");
  BOOST_TEST(hex(net::encode(std::optional<std::optional<int>>{std::optional<int>{}})) == "91c0");
  BOOST_TEST(hex(net::encode(std::pair<int, bool>{1, true})) == "9201c3");
  BOOST_TEST(hex(net::encode(std::variant<int, bool>{true})) == "9201c3");
  BOOST_TEST(hex(net::encode(std::monostate{})) == "c0");
  BOOST_TEST(hex(net::encode(route::vein)) == "01");
  BOOST_TEST(hex(net::encode(1us)) == "cd03e8");
  BOOST_TEST(hex(net::encode(path{"/a"})) == "a22f61");
  BOOST_TEST(hex(net::encode(error{errc::not_found, "x"})) == "94cd03eba17800c0");
  BOOST_TEST(hex(net::encode(nothing{})) == "80");
  BOOST_TEST(hex(net::encode(dose{"a", 0.5, route::vein})) ==
             "83"
             "a464727567"
             "a161"
             "a26d67"
             "cb3fe0000000000000"
             "a26279"
             "01");
  BOOST_TEST(net::encode(trace_context{}).size() == 27u);
  BOOST_TEST(net::encode(troupe::id{}).size() == 18u);
}

BOOST_AUTO_TEST_CASE(whatever_is_packed_comes_back_the_same) {
  test::seeded random;
  random_values values{random};
  for (int i = 0; i < 60; ++i) {
    BOOST_TEST_CONTEXT("seed " << random.seed() << ", round " << i) {
      check_same(values.any<everything>());
      check_same(values.any<branch>());
      check_same(values.any<std::vector<std::optional<std::variant<std::int64_t, std::map<std::string, dose>>>>>());
      check_same(values.any<std::map<path, std::pair<error, trace_context>>>());
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_at_the_ends_of_their_range_come_back) {
  const auto both_ends = []<class... T>(net::types<T...>) {
    (check_same(std::numeric_limits<T>::min()), ...);
    (check_same(std::numeric_limits<T>::max()), ...);
  };
  both_ends(net::types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                       std::int64_t, std::uint64_t, char, float, double>{});
  check_same(std::numeric_limits<double>::denorm_min());
  check_same(std::numeric_limits<double>::infinity());
  check_same(-std::numeric_limits<float>::infinity());
  BOOST_TEST(std::signbit(back<double>(net::encode(-0.0))));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_number_comes_back_as_that_bit_by_bit) {
  const double odd = std::nan("1234");
  const double got = back<double>(net::encode(odd));
  BOOST_TEST(std::memcmp(&got, &odd, sizeof got) == 0);
  BOOST_TEST(std::isnan(back<float>(net::encode(std::nanf("")))));
}

BOOST_AUTO_TEST_CASE(texts_of_any_size_and_any_bytes_come_back) {
  for (const std::size_t size : {0u, 1u, 31u, 32u, 255u, 256u, 65535u, 65536u, 1u << 20}) {
    check_same(std::string(size, 'x'));
    check_same(std::vector<std::byte>(size, std::byte{0xff}));
  }
  check_same(std::string{"\xff\xfe\0\x80 no UTF-8", 13});
}

BOOST_AUTO_TEST_CASE(a_moment_that_does_not_fit_into_nanoseconds_is_not_packed) {
  BOOST_CHECK_THROW((void)net::encode(std::chrono::hours::max()), failure);
  BOOST_CHECK_THROW((void)net::encode(std::chrono::duration<double>{1e300}), failure);
  std::string kept = "kept";
  const auto outcome = net::append(kept, std::chrono::hours::max());
  BOOST_TEST(outcome.error().is(net_errc::out_of_range));
  BOOST_TEST(kept == "kept");
  BOOST_TEST((back<std::chrono::duration<double>>(net::encode(std::chrono::duration<double>{0.25})).count() == 0.25));
  using naturals = std::chrono::duration<std::uint64_t, std::nano>;
  BOOST_CHECK_THROW((void)net::encode(naturals::max()), failure);
  BOOST_TEST(refused<naturals>(net::encode(-1ns)).is(net_errc::out_of_range));
  // Finer than the type that reads it: towards zero.
  BOOST_TEST((back<std::chrono::seconds>(net::encode(-1500ms)) == -1s));
  BOOST_TEST(refused<std::chrono::duration<std::int8_t>>(net::encode(200s)).is(net_errc::out_of_range));
  BOOST_TEST((refused<std::chrono::duration<std::int64_t, std::pico>>(net::encode(duration::max()))
                  .is(net_errc::out_of_range)));
}

BOOST_AUTO_TEST_CASE(a_number_is_taken_where_it_fits) {
  BOOST_TEST(back<std::uint8_t>(net::encode(std::int64_t{255})) == 255);
  BOOST_TEST(refused<std::uint8_t>(net::encode(256)).is(net_errc::out_of_range));
  BOOST_TEST(refused<std::uint64_t>(net::encode(-1)).is(net_errc::out_of_range));
  BOOST_TEST(refused<std::int64_t>(net::encode(UINT64_MAX)).message() == "value: 18446744073709551615 does not fit");
  BOOST_TEST(refused<int>(net::encode(1.0)).is(net_errc::wrong_type));
  BOOST_TEST(back<double>(net::encode(3)) == 3.0);
  BOOST_TEST(back<double>(net::encode(1.5f)) == 1.5);
  BOOST_TEST(back<float>(net::encode(1.5)) == 1.5f);
  BOOST_TEST(refused<float>(net::encode(1e300)).is(net_errc::out_of_range));
  BOOST_TEST((back<route>(net::encode(77)) == static_cast<route>(77)));
  BOOST_TEST(refused<route>(net::encode(256)).is(net_errc::out_of_range));
  // Written as a signed number, in a longer form than it needs.
  BOOST_TEST(back<std::uint8_t>(std::string{"\xd1\x00\x07", 3}) == 7);
}

// -- structs ----------------------------------------------------------------------------------------------------------

namespace {

struct old_dose {
  std::string drug;
  FIELDS(old_dose, FIELD(drug))
};
struct new_dose {
  std::optional<std::string> note;
  route by = route::vein;
  double mg = 7;
  std::string drug;
  FIELDS(new_dose, FIELD(note) FIELD(by) FIELD(mg) FIELD(drug))
};
struct question {
  std::vector<dose> items;
  std::map<std::string, dose> named;
  std::variant<int, dose> either;
  FIELDS(question, FIELD(items) FIELD(named) FIELD(either))
};

std::string map_of(std::initializer_list<std::pair<std::string, std::string>> entries) {
  std::string bytes;
  net::packer{bytes}.map(entries.size());
  for (const auto& [key, packed] : entries) bytes += net::encode(key) + packed;
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_an_older_program_wrote_keeps_the_defaults_of_new_fields) {
  BOOST_TEST((back<new_dose>(net::encode(old_dose{"a"})) == new_dose{{}, route::vein, 7, "a"}));
  BOOST_TEST((back<new_dose>(map_of({})) == new_dose{}));
}

BOOST_AUTO_TEST_CASE(what_a_newer_program_wrote_is_read_as_far_as_it_is_known) {
  BOOST_TEST((back<old_dose>(net::encode(new_dose{"n", route::oral, 1, "a"})) == old_dose{"a"}));
  BOOST_TEST((back<nothing>(net::encode(new_dose{})) == nothing{}));
}

BOOST_AUTO_TEST_CASE(fields_may_come_in_any_order) {
  BOOST_TEST((back<dose>(map_of({{"by", net::encode(1)}, {"mg", net::encode(2.0)}, {"drug", "\xa1x"}})) ==
              dose{"x", 2, route::vein}));
}

BOOST_AUTO_TEST_CASE(an_error_names_the_field_in_which_it_is) {
  const std::string bad_dose = map_of({{"drug", "\xa1x"}, {"mg", "\xa1y"}});
  const auto array_of = [](const std::string& item) { return "\x94" + net::encode(dose{}) + item + item + item; };
  BOOST_TEST(refused<question>(map_of({{"items", array_of(bad_dose)}})).message() ==
             "question.items[1].mg: expected a number, got a text");
  BOOST_TEST(refused<question>(map_of({{"named", map_of({{"k", bad_dose}})}})).message() ==
             "question.named[0].mg: expected a number, got a text");
  BOOST_TEST(refused<question>(map_of({{"either", "\x92\x01" + bad_dose}})).message() ==
             "question.either[1].mg: expected a number, got a text");
  BOOST_TEST(refused<question>(map_of({{"either", "\x92\x07\x01"}})).message() ==
             "question.either[0]: there is no alternative 7");
  BOOST_TEST(refused<question>(map_of({{"named", "\x81\x01\x80"}})).message() ==
             "question.named[0] (key): expected a text, got an integer");
  BOOST_TEST(refused<question>("\x90").message() == "question: expected a map, got an array");
  BOOST_TEST(refused<question>("\x91").message().starts_with("question: "));
  BOOST_TEST(refused<std::vector<int>>("\x91\xa1x").message() == "value[0]: expected an integer, got a text");
  BOOST_TEST(refused<question>(map_of({{"items", "\x01"}})).describe() ==
             "wrong_type (2004): question.items: expected an array, got an integer");
}

BOOST_AUTO_TEST_CASE(a_struct_needs_keys_that_are_texts_and_there_once) {
  BOOST_TEST(refused<dose>(map_of({{"mg", "\x01"}, {"mg", "\x01"}})).is(net_errc::duplicate_key));
  BOOST_TEST(refused<dose>(map_of({{"drug", "\xa1x"}, {"mg", "\x01"}, {"by", "\x01"}, {"drug", "\xa1x"}})).message() ==
             "dose: `drug` is there twice");
  BOOST_TEST(refused<dose>(map_of({{"other", "\x01"}, {"other", "\x01"}})).is(net_errc::duplicate_key));
  BOOST_TEST(refused<nothing>(map_of({{"other", "\x01"}, {"other", "\x01"}})).is(net_errc::duplicate_key));
  BOOST_TEST(refused<dose>("\x81\x01\x01").message() == "dose[0] (key): expected a text, got an integer");
}

BOOST_AUTO_TEST_CASE(sets_and_maps_take_each_key_once) {
  BOOST_TEST(refused<std::set<int>>("\x92\x01\x01").message() == "value[1]: is there twice");
  BOOST_TEST((refused<std::map<int, int>>("\x82\x01\x01\x01\x02").is(net_errc::duplicate_key)));
  BOOST_TEST((refused<std::unordered_map<int, int>>("\x82\x01\x01\x01\x02").is(net_errc::duplicate_key)));
}

BOOST_AUTO_TEST_CASE(arrays_and_tuples_take_their_size_only) {
  BOOST_TEST((refused<std::array<int, 2>>("\x91\x01").message() == "value: expected 2 items, got 1"));
  BOOST_TEST((refused<std::pair<int, int>>("\x93\x01\x01\x01").is(net_errc::wrong_size)));
  BOOST_TEST((refused<std::array<std::byte, 2>>("\xc4\x01x").message() == "value: expected 2 bytes, got 1"));
  BOOST_TEST(refused<troupe::id>("\xc4\x01x").is(net_errc::wrong_size));
  BOOST_TEST(refused<trace_context>("\xc4\x01x").is(net_errc::wrong_size));
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_path_is_refused) {
  const auto got = refused<path>("\xa1x");
  BOOST_TEST(got.is(net_errc::bad_value));
  BOOST_TEST(got.message().starts_with("value: no path: "));
  BOOST_TEST(refused<troupe::id>("\xc4\x10" + std::string(16, 'x')).is(net_errc::bad_value));
}

BOOST_AUTO_TEST_CASE(an_error_of_core_gets_its_name_back) {
  BOOST_TEST(back<std::vector<error>>(net::encode(std::vector{error{errc::not_found, "x"}})).at(0).name() ==
             "not_found");
  BOOST_TEST(
      back<std::vector<error>>(net::encode(std::vector{error{net_errc::too_deep, "x"}})).at(0).is(net_errc::too_deep));
}

BOOST_AUTO_TEST_CASE(every_number_of_an_error_has_a_name) {
  for (std::uint32_t n = 2001; n <= 2015; ++n) BOOST_TEST(to_string(static_cast<net_errc>(n)) != "unknown");
  BOOST_TEST(to_string(static_cast<net_errc>(2016)) == "unknown");
}

// -- documents --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_document_shows_its_values) {
  const auto parsed = net::document::parse(map_of({{"a", "\x92\x01\xff"}, {"b", "\xc0"}, {"c", "\xa1x"}}));
  BOOST_REQUIRE(parsed.has_value());
  const auto root = parsed->root();
  BOOST_TEST(root.size() == 3u);
  BOOST_TEST(root.key(1).text().value() == "b");
  BOOST_TEST(root.at(1).is_nil());
  BOOST_TEST(!root.find("d"));
  const auto a = root.find("a").value();
  BOOST_TEST(a.size() == 2u);
  BOOST_TEST(a.at(0).as_int().value() == 1);
  BOOST_TEST(a.at(0).as_uint().value() == 1u);
  BOOST_TEST(a.at(1).as_int().value() == -1);
  BOOST_TEST(!a.at(1).as_uint());
  BOOST_TEST(a.at(1).as_double().value() == -1.0);
  BOOST_TEST(!a.as_int());
  BOOST_TEST(!a.as_double());
  BOOST_TEST(!a.text());
  BOOST_TEST(!a.binary());
  BOOST_TEST(!a.as_bool());
  BOOST_TEST(!a.find("x"));
  BOOST_TEST(root.find("c")->size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_parsed_document_keeps_its_bytes_and_its_context) {
  const auto context = std::make_shared<const int>(7);
  auto bytes = std::make_unique<std::string>(net::encode(std::string(100, 'x')));
  auto parsed = net::document::parse(*bytes, {}, context);
  bytes.reset();
  BOOST_REQUIRE(parsed.has_value());
  const auto root = parsed->root();
  const net::document moved = std::move(*parsed);
  BOOST_TEST(root.text().value() == std::string(100, 'x'));
  BOOST_TEST((moved.root().context() == context));
}

BOOST_AUTO_TEST_CASE(a_type_can_have_a_codec_of_its_own) {
  const auto bytes = net::encode(std::vector<reference>{{1}, {2}});
  BOOST_TEST(refused<std::vector<reference>>(bytes).message() == "value[0]: a reference means nothing here");
  const auto got = net::decode<std::vector<reference>>(bytes, {}, std::make_shared<const int>(7));
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST(got->at(1).number == 7);
  try {
    (void)net::encode(std::vector<reference>{{1}, {-2}});
    BOOST_FAIL("packed a negative reference");
  } catch (const failure& f) {
    BOOST_TEST(f.error().is(errc::invalid_argument));
  }
}

BOOST_AUTO_TEST_SUITE_END()
