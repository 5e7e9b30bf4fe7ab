#include "healthcare/records.hpp"

#include "healthcare/text.hpp"

namespace healthcare {

std::string_view to_string(vital what) noexcept {
  switch (what) {
    case vital::respiratory_rate: return "respiratory rate";
    case vital::oxygen_saturation: return "oxygen saturation";
    case vital::supplemental_oxygen: return "supplemental oxygen";
    case vital::systolic_pressure: return "systolic pressure";
    case vital::heart_rate: return "heart rate";
    case vital::consciousness: return "consciousness";
    case vital::temperature: return "temperature";
  }
  return "unknown";
}

std::string_view to_string(acvpu level) noexcept {
  switch (level) {
    case acvpu::alert: return "alert";
    case acvpu::confusion: return "confusion";
    case acvpu::voice: return "voice";
    case acvpu::pain: return "pain";
    case acvpu::unresponsive: return "unresponsive";
  }
  return "unknown";
}

bool matters(const observation& taken) noexcept {
  if (!taken.readings.empty()) return true;
  return !taken.id.empty() && (taken.names_vital_sign || taken.status >= observation_status::amended);
}

std::string to_text(const problem& what) {
  return printable(what.file + ":" + std::to_string(what.line) + ": " + what.text);
}

}  // namespace healthcare
