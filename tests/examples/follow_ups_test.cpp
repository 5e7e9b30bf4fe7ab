#include "healthcare/follow_ups.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;
using std::chrono::minutes;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

}  // namespace

BOOST_AUTO_TEST_SUITE(follow_ups_test)

BOOST_AUTO_TEST_CASE(no_escalation_asks_for_nothing_and_says_so) {
  const auto out = vitals_follow_ups("p1", {}, 7);
  BOOST_TEST(out.owner == "news2/p1");
  BOOST_TEST(out.version == 7u);
  BOOST_TEST(out.requests.empty());
}

BOOST_AUTO_TEST_CASE(escalations_raise_one_request_and_a_recovery_withdraws_it) {
  const auto out = vitals_follow_ups("p1",
                                     {{start, {risk::low_medium, 3, false}},
                                      {start + minutes{10}, {risk::medium, 5, false}},
                                      {start + minutes{20}, {risk::high, 7, false}},
                                      {start + minutes{30}, {risk::low, 1, true}}},
                                     7);
  BOOST_TEST_REQUIRE(out.requests.size() == 1u);
  BOOST_TEST(out.requests[0].id == "news2/p1");
  BOOST_TEST(out.requests[0].patient == "p1");
  const auto& story = out.requests[0].revisions;
  BOOST_TEST_REQUIRE(story.size() == 4u);
  BOOST_TEST((story[0] == revision{start, urgency::prompt, role::physician, false,
                                   "NEWS2 3, low-medium: urgent ward-based review"}));
  BOOST_TEST((story[1].level == urgency::urgent && story[1].needs == role::physician));
  BOOST_TEST((story[2].level == urgency::emergency && story[2].needs == role::critical_care));
  BOOST_TEST(story[3].withdrawn);
  BOOST_TEST((story[3].at == start + minutes{30}));
}

BOOST_AUTO_TEST_CASE(a_finding_asks_for_a_pharmacist_as_soon_as_it_is_grave) {
  medication_review review;
  review.findings = {{"interaction:x", finding_kind::interaction, severity::major, {"m1", "m2"}, "x with y", "book"}};
  const auto out = medication_follow_ups("p1", review, start, 3);
  BOOST_TEST(out.owner == "medication/p1");
  BOOST_TEST(out.version == 3u);
  BOOST_TEST_REQUIRE(out.requests.size() == 1u);
  BOOST_TEST(out.requests[0].id == "medication/p1/interaction:x");
  BOOST_TEST_REQUIRE(out.requests[0].revisions.size() == 1u);
  BOOST_TEST((out.requests[0].revisions[0] == revision{start, urgency::prompt, role::pharmacist, false, "x with y"}));
  BOOST_TEST((urgency_of(severity::contraindicated) == urgency::prompt));
  BOOST_TEST((urgency_of(severity::moderate) == urgency::soon));
  BOOST_TEST((urgency_of(severity::note) == urgency::routine));
  BOOST_TEST(medication_follow_ups("p1", {}, start, 4).requests.empty());
}

BOOST_AUTO_TEST_SUITE_END()
