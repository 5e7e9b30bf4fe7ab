#pragma once

#include <span>

#include "healthcare/report.hpp"
#include "healthcare/ward.hpp"

namespace healthcare {

// Vital signs that the bundles held count if they are at most this old when the round begins.
inline constexpr std::chrono::hours bundle_observations_age_max = vitals_history::value_age_max;

// The whole assistant in one function, without agents: what they must come to together, whatever happens to them on the
// way. `stream` in any order, with the references as written; those of unknown patients are left out. `as_of` is when
// the round begins: findings of medication ask for their follow-up then. The counts of lines in `run` are left to
// whoever read them. A pure function.
[[nodiscard]] report make_round(const ward& of, std::span<const observation> stream, const clinic& at, instant as_of);

}  // namespace healthcare
