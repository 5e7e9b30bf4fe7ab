#include "healthcare/follow_ups.hpp"

#include <boost/test/unit_test.hpp>

using namespace healthcare;
using std::chrono::minutes;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

// A timeline of bands, ten minutes apart.
std::vector<assessment> bands(std::initializer_list<risk> all) {
  std::vector<assessment> out;
  for (const auto band : all) {
    auto& item = out.emplace_back();
    item.at = start + minutes{10} * (out.size() - 1);
    item.score.band = band;
  }
  return out;
}

// "minute:urgency", with a "-" for a withdrawal.
std::vector<std::string> story(std::initializer_list<risk> all) {
  std::vector<std::string> out;
  const auto timeline = bands(all);
  const auto request = vitals_follow_up("p1", timeline, 1);
  if (!request) return out;
  for (const auto& item : request->revisions) {
    const auto minute = std::chrono::duration_cast<minutes>(item.at - start).count();
    out.push_back(std::to_string(minute) + ":" + (item.withdrawn ? "-" : std::string{to_string(item.level)}));
  }
  return out;
}

using list = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(follow_ups_test)

BOOST_AUTO_TEST_CASE(a_low_score_asks_for_nothing) {
  BOOST_TEST(story({}).empty());
  BOOST_TEST(story({risk::none, risk::low, risk::none}).empty());
}

BOOST_AUTO_TEST_CASE(each_higher_band_raises_the_request) {
  BOOST_TEST(story({risk::low, risk::low_medium, risk::medium, risk::medium, risk::high}) ==
                 (list{"10:prompt", "20:urgent", "40:emergency"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_fall_within_the_escalation_bands_changes_nothing) {
  BOOST_TEST(story({risk::high, risk::medium, risk::low_medium, risk::high}) == (list{"0:emergency"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_low_score_withdraws_and_the_next_escalation_asks_anew) {
  BOOST_TEST(story({risk::medium, risk::low, risk::none, risk::low_medium}) == (list{"0:urgent", "10:-", "30:prompt"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_high_score_needs_critical_care) {
  const auto timeline = bands({risk::medium, risk::high});
  const auto request = vitals_follow_up("p1", timeline, 7);
  BOOST_TEST(request->id == "news2/p1");
  BOOST_TEST(request->patient == "p1");
  BOOST_TEST(request->version == 7u);
  BOOST_TEST((request->revisions[0].needs == role::physician));
  BOOST_TEST((request->revisions[1].needs == role::critical_care));
}

BOOST_AUTO_TEST_CASE(a_finding_asks_for_a_pharmacist_as_soon_as_it_is_grave) {
  finding about{"interaction:x", finding_kind::interaction, severity::major, {"m1", "m2"}, "x with y", "book"};
  const auto request = medication_follow_up("p1", about, start, 1);
  BOOST_TEST(request.id == "medication/p1/interaction:x");
  BOOST_TEST_REQUIRE(request.revisions.size() == 1u);
  BOOST_TEST((request.revisions[0] == revision{start, urgency::prompt, role::pharmacist, false, "x with y"}));
  BOOST_TEST((urgency_of(severity::contraindicated) == urgency::prompt));
  BOOST_TEST((urgency_of(severity::moderate) == urgency::soon));
  BOOST_TEST((urgency_of(severity::note) == urgency::routine));
  const auto gone = withdrawn(request, start + minutes{5}, 2);
  BOOST_TEST(gone.version == 2u);
  BOOST_TEST(gone.revisions.back().withdrawn);
}

BOOST_AUTO_TEST_SUITE_END()
