#include "healthcare/patient_memory.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "../memory/a_store.hpp"
#include "examples/fhir_text.hpp"
#include "healthcare/memory_cli.hpp"

// What the hospital remembers of its patients: the bundles that ship with it, and some that are written here.

using namespace healthcare;
using namespace fhir_text;
namespace memory = troupe::memory;
using troupe::test::a_store;

namespace {

ward ward_of(const std::string& entries) {
  ward out;
  out.add(read_bundle(bundle_text(entries), "a.json", extent::history));
  out.settle();
  BOOST_TEST(out.problems().empty());
  return out;
}

ward shipped() {
  auto read = read_folder(TROUPE_HEALTHCARE_DATA, extent::history);
  BOOST_TEST_REQUIRE(read.has_value());
  return *std::move(read);
}

imported import(const a_store& into, const ward& from) {
  auto sum = import_all(*into.store, from, [](std::size_t) {});
  if (!sum) BOOST_FAIL(sum.error().describe());
  return *sum;
}

std::string entry(const std::string& type, const std::string& id, const std::string& more) {
  const std::string of = type == "AllergyIntolerance" || type == "Immunization" ? "patient" : "subject";
  return "," + entry_text(R"({"resourceType":")" + type + R"(","id":")" + id + R"(",")" + of +
                          R"(":{"reference":"Patient/p1"},)" + more + "}");
}
std::string status(const std::string& code) { return R"("clinicalStatus":{"coding":[{"code":")" + code + R"("}]})"; }
std::string pressure(const std::string& id, const std::string& day, int systolic) {
  return entry("Observation", id,
               R"("status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"effectiveDateTime":")" + day +
                   R"(T10:00:00Z","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":)"
                   R"("Systolic Blood Pressure"}]},"valueQuantity":{"value":)" +
                   std::to_string(systolic) + R"(,"unit":"mmHg","code":"mm[Hg]"})");
}

// A life: a condition that came back, a drug that was taken for a week, and twice the pressure.
std::string a_life() {
  return entry_text(patient_text("p1", R"(,"birthDate":"1950-02-03")")) +
         entry("Condition", "c1",
               status("resolved") +
                   R"j(,"code":{"coding":[{"code":"10509002","display":"Acute bronchitis (disorder)"}]},)j"
                   R"("onsetDateTime":"2012-06-17","abatementDateTime":"2012-06-24")") +
         entry("Condition", "c2",
               status("active") + R"(,"code":{"text":"Acute bronchitis"},"onsetDateTime":"2019-01-05")") +
         entry("MedicationRequest", "m1",
               R"("status":"completed","intent":"order","medicationCodeableConcept":{"text":"Amoxicillin 500 MG"},)"
               R"("authoredOn":"2012-06-17","dispenseRequest":{"validityPeriod":{"end":"2012-06-24"}},)"
               R"("dosageInstruction":[{"text":"three a day"}],"reasonCode":[{"text":"Acute bronchitis"}])") +
         entry(
             "MedicationRequest", "m2",
             R"("status":"stopped","intent":"order","medicationCodeableConcept":{"text":"Codeine"},"authoredOn":"2012-06-18")") +
         entry(
             "Encounter", "e1",
             R"("status":"finished","type":[{"text":"Encounter for symptom"}],"period":{"start":"2012-06-17T09:00:00Z"},)"
             R"("reasonCode":[{"text":"Cough"}])") +
         entry("Procedure", "r1",
               R"("status":"completed","code":{"text":"Spirometry"},"performedDateTime":"2012-06-17")") +
         entry("Immunization", "i1",
               R"("status":"completed","vaccineCode":{"text":"Influenza vaccine"},"occurrenceDateTime":"2013-10-01")") +
         entry("CarePlan", "p9",
               R"("status":"active","category":[{"text":"Respiratory therapy"}],"period":{"start":"2012-06-17"},)"
               R"("activity":[{"detail":{"code":{"text":"Deep breathing"}}},{"detail":{"code":{"text":"Rest"}}}])") +
         entry("AllergyIntolerance", "a1",
               R"("type":"allergy","criticality":"high","code":{"text":"Latex"},"recordedDate":"1990-01-01")") +
         entry("Condition", "c3", R"("verificationStatus":{"coding":[{"code":"refuted"}]},"code":{"text":"Asthma"})") +
         pressure("o1", "2012-06-17", 151) + pressure("o2", "2014-03-01", 128);
}

const known_patient ada{"p1", "Ada Berg"};

std::map<std::string, std::string> facts(const a_store& of, const known_patient& who, const std::string& as_of) {
  const auto found = facts_of(*of.store, who, parse_as_of(as_of).value());
  if (!found) BOOST_FAIL(found.error().describe());
  std::map<std::string, std::string> out;
  for (const auto& each : *found) out[each.fact->key] = each.fact->value;
  return out;
}

std::vector<std::string> texts(const a_store& of, const question& what) {
  const auto found = ask(*of.store, what);
  if (!found) BOOST_FAIL(found.error().describe());
  std::vector<std::string> out;
  for (const auto& each : found->records) out.push_back(each.what.text);
  for (const auto& each : found->facts) out.push_back(each.what.text);
  return out;
}

// Each record's text once for each time it is there.
std::multiset<std::string> all_texts(const a_store& of, const std::string& id = "p1") {
  std::multiset<std::string> out;
  const auto page = of->read({}, patient_space(id));
  BOOST_REQUIRE(page);
  BOOST_TEST(!page->next);
  for (const auto& each : page->records) out.insert(each.text);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(patient_memory_test)

BOOST_AUTO_TEST_CASE(a_history_becomes_sentences_with_their_dates) {
  const auto all = memory_records(ward_of(a_life()).records().at("p1"));
  std::map<std::string, memory::record> episodes;
  for (const auto& each : all) {
    BOOST_TEST(each.subject == "p1");
    BOOST_TEST(each.space.str() == "/hospital/patients/p1");
    if (each.kind == memory::record_kind::episode) episodes[each.attributes.at("key")] = each;
  }
  const auto text = [&](const std::string& key) { return episodes.contains(key) ? episodes.at(key).text : "-"; };
  BOOST_TEST(text("Encounter/e1") == "Ada Berg was seen on 2012-06-17: Encounter for symptom, because of Cough.");
  BOOST_TEST(text("Condition/c1") ==
             "Ada Berg was diagnosed with Acute bronchitis on 2012-06-17; it ended on 2012-06-24.");
  BOOST_TEST(text("Condition/c3") == "-");
  BOOST_TEST(text("MedicationRequest/m1") ==
             "Ada Berg was prescribed Amoxicillin 500 MG on 2012-06-17, three a day, because of Acute bronchitis; it "
             "ended on 2012-06-24.");
  BOOST_TEST(text("MedicationRequest/m2") == "Ada Berg was prescribed Codeine on 2012-06-18; stopped.");
  BOOST_TEST(text("Procedure/r1") == "Ada Berg had a procedure on 2012-06-17: Spirometry.");
  BOOST_TEST(text("Immunization/i1") == "Ada Berg was vaccinated on 2013-10-01: Influenza vaccine.");
  BOOST_TEST(
      text("CarePlan/p9") ==
      "Ada Berg began a care plan on 2012-06-17: Respiratory therapy, with Deep breathing and Rest; it goes on.");
  BOOST_TEST(text("AllergyIntolerance/a1") ==
             "Ada Berg has an allergy, recorded on 1990-01-01: Latex, criticality high.");
  const auto vital_signs = episodes.at("Observation/2012-06-17T10:00:00Z/vital-signs");
  BOOST_TEST(vital_signs.text == "Vital signs of Ada Berg on 2012-06-17: Systolic Blood Pressure 151 mmHg.");
  BOOST_TEST(vital_signs.attributes.at("unit") == "mmHg");
  BOOST_TEST(vital_signs.attributes.at("code") == "8480-6");
  BOOST_TEST(vital_signs.attributes.at("resource") == "Observation");
  BOOST_TEST(troupe::format_timestamp(vital_signs.time, 0) == "2012-06-17T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(the_same_bundle_gives_the_same_records) {
  const auto about = ward_of(a_life()).records().at("p1");
  BOOST_TEST((memory_records(about) == memory_records(about)));
  BOOST_TEST(digest_of(memory_records(about)) == digest_of(memory_records(about)));
  BOOST_TEST(digest_of(memory_records(about)) !=
             digest_of(memory_records(ward_of(a_life() + pressure("o3", "2020-01-01", 120)).records().at("p1"))));
}

BOOST_AUTO_TEST_CASE(facts_are_those_that_held_then) {
  a_store of;
  import(of, ward_of(a_life()));
  const auto bronchitis = "condition/acute bronchitis", amoxicillin = "medication/amoxicillin 500 mg";
  const auto systolic = "vital/systolic blood pressure";
  const auto before = facts(of, ada, "1980-01-01");
  BOOST_TEST(before.size() == 2u);  // the name and the birth date
  BOOST_TEST(before.at("patient/birth date") == "1950-02-03");
  auto then = facts(of, ada, "2012-06-17");
  BOOST_TEST(then.at(bronchitis) == "active");
  BOOST_TEST(then.at(amoxicillin) == "three a day");
  BOOST_TEST(then.at(systolic) == "151 mmHg");
  BOOST_TEST(then.at("allergy/latex") == "allergy, criticality high");
  then = facts(of, ada, "2012-06-24");
  BOOST_TEST(!then.contains(bronchitis));
  BOOST_TEST(!then.contains(amoxicillin));
  BOOST_TEST(then.at(systolic) == "151 mmHg");
  then = facts(of, ada, "2019-01-05");
  BOOST_TEST(then.at(bronchitis) == "active");
  BOOST_TEST(then.at(systolic) == "128 mmHg");
  BOOST_TEST(!then.contains("medication/codeine"));  // when it was stopped is not known
}

BOOST_AUTO_TEST_CASE(courses_at_the_same_time_do_not_end_each_other) {
  const auto drug = [](const std::string& id, const std::string& from, const std::string& more) {
    return entry(
        "MedicationRequest", id,
        R"("intent":"order","medicationCodeableConcept":{"text":"Drug"},"authoredOn":")" + from + "\"," + more);
  };
  a_store of;
  import(of, ward_of(entry_text(patient_text("p1")) + drug("m1", "2010-01-01", R"("status":"active")") +
                     drug("m2", "2011-01-01",
                          R"("status":"completed","dispenseRequest":{"validityPeriod":{"end":"2011-02-01"}})")));
  BOOST_TEST(facts(of, ada, "2011-01-15").contains("medication/drug"));
  BOOST_TEST(facts(of, ada, "2011-01-15").contains("medication/drug/2"));
  BOOST_TEST(facts(of, ada, "2011-03-01").contains("medication/drug"));
  BOOST_TEST(!facts(of, ada, "2011-03-01").contains("medication/drug/2"));
}

BOOST_AUTO_TEST_CASE(the_shipped_bundles_are_imported_once) {
  a_store of;
  const auto bundles = shipped();
  const auto first = import(of, bundles);
  BOOST_TEST(first.patients == 6u);
  BOOST_TEST(first.known == 0u);
  BOOST_TEST(of->stats().records == first.records);
  of.open();
  BOOST_TEST((import(of, bundles) == imported{.patients = 0, .records = 0, .known = 6, .forgotten = 0}));
  BOOST_TEST(of->stats().records == first.records);
  // As 01-amalia-berg.json says: two drugs since 5 May 2024, 16:00, and an allergy without a date.
  const known_patient amalia{"ward-01", "Amalia Berg"};
  BOOST_TEST(known_patients(*of.store)->front().name == amalia.name);
  const auto early = facts(of, amalia, "2024-05-04");
  BOOST_TEST(early.contains("allergy/allergy to amoxicillin"));
  BOOST_TEST(!early.contains("medication/lisinopril 10 mg oral tablet"));
  BOOST_TEST(!facts(of, amalia, "2024-05-05T15:59:59Z").contains("medication/lisinopril 10 mg oral tablet"));
  BOOST_TEST(facts(of, amalia, "2024-05-05").at("medication/lisinopril 10 mg oral tablet") ==
             "1 each time, 1 time a day");
  of.require_clean();
}

BOOST_AUTO_TEST_CASE(an_import_that_ended_in_the_middle_is_taken_up_again) {
  const auto about = ward_of(a_life()).records().at("p1");
  a_store whole;
  import(whole, ward_of(a_life()));
  const auto wanted = all_texts(whole);
  a_store probe;
  const auto commands = plan_import(*probe.store, about, 3)->size();
  BOOST_TEST_REQUIRE(commands > 3u);
  for (std::size_t done = 0; done <= commands; ++done) {
    a_store of;
    auto plan = plan_import(*of.store, about, 3);
    BOOST_REQUIRE(plan);
    for (std::size_t i = 0; i < done; ++i) BOOST_REQUIRE(of->apply((*plan)[i]));
    of.open();
    of.time.advance(std::chrono::seconds{1});  // ids of the same moment and seed would be those of the first attempt
    const auto rest = plan_import(*of.store, about, 3);
    BOOST_REQUIRE(rest);
    for (const auto& piece : *rest) BOOST_REQUIRE(of->apply(piece));
    BOOST_TEST((all_texts(of) == wanted), done << " commands before the crash");
    BOOST_TEST(plan_import(*of.store, about, 3)->empty());
    // A command that was under way in the first attempt comes late.
    if (done < commands) BOOST_REQUIRE(of->apply((*plan)[done]));
    BOOST_TEST((all_texts(of) == wanted), done << " commands before the crash, one late");
  }
}

BOOST_AUTO_TEST_CASE(a_changed_bundle_adds_what_is_new_and_replaces_what_it_corrects) {
  a_store of;
  import(of, ward_of(a_life()));
  const auto before = all_texts(of);
  const auto more = import(of, ward_of(a_life() + pressure("o3", "2020-01-01", 133)));
  BOOST_TEST(more.records == 2u);  // the episode and the fact
  BOOST_TEST(all_texts(of).size() == before.size() + 2);
  // Back to the first bundle: what it no longer says stays.
  BOOST_TEST(import(of, ward_of(a_life())).records == 0u);
  const auto ended =
      entry("Condition", "c9", status("active") + R"(,"code":{"text":"Gout"},"onsetDateTime":"2021-01-01")");
  import(of, ward_of(a_life() + ended));
  BOOST_TEST(facts(of, ada, "2022-01-01").contains("condition/gout"));
  import(of, ward_of(a_life() + entry("Condition", "c9",
                                      status("resolved") + R"(,"code":{"text":"Gout"},"onsetDateTime":"2021-01-01",)"
                                                           R"("abatementDateTime":"2021-03-01")")));
  BOOST_TEST(!facts(of, ada, "2022-01-01").contains("condition/gout"));
  BOOST_TEST(facts(of, ada, "2021-02-01").contains("condition/gout"));
  const auto now = all_texts(of);
  BOOST_TEST(std::count_if(now.begin(), now.end(),
                           [](const auto& text) { return text.find("diagnosed with Gout") != text.npos; }) == 1);
  of.require_clean();
}

BOOST_AUTO_TEST_CASE(a_question_is_answered_by_records_of_that_patient_until_then) {
  a_store of;
  import(of, ward_of(a_life()));
  import(of, shipped());
  BOOST_TEST(texts(of, {.text = "Why was amoxicillin prescribed?", .about = ada, .as_of = {}, .limit = 1}).front() ==
             "Ada Berg was prescribed Amoxicillin 500 MG on 2012-06-17, three a day, because of Acute bronchitis; it "
             "ended on 2012-06-24.");
  for (const auto& text : texts(of, {.text = "amoxicillin", .about = ada, .as_of = {}, .limit = 100}))
    BOOST_TEST(text.find("Amalia") == text.npos, text);
  const auto early = texts(
      of, {.text = "systolic blood pressure", .about = ada, .as_of = parse_as_of("2013-01-01").value(), .limit = 100});
  BOOST_TEST(std::count(early.begin(), early.end(), "Systolic Blood Pressure of Ada Berg: 151 mmHg") == 1);
  for (const auto& text : early) BOOST_TEST(text.find("128 mmHg") == text.npos, text);
}

BOOST_AUTO_TEST_CASE(a_patient_is_meant_by_id_by_name_or_by_a_part_of_it) {
  const std::vector<known_patient> all{{"1", "Marc Corkery"}, {"2", "Marcos Barrows"}, {"3", "Ana"}, {"4", "Ana"}};
  BOOST_TEST(find_patients(all, "1").size() == 1u);
  BOOST_TEST(find_patients(all, "corkery").size() == 1u);
  BOOST_TEST(find_patients(all, "marc").size() == 2u);
  BOOST_TEST(find_patients(all, "ana").size() == 2u);
  BOOST_TEST(find_patients(all, "Nobody").empty());
  BOOST_TEST(find_patients(all, "").empty());
}

BOOST_AUTO_TEST_CASE(a_forgotten_patient_is_found_nowhere_and_not_imported_again) {
  a_store of;
  import(of, ward_of(a_life()));
  const auto records = all_texts(of).size();
  of.remember(troupe::path{"/hospital/notes"}, "Ada Berg asked for water",
              [](memory::record& what) { what.subject = "p1"; });
  of.remember(troupe::path{"/hospital/notes"}, "The lift is out of order");
  const auto done = forget_patient(*of.store, ada);
  BOOST_REQUIRE(done);
  BOOST_TEST(done->subject.records == records + 1);
  BOOST_TEST(done->space.states == 1u);
  for (const auto* receipt : {&done->subject, &done->space}) {
    BOOST_TEST(receipt->verified);
    const auto line = of->audit({}, receipt->audit_number, 1);
    BOOST_REQUIRE(line);
    BOOST_TEST(line->front().hash == receipt->audit_hash);
    BOOST_TEST(line->front().object.find("Berg") == std::string::npos);
  }
  of.open();
  BOOST_TEST(known_patients(*of.store)->empty());
  BOOST_TEST(texts(of, {.text = "Ada Berg bronchitis", .about = {}, .as_of = {}, .limit = 100}).empty());
  BOOST_TEST(facts_of(*of.store, ada, {})->empty());
  BOOST_TEST(of->stats().records == 1u);
  BOOST_TEST((import(of, ward_of(a_life())) == imported{.patients = 0, .records = 0, .known = 0, .forgotten = 1}));
  BOOST_TEST(plan_import(*of.store, ward_of(a_life()).records().at("p1"))->empty());
  BOOST_TEST(of->stats().records == 1u);
  BOOST_TEST(!is_new(*of.store).value());
  of.require_clean();
}

BOOST_AUTO_TEST_CASE(a_date_means_its_end_and_a_time_itself) {
  BOOST_TEST(troupe::format_timestamp(parse_as_of("2024-05-06").value(), 0) == "2024-05-06T23:59:59Z");
  BOOST_TEST(troupe::format_timestamp(parse_as_of("2024-05-06T08:00:00Z").value(), 0) == "2024-05-06T08:00:00Z");
  for (const auto* wrong : {"", "2024", "2024-05", "2024-13-01", "yesterday!"})
    BOOST_TEST(!parse_as_of(wrong).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
