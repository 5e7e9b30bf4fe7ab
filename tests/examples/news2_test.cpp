#include "healthcare/news2.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <vector>

using namespace healthcare;

namespace {

// All parameters in the middle of the chart's column of 0.
vital_signs normal() {
  vital_signs out;
  out[vital::respiratory_rate] = 16;
  out[vital::oxygen_saturation] = 98;
  out[vital::systolic_pressure] = 120;
  out[vital::heart_rate] = 70;
  out[vital::temperature] = 37.0;
  return out;
}

news2_score with(std::map<vital, double> changed) {
  auto signs = normal();
  for (const auto& [what, value] : changed) signs[what] = value;
  return score(signs);
}

struct row {
  double value;
  int points;
};

void check(vital what, const std::vector<row>& rows) {
  for (const auto& [value, points] : rows) {
    BOOST_TEST_CONTEXT(to_string(what) << " " << value) { BOOST_TEST(news2_points(what, value) == points); }
  }
}

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(healthcare::risk)
BOOST_TEST_DONT_PRINT_LOG_VALUE(std::vector<healthcare::vital>)

BOOST_AUTO_TEST_SUITE(news2_test)

// Chart 1 of the report of 2017: both sides of every boundary.
BOOST_AUTO_TEST_CASE(respiratory_rate_scores_as_the_chart_says) {
  check(vital::respiratory_rate,
        {{0, 3}, {8, 3}, {9, 1}, {11, 1}, {12, 0}, {20, 0}, {21, 2}, {24, 2}, {25, 3}, {60, 3}});
}

BOOST_AUTO_TEST_CASE(oxygen_saturation_scores_as_scale_1_says) {
  check(vital::oxygen_saturation, {{60, 3}, {91, 3}, {92, 2}, {93, 2}, {94, 1}, {95, 1}, {96, 0}, {100, 0}});
}

BOOST_AUTO_TEST_CASE(oxygen_scores_two_and_air_nothing) { check(vital::supplemental_oxygen, {{0, 0}, {1, 2}}); }

BOOST_AUTO_TEST_CASE(systolic_pressure_scores_as_the_chart_says) {
  check(vital::systolic_pressure,
        {{0, 3}, {90, 3}, {91, 2}, {100, 2}, {101, 1}, {110, 1}, {111, 0}, {219, 0}, {220, 3}, {300, 3}});
}

BOOST_AUTO_TEST_CASE(pulse_scores_as_the_chart_says) {
  check(
      vital::heart_rate,
      {{0, 3}, {40, 3}, {41, 1}, {50, 1}, {51, 0}, {90, 0}, {91, 1}, {110, 1}, {111, 2}, {130, 2}, {131, 3}, {220, 3}});
}

BOOST_AUTO_TEST_CASE(consciousness_scores_three_unless_alert) {
  check(vital::consciousness, {{static_cast<double>(acvpu::alert), 0},
                               {static_cast<double>(acvpu::confusion), 3},
                               {static_cast<double>(acvpu::voice), 3},
                               {static_cast<double>(acvpu::pain), 3},
                               {static_cast<double>(acvpu::unresponsive), 3}});
}

BOOST_AUTO_TEST_CASE(temperature_scores_as_the_chart_says) {
  check(vital::temperature,
        {{30, 3}, {35.0, 3}, {35.1, 1}, {36.0, 1}, {36.1, 0}, {38.0, 0}, {38.1, 1}, {39.0, 1}, {39.1, 2}, {42, 2}});
}

BOOST_AUTO_TEST_CASE(values_between_the_chart_s_steps_are_rounded_to_them) {
  check(vital::respiratory_rate, {{8.4, 3}, {8.5, 1}, {20.4, 0}, {20.5, 2}});
  check(vital::oxygen_saturation, {{91.4, 3}, {91.6, 2}, {95.4, 1}, {95.5, 0}});
  check(vital::temperature, {{38.04, 0}, {38.06, 1}, {35.04, 3}, {35.06, 1}, {(98.6 - 32) * 5 / 9, 0}});
}

BOOST_AUTO_TEST_CASE(the_bands_begin_where_chart_2_says) {
  BOOST_TEST(with({}).total == 0);
  BOOST_TEST(with({}).band == risk::low);
  BOOST_TEST(with({{vital::heart_rate, 95}}).band == risk::low);
  // 4 without a 3 in any parameter
  const auto four = with({{vital::heart_rate, 115}, {vital::respiratory_rate, 22}});
  BOOST_TEST(four.total == 4);
  BOOST_TEST(four.band == risk::low);
  const auto five = with({{vital::heart_rate, 115}, {vital::respiratory_rate, 22}, {vital::temperature, 38.5}});
  BOOST_TEST(five.total == 5);
  BOOST_TEST(five.band == risk::medium);
  const auto six = with({{vital::heart_rate, 115}, {vital::respiratory_rate, 22}, {vital::temperature, 39.5}});
  BOOST_TEST(six.total == 6);
  BOOST_TEST(six.band == risk::medium);
  const auto seven = with({{vital::heart_rate, 115}, {vital::respiratory_rate, 26}, {vital::temperature, 39.5}});
  BOOST_TEST(seven.total == 7);
  BOOST_TEST(seven.band == risk::high);
}

BOOST_AUTO_TEST_CASE(a_three_in_any_single_parameter_is_low_medium) {
  for (const auto& [what, value] : std::map<vital, double>{{vital::respiratory_rate, 8},
                                                           {vital::oxygen_saturation, 91},
                                                           {vital::systolic_pressure, 90},
                                                           {vital::heart_rate, 131},
                                                           {vital::consciousness, 1},
                                                           {vital::temperature, 35.0}}) {
    const auto out = with({{what, value}});
    BOOST_TEST_CONTEXT(to_string(what)) {
      BOOST_TEST(out.total == 3);
      BOOST_TEST(out.band == risk::low_medium);
    }
  }
  const auto four = with({{vital::heart_rate, 131}, {vital::temperature, 38.5}});
  BOOST_TEST(four.total == 4);
  BOOST_TEST(four.band == risk::low_medium);
  const auto five = with({{vital::heart_rate, 131}, {vital::temperature, 39.5}});
  BOOST_TEST(five.band == risk::medium);
}

BOOST_AUTO_TEST_CASE(the_highest_score_is_twenty) {
  const auto out = with({{vital::respiratory_rate, 30},
                         {vital::oxygen_saturation, 80},
                         {vital::supplemental_oxygen, 1},
                         {vital::systolic_pressure, 80},
                         {vital::heart_rate, 140},
                         {vital::consciousness, 4},
                         {vital::temperature, 34}});
  BOOST_TEST(out.total == 20);
  BOOST_TEST(out.band == risk::high);
}

BOOST_AUTO_TEST_CASE(missing_parameters_score_nothing_and_are_named) {
  const auto nothing = score({});
  BOOST_TEST(nothing.total == 0);
  const std::vector<vital> measured{vital::respiratory_rate, vital::oxygen_saturation, vital::systolic_pressure,
                                    vital::heart_rate, vital::temperature};
  BOOST_TEST(nothing.missing == measured);
  auto signs = normal();
  signs[vital::systolic_pressure].reset();
  signs[vital::heart_rate] = 131;
  const auto out = score(signs);
  BOOST_TEST(out.total == 3);
  BOOST_TEST(out.missing == std::vector<vital>{vital::systolic_pressure});
}

BOOST_AUTO_TEST_CASE(the_response_gets_tighter_with_the_score) {
  const auto response = [](int total, risk band) { return response_to({.total = total, .band = band}); };
  BOOST_TEST(response(0, risk::low).monitoring == "every 12 hours");
  BOOST_TEST(response(1, risk::low).monitoring == "every 4 to 6 hours");
  BOOST_TEST(response(4, risk::low).monitoring == "every 4 to 6 hours");
  BOOST_TEST(response(3, risk::low_medium).monitoring == "every hour");
  BOOST_TEST(response(3, risk::low_medium).action == "urgent ward-based review");
  BOOST_TEST(response(5, risk::medium).monitoring == "every hour");
  BOOST_TEST(response(7, risk::high).monitoring == "continuous");
}

BOOST_AUTO_TEST_CASE(the_graver_of_two_values_scores_more) {
  BOOST_TEST(graver(vital::heart_rate, 88, 131) == 131);
  BOOST_TEST(graver(vital::heart_rate, 40, 95) == 40);
  BOOST_TEST(graver(vital::heart_rate, 70, 72) == 72);
  BOOST_TEST(graver(vital::supplemental_oxygen, 1, 0) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
