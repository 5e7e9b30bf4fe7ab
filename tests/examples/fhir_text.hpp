#pragma once

#include <string>

// Resources as text, for the tests of the readers.
namespace fhir_text {

inline std::string bundle_text(const std::string& entries, const std::string& type = "collection") {
  return R"({"resourceType":"Bundle","type":")" + type + R"(","entry":[)" + entries + "]}";
}

inline std::string entry_text(const std::string& resource, const std::string& full_url = "") {
  return (full_url.empty() ? R"({"resource":)" : R"({"fullUrl":")" + full_url + R"(","resource":)") + resource + "}";
}

inline std::string patient_text(const std::string& id, const std::string& more = "") {
  return R"({"resourceType":"Patient","id":")" + id + R"(","name":[{"family":"Berg","given":["Ada","Eve"]}])" + more +
         "}";
}

inline std::string request_text(const std::string& id, const std::string& subject, const std::string& display,
                                const std::string& more = "", const std::string& status = "active") {
  return R"({"resourceType":"MedicationRequest","id":")" + id + R"(","status":")" + status +
         R"(","intent":"order","medicationCodeableConcept":{"text":")" + display + R"("},"subject":{"reference":")" +
         subject + R"("})" + more + "}";
}

inline std::string allergy_text(const std::string& id, const std::string& patient, const std::string& text,
                                const std::string& more = "") {
  return R"({"resourceType":"AllergyIntolerance","id":")" + id + R"(","code":{"text":")" + text +
         R"("},"patient":{"reference":")" + patient + R"("})" + more + "}";
}

// `value` is what follows the time, such as "valueQuantity": {...}.
inline std::string observation_text(const std::string& loinc_code, const std::string& value,
                                    const std::string& time = "2024-05-06T08:00:00Z") {
  return R"({"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":")" +
         loinc_code + R"("}]},"subject":{"reference":"Patient/p1"},"effectiveDateTime":")" + time + R"(",)" + value +
         "}";
}

inline std::string quantity_text(const std::string& value, const std::string& unit) {
  return R"("valueQuantity":{"value":)" + value + R"(,"unit":"u","system":"http://unitsofmeasure.org","code":")" +
         unit + R"("})";
}

}  // namespace fhir_text
