#pragma once

#include <string>
#include <vector>

#include "healthcare/history.hpp"
#include "healthcare/json_view.hpp"
#include "healthcare/records.hpp"

// From JSON to the values of records.hpp, one function for each FHIR type that is read. Private to the readers.
// Each leaves what is wrong in the view's fault; its value then means nothing. What is wrong with a part that others
// can do without goes to `left_out`, and the part is not in the value.
namespace healthcare {

// FHIR's id: 1 to 64 letters, digits, '-' and '.'. Refuses any other.
std::string read_id(const json_view& resource);
// "Given Family" of the first name.
std::string read_name(const json_view& names);
std::vector<coding> read_concept(const json_view& concept_view);
// Reference.reference; refuses an empty one.
std::string read_reference(const json_view& reference);
bool has_code(const std::vector<coding>& codings, std::string_view code);

patient read_patient(const json_view& resource);
allergy read_allergy(const json_view& resource);
dosage read_dosage(const json_view& instruction);
// `medication` stays empty where the resource refers to a Medication; `medication_reference` then names it.
medication_request read_medication_request(const json_view& resource, std::string& medication_reference,
                                           std::vector<troupe::error>& left_out);
observation read_observation(const json_view& resource, std::vector<troupe::error>& left_out);
// Nothing for a resource of another type, and for one that was entered in error or refuted. `what` stays empty where
// the resource refers to a Medication.
std::optional<history_entry> read_history(const json_view& resource, std::string_view type);

}  // namespace healthcare
