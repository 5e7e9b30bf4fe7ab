#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "healthcare/instant.hpp"

// What a patient's memory is made from: one shape for all kinds of FHIR resources that tell what happened. The round
// does without; see fhir.hpp for how to have it read.
namespace healthcare {

enum class history_kind : std::uint8_t {
  encounter,
  condition,
  observation,
  medication,
  allergy,
  procedure,
  immunization,
  care_plan,
};
// The name of the FHIR resource: "MedicationRequest".
[[nodiscard]] std::string_view to_string(history_kind kind) noexcept;

// One value of an Observation, as text fit to be read: "142" "mmHg", or "Never smoker" without a unit.
struct measurement {
  std::string what;
  std::string code;
  std::string value;
  std::string unit;
  bool operator==(const measurement&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("what", self.what);
    visit("code", self.code);
    visit("value", self.value);
    visit("unit", self.unit);
  }
};

// Texts are at most 512 bytes long; an id is "Condition/c1".
struct history_entry {
  history_kind kind = history_kind::encounter;
  std::string id;
  std::string patient;  // id, or the reference as written where the patient is not known yet
  std::string what;     // the display of its code, without SNOMED CT's "(disorder)"
  std::string code;
  std::string category;                   // "vital-signs", "allergy", "intolerance"
  std::string status;                     // as the resource says: "active", "stopped", "resolved"
  std::string how;                        // of a medication: the dosage; of an allergy: how critical it is
  std::vector<std::string> reasons;       // why; of an allergy: the reactions
  std::vector<std::string> activities;    // of a care plan
  std::optional<instant> from, to;        // a date counts from its midnight
  bool active = false;                    // it goes on, as far as the resource says
  std::vector<measurement> measurements;  // of an observation
  bool operator==(const history_entry&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("kind", self.kind);
    visit("id", self.id);
    visit("patient", self.patient);
    visit("what", self.what);
    visit("code", self.code);
    visit("category", self.category);
    visit("status", self.status);
    visit("how", self.how);
    visit("reasons", self.reasons);
    visit("activities", self.activities);
    visit("from", self.from);
    visit("to", self.to);
    visit("active", self.active);
    visit("measurements", self.measurements);
  }
};

}  // namespace healthcare
