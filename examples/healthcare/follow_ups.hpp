#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "healthcare/medication.hpp"
#include "healthcare/schedule.hpp"
#include "healthcare/vitals_history.hpp"

// From what was found to who should see the patient, and how soon. The times are this program's: the sources ask for
// "urgent" and "emergency" without minutes.
namespace healthcare {

// low-medium: a physician, prompt. medium: a physician, urgent. high: critical care, emergency. Nothing below.
[[nodiscard]] std::optional<urgency> urgency_of(risk band) noexcept;
// contraindicated and major: prompt. moderate: soon. note: routine. All a pharmacist's.
[[nodiscard]] urgency urgency_of(severity level) noexcept;

// The follow-up of a patient's early warning score: raised with each higher band, kept while the score falls but is
// still above low, withdrawn when it is low again, all at the times of observation. Nothing if the score never called
// for one. `version` as in follow_up.
[[nodiscard]] std::optional<follow_up> vitals_follow_up(std::string_view patient, std::span<const assessment> timeline,
                                                        std::uint64_t version);

// The follow-up of one finding, raised at `at`.
[[nodiscard]] follow_up medication_follow_up(std::string_view patient, const finding& about, instant at,
                                             std::uint64_t version);
// The same, withdrawn at `at` because the finding is no longer there.
[[nodiscard]] follow_up withdrawn(follow_up request, instant at, std::uint64_t version);

}  // namespace healthcare
