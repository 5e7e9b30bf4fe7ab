#include "healthcare/errc.hpp"

namespace healthcare {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::unreadable: return "unreadable";
    case errc::too_large: return "too_large";
    case errc::not_json: return "not_json";
    case errc::not_fhir: return "not_fhir";
    case errc::wrong_type: return "wrong_type";
    case errc::missing_field: return "missing_field";
    case errc::bad_value: return "bad_value";
    case errc::bad_unit: return "bad_unit";
    case errc::out_of_range: return "out_of_range";
    case errc::unknown_patient: return "unknown_patient";
    case errc::implausible_time: return "implausible_time";
    case errc::reader_ended: return "reader_ended";
    case errc::other_round: return "other_round";
  }
  return "unknown";
}

}  // namespace healthcare
