#include "healthcare/report.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace healthcare;
using nlohmann::json;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

report sample() {
  report out;
  out.staff = default_clinic().staff;
  auto& second = out.patients.emplace_back();
  second.id = "p2";
  second.name = "No Body";
  second.news2 = news2_of({});
  auto& first = out.patients.emplace_back();
  first.id = "p1";
  first.name = "Ada \x1b[31mBerg\n";
  news2_report vitals;
  vitals.at = start;
  vitals.signs[vital::heart_rate] = 131.004;
  vitals.signs[vital::consciousness] = static_cast<double>(acvpu::voice);
  vitals.signs[vital::supplemental_oxygen] = 1;
  vitals.score = score(vitals.signs);
  vitals.trend = vitals_trend{
      start - std::chrono::hours{1}, 3, direction::rising, {{vital::heart_rate, direction::rising, 12.345}}};
  first.news2 = vitals;
  first.medication.findings = {{"f1", finding_kind::same_class, severity::major, {"m1"}, "Penicillin", "book"}};
  first.medication.unknown_doses = {{"m2", "Drug", "no dose"}};
  first.medication.unknown_drugs = {{"m3", "Brand"}};
  first.medication.unknown_allergens = {{"a1", "Stuff"}};
  first.appointments = {{"news2/p1", "p1", "physician-1", start, start + std::chrono::minutes{20},
                         start - std::chrono::minutes{1}, urgency::urgent, "NEWS2", start - std::chrono::hours{1}}};
  first.unplaced = {{"r9", "p1", "nobody"}};
  out.run.as_of = start;
  out.run.observations_set_aside = 7;
  out.run.files = 1;
  out.run.files_unreadable = 2;
  out.run.observations = 3;
  out.run.observations_ignored = 4;
  out.run.lines_refused = 5;
  out.run.problems = 6;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_test)

BOOST_AUTO_TEST_CASE(json_has_patients_by_id_and_the_run) {
  const auto out = json::parse(to_json(sample()));
  BOOST_TEST(out.size() == 2u);
  BOOST_TEST_REQUIRE(out["patients"].size() == 2u);
  BOOST_TEST(out["patients"][0]["id"] == "p1");
  BOOST_TEST(out["patients"][1]["id"] == "p2");
  const auto& run = out["run"];
  BOOST_TEST(run["as_of"] == "2024-05-06T08:00:00Z");
  BOOST_TEST(run["observations_set_aside"] == 7);
  BOOST_TEST(run["files"] == 1);
  BOOST_TEST(run["files_unreadable"] == 2);
  BOOST_TEST(run["observations"] == 3);
  BOOST_TEST(run["observations_ignored"] == 4);
  BOOST_TEST(run["lines_refused"] == 5);
  BOOST_TEST(run["problems"] == 6);
}

BOOST_AUTO_TEST_CASE(a_patient_s_json_has_score_findings_and_appointments) {
  const auto all = json::parse(to_json(sample()));
  const auto& out = all["patients"][0];
  const auto& news2 = out["news2"];
  BOOST_TEST(news2["score"] == 3 + 3 + 2);
  BOOST_TEST(news2["band"] == "high");
  BOOST_TEST(news2["at"] == "2024-05-06T08:00:00Z");
  BOOST_TEST(news2["monitoring"] == "continuous");
  BOOST_TEST(news2["missing"] ==
             json::parse(R"(["respiratory rate","oxygen saturation","systolic pressure","temperature"])"));
  BOOST_TEST(news2["parameters"] == json::parse(R"([{"name":"supplemental oxygen","value":true,"points":2},
                                                    {"name":"heart rate","value":131.0,"points":3},
                                                    {"name":"consciousness","value":"voice","points":3}])"));
  BOOST_TEST(news2["trend"] == json::parse(R"({"since":"2024-05-06T07:00:00Z","score_change":3,"direction":"rising",
                                               "parameters":[{"name":"heart rate","direction":"rising","per_hour":12.35}]})"));
  BOOST_TEST(out["medication"] ==
             json::parse(R"([{"id":"f1","kind":"allergy-class","severity":"major","requests":["m1"],
                                                   "text":"Penicillin","source":"book"}])"));
  BOOST_TEST(out["doses_unknown"] == json::parse(R"([{"request":"m2","medication":"Drug","why":"no dose"}])"));
  BOOST_TEST(out["drugs_unknown"] == json::parse(R"([{"request":"m3","medication":"Brand"}])"));
  BOOST_TEST(out["allergens_unknown"] == json::parse(R"([{"allergy":"a1","substance":"Stuff"}])"));
  BOOST_TEST(out["appointments"] ==
             json::parse(R"([{"request":"news2/p1","clinician":"physician-1","clinician_name":"Dr. Leila Haddad",
                              "start":"2024-05-06T08:00:00Z","end":"2024-05-06T08:20:00Z","due":"2024-05-06T07:59:00Z",
                              "urgency":"urgent","late":true,"moved_from":"2024-05-06T07:00:00Z","reason":"NEWS2"}])"));
  BOOST_TEST(out["unplaced"] == json::parse(R"([{"request":"r9","why":"nobody"}])"));
}

BOOST_AUTO_TEST_CASE(without_vital_signs_the_score_is_0_and_all_that_is_measured_is_missing) {
  const auto all = json::parse(to_json(sample()));
  const auto& out = all["patients"][1];
  BOOST_TEST(out["news2"]["at"].is_null());
  BOOST_TEST(out["news2"]["score"] == 0);
  BOOST_TEST(out["news2"]["band"] == "low");
  BOOST_TEST(out["news2"]["monitoring"] == "every 12 hours");
  BOOST_TEST(out["news2"]["missing"] ==
             json::parse(R"(["respiratory rate","oxygen saturation","systolic pressure","heart rate","temperature"])"));
  BOOST_TEST(out["news2"]["parameters"].empty());
  BOOST_TEST(out["news2"]["trend"].is_null());
  BOOST_TEST(out["medication"].empty());
  BOOST_TEST(out["appointments"].is_array());
}

BOOST_AUTO_TEST_CASE(json_is_ascii_with_one_line_end) {
  auto of = sample();
  of.patients[0].name = "Jos\u00e9 \u202e\u009b";
  const auto out = to_json(of);
  BOOST_TEST(std::all_of(out.begin(), out.end(), [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7F); }));
  BOOST_TEST(out.ends_with("}\n"));
  BOOST_TEST(!out.ends_with("\n\n"));
  BOOST_TEST(json::parse(out)["patients"][1]["name"] == of.patients[0].name);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf_8_do_not_break_the_json) {
  auto of = sample();
  of.patients[0].name = "\xff\xfe";
  BOOST_TEST(!json::parse(to_json(of), nullptr, false).is_discarded());
}

BOOST_AUTO_TEST_CASE(the_table_shows_what_matters_and_no_control_characters) {
  const auto out = to_table(sample());
  for (const auto* part :
       {"PATIENT", "p1", "Ada ?[31mBerg?", "high", "+3 rising", "heart rate 131 (3) rising", "consciousness voice (3)",
        "major", "Penicillin", "Dr. Leila Haddad (physician)", "[moved from 07:00]", "[late: due 07:59]", "NOT PLACED",
        "2 patients from 1 files (2 unreadable)", "as of 2024-05-06T08:00:00Z", "unrecognised    Brand",
        "unrecognised    allergy: Stuff"}) {
    BOOST_TEST_CONTEXT(part << "\n" << out) { BOOST_TEST((out.find(part) != std::string::npos)); }
  }
  BOOST_TEST(out.find('\x1b') == std::string::npos);
  BOOST_TEST(out.find("p1") < out.find("p2"));
}

BOOST_AUTO_TEST_CASE(an_empty_report_is_shown_too) {
  BOOST_TEST(json::parse(to_json({}))["patients"].empty());
  BOOST_TEST(!to_table({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
