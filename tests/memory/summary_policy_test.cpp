#include <boost/test/unit_test.hpp>
#include <troupe/memory/summary_policy.hpp>

namespace {

using namespace std::chrono_literals;
using troupe::timestamp;
using troupe::memory::summary_due;
using troupe::memory::summary_policy;
using troupe::memory::summary_reason;
using troupe::memory::unsummarised;

const timestamp now = troupe::virtual_clock::start_wall;

std::string due(const unsummarised& since, const summary_policy& policy = {}) {
  const auto reason = summary_due(policy, since, now);
  return reason ? std::string{to_string(*reason)} : "no";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(summary_policy_test)

BOOST_AUTO_TEST_CASE(nothing_is_due_while_little_has_come_lately) {
  BOOST_TEST(due({.tokens = 4096, .records = 9, .importance = 9.9, .newest = now - 29min}) == "no");
}

BOOST_AUTO_TEST_CASE(one_record_is_never_summarised) {
  BOOST_TEST(due({.tokens = 9999, .records = 1, .importance = 99, .newest = now - 24h}) == "no");
  BOOST_TEST(due({}) == "no");
}

BOOST_AUTO_TEST_CASE(each_reason_is_enough_and_the_first_is_given) {
  BOOST_TEST(due({.tokens = 4097, .records = 2, .importance = 0, .newest = now}) == "overflow");
  BOOST_TEST(due({.tokens = 1, .records = 2, .importance = 0, .newest = now - 30min}) == "idle");
  BOOST_TEST(due({.tokens = 1, .records = 2, .importance = 10, .newest = now}) == "importance");
  BOOST_TEST(due({.tokens = 4097, .records = 2, .importance = 10, .newest = now - 30min}) == "overflow");
  BOOST_TEST(due({.tokens = 1, .records = 2, .importance = 10, .newest = now - 30min}) == "idle");
}

BOOST_AUTO_TEST_CASE(a_policy_may_do_without_idle_time) {
  summary_policy never;
  never.idle.reset();
  BOOST_TEST(due({.tokens = 1, .records = 2, .importance = 0, .newest = now - 24h}, never) == "no");
}

BOOST_AUTO_TEST_CASE(times_at_the_ends_of_the_clock_are_compared_safely) {
  BOOST_TEST(due({.tokens = 1, .records = 2, .importance = 0, .newest = timestamp::min()}) == "idle");
  BOOST_TEST(due({.tokens = 1, .records = 2, .importance = 0, .newest = timestamp::max()}) == "no");
}

BOOST_AUTO_TEST_CASE(a_reason_has_a_name) {
  BOOST_TEST(to_string(summary_reason::idle) == "idle");
  BOOST_TEST(to_string(static_cast<summary_reason>(9)) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
