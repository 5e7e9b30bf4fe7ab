#include "healthcare/instant.hpp"

#include <boost/test/unit_test.hpp>

#include "healthcare/errc.hpp"

using namespace healthcare;

BOOST_AUTO_TEST_SUITE(instant_test)

BOOST_AUTO_TEST_CASE(a_time_in_another_zone_becomes_utc) {
  BOOST_TEST(to_text(*parse_instant("2024-05-01T09:20:00Z")) == "2024-05-01T09:20:00Z");
  BOOST_TEST(to_text(*parse_instant("2024-05-01T09:20:00+02:00")) == "2024-05-01T07:20:00Z");
  BOOST_TEST(to_text(*parse_instant("2024-02-28T22:00:00-05:30")) == "2024-02-29T03:30:00Z");
  BOOST_TEST(clock_text(*parse_instant("2024-05-01T09:20:59Z")) == "09:20");
}

BOOST_AUTO_TEST_CASE(fractions_are_kept_to_the_millisecond) {
  BOOST_TEST(to_text(*parse_instant("2024-05-01T09:20:00.25Z")) == "2024-05-01T09:20:00.250Z");
  BOOST_TEST(to_text(*parse_instant("2024-05-01T09:20:00.1239999Z")) == "2024-05-01T09:20:00.123Z");
}

BOOST_AUTO_TEST_CASE(a_leap_second_is_the_next_minute) {
  BOOST_TEST(to_text(*parse_instant("2016-12-31T23:59:60Z")) == "2017-01-01T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_refused) {
  for (const auto* text :
       {"", "2024", "2024-05-01", "2024-05-01T09:20Z", "2024-05-01T09:20:00", "2024-02-30T09:20:00Z",
        "2024-13-01T09:20:00Z", "2024-05-01T24:00:00Z", "2024-05-01T09:60:00Z", "2024-05-01T09:20:61Z",
        "2024-05-01T09:20:00.Z", "1899-05-01T09:20:00Z", "2200-05-01T09:20:00Z", "2024-05-01T09:20:00+15:00",
        "2024-05-01T09:20:00Zulu", "-024-05-01T09:20:00Z", "2024-05-01t09:20:00z"}) {
    const auto time = parse_instant(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST_REQUIRE(!time);
      BOOST_TEST(time.error().is(errc::bad_value));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_date_may_leave_out_the_day_and_the_month) {
  BOOST_TEST(to_text(*parse_date("1964")) == "1964-01-01T00:00:00Z");
  BOOST_TEST(to_text(*parse_date("1964-03")) == "1964-03-01T00:00:00Z");
  BOOST_TEST(to_text(*parse_date("1964-03-18")) == "1964-03-18T00:00:00Z");
  BOOST_TEST(to_text(*parse_date("1964-03-18T10:00:00Z")) == "1964-03-18T00:00:00Z");
  BOOST_TEST(!parse_date("1964-02-30"));
  BOOST_TEST(!parse_date("1700-01-01"));
  BOOST_TEST(!parse_date("born in 1964"));
}

BOOST_AUTO_TEST_SUITE_END()
