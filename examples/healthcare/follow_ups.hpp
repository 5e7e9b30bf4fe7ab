#pragma once

#include <map>
#include <string>

#include "healthcare/medication.hpp"
#include "healthcare/schedule.hpp"
#include "healthcare/vitals_history.hpp"

// From what was found to who should see the patient, and how soon. The times are this program's: the sources ask for
// "urgent" and "emergency" without minutes.
namespace healthcare {

// low-medium: a physician, prompt. medium: a physician, urgent. high: critical care, emergency. Not for low.
[[nodiscard]] urgency urgency_of(risk band) noexcept;
// contraindicated and major: prompt. moderate: soon. note: routine. All a pharmacist's.
[[nodiscard]] urgency urgency_of(severity level) noexcept;

// What the early warning score of a patient asks for: one follow-up, raised with each escalation and withdrawn with the
// recovery, or none. `version` as in request_list.
[[nodiscard]] request_list vitals_follow_ups(const std::string& patient, const std::map<instant, escalation>& of,
                                             std::uint64_t version);

// What the medication of a patient asks for: a follow-up of each finding, raised at `at`.
[[nodiscard]] request_list medication_follow_ups(const std::string& patient, const medication_review& of, instant at,
                                                 std::uint64_t version);

}  // namespace healthcare
