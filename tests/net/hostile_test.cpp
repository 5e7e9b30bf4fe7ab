#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <new>
#include <troupe/net/codec.hpp>

#include "core/seeded.hpp"
#include "net/visible.hpp"

using namespace troupe;

// Bytes from somebody who means harm, or whose program is broken: each is refused, and costs no more than it is worth.

namespace {

std::atomic<std::size_t> allocated_bytes{0};  // by this program, ever

}  // namespace

// Counts what the tests below bound.
void* operator new(std::size_t size) {
  allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace std::string_literals;

template <class F>
std::size_t allocated_by(F&& f) {
  const auto before = allocated_bytes.load();
  f();
  return allocated_bytes.load() - before;
}

// What a parse may allocate for `size` bytes: a copy, 16 bytes for each value, and some for stacks and messages.
constexpr std::size_t allowed(std::size_t size) { return 17 * size + 4096; }

error refused(const std::string& bytes, const net::limits& within = {}) {
  result<void> outcome;
  const auto cost = allocated_by([&] {
    const auto parsed = net::document::parse(bytes, within);
    if (!parsed) outcome = parsed.error();
  });
  BOOST_TEST(cost <= allowed(bytes.size()), cost << " bytes for " << bytes.size());
  BOOST_REQUIRE(!outcome);
  return outcome.error();
}

std::string nested(std::size_t depth, char header = '\x91') { return std::string(depth, header) + '\xc0'; }

struct wide {
  std::array<std::int64_t, 256> numbers{};
  std::string text;
  FIELDS(wide, FIELD(text))
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_test)

BOOST_AUTO_TEST_CASE(nothing_is_not_a_value) { BOOST_TEST(refused("").is(net_errc::bad_bytes)); }

BOOST_AUTO_TEST_CASE(the_byte_that_means_nothing_is_refused) {
  BOOST_TEST(refused("\xc1").is(net_errc::bad_bytes));
  BOOST_TEST(refused("\x92\x01\xc1").is(net_errc::bad_bytes));
}

BOOST_AUTO_TEST_CASE(a_value_cut_short_is_refused_at_every_byte) {
  const auto whole = net::encode(std::map<std::string, std::vector<std::variant<double, std::string, std::uint64_t>>>{
      {"key", {1.5, "a text", std::uint64_t{1} << 40}}, {std::string(300, 'k'), {std::string(70'000, 't')}}});
  BOOST_REQUIRE(net::document::parse(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); size += size < 600 ? 1 : 997)
    BOOST_TEST(refused(whole.substr(0, size)).is(net_errc::bad_bytes), "cut at " << size);
}

BOOST_AUTO_TEST_CASE(what_follows_the_value_is_refused) {
  BOOST_TEST(refused("\x01\x01").message() == "the value ends at byte 1 of 2: something follows it");
  BOOST_TEST(refused("\x90\xc0").is(net_errc::bad_bytes));
  BOOST_TEST(refused("\xa0\xa0").is(net_errc::bad_bytes));
}

BOOST_AUTO_TEST_CASE(extension_types_are_refused) {
  BOOST_TEST(refused("\xd4\x01x").is(net_errc::bad_bytes));
  BOOST_TEST(refused("\xc7\x00\x01"s).is(net_errc::bad_bytes));
  BOOST_TEST(refused("\x91\xd6\xffxxxx").is(net_errc::bad_bytes));
  BOOST_TEST(refused("\xc9\xff\xff\xff\xff\x01").is(net_errc::bad_bytes));
}

BOOST_AUTO_TEST_CASE(a_header_that_announces_more_than_there_is_is_refused_before_anything_is_allocated) {
  for (const auto& bytes :
       {"\xdd\xff\xff\xff\xff"s, "\xdf\xff\xff\xff\xff"s, "\xdc\xff\xff"s, "\xde\xff\xff"s, "\xdb\xff\xff\xff\xff"s,
        "\xc6\xff\xff\xff\xff"s, "\xdf\x80\x00\x00\x00\x01\x01"s, "\x9f"s, "\x8f"s, "\xbf"s})
    BOOST_TEST(refused(bytes).is(net_errc::bad_bytes));
  // The same behind a long text: what is left counts, not what there is.
  const auto late = "\x92" + net::encode(std::string(1 << 20, 'x')) + "\xdd\x00\x08\x00\x00"s;
  BOOST_TEST(refused(late).is(net_errc::bad_bytes));
  BOOST_TEST(allocated_by([&] { BOOST_TEST(!net::document::view(late).has_value()); }) < 4096u);
}

BOOST_AUTO_TEST_CASE(nested_headers_share_the_bytes_that_are_left) {
  const auto at_the_header = [](const std::string& bytes) {
    return refused(bytes).message().starts_with("an array or map is announced that is longer");
  };
  // Each array announces all the bytes after it, which only one of them can have.
  std::string bytes;
  for (int i = 0; i < 60; ++i) bytes += "\xdc\x10\x00"s;
  bytes.resize(0x1000 + 60 * 3 + 10, '\xc0');
  BOOST_TEST(at_the_header(bytes));
  BOOST_TEST(at_the_header("\x92\x91\x92\x01\x01"));
  BOOST_TEST(!at_the_header("\x92\x91\x91\x01\xa1"));  // enough for the headers, too little for the text
  // Maps take two values for each entry.
  BOOST_TEST(at_the_header("\x82\x01\x01\x01"));
  BOOST_TEST(at_the_header("\x81\x82\x01\x01\x01\x01"));
  // Those that were read need no more bytes.
  BOOST_TEST(net::document::parse("\x93\x92\x01\x01\x91\x01\x92\x01\x01").has_value());
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
  BOOST_TEST(net::document::parse(nested(64)).has_value());
  BOOST_TEST(refused(nested(65)).is(net_errc::too_deep));
  BOOST_TEST(refused(nested(1 << 20)).is(net_errc::too_deep));
  BOOST_TEST(net::document::parse(nested(3), {.depth = 3}).has_value());
  BOOST_TEST(refused(nested(4), {.depth = 3}).is(net_errc::too_deep));
  std::string maps;
  for (int i = 0; i < 65; ++i) maps += "\x81\x01";
  BOOST_TEST(refused(maps + '\x01').is(net_errc::too_deep));
  // Side by side is not in each other.
  std::string flat = "\xdc\x01\x00"s;
  for (int i = 0; i < 256; ++i) flat += "\x91\x90";
  BOOST_TEST(net::document::parse(flat, {.depth = 3}).has_value());
}

BOOST_AUTO_TEST_CASE(the_number_of_bytes_is_bounded) {
  const auto text = net::encode(std::string(1000, 'x'));
  BOOST_TEST(net::document::parse(text, {.bytes = text.size()}).has_value());
  BOOST_TEST(refused(text, {.bytes = text.size() - 1}).is(net_errc::too_big));
  const auto cost = allocated_by([&] { BOOST_TEST(!net::document::parse(text, {.bytes = 10}).has_value()); });
  BOOST_TEST(cost < 1000u);  // not even copied
}

BOOST_AUTO_TEST_CASE(the_worst_that_is_right_takes_sixteen_bytes_for_one) {
  constexpr std::size_t items = 1 << 20;
  const auto parse_cost = [](const std::string& bytes) {
    return allocated_by([&] { BOOST_TEST(net::document::parse(bytes).has_value()); });
  };
  for (const char item : {'\x01', '\xc0', '\x90', '\x80', '\xa0'}) {
    const auto bytes = "\xdd\x00\x10\x00\x00"s + std::string(items, item);
    BOOST_TEST(parse_cost(bytes) <= allowed(bytes.size()));
  }
}

BOOST_AUTO_TEST_CASE(a_byte_does_not_become_kilobytes) {
  // An empty map is a struct that keeps its defaults: 1 byte for more than 2,048.
  static_assert(sizeof(wide) > 2048);
  constexpr std::size_t items = 1 << 16;
  const auto bytes = "\xdd\x00\x01\x00\x00"s + std::string(items, '\x80');
  const auto within = [&](const net::limits& limits) {
    result<std::size_t> count{std::size_t{0}};
    const auto cost = allocated_by([&] {
      const auto got = net::decode<std::vector<wide>>(bytes, limits);
      if (got)
        count = got->size();
      else
        count = got.error();
    });
    return std::pair{count, cost};
  };
  const auto [refusal, cost] = within({});
  BOOST_REQUIRE(!refusal);
  BOOST_TEST(refusal.error().is(net_errc::too_big));
  BOOST_TEST(cost <= allowed(bytes.size()) + bytes.size() * 64);
  // Who trusts the sender may allow it.
  BOOST_TEST(within({.expansion = 4096}).first.value_or(0) == items);
  BOOST_TEST(within({.expansion = SIZE_MAX}).first.value_or(0) == items);
  // Also when it hides in many small arrays.
  std::string outer = "\xdd\x00\x01\x00\x00"s;
  for (std::size_t i = 0; i < items; ++i) outer += "\x91\x80";
  BOOST_TEST((net::decode<std::vector<std::vector<wide>>>(outer).error().is(net_errc::too_big)));
  BOOST_TEST((net::decode<std::map<std::string, std::map<int, wide>>>("\x81\xa1x"s + "\xdf\x00\x00\x08\x00"s +
                                                                      std::string(4096, '\x80'))
                  .error()
                  .message()
                  .starts_with("value[0]")));
}

BOOST_AUTO_TEST_CASE(many_unknown_fields_are_skipped_in_time_that_grows_with_them) {
  constexpr std::size_t entries = 1 << 16;
  std::string bytes = "\xdf\x00\x01\x00\x00"s;
  for (std::size_t i = 0; i < entries; ++i) bytes += net::encode(std::to_string(i)) + "\xc0";
  const auto cost = allocated_by([&] { BOOST_TEST(net::decode<wide>(bytes).has_value()); });
  BOOST_TEST(cost <= 24 * bytes.size() + 4096);
  BOOST_TEST(net::decode<wide>(bytes.substr(0, bytes.size() - 7) + "\xa5"
                                                                   "65534"
                                                                   "\xc0")
                 .error()
                 .is(net_errc::duplicate_key));
}

BOOST_AUTO_TEST_CASE(arbitrary_bytes_never_cost_more_than_they_are_worth) {
  test::seeded random;
  const auto whole = net::encode(std::vector<std::map<std::string, std::optional<double>>>(
      20, {{"a", 1.0}, {"b", {}}, {std::string(40, 'c'), -2.5}}));
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    if (i % 2 == 0) {
      bytes = random.bytes(200);
    } else {  // almost right
      bytes = whole;
      for (std::size_t n = random.below(4); n <= 4; ++n)
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    const auto cost = allocated_by([&] { (void)net::document::parse(bytes); });
    BOOST_TEST_REQUIRE(cost <= allowed(bytes.size()), "seed " << random.seed() << ", round " << i);
    (void)net::decode<wide>(bytes);
    (void)net::decode<std::vector<std::map<std::string, std::optional<double>>>>(bytes);
  }
}

BOOST_AUTO_TEST_SUITE_END()
