#pragma once

#include <string>
#include <string_view>
#include <troupe/core/path.hpp>
#include <troupe/memory/record.hpp>
#include <vector>

#include "healthcare/ward.hpp"

// From what the bundles say of a patient to what is remembered of them. Pure functions.
namespace healthcare {

inline const troupe::path hospital_space{"/hospital"};
// All patients are below it.
[[nodiscard]] troupe::path patients_space();
[[nodiscard]] troupe::path patient_space(std::string_view id);

// The attributes of these records: `key`, the same for the same thing in every bundle; `resource`, `code`, `unit`,
// `category` and `status` as FHIR has them; `patient`, the name; `digest`, of all that the record says.
//
// Episodes, one sentence each with its own date: encounters, diagnoses, prescriptions, allergies, procedures,
// vaccinations, care plans; and observations, those of one time and category together. One without a date has none.
//
// Facts, for what held when:
//   patient/...            name, birth date                   from birth
//   condition/NAME         "active"                           from onset to abatement
//   medication/NAME        the dosage, or "prescribed"        from the prescription to its end
//   allergy/NAME           "allergy, criticality high"        from its date; without one, from birth
//   vital/NAME, lab/NAME   "142 mmHg"                         from the measurement to the next
// What is over, without a word on when it ended, is an episode alone. Two courses of one thing at the same time have
// keys of their own: NAME, NAME/2.
//
// By key and time, and in the order of both; the same input gives the same records.
[[nodiscard]] std::vector<troupe::memory::record> memory_records(const record& about);

// Of all of them: changes if any of them does. 64 hex digits.
[[nodiscard]] std::string digest_of(const std::vector<troupe::memory::record>& all);

}  // namespace healthcare
