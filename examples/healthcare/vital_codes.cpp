#include "healthcare/vital_codes.hpp"

#include <string>

#include "healthcare/errc.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

struct vital_code {
  std::string_view system;
  std::string_view code;
  vital what;
};

constexpr vital_code vital_codes[] = {
    {loinc, "9279-1", vital::respiratory_rate},
    {loinc, "2708-6", vital::oxygen_saturation},        // in arterial blood
    {loinc, "59408-5", vital::oxygen_saturation},       // by pulse oximetry
    {loinc, "3150-0", vital::supplemental_oxygen},      // inhaled oxygen concentration
    {loinc, "3151-8", vital::supplemental_oxygen},      // inhaled oxygen flow rate
    {snomed, "371825009", vital::supplemental_oxygen},  // patient on oxygen
    {loinc, "8480-6", vital::systolic_pressure},
    {loinc, "8867-4", vital::heart_rate},
    {loinc, "67775-7", vital::consciousness},
    {loinc, "8310-5", vital::temperature},
    {loinc, "8331-1", vital::temperature},   // oral
    {loinc, "8332-9", vital::temperature},   // rectal
    {loinc, "8328-7", vital::temperature},   // axillary
    {loinc, "8333-7", vital::temperature},   // at the ear drum
    {loinc, "76011-6", vital::temperature},  // in the ear
    {loinc, "75539-7", vital::temperature},  // at the temple
    {loinc, "8329-5", vital::temperature},   // core
};

struct acvpu_code {
  std::string_view system;
  std::string_view code;
  acvpu level;
};

// LOINC's answer list of 67775-7 knows AVPU; new confusion is its answer LA6560-2.
constexpr acvpu_code acvpu_codes[] = {
    {loinc, "LA9340-6", acvpu::alert},        {loinc, "LA6560-2", acvpu::confusion},
    {loinc, "LA17108-4", acvpu::voice},       {loinc, "LA17107-6", acvpu::pain},
    {loinc, "LA9343-0", acvpu::unresponsive}, {snomed, "248234008", acvpu::alert},
    {snomed, "130987000", acvpu::confusion},  {snomed, "300202002", acvpu::voice},
    {snomed, "450847001", acvpu::pain},       {snomed, "422768004", acvpu::unresponsive},
};

// value * factor + offset is the value in the standard unit.
struct conversion {
  std::string_view unit;  // in lower case
  double factor = 1;
  double offset = 0;
};

constexpr conversion breaths[] = {{"/min"},        {"1/min"},          {"{breaths}/min"},     {"bpm"},
                                  {"breaths/min"}, {"breaths/minute"}, {"breaths per minute"}};
constexpr conversion beats[] = {{"/min"},      {"1/min"},        {"{beats}/min"},     {"bpm"},
                                {"beats/min"}, {"beats/minute"}, {"beats per minute"}};
constexpr conversion percent[] = {{"%"}};
constexpr conversion pressure[] = {{"mm[hg]"}, {"mmhg"}, {"mm hg"}, {"kpa", 7.50061683}};
constexpr conversion temperature[] = {{"cel"},
                                      {"c"},
                                      {"\u00b0c"},
                                      {"degc"},
                                      {"[degf]", 5.0 / 9, -160.0 / 9},
                                      {"f", 5.0 / 9, -160.0 / 9},
                                      {"\u00b0f", 5.0 / 9, -160.0 / 9},
                                      {"degf", 5.0 / 9, -160.0 / 9},
                                      {"k", 1, -273.15}};
constexpr conversion flow[] = {{"l/min"}, {"liters/min"}, {"litres/min"}, {"lpm"}};

template <std::size_t N>
const conversion* find(const conversion (&table)[N], std::string_view unit) {
  for (const auto& entry : table) {
    if (entry.unit == unit) return &entry;
  }
  return nullptr;
}

// What can be measured on a patient, however ill. Below and above, the device or the clerk is wrong.
struct range {
  double least;
  double most;
};

range plausible(vital what) {
  switch (what) {
    case vital::respiratory_rate: return {0, 120};
    case vital::oxygen_saturation: return {10, 100};
    case vital::systolic_pressure: return {0, 350};
    case vital::heart_rate: return {0, 350};
    case vital::temperature: return {15, 46};
    case vital::supplemental_oxygen: return {0, 1};
    case vital::consciousness: return {0, 4};
  }
  return {0, 0};
}

const conversion* conversion_for(vital what, std::string_view unit) {
  switch (what) {
    case vital::respiratory_rate: return find(breaths, unit);
    case vital::heart_rate: return find(beats, unit);
    case vital::oxygen_saturation: return find(percent, unit);
    case vital::systolic_pressure: return find(pressure, unit);
    case vital::temperature: return find(temperature, unit);
    case vital::supplemental_oxygen:
    case vital::consciousness: return nullptr;
  }
  return nullptr;
}

troupe::error not_plausible(vital what, double value, std::string_view unit) {
  return {errc::out_of_range, std::string{to_string(what)} + " of " + number_text(value) + " " +
                                  printable(clipped(unit, 20)) + " is not a measurement of a patient"};
}

troupe::result<double> on_oxygen(double value, std::string_view unit) {
  constexpr auto what = vital::supplemental_oxygen;
  if (find(percent, unit) != nullptr) {
    if (!(value >= 0 && value <= 100)) return not_plausible(what, value, unit);
    return value > 21 ? 1.0 : 0.0;
  }
  if (find(flow, unit) != nullptr) {
    if (!(value >= 0 && value <= 100)) return not_plausible(what, value, unit);
    return value > 0 ? 1.0 : 0.0;
  }
  return troupe::error{errc::bad_unit, "supplemental oxygen in \"" + printable(clipped(unit, 20)) + "\""};
}

}  // namespace

std::optional<vital> vital_of(std::string_view system, std::string_view code) noexcept {
  for (const auto& known : vital_codes) {
    if (known.code == code && known.system == system) return known.what;
  }
  return std::nullopt;
}

troupe::result<double> standard_value(vital what, double value, std::string_view unit) {
  const auto lowered = lower(unit);
  if (what == vital::supplemental_oxygen) return on_oxygen(value, lowered);
  const auto* rule = conversion_for(what, lowered);
  if (rule == nullptr) {
    return troupe::error{errc::bad_unit,
                         std::string{to_string(what)} +
                             (unit.empty() ? " without a unit" : " in \"" + printable(clipped(unit, 20)) + "\"")};
  }
  const double standard = value * rule->factor + rule->offset;
  const auto [least, most] = plausible(what);
  if (!(standard >= least && standard <= most)) return not_plausible(what, value, unit);
  return standard;
}

std::optional<acvpu> acvpu_of(std::string_view system, std::string_view code) noexcept {
  for (const auto& known : acvpu_codes) {
    if (known.code == code && known.system == system) return known.level;
  }
  return std::nullopt;
}

std::optional<bool> yes_or_no(std::string_view system, std::string_view code) noexcept {
  if (system != snomed) return std::nullopt;
  if (code == "373066001") return true;
  if (code == "373067005") return false;
  return std::nullopt;
}

}  // namespace healthcare
