#include "healthcare/follow_ups.hpp"

#include <utility>

namespace healthcare {

urgency urgency_of(risk band) noexcept {
  switch (band) {
    case risk::low: return urgency::routine;
    case risk::low_medium: return urgency::prompt;
    case risk::medium: return urgency::urgent;
    case risk::high: return urgency::emergency;
  }
  return urgency::routine;
}

urgency urgency_of(severity level) noexcept {
  switch (level) {
    case severity::note: return urgency::routine;
    case severity::moderate: return urgency::soon;
    case severity::major:
    case severity::contraindicated: return urgency::prompt;
  }
  return urgency::routine;
}

request_list vitals_follow_ups(const std::string& patient, const std::map<instant, escalation>& of,
                               std::uint64_t version) {
  request_list out{"news2/" + patient, version, {}};
  if (of.empty()) return out;
  follow_up request{out.owner, patient, {}};
  for (const auto& [at, item] : of) {
    if (item.over) {
      request.revisions.push_back({.at = at, .withdrawn = true, .reason = {}});
      continue;
    }
    const auto needs = item.band == risk::high ? role::critical_care : role::physician;
    request.revisions.push_back({at, urgency_of(item.band), needs, false,
                                 "NEWS2 " + std::to_string(item.total) + ", " + std::string{to_string(item.band)} +
                                     ": " + std::string{response_to({.total = item.total, .band = item.band}).action}});
  }
  out.requests.push_back(std::move(request));
  return out;
}

request_list medication_follow_ups(const std::string& patient, const medication_review& of, instant at,
                                   std::uint64_t version) {
  request_list out{"medication/" + patient, version, {}};
  for (const auto& item : of.findings) {
    out.requests.push_back(
        {out.owner + "/" + item.id, patient, {{at, urgency_of(item.level), role::pharmacist, false, item.text}}});
  }
  return out;
}

}  // namespace healthcare
