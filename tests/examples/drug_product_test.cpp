#include "healthcare/drug_product.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;

namespace {

struct row {
  const char* display;
  std::vector<ingredient> wanted;
};

void check(const std::vector<row>& rows) {
  for (const auto& [display, wanted] : rows) {
    BOOST_TEST_CONTEXT(display) {
      const auto out = parse_product(display);
      BOOST_TEST_REQUIRE(out.ingredients.size() == wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        BOOST_TEST(out.ingredients[i].name == wanted[i].name);
        if (!wanted[i].written.empty()) BOOST_TEST(out.ingredients[i].written == wanted[i].written);
        BOOST_TEST((out.ingredients[i].amount == wanted[i].amount));
      }
    }
  }
}

strength per_unit(double mg) { return {mg, strength_per::unit}; }
strength per_ml(double mg) { return {mg, strength_per::millilitre}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(drug_product_test)

BOOST_AUTO_TEST_CASE(a_name_gives_ingredients_and_strengths) {
  check({{"Naproxen sodium 220 MG Oral Tablet", {{"naproxen", "naproxen sodium", per_unit(220)}}},
         {"Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet",
          {{"acetaminophen", "", per_unit(325)}, {"hydrocodone", "hydrocodone bitartrate", per_unit(7.5)}}}});
}

BOOST_AUTO_TEST_CASE(names_as_rxnorm_and_synthea_write_them_are_understood) {
  check({{"NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector", {{"epinephrine", "", per_ml(1)}}},
         {"120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler",
          {{"fluticasone", "", strength{0.044, strength_per::actuation}}}},
         {"Hydrochlorothiazide 25 MG", {{"hydrochlorothiazide", "", per_unit(25)}}},
         {"24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet", {{"metformin", "", per_unit(500)}}},
         {"Colchicine 0.6 MG [Colcrys]", {{"colchicine", "", per_unit(0.6)}}},
         {"Penicillin V Potassium 500 MG Oral Tablet", {{"penicillin v", "", per_unit(500)}}},
         {"3 ML Amiodarone hydrocholoride 50 MG/ML Prefilled Syringe", {{"amiodarone", "", per_ml(50)}}},
         {"Levothyroxine Sodium 50 MCG Oral Tablet", {{"levothyroxine", "", per_unit(0.05)}}},
         {"insulin glargine 100 UNT/ML Injectable Solution", {{"insulin glargine", "", {}}}},
         {"Ibuprofen Oral Tablet", {{"ibuprofen", "", {}}}},
         {"Trinessa 28 Day Pack", {{"trinessa", "", {}}}},
         {"Potassium Chloride 10 MEQ Extended Release Oral Tablet", {{"potassium chloride", "", {}}}},
         {"paracetamol 1 G Oral Tablet", {{"acetaminophen", "", per_unit(1000)}}},
         {"Metformin 1,000 MG Oral Tablet", {{"metformin", "", per_unit(1000)}}}});
}

BOOST_AUTO_TEST_CASE(names_as_people_write_them_are_understood) {
  check({{"Amoxicillin 500mg capsule", {{"amoxicillin", "", per_unit(500)}}},
         {"amoxicillin 500mg", {{"amoxicillin", "", per_unit(500)}}},
         {"Tablet Amoxicillin 500 MG", {{"amoxicillin", "", per_unit(500)}}},
         {"Amoxicillin, 500 MG", {{"amoxicillin", "amoxicillin", per_unit(500)}}},
         {"Amoxicillin (as amoxicillin trihydrate) 500 mg oral capsule", {{"amoxicillin", "", per_unit(500)}}},
         {"AMOXICILLIN TRIHYDRATE 250 MG/5ML", {{"amoxicillin", "", per_ml(50)}}},
         {"Amoxicillin 250 mg/5 ml suspension", {{"amoxicillin", "", per_ml(50)}}},
         {"Acetaminophen 160 MG per 5 ML", {{"acetaminophen", "", per_ml(32)}}},
         {"Penicillin G Benzathine 1200000 UNT/ML Injectable Suspension", {{"penicillin g", "", {}}}},
         {"beta-carotene 25 MG", {{"beta-carotene", "", per_unit(25)}}}});
}

BOOST_AUTO_TEST_CASE(a_combination_may_be_written_in_one_word) {
  check(
      {{"Amoxicillin/clavulanate 500/125 MG", {{"amoxicillin", "", per_unit(500)}, {"clavulanate", "", per_unit(125)}}},
       {"amoxicillin/clavulanate 500/125mg tablets",
        {{"amoxicillin", "", per_unit(500)}, {"clavulanate", "", per_unit(125)}}}});
}

BOOST_AUTO_TEST_CASE(a_strength_that_could_be_of_either_is_of_none) {
  for (const auto* display : {"Amoxicillin-Clavulanate 875 MG Oral Tablet", "Amoxicillin/Clavulanate 875 MG",
                              "Amoxicillin and clavulanate potassium 875 MG", "Amoxicillin / Clavulanate 1/2/3 MG"}) {
    check({{display, {{"amoxicillin", "", {}}, {"clavulanate", "", {}}}}});
  }
}

BOOST_AUTO_TEST_CASE(nonsense_gives_something_harmless) {
  for (const auto* text : {"",
                           " ",
                           "/",
                           " / ",
                           "/ /",
                           "[",
                           "]",
                           "[[",
                           "(",
                           "1",
                           "1 ML",
                           "0 MG",
                           "ML ML ML",
                           "NDA1",
                           "1 2 3 4",
                           "MG MG 1 MG MG",
                           "5 MG / 5 MG",
                           "999999999999999999999999999 MG",
                           "1/",
                           "/1",
                           "1/0mg",
                           "a 5 mg/0ml",
                           "a-/-/-b",
                           "per per per",
                           "mg per",
                           "mg per 5",
                           ",",
                           "and with + &"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_CHECK_NO_THROW(parse_product(text)); }
  }
  BOOST_TEST(parse_product("").ingredients.empty());
  BOOST_TEST(parse_product(" / ").ingredients.empty());
}

BOOST_AUTO_TEST_SUITE_END()
