#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "healthcare/records.hpp"

// The National Early Warning Score 2. Source: Royal College of Physicians, "National Early Warning Score (NEWS) 2:
// Standardising the assessment of acute-illness severity in the NHS", updated report of a working party, 2017 (chart 1:
// the scoring system; chart 2: thresholds and triggers; chart 4: clinical response). SpO2 scale 1. For adults; not in
// pregnancy.
namespace healthcare {

// A set of vital signs; absent ones were not measured.
struct vital_signs {
  std::array<std::optional<double>, vital_count> values{};

  std::optional<double>& operator[](vital what) { return values[static_cast<std::size_t>(what)]; }
  const std::optional<double>& operator[](vital what) const { return values[static_cast<std::size_t>(what)]; }
  bool operator==(const vital_signs&) const = default;
};

enum class risk : std::uint8_t {
  low,         // 0 to 4
  low_medium,  // 3 or 4, with a 3 in a single parameter
  medium,      // 5 or 6
  high,        // 7 or more
};

struct news2_score {
  int total = 0;
  risk band = risk::low;
  std::array<int, vital_count> points{};  // 0 where missing
  std::vector<vital> missing = {};        // measured ones that are absent; consciousness and oxygen are assumed normal
  bool operator==(const news2_score&) const = default;
};

// What the standard asks for.
struct clinical_response {
  std::string_view monitoring;  // how often, at least
  std::string_view action;
};

// Points of one parameter, 0 to 3. Values are rounded to the chart's steps first: whole numbers, tenths of a degree.
[[nodiscard]] int news2_points(vital what, double value) noexcept;

// Of two values of one parameter the one that scores more; of two that score the same the larger.
[[nodiscard]] double graver(vital what, double a, double b) noexcept;

// Missing parameters score nothing and are named; the patient is alert and on room air unless told.
[[nodiscard]] news2_score score(const vital_signs& signs);

[[nodiscard]] clinical_response response_to(const news2_score& of) noexcept;

// "low", "low-medium", "medium", "high"
[[nodiscard]] std::string_view to_string(risk band) noexcept;

}  // namespace healthcare
