#pragma once

#include <string>

#include "examples/fhir_text.hpp"
#include "healthcare/instant.hpp"

// Vital signs as lines of a stream.
namespace fhir_text {

inline std::string observation_line(const std::string& id, const std::string& patient, healthcare::instant at,
                                    const std::string& code, double value, const std::string& status = "final") {
  const auto* unit = code == "59408-5" ? "%" : code == "8310-5" ? "Cel" : code == "8480-6" ? "mm[Hg]" : "/min";
  return R"({"resourceType":"Observation","id":")" + id + R"(","status":")" + status +
         R"(","code":{"coding":[{"system":"http://loinc.org","code":")" + code +
         R"("}]},"subject":{"reference":"Patient/)" + patient + R"("},"effectiveDateTime":")" +
         healthcare::to_text(at) + R"(",)" + quantity_text(std::to_string(value), unit) + "}\n";
}

struct vital_text {
  const char* code;
  double normal;
  double grave;
};
inline constexpr vital_text measured[] = {
    {"9279-1", 16, 30}, {"59408-5", 98, 85}, {"8480-6", 120, 85}, {"8867-4", 70, 140}, {"8310-5", 37, 39.5}};

// A score of 0, or of 14.
inline std::string set_of(const std::string& patient, healthcare::instant at, bool grave,
                          const std::string& status = "final") {
  std::string out;
  for (const auto& [code, normal, bad] : measured) {
    out += observation_line(patient + "-" + code + "-" + std::to_string(at.time_since_epoch().count()), patient, at,
                            code, grave ? bad : normal, status);
  }
  return out;
}

}  // namespace fhir_text
