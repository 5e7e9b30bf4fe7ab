#include <algorithm>

#include "healthcare/errc.hpp"
#include "healthcare/fhir.hpp"
#include "healthcare/fhir_fields.hpp"
#include "healthcare/json_text.hpp"
#include "healthcare/text.hpp"
#include "healthcare/vital_codes.hpp"

namespace healthcare {
namespace {

// The vital sign that a code names; codes of other things are none. A code without its system could be anything, so one
// that looks like a vital sign is refused rather than passed over.
std::optional<vital> vital_in(const json_view& code) {
  for (const auto& item : read_concept(code)) {
    if (const auto what = vital_of(item.system, item.code)) return what;
    if (item.system.empty() && !item.code.empty() && (vital_of(loinc, item.code) || vital_of(snomed, item.code))) {
      code.refuse(errc::missing_field, "the code " + item.code + " has no system");
    }
  }
  return std::nullopt;
}

std::optional<double> quantity_value(vital what, const json_view& quantity) {
  const auto value = quantity["value"].number();
  if (!value) {
    quantity["value"].refuse(errc::missing_field, "no value");
    return std::nullopt;
  }
  auto unit = quantity["code"].text();
  if (unit.empty()) unit = quantity["unit"].text();
  const auto standard = standard_value(what, *value, unit);
  if (standard) return *standard;
  const auto& why = standard.error();
  quantity.refuse(why.is(errc::bad_unit) ? errc::bad_unit : errc::out_of_range, why.message());
  return std::nullopt;
}

std::optional<double> coded_value(vital what, const json_view& answer) {
  for (const auto& item : read_concept(answer)) {
    if (what == vital::consciousness) {
      if (const auto level = acvpu_of(item.system, item.code)) return static_cast<double>(*level);
    } else if (const auto yes = yes_or_no(item.system, item.code)) {
      return *yes ? 1 : 0;
    }
  }
  answer.refuse(errc::bad_value, "no known answer for " + std::string{to_string(what)});
  return std::nullopt;
}

// The value of an Observation or of one of its components, for the vital sign its code names.
void read_value(const json_view& holder, observation& out) {
  const auto what = vital_in(holder["code"]);
  if (!what) return;
  std::optional<double> value;
  if (const auto quantity = holder["valueQuantity"]; quantity && *what != vital::consciousness) {
    value = quantity_value(*what, quantity);
  } else if (const auto answer = holder["valueCodeableConcept"];
             answer && (*what == vital::consciousness || *what == vital::supplemental_oxygen)) {
    value = coded_value(*what, answer);
  } else if (const auto flag = holder["valueBoolean"]; flag && *what == vital::supplemental_oxygen) {
    value = flag.flag().value_or(false) ? 1 : 0;
  } else if (!holder["dataAbsentReason"]) {
    holder.refuse(errc::missing_field, "no value for " + std::string{to_string(*what)});
  }
  if (!value) return;
  const bool twice = std::any_of(out.readings.begin(), out.readings.end(),
                                 [&](const reading& earlier) { return earlier.what == *what; });
  if (twice) {
    holder.refuse(errc::bad_value, std::string{to_string(*what)} + " twice in one observation");
    return;
  }
  out.readings.push_back({*what, *value});
}

void read_time(const json_view& resource, observation& out) {
  // The time of the measurement; for one that took a while, its end; failing both, when it was published.
  auto field = resource["effectiveDateTime"];
  if (!field) field = resource["effectiveInstant"];
  if (!field) field = resource["effectivePeriod"]["end"];
  if (!field) field = resource["effectivePeriod"]["start"];
  if (!field) field = resource["issued"];
  if (!field) {
    resource["effectiveDateTime"].refuse(errc::missing_field, "no time");
    return;
  }
  const auto time = parse_instant(field.text());
  if (time) {
    out.time = *time;
  } else {
    field.refuse(errc::bad_value, time.error().message());
  }
}

observation_status read_status(const json_view& status) {
  const auto text = status.text();
  if (text == "final") return observation_status::final;
  if (text == "amended" || text == "corrected") return observation_status::amended;
  if (text == "preliminary" || text == "registered" || text == "unknown") return observation_status::preliminary;
  if (text == "entered-in-error" || text == "cancelled") return observation_status::withdrawn;
  status.refuse(text.empty() ? errc::missing_field : errc::bad_value,
                "not the status of an observation: \"" + printable(clipped(text, 40)) + "\"");
  return observation_status::final;
}

}  // namespace

observation read_observation(const json_view& resource) {
  observation out;
  if (resource["id"]) out.id = read_id(resource);
  out.status = read_status(resource["status"]);
  out.patient = read_reference(resource["subject"]);
  if (read_concept(resource["code"]).empty()) resource["code"].refuse(errc::missing_field, "no code");
  read_time(resource, out);
  if (out.status == observation_status::withdrawn) return out;
  read_value(resource, out);
  for (const auto& component : resource["component"].items()) read_value(component, out);
  std::sort(out.readings.begin(), out.readings.end(),
            [](const reading& a, const reading& b) { return a.what < b.what; });
  return out;
}

troupe::result<observation> read_observation(std::string_view json) {
  const auto tree = parse_json(json);
  if (!tree) return tree.error();
  if (!tree->is_object()) return troupe::error{errc::not_fhir, "not a JSON object"};
  std::optional<troupe::error> fault;
  const json_view resource{*tree, fault, "Observation"};
  const auto type = resource["resourceType"].text();
  if (type != "Observation") {
    return troupe::error{errc::not_fhir, "an Observation was expected, not \"" + printable(clipped(type, 40)) + "\""};
  }
  auto out = read_observation(resource);
  if (fault) return std::move(*fault);
  return out;
}

}  // namespace healthcare
