#pragma once

#include <string>
#include <variant>
#include <vector>

#include "healthcare/drug_product.hpp"
#include "healthcare/records.hpp"

namespace healthcare {

// What of one ingredient a request makes a patient take on a day, at most.
struct ingredient_dose {
  std::string name;
  std::string written;
  double mg_per_day = 0;
  bool operator==(const ingredient_dose&) const = default;
};

// The doses of all ingredients, or the reason why they cannot be computed. Instructions of one sequence number add up,
// of several the largest counts. What is taken less often than once a day counts in full on its day; what is taken as
// needed counts as if always needed; a maximum that an instruction gives itself is not exceeded.
[[nodiscard]] std::variant<std::vector<ingredient_dose>, std::string> daily_doses(const medication_request& request,
                                                                                  const drug_product& product);

}  // namespace healthcare
