#include "healthcare/ward_round.hpp"

#include "healthcare/observation_log.hpp"

namespace healthcare {

report make_round(const ward& of, std::span<const observation> stream, const clinic& at,
                  std::optional<instant> begins) {
  report out;
  out.staff = at.staff;
  out.run.files = of.files();
  out.run.files_unreadable = of.files_unreadable();
  out.run.problems = of.problems().size();

  observation_log log{of.observations(), begins};
  for (std::size_t i = 0; i < stream.size(); ++i) {
    auto taken = stream[i];
    const auto patient = of.resolve(taken.patient);
    if (!patient) {
      ++out.run.problems;
    } else if (!matters(taken)) {
      ++out.run.observations_ignored;
    } else {
      ++out.run.observations;
      taken.patient = *patient;
      if (log.add(std::move(taken), i + 1)) ++out.run.problems;
    }
  }
  out.run.observations_set_aside = log.close().size();
  out.run.as_of = log.begins();
  out.run.problems += out.run.observations_set_aside;

  planner plans{at};
  for (const auto& [id, about] : of.records()) {
    auto& row = out.patients.emplace_back();
    row.id = id;
    row.name = about.who.name;
    row.deceased = about.who.deceased;
    row.medication = review_medication(about, log.begins());
    vitals_history history;
    for (const auto& change : log.changes(id)) history.take(change);
    row.news2 = news2_of(history);
    if (row.deceased) continue;
    plans.put(medication_follow_ups(id, row.medication, log.begins(), 1));
    plans.put(vitals_follow_ups(id, history.escalations(), 1));
  }
  share_out(plans.plan(), out.patients);
  return out;
}

}  // namespace healthcare
