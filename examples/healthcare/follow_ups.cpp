#include "healthcare/follow_ups.hpp"

#include <string>
#include <utility>

namespace healthcare {

std::optional<urgency> urgency_of(risk band) noexcept {
  switch (band) {
    case risk::none:
    case risk::low: return std::nullopt;
    case risk::low_medium: return urgency::prompt;
    case risk::medium: return urgency::urgent;
    case risk::high: return urgency::emergency;
  }
  return std::nullopt;
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

std::optional<follow_up> vitals_follow_up(std::string_view patient, std::span<const assessment> timeline,
                                          std::uint64_t version) {
  follow_up out{"news2/" + std::string{patient}, std::string{patient}, version, {}};
  std::optional<urgency> wanted;
  for (const auto& item : timeline) {
    const auto asked = urgency_of(item.score.band);
    if (asked && (!wanted || *asked > *wanted)) {
      const auto needs = *asked == urgency::emergency ? role::critical_care : role::physician;
      out.revisions.push_back({item.at, *asked, needs, false,
                               "NEWS2 " + std::to_string(item.score.total) + ", " +
                                   std::string{to_string(item.score.band)} + ": " +
                                   std::string{response_to(item.score.band).action}});
      wanted = asked;
    } else if (!asked && wanted) {
      out.revisions.push_back(
          {item.at, *wanted, role::physician, true, "NEWS2 " + std::to_string(item.score.total) + " again"});
      wanted.reset();
    }
  }
  if (out.revisions.empty()) return std::nullopt;
  return out;
}

follow_up medication_follow_up(std::string_view patient, const finding& about, instant at, std::uint64_t version) {
  return {"medication/" + std::string{patient} + "/" + about.id,
          std::string{patient},
          version,
          {{at, urgency_of(about.level), role::pharmacist, false, about.text}}};
}

follow_up withdrawn(follow_up request, instant at, std::uint64_t version) {
  request.version = version;
  request.revisions.push_back({.at = at, .withdrawn = true, .reason = "no longer needed"});
  return request;
}

}  // namespace healthcare
