#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// What the medication check knows. Small on purpose: each row names the publication it rests on, and README.md lists
// them. Absence from a table says nothing about a drug. Names are those of drug_names.hpp. Static data.
namespace healthcare {

enum class severity : std::uint8_t { note, moderate, major, contraindicated };

[[nodiscard]] std::string_view to_string(severity level) noexcept;

struct drug_class {
  std::string_view name;  // "penicillins"
  std::span<const std::string_view> members;
  std::span<const std::string_view> allergens;  // other names of the class in an allergy: "sulfa", "nsaid"
  // What an allergy to one member means for another; nothing where it means nothing.
  std::optional<severity> cross_allergy;
  std::string_view source;
};

// An allergy in one class that calls for care, not for refusal, in another.
struct cross_reactivity {
  std::string_view allergy_class;
  std::string_view drug_class;
  severity level;
  std::string_view advice;
  std::string_view source;
};

// Either side is an ingredient or the name of a class. The order does not matter.
struct interaction {
  std::string_view first;
  std::string_view second;
  severity level;
  std::string_view effect;
  std::string_view source;
};

// Adults, by mouth.
struct dose_limit {
  std::string_view name;  // as written with its salt where that differs, else the ingredient
  double mg_per_day;
  std::string_view source;
};

// A coded substance or allergy: RxNorm ingredients and SNOMED CT allergy findings.
struct coded_name {
  std::string_view system;
  std::string_view code;
  std::string_view name;  // of an ingredient or a class
};

[[nodiscard]] std::span<const drug_class> drug_classes() noexcept;
[[nodiscard]] std::span<const cross_reactivity> cross_reactivities() noexcept;
[[nodiscard]] std::span<const interaction> interactions() noexcept;
[[nodiscard]] std::span<const dose_limit> dose_limits() noexcept;
[[nodiscard]] std::span<const coded_name> coded_names() noexcept;

// The class of that name, null if there is none.
[[nodiscard]] const drug_class* find_class(std::string_view name) noexcept;
// Whether the ingredient is `term`, or a member of the class that `term` names.
[[nodiscard]] bool is_a(std::string_view ingredient, std::string_view term) noexcept;

}  // namespace healthcare
