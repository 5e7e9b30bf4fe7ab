#pragma once

#include <cstdint>
#include <string_view>

#include "troupe/core/result.hpp"

namespace healthcare {

// Why a piece of input was not taken. Programs built on Troupe number their errors from 10000.
enum class errc : std::uint32_t {
  unreadable = 10101,     // the operating system refused to read the file or folder
  too_large = 10102,      // a file, a line or a nesting beyond the written limit
  not_json = 10103,       // not well-formed JSON, or not UTF-8
  not_fhir = 10104,       // JSON, but not the resource expected here
  wrong_type = 10105,     // a field has another JSON type than FHIR gives it
  missing_field = 10106,  // a field this program cannot do without is absent
  bad_value = 10107,      // a code, date or id that FHIR does not allow
  bad_unit = 10108,       // a unit that does not fit the quantity
  out_of_range = 10109,   // a measurement that no living patient has
  unknown_patient = 10110,
  implausible_time = 10111,  // a measurement too far in time from all others
  reader_ended = 10112,      // the process that read it came to an end over it, or went wrong
  other_round = 10113,       // a round of other input is not finished
};

[[nodiscard]] std::string_view to_string(errc code) noexcept;

}  // namespace healthcare

template <>
struct troupe::is_errc<healthcare::errc> : std::true_type {};
