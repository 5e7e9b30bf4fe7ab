#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "examples/fhir_text.hpp"
#include "healthcare/fhir.hpp"

using namespace healthcare;
using namespace fhir_text;

namespace {

bundle read(const std::string& entries) {
  auto out = read_bundle(bundle_text(entries), "b.json");
  BOOST_TEST_REQUIRE(out.readable);
  return out;
}

// "line kind" of the problem with the whole.
std::string refused(const std::string& text) {
  const auto out = read_bundle(text, "b.json");
  BOOST_TEST_REQUIRE(!out.readable);
  BOOST_TEST_REQUIRE(out.problems.size() == 1u);
  return std::to_string(out.problems[0].line) + " " + out.problems[0].kind;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fhir_bundle_test)

BOOST_AUTO_TEST_CASE(a_patient_has_a_name_a_birth_date_and_may_be_dead) {
  const auto out =
      read(entry_text(patient_text("p1", R"(,"birthDate":"1964-03-18","deceasedDateTime":"1989-02-15T08:54:18Z")"),
                      "urn:uuid:p1") +
           "," + entry_text(patient_text("p2")));
  BOOST_TEST_REQUIRE(out.patients.size() == 2u);
  BOOST_TEST(out.patients[0].id == "p1");
  BOOST_TEST(out.patients[0].full_url == "urn:uuid:p1");
  BOOST_TEST(out.patients[0].name == "Ada Berg");
  BOOST_TEST(to_text(*out.patients[0].birth_date) == "1964-03-18T00:00:00Z");
  BOOST_TEST(out.patients[0].deceased);
  BOOST_TEST(!out.patients[1].deceased);
  BOOST_TEST(!out.patients[1].birth_date);
}

BOOST_AUTO_TEST_CASE(every_form_of_reference_finds_its_patient) {
  const auto out = read(
      entry_text(allergy_text("a1", "urn:uuid:0b0b", "x")) + "," + entry_text(allergy_text("a2", "Patient/p1", "x")) +
      "," + entry_text(allergy_text("a3", "https://h.example/fhir/Patient/p1", "x")) + "," +
      entry_text(allergy_text("a4", "https://h.example/fhir/Patient/p1/_history/3", "x")) + "," +
      entry_text(allergy_text("a5", "urn:uuid:elsewhere", "x")) + "," +
      entry_text(allergy_text("a6", "Group/p1", "x")) + "," + entry_text(patient_text("p1"), "urn:uuid:0b0b"));
  const std::vector<std::string> wanted{"p1", "p1", "p1", "p1", "urn:uuid:elsewhere", "Group/p1"};
  BOOST_TEST_REQUIRE(out.allergies.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) BOOST_TEST(out.allergies[i].patient == wanted[i]);
}

BOOST_AUTO_TEST_CASE(an_allergy_counts_unless_it_is_over_or_refuted) {
  const auto status = [](const char* field, const char* code) {
    return std::string{",\""} + field + R"(":{"coding":[{"code":")" + code + "\"}]}";
  };
  const auto out =
      read(entry_text(allergy_text("a1", "Patient/p", "x", status("clinicalStatus", "active"))) + "," +
           entry_text(allergy_text("a2", "Patient/p", "x", status("clinicalStatus", "inactive"))) + "," +
           entry_text(allergy_text("a3", "Patient/p", "x", status("clinicalStatus", "resolved"))) + "," +
           entry_text(allergy_text("a4", "Patient/p", "x", status("verificationStatus", "refuted"))) + "," +
           entry_text(allergy_text("a5", "Patient/p", "x", status("verificationStatus", "entered-in-error"))) + "," +
           entry_text(allergy_text("a6", "Patient/p", "x", R"(,"type":"intolerance")")));
  BOOST_TEST_REQUIRE(out.allergies.size() == 6u);
  BOOST_TEST(out.allergies[0].active);
  for (std::size_t i = 1; i <= 4; ++i) BOOST_TEST(!out.allergies[i].active);
  BOOST_TEST(out.allergies[5].active);
  BOOST_TEST(out.allergies[5].intolerance);
}

BOOST_AUTO_TEST_CASE(a_dosage_instruction_is_read_at_its_most) {
  const auto dosage = R"(,"dosageInstruction":[{"sequence":2,"asNeededBoolean":true,
    "timing":{"repeat":{"frequency":1,"frequencyMax":2,"period":4,"periodMax":6,"periodUnit":"h"}},
    "doseAndRate":[{"doseRange":{"low":{"value":1},"high":{"value":2,"unit":"tablet"}}}]}])";
  const auto out = read(entry_text(request_text("m1", "Patient/p", "Drug 5 MG Oral Tablet", dosage)));
  BOOST_TEST_REQUIRE(out.medication_requests.size() == 1u);
  const auto& request = out.medication_requests[0];
  BOOST_TEST(request.active);
  BOOST_TEST_REQUIRE(request.dosages.size() == 1u);
  BOOST_TEST((request.dosages[0] == healthcare::dosage{2, 2.0, 4.0, 2.0, "tablet", true, {}}));
}

BOOST_AUTO_TEST_CASE(an_abbreviation_gives_the_timing_where_no_repeat_does) {
  const auto dosage = R"(,"dosageInstruction":[{"timing":{"code":{"coding":[{"code":"TID"}]}}}])";
  const auto out = read(entry_text(request_text("m1", "Patient/p", "Drug 5 MG Oral Tablet", dosage)));
  BOOST_TEST(out.medication_requests.at(0).dosages.at(0).times.value() == 3);
  BOOST_TEST(out.medication_requests.at(0).dosages.at(0).period_hours.value() == 24);
}

BOOST_AUTO_TEST_CASE(times_of_day_are_counted) {
  for (const auto* repeat : {R"("timeOfDay":["08:00:00","12:00:00","20:00:00"])", R"("when":["MORN","NOON","NIGHT"])",
                             R"("frequency":1,"period":1,"periodUnit":"d","when":["MORN","NOON","NIGHT"])"}) {
    const auto dosage = std::string{R"(,"dosageInstruction":[{"timing":{"repeat":{)"} + repeat + "}}}]";
    const auto out = read(entry_text(request_text("m1", "Patient/p", "Drug 5 MG Oral Tablet", dosage)));
    BOOST_TEST_CONTEXT(repeat) {
      BOOST_TEST(out.medication_requests.at(0).dosages.at(0).times.value() == 3);
      BOOST_TEST(out.medication_requests.at(0).dosages.at(0).period_hours.value() == 24);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_maximum_of_an_instruction_is_read) {
  const auto dosage = R"(,"dosageInstruction":[{"asNeededBoolean":true,"maxDosePerPeriod":
    {"numerator":{"value":8,"unit":"tablet"},"denominator":{"value":2,"code":"d"}}}])";
  const auto out = read(entry_text(request_text("m1", "Patient/p", "Drug 5 MG Oral Tablet", dosage)));
  BOOST_TEST((out.medication_requests.at(0).dosages.at(0).at_most == dose_cap{8, "tablet", 48}));
}

BOOST_AUTO_TEST_CASE(a_fault_in_an_instruction_costs_the_instruction_and_not_the_request) {
  for (const auto* instruction :
       {R"({"doseAndRate":[{"doseQuantity":{"value":0}}]})", R"({"doseAndRate":5})",
        R"({"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"hours"}}})",
        R"({"maxDosePerPeriod":{"numerator":{"value":1},"denominator":{"value":1,"code":"moon"}}})"}) {
    const auto dosage = std::string{R"(,"dosageInstruction":[{"sequence":7},)"} + instruction + "]";
    const auto out = read("\n" + entry_text(request_text("m1", "Patient/p", "Drug 5 MG Oral Tablet", dosage)));
    BOOST_TEST_CONTEXT(instruction) {
      BOOST_TEST_REQUIRE(out.medication_requests.size() == 1u);
      BOOST_TEST(out.medication_requests[0].active);
      BOOST_TEST(out.medication_requests[0].dosage_lost);
      BOOST_TEST(out.medication_requests[0].dosages.size() == 1u);
      BOOST_TEST_REQUIRE(out.problems.size() == 1u);
      BOOST_TEST(out.problems[0].line == 2u);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_allergy_is_to_a_drug_unless_it_says_otherwise) {
  const auto out = read(entry_text(allergy_text("a1", "Patient/p", "x")) + "," +
                        entry_text(allergy_text("a2", "Patient/p", "x", R"(,"category":["food","medication"])")) + "," +
                        entry_text(allergy_text("a3", "Patient/p", "x", R"(,"category":["environment"])")));
  BOOST_TEST(out.allergies.at(0).to_drug);
  BOOST_TEST(out.allergies.at(1).to_drug);
  BOOST_TEST(!out.allergies.at(2).to_drug);
}

BOOST_AUTO_TEST_CASE(observations_are_kept_with_their_lines_if_they_matter) {
  const auto entry = [](const std::string& id, const std::string& observation) {
    auto text = observation;
    return entry_text(text.replace(text.find("\"o1\""), 4, "\"" + id + "\""));
  };
  const auto out = read("\n" + entry("o1", observation_text("8867-4", quantity_text("88", "/min"))) + ",\n" +
                        entry("o1", observation_text("8867-4", quantity_text("90", "/min"))) + ",\n" +
                        entry("o2", observation_text("8867-4", R"("dataAbsentReason":{"text":"off"})")) + ",\n" +
                        entry("o3", observation_text("8302-2", quantity_text("170", "cm"))));
  BOOST_TEST_REQUIRE(out.observations.size() == 3u);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(out.observations[i].line == i + 2);
  BOOST_TEST(out.problems.empty());
}

BOOST_AUTO_TEST_CASE(only_an_active_request_is_active) {
  std::string entries;
  for (const auto* status : {"active", "stopped", "on-hold", "completed", "entered-in-error", "draft"}) {
    if (!entries.empty()) entries += ',';
    entries += entry_text(request_text(std::string{"m-"} + status, "Patient/p", "x", "", status));
  }
  entries += "," + entry_text(request_text("m-not", "Patient/p", "x", R"(,"doNotPerform":true)"));
  for (const auto* intent : {"proposal", "plan", "option"}) {
    auto text = request_text(std::string{"m-"} + intent, "Patient/p", "x");
    entries += "," + entry_text(text.replace(text.find("order"), 5, intent));
  }
  const auto out = read(entries);
  BOOST_TEST_REQUIRE(out.medication_requests.size() == 10u);
  for (const auto& request : out.medication_requests) BOOST_TEST(request.active == (request.id == "m-active"));
}

BOOST_AUTO_TEST_CASE(a_medication_may_be_a_resource_of_its_own_or_contained) {
  const auto refers = [](const char* id, const char* to, const char* more) {
    return std::string{R"({"resourceType":"MedicationRequest","id":")"} + id +
           R"(","status":"active","subject":{"reference":"Patient/p"},"medicationReference":{"reference":")" + to +
           "\"}" + more + "}";
  };
  const auto out =
      read(entry_text(refers("m1", "Medication/d1", "")) + "," + entry_text(refers("m2", "urn:uuid:d2", "")) + "," +
           entry_text(refers("m3", "#in",
                             R"(,"contained":[{"resourceType":"Medication","id":"in","code":{"text":"Inner"}}])")) +
           "," + entry_text(refers("m4", "Medication/nowhere", "")) + "," +
           entry_text(R"({"resourceType":"Medication","id":"d1","code":{"text":"First"}})") + "," +
           entry_text(R"({"resourceType":"Medication","id":"d2","code":{"text":"Second"}})", "urn:uuid:d2"));
  BOOST_TEST_REQUIRE(out.medication_requests.size() == 3u);
  BOOST_TEST(out.medication_requests[0].medication.at(0).display == "First");
  BOOST_TEST(out.medication_requests[1].medication.at(0).display == "Second");
  BOOST_TEST(out.medication_requests[2].medication.at(0).display == "Inner");
  BOOST_TEST_REQUIRE(out.problems.size() == 1u);
  BOOST_TEST(out.problems[0].kind == "missing_field");
}

BOOST_AUTO_TEST_CASE(a_concept_is_all_of_its_codings_and_its_text) {
  const auto out = read(entry_text(R"({"resourceType":"AllergyIntolerance","id":"a","patient":{"reference":"Patient/p"},
      "code":{"coding":[{"system":"s","code":"1","display":"One"},{"display":"Two"}],"text":"Three"}})"));
  BOOST_TEST_REQUIRE(out.allergies.size() == 1u);
  const std::vector<coding> wanted{{"s", "1", "One"}, {"", "", "Two"}, {"", "", "Three"}};
  BOOST_TEST((out.allergies[0].substance == wanted));
}

BOOST_AUTO_TEST_CASE(other_resources_and_other_types_of_bundle_are_tolerated) {
  for (const auto* type : {"transaction", "searchset", "history", "document", "batch-response"}) {
    const auto out = read_bundle(
        bundle_text(entry_text(patient_text("p1")) + "," + entry_text(R"({"resourceType":"Claim","id":"c"})") +
                        R"(,{"response":{"status":"201"}},{})",
                    type),
        "b.json");
    BOOST_TEST_REQUIRE(out.readable);
    BOOST_TEST(out.patients.size() == 1u);
    BOOST_TEST(out.entries == 4u);
    BOOST_TEST(out.problems.empty());
  }
  BOOST_TEST(read_bundle(R"({"resourceType":"Bundle","type":"collection"})", "b.json").readable);
}

BOOST_AUTO_TEST_CASE(the_type_of_the_bundle_may_stand_behind_its_entries) {
  const auto out =
      read_bundle(R"({"entry":[)" + entry_text(patient_text("p1")) + R"(],"resourceType":"Bundle"})", "b.json");
  BOOST_TEST_REQUIRE(out.readable);
  BOOST_TEST(out.patients.size() == 1u);
}

BOOST_AUTO_TEST_CASE(malformed_json_is_an_error_with_its_line) {
  const auto out = read_bundle("{\n\"resourceType\": \"Bundle\",\n  \"entry\": [,]\n}", "b.json");
  BOOST_TEST(!out.readable);
  BOOST_TEST(out.problems.at(0).kind == "not_json");
  BOOST_TEST(to_text(out.problems.at(0)).starts_with("b.json:3: column 13: "), to_text(out.problems.at(0)));
  for (const auto* text : {"", "{", "nope", "{\"a\":01}", "[1,2", "{\"a\":1e999}", "\"\\ud800\"",
                           "{\"a\":\"\xff\xfe\"}", "{} {}", "\x00\x01"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(refused(text) == "1 not_json"); }
  }
}

BOOST_AUTO_TEST_CASE(json_that_is_no_bundle_is_an_error) {
  for (const auto* text : {"[]", "5", "null", "\"Bundle\"", "{}", R"({"resourceType":"Patient","id":"p"})"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(refused(text) == "1 not_fhir"); }
  }
  BOOST_TEST(refused(R"({"resourceType":7})") == "1 wrong_type");
  BOOST_TEST(refused(R"({"resourceType":"Bundle","entry":{}})") == "1 wrong_type");
  BOOST_TEST(refused(R"({"resourceType":"Bundle","entry":[5]})") == "1 wrong_type");
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_an_error_and_needs_no_stack) {
  const std::string deep(1'000'000, '[');
  BOOST_TEST(refused("\n" + deep) == "2 too_large");
  std::string objects;
  for (int i = 0; i < 200; ++i) objects += "{\"a\":";
  BOOST_TEST(refused(objects) == "1 too_large");
}

BOOST_AUTO_TEST_CASE(a_tree_of_too_many_values_is_an_error) {
  std::string many = R"({"resourceType":"Bundle","x":[0)";
  for (int i = 0; i < 1'000'001; ++i) many += ",0";
  BOOST_TEST(refused(many + "]}") == "1 too_large");
}

BOOST_AUTO_TEST_CASE(a_malformed_resource_is_a_problem_with_its_line_and_the_rest_is_read) {
  const auto out = read("\n" + entry_text(patient_text("p1")) + ",\n\n" + entry_text(patient_text("not an id")) +
                        ",\n" + entry_text(patient_text("p2")));
  BOOST_TEST(out.patients.size() == 2u);
  BOOST_TEST_REQUIRE(out.problems.size() == 1u);
  BOOST_TEST(out.problems[0].file == "b.json");
  BOOST_TEST(out.problems[0].line == 4u);
  BOOST_TEST(out.problems[0].kind == "bad_value");
  BOOST_TEST(to_text(out.problems[0]).starts_with("b.json:4: Patient: "), to_text(out.problems[0]));
}

BOOST_AUTO_TEST_CASE(a_field_of_the_wrong_type_makes_its_resource_a_problem_whatever_it_is) {
  const std::vector<std::string> values{
      "5",
      "-1.5e300",
      "true",
      "null",
      "\"x\"",
      "[]",
      "{}",
      "[[]]",
      "[{}]",
      "[null]",
      "[5]",
      "{\"coding\":5}",
      "{\"coding\":[5]}",
      "{\"coding\":[{\"code\":5}]}",
      "{\"reference\":5}",
      "[{\"timing\":{\"repeat\":5}}]",
      "[{\"doseAndRate\":5}]",
      "[{\"given\":5}]",
      "[{\"given\":[5]}]",
      "[{\"sequence\":1e300}]",
      "[{\"timing\":{\"repeat\":{\"frequency\":-1,\"period\":0,\"periodUnit\":\"d\"}}}]"};
  for (const auto* type : {"Patient", "AllergyIntolerance", "MedicationRequest", "Medication", "Observation"}) {
    for (const auto* field : {"id",
                              "name",
                              "birthDate",
                              "deceasedDateTime",
                              "code",
                              "patient",
                              "subject",
                              "status",
                              "reaction",
                              "clinicalStatus",
                              "medicationCodeableConcept",
                              "medicationReference",
                              "contained",
                              "dosageInstruction",
                              "component",
                              "valueQuantity",
                              "effectiveDateTime",
                              "effectivePeriod",
                              "category",
                              "intent",
                              "meta",
                              "issued"}) {
      for (const auto& value : values) {
        const auto resource = std::string{R"({"resourceType":")"} + type + R"(",")" + field + "\":" + value + "}";
        const auto out = read_bundle(bundle_text(entry_text(resource)), "b.json");
        BOOST_TEST_REQUIRE(out.readable);
        BOOST_TEST_REQUIRE(out.entries == 1u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(of_two_resources_of_one_id_the_first_counts) {
  const auto out = read(entry_text(patient_text("p1")) + "," + entry_text(patient_text("p1")) + "," +
                        entry_text(patient_text("p1", R"(,"birthDate":"2000")")) + "," +
                        entry_text(allergy_text("p1", "Patient/p1", "x")));
  BOOST_TEST(out.patients.size() == 1u);
  BOOST_TEST(!out.patients[0].birth_date);
  BOOST_TEST(out.allergies.size() == 1u);  // ids are a type's own
  BOOST_TEST(out.problems.size() == 1u);   // the one that says something else
}

BOOST_AUTO_TEST_CASE(text_is_cut_between_characters) {
  std::string name;
  for (int i = 0; i < 400; ++i) name += "\xc3\xa9";
  const auto out = read(entry_text(R"({"resourceType":"Patient","id":"d","name":[{"family":")" + name + "\"}]}"));
  BOOST_TEST(out.patients.at(0).name.size() == 512u);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_none_is_unreadable) {
  for (const std::string path : {"/nonexistent/b.json", "/", "/dev/zero"}) {
    const auto out = read_bundle_file(path);
    BOOST_TEST(!out.readable);
    BOOST_TEST(out.problems.at(0).kind == "unreadable");
    BOOST_TEST(to_text(out.problems.at(0)).starts_with(path + ":1: "));
  }
}

BOOST_AUTO_TEST_CASE(a_file_beyond_the_limit_is_refused_before_it_is_read) {
  const auto path = std::filesystem::temp_directory_path() / "troupe_large_bundle.json";
  std::ofstream{path}.put('{');
  std::filesystem::resize_file(path, bundle_bytes_max + 1);  // a sparse file
  BOOST_TEST(read_bundle_file(path).problems.at(0).kind == "too_large");
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_SUITE_END()
