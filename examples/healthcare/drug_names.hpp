#pragma once

#include <string>
#include <string_view>
#include <vector>

// Which substances a text names.
namespace healthcare {

// Lower case, without the salt ("hydrochloride") and under the US name ("acetaminophen" for "paracetamol").
[[nodiscard]] std::string ingredient_name(std::string_view written);

// The ingredients and classes of medication_tables.hpp whose names stand in the text as whole words, longer names
// before the shorter ones in them: "Penicillin V 250 mg with co-amoxiclav" gives "penicillin v", "amoxicillin",
// "clavulanate".
[[nodiscard]] std::vector<std::string> known_names_in(std::string_view text);
// Whether the tables know a substance or class of this name.
[[nodiscard]] bool is_known(std::string_view name);

// The substance that an allergy's text names, where the tables know none: "Allergy to pollen", "Pollen allergy
// (finding)" give "pollen". Empty for one that denies ("No known allergy").
[[nodiscard]] std::string allergen_name(std::string_view text);

}  // namespace healthcare
