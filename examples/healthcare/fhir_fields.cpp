#include "healthcare/fhir_fields.hpp"

#include <algorithm>
#include <cmath>

#include "healthcare/errc.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
  });
}

// Hours in one of UCUM's units of time.
std::optional<double> hours_in(std::string_view unit) {
  struct entry {
    std::string_view unit;
    double hours;
  };
  static constexpr entry table[] = {{"s", 1.0 / 3600}, {"min", 1.0 / 60}, {"h", 1},   {"d", 24},
                                    {"wk", 168},       {"mo", 730.5},     {"a", 8766}};
  for (const auto& known : table) {
    if (known.unit == unit) return known.hours;
  }
  return std::nullopt;
}

// Timing.code: the abbreviations of HL7's GTSAbbreviation that fix a frequency, as administrations in so many hours.
bool abbreviation(const json_view& code, dosage& out) {
  struct entry {
    std::string_view code;
    double times;
    double hours;
  };
  static constexpr entry table[] = {{"QD", 1, 24},  {"BID", 2, 24}, {"TID", 3, 24}, {"QID", 4, 24},
                                    {"QOD", 1, 48}, {"Q1H", 1, 1},  {"Q2H", 1, 2},  {"Q3H", 1, 3},
                                    {"Q4H", 1, 4},  {"Q6H", 1, 6},  {"Q8H", 1, 8},  {"AM", 1, 24},
                                    {"PM", 1, 24},  {"BED", 1, 24}, {"WK", 1, 168}, {"MO", 1, 730.5}};
  for (const auto& item : read_concept(code)) {
    for (const auto& known : table) {
      if (item.code != known.code) continue;
      out.times = known.times;
      out.period_hours = known.hours;
      return true;
    }
  }
  return false;
}

// A count or an amount: finite, above zero and not absurd, or nothing.
std::optional<double> amount(const json_view& number) {
  const auto value = number.number();
  if (!value) return std::nullopt;
  if (!(*value > 0 && *value <= 1e6)) {
    number.refuse(errc::out_of_range, "not an amount above 0 and up to a million");
    return std::nullopt;
  }
  return value;
}

void read_timing(const json_view& timing, dosage& out) {
  const auto repeat = timing["repeat"];
  // The most that the instruction allows: the higher frequency, the shorter period.
  auto times = amount(repeat["frequencyMax"]);
  if (!times) times = amount(repeat["frequency"]);
  const auto period = amount(repeat["period"]);
  const auto unit = repeat["periodUnit"].text();
  if (period) {
    const auto hours = hours_in(unit);
    if (!hours) {
      repeat["periodUnit"].refuse(errc::bad_unit, "no unit of time: \"" + printable(clipped(unit, 20)) + "\"");
      return;
    }
    out.times = times.value_or(1);  // FHIR's default
    out.period_hours = *period * *hours;
  } else {
    abbreviation(timing["code"], out);
  }
}

dosage read_dosage(const json_view& instruction) {
  dosage out;
  const double sequence = instruction["sequence"].number().value_or(1);
  if (sequence >= 0 && sequence <= 10'000) out.sequence = static_cast<int>(sequence);
  read_timing(instruction["timing"], out);
  out.as_needed = instruction["asNeededBoolean"].flag().value_or(false) || instruction["asNeededCodeableConcept"];
  const auto rate = instruction["doseAndRate"].first();
  auto quantity = rate["doseQuantity"];
  if (!quantity) quantity = rate["doseRange"]["high"];
  out.dose = amount(quantity["value"]);
  out.dose_unit = quantity["code"].text();
  if (out.dose_unit.empty()) out.dose_unit = quantity["unit"].text();
  return out;
}

}  // namespace

std::string read_id(const json_view& resource) {
  const auto field = resource["id"];
  const auto id = field.text();
  if (!is_id(id)) field.refuse(errc::bad_value, "not a FHIR id: \"" + printable(clipped(id, 80)) + "\"");
  return id;
}

std::string read_name(const json_view& names) {
  const auto name = names.first();
  std::string out;
  for (const auto& given : name["given"].items()) {
    if (out.empty()) out = given.text();
  }
  const auto family = name["family"].text();
  if (!out.empty() && !family.empty()) out += ' ';
  out += family;
  return out.empty() ? name["text"].text() : clipped(out, 512);
}

std::vector<coding> read_concept(const json_view& concept_view) {
  std::vector<coding> out;
  for (const auto& item : concept_view["coding"].items()) {
    out.push_back({item["system"].text(), item["code"].text(), item["display"].text()});
  }
  if (auto text = concept_view["text"].text(); !text.empty()) out.push_back({{}, {}, std::move(text)});
  return out;
}

std::string read_reference(const json_view& reference) {
  const auto field = reference["reference"];
  auto text = field.text();
  if (text.empty()) field.refuse(errc::missing_field, "nothing is referred to");
  return text;
}

bool has_code(const std::vector<coding>& codings, std::string_view code) {
  return std::any_of(codings.begin(), codings.end(), [&](const coding& item) { return item.code == code; });
}

patient read_patient(const json_view& resource) {
  patient out;
  out.id = read_id(resource);
  out.name = read_name(resource["name"]);
  const auto birth = resource["birthDate"];
  if (const auto text = birth.text(); !text.empty()) {
    if (const auto day = parse_date(text)) {
      out.birth_date = *day;
    } else {
      birth.refuse(errc::bad_value, day.error().message());
    }
  }
  out.deceased = !resource["deceasedDateTime"].text().empty() || resource["deceasedBoolean"].flag().value_or(false);
  return out;
}

practitioner read_practitioner(const json_view& resource) { return {read_id(resource), read_name(resource["name"])}; }

allergy read_allergy(const json_view& resource) {
  allergy out;
  out.id = read_id(resource);
  out.patient = read_reference(resource["patient"]);
  out.substance = read_concept(resource["code"]);
  // Without a code the reactions may still name the substance.
  for (const auto& reaction : resource["reaction"].items()) {
    for (auto& item : read_concept(reaction["substance"])) out.substance.push_back(std::move(item));
  }
  if (out.substance.empty()) resource["code"].refuse(errc::missing_field, "no substance");
  const auto clinical = read_concept(resource["clinicalStatus"]);
  const auto verification = read_concept(resource["verificationStatus"]);
  out.active = !has_code(clinical, "inactive") && !has_code(clinical, "resolved") &&
               !has_code(verification, "refuted") && !has_code(verification, "entered-in-error");
  out.intolerance = resource["type"].text() == "intolerance";
  return out;
}

medication_request read_medication_request(const json_view& resource, std::string& medication_reference) {
  medication_request out;
  out.id = read_id(resource);
  out.patient = read_reference(resource["subject"]);
  const auto status = resource["status"];
  if (!status) status.refuse(errc::missing_field, "no status");
  out.active = status.text() == "active" && !resource["doNotPerform"].flag().value_or(false);
  out.medication = read_concept(resource["medicationCodeableConcept"]);
  if (out.medication.empty()) {
    const auto reference = resource["medicationReference"];
    medication_reference = reference ? read_reference(reference) : "";
    if (!reference) resource["medicationCodeableConcept"].refuse(errc::missing_field, "no medication");
    // A contained Medication is found here, any other by whoever knows the bundle.
    for (const auto& inner : resource["contained"].items()) {
      if (medication_reference == "#" + inner["id"].text()) out.medication = read_concept(inner["code"]);
    }
  }
  for (const auto& instruction : resource["dosageInstruction"].items()) out.dosages.push_back(read_dosage(instruction));
  return out;
}

}  // namespace healthcare
