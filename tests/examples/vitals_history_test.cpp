#include "healthcare/vitals_history.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "core/seeded.hpp"

using namespace healthcare;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

observation observed(const std::string& id, minutes after, vital what, double value) {
  observation out;
  out.id = id;
  out.patient = "p1";
  out.time = start + after;
  out.readings = {{what, value}};
  return out;
}

observation withdrawn(observation of) {
  of.status = observation_status::withdrawn;
  of.readings.clear();
  return of;
}

// All five measured at one time: a score of 0, but for the respiratory rate.
observation normal(minutes after, double respiratory_rate = 16) {
  auto out = observed("n" + std::to_string(after.count()), after, vital::respiratory_rate, respiratory_rate);
  for (const auto& [what, value] : {std::pair{vital::oxygen_saturation, 98.0},
                                    {vital::systolic_pressure, 120.0},
                                    {vital::heart_rate, 70.0},
                                    {vital::temperature, 37.0}}) {
    out.readings.push_back({what, value});
  }
  return out;
}
// A score of 14.
observation grave(minutes after) {
  auto out = normal(after);
  out.readings = {{vital::respiratory_rate, 30},
                  {vital::oxygen_saturation, 85},
                  {vital::systolic_pressure, 85},
                  {vital::heart_rate, 140},
                  {vital::temperature, 39.5}};
  return out;
}

vitals_history history_of(const std::vector<observation>& changes) {
  vitals_history out;
  for (const auto& each : changes) out.take(each);
  return out;
}

// "minute:band total", with "over" for a recovery.
std::vector<std::string> story(const vitals_history& of) {
  std::vector<std::string> out;
  for (const auto& [at, item] : of.escalations()) {
    const auto minute = std::chrono::duration_cast<minutes>(at - start).count();
    out.push_back(std::to_string(minute) + ":" + (item.over ? "over" : std::string{to_string(item.band)}) + " " +
                  std::to_string(item.total));
  }
  return out;
}
std::vector<std::string> story(const std::vector<observation>& changes) { return story(history_of(changes)); }

using list = std::vector<std::string>;

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(healthcare::direction)

BOOST_AUTO_TEST_SUITE(vitals_history_test)

BOOST_AUTO_TEST_CASE(a_score_uses_the_latest_value_of_each_parameter) {
  const auto history = history_of({observed("1", minutes{0}, vital::heart_rate, 95),
                                   observed("2", minutes{10}, vital::respiratory_rate, 26),
                                   observed("3", minutes{20}, vital::heart_rate, 115)});
  const auto timeline = history.timeline();
  BOOST_TEST_REQUIRE(timeline.size() == 3u);
  BOOST_TEST(timeline[0].score.total == 1);
  BOOST_TEST(timeline[1].score.total == 4);
  BOOST_TEST(timeline[2].score.total == 5);
  BOOST_TEST((history.latest() == timeline[2]));
}

BOOST_AUTO_TEST_CASE(observations_of_one_time_are_one_assessment) {
  const auto history = history_of(
      {observed("1", minutes{0}, vital::heart_rate, 95), observed("2", minutes{0}, vital::respiratory_rate, 26)});
  BOOST_TEST(history.timeline().size() == 1u);
  BOOST_TEST(history.latest()->score.total == 4);
}

BOOST_AUTO_TEST_CASE(of_two_values_at_one_time_the_graver_counts) {
  for (const auto& [first, second] : {std::pair{"a", "z"}, {"z", "a"}}) {
    BOOST_TEST(history_of({observed(first, minutes{0}, vital::systolic_pressure, 120),
                           observed(second, minutes{0}, vital::systolic_pressure, 85)})
                   .latest()
                   ->score.total == 3);
  }
}

BOOST_AUTO_TEST_CASE(a_value_counts_for_twelve_hours) {
  auto history = history_of(
      {observed("1", minutes{0}, vital::heart_rate, 95), observed("2", hours{12}, vital::respiratory_rate, 16)});
  BOOST_TEST(history.latest()->score.total == 1);
  history.take(observed("3", hours{12} + minutes{1}, vital::respiratory_rate, 16));
  BOOST_TEST(history.latest()->score.total == 0);
  BOOST_TEST(history.latest()->score.missing.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_change_takes_the_place_of_the_one_of_its_id) {
  auto history = history_of({observed("1", minutes{0}, vital::heart_rate, 140)});
  history.take(observed("1", minutes{5}, vital::heart_rate, 104));
  BOOST_TEST(history.timeline().size() == 1u);
  BOOST_TEST(history.latest()->score.total == 1);
  history.take(withdrawn(observed("1", minutes{5}, vital::heart_rate, 104)));
  BOOST_TEST(!history.latest());
  history.take(withdrawn(observed("2", minutes{5}, vital::heart_rate, 104)));
  BOOST_TEST(!history.latest());
  BOOST_TEST((history == vitals_history{}));
}

BOOST_AUTO_TEST_CASE(an_empty_history_has_nothing) {
  BOOST_TEST(!vitals_history{}.latest());
  BOOST_TEST(!vitals_history{}.trend());
  BOOST_TEST(vitals_history{}.escalations().empty());
}

BOOST_AUTO_TEST_CASE(the_trend_is_that_of_the_last_hour) {
  auto history = history_of({observed("0", minutes{-120}, vital::heart_rate, 140)});
  for (int i = 0; i <= 6; ++i) {
    history.take(observed("h" + std::to_string(i), minutes{10 * i}, vital::heart_rate, 80 + 5 * i));
    history.take(observed("s" + std::to_string(i), minutes{10 * i}, vital::oxygen_saturation, 98 - i));
    history.take(observed("r" + std::to_string(i), minutes{10 * i}, vital::respiratory_rate, 16 + i % 2));
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
  auto history = history_of({observed("1", minutes{0}, vital::heart_rate, 80)});
  BOOST_TEST(!history.trend());
  history.take(observed("2", minutes{1}, vital::heart_rate, 120));
  BOOST_TEST_REQUIRE(history.trend().has_value());
  BOOST_TEST(history.trend()->score_change == 2);
  BOOST_TEST(history.trend()->parameters.empty());  // too close for a slope
}

BOOST_AUTO_TEST_CASE(the_trend_looks_back_two_hours_at_most) {
  const auto after = [](minutes time) {
    return history_of({observed("1", minutes{0}, vital::heart_rate, 70), observed("2", time, vital::heart_rate, 115)})
        .trend();
  };
  BOOST_TEST(after(minutes{61}).value().score_change == 2);
  BOOST_TEST(after(hours{2}).value().score_change == 2);
  BOOST_TEST(!after(hours{2} + minutes{1}));
}

BOOST_AUTO_TEST_CASE(the_trend_compares_what_was_known_at_both_times) {
  auto history = history_of(
      {observed("1", minutes{0}, vital::heart_rate, 70), observed("2", minutes{60}, vital::oxygen_saturation, 85)});
  BOOST_TEST(history.trend().value().score_change == 0);
  // Who was not told to be on oxygen was on air.
  history.take(observed("3", minutes{60}, vital::supplemental_oxygen, 1));
  BOOST_TEST(history.trend().value().score_change == 2);
  BOOST_TEST(!history_of({observed("1", minutes{0}, vital::supplemental_oxygen, 1),
                          observed("2", minutes{60}, vital::consciousness, 1)})
                  .trend()
                  .value_or(vitals_trend{})
                  .parameters.size());
  // What has expired is not known.
  BOOST_TEST(!history_of({observed("1", minutes{0}, vital::heart_rate, 140),
                          observed("2", hours{11} + minutes{30}, vital::temperature, 37),
                          observed("3", hours{12} + minutes{30}, vital::respiratory_rate, 16)})
                  .trend()
                  .value()
                  .score_change);
}

BOOST_AUTO_TEST_CASE(each_higher_band_is_an_escalation) {
  BOOST_TEST(story({normal(minutes{0}), observed("1", minutes{10}, vital::heart_rate, 131),
                    observed("2", minutes{20}, vital::respiratory_rate, 22), grave(minutes{30}), grave(minutes{40})}) ==
                 (list{"10:low-medium 3", "20:medium 5", "30:high 14"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_fall_that_is_not_low_is_no_recovery_and_the_next_rise_is_an_escalation) {
  BOOST_TEST(
      story({grave(minutes{0}), normal(minutes{10}, 30), grave(minutes{20})}) == (list{"0:high 14", "20:high 14"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_low_score_of_new_values_is_a_recovery) {
  BOOST_TEST(story({grave(minutes{0}), normal(minutes{10}), normal(minutes{20}), grave(minutes{30})}) ==
                 (list{"0:high 14", "10:over 0", "30:high 14"}),
             boost::test_tools::per_element());
  BOOST_TEST(story({normal(minutes{0}), normal(minutes{10})}).empty());
}

BOOST_AUTO_TEST_CASE(values_that_expire_are_no_recovery) {
  const auto alone = observed("r", minutes{0}, vital::respiratory_rate, 30);
  auto history = history_of({alone, observed("t", hours{13}, vital::temperature, 37)});
  BOOST_TEST(history.latest()->score.total == 0);
  BOOST_TEST(story(history) == list{"0:low-medium 3"}, boost::test_tools::per_element());
  history.take(observed("q", hours{14}, vital::respiratory_rate, 16));
  BOOST_TEST(story(history) == (list{"0:low-medium 3", "840:over 0"}), boost::test_tools::per_element());
  // One of two that scored is not all.
  BOOST_TEST(
      story({observed("r", minutes{0}, vital::respiratory_rate, 30), observed("h", minutes{0}, vital::heart_rate, 140),
             observed("i", hours{13}, vital::heart_rate, 70)}) == list{"0:medium 6"},
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_value_is_no_news_because_the_one_before_expired) {
  BOOST_TEST(
      story({observed("1", minutes{0}, vital::respiratory_rate, 30), observed("2", hours{13}, vital::heart_rate, 70),
             observed("3", hours{14}, vital::respiratory_rate, 30)}) == list{"0:low-medium 3"},
      boost::test_tools::per_element());
  // Another parameter is.
  BOOST_TEST(story({observed("1", minutes{0}, vital::respiratory_rate, 30),
                    observed("2", hours{13}, vital::heart_rate, 140)}) == (list{"0:low-medium 3", "780:low-medium 3"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_later_day_does_not_rewrite_the_past) {
  std::vector<observation> all;
  list wanted;
  for (int day = 0; day < 4; ++day) {
    all.push_back(grave(hours{24 * day}));
    all.push_back(normal(hours{24 * day + 6}));
    wanted.push_back(std::to_string(1440 * day) + ":high 14");
    wanted.push_back(std::to_string(1440 * day + 360) + ":over 0");
  }
  BOOST_TEST(story(all) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(taking_a_change_tells_whether_the_escalations_changed) {
  vitals_history history;
  BOOST_TEST(!history.take(normal(minutes{0})));
  BOOST_TEST(history.take(grave(minutes{10})));
  BOOST_TEST(!history.take(grave(minutes{10})));
  BOOST_TEST(!history.take(grave(minutes{20})));
  BOOST_TEST(history.take(normal(minutes{30})));
  BOOST_TEST(history.take(withdrawn(grave(minutes{10}))));  // now it is the one at 20
  BOOST_TEST(story(history) == (list{"20:high 14", "30:over 0"}), boost::test_tools::per_element());
  BOOST_TEST(history.take(withdrawn(grave(minutes{20}))));
  BOOST_TEST(history.escalations().empty());
}

BOOST_AUTO_TEST_CASE(any_order_of_the_changes_of_a_set_gives_the_same_history) {
  const auto seed = troupe::test::seeded{}.seed();
  std::mt19937_64 random{seed};
  for (int round = 0; round < 100; ++round) {
    std::vector<observation> all;
    for (int i = 0; i < 60; ++i) {
      const auto what = all_vitals[random() % vital_count];
      const double graves[] = {30, 85, 1, 85, 140, 1, 39.5};
      const double normals[] = {16, 98, 0, 120, 70, 0, 37};
      const auto value = (random() % 2 == 0 ? graves : normals)[static_cast<std::size_t>(what)];
      all.push_back(observed(std::to_string(i), minutes{30 * (random() % 100)}, what, value));
    }
    const auto wanted = history_of(all);
    auto arriving = all;
    for (int i = 0; i < 20; ++i) {
      // Something that is put right later, and something that is taken back.
      auto wrong = all[random() % 60];
      wrong.time += minutes{15 * (random() % 200)};
      wrong.readings[0].value += 1;
      arriving.push_back(wrong);
      arriving.push_back(observed("gone" + std::to_string(i), minutes{15 * (random() % 200)}, vital::heart_rate, 140));
    }
    std::shuffle(arriving.begin(), arriving.end(), random);
    for (int i = 0; i < 20; ++i) arriving.push_back(withdrawn(observed("gone" + std::to_string(i), {}, {}, 0)));
    arriving.insert(arriving.end(), all.begin(), all.end());
    const auto shuffled = history_of(arriving);
    BOOST_TEST_REQUIRE((shuffled == wanted), "seed " << seed << ", round " << round);
    BOOST_TEST_REQUIRE((shuffled.trend() == wanted.trend()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
