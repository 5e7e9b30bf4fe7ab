#include "healthcare/assistant.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "core/seeded.hpp"
#include "healthcare/observation_stream.hpp"
#include "healthcare/ward_round.hpp"

// The agents of the healthcare assistant, on real threads: whatever happens to them, they come to what the pure
// functions do.
using namespace healthcare;

namespace {

const std::string folder = TROUPE_HEALTHCARE_DATA;

std::string shipped_stream() {
  std::ifstream file{folder + "/vitals.ndjson"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::shared_ptr<const ward> shipped_ward() {
  static const auto read = std::make_shared<const ward>(read_folder(folder).value());
  return read;
}

struct outcome {
  report found;
  std::vector<problem> problems;
};

outcome run_on(const std::string& text, std::uint64_t chaos = 0, std::uint64_t seed = 1) {
  outcome out;
  assistant_options options;
  options.patients = shipped_ward();
  options.chaos = chaos;
  options.seed = seed;
  options.report_problem = [&](const problem& what) { out.problems.push_back(what); };
  troupe::node node{{.threads = 2, .log = troupe::logger{}}};
  std::istringstream stream{text};
  auto found = run_assistant(node, options, stream, "vitals.ndjson");
  if (!found) BOOST_FAIL(found.error().describe());
  out.found = *std::move(found);
  return out;
}

// What the pure functions make of the same stream.
report pure(const std::string& text) {
  std::istringstream stream{text};
  observation_stream lines{stream};
  std::vector<observation> observations;
  while (auto line = lines.next())
    if (line->value) observations.push_back(*std::move(line->value));
  return make_round(*shipped_ward(), observations, default_clinic(), observations.front().time);
}

void check_same(const report& agents, const report& functions) {
  BOOST_REQUIRE(agents.patients.size() == functions.patients.size());
  for (std::size_t i = 0; i < agents.patients.size(); ++i) {
    const auto& left = agents.patients[i];
    const auto& right = functions.patients[i];
    BOOST_TEST_CONTEXT("patient " << right.id) {
      BOOST_TEST(left.id == right.id);
      BOOST_TEST((left.news2 == right.news2));
      BOOST_TEST((left.medication == right.medication));
      BOOST_TEST((left.appointments == right.appointments));
      BOOST_TEST((left == right));
    }
  }
  BOOST_TEST(agents.run.observations == functions.run.observations);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(assistant_test)

BOOST_AUTO_TEST_CASE(the_agents_find_what_the_pure_functions_find) {
  const auto text = shipped_stream();
  const auto out = run_on(text);
  check_same(out.found, pure(text));
  BOOST_TEST(out.problems.empty());
  BOOST_TEST(out.found.run.restarts == 0u);
  BOOST_TEST(out.found.run.kills == 0u);
  BOOST_TEST(out.found.run.messages > out.found.run.observations);
}

BOOST_AUTO_TEST_CASE(killing_sub_agents_changes_nothing_of_what_is_found) {
  const auto text = shipped_stream();
  const auto wanted = pure(text);
  const std::uint64_t seed = troupe::test::seeded{}.seed();
  for (const std::uint64_t chaos : {1, 2, 3, 7, 10}) {
    BOOST_TEST_MESSAGE("chaos " << chaos << ", seed " << seed);
    BOOST_TEST_CONTEXT("chaos " << chaos << ", seed " << seed) {
      const auto out = run_on(text, chaos, seed);
      check_same(out.found, wanted);
      BOOST_TEST(out.found.run.kills >= out.found.run.observations / chaos);
      BOOST_TEST(out.problems.empty());
    }
  }
}

// The one observation may be on record, but not handled yet, when the agent that it is for is killed.
BOOST_AUTO_TEST_CASE(an_escalation_survives_a_kill_in_the_middle_of_it) {
  const std::string text =
      R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"9279-1"}]},)"
      R"("subject":{"reference":"Patient/ward-06"},"effectiveDateTime":"2024-05-06T08:00:00Z",)"
      R"("valueQuantity":{"value":30,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}})";
  const auto wanted = pure(text);
  // Six admissions and one observation: the seventh message is it.
  for (std::uint64_t seed = 1; seed <= 60; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
      check_same(run_on(text, 7, seed).found, wanted);
    }
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_reported_with_its_place_and_the_run_goes_on) {
  const auto text = shipped_stream();
  const auto end_of_third = [&] {
    std::size_t at = 0;
    for (int line = 0; line < 3; ++line) at = text.find('\n', at) + 1;
    return at;
  }();
  const std::string spoilt = "this is no JSON\n" + text.substr(0, end_of_third) +
                             "{\"resourceType\": \"Patient\"}\n\n{\"unfinished\": \n" + text.substr(end_of_third);
  const auto out = run_on(spoilt);
  check_same(out.found, pure(text));
  BOOST_REQUIRE(out.problems.size() == 3u);
  BOOST_TEST(out.problems[0].line == 1u);
  BOOST_TEST(out.problems[1].line == 5u);
  BOOST_TEST(out.problems[2].line == 7u);
  for (const auto& each : out.problems) {
    BOOST_TEST(each.file == "vitals.ndjson");
    BOOST_TEST(!each.text.empty());
    BOOST_TEST(to_text(each).rfind("vitals.ndjson:" + std::to_string(each.line) + ": ", 0) == 0u);
  }
  BOOST_TEST(out.found.run.lines_refused == 3u);
  BOOST_TEST(out.found.run.problems == 3u);
}

BOOST_AUTO_TEST_CASE(an_observation_of_an_unknown_patient_is_a_problem_of_its_line) {
  auto text = shipped_stream();
  const auto first_line = text.substr(0, text.find('\n') + 1);
  const auto name = first_line.find("ward-0");
  BOOST_REQUIRE(name != std::string::npos);
  auto stranger = first_line;
  for (auto at = name; at != std::string::npos; at = stranger.find("ward-0", at + 1)) stranger.replace(at, 6, "nobody");
  const auto out = run_on(text + stranger);
  check_same(out.found, pure(text));
  BOOST_REQUIRE(out.problems.size() == 1u);
  BOOST_TEST(out.problems[0].line == static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  BOOST_TEST(out.problems[0].text.find("nobody") != std::string::npos);
  BOOST_TEST(out.found.run.problems == 1u);
  BOOST_TEST(out.found.run.lines_refused == 0u);
}

BOOST_AUTO_TEST_CASE(without_a_stream_the_patients_are_reported_as_their_files_have_them) {
  const auto out = run_on("");
  BOOST_TEST(out.found.patients.size() == 6u);
  BOOST_TEST(out.found.run.observations == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
