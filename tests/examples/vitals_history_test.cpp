#include "healthcare/vitals_history.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "core/seeded.hpp"

using namespace healthcare;
using std::chrono::minutes;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

observation observed(const std::string& id, minutes after, vital what, double value,
                     observation_status status = observation_status::final) {
  return {id, "p1", start + after, status, {{what, value}}};
}

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(healthcare::direction)

BOOST_AUTO_TEST_SUITE(vitals_history_test)

BOOST_AUTO_TEST_CASE(a_score_uses_the_latest_value_of_each_parameter) {
  vitals_history history;
  BOOST_TEST(history.add(observed("1", minutes{0}, vital::heart_rate, 95)));
  BOOST_TEST(history.add(observed("2", minutes{10}, vital::respiratory_rate, 26)));
  BOOST_TEST(history.add(observed("3", minutes{20}, vital::heart_rate, 115)));
  const auto timeline = history.timeline();
  BOOST_TEST_REQUIRE(timeline.size() == 3u);
  BOOST_TEST(timeline[0].score.total == 1);
  BOOST_TEST(timeline[1].score.total == 4);
  BOOST_TEST(timeline[2].score.total == 5);
  BOOST_TEST((history.latest() == timeline[2]));
}

BOOST_AUTO_TEST_CASE(observations_of_one_time_are_one_assessment) {
  vitals_history history;
  history.add(observed("1", minutes{0}, vital::heart_rate, 95));
  history.add(observed("2", minutes{0}, vital::respiratory_rate, 26));
  BOOST_TEST(history.timeline().size() == 1u);
  BOOST_TEST(history.latest()->score.total == 4);
}

BOOST_AUTO_TEST_CASE(a_value_counts_for_twelve_hours) {
  vitals_history history;
  history.add(observed("1", minutes{0}, vital::heart_rate, 95));
  history.add(observed("2", minutes{12 * 60}, vital::respiratory_rate, 16));
  BOOST_TEST(history.latest()->score.total == 1);
  history.add(observed("3", minutes{12 * 60 + 1}, vital::respiratory_rate, 16));
  BOOST_TEST(history.latest()->score.total == 0);
  BOOST_TEST(history.latest()->score.missing.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_day_is_kept) {
  vitals_history history;
  history.add(observed("1", minutes{0}, vital::heart_rate, 95));
  history.add(observed("2", minutes{24 * 60 + 1}, vital::heart_rate, 70));
  BOOST_TEST(history.size() == 1u);
  BOOST_TEST(!history.add(observed("1", minutes{0}, vital::heart_rate, 95)));
  BOOST_TEST(history.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_same_observation_twice_changes_nothing) {
  vitals_history history;
  BOOST_TEST(history.add(observed("1", minutes{0}, vital::heart_rate, 95)));
  BOOST_TEST(!history.add(observed("1", minutes{0}, vital::heart_rate, 95)));
  BOOST_TEST(history.add(observed("", minutes{1}, vital::heart_rate, 95)));
  BOOST_TEST(!history.add(observed("", minutes{1}, vital::heart_rate, 95)));
  BOOST_TEST(history.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_correction_replaces_and_a_withdrawal_removes_whichever_comes_first) {
  const auto first = observed("1", minutes{0}, vital::heart_rate, 140);
  const auto corrected = observed("1", minutes{0}, vital::heart_rate, 104, observation_status::amended);
  observation gone = observed("1", minutes{0}, vital::heart_rate, 0, observation_status::withdrawn);
  gone.readings.clear();
  vitals_history history;
  BOOST_TEST(history.add(corrected));
  BOOST_TEST(!history.add(first));
  BOOST_TEST(history.latest()->score.total == 1);
  BOOST_TEST(history.add(gone));
  BOOST_TEST(!history.latest());
  BOOST_TEST(!history.add(corrected));
  BOOST_TEST(!history.latest());
}

BOOST_AUTO_TEST_CASE(what_holds_no_vital_sign_is_not_kept) {
  vitals_history history;
  BOOST_TEST(!history.add({"1", "p1", start, observation_status::final, {}}));
  BOOST_TEST(!history.latest());
  BOOST_TEST(!history.trend());
}

BOOST_AUTO_TEST_CASE(the_trend_is_that_of_the_last_hour) {
  vitals_history history;
  history.add(observed("0", minutes{-120}, vital::heart_rate, 140));
  for (int i = 0; i <= 6; ++i) {
    history.add(observed("h" + std::to_string(i), minutes{10 * i}, vital::heart_rate, 80 + 5 * i));
    history.add(observed("s" + std::to_string(i), minutes{10 * i}, vital::oxygen_saturation, 98 - i));
    history.add(observed("r" + std::to_string(i), minutes{10 * i}, vital::respiratory_rate, 16 + i % 2));
  }
  const auto trend = history.trend();
  BOOST_TEST_REQUIRE(trend.has_value());
  BOOST_TEST(to_text(trend->since) == "2024-05-06T08:00:00Z");
  BOOST_TEST(trend->score_change == 2 + 1);  // saturation of 92, pulse of 110
  BOOST_TEST(trend->moves == direction::rising);
  BOOST_TEST_REQUIRE(trend->parameters.size() == 3u);
  BOOST_TEST(trend->parameters[0].moves == direction::steady);
  BOOST_TEST(trend->parameters[1].moves == direction::falling);
  BOOST_TEST(trend->parameters[1].per_hour == -6.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(trend->parameters[2].moves == direction::rising);
  BOOST_TEST(trend->parameters[2].per_hour == 30.0, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(one_assessment_alone_has_no_trend) {
  vitals_history history;
  history.add(observed("1", minutes{0}, vital::heart_rate, 80));
  BOOST_TEST(!history.trend());
  history.add(observed("2", minutes{1}, vital::heart_rate, 120));
  BOOST_TEST_REQUIRE(history.trend().has_value());
  BOOST_TEST(history.trend()->score_change == 2);
  BOOST_TEST(history.trend()->parameters.empty());  // too close for a slope
}

BOOST_AUTO_TEST_CASE(any_order_with_repetitions_gives_the_same_history) {
  const auto seed = troupe::test::seeded{}.seed();
  std::mt19937_64 random{seed};
  for (int round = 0; round < 50; ++round) {
    std::vector<observation> all;
    for (int i = 0; i < 60; ++i) {
      const auto what = all_vitals[random() % vital_count];
      const auto status = static_cast<observation_status>(random() % 3);
      all.push_back(observed(random() % 8 == 0 ? "" : std::to_string(random() % 40), minutes{random() % 600}, what,
                             static_cast<double>(random() % 5), status));
    }
    vitals_history wanted;
    for (const auto& item : all) wanted.add(item);
    for (int i = 0; i < 20; ++i) all.push_back(all[random() % 60]);
    std::shuffle(all.begin(), all.end(), random);
    vitals_history shuffled;
    for (const auto& item : all) shuffled.add(item);
    BOOST_TEST_REQUIRE((shuffled == wanted), "seed " << seed << ", round " << round);
    BOOST_TEST_REQUIRE((shuffled.timeline() == wanted.timeline()));
    BOOST_TEST_REQUIRE((shuffled.trend() == wanted.trend()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
