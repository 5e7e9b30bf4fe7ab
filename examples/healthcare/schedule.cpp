#include "healthcare/schedule.hpp"

#include <utility>

namespace healthcare {

using std::chrono::minutes;

clinic default_clinic() {
  return {.staff = {{"critical-care-1", "Dr. Ines Aalto", role::critical_care, true},
                    {"critical-care-2", "Dr. Tomas Brandt", role::critical_care, true},
                    {"physician-1", "Dr. Leila Haddad", role::physician, true},
                    {"physician-2", "Dr. Piet Mulder", role::physician, false},
                    {"pharmacist-1", "Nora Quist", role::pharmacist, false}}};
}

bool planner::put(request_list wanted) {
  auto& known = by_owner_[wanted.owner];
  if (!known.owner.empty() && wanted.version <= known.version) return false;
  known = std::move(wanted);
  return true;
}

schedule planner::plan() const { return healthcare::plan(requests(), clinic_); }

std::vector<follow_up> planner::requests() const {
  std::vector<follow_up> all;
  for (const auto& [owner, list] : by_owner_) all.insert(all.end(), list.requests.begin(), list.requests.end());
  return all;
}

minutes within(urgency level) noexcept {
  switch (level) {
    case urgency::routine: return std::chrono::hours{72};
    case urgency::soon: return std::chrono::hours{24};
    case urgency::prompt: return std::chrono::hours{4};
    case urgency::urgent: return std::chrono::hours{1};
    case urgency::emergency: return minutes{30};
  }
  return minutes{0};
}

bool can_serve(role does, role needs) noexcept {
  if (does == needs) return true;
  return (does == role::physician && needs == role::pharmacist) ||
         (does == role::critical_care && needs == role::physician);
}

std::string_view to_string(role does) noexcept {
  switch (does) {
    case role::pharmacist: return "pharmacist";
    case role::physician: return "physician";
    case role::critical_care: return "critical care";
  }
  return "unknown";
}

std::string_view to_string(urgency level) noexcept {
  switch (level) {
    case urgency::routine: return "routine";
    case urgency::soon: return "soon";
    case urgency::prompt: return "prompt";
    case urgency::urgent: return "urgent";
    case urgency::emergency: return "emergency";
  }
  return "unknown";
}

}  // namespace healthcare
