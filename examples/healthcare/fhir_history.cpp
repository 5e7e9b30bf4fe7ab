#include <array>
#include <initializer_list>
#include <utility>

#include "healthcare/errc.hpp"
#include "healthcare/fhir_fields.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

// SNOMED CT ends its full names with what kind of thing it is.
std::string without_tag(std::string name) {
  for (const std::string_view tag :
       {" (disorder)", " (procedure)", " (finding)", " (situation)", " (regime/therapy)"}) {
    if (name.ends_with(tag)) name.resize(name.size() - tag.size());
  }
  return name;
}

std::string name_of(const std::vector<coding>& of) {
  for (const auto& each : of) {
    if (!each.display.empty()) return without_tag(each.display);
  }
  return of.empty() ? std::string{} : of.front().code;
}

std::string code_of(const std::vector<coding>& of) {
  for (const auto& each : of) {
    if (!each.code.empty()) return each.code;
  }
  return {};
}

// Of the first field that is there; a date is its midnight.
std::optional<instant> time_of(std::initializer_list<json_view> fields) {
  for (const auto& field : fields) {
    if (!field) continue;
    const auto text = field.text();
    if (text.find('T') != text.npos) {
      if (const auto time = parse_instant(text)) return *time;
    } else if (const auto day = parse_date(text)) {
      return instant{*day};
    }
    field.refuse(errc::bad_value, "no date: \"" + printable(clipped(text, 40)) + "\"");
    return {};
  }
  return {};
}

void add_names(const json_view& concepts, std::vector<std::string>& to) {
  for (const auto& each : concepts.items()) {
    if (auto name = name_of(read_concept(each)); !name.empty()) to.push_back(std::move(name));
  }
}

void read_reasons(const json_view& resource, history_entry& out) {
  add_names(resource["reasonCode"], out.reasons);
  for (const auto& each : resource["reasonReference"].items()) {
    if (auto name = without_tag(each["display"].text()); !name.empty()) out.reasons.push_back(std::move(name));
  }
}

void read_what(const json_view& code, history_entry& out) {
  const auto codings = read_concept(code);
  out.what = name_of(codings);
  out.code = code_of(codings);
}

std::string dosage_text(const json_view& instruction) {
  if (auto text = instruction["text"].text(); !text.empty()) return text;
  const auto of = read_dosage(instruction);
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (of.dose) add(number_text(*of.dose) + (of.dose_unit.empty() ? "" : " " + of.dose_unit) + " each time");
  if (of.times && of.period_hours) {
    add(number_text(*of.times) + (*of.times == 1 ? " time " : " times ") +
        (*of.period_hours == 24 ? "a day" : "in " + number_text(*of.period_hours) + " hours"));
  }
  if (of.as_needed) add("as needed");
  return out;
}

std::optional<measurement> read_measurement(const json_view& holder) {
  measurement out;
  const auto codings = read_concept(holder["code"]);
  out.what = name_of(codings);
  out.code = code_of(codings);
  if (const auto quantity = holder["valueQuantity"]) {
    const auto value = quantity["value"].number();
    if (!value) return {};
    out.value = number_text(*value);
    out.unit = quantity["unit"].text();
    if (out.unit.empty()) out.unit = quantity["code"].text();
  } else if (const auto answer = holder["valueCodeableConcept"]) {
    out.value = name_of(read_concept(answer));
  } else if (const auto flag = holder["valueBoolean"]) {
    out.value = flag.flag().value_or(false) ? "yes" : "no";
  } else {
    out.value = holder["valueString"].text();
  }
  if (out.value.empty() || out.what.empty()) return {};
  return out;
}

void read_observation_parts(const json_view& resource, history_entry& out) {
  read_what(resource["code"], out);
  out.category = code_of(read_concept(resource["category"].first()));
  out.from = time_of({resource["effectiveDateTime"], resource["effectiveInstant"], resource["effectivePeriod"]["end"],
                      resource["effectivePeriod"]["start"], resource["issued"]});
  if (auto read = read_measurement(resource)) out.measurements.push_back(*std::move(read));
  for (const auto& each : resource["component"].items()) {
    if (auto read = read_measurement(each)) out.measurements.push_back(*std::move(read));
  }
}

void read_condition(const json_view& resource, history_entry& out) {
  read_what(resource["code"], out);
  out.status = code_of(read_concept(resource["clinicalStatus"]));
  out.active = out.status == "active" || out.status == "recurrence" || out.status == "relapse";
  out.from = time_of({resource["onsetDateTime"], resource["onsetPeriod"]["start"], resource["recordedDate"]});
  out.to = time_of({resource["abatementDateTime"], resource["abatementPeriod"]["end"]});
}

void read_medication(const json_view& resource, history_entry& out) {
  read_what(resource["medicationCodeableConcept"], out);
  const auto validity = resource["dispenseRequest"]["validityPeriod"];
  out.active = out.status == "active";
  out.from = time_of({resource["authoredOn"], validity["start"]});
  if (!out.active) out.to = time_of({validity["end"]});
  for (const auto& each : resource["dosageInstruction"].items()) {
    const auto text = dosage_text(each);
    if (!text.empty()) out.how += (out.how.empty() ? "" : "; ") + text;
  }
  out.how = clipped(out.how, 512);
  read_reasons(resource, out);
}

void read_allergy_parts(const json_view& resource, history_entry& out) {
  read_what(resource["code"], out);
  out.status = code_of(read_concept(resource["clinicalStatus"]));
  out.active = out.status != "inactive" && out.status != "resolved";
  out.category = resource["type"].text();
  out.how = resource["criticality"].text();
  out.from = time_of({resource["onsetDateTime"], resource["recordedDate"]});
  for (const auto& each : resource["reaction"].items()) add_names(each["manifestation"], out.reasons);
}

void read_period(const json_view& period, history_entry& out) {
  out.from = time_of({period["start"]});
  out.to = time_of({period["end"]});
}

constexpr std::array kinds{history_kind::encounter,    history_kind::condition, history_kind::observation,
                           history_kind::medication,   history_kind::allergy,   history_kind::procedure,
                           history_kind::immunization, history_kind::care_plan};

void read_kind(const json_view& resource, history_entry& out) {
  switch (out.kind) {
    case history_kind::encounter:
      read_what(resource["type"].first(), out);
      out.category = resource["class"]["code"].text();
      read_reasons(resource, out);
      return read_period(resource["period"], out);
    case history_kind::condition: return read_condition(resource, out);
    case history_kind::observation: return read_observation_parts(resource, out);
    case history_kind::medication: return read_medication(resource, out);
    case history_kind::allergy: return read_allergy_parts(resource, out);
    case history_kind::procedure:
      read_what(resource["code"], out);
      read_reasons(resource, out);
      read_period(resource["performedPeriod"], out);
      if (!out.from) out.from = time_of({resource["performedDateTime"]});
      return;
    case history_kind::immunization:
      read_what(resource["vaccineCode"], out);
      out.from = time_of({resource["occurrenceDateTime"]});
      return;
    case history_kind::care_plan:
      read_what(resource["category"].first(), out);
      if (const auto title = resource["title"].text(); !title.empty()) out.what = title;
      out.active = out.status == "active";
      for (const auto& each : resource["activity"].items()) {
        if (auto name = name_of(read_concept(each["detail"]["code"])); !name.empty()) out.activities.push_back(name);
      }
      return read_period(resource["period"], out);
  }
}

}  // namespace

std::string_view to_string(history_kind kind) noexcept {
  switch (kind) {
    case history_kind::encounter: return "Encounter";
    case history_kind::condition: return "Condition";
    case history_kind::observation: return "Observation";
    case history_kind::medication: return "MedicationRequest";
    case history_kind::allergy: return "AllergyIntolerance";
    case history_kind::procedure: return "Procedure";
    case history_kind::immunization: return "Immunization";
    case history_kind::care_plan: return "CarePlan";
  }
  return "unknown";
}

std::optional<history_entry> read_history(const json_view& resource, std::string_view type) {
  for (const auto kind : kinds) {
    if (to_string(kind) != type) continue;
    const auto verification = read_concept(resource["verificationStatus"]);
    if (has_code(verification, "refuted") || has_code(verification, "entered-in-error")) return {};
    history_entry out;
    out.kind = kind;
    out.status = resource["status"].text();
    if (out.status == "entered-in-error") return {};
    const bool of_patient = kind == history_kind::allergy || kind == history_kind::immunization;
    out.id = std::string{type} + "/" + read_id(resource);
    out.patient = read_reference(resource[of_patient ? "patient" : "subject"]);
    read_kind(resource, out);
    return out;
  }
  return {};
}

}  // namespace healthcare
