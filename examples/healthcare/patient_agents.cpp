#include "healthcare/patient_agents.hpp"

#include <troupe/actors/errc.hpp>
#include <utility>

#include "healthcare/medication.hpp"

namespace healthcare {

using namespace std::chrono_literals;

// -- vitals -----------------------------------------------------------------------------------------------------------

vitals_agent::vitals_agent(troupe::agent_context& context, std::string patient)
    : agent{context}, patient_{std::move(patient)} {
  on(&vitals_agent::take);
  on(&vitals_agent::assess);
  on(&vitals_agent::list);
}

troupe::task<void> vitals_agent::on_start(troupe::turn& now) {
  const auto records = now.ref(addresses::records);
  const auto chart = co_await now.ask<get_chart>(records, patient_);
  deceased_ = chart.about.who.deceased;
  for (const auto& each : chart.observations) history_.add(each);
  version_ = chart.observations.size();
}

void vitals_agent::take(const new_observation& news, troupe::turn& now) {
  // One that was on record when this incarnation started is known already.
  if (news.number <= version_) return;
  version_ = news.number;
  if (!history_.add(news.taken) || deceased_) return;
  ask_for_follow_up(now);
}

// An observation that was on record before the restart, but not handled yet, would otherwise pass without its
// follow-up.
troupe::task<void> vitals_agent::on_restart(troupe::turn& now, const troupe::exit_cause&) {
  co_await on_start(now);
  if (!deceased_) ask_for_follow_up(now);
}

void vitals_agent::ask_for_follow_up(troupe::turn& now) {
  const auto team = now.self().path().parent();
  if (auto request = vitals_follow_up(patient_, history_.timeline(), version_)) {
    now.send(now.ref(team / "scheduling"), book{*std::move(request)});
    now.send(now.ref(team / "learning"), feedback{"escalation"});
  }
}

vitals_assessed vitals_agent::assess(const get_assessment&) {
  vitals_assessed out;
  if (auto latest = history_.latest()) out.news2 = news2_report{*std::move(latest), history_.trend()};
  return out;
}

follow_ups vitals_agent::list(const get_follow_ups&) {
  follow_ups out;
  if (deceased_) return out;
  if (auto request = vitals_follow_up(patient_, history_.timeline(), version_))
    out.requests.push_back(*std::move(request));
  return out;
}

// -- medication -------------------------------------------------------------------------------------------------------

medication_agent::medication_agent(troupe::agent_context& context, std::string patient)
    : agent{context}, patient_{std::move(patient)} {
  on([this](const get_review&) { return checked_; });
  on([this](const get_follow_ups&) { return requests_; });
}

troupe::task<void> medication_agent::on_start(troupe::turn& now) {
  const auto records = now.ref(addresses::records);
  const auto chart = co_await now.ask<get_chart>(records, patient_);
  checked_.review = review_medication(chart.about, chart.as_of);
  if (chart.about.who.deceased) co_return;
  for (const auto& each : checked_.review.findings)
    requests_.requests.push_back(medication_follow_up(patient_, each, chart.as_of, 1));
}

// -- scheduling -------------------------------------------------------------------------------------------------------

scheduling_agent::scheduling_agent(troupe::agent_context& context) : agent{context} {
  on(&scheduling_agent::see_to);
  on([](const settle_bookings&) {});
}

troupe::task<void> scheduling_agent::on_start(troupe::turn& now) {
  const auto booking = now.ref(addresses::booking);
  for (const std::string_view sibling : {"vitals", "medication"}) {
    const auto known = co_await ask_sibling(sibling, now);
    for (const auto& each : known.requests) co_await now.ask<book>(booking, each);
  }
}

// A sibling that is being restarted keeps the question in its mailbox; only one that was killed over it has to be asked
// again.
troupe::task<follow_ups> scheduling_agent::ask_sibling(std::string_view name, troupe::turn& now) {
  const auto sibling = now.ref(now.self().path().parent() / name);
  for (int attempt = 1;; ++attempt) {
    auto asking = now.ask<get_follow_ups>(sibling);
    auto known = co_await asking.as_result();
    if (known) co_return *std::move(known);
    if (attempt == 20) throw troupe::failure{known.error()};
  }
}

troupe::task<void> scheduling_agent::see_to(book wanted, troupe::turn& now) {
  const auto booking = now.ref(addresses::booking);
  co_await now.ask<book>(booking, wanted.request);
  now.send(now.ref(now.self().path().parent() / "learning"), feedback{"booking"});
}

// -- learning ---------------------------------------------------------------------------------------------------------

learning_agent::learning_agent(troupe::agent_context& context) : agent{context} {
  on([this](const feedback& f) { ++collected_[f.kind]; });
  on([this](const get_lessons&) {
    lessons all;
    for (const auto& [kind, count] : collected_) all.collected += count;
    return all;
  });
}

// -- the team ---------------------------------------------------------------------------------------------------------

troupe::supervisor_spec patient_team(const std::string& patient) {
  return {.name = troupe::path::escape_segment(patient),
          .strategy = troupe::one_for_one,
          .intensity = 10,
          .period = 1s,
          .children = {troupe::child<vitals_agent>("vitals", patient),
                       troupe::child<medication_agent>("medication", patient),
                       troupe::child<scheduling_agent>("scheduling"), troupe::child<learning_agent>("learning")}};
}

}  // namespace healthcare
