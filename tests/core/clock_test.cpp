#include "troupe/core/clock.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "troupe/core/result.hpp"

using namespace std::chrono_literals;
using troupe::format_timestamp;
using troupe::real_clock;
using troupe::timestamp;
using troupe::virtual_clock;

BOOST_AUTO_TEST_SUITE(clock_test)

BOOST_AUTO_TEST_CASE(a_virtual_clock_stands_still_at_a_known_time) {
  const virtual_clock time;
  BOOST_TEST(format_timestamp(time.wall()) == "2024-01-01T00:00:00.000000Z");
  BOOST_TEST((time.now() == virtual_clock::start_now));
  BOOST_TEST((time.now() == time.now()));
  BOOST_TEST((time.coarse_now() == time.now()));
}

BOOST_AUTO_TEST_CASE(both_times_of_a_virtual_clock_move_together) {
  virtual_clock time;
  time.advance(1500ms);
  BOOST_TEST((time.now() - virtual_clock::start_now == 1500ms));
  BOOST_TEST((time.wall() - virtual_clock::start_wall == 1500ms));
  time.set(virtual_clock::start_wall + 1h);
  BOOST_TEST((time.now() - virtual_clock::start_now == 1h));
}

BOOST_AUTO_TEST_CASE(a_virtual_clock_does_not_go_back) {
  virtual_clock time;
  time.advance(1s);
  BOOST_CHECK_THROW(time.advance(-1ns), troupe::failure);
  BOOST_CHECK_THROW(time.set(virtual_clock::start_wall), troupe::failure);
  BOOST_TEST((time.now() - virtual_clock::start_now == 1s));
}

BOOST_AUTO_TEST_CASE(a_virtual_clock_does_not_run_over) {
  const auto beyond = [](const troupe::failure& thrown) { return thrown.error().is(troupe::errc::out_of_range); };
  virtual_clock time;
  time.advance(1s);
  BOOST_CHECK_EXCEPTION(time.advance(troupe::duration::max()), troupe::failure, beyond);
  BOOST_TEST((time.now() - virtual_clock::start_now == 1s));
  time.step_wall(-60 * 365 * 24h);
  BOOST_CHECK_EXCEPTION(time.set(timestamp::max()), troupe::failure, beyond);
  time.step_wall(troupe::duration::max());
  BOOST_TEST((time.wall() > virtual_clock::start_wall));
  virtual_clock last;
  last.set(timestamp::max());
  BOOST_TEST((last.wall() == timestamp::max()));
  for (const troupe::duration by : {troupe::duration{1h}, troupe::duration::max(), troupe::duration::max()}) {
    last.step_wall(by);
    BOOST_TEST((last.wall() == timestamp::max()));
  }
  BOOST_CHECK_EXCEPTION(last.advance(1ns), troupe::failure, beyond);
}

BOOST_AUTO_TEST_CASE(stepping_the_wall_leaves_monotonic_time_alone) {
  virtual_clock time;
  time.step_wall(-1h);
  BOOST_TEST((time.now() == virtual_clock::start_now));
  BOOST_TEST((time.wall() == virtual_clock::start_wall - 1h));
}

BOOST_AUTO_TEST_CASE(threads_may_advance_a_virtual_clock_together) {
  virtual_clock time;
  {
    std::vector<std::jthread> running;
    for (int t = 0; t < 4; ++t) {
      running.emplace_back([&] {
        for (int i = 0; i < 1'000; ++i) time.advance(1us);
      });
    }
  }
  BOOST_TEST((time.now() - virtual_clock::start_now == 4ms));
}

BOOST_AUTO_TEST_CASE(real_time_is_that_of_the_standard_library) {
  const real_clock time;
  const auto before = std::chrono::steady_clock::now();
  const auto now = time.now();
  const auto after = std::chrono::steady_clock::now();
  BOOST_TEST((before <= now && now <= after));
  // Coarse time is never ahead, and behind by some ticks of the kernel (10 ms at 100 Hz).
  const auto coarse = time.coarse_now();
  BOOST_TEST((coarse <= time.now() && now - coarse < 100ms));
  BOOST_TEST((std::chrono::abs(time.wall() - std::chrono::system_clock::now()) < 1min));
}

BOOST_AUTO_TEST_CASE(timestamps_are_written_as_rfc_3339) {
  const timestamp t = std::chrono::sys_days{std::chrono::year{2000} / 2 / 29} + 23h + 59min + 58s + 123'456'789ns;
  BOOST_TEST(format_timestamp(t) == "2000-02-29T23:59:58.123456Z");
  BOOST_TEST(format_timestamp(t, 0) == "2000-02-29T23:59:58Z");
  BOOST_TEST(format_timestamp(t, 3) == "2000-02-29T23:59:58.123Z");
  BOOST_TEST(format_timestamp(t, 9) == "2000-02-29T23:59:58.123456789Z");
  BOOST_TEST(format_timestamp(timestamp{-1ns}, 9) == "1969-12-31T23:59:59.999999999Z");
}

BOOST_AUTO_TEST_SUITE_END()
