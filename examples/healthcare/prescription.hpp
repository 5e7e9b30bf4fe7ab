#pragma once

#include <set>
#include <string>
#include <vector>

#include "healthcare/drug_product.hpp"
#include "healthcare/records.hpp"

// From records to the names that the tables of medication are about.
namespace healthcare {

// An active request, with what it contains.
struct prescription {
  const medication_request* request;
  std::string name;  // for people
  drug_product product;
  bool known = false;  // to the tables
};

// Each coding and the text counts, since any of them may be a brand, in another language or missing. A name that nobody
// knows is kept only where there is no other.
[[nodiscard]] prescription prescription_of(const medication_request& request);

// What an allergy is to: names of ingredients and of classes; none if it only says that there is none.
struct allergen {
  std::set<std::string> substances;
  std::set<std::string> classes;
  bool known = false;  // to the tables
};
[[nodiscard]] allergen allergen_of(const allergy& of);

// What people call it: the first display there is.
[[nodiscard]] std::string display_of(const std::vector<coding>& codings);

}  // namespace healthcare
