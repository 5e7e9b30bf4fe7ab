#include "healthcare/daily_dose.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;

namespace {

// The milligrams of the first ingredient, or the reason as text.
std::variant<double, std::string> daily(const char* display, std::vector<dosage> dosages) {
  medication_request request;
  request.dosages = std::move(dosages);
  const auto out = daily_doses(request, parse_product(display));
  if (const auto* why = std::get_if<std::string>(&out)) return *why;
  return std::get<0>(out).at(0).mg_per_day;
}

double mg(const char* display, std::vector<dosage> dosages) {
  const auto out = daily(display, std::move(dosages));
  BOOST_TEST_REQUIRE(out.index() == 0u, (out.index() == 0 ? "" : std::get<1>(out)));
  return std::get<0>(out);
}

std::string unknown(const char* display, std::vector<dosage> dosages) {
  const auto out = daily(display, std::move(dosages));
  BOOST_TEST_REQUIRE(out.index() == 1u);
  return std::get<1>(out);
}

constexpr auto tablet = "Acetaminophen 500 MG Oral Tablet";

}  // namespace

BOOST_AUTO_TEST_SUITE(daily_dose_test)

BOOST_AUTO_TEST_CASE(a_dose_is_times_a_day_by_count_by_strength) {
  BOOST_TEST(mg(tablet, {{1, 3.0, 24.0, 2.0, "", false, {}}}) == 3000);
  BOOST_TEST(mg(tablet, {{1, 1.0, 4.0, 2.0, "tablet", false, {}}}) == 6000);
  BOOST_TEST(mg(tablet, {{1, 1.0, 6.0, 650.0, "mg", false, {}}}) == 2600);
  BOOST_TEST(mg(tablet, {{1, 1.0, 6.0, 1.0, "g", true, {}}}) == 4000);
  BOOST_TEST(mg("Ibuprofen 20 MG/ML Oral Suspension", {{1, 4.0, 24.0, 10.0, "mL", false, {}}}) == 800);
  BOOST_TEST(mg("200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
                {{1, 4.0, 24.0, 2.0, "{puff}", false, {}}}) == 0.72,
             boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_weekly_dose_counts_in_full_on_its_day) {
  BOOST_TEST(mg("Methotrexate 2.5 MG Oral Tablet", {{1, 1.0, 168.0, 4.0, "", false, {}}}) == 10);
}

BOOST_AUTO_TEST_CASE(instructions_of_one_sequence_add_up_and_of_several_the_largest_counts) {
  const dosage morning{1, 1.0, 24.0, 2.0, "", false, {}};
  const dosage evening{1, 1.0, 24.0, 1.0, "", false, {}};
  const dosage later{2, 1.0, 24.0, 2.0, "", false, {}};
  BOOST_TEST(mg(tablet, {morning, evening, later}) == 1500);
}

BOOST_AUTO_TEST_CASE(units_are_understood_however_they_are_written) {
  for (const auto* unit :
       {"", "1", "{Tbl}", "TAB", "tablet", "Tablets", "tablet(s)", "{tablet}", "oral tablet", "capsule(s)"}) {
    BOOST_TEST_CONTEXT(unit) { BOOST_TEST(mg(tablet, {{1, 3.0, 24.0, 2.0, unit, false, {}}}) == 3000); }
  }
  for (const auto* unit : {"mg", "MG", "milligram", "milligrams", "milligram(s)"}) {
    BOOST_TEST_CONTEXT(unit) { BOOST_TEST(mg(tablet, {{1, 3.0, 24.0, 2.0, unit, false, {}}}) == 6); }
  }
}

BOOST_AUTO_TEST_CASE(the_maximum_of_an_instruction_is_a_dose_or_caps_one) {
  const dose_cap eight_a_day{8, "tablet", 24};
  BOOST_TEST(mg(tablet, {{1, {}, {}, 2.0, "", true, eight_a_day}}) == 4000);
  BOOST_TEST(mg(tablet, {{1, {}, {}, {}, "", true, eight_a_day}}) == 4000);
  BOOST_TEST(mg(tablet, {{1, 1.0, 4.0, 2.0, "", true, eight_a_day}}) == 4000);
  BOOST_TEST(mg(tablet, {{1, 1.0, 24.0, 2.0, "", true, eight_a_day}}) == 1000);
  BOOST_TEST(mg(tablet, {{1, {}, {}, 2.0, "", true, dose_cap{8, "tablet", 168}}}) == 4000);  // all on one day
  BOOST_TEST(mg(tablet, {{1, {}, {}, 2.0, "", true, dose_cap{1000, "mg", 6}}}) == 4000);
}

BOOST_AUTO_TEST_CASE(an_instruction_that_was_lost_makes_the_dose_unknown) {
  medication_request request;
  request.dosages = {{1, 1.0, 24.0, 1.0, "", false, {}}};
  request.dosage_lost = true;
  const auto out = daily_doses(request, parse_product(tablet));
  BOOST_TEST_REQUIRE(out.index() == 1u);
  BOOST_TEST(std::get<1>(out) == "a dosage instruction that could not be read");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_computed_says_why) {
  BOOST_TEST(unknown(tablet, {}) == "no dosage instruction");
  BOOST_TEST(unknown(tablet, {{1, {}, {}, {}, "", true, {}}}) == "no dose");
  BOOST_TEST(unknown(tablet, {{1, {}, {}, 1.0, "", true, {}}}) == "as needed, without a limit");
  BOOST_TEST(unknown(tablet, {{1, {}, {}, 1.0, "", false, {}}}) == "no timing");
  BOOST_TEST(unknown("Acetaminophen Oral Tablet", {{1, 1.0, 24.0, 1.0, "", false, {}}}) ==
             "no strength of acetaminophen in the name");
  BOOST_TEST(unknown(tablet, {{1, 1.0, 24.0, 1.0, "mL", false, {}}}) ==
             "dose in \"mL\" does not fit the strength of acetaminophen");
  // A mass of a combination could be that of either ingredient.
  BOOST_TEST(daily("A 1 MG / B 2 MG Oral Tablet", {{1, 1.0, 24.0, 5.0, "mg", false, {}}}).index() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
