#include "troupe/core/units.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "core/seeded.hpp"

using namespace std::chrono_literals;
using troupe::duration;
using troupe::errc;
using troupe::format_duration;
using troupe::format_size;
using troupe::parse_duration;
using troupe::parse_size;

BOOST_AUTO_TEST_SUITE(units_test)

BOOST_AUTO_TEST_CASE(durations_are_read_as_people_write_them) {
  const std::pair<std::string_view, duration> good[] = {
      {"5s", 5s},   {"200ms", 200ms},      {"1h30m", 90min}, {"0", 0s},
      {"0s", 0s},   {"2d", 48h},           {"15us", 15us},   {"15\xC2\xB5s", 15us},
      {"7ns", 7ns}, {"1m1ms", 1min + 1ms}, {"005s", 5s}};
  for (const auto& [text, expected] : good) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST((parse_duration(text).value() == expected)); }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_duration_is_refused_with_the_reason) {
  for (const std::string_view bad : {"", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "5S", "5x", "30m1h",
                                     "1s1s", "1ms1\xC2\xB5s1us", "0x5s"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(parse_duration(bad).error().is(errc::parse_error)); }
  }
  for (const std::string_view bad :
       {"106752d", "9223372036854775808ns", "99999999999999999999ns", "9223372036s854775808ns"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(parse_duration(bad).error().is(errc::out_of_range)); }
  }
  BOOST_TEST(parse_duration("5x\n").error().message() ==
             R"("5x\n" is not a duration as 5s, 200ms or 1h30m: unknown unit)");
}

BOOST_AUTO_TEST_CASE(sizes_are_read_as_people_write_them) {
  const std::pair<std::string_view, std::uint64_t> good[] = {
      {"0", 0},
      {"1048576", 1'048'576},
      {"512B", 512},
      {"64MiB", 64u << 20},
      {"1kB", 1'000},
      {"2GB", 2'000'000'000},
      {"1TiB", 1ull << 40},
      {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()}};
  for (const auto& [text, expected] : good) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(parse_size(text).value() == expected); }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_size_is_refused_with_the_reason) {
  for (const std::string_view bad : {"", "B", "-1", "1 MiB", "1.5GiB", "1MiB2", "1MiB2KiB", "1mib", "1M"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(parse_size(bad).error().is(errc::parse_error)); }
  }
  for (const std::string_view bad : {"18446744073709551616", "16777216TiB"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(parse_size(bad).error().is(errc::out_of_range)); }
  }
}

BOOST_AUTO_TEST_CASE(what_is_written_is_short) {
  BOOST_TEST(format_duration(0s) == "0s");
  BOOST_TEST(format_duration(90min) == "1h30m");
  BOOST_TEST(format_duration(1500ms) == "1s500ms");
  BOOST_TEST(format_duration(-5s) == "-5s");
  BOOST_TEST(format_duration(duration::min()).starts_with("-106751d"));
  BOOST_TEST(format_size(0) == "0B");
  BOOST_TEST(format_size(64u << 20) == "64MiB");
  BOOST_TEST(format_size(1'000) == "1000B");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_as_the_same) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int i = 0; i < 5'000; ++i) {
      const auto word = random.word() >> random.below(64);
      BOOST_REQUIRE(parse_size(format_size(word)).value() == word);
      const duration d{static_cast<std::int64_t>(word >> 1)};
      BOOST_REQUIRE((parse_duration(format_duration(d)).value() == d));
    }
  }
}

BOOST_AUTO_TEST_CASE(hostile_bytes_are_read_or_refused) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int i = 0; i < 5'000; ++i) {
      const auto text = std::to_string(random.word() >> random.below(64)) + random.bytes(6);
      if (const auto size = parse_size(text)) BOOST_REQUIRE(parse_size(format_size(*size)).value() == *size);
      if (const auto d = parse_duration(text)) BOOST_REQUIRE((parse_duration(format_duration(*d)).value() == *d));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
