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

std::string to_text(const problem& what) {
  std::string text = what.file;
  if (what.line != 0) text += ":" + std::to_string(what.line);
  return printable(text + ": " + what.text);
}

}  // namespace healthcare
