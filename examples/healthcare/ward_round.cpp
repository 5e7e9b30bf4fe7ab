#include "healthcare/ward_round.hpp"

#include <map>

namespace healthcare {

report make_round(const ward& of, std::span<const observation> stream, const clinic& at, instant as_of) {
  report out;
  out.staff = at.staff;
  out.run.files = of.files();
  out.run.files_unreadable = of.files_unreadable();
  out.run.problems = of.problems().size();

  std::map<std::string, vitals_history> vitals;
  for (const auto& taken : of.observations()) {
    if (taken.time <= as_of && taken.time >= as_of - bundle_observations_age_max) vitals[taken.patient].add(taken);
  }
  for (const auto& taken : stream) {
    const auto patient = of.resolve(taken.patient);
    if (!patient) {
      ++out.run.problems;
    } else if (taken.readings.empty() && taken.status != observation_status::withdrawn) {
      ++out.run.observations_ignored;
    } else {
      ++out.run.observations;
      vitals[*patient].add(taken);
    }
  }

  planner plans{at};
  for (const auto& [id, about] : of.records()) {
    auto& row = out.patients.emplace_back();
    row.id = id;
    row.name = about.who.name;
    row.deceased = about.who.deceased;
    row.medication = review_medication(about, as_of);
    const auto& history = vitals[id];
    if (auto now = history.latest()) row.news2 = news2_report{*std::move(now), history.trend()};
    if (row.deceased) continue;
    for (const auto& item : row.medication.findings) plans.put(medication_follow_up(id, item, as_of, 1));
    if (auto request = vitals_follow_up(id, history.timeline(), 1)) plans.put(*std::move(request));
  }
  share_out(plans.plan(), out.patients);
  return out;
}

}  // namespace healthcare
