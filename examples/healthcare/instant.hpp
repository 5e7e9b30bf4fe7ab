#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "troupe/core/result.hpp"

namespace healthcare {

// A point in time in UTC, to the millisecond: what a FHIR instant holds.
using instant = std::chrono::sys_time<std::chrono::milliseconds>;

// Reads a FHIR dateTime or instant with a time of day: "2024-05-01T09:20:00.250+02:00". Years 1900 to 2199; a leap
// second counts as the first second of the next minute. Errors: bad_value.
[[nodiscard]] troupe::result<instant> parse_instant(std::string_view text);

// Reads a FHIR date; "2024" and "2024-05" mean the first day of the year or month, a time of day is cut off.
// Years 1850 to 2199. Errors: bad_value.
[[nodiscard]] troupe::result<std::chrono::sys_days> parse_date(std::string_view text);

// "2024-05-01T09:20:00Z"; milliseconds only where there are any.
[[nodiscard]] std::string to_text(instant time);
// "09:20"
[[nodiscard]] std::string clock_text(instant time);

}  // namespace healthcare
