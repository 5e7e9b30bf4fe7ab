#include "healthcare/schedule.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const instant eight = *parse_instant("2024-05-06T08:00:00Z");

// One physician who works from 8 to 18 and is on call.
clinic one_physician() { return {.staff = {{"d1", "Dr. One", role::physician, true}}}; }

follow_up asked(const std::string& id, instant at, urgency level, role needs = role::physician) {
  return {id, "p-" + id, {{at, level, needs, false, "because"}}};
}

follow_up then(follow_up request, instant at, urgency level, bool withdrawn = false) {
  request.revisions.push_back({at, level, role::physician, withdrawn, "later"});
  return request;
}

schedule planned(std::vector<follow_up> requests, const clinic& at = one_physician()) { return plan(requests, at); }

std::string start_of(const schedule& of, const std::string& request) {
  for (const auto& item : of.appointments) {
    if (item.request == request) return to_text(item.start).substr(0, 16);
  }
  return "none";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule_test)

BOOST_AUTO_TEST_CASE(a_request_gets_the_next_slot) {
  const auto out = planned({asked("a", eight + minutes{5}, urgency::urgent)});
  BOOST_TEST_REQUIRE(out.appointments.size() == 1u);
  const auto& item = out.appointments[0];
  BOOST_TEST(to_text(item.start) == "2024-05-06T08:20:00Z");
  BOOST_TEST(to_text(item.end) == "2024-05-06T08:40:00Z");
  BOOST_TEST(to_text(item.due) == "2024-05-06T09:05:00Z");
  BOOST_TEST(item.clinician == "d1");
  BOOST_TEST(item.patient == "p-a");
  BOOST_TEST(!item.late());
  BOOST_TEST(!item.moved_from);
}

BOOST_AUTO_TEST_CASE(a_slot_that_begins_just_now_can_be_had) {
  BOOST_TEST(start_of(planned({asked("a", eight, urgency::urgent)}), "a") == "2024-05-06T08:00");
}

BOOST_AUTO_TEST_CASE(the_most_urgent_of_one_moment_comes_first) {
  const auto out = planned({asked("a", eight, urgency::routine), asked("b", eight, urgency::emergency),
                            asked("c", eight, urgency::soon), asked("d", eight, urgency::urgent)});
  BOOST_TEST(start_of(out, "b") == "2024-05-06T08:00");
  BOOST_TEST(start_of(out, "d") == "2024-05-06T08:20");
  BOOST_TEST(start_of(out, "c") == "2024-05-06T08:40");
  BOOST_TEST(start_of(out, "a") == "2024-05-06T09:00");
}

BOOST_AUTO_TEST_CASE(a_later_emergency_moves_only_those_it_must) {
  const auto out = planned({asked("a", eight, urgency::routine), asked("b", eight, urgency::soon),
                            asked("c", eight, urgency::soon), asked("e", eight + minutes{10}, urgency::emergency)});
  BOOST_TEST(start_of(out, "b") == "2024-05-06T08:00");  // has begun
  BOOST_TEST(start_of(out, "e") == "2024-05-06T08:20");
  BOOST_TEST(start_of(out, "c") == "2024-05-06T08:40");
  BOOST_TEST(start_of(out, "a") == "2024-05-06T09:00");
  for (const auto& item : out.appointments) {
    const bool moved = item.request == "c" || item.request == "a";
    BOOST_TEST(item.moved_from.has_value() == moved);
  }
  BOOST_TEST(to_text(*out.appointments[2].moved_from) == "2024-05-06T08:20:00Z");
}

BOOST_AUTO_TEST_CASE(a_request_that_becomes_more_urgent_is_planned_anew) {
  const auto out = planned({asked("a", eight, urgency::soon), asked("b", eight, urgency::soon),
                            then(asked("c", eight, urgency::routine), eight + minutes{15}, urgency::emergency)});
  BOOST_TEST(start_of(out, "a") == "2024-05-06T08:00");
  BOOST_TEST(start_of(out, "c") == "2024-05-06T08:20");
  BOOST_TEST(start_of(out, "b") == "2024-05-06T08:40");
}

BOOST_AUTO_TEST_CASE(a_withdrawn_request_frees_its_slot_and_moves_nobody) {
  const auto out = planned({then(asked("a", eight, urgency::soon), eight, urgency::soon),
                            then(asked("b", eight, urgency::soon), eight + minutes{10}, urgency::soon, true),
                            asked("c", eight, urgency::routine)});
  BOOST_TEST(start_of(out, "b") == "none");
  BOOST_TEST(start_of(out, "c") == "2024-05-06T08:40");  // in time where it is
}

BOOST_AUTO_TEST_CASE(a_freed_slot_is_not_taken_over_the_head_of_one_of_higher_rank) {
  const auto out = planned({asked("0", eight, urgency::soon),
                            then(asked("a", eight, urgency::soon), eight + minutes{10}, urgency::soon, true),
                            asked("b", eight, urgency::soon), asked("c", eight + minutes{10}, urgency::routine)});
  BOOST_TEST(start_of(out, "b") == "2024-05-06T08:20");
  BOOST_TEST(start_of(out, "c") == "2024-05-06T08:40");
}

BOOST_AUTO_TEST_CASE(a_withdrawal_after_the_appointment_began_keeps_it) {
  const auto out = planned({then(asked("a", eight, urgency::soon), eight + minutes{30}, urgency::soon, true)});
  BOOST_TEST(start_of(out, "a") == "2024-05-06T08:00");
}

BOOST_AUTO_TEST_CASE(a_request_is_raised_and_never_lowered) {
  const auto out =
      planned({then(then(asked("a", eight + minutes{5}, urgency::urgent), eight + minutes{6}, urgency::soon),
                    eight + minutes{7}, urgency::urgent)});
  BOOST_TEST_REQUIRE(out.appointments.size() == 1u);
  BOOST_TEST((out.appointments[0].level == urgency::urgent));
  BOOST_TEST(out.appointments[0].reason == "because");
  BOOST_TEST(to_text(out.appointments[0].due) == "2024-05-06T09:05:00Z");
}

BOOST_AUTO_TEST_CASE(one_who_was_seen_is_seen_again_when_asked_for_again) {
  for (const auto level : {urgency::routine, urgency::soon, urgency::urgent}) {
    const auto out = planned({then(asked("a", eight, urgency::soon), eight + minutes{30}, level)});
    BOOST_TEST_REQUIRE(out.appointments.size() == 2u);
    BOOST_TEST(to_text(out.appointments[1].start) == "2024-05-06T08:40:00Z");
    BOOST_TEST((out.appointments[1].level == level));
  }
  const auto anew = planned({then(then(asked("a", eight, urgency::soon), eight + minutes{30}, urgency::soon, true),
                                  eight + minutes{50}, urgency::soon)});
  BOOST_TEST(anew.appointments.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_patient_has_one_appointment_at_a_time) {
  auto first = asked("a", eight, urgency::prompt, role::pharmacist);
  auto second = asked("b", eight, urgency::soon, role::pharmacist);
  auto third = asked("c", eight + minutes{30}, urgency::emergency, role::critical_care);
  first.patient = second.patient = third.patient = "p";
  const auto out = planned({first, second, third}, default_clinic());
  BOOST_TEST(start_of(out, "a") == "2024-05-06T08:00");
  BOOST_TEST(start_of(out, "b") == "2024-05-06T08:20");
  BOOST_TEST(start_of(out, "c") == "2024-05-06T08:40");
  // Another patient may have the second slot of a clinician at the same time.
  auto other = asked("d", eight, urgency::soon, role::pharmacist);
  BOOST_TEST(start_of(planned({first, second, third, other}, default_clinic()), "d") == "2024-05-06T08:00");
}

BOOST_AUTO_TEST_CASE(an_emergency_takes_the_time_of_the_patient_s_own_lesser_appointment) {
  auto lesser = asked("a", eight + minutes{1}, urgency::soon, role::pharmacist);
  auto grave = asked("b", eight + minutes{10}, urgency::emergency, role::critical_care);
  lesser.patient = grave.patient = "p";
  const auto out = planned({lesser, grave}, default_clinic());
  BOOST_TEST(start_of(out, "b") == "2024-05-06T08:20");
  BOOST_TEST(start_of(out, "a") == "2024-05-06T08:40");
}

BOOST_AUTO_TEST_CASE(outside_working_hours_only_the_urgent_are_seen_by_those_on_call) {
  const auto night = *parse_instant("2024-05-06T22:05:00Z");
  clinic two = one_physician();
  two.staff.insert(two.staff.begin(), {"d0", "Dr. Zero", role::physician, false});
  const auto out = planned({asked("a", night, urgency::emergency), asked("b", night, urgency::prompt)}, two);
  BOOST_TEST(start_of(out, "a") == "2024-05-06T22:20");
  BOOST_TEST(start_of(out, "b") == "2024-05-07T08:00");
  BOOST_TEST(out.appointments[0].clinician == "d1");
  BOOST_TEST(out.appointments[1].late());
}

BOOST_AUTO_TEST_CASE(no_appointment_reaches_beyond_working_hours) {
  const auto out = planned({asked("a", *parse_instant("2024-05-06T17:41:00Z"), urgency::soon)});
  BOOST_TEST(start_of(out, "a") == "2024-05-07T08:00");
}

BOOST_AUTO_TEST_CASE(the_right_role_comes_first_and_others_help_out) {
  const auto out =
      planned({asked("a", eight, urgency::soon, role::pharmacist), asked("b", eight, urgency::soon, role::pharmacist),
               asked("c", eight, urgency::emergency, role::critical_care)},
              default_clinic());
  BOOST_TEST_REQUIRE(out.appointments.size() == 3u);
  for (const auto& item : out.appointments) {
    BOOST_TEST(to_text(item.start) == "2024-05-06T08:00:00Z");
    BOOST_TEST(item.clinician == (item.request == "a"   ? "pharmacist-1"
                                  : item.request == "b" ? "physician-1"
                                                        : "critical-care-1"));
  }
}

BOOST_AUTO_TEST_CASE(what_nobody_can_do_is_left_over_and_says_so) {
  const auto out = planned({asked("a", eight, urgency::emergency, role::critical_care)});
  BOOST_TEST(out.appointments.empty());
  BOOST_TEST_REQUIRE(out.unplaced.size() == 1u);
  BOOST_TEST(out.unplaced[0].why == "no critical care in the clinic");
  clinic closed = one_physician();
  closed.closes = closed.opens;
  BOOST_TEST(planned({asked("a", eight, urgency::soon)}, closed).unplaced.at(0).why == "no free slot within 14 days");
  BOOST_TEST(planned({asked("a", eight, urgency::soon)}, clinic{}).unplaced.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_planner_keeps_the_highest_version_of_each_requester) {
  planner plans{one_physician()};
  const auto request = asked("a", eight, urgency::soon);
  BOOST_TEST(plans.put({"x", 2, {request}}));
  BOOST_TEST(plans.put({"y", 1, {asked("b", eight, urgency::soon)}}));
  BOOST_TEST(plans.plan().appointments.size() == 2u);
  BOOST_TEST(!plans.put({"x", 1, {}}));
  BOOST_TEST(!plans.put({"x", 2, {}}));
  BOOST_TEST(plans.plan().appointments.size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_a_requester_no_longer_asks_for_is_gone) {
  planner plans{one_physician()};
  plans.put({"x", 1, {asked("a", eight, urgency::soon), asked("b", eight, urgency::soon)}});
  plans.put({"x", 2, {asked("b", eight, urgency::soon)}});
  BOOST_TEST(start_of(plans.plan(), "a") == "none");
  BOOST_TEST(start_of(plans.plan(), "b") == "2024-05-06T08:00");
  plans.put({"x", 3, {}});
  BOOST_TEST(plans.plan().appointments.empty());
}

BOOST_AUTO_TEST_CASE(odd_slot_lengths_are_rounded_down_to_a_divisor_of_the_day) {
  clinic odd = one_physician();
  odd.slot = minutes{25};
  const auto out = planned({asked("a", eight, urgency::soon)}, odd);
  BOOST_TEST((out.appointments.at(0).end - out.appointments.at(0).start == minutes{24}));
  odd.slot = minutes{-5};
  BOOST_TEST(planned({asked("a", eight, urgency::soon)}, odd).appointments.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
