#pragma once

#include <optional>
#include <string_view>

#include "healthcare/records.hpp"
#include "troupe/core/result.hpp"

// Which codes mean a vital sign, in which units it may come, and what a living patient can have.
namespace healthcare {

inline constexpr std::string_view loinc = "http://loinc.org";
inline constexpr std::string_view snomed = "http://snomed.info/sct";
inline constexpr std::string_view rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm";

// LOINC 9279-1, 2708-6, 59408-5, 8480-6, 8867-4, 67775-7, 3150-0, 3151-8; temperatures 8310-5, 8331-1, 8332-9, 8328-7,
// 8333-7, 76011-6, 75539-7, 8329-5; SNOMED CT 371825009 (on oxygen).
[[nodiscard]] std::optional<vital> vital_of(std::string_view system, std::string_view code) noexcept;

// A quantity in the unit NEWS2 uses. `unit` is a UCUM code, or the unit's text where a device sends no code.
// Supplemental oxygen comes out as 1 or 0: from a concentration above that of air (21 %), or a flow above 0 L/min.
// Errors: bad_unit, out_of_range (also for NaN).
[[nodiscard]] troupe::result<double> standard_value(vital what, double value, std::string_view unit);

// The answer to 67775-7: LOINC LA9340-6 alert, LA6560-2 confused, LA17108-4 voice, LA17107-6 pain, LA9343-0
// unresponsive, or SNOMED CT 248234008, 130987000 (acute confusion), 300202002 (voice), 450847001 (pain), 422768004.
[[nodiscard]] std::optional<acvpu> acvpu_of(std::string_view system, std::string_view code) noexcept;

// The answer to 371825009: SNOMED CT 373066001 yes, 373067005 no.
[[nodiscard]] std::optional<bool> yes_or_no(std::string_view system, std::string_view code) noexcept;

}  // namespace healthcare
