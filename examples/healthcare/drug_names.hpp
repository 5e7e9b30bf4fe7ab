#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Reads the names RxNorm gives to clinical drugs: ingredients and strengths out of
// "Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet".
namespace healthcare {

enum class strength_per : std::uint8_t { unit, millilitre, actuation, hour };  // unit: one tablet, capsule or patch

struct strength {
  double mg = 0;
  strength_per per = strength_per::unit;
  bool operator==(const strength&) const = default;
};

struct ingredient {
  std::string name;     // normalised: "hydrocodone"
  std::string written;  // as written, in lower case: "hydrocodone bitartrate"
  std::optional<strength> amount;
  bool operator==(const ingredient&) const = default;
};

struct drug_product {
  std::vector<ingredient> ingredients;
  std::string form;  // "oral tablet"; empty where the name gives none
  bool operator==(const drug_product&) const = default;
};

// Never fails: a name of another kind ("Trinessa 28 Day Pack") gives one ingredient of that name without a strength.
[[nodiscard]] drug_product parse_product(std::string_view display);

// Lower case, without the salt ("hydrochloride") and under the US name ("acetaminophen" for "paracetamol").
[[nodiscard]] std::string ingredient_name(std::string_view written);

// The substance that an allergy's text names: "Allergy to penicillin", "Penicillin allergy (finding)" give
// "penicillin".
[[nodiscard]] std::string allergen_name(std::string_view text);

}  // namespace healthcare
