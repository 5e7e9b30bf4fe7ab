#include <boost/test/unit_test.hpp>
#include <string>

#include "examples/fhir_text.hpp"
#include "healthcare/fhir.hpp"

using namespace healthcare;
using namespace fhir_text;

namespace {

healthcare::observation read(const std::string& text, std::size_t left_out = 0) {
  std::vector<troupe::error> faults;
  auto out = read_observation(text, faults);
  BOOST_TEST_REQUIRE(out.has_value(), (out ? "" : out.error().message()));
  BOOST_TEST(faults.size() == left_out);
  return *std::move(out);
}

struct part {
  std::string code;
  std::string value;
  std::string unit;
};

std::string components(const std::vector<part>& parts) {
  std::string out;
  for (const auto& [code, value, unit] : parts) {
    out += std::string{out.empty() ? "" : ","} + R"({"code":{"coding":[{"system":"http://loinc.org","code":")" + code +
           R"("}]},)" + quantity_text(value, unit) + "}";
  }
  return R"("component":[)" + out + "]";
}

errc why(const std::string& text) {
  std::vector<troupe::error> faults;
  const auto out = read_observation(text, faults);
  BOOST_TEST_REQUIRE(!out);
  BOOST_TEST(faults.empty());
  return static_cast<errc>(out.error().number());
}

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(healthcare::errc)
BOOST_TEST_DONT_PRINT_LOG_VALUE(healthcare::vital)

BOOST_AUTO_TEST_SUITE(fhir_observation_test)

BOOST_AUTO_TEST_CASE(every_code_gives_its_vital_sign) {
  struct row {
    const char* code;
    const char* value;
    const char* unit;
    vital what;
    double standard;
  };
  for (const auto& [code, value, unit, what, standard] :
       {row{"8867-4", "88", "/min", vital::heart_rate, 88}, row{"9279-1", "16", "/min", vital::respiratory_rate, 16},
        row{"2708-6", "97.5", "%", vital::oxygen_saturation, 97.5},
        row{"59408-5", "97", "%", vital::oxygen_saturation, 97}, row{"8310-5", "36.6", "Cel", vital::temperature, 36.6},
        row{"8331-1", "36.6", "Cel", vital::temperature, 36.6}, row{"8332-9", "36.6", "Cel", vital::temperature, 36.6},
        row{"8328-7", "36.6", "Cel", vital::temperature, 36.6}, row{"8333-7", "36.6", "Cel", vital::temperature, 36.6},
        row{"76011-6", "36.6", "Cel", vital::temperature, 36.6},
        row{"75539-7", "36.6", "Cel", vital::temperature, 36.6}, row{"8329-5", "36.6", "Cel", vital::temperature, 36.6},
        row{"8480-6", "120", "mm[Hg]", vital::systolic_pressure, 120},
        row{"3151-8", "4", "L/min", vital::supplemental_oxygen, 1},
        row{"3151-8", "0", "L/min", vital::supplemental_oxygen, 0},
        row{"3150-0", "28", "%", vital::supplemental_oxygen, 1},
        row{"3150-0", "21", "%", vital::supplemental_oxygen, 0}}) {
    const auto out = read(observation_text(code, quantity_text(value, unit)));
    BOOST_TEST_REQUIRE(out.readings.size() == 1u);
    BOOST_TEST(out.readings[0].what == what);
    BOOST_TEST(out.readings[0].value == standard);
    BOOST_TEST(out.patient == "Patient/p1");
    BOOST_TEST(to_text(out.time) == "2024-05-06T08:00:00Z");
  }
}

BOOST_AUTO_TEST_CASE(systolic_pressure_is_found_inside_either_panel) {
  for (const auto* panel : {"55284-4", "85354-9"}) {
    const auto out = read(
        observation_text(panel, R"("component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},)" +
                                    quantity_text("79", "mm[Hg]") +
                                    R"(},{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},)" +
                                    quantity_text("129.8", "mm[Hg]") + "}]"));
    BOOST_TEST_REQUIRE(out.readings.size() == 1u);
    BOOST_TEST((out.readings[0] == reading{vital::systolic_pressure, 129.8}));
  }
}

BOOST_AUTO_TEST_CASE(units_are_converted) {
  struct row {
    const char* code;
    const char* value;
    const char* unit;
    double standard;
  };
  for (const auto& [code, value, unit, standard] :
       {row{"8310-5", "98.6", "[degF]", 37.0}, row{"8310-5", "310.15", "K", 37.0}, row{"8480-6", "16", "kPa", 120.01},
        row{"8867-4", "60", "{beats}/min", 60}, row{"9279-1", "12", "{breaths}/min", 12}}) {
    const auto out = read(observation_text(code, quantity_text(value, unit)));
    BOOST_TEST(out.readings.at(0).value == standard, boost::test_tools::tolerance(1e-4));
  }
}

BOOST_AUTO_TEST_CASE(the_text_of_a_unit_counts_where_it_has_no_code) {
  const auto out = read(observation_text("8310-5", R"("valueQuantity":{"value":99.5,"unit":"°F"})"));
  BOOST_TEST(out.readings.at(0).value == 37.5, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_unit_that_does_not_fit_is_refused) {
  BOOST_TEST(why(observation_text("8867-4", quantity_text("88", "mm[Hg]"))) == errc::bad_unit);
  BOOST_TEST(why(observation_text("8867-4", quantity_text("88", "{breaths}/min"))) == errc::bad_unit);
  BOOST_TEST(why(observation_text("8867-4", quantity_text("88", "breaths/min"))) == errc::bad_unit);
  BOOST_TEST(why(observation_text("9279-1", quantity_text("16", "{beats}/min"))) == errc::bad_unit);
  BOOST_TEST(why(observation_text("8310-5", quantity_text("36.6", "%"))) == errc::bad_unit);
  BOOST_TEST(why(observation_text("8310-5", R"("valueQuantity":{"value":36.6})")) == errc::bad_unit);
}

BOOST_AUTO_TEST_CASE(what_no_patient_has_is_refused) {
  struct row {
    const char* code;
    const char* value;
    const char* unit;
  };
  for (const auto& [code, value, unit] :
       {row{"8867-4", "-1", "/min"}, row{"8867-4", "351", "/min"}, row{"9279-1", "121", "/min"},
        row{"2708-6", "101", "%"}, row{"2708-6", "9", "%"}, row{"8310-5", "98.6", "Cel"}, row{"8310-5", "14.9", "Cel"},
        row{"8480-6", "1e300", "mm[Hg]"}, row{"3151-8", "-1", "L/min"}, row{"3150-0", "101", "%"}}) {
    BOOST_TEST_CONTEXT(code << " " << value) {
      BOOST_TEST(why(observation_text(code, quantity_text(value, unit))) == errc::out_of_range);
    }
  }
}

BOOST_AUTO_TEST_CASE(consciousness_and_oxygen_come_as_coded_answers) {
  const auto answer = [](const char* system, const char* code) {
    return std::string{R"("valueCodeableConcept":{"coding":[{"system":")"} + system + R"(","code":")" + code + "\"}]}";
  };
  const auto level = [&](const char* system, const char* code) {
    return read(observation_text("67775-7", answer(system, code))).readings.at(0).value;
  };
  BOOST_TEST(level("http://loinc.org", "LA9340-6") == 0);
  BOOST_TEST(level("http://loinc.org", "LA6560-2") == 1);
  BOOST_TEST(level("http://loinc.org", "LA17108-4") == 2);
  BOOST_TEST(level("http://loinc.org", "LA17107-6") == 3);
  BOOST_TEST(level("http://loinc.org", "LA9343-0") == 4);
  BOOST_TEST(level("http://snomed.info/sct", "248234008") == 0);
  BOOST_TEST(level("http://snomed.info/sct", "422768004") == 4);
  BOOST_TEST(why(observation_text("67775-7", answer("http://loinc.org", "LA0-0"))) == errc::bad_value);
  BOOST_TEST(why(observation_text("67775-7", quantity_text("3", "1"))) == errc::missing_field);

  const std::string on_oxygen =
      R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"371825009"}]},)"
      R"("subject":{"reference":"Patient/p1"},"effectiveDateTime":"2024-05-06T08:00:00Z",)";
  BOOST_TEST(read(on_oxygen + answer("http://snomed.info/sct", "373066001") + "}").readings.at(0).value == 1);
  BOOST_TEST(read(on_oxygen + answer("http://snomed.info/sct", "373067005") + "}").readings.at(0).value == 0);
  BOOST_TEST(read(on_oxygen + R"("valueBoolean":true})").readings.at(0).value == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_vital_sign_has_no_reading) {
  BOOST_TEST(read(observation_text("8302-2", quantity_text("170", "cm"))).readings.empty());
  BOOST_TEST(read(observation_text("8302-2", R"("valueString":"tall")")).readings.empty());
  BOOST_TEST(read(observation_text("8867-4", R"("dataAbsentReason":{"text":"off"})")).readings.empty());
}

BOOST_AUTO_TEST_CASE(one_entered_in_error_withdraws) {
  auto text = observation_text("8867-4", quantity_text("1e9", "/min"));
  text.replace(text.find("\"final\""), 7, "\"entered-in-error\"");
  const auto out = read(text);
  BOOST_TEST((out.status == observation_status::withdrawn));
  BOOST_TEST(out.readings.empty());
}

BOOST_AUTO_TEST_CASE(a_missing_part_is_named) {
  const auto whole = observation_text("8867-4", quantity_text("88", "/min"));
  for (const auto* part : {R"("status":"final",)", R"("subject":{"reference":"Patient/p1"},)",
                           R"("effectiveDateTime":"2024-05-06T08:00:00Z",)",
                           R"("code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},)", R"("value":88,)",
                           R"("system":"http://loinc.org",)"}) {
    auto text = whole;
    const auto at = text.find(part);
    BOOST_TEST_REQUIRE(at != std::string::npos);
    text.erase(at, std::string{part}.size());
    BOOST_TEST_CONTEXT(part) { BOOST_TEST(why(text) == errc::missing_field); }
  }
}

BOOST_AUTO_TEST_CASE(the_time_may_be_a_period_or_the_publication) {
  auto text = observation_text("8867-4", quantity_text("88", "/min"));
  const std::string field = R"("effectiveDateTime":"2024-05-06T08:00:00Z")";
  const auto with = [&](const std::string& time) {
    return std::string{text}.replace(text.find(field), field.size(), time);
  };
  BOOST_TEST(
      to_text(read(with(R"("effectivePeriod":{"start":"2024-05-06T08:00:00Z","end":"2024-05-06T09:00:00Z"})")).time) ==
      "2024-05-06T09:00:00Z");
  BOOST_TEST(to_text(read(with(R"("issued":"2024-05-06T07:00:00.5Z")")).time) == "2024-05-06T07:00:00.500Z");
  BOOST_TEST(why(with(R"("effectiveDateTime":"2024-05-06")")) == errc::bad_value);
}

BOOST_AUTO_TEST_CASE(of_one_vital_sign_twice_in_one_observation_the_graver_value_counts) {
  const auto out = read(observation_text(
      "8867-4", quantity_text("88", "/min") + "," + components({{"8867-4", "131", "/min"}, {"8867-4", "45", "/min"}})));
  BOOST_TEST((out.readings == std::vector<reading>{{vital::heart_rate, 131}}));
}

BOOST_AUTO_TEST_CASE(oxygen_counts_if_the_flow_or_the_concentration_says_so) {
  for (const auto& [flow, concentration, wanted] :
       {std::tuple{"6", "21", 1.0}, {"0", "40", 1.0}, {"6", "40", 1.0}, {"0", "21", 0.0}}) {
    const auto out =
        read(observation_text("59408-5", quantity_text("88", "%") + "," +
                                             components({{"3151-8", flow, "L/min"}, {"3150-0", concentration, "%"}})));
    BOOST_TEST_REQUIRE(out.readings.size() == 2u);
    BOOST_TEST((out.readings[1] == reading{vital::supplemental_oxygen, wanted}));
  }
}

BOOST_AUTO_TEST_CASE(a_bad_component_is_left_out_and_the_others_are_taken) {
  const auto panel =
      read(observation_text("85353-1",
                            components({{"8480-6", "88", "mm[Hg]"}, {"8867-4", "999", "/min"}, {"9279-1", "16", "%"}})),
           2);
  BOOST_TEST((panel.readings == std::vector<reading>{{vital::systolic_pressure, 88}}));
  const auto without_value = read(
      observation_text("59408-5", quantity_text("88", "furlong") + "," + components({{"3151-8", "2", "L/min"}})), 1);
  BOOST_TEST((without_value.readings == std::vector<reading>{{vital::supplemental_oxygen, 1}}));
  BOOST_TEST(why(observation_text("85353-1", components({{"8867-4", "999", "/min"}, {"9279-1", "16", "%"}}))) ==
             errc::out_of_range);
}

BOOST_AUTO_TEST_CASE(how_new_a_copy_is_comes_from_its_version_its_update_and_its_issue) {
  const auto edition_of = [](const std::string& more) {
    return read(observation_text("8867-4", quantity_text("88", "/min") + more)).edition;
  };
  BOOST_TEST((edition_of("") == edition{}));
  const auto full =
      edition_of(R"(,"issued":"2024-05-06T09:00:00Z","meta":{"versionId":"12","lastUpdated":"2024-05-06T10:00:00Z"})");
  BOOST_TEST((full == edition{12, *parse_instant("2024-05-06T10:00:00Z"), *parse_instant("2024-05-06T09:00:00Z")}));
  BOOST_TEST(edition_of(R"(,"meta":{"versionId":"a1"})").version == 0u);
  BOOST_TEST((full > edition_of(R"(,"meta":{"versionId":"9","lastUpdated":"2024-05-07T10:00:00Z"})")));
}

BOOST_AUTO_TEST_CASE(whether_an_observation_matters) {
  BOOST_TEST(matters(read(observation_text("8867-4", quantity_text("88", "/min")))));
  BOOST_TEST(!matters(read(observation_text("8302-2", quantity_text("170", "cm")))));
  // It may be a later copy of one that had a value.
  BOOST_TEST(matters(read(observation_text("8867-4", R"("dataAbsentReason":{"text":"off"})"))));
  auto height = observation_text("8302-2", quantity_text("170", "cm"));
  BOOST_TEST(matters(read(height.replace(height.find("final"), 5, "amended"))));
  auto nameless = observation_text("8867-4", R"("dataAbsentReason":{"text":"off"})");
  BOOST_TEST(!matters(read(nameless.erase(nameless.find(R"("id":"o1",)"), 10))));
}

BOOST_AUTO_TEST_CASE(what_was_entered_in_error_must_have_an_id) {
  auto text = observation_text("8867-4", quantity_text("88", "/min"));
  text.replace(text.find("final"), 5, "entered-in-error");
  BOOST_TEST(read(text).id == "o1");
  text.erase(text.find(R"("id":"o1",)"), 10);
  BOOST_TEST(why(text) == errc::missing_field);
}

BOOST_AUTO_TEST_CASE(text_that_is_no_observation_is_refused) {
  BOOST_TEST(why("") == errc::not_json);
  BOOST_TEST(why("{\"resourceType\":\"Observation\"") == errc::not_json);
  BOOST_TEST(why("[]") == errc::not_fhir);
  BOOST_TEST(why(patient_text("p1")) == errc::not_fhir);
}

BOOST_AUTO_TEST_SUITE_END()
