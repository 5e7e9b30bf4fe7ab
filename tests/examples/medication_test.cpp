#include "healthcare/medication.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "healthcare/drug_names.hpp"
#include "healthcare/drug_product.hpp"
#include "healthcare/vital_codes.hpp"

using namespace healthcare;

namespace {

const instant today = *parse_instant("2024-05-06T08:00:00Z");

class case_record {
 public:
  case_record& takes(const std::string& display, std::vector<dosage> dosages = {}, bool active = true) {
    const auto id = "m" + std::to_string(record_.medication_requests.size() + 1);
    record_.medication_requests.push_back(
        {id, "p1", {{std::string{rxnorm}, "0", display}}, std::move(dosages), active, false});
    return *this;
  }
  case_record& allergic_to(coding substance, bool active = true, bool intolerance = false) {
    const auto id = "a" + std::to_string(record_.allergies.size() + 1);
    record_.allergies.push_back({id, "p1", {std::move(substance)}, active, intolerance, true});
    return *this;
  }
  case_record& allergic_to(const std::string& text) { return allergic_to(coding{"", "", text}); }
  case_record& born(const char* date) {
    record_.who.birth_date = *parse_date(date);
    return *this;
  }
  medication_review review() const { return review_medication(record_, today); }
  record& value() { return record_; }

 private:
  record record_;
};

// The kinds and severities found, as "kind severity".
std::vector<std::string> found(const case_record& of) {
  std::vector<std::string> out;
  for (const auto& item : of.review().findings) {
    out.push_back(std::string{to_string(item.kind)} + " " + std::string{to_string(item.level)});
  }
  return out;
}

using list = std::vector<std::string>;
const dosage once_a_day{1, 1.0, 24.0, 1.0, "", false, {}};

}  // namespace

BOOST_AUTO_TEST_SUITE(medication_test)

BOOST_AUTO_TEST_CASE(nothing_wrong_is_nothing_found) {
  BOOST_TEST(found(case_record{}) == list{}, boost::test_tools::per_element());
  BOOST_TEST(found(case_record{}
                       .takes("metformin hydrochloride 500 MG Oral Tablet", {once_a_day})
                       .takes("lisinopril 10 MG Oral Tablet", {once_a_day})
                       .allergic_to("Allergy to tree pollen")) == list{},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_allergy_to_the_substance_is_found_by_text_and_by_code) {
  for (const auto& substance :
       {coding{"", "", "Amoxicillin"}, coding{"", "", "Allergy to amoxicillin"},
        coding{std::string{snomed}, "294505008", ""}, coding{std::string{rxnorm}, "723", "?"}}) {
    const auto of = case_record{}.takes("Amoxicillin 500 MG Oral Capsule").allergic_to(substance);
    BOOST_TEST(found(of) == list{"allergy contraindicated"}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(an_allergy_s_text_may_say_more_than_the_substance) {
  for (const auto* text : {"Allergy: penicillin", "Allergy to substance: penicillin", "Drug allergy to penicillin",
                           "Penicillin - hives", "Rash with amoxicillin", "Amoxicillin 500 MG Oral Capsule",
                           "Amoxicillin / Clavulanate", "PCN", "Beta-lactam", "Penicillin V potassium"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(
          found(case_record{}.takes("Ampicillin 500 MG").allergic_to(text)) == list{"allergy-class contraindicated"},
          boost::test_tools::per_element());
    }
  }
  for (const auto* text : {"No known allergy", "No known penicillin allergy"}) {
    const auto review = case_record{}.takes("Ampicillin 500 MG").allergic_to(text).review();
    BOOST_TEST(review.findings.empty());
    BOOST_TEST(review.unknown_allergens.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_drug_s_name_may_be_written_in_many_ways) {
  for (const auto* display : {"Amoxicillin 500mg capsule", "Amoxicillin/clavulanate 500/125 MG",
                              "Amoxicillin-Clavulanate 875 MG", "Amoxicillin (as amoxicillin trihydrate) 500 mg",
                              "Penicillin G Benzathine 1200000 UNT/ML", "Co-amoxiclav 625 mg"}) {
    BOOST_TEST_CONTEXT(display) {
      BOOST_TEST(found(case_record{}.takes(display).allergic_to("Allergy to penicillin")) ==
                     list{"allergy-class contraindicated"},
                 boost::test_tools::per_element());
    }
  }
  BOOST_TEST(found(case_record{}.takes("doxycycline hyclate 100 MG").allergic_to("Tetracycline")) ==
                 list{"allergy-class major"},
             boost::test_tools::per_element());
  BOOST_TEST(found(case_record{}.takes("erythromycin ethylsuccinate 400 MG").allergic_to("Macrolide antibiotics")) ==
                 list{"allergy-class major"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_coding_and_the_text_count) {
  for (const auto& medication : std::vector<std::vector<coding>>{
           {{"x", "y", "Tylenol Extra"}, {std::string{rxnorm}, "161", "Acetaminophen"}},
           {{"x", "y", "Panodil"}, {std::string{rxnorm}, "0", "Acetaminophen 500 MG Oral Tablet"}},
           {{"x", "y", "Panodil"}, {"", "", "Acetaminophen 500 MG Oral Tablet"}},
           {{"x", "y", "Panodil"}, {std::string{rxnorm}, "161", ""}}}) {
    case_record of;
    of.takes("Acetaminophen 500 MG Oral Tablet").takes("?");
    of.value().medication_requests.back().medication = medication;
    BOOST_TEST(found(of) == list{"duplicate moderate"}, boost::test_tools::per_element());
    BOOST_TEST(of.review().unknown_drugs.empty());
  }
  // The strength of one, though another is a brand.
  case_record of;
  of.takes("?", {{1, 1.0, 24.0, 9.0, "", false, {}}});
  of.value().medication_requests.back().medication = {{"x", "y", "Panodil"},
                                                      {"", "", "Acetaminophen 500 MG Oral Tablet"}};
  BOOST_TEST(found(of) == list{"dose major"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_tables_do_not_know_is_named_and_still_matches_its_own_name) {
  auto of = case_record{}.takes("Augmentin").takes("Pivmecillinam 200 MG").allergic_to("Allergy to pivmecillinam");
  auto review = of.review();
  BOOST_TEST(found(of) == list{"allergy contraindicated"}, boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(review.unknown_drugs.size() == 2u);
  BOOST_TEST((review.unknown_drugs[0] == unknown_name{"m1", "Augmentin"}));
  BOOST_TEST_REQUIRE(review.unknown_allergens.size() == 1u);
  BOOST_TEST((review.unknown_allergens[0] == unknown_name{"a1", "Allergy to pivmecillinam"}));
  of.value().allergies[0].to_drug = false;
  BOOST_TEST(of.review().unknown_allergens.empty());
}

BOOST_AUTO_TEST_CASE(a_code_counts_only_in_its_own_system) {
  const auto of =
      case_record{}.takes("Amoxicillin 500 MG Oral Capsule").allergic_to(coding{std::string{snomed}, "723", ""});
  BOOST_TEST(found(of).empty());
}

BOOST_AUTO_TEST_CASE(an_allergy_to_the_class_or_to_a_sister_is_found) {
  const auto amoxicillin = "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet";
  for (const auto* allergy : {"Allergy to penicillin", "Penicillin", "penicillins", "Ampicillin"}) {
    BOOST_TEST(found(case_record{}.takes(amoxicillin).allergic_to(allergy)) == list{"allergy-class contraindicated"},
               boost::test_tools::per_element());
  }
  BOOST_TEST(found(case_record{}
                       .takes("Sulfamethoxazole 800 MG / Trimethoprim 160 MG Oral Tablet")
                       .allergic_to("Sulfa drugs")) == list{"allergy-class contraindicated"},
             boost::test_tools::per_element());
  BOOST_TEST(
      found(case_record{}.takes("Naproxen 500 MG Oral Tablet").allergic_to("Aspirin")) == list{"allergy-class major"},
      boost::test_tools::per_element());
  BOOST_TEST(found(case_record{}.takes("Morphine Sulfate 15 MG Oral Tablet").allergic_to("Codeine allergy")) ==
                 list{"allergy-class moderate"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_class_without_cross_allergy_says_nothing_of_its_sisters) {
  BOOST_TEST(found(case_record{}.takes("Diazepam 5 MG Oral Tablet").allergic_to("Lorazepam")).empty());
}

BOOST_AUTO_TEST_CASE(cross_reactivity_is_less_than_the_class_itself) {
  BOOST_TEST(found(case_record{}.takes("Cefuroxime 250 MG Oral Tablet").allergic_to("Allergy to penicillin")) ==
                 list{"cross-reactivity moderate"},
             boost::test_tools::per_element());
  BOOST_TEST(found(case_record{}.takes("Hydrochlorothiazide 25 MG").allergic_to("Allergy to sulfonamides")) ==
                 list{"cross-reactivity note"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_intolerance_weighs_less_than_an_allergy) {
  BOOST_TEST(found(case_record{}.takes("Codeine 30 MG Oral Tablet").allergic_to({"", "", "Codeine"}, true, true)) ==
                 list{"allergy major"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_not_active_is_not_checked) {
  BOOST_TEST(found(case_record{}.takes("Codeine 30 MG Oral Tablet").allergic_to({"", "", "Codeine"}, false)).empty());
  BOOST_TEST(found(case_record{}.takes("Codeine 30 MG Oral Tablet", {}, false).allergic_to("Codeine")).empty());
}

BOOST_AUTO_TEST_CASE(the_same_ingredient_in_two_requests_is_found) {
  const auto of = case_record{}
                      .takes("Acetaminophen 325 MG Oral Tablet")
                      .takes("Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet")
                      .takes("Loratadine 10 MG Oral Tablet");
  const auto review = of.review();
  BOOST_TEST_REQUIRE(review.findings.size() == 1u);
  BOOST_TEST((review.findings[0].kind == finding_kind::duplicate_ingredient));
  BOOST_TEST(review.findings[0].requests == (list{"m1", "m2"}), boost::test_tools::per_element());
  BOOST_TEST(review.findings[0].id == "duplicate:acetaminophen:m1:m2");
}

BOOST_AUTO_TEST_CASE(every_interaction_of_the_table_is_found_in_both_orders) {
  for (const auto& rule : interactions()) {
    const auto member = [](std::string_view term) {
      const auto* group = find_class(term);
      return std::string{group != nullptr ? group->members.front() : term} + " 1 MG Oral Tablet";
    };
    const auto wanted = list{"interaction " + std::string{to_string(rule.level)}};
    BOOST_TEST_CONTEXT(rule.first << " with " << rule.second) {
      BOOST_TEST(found(case_record{}.takes(member(rule.first)).takes(member(rule.second))) == wanted,
                 boost::test_tools::per_element());
      BOOST_TEST(found(case_record{}.takes(member(rule.second)).takes(member(rule.first))) == wanted,
                 boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(one_drug_that_interacts_with_two_is_two_findings) {
  const auto of = case_record{}
                      .takes("Warfarin Sodium 5 MG Oral Tablet")
                      .takes("Ibuprofen 200 MG Oral Tablet")
                      .takes("Naproxen 250 MG Oral Tablet")
                      .takes("Warfarin Sodium 1 MG Oral Tablet");
  const auto review = of.review();
  BOOST_TEST_REQUIRE(review.findings.size() == 3u);
  BOOST_TEST(review.findings[0].id == "interaction:warfarin/ibuprofen:m1:m2:m4");
  BOOST_TEST(review.findings[1].id == "interaction:warfarin/naproxen:m1:m3:m4");
  BOOST_TEST(review.findings[2].id == "duplicate:warfarin:m1:m4");
}

BOOST_AUTO_TEST_CASE(ingredients_of_one_product_do_not_interact) {
  BOOST_TEST(found(case_record{}.takes("Lisinopril 10 MG / Spironolactone 25 MG Oral Tablet")).empty());
}

BOOST_AUTO_TEST_CASE(a_dose_above_the_maximum_is_found_and_one_at_it_is_not) {
  for (const auto& limit : dose_limits()) {
    const auto display = std::string{limit.name} + " 1 MG Oral Tablet";
    BOOST_TEST_CONTEXT(limit.name) {
      BOOST_TEST(found(case_record{}.takes(display, {{1, 1.0, 24.0, limit.mg_per_day, "", false, {}}})).empty());
      BOOST_TEST(found(case_record{}.takes(display, {{1, 1.0, 24.0, limit.mg_per_day + 1, "", false, {}}})) ==
                     list{"dose major"},
                 boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(doses_add_up_over_requests_each_against_the_maximum_of_its_salt) {
  // 1000 of 1500 mg and 600 of 1650 mg: above the maximum together, not alone.
  const auto of = case_record{}
                      .takes("Naproxen 500 MG Oral Tablet", {{1, 2.0, 24.0, 1.0, "", false, {}}})
                      .takes("Naproxen sodium 200 MG Oral Tablet", {{1, 3.0, 24.0, 1.0, "", false, {}}});
  BOOST_TEST(found(of) == (list{"dose major", "duplicate moderate"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_dose_that_cannot_be_computed_is_no_finding_but_is_named) {
  const auto review = case_record{}.takes("Acetaminophen 500 MG Oral Tablet", {{1, {}, {}, {}, "", true, {}}}).review();
  BOOST_TEST(review.findings.empty());
  BOOST_TEST_REQUIRE(review.unknown_doses.size() == 1u);
  BOOST_TEST(review.unknown_doses[0].request == "m1");
  BOOST_TEST(review.unknown_doses[0].why == "no dose");
}

BOOST_AUTO_TEST_CASE(the_maxima_are_for_adults) {
  const dosage too_much{1, 1.0, 24.0, 9.0, "", false, {}};
  const auto takes = [&](const char* birth) {
    return case_record{}.takes("Acetaminophen 500 MG Oral Tablet", {too_much}).born(birth);
  };
  BOOST_TEST(found(takes("2006-05-06")) == list{"dose major"}, boost::test_tools::per_element());
  BOOST_TEST(found(takes("2006-05-07")).empty());
  BOOST_TEST(takes("2006-05-07").review().unknown_doses.at(0).why == "the maxima are for adults");
  BOOST_TEST(found(takes("1944")) == list{"dose major"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_gravest_finding_comes_first_and_the_order_of_the_records_does_not_matter) {
  auto of = case_record{}
                .takes("Warfarin Sodium 5 MG Oral Tablet")
                .takes("Ibuprofen 200 MG Oral Tablet")
                .takes("Cefuroxime 250 MG Oral Tablet")
                .takes("Amoxicillin 500 MG Oral Capsule")
                .allergic_to("Penicillin");
  const auto wanted = of.review();
  BOOST_TEST(found(of) == (list{"allergy-class contraindicated", "interaction major", "cross-reactivity moderate"}),
             boost::test_tools::per_element());
  std::reverse(of.value().medication_requests.begin(), of.value().medication_requests.end());
  BOOST_TEST((of.review() == wanted));
}

BOOST_AUTO_TEST_CASE(more_requests_than_can_be_compared_are_named) {
  case_record of;
  for (std::size_t i = 0; i < active_requests_max + 3; ++i) of.takes("drug" + std::to_string(i) + " 1 MG Oral Tablet");
  const auto review = of.review();
  BOOST_TEST(std::count_if(review.unknown_doses.begin(), review.unknown_doses.end(), [](const unknown_dose& item) {
               return item.why == "too many active requests: not checked";
             }) == 3);
}

BOOST_AUTO_TEST_CASE(the_tables_are_consistent) {
  for (const auto& group : drug_classes()) {
    BOOST_TEST(!group.source.empty());
    for (const auto member : group.members) {
      BOOST_TEST(ingredient_name(member) == member);  // or it could never match
    }
  }
  const auto known = [](std::string_view term) { return find_class(term) != nullptr || ingredient_name(term) == term; };
  for (const auto& rule : interactions()) {
    BOOST_TEST(known(rule.first));
    BOOST_TEST(known(rule.second));
    BOOST_TEST(!rule.source.empty());
  }
  for (const auto& rule : cross_reactivities()) {
    BOOST_TEST((find_class(rule.allergy_class) != nullptr && find_class(rule.drug_class) != nullptr));
  }
  std::set<std::pair<std::string_view, std::string_view>> codes;
  for (const auto& item : coded_names()) {
    BOOST_TEST(codes.emplace(item.system, item.code).second, item.code);
    BOOST_TEST(known(item.name), item.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
