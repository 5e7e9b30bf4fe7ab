#include "healthcare/daily_dose.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "healthcare/text.hpp"

namespace healthcare {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Milligrams of the ingredient in one administration.
std::optional<double> mg_per_administration(const dosage& taken, const drug_product& product, const ingredient& of) {
  const auto unit = lower(taken.dose_unit);
  if (unit == "mg" || unit == "g" || unit == "ug" || unit == "mcg") {
    // A mass does not say of which of several ingredients it is.
    if (product.ingredients.size() != 1) return std::nullopt;
    return *taken.dose * (unit == "mg" ? 1 : unit == "g" ? 1000 : 0.001);
  }
  if (!of.amount) return std::nullopt;
  const auto strength_mg = *taken.dose * of.amount->mg;
  switch (of.amount->per) {
    case strength_per::unit:
      return one_of(unit, {"", "1", "{tbl}", "tablet", "tablets", "tab", "{tablet}", "capsule", "capsules", "cap",
                           "{capsule}"})
                 ? std::optional{strength_mg}
                 : std::nullopt;
    case strength_per::millilitre: return unit == "ml" ? std::optional{strength_mg} : std::nullopt;
    case strength_per::actuation:
      return one_of(unit, {"", "1", "{actuat}", "{puff}", "puff", "puffs"}) ? std::optional{strength_mg} : std::nullopt;
    case strength_per::hour: return std::nullopt;  // a patch
  }
  return std::nullopt;
}

// Why an instruction gives no daily dose, whatever the drug; empty if it does.
std::string missing_part(const dosage& taken) {
  if (!taken.dose) return "no dose";
  if (!taken.times || !taken.period_hours) return taken.as_needed ? "as needed, without a limit" : "no timing";
  return {};
}

}  // namespace

std::variant<std::vector<ingredient_dose>, std::string> daily_doses(const medication_request& request,
                                                                    const drug_product& product) {
  if (request.dosages.empty()) return std::string{"no dosage instruction"};
  std::vector<ingredient_dose> out;
  for (const auto& of : product.ingredients) {
    std::map<int, double> by_sequence;
    for (const auto& taken : request.dosages) {
      if (auto why = missing_part(taken); !why.empty()) return why;
      const auto mg = mg_per_administration(taken, product, of);
      if (!mg) {
        if (!of.amount) return "no strength of " + of.name + " in the name";
        return "dose in \"" + printable(clipped(taken.dose_unit, 20)) + "\" does not fit the strength of " + of.name;
      }
      const double times_a_day = std::max(1.0, *taken.times * 24 / *taken.period_hours);
      by_sequence[taken.sequence] += *mg * times_a_day;
    }
    double most = 0;
    for (const auto& [sequence, mg] : by_sequence) most = std::max(most, mg);
    out.push_back({of.name, of.written, most});
  }
  return out;
}

}  // namespace healthcare
