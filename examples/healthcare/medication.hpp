#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "healthcare/medication_tables.hpp"
#include "healthcare/ward.hpp"

namespace healthcare {

enum class finding_kind : std::uint8_t {
  same_substance,        // an allergy to an ingredient
  same_class,            // an allergy to its class, or to another drug of the class
  cross_reactivity,      // an allergy to a related class
  duplicate_ingredient,  // in several requests
  interaction,           // of different requests
  dose_above_maximum,    // over all requests with the ingredient
};

// Something a pharmacist should look at.
struct finding {
  std::string id;  // within the patient; stays the same as long as the records do
  finding_kind kind = finding_kind::same_substance;
  severity level = severity::note;
  std::vector<std::string> requests;  // ids of the MedicationRequests it is about, sorted
  std::string text;                   // one sentence
  std::string source;                 // the publication behind it; empty where none is needed
  bool operator==(const finding&) const = default;
};

// A daily dose that could not be computed, so that no maximum was checked.
struct unknown_dose {
  std::string request;
  std::string medication;
  std::string why;
  bool operator==(const unknown_dose&) const = default;
};

// A drug or a substance that the tables do not know, so that its absence from the findings means nothing. Names still
// match each other.
struct unknown_name {
  std::string id;  // of the MedicationRequest or AllergyIntolerance
  std::string text;
  bool operator==(const unknown_name&) const = default;
};

struct medication_review {
  std::vector<finding> findings;                // the most severe first
  std::vector<unknown_dose> unknown_doses;      // by request
  std::vector<unknown_name> unknown_drugs;      // by request; active ones
  std::vector<unknown_name> unknown_allergens;  // by allergy; active ones, but for those to food and the environment
  bool operator==(const medication_review&) const = default;
};

// A patient with more active requests than this has the rest reported as not checked.
inline constexpr std::size_t active_requests_max = 500;
// The gravest are kept.
inline constexpr std::size_t findings_max = 1'000;

// Checks the active requests of a patient against the active allergies and against each other. `as_of` decides who is
// an adult, since the maximum doses are for adults (18 years; a patient without a birth date counts as one). Routes are
// not told apart: a cream counts as a tablet does. A pure function of its arguments.
[[nodiscard]] medication_review review_medication(const record& of, instant as_of);

[[nodiscard]] std::string_view to_string(finding_kind kind) noexcept;

}  // namespace healthcare
