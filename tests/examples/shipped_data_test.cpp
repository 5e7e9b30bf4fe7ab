#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <random>

#include "core/seeded.hpp"
#include "healthcare/observation_stream.hpp"
#include "healthcare/ward_round.hpp"

// The bundles and the stream that ship with the example show each thing it can find.
using namespace healthcare;

namespace {

const std::string folder = TROUPE_HEALTHCARE_DATA;

std::vector<observation> stream() {
  std::ifstream in{folder + "/vitals.ndjson"};
  observation_stream lines{in};
  std::vector<observation> out;
  while (auto line = lines.next()) {
    BOOST_TEST_REQUIRE(line->value.has_value());
    out.push_back(*line->value);
  }
  return out;
}

report round_of(const std::vector<observation>& observations) {
  const auto of = read_folder(folder);
  BOOST_TEST_REQUIRE(of.has_value());
  BOOST_TEST(of->problems().empty());
  return make_round(*of, observations, default_clinic());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shipped_data_test)

BOOST_AUTO_TEST_CASE(the_shipped_data_is_clean) {
  const auto out = round_of(stream());
  BOOST_TEST(out.patients.size() == 6u);
  BOOST_TEST(out.run.problems == 0u);
  BOOST_TEST(out.run.observations_ignored == 0u);
  BOOST_TEST(to_text(out.run.as_of) == "2024-05-06T08:00:00Z");
  BOOST_TEST(out.run.observations >= 150u);
  BOOST_TEST(out.run.observations <= 300u);
}

BOOST_AUTO_TEST_CASE(every_band_of_risk_is_there) {
  std::map<std::string, risk> bands;
  for (const auto& item : round_of(stream()).patients) bands[item.id] = item.news2.score.band;
  const std::map<std::string, risk> wanted{{"ward-01", risk::low},        {"ward-02", risk::high},
                                           {"ward-03", risk::low_medium}, {"ward-04", risk::low},
                                           {"ward-05", risk::medium},     {"ward-06", risk::low}};
  BOOST_TEST((bands == wanted));
}

BOOST_AUTO_TEST_CASE(every_kind_of_finding_is_there_and_one_patient_has_none) {
  std::map<finding_kind, int> kinds;
  const auto out = round_of(stream());
  for (const auto& item : out.patients) {
    for (const auto& what : item.medication.findings) ++kinds[what.kind];
  }
  BOOST_TEST(kinds.size() == 6u);
  BOOST_TEST(out.patients[5].medication.findings.empty());
}

BOOST_AUTO_TEST_CASE(each_escalation_and_each_finding_has_its_appointment) {
  for (const auto& item : round_of(stream()).patients) {
    const bool escalated = item.news2.score.band >= risk::low_medium;
    BOOST_TEST(item.appointments.size() == item.medication.findings.size() + (escalated ? 1 : 0));
    BOOST_TEST(item.unplaced.empty());
    for (const auto& planned : item.appointments) BOOST_TEST(!planned.late());
  }
}

BOOST_AUTO_TEST_CASE(the_order_in_which_the_stream_arrives_does_not_matter) {
  const auto seed = troupe::test::seeded{}.seed();
  std::mt19937_64 random{seed};
  auto observations = stream();
  auto wanted = round_of(observations);
  const auto count = observations.size();
  for (int i = 0; i < 50; ++i) observations.push_back(observations[random() % count]);
  std::shuffle(observations.begin(), observations.end(), random);
  auto shuffled = round_of(observations);
  shuffled.run = wanted.run;  // which counts the repetitions
  BOOST_TEST((to_json(shuffled) == to_json(wanted)), "seed " << seed);
}

BOOST_AUTO_TEST_SUITE_END()
