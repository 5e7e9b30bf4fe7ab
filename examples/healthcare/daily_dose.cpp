#include "healthcare/daily_dose.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "healthcare/text.hpp"

namespace healthcare {
namespace {

enum class measure { milligram, gram, microgram, millilitre, unit, actuation };

// In whatever way the unit is written: "mg", "{Tbl}", "tablet(s)".
std::optional<measure> measure_of(std::string_view written) {
  struct entry {
    std::string_view unit;
    measure means;
  };
  static constexpr entry table[] = {{"mg", measure::milligram},
                                    {"milligram", measure::milligram},
                                    {"g", measure::gram},
                                    {"gm", measure::gram},
                                    {"gram", measure::gram},
                                    {"ug", measure::microgram},
                                    {"mcg", measure::microgram},
                                    {"microgram", measure::microgram},
                                    {"ml", measure::millilitre},
                                    {"cc", measure::millilitre},
                                    {"milliliter", measure::millilitre},
                                    {"millilitre", measure::millilitre},
                                    {"", measure::unit},
                                    {"1", measure::unit},
                                    {"tbl", measure::unit},
                                    {"tab", measure::unit},
                                    {"tablet", measure::unit},
                                    {"oral tablet", measure::unit},
                                    {"cap", measure::unit},
                                    {"capsule", measure::unit},
                                    {"oral capsule", measure::unit},
                                    {"actuat", measure::actuation},
                                    {"actuation", measure::actuation},
                                    {"puff", measure::actuation}};
  auto unit = lower(written);
  std::erase_if(unit, [](char c) { return c == '{' || c == '}'; });
  if (unit.ends_with("(s)")) unit.resize(unit.size() - 3);
  if (unit.size() > 3 && unit.ends_with('s')) unit.pop_back();
  for (const auto& known : table) {
    if (known.unit == unit) return known.means;
  }
  return std::nullopt;
}

// Milligrams of the ingredient in so much of the product.
std::optional<double> mg_in(double dose, std::string_view unit, const drug_product& product, const ingredient& of) {
  const auto means = measure_of(unit);
  if (!means) return std::nullopt;
  if (*means == measure::milligram || *means == measure::gram || *means == measure::microgram) {
    // A mass does not say of which of several ingredients it is.
    if (product.ingredients.size() != 1) return std::nullopt;
    return dose * (*means == measure::milligram ? 1 : *means == measure::gram ? 1000 : 0.001);
  }
  if (!of.amount) return std::nullopt;
  const auto fits = [&] {
    switch (of.amount->per) {
      case strength_per::unit: return *means == measure::unit;
      case strength_per::millilitre: return *means == measure::millilitre;
      case strength_per::actuation: return *means == measure::actuation || *means == measure::unit;
      case strength_per::hour: return false;  // a patch
    }
    return false;
  }();
  return fits ? std::optional{dose * of.amount->mg} : std::nullopt;
}

using mg_or_reason = std::variant<double, std::string>;

// Of one ingredient, by one instruction, on one day.
mg_or_reason mg_a_day(const dosage& taken, const drug_product& product, const ingredient& of) {
  std::optional<double> least;
  std::string why;
  const auto consider = [&](double dose, const std::string& unit, double times, double hours) {
    if (const auto mg = mg_in(dose, unit, product, of)) {
      const double a_day = *mg * std::max(1.0, times * 24 / hours);
      least = least ? std::min(*least, a_day) : a_day;
    } else if (!of.amount) {
      why = "no strength of " + of.name + " in the name";
    } else {
      why = "dose in \"" + printable(clipped(unit, 20)) + "\" does not fit the strength of " + of.name;
    }
  };
  if (!taken.dose) {
    why = "no dose";
  } else if (!taken.times || !taken.period_hours) {
    why = taken.as_needed ? "as needed, without a limit" : "no timing";
  } else {
    consider(*taken.dose, taken.dose_unit, *taken.times, *taken.period_hours);
  }
  if (taken.at_most) consider(taken.at_most->dose, taken.at_most->dose_unit, 1, taken.at_most->period_hours);
  if (least) return *least;
  return why;
}

}  // namespace

std::variant<std::vector<ingredient_dose>, std::string> daily_doses(const medication_request& request,
                                                                    const drug_product& product) {
  if (request.dosage_lost) return std::string{"a dosage instruction that could not be read"};
  if (request.dosages.empty()) return std::string{"no dosage instruction"};
  std::vector<ingredient_dose> out;
  for (const auto& of : product.ingredients) {
    std::map<int, double> by_sequence;
    for (const auto& taken : request.dosages) {
      auto mg = mg_a_day(taken, product, of);
      if (auto* why = std::get_if<std::string>(&mg)) return std::move(*why);
      by_sequence[taken.sequence] += std::get<double>(mg);
    }
    double most = 0;
    for (const auto& [sequence, mg] : by_sequence) most = std::max(most, mg);
    out.push_back({of.name, of.written, most});
  }
  return out;
}

}  // namespace healthcare
