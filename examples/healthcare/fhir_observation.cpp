#include <algorithm>
#include <charconv>

#include "healthcare/errc.hpp"
#include "healthcare/fhir.hpp"
#include "healthcare/fhir_fields.hpp"
#include "healthcare/json_text.hpp"
#include "healthcare/news2.hpp"
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
  out.names_vital_sign = true;
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
  const auto earlier =
      std::find_if(out.readings.begin(), out.readings.end(), [&](const reading& item) { return item.what == *what; });
  if (earlier == out.readings.end()) {
    out.readings.push_back({*what, *value});
  } else {
    earlier->value = graver(*what, earlier->value, *value);
  }
}

edition read_edition(const json_view& resource) {
  edition out;
  const auto version = resource["meta"]["versionId"].text();
  std::from_chars(version.data(), version.data() + version.size(), out.version);
  if (const auto time = parse_instant(resource["meta"]["lastUpdated"].text())) out.updated = *time;
  if (const auto time = parse_instant(resource["issued"].text())) out.issued = *time;
  return out;
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

observation read_observation(const json_view& resource, std::vector<troupe::error>& left_out) {
  observation out;
  if (resource["id"]) out.id = read_id(resource);
  out.status = read_status(resource["status"]);
  out.patient = read_reference(resource["subject"]);
  out.edition = read_edition(resource);
  if (read_concept(resource["code"]).empty()) resource["code"].refuse(errc::missing_field, "no code");
  read_time(resource, out);
  if (out.status == observation_status::withdrawn) {
    if (out.id.empty()) resource["id"].refuse(errc::missing_field, "entered in error, and no id says what that was");
    return out;
  }
  const auto read_part = [&](const json_view& part) {
    std::optional<troupe::error> fault;
    read_value(part.apart(fault), out);
    if (fault) left_out.push_back(*std::move(fault));
  };
  read_part(resource);
  for (const auto& component : resource["component"].items()) read_part(component);
  std::sort(out.readings.begin(), out.readings.end(),
            [](const reading& a, const reading& b) { return a.what < b.what; });
  if (out.readings.empty() && !left_out.empty()) {
    resource.fail(left_out.front());
    left_out.clear();
  }
  return out;
}

troupe::result<observation> read_observation(std::string_view json, std::vector<troupe::error>& left_out) {
  std::size_t line = 1;
  const auto tree = parse_json(json, line);
  if (!tree) return tree.error();
  if (!tree->is_object()) return troupe::error{errc::not_fhir, "not a JSON object"};
  std::optional<troupe::error> fault;
  const json_view resource{*tree, fault, "Observation"};
  const auto type = resource["resourceType"].text();
  if (type != "Observation") {
    return troupe::error{errc::not_fhir, "an Observation was expected, not \"" + printable(clipped(type, 40)) + "\""};
  }
  auto out = read_observation(resource, left_out);
  if (fault) {
    left_out.clear();
    return std::move(*fault);
  }
  return out;
}

}  // namespace healthcare
