#include "healthcare/fhir_fields.hpp"

#include <algorithm>

#include "healthcare/errc.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
  });
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
  const auto categories = resource["category"].items();
  out.to_drug = categories.empty() || std::any_of(categories.begin(), categories.end(), [](const json_view& item) {
                  const auto category = item.text();
                  return category == "medication" || category == "biologic";
                });
  return out;
}

medication_request read_medication_request(const json_view& resource, std::string& medication_reference,
                                           std::vector<troupe::error>& left_out) {
  medication_request out;
  out.id = read_id(resource);
  out.patient = read_reference(resource["subject"]);
  const auto status = resource["status"];
  if (!status) status.refuse(errc::missing_field, "no status");
  // What somebody proposes, plans or offers as an option is no order yet.
  const auto intent = resource["intent"].text();
  out.active = status.text() == "active" && !resource["doNotPerform"].flag().value_or(false) && intent != "proposal" &&
               intent != "plan" && intent != "option";
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
  for (const auto& instruction : resource["dosageInstruction"].items()) {
    std::optional<troupe::error> fault;
    auto read = read_dosage(instruction.apart(fault));
    if (!fault) {
      out.dosages.push_back(std::move(read));
    } else {
      out.dosage_lost = true;
      left_out.push_back(*std::move(fault));
    }
  }
  return out;
}

}  // namespace healthcare
