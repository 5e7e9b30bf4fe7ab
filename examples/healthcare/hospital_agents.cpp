#include "healthcare/hospital_agents.hpp"

#include <utility>

#include "healthcare/errc.hpp"
#include "healthcare/patient_agents.hpp"
#include "healthcare/ward_round.hpp"

namespace healthcare {

using namespace std::chrono_literals;

records_agent::records_agent(troupe::agent_context& context, std::shared_ptr<const ward> patients, instant as_of)
    : agent{context}, ward_{std::move(patients)}, as_of_{as_of} {
  for (const auto& each : ward_->observations())
    if (each.time <= as_of_ && each.time >= as_of_ - bundle_observations_age_max)
      observations_[each.patient].push_back(each);
  on(&records_agent::take);
  on(&records_agent::show);
}

void records_agent::take(const observed& news, troupe::turn& now) {
  auto& recorded = observations_[news.taken.patient];
  recorded.push_back(news.taken);
  const auto team = addresses::patients / troupe::path::escape_segment(news.taken.patient);
  now.send(now.ref(team / "vitals"), new_observation{news.taken, recorded.size()});
}

troupe::result<chart> records_agent::show(const get_chart& of) {
  const auto found = ward_->records().find(of.patient);
  if (found == ward_->records().end()) return troupe::error{errc::unknown_patient, "no patient " + of.patient};
  return chart{found->second, observations_[of.patient], as_of_};
}

booking_agent::booking_agent(troupe::agent_context& context, clinic at) : agent{context}, planner_{std::move(at)} {
  on([this](const book& wanted) { planner_.put(wanted.request); });
  on([this](const get_schedule&) { return booked{planner_.plan()}; });
}

troupe::supervisor_spec hospital(std::shared_ptr<const ward> patients, clinic at, instant as_of) {
  const troupe::child_options holds_the_truth{.restart = troupe::temporary, .significant = true};
  // Teams are admitted at run time, so a restart of their supervisor would lose them: it does not give up because one
  // team does.
  troupe::supervisor_spec teams{.name = "patients", .intensity = 1'000'000, .period = 1s};
  return {.name = "hospital",
          .strategy = troupe::one_for_one,
          .auto_shutdown = troupe::auto_shutdown::any_significant,
          .children = {troupe::child<records_agent>("records", holds_the_truth, std::move(patients), as_of),
                       troupe::child<booking_agent>("booking", holds_the_truth, std::move(at)),
                       troupe::child(std::move(teams))}};
}

}  // namespace healthcare
