#include "healthcare/patient_agents.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <numeric>
#include <troupe/actors/node.hpp>

#include "examples/fhir_text.hpp"
#include "healthcare/hospital_agents.hpp"

// The agents of one patient, who takes warfarin with ibuprofen, told things by hand.
using namespace healthcare;
using namespace fhir_text;
using std::chrono::seconds;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

observation observed_at(seconds after, vital what, double value) {
  observation out;
  out.id = "o" + std::to_string(after.count());
  out.patient = "p1";
  out.time = start + after;
  out.readings = {{what, value}};
  return out;
}

observation in_error(observation of) {
  of.status = observation_status::withdrawn;
  of.readings.clear();
  return of;
}

class hospital_of_one {
 public:
  explicit hospital_of_one(troupe::node_options options) : node_{std::move(options)} {
    ward of;
    of.add(read_bundle(bundle_text(entry_text(patient_text("p1")) + "," +
                                   entry_text(request_text("m1", "Patient/p1", "Warfarin 5 MG")) + "," +
                                   entry_text(request_text("m2", "Patient/p1", "Ibuprofen 400 MG"))),
                       "b.json"));
    of.settle();
    const auto patients = std::make_shared<const ward>(std::move(of));
    node_.supervise(hospital(patients, default_clinic(), start)).value();
    const auto team = patient_team(patients->records().at("p1").who);
    node_.ask(node_.ref(addresses::patients), troupe::start_child{troupe::child(team)}).value();
  }

  troupe::node& node() { return node_; }
  troupe::agent_ref member(std::string_view name) { return node_.ref(patient_team_path("p1") / name); }
  void observe(const observation& taken) { node_.ask(node_.ref(addresses::records), observed{taken, 1}).value(); }
  news2_report news2() { return node_.ask(member("vitals"), get_assessment{}).value().news2; }
  schedule plan() { return node_.ask(node_.ref(addresses::booking), get_schedule{}).value().planned; }
  std::vector<std::string> planned() {
    std::vector<std::string> out;
    const auto now = plan();
    for (const auto& item : now.appointments) out.push_back(item.request);
    return out;
  }
  std::uint64_t dropped() {
    const auto counts = node_.dropped();
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  }

 private:
  troupe::node node_;
};

// Nothing happens between two lines of a test unless it settles.
troupe::node_options by_hand() {
  return {.scheduling = troupe::scheduling::deterministic,
          .seed = 1,
          .clock = std::make_shared<troupe::virtual_clock>(),
          .log = troupe::logger{}};
}

using list = std::vector<std::string>;
const std::string medication = "medication/p1/interaction:warfarin/ibuprofen:m1:m2";

}  // namespace

BOOST_AUTO_TEST_SUITE(patient_agents_test)

BOOST_AUTO_TEST_CASE(what_is_found_is_booked_without_being_asked_for) {
  hospital_of_one at{by_hand()};
  at.node().settle();
  BOOST_TEST(at.planned() == list{medication}, boost::test_tools::per_element());
  const auto grave = observed_at(seconds{0}, vital::heart_rate, 140);
  at.observe(grave);
  at.node().settle();
  BOOST_TEST(at.planned() == (list{medication, "news2/p1"}), boost::test_tools::per_element());
  at.observe(in_error(grave));
  at.node().settle();
  BOOST_TEST(at.planned() == list{medication}, boost::test_tools::per_element());
  BOOST_TEST(at.dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(each_agent_finds_out_again_what_it_knew) {
  hospital_of_one at{by_hand()};
  for (int i = 0; i < 2'500; ++i) at.observe(observed_at(seconds{10 * i}, vital::heart_rate, 70 + i % 50));
  at.node().settle();
  const auto news2 = at.news2();
  const auto plan = at.planned();
  for (const auto name : sub_agents) {
    at.node().kill(at.member(name));
    at.node().settle();
  }
  BOOST_TEST((at.news2() == news2));
  BOOST_TEST(at.planned() == plan, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(news_that_a_killed_agent_had_in_hand_is_not_lost) {
  hospital_of_one at{by_hand()};
  at.node().settle();
  auto recording = at.node().begin_ask(at.node().ref(addresses::records),
                                       observed{observed_at(seconds{0}, vital::heart_rate, 140), 1});
  for (const auto name : sub_agents) at.node().kill(at.member(name));
  at.node().settle();
  BOOST_TEST(recording.get().has_value());
  BOOST_TEST(at.planned() == (list{medication, "news2/p1"}), boost::test_tools::per_element());
}

// A team starts although its members ask each other as soon as they can: none does so while it starts, when the others
// might be waiting to be started.
BOOST_AUTO_TEST_CASE(the_whole_team_can_be_killed_at_once_and_again) {
  hospital_of_one at{by_hand()};
  at.observe(observed_at(seconds{0}, vital::heart_rate, 140));
  for (int i = 0; i < 50; ++i) {
    for (const auto name : sub_agents) at.node().kill(at.member(name));
    if (i % 3 == 0) at.node().settle();
  }
  at.node().settle();
  BOOST_TEST(at.node().ask(at.member("scheduling"), settle_bookings{}).has_value());
  BOOST_TEST(at.planned() == (list{medication, "news2/p1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_list_that_became_empty_replaces_the_one_that_was_booked) {
  hospital_of_one at{by_hand()};
  const auto grave = observed_at(seconds{0}, vital::heart_rate, 140);
  at.observe(grave);
  at.node().settle();
  at.node().kill(at.member("scheduling"));
  at.observe(in_error(grave));
  at.node().kill(at.member("vitals"));
  at.node().settle();
  BOOST_TEST(at.node().ask(at.member("scheduling"), settle_bookings{}).has_value());
  BOOST_TEST(at.planned() == list{medication}, boost::test_tools::per_element());
}

// A vitals agent that is behind asks for what there is: nothing waits in a mailbox, and nothing is dropped.
BOOST_AUTO_TEST_CASE(a_flood_of_observations_of_one_patient_is_taken) {
  hospital_of_one at{{.threads = 2, .log = troupe::logger{}}};
  vitals_history wanted;
  for (int i = 0; i < 12'000; ++i) {
    const auto taken =
        observed_at(seconds{5 * i}, all_vitals[static_cast<std::size_t>(i) % 2], i % 100 == 0 ? 30 : 16 + 75 * (i % 2));
    at.observe(taken);
    wanted.take(taken);
  }
  BOOST_TEST((at.news2() == news2_of(wanted)));
  BOOST_TEST(at.dropped() == 0u);
  BOOST_TEST(at.node().ask(at.member("scheduling"), settle_bookings{}).has_value());
  planner plans{default_clinic()};
  plans.put(vitals_follow_ups("p1", wanted.escalations(), 1));
  plans.put(at.node().ask(at.member("medication"), get_follow_ups{}).value().wanted);
  BOOST_TEST(plans.plan().appointments.size() > 10u);
  BOOST_TEST((at.plan() == plans.plan()));
}

BOOST_AUTO_TEST_SUITE_END()
