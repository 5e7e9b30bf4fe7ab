#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "healthcare/patient_memory.hpp"

// How what is remembered is shown: for a terminal, where what could harm it is made harmless, and as JSON in ASCII,
// indented by two, with a line end. Pure functions; README.md has the fields.
namespace healthcare {

// Where the memory is, and what the bundles added to it.
struct memory_state {
  std::string folder;                            // empty: a temporary one
  std::optional<healthcare::imported> imported;  // none: no bundles were read
};

[[nodiscard]] std::string to_table(const question& what, const answer& found, const memory_state& of);
[[nodiscard]] std::string to_json(const question& what, const answer& found, const memory_state& of);

struct patient_facts {
  known_patient who;
  std::vector<troupe::memory::record> facts;
};
struct facts_report {
  std::optional<troupe::timestamp> as_of;
  std::vector<patient_facts> patients;
};
[[nodiscard]] std::string to_table(const facts_report& found, const memory_state& of);
[[nodiscard]] std::string to_json(const facts_report& found, const memory_state& of);

[[nodiscard]] std::string to_table(const forgotten& done, const known_patient& who, const memory_state& of);
[[nodiscard]] std::string to_json(const forgotten& done, const known_patient& who, const memory_state& of);

// "memory: 6 patients with 31 records imported, 0 known, 0 forgotten"
[[nodiscard]] std::string to_text(const imported& of);
// "Amalia Berg (ward-01), Bruno Castel (ward-02)"
[[nodiscard]] std::string to_text(const std::vector<known_patient>& of);

}  // namespace healthcare
