#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Reads the names of clinical drugs, as RxNorm gives them or about so: ingredients and strengths out of
// "Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet" or "Amoxicillin/clavulanate 500/125mg tablets".
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
  bool operator==(const drug_product&) const = default;
};

// Never fails: a name of another kind ("Trinessa 28 Day Pack") gives one ingredient of that name without a strength.
// A strength that could be of either of two ingredients is of none.
[[nodiscard]] drug_product parse_product(std::string_view display);

}  // namespace healthcare
