#include "healthcare/admission.hpp"

#include <algorithm>

#include "actors/task_graphs.hpp"
#include "examples/fhir_text.hpp"
#include "healthcare/hospital_agents.hpp"
#include "healthcare/patient_agents.hpp"

// A patient's admission as a graph of tasks, under a virtual clock.
using namespace healthcare;
using namespace fhir_text;
using namespace support;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

// Kills an agent, or has another one do it: then whoever is sent something meanwhile has it in hand when it dies.
struct strike {
  troupe::agent_ref whom;
  troupe::agent_ref by = {};
  TROUPE_MESSAGE(strike, whom, by)
};
class killer : public troupe::agent {
 public:
  explicit killer(troupe::agent_context& context) : agent{context} {
    on([](const strike& order, troupe::turn& now) {
      if (order.by)
        now.send(order.by, strike{order.whom});
      else
        now.kill(order.whom, "test");
    });
  }
};

// A hospital with one patient, who takes warfarin with ibuprofen, and an agent in whose turns plans can be run.
struct ward_of_one : workshop {
  explicit ward_of_one(troupe::node_options options = deterministic())
      : workshop{{troupe::child<killer>("killer"), troupe::child<killer>("accomplice")}, std::move(options)} {
    ward of;
    of.add(read_bundle(bundle_text(entry_text(patient_text("p1")) + "," +
                                   entry_text(request_text("m1", "Patient/p1", "Warfarin 5 MG")) + "," +
                                   entry_text(request_text("m2", "Patient/p1", "Ibuprofen 400 MG"))),
                       "b.json"));
    of.settle();
    who = of.records().at("p1").who;
    must_supervise(n, hospital(std::make_shared<const ward>(std::move(of)), default_clinic(), start));
  }
  troupe::result<troupe::done> admit_them(const patient& them) {
    auto asked = n.begin_ask(n.ref(addresses::admission), admit{them});
    n.advance(50s);
    return asked.get();
  }
  std::size_t appointments() {
    return must(n.ask(n.ref(addresses::booking), get_schedule{})).planned.appointments.size();
  }
  std::size_t team_size() {
    return must(n.ask(n.ref(patient_team_path("p1")), troupe::which_children{})).children.size();
  }

  // Runs the plan itself, with somebody who is told of every change.
  troupe::graph_outcome<troupe::done> run_plan(troupe::task_listener listener) {
    troupe::graph_outcome<troupe::done> out;
    run([&](troupe::turn& now) -> troupe::task<void> {
      const auto plan = admission_plan();
      turn_ = &now;
      auto options = troupe::run_options{}.listen(listener);
      out = co_await plan.run(now, std::move(options), who);
    });
    return out;
  }

  // For a listener, before the question is sent.
  void kill_over_a_question(std::string_view member) {
    turn_->send(n.ref(troupe::path{"/top/killer"}),
                strike{n.ref(patient_team_path("p1") / member), n.ref(troupe::path{"/top/accomplice"})});
  }

  patient who;
  troupe::turn* turn_ = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(admission_test)

BOOST_AUTO_TEST_CASE(a_patient_who_is_admitted_has_a_team_that_has_looked_and_booked) {
  ward_of_one at;
  BOOST_TEST(at.admit_them(at.who).has_value());
  BOOST_TEST(at.team_size() == sub_agents.size());
  BOOST_TEST(at.appointments() == 1u);
}

BOOST_AUTO_TEST_CASE(the_team_comes_first_then_medication_and_vitals_then_appointments) {
  ward_of_one at;
  std::vector<std::string> said;
  const auto out = at.run_plan([&](std::string_view name, const troupe::task_report& task) {
    said.push_back(std::string{name} + " " + std::string{to_string(task.state)});
  });
  BOOST_TEST(out.result().has_value());
  BOOST_TEST(out.count(troupe::task_state::done) == 5u);
  const auto place = [&](const std::string& what) {
    const auto found = std::find(said.begin(), said.end(), what);
    BOOST_TEST_REQUIRE((found != said.end()), what << " was not said");
    return found - said.begin();
  };
  BOOST_TEST(place("team done") < place("medication running"));
  BOOST_TEST(place("medication running") < place("vitals running"));  // by priority
  BOOST_TEST(place("vitals running") < place("medication done"));     // at the same time
  BOOST_TEST(place("medication done") < place("appointments running"));
  BOOST_TEST(place("vitals done") < place("appointments running"));
}

BOOST_AUTO_TEST_CASE(whoever_is_killed_over_a_question_is_asked_again) {
  for (const auto& [task, name] : {std::pair{"medication", "medication"}, {"appointments", "scheduling"}}) {
    ward_of_one at;
    int kills = 0;
    const auto out = at.run_plan([&](std::string_view which, const troupe::task_report& now) {
      if (which == task && now.state == troupe::task_state::running && kills < 3) {
        ++kills;
        at.kill_over_a_question(name);
      }
    });
    BOOST_TEST_CONTEXT(task << ": " << out.summary()) {
      BOOST_TEST(kills == 3);
      BOOST_TEST(out.find(task)->attempts == 4u);
      BOOST_TEST(out.count(troupe::task_state::done) == 5u);
      BOOST_TEST(at.appointments() == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(one_of_the_team_that_does_not_come_back_does_not_keep_a_patient_out) {
  ward_of_one at;
  const auto out = at.run_plan([&](std::string_view which, const troupe::task_report& now) {
    if (which == "vitals" && now.state == troupe::task_state::running && now.attempts == 1)
      at.turn_->send(at.n.ref(patient_team_path("p1")), troupe::terminate_child{"vitals"});
  });
  BOOST_TEST(out.result().has_value(), out.summary());
  BOOST_TEST(out.find("vitals")->attempts == 6u);
  BOOST_TEST((out.find("vitals")->state == troupe::task_state::failed));
  BOOST_TEST((out.find("medication")->state == troupe::task_state::done));
  BOOST_TEST((out.find("appointments")->state == troupe::task_state::failed));  // which needs what vitals would ask for
  BOOST_TEST(at.appointments() == 1u);
}

BOOST_AUTO_TEST_CASE(an_admission_that_is_asked_for_again_finds_the_team_there) {
  ward_of_one at;
  BOOST_TEST(at.admit_them(at.who).has_value());
  BOOST_TEST(at.admit_them(at.who).has_value());
  at.n.kill(at.n.ref(addresses::admission));
  BOOST_TEST(at.admit_them(at.who).has_value());
  BOOST_TEST(at.team_size() == sub_agents.size());
  BOOST_TEST(at.appointments() == 1u);
}

BOOST_AUTO_TEST_CASE(a_patient_without_a_record_is_not_admitted) {
  ward_of_one at;
  patient stranger;
  stranger.id = "p2";
  const auto refused = at.admit_them(stranger);
  BOOST_TEST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(troupe::agent_errc::task_failed));
  BOOST_TEST(refused.error().message().find("task `team`") != std::string::npos, refused.error().message());
  BOOST_TEST(refused.error().message().find("no patient p2") != std::string::npos, refused.error().message());
}

BOOST_AUTO_TEST_CASE(its_summary_is_in_the_log_at_debug_level) {
  std::string lines;
  auto options = deterministic();
  options.log = troupe::logger::make({.level = troupe::log_level::debug,
                                      .sink = [&](std::string_view line) { (lines += line) += '\n'; }})
                    .value();
  ward_of_one at{options};
  BOOST_TEST(at.admit_them(at.who).has_value());
  BOOST_TEST(lines.find("graph `admission`: done in 0s; 5 tasks: 5 done") != std::string::npos, lines);
}

BOOST_AUTO_TEST_SUITE_END()
