#include "healthcare/observation_log.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "core/seeded.hpp"
#include "healthcare/errc.hpp"

using namespace healthcare;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const instant start = *parse_instant("2024-05-06T08:00:00Z");

observation observed(const std::string& id, minutes after, double heart_rate, const std::string& patient = "p1") {
  observation out;
  out.id = id;
  out.patient = patient;
  out.time = start + after;
  out.readings = {{vital::heart_rate, heart_rate}};
  return out;
}

observation with(observation of, observation_status status, std::uint64_t version = 0) {
  of.status = status;
  of.edition.version = version;
  if (status == observation_status::withdrawn) of.readings.clear();
  return of;
}

observation without_value(observation of) {
  of.readings.clear();
  of.names_vital_sign = true;
  return of;
}

// What the changes of a patient come to: the value under each id.
std::map<std::string, double> values_of(const observation_log& log, const std::string& patient = "p1") {
  std::map<std::string, double> out;
  for (const auto& change : log.changes(patient)) {
    BOOST_TEST_REQUIRE(!change.id.empty());
    BOOST_TEST_REQUIRE(change.patient == patient);
    if (change.readings.empty()) {
      out.erase(change.id);
    } else {
      out[change.id] = change.readings[0].value;
    }
  }
  return out;
}

using values = std::map<std::string, double>;

values values_after(std::vector<observation> all, const std::string& patient = "p1") {
  observation_log log{{}};
  std::size_t line = 0;
  for (auto& each : all) log.add(std::move(each), ++line);
  (void)log.close();
  return values_of(log, patient);
}

// Whatever comes first, this is what counts.
void check_any_order(const std::vector<observation>& all, const values& wanted, const values& of_another = {}) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < all.size(); ++i) order.push_back(i);
  do {
    std::vector<observation> arriving;
    for (const auto i : order) arriving.push_back(all[i]);
    BOOST_TEST((values_after(arriving) == wanted));
    BOOST_TEST((values_after(arriving, "p2") == of_another));
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(observation_log_test)

BOOST_AUTO_TEST_CASE(what_is_added_is_a_change_of_its_patient) {
  observation_log log{{}};
  BOOST_TEST(!log.add(observed("a", minutes{0}, 70), 1));
  BOOST_TEST(!log.add(observed("b", minutes{0}, 80, "p2"), 2));
  BOOST_TEST((values_of(log) == values{{"a", 70}}));
  BOOST_TEST((values_of(log, "p2") == values{{"b", 80}}));
  BOOST_TEST(log.changes("nobody").empty());
}

BOOST_AUTO_TEST_CASE(repetitions_change_nothing) {
  observation_log log{{}};
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(!log.add(observed("a", minutes{0}, 70), 1));
    BOOST_TEST(!log.add(observed("", minutes{0}, 70), 2));
  }
  BOOST_TEST(log.changes("p1").size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_correction_counts_and_what_was_entered_in_error_does_not_whichever_comes_first) {
  const auto first = observed("a", minutes{0}, 200);
  const auto corrected = with(observed("a", minutes{5}, 70), observation_status::amended);
  check_any_order({first, corrected}, {{"a", 70}});
  check_any_order({first, with(first, observation_status::withdrawn)}, {});
  check_any_order({first, corrected, with(first, observation_status::withdrawn)}, {});
  check_any_order({with(observed("a", minutes{0}, 71), observation_status::preliminary), first}, {{"a", 200}});
}

BOOST_AUTO_TEST_CASE(of_several_corrections_the_newest_counts_and_not_the_largest) {
  const auto amended = observation_status::amended;
  check_any_order({observed("a", minutes{0}, 150), with(observed("a", minutes{0}, 135), amended, 2),
                   with(observed("a", minutes{0}, 70), amended, 10)},
                  {{"a", 70}});
  auto issued = observed("a", minutes{0}, 135);
  issued.edition.issued = start + hours{1};
  auto issued_later = observed("a", minutes{0}, 70);
  issued_later.edition.issued = start + hours{2};
  check_any_order({issued, issued_later}, {{"a", 70}});
  auto updated_later = issued;
  updated_later.readings[0].value = 60;
  updated_later.edition.updated = start + hours{3};
  check_any_order({issued_later, updated_later}, {{"a", 60}});
}

BOOST_AUTO_TEST_CASE(a_correction_without_a_value_takes_the_value_back) {
  const auto first = observed("a", minutes{0}, 150);
  check_any_order({first, with(without_value(first), observation_status::amended)}, {});
  check_any_order({first, with(without_value(first), observation_status::final, 2)}, {});
}

BOOST_AUTO_TEST_CASE(a_correction_may_move_an_observation_to_another_patient) {
  check_any_order(
      {observed("a", minutes{0}, 150), with(observed("a", minutes{0}, 150, "p2"), observation_status::amended)}, {},
      {{"a", 150}});
}

BOOST_AUTO_TEST_CASE(where_nothing_tells_which_is_newer_the_graver_counts_and_that_is_reported) {
  check_any_order({observed("a", minutes{0}, 70), observed("a", minutes{0}, 150), observed("a", minutes{0}, 90)},
                  {{"a", 150}});
  observation_log log{{}};
  BOOST_TEST(!log.add(observed("a", minutes{0}, 70), 1));
  BOOST_TEST(log.add(observed("a", minutes{0}, 90), 2).value().is(errc::bad_value));
  BOOST_TEST(log.add(observed("a", minutes{0}, 60), 3).value().is(errc::bad_value));
}

BOOST_AUTO_TEST_CASE(one_id_of_two_patients_counts_for_both_and_is_reported) {
  check_any_order({observed("1", minutes{0}, 70), observed("1", minutes{0}, 90, "p2")}, {{"1", 70}}, {{"1", 90}});
  observation_log log{{}};
  BOOST_TEST(!log.add(observed("1", minutes{0}, 70), 1));
  BOOST_TEST(log.add(observed("1", minutes{0}, 90, "p2"), 2).value().is(errc::bad_value));
}

BOOST_AUTO_TEST_CASE(the_round_begins_with_the_earliest_vital_sign_of_the_stream) {
  observation_log log{{}};
  BOOST_TEST((log.begins() == observation_log::begins_by_default));
  auto height = observed("h", hours{-99}, 0);
  height.readings.clear();
  log.add(height, 1);
  BOOST_TEST(log.begins_changed() == 0u);
  log.add(observed("a", minutes{30}, 70), 2);
  BOOST_TEST((log.begins() == start + minutes{30}));  // so far
  log.add(observed("b", minutes{0}, 70), 3);
  log.add(observed("c", hours{-5}, 70), 4);
  log.add(with(observed("c", hours{-5}, 70), observation_status::withdrawn), 5);
  BOOST_TEST(log.close().empty());
  BOOST_TEST((log.begins() == start));
  BOOST_TEST(log.begins_changed() == 2u);
}

BOOST_AUTO_TEST_CASE(without_a_stream_the_round_begins_with_the_last_of_the_bundles) {
  const std::vector<observation> bundles{observed("a", minutes{0}, 70), observed("b", hours{-13}, 80),
                                         observed("c", hours{-11}, 90)};
  observation_log log{bundles};
  (void)log.close();
  BOOST_TEST((log.begins() == start));
  BOOST_TEST((values_of(log) == values{{"a", 70}, {"c", 90}}));
}

BOOST_AUTO_TEST_CASE(a_decided_beginning_stays) {
  observation_log log{{}, start};
  log.add(observed("a", hours{-1}, 70), 1);
  (void)log.close();
  BOOST_TEST((log.begins() == start));
  BOOST_TEST(log.begins_changed() == 0u);
  BOOST_TEST((values_of(log) == values{{"a", 70}}));
}

BOOST_AUTO_TEST_CASE(vital_signs_of_the_bundles_count_if_they_are_not_too_old_when_the_round_begins) {
  const std::vector<observation> bundles{observed("old", hours{-13}, 70), observed("new", hours{-11}, 80),
                                         observed("after", hours{1}, 90), observed("wrong", hours{-10}, 95)};
  observation_log log{bundles};
  log.add(observed("a", hours{2}, 60), 1);
  BOOST_TEST((values_of(log) == values{{"a", 60}, {"after", 90}, {"wrong", 95}}));  // so far
  log.add(observed("b", minutes{0}, 65), 2);
  log.add(with(observed("wrong", hours{-10}, 95), observation_status::withdrawn), 3);
  (void)log.close();
  BOOST_TEST((values_of(log) == values{{"a", 60}, {"b", 65}, {"new", 80}}));
}

BOOST_AUTO_TEST_CASE(what_a_bundle_had_may_come_with_the_stream_too) {
  const std::vector<observation> bundles{observed("old", hours{-30}, 70)};
  observation_log log{bundles};
  log.add(observed("a", minutes{0}, 60), 1);
  BOOST_TEST(!log.add(observed("old", hours{-30}, 70), 2));
  (void)log.close();
  BOOST_TEST((values_of(log) == values{{"a", 60}, {"old", 70}}));
  BOOST_TEST((log.begins() == start - hours{30}));
}

BOOST_AUTO_TEST_CASE(a_measurement_at_an_implausible_time_is_set_aside) {
  observation_log log{{}};
  log.add(observed("later", days{18 * 365}, 70), 1);
  log.add(observed("a", minutes{0}, 70), 2);
  log.add(observed("earlier", -days{18 * 365}, 70), 3);
  log.add(observed("b", days{100}, 80), 4);
  log.add(observed("c", days{1}, 90), 5);
  const auto set_aside = log.close();
  BOOST_TEST_REQUIRE(set_aside.size() == 2u);
  BOOST_TEST(set_aside[0].first == 1u);
  BOOST_TEST(set_aside[1].first == 3u);
  BOOST_TEST(set_aside[0].second.is(errc::implausible_time));
  BOOST_TEST((values_of(log) == values{{"a", 70}, {"b", 80}, {"c", 90}}));
  BOOST_TEST((log.begins() == start));
}

BOOST_AUTO_TEST_CASE(a_patient_has_a_limit) {
  observation_log log{{}};
  bool taken = true;
  for (std::size_t i = 0; i < observation_log::observations_max; ++i) {
    taken = taken && !log.add(observed(std::to_string(i), minutes{i}, 70), i + 1);
  }
  BOOST_TEST(taken);
  BOOST_TEST(!log.add(observed("b", minutes{0}, 70, "p2"), 1));
  BOOST_TEST(log.add(observed("one more", minutes{0}, 70), 1).value().is(errc::too_large));
  BOOST_TEST(log.changes("p1").size() == observation_log::observations_max);
}

BOOST_AUTO_TEST_CASE(any_order_with_repetitions_counts_the_same) {
  const auto seed = troupe::test::seeded{}.seed();
  std::mt19937_64 random{seed};
  for (int round = 0; round < 100; ++round) {
    std::vector<observation> all;
    for (int i = 0; i < 50; ++i) {
      auto each = with(observed(random() % 8 == 0 ? "" : std::to_string(random() % 20), minutes{random() % 600},
                                static_cast<double>(random() % 5) + 88, random() % 2 == 0 ? "p1" : "p2"),
                       static_cast<observation_status>(random() % 4), random() % 3);
      if (random() % 8 == 0) each = without_value(each);
      if (random() % 4 == 0) each.edition.issued = start + minutes{random() % 3};
      if (random() % 16 == 0) each.time += days{1'000};
      all.push_back(each);
    }
    const auto wanted = values_after(all);
    const auto wanted_of_another = values_after(all, "p2");
    for (int i = 0; i < 20; ++i) all.push_back(all[random() % 50]);
    std::shuffle(all.begin(), all.end(), random);
    BOOST_TEST_REQUIRE((values_after(all) == wanted), "seed " << seed << ", round " << round);
    BOOST_TEST_REQUIRE((values_after(all, "p2") == wanted_of_another), "seed " << seed << ", round " << round);
  }
}

BOOST_AUTO_TEST_SUITE_END()
