#include "healthcare/drug_names.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;

namespace {

using list = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(drug_names_test)

BOOST_AUTO_TEST_CASE(the_salt_is_left_out_unless_it_is_the_drug) {
  BOOST_TEST(ingredient_name("diphenhydrAMINE Hydrochloride") == "diphenhydramine");
  BOOST_TEST(ingredient_name("Cefuroxime axetil") == "cefuroxime");
  BOOST_TEST(ingredient_name("doxycycline hyclate") == "doxycycline");
  BOOST_TEST(ingredient_name("erythromycin ethylsuccinate") == "erythromycin");
  BOOST_TEST(ingredient_name("Penicillin G Benzathine") == "penicillin g");
  BOOST_TEST(ingredient_name("Potassium Chloride") == "potassium chloride");
  BOOST_TEST(ingredient_name("Sodium") == "sodium");
  BOOST_TEST(ingredient_name("lithium carbonate") == "lithium");
  BOOST_TEST(ingredient_name("") == "");
}

BOOST_AUTO_TEST_CASE(known_names_are_found_as_whole_words_and_the_longest_first) {
  BOOST_TEST(
      known_names_in("Penicillin V 250 mg with co-amoxiclav") == (list{"penicillin v", "amoxicillin", "clavulanate"}),
      boost::test_tools::per_element());
  BOOST_TEST(known_names_in("AMOXICILLIN-clavulanate") == list{"amoxicillin"}, boost::test_tools::per_element());
  BOOST_TEST(known_names_in("Acetylsalicylic acid") == list{"aspirin"}, boost::test_tools::per_element());
  BOOST_TEST(known_names_in("Non-steroidal anti-inflammatory drug") == list{"non-steroidal anti-inflammatory"},
             boost::test_tools::per_element());
  for (const auto* text : {"", "dihydrocodeine", "Allergy to tree pollen", "potassium", "acid"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(known_names_in(text).empty()); }
  }
}

BOOST_AUTO_TEST_CASE(what_the_tables_have_is_known) {
  for (const auto* name : {"amoxicillin", "Penicillins", "NSAIDs", "paracetamol", "warfarin", "naproxen sodium"}) {
    BOOST_TEST(is_known(name), name);
  }
  for (const auto* name : {"", "augmentin", "pollen"}) BOOST_TEST(!is_known(name), name);
}

BOOST_AUTO_TEST_CASE(an_allergy_s_text_gives_its_substance) {
  BOOST_TEST(allergen_name("Allergy to pivmecillinam") == "pivmecillinam");
  BOOST_TEST(allergen_name("Pivmecillinam allergy (finding)") == "pivmecillinam");
  BOOST_TEST(allergen_name("Allergy: pivmecillinam") == "pivmecillinam");
  BOOST_TEST(allergen_name("Propensity to adverse reactions to pivmecillinam") == "pivmecillinam");
  BOOST_TEST(allergen_name("Sulfa drugs") == "sulfa");
  BOOST_TEST(allergen_name("Paracetamol") == "acetaminophen");
}

BOOST_AUTO_TEST_CASE(a_denial_names_nothing) {
  for (const auto* text : {"No known allergy", "No known penicillin allergy", "Not allergic to penicillin"}) {
    BOOST_TEST(allergen_name(text).empty(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
