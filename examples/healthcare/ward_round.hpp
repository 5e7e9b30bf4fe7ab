#pragma once

#include <optional>
#include <span>

#include "healthcare/report.hpp"
#include "healthcare/ward.hpp"

namespace healthcare {

// The whole assistant in one function, without agents: what they must come to together, whatever happens to them on the
// way. `stream` in any order, with the references as written; those of unknown patients are left out. `begins`: when
// the round begins, if that is decided; otherwise see observation_log. Findings of medication ask for their follow-up
// then. The counts of lines in `run` are left to whoever read them. A pure function.
[[nodiscard]] report make_round(const ward& of, std::span<const observation> stream, const clinic& at,
                                std::optional<instant> begins = {});

}  // namespace healthcare
