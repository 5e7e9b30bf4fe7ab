#include "healthcare/escalation.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;
using std::chrono::minutes;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

revision rise(int after, int score, urgency level = urgency::emergency) {
  return {start + minutes{after}, level, level == urgency::emergency ? role::critical_care : role::physician, false,
          "NEWS2 " + std::to_string(score) + ", high: somebody is to come"};
}
revision over(int after) { return {.at = start + minutes{after}, .withdrawn = true, .reason = {}}; }

request_list list_of(std::vector<revision> story) { return {"news2/p1", 1, {{"news2/p1", "p1", std::move(story)}}}; }

schedule plan_of(const escalation_decisions& made, const request_list& of) {
  return made.plan(of.requests, default_clinic());
}

escalation_decision said(const escalation_question& about, bool yes) {
  return {about.about, about.patient, yes, "ann", yes ? "" : "at home"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(escalation_test)

BOOST_AUTO_TEST_CASE(the_most_urgent_ones_wait_for_an_approval) {
  escalation_decisions made;
  const auto of = list_of({rise(0, 9)});
  const auto open = made.open(of);
  BOOST_REQUIRE(open.size() == 1u);
  BOOST_TEST(open[0].about.score == "NEWS2 9, high");
  BOOST_TEST(open[0].patient == "p1");
  const auto before = plan_of(made, of);
  BOOST_TEST(before.appointments.empty());
  BOOST_REQUIRE(before.unplaced.size() == 1u);
  BOOST_TEST(before.unplaced[0].why ==
             "waiting for approval: NEWS2 9, high: somebody is to come, at 2024-05-06T08:00:00Z");
  made.put(said(open[0], true));
  BOOST_TEST(made.open(of).empty());
  BOOST_TEST((plan_of(made, of) == plan(of.requests, default_clinic())));
}

BOOST_AUTO_TEST_CASE(a_refusal_leaves_what_was_booked_before) {
  escalation_decisions made;
  const auto of = list_of({rise(0, 5, urgency::urgent), rise(5, 9)});
  const auto open = made.open(of);
  BOOST_REQUIRE(open.size() == 1u);
  made.put(said(open[0], false));
  made.put(said(open[0], true));  // the first one counts
  const auto planned = plan_of(made, of);
  BOOST_REQUIRE(planned.appointments.size() == 1u);
  BOOST_TEST((planned.appointments[0].level == urgency::urgent));
  BOOST_REQUIRE(planned.unplaced.size() == 1u);
  BOOST_TEST(planned.unplaced[0].why.find("refused by ann (at home): NEWS2 9, high") == 0u);
}

BOOST_AUTO_TEST_CASE(each_rise_needs_its_own) {
  escalation_decisions made;
  const auto of = list_of({rise(0, 9), over(60), rise(120, 8), over(180)});
  const auto open = made.open(of);
  BOOST_REQUIRE(open.size() == 2u);
  made.put(said(open[1], true));
  BOOST_TEST((made.open(of) == std::vector{open[0]}));
  BOOST_TEST(plan_of(made, of).appointments.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_approval_holds_for_another_score_of_that_time_and_a_refusal_does_not) {
  for (const bool yes : {true, false}) {
    escalation_decisions made;
    made.put(said(made.open(list_of({rise(0, 7)}))[0], yes));
    BOOST_TEST(made.open(list_of({rise(0, 12)})).empty() == yes);
    BOOST_TEST(made.open(list_of({rise(1, 7)})).size() == 1u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
