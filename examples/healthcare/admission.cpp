#include "healthcare/admission.hpp"

#include <troupe/actors/errc.hpp>
#include <troupe/actors/supervision.hpp>
#include <utility>

#include "healthcare/patient_agents.hpp"

namespace healthcare {

using namespace std::chrono_literals;

namespace {

troupe::task<troupe::result<troupe::done>> start_team(patient who, bool lasting, troupe::turn& now) {
  const auto patients = now.ref(addresses::patients);
  troupe::start_child order{troupe::child(patient_team(who, lasting))};
  auto starting = now.ask(patients, std::move(order));
  const auto started = co_await starting.as_result();
  // By an admission that was cut short, or asked for twice.
  if (started || started.error().is(troupe::agent_errc::already_started)) co_return troupe::done{};
  co_return started.error();
}

// A question to one of the team.
template <class M>
troupe::task<troupe::reply_of_t<M>> ask_member(std::string_view name, patient who, troupe::turn& now) {
  auto asking = now.ask<M>(now.ref(patient_team_path(who.id) / name));
  co_return co_await asking;
}

template <class M>
auto member(std::string_view name) {
  return [name](const patient& who, troupe::turn& now) { return ask_member<M>(name, who, now); };
}

// Whatever it was, the next try may do better: whoever was killed over a question is back soon.
const troupe::retry_policy again{
    .attempts = 5, .delay_min = 2ms, .delay_max = 100ms, .faults = troupe::fault_set::all()};
constexpr troupe::duration patience = 5s;  // with one of the team, and one try

}  // namespace

troupe::task_graph<troupe::done, patient> admission_plan(bool lasting) {
  troupe::graph_builder g{"admission", {.at_once = 2}};
  auto who = g.input<patient>("patient");
  const auto start = [lasting](const patient& of, troupe::turn& now) { return start_team(of, lasting, now); };
  auto team = g.task("team", start, who).retry(again);
  const auto look = [&](const char* name, auto question) {
    auto made = g.task(name, std::move(question), who);
    made.needs(team).within(patience).retry(again).skip_on_failure();
    return made;
  };
  auto vitals = look("vitals", member<get_assessment>("vitals"));
  auto medication = look("medication", member<get_review>("medication")).priority(1);
  look("appointments", member<settle_bookings>("scheduling")).after(medication).after(vitals);
  return g.build(team, who).value();
}

admission_agent::admission_agent(troupe::agent_context& context, bool lasting)
    : agent{context}, plan_{admission_plan(lasting)} {
  on(&admission_agent::take_in);
}

troupe::task<troupe::result<troupe::done>> admission_agent::take_in(admit order, troupe::turn& now) {
  const auto outcome = co_await plan_.run(now, order.who);
  log().debug(outcome.summary(), {{"patient", order.who.id}});
  co_return outcome.result();
}

}  // namespace healthcare
