#include "healthcare/drug_names.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;

BOOST_AUTO_TEST_SUITE(drug_names_test)

BOOST_AUTO_TEST_CASE(a_name_gives_ingredient_strength_and_form) {
  const auto out = parse_product("Naproxen sodium 220 MG Oral Tablet");
  BOOST_TEST_REQUIRE(out.ingredients.size() == 1u);
  BOOST_TEST(out.ingredients[0].name == "naproxen");
  BOOST_TEST(out.ingredients[0].written == "naproxen sodium");
  BOOST_TEST((out.ingredients[0].amount == strength{220, strength_per::unit}));
  BOOST_TEST(out.form == "oral tablet");
}

BOOST_AUTO_TEST_CASE(a_combination_gives_each_ingredient) {
  const auto out = parse_product("Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet");
  BOOST_TEST_REQUIRE(out.ingredients.size() == 2u);
  BOOST_TEST(out.ingredients[0].name == "acetaminophen");
  BOOST_TEST((out.ingredients[0].amount == strength{325, strength_per::unit}));
  BOOST_TEST(out.ingredients[1].name == "hydrocodone");
  BOOST_TEST((out.ingredients[1].amount == strength{7.5, strength_per::unit}));
}

BOOST_AUTO_TEST_CASE(names_as_rxnorm_and_synthea_write_them_are_understood) {
  struct row {
    const char* display;
    const char* name;
    std::optional<strength> amount;
  };
  for (const auto& [display, name, amount] :
       {row{"NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector", "epinephrine", strength{1, strength_per::millilitre}},
        row{"120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler", "fluticasone",
            strength{0.044, strength_per::actuation}},
        row{"Hydrochlorothiazide 25 MG", "hydrochlorothiazide", strength{25, strength_per::unit}},
        row{"24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet", "metformin",
            strength{500, strength_per::unit}},
        row{"Colchicine 0.6 MG [Colcrys]", "colchicine", strength{0.6, strength_per::unit}},
        row{"Penicillin V Potassium 500 MG Oral Tablet", "penicillin v", strength{500, strength_per::unit}},
        row{"3 ML Amiodarone hydrocholoride 50 MG/ML Prefilled Syringe", "amiodarone",
            strength{50, strength_per::millilitre}},
        row{"Levothyroxine Sodium 50 MCG Oral Tablet", "levothyroxine", strength{0.05, strength_per::unit}},
        row{"insulin glargine 100 UNT/ML Injectable Solution", "insulin glargine", std::nullopt},
        row{"Ibuprofen Oral Tablet", "ibuprofen", std::nullopt}, row{"Trinessa 28 Day Pack", "trinessa", std::nullopt},
        row{"Potassium Chloride 10 MEQ Extended Release Oral Tablet", "potassium chloride", std::nullopt},
        row{"paracetamol 1 G Oral Tablet", "acetaminophen", strength{1000, strength_per::unit}},
        row{"Metformin 1,000 MG Oral Tablet", "metformin", strength{1000, strength_per::unit}}}) {
    const auto out = parse_product(display);
    BOOST_TEST_CONTEXT(display) {
      BOOST_TEST_REQUIRE(out.ingredients.size() == 1u);
      BOOST_TEST(out.ingredients[0].name == name);
      BOOST_TEST((out.ingredients[0].amount == amount));
    }
  }
}

BOOST_AUTO_TEST_CASE(nonsense_gives_something_harmless) {
  for (const auto* text : {"", " ", "/", " / ", "/ /", "[", "]", "[[", "1", "1 ML", "0 MG", "ML ML ML", "NDA1",
                           "1 2 3 4", "MG MG 1 MG MG", "5 MG / 5 MG", "999999999999999999999999999 MG"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_CHECK_NO_THROW(parse_product(text)); }
  }
  BOOST_TEST(parse_product("").ingredients.empty());
  BOOST_TEST(parse_product(" / ").ingredients.empty());
}

BOOST_AUTO_TEST_CASE(the_salt_is_left_out_unless_it_is_the_drug) {
  BOOST_TEST(ingredient_name("diphenhydrAMINE Hydrochloride") == "diphenhydramine");
  BOOST_TEST(ingredient_name("Cefuroxime axetil") == "cefuroxime");
  BOOST_TEST(ingredient_name("Potassium Chloride") == "potassium chloride");
  BOOST_TEST(ingredient_name("Sodium") == "sodium");
  BOOST_TEST(ingredient_name("lithium carbonate") == "lithium");
  BOOST_TEST(ingredient_name("") == "");
}

BOOST_AUTO_TEST_CASE(an_allergy_s_text_gives_its_substance) {
  BOOST_TEST(allergen_name("Allergy to penicillin") == "penicillin");
  BOOST_TEST(allergen_name("Penicillin allergy (finding)") == "penicillin");
  BOOST_TEST(allergen_name("Allergy to sulfonamides") == "sulfonamides");
  BOOST_TEST(allergen_name("Sulfa drugs") == "sulfa");
  BOOST_TEST(allergen_name("Paracetamol") == "acetaminophen");
  BOOST_TEST(allergen_name("Non-steroidal anti-inflammatory drug allergy") == "non-steroidal anti-inflammatory");
}

BOOST_AUTO_TEST_SUITE_END()
