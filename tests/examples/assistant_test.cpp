#include "healthcare/assistant.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "core/seeded.hpp"
#include "examples/fhir_text.hpp"
#include "examples/vitals_text.hpp"
#include "healthcare/observation_stream.hpp"
#include "healthcare/ward_round.hpp"

// The agents of the healthcare assistant, on real threads: whatever happens to them, they come to what the pure
// functions do.
using namespace healthcare;
using namespace fhir_text;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const std::string folder = TROUPE_HEALTHCARE_DATA;
const instant start = *parse_instant("2024-05-06T08:00:00Z");

std::string shipped_stream() {
  std::ifstream file{folder + "/vitals.ndjson"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

using patients = std::shared_ptr<const ward>;

patients shipped_ward() {
  static const auto read = std::make_shared<const ward>(read_folder(folder).value());
  return read;
}

// Patients p0, p1, ... with nothing on record, and one with something: warfarin and ibuprofen.
patients ward_of(int count) {
  std::string entries;
  for (int i = 0; i < count; ++i) entries += entry_text(patient_text("p" + std::to_string(i))) + ",";
  ward out;
  out.add(read_bundle(bundle_text(entries + entry_text(request_text("m1", "Patient/p0", "Warfarin 5 MG")) + "," +
                                  entry_text(request_text("m2", "Patient/p0", "Ibuprofen 400 MG"))),
                      "b.json"));
  out.settle();
  BOOST_TEST_REQUIRE(out.problems().empty());
  return std::make_shared<const ward>(std::move(out));
}

struct outcome {
  report found;
  std::vector<problem> problems;
};

outcome run_on(const patients& of, const std::string& text, std::uint64_t chaos = 0, std::uint64_t seed = 1,
               std::optional<instant> begins = {}) {
  outcome out;
  assistant_options options;
  options.patients = of;
  options.begins = begins;
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
report pure(const patients& of, const std::string& text, std::optional<instant> begins = {}) {
  std::istringstream stream{text};
  observation_stream lines{stream};
  std::vector<observation> observations;
  while (auto line = lines.next())
    if (line->value) observations.push_back(*std::move(line->value));
  return make_round(*of, observations, default_clinic(), begins);
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
  BOOST_TEST((agents.run.as_of == functions.run.as_of));
  BOOST_TEST(agents.run.observations == functions.run.observations);
  BOOST_TEST(agents.run.observations_set_aside == functions.run.observations_set_aside);
}

// Some of each: what changes, what is corrected and taken back, what comes twice and what comes late.
std::string generated_stream(int patients_count, int observations, std::mt19937_64& random) {
  std::vector<std::string> lines;
  for (int i = 0; i < observations; ++i) {
    const auto& [code, normal, grave] = measured[random() % 5];
    const auto patient = "p" + std::to_string(random() % static_cast<unsigned>(patients_count));
    const auto at = start + minutes{i / 8};
    const auto id = "o" + std::to_string(i);
    const auto value = normal + (grave - normal) * static_cast<double>(random() % 4) / 3;
    lines.push_back(observation_line(id, patient, at, code, value));
    if (random() % 50 == 0) lines.push_back(observation_line(id, patient, at, code, normal, "amended"));
    if (random() % 50 == 0) lines.push_back(observation_line(id, patient, at, code, value, "entered-in-error"));
    if (random() % 50 == 0) lines.push_back(lines.back());
  }
  for (std::size_t i = 0; i + 1 < lines.size(); ++i)
    std::swap(lines[i], lines[std::min(lines.size() - 1, i + random() % 20)]);
  std::string out;
  for (const auto& each : lines) out += each;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(assistant_test)

BOOST_AUTO_TEST_CASE(the_agents_find_what_the_pure_functions_find) {
  const auto text = shipped_stream();
  const auto out = run_on(shipped_ward(), text);
  check_same(out.found, pure(shipped_ward(), text));
  BOOST_TEST(out.problems.empty());
  BOOST_TEST(out.found.run.restarts == 0u);
  BOOST_TEST(out.found.run.kills == 0u);
  BOOST_TEST(out.found.run.dead_letters == 0u);
  BOOST_TEST(out.found.run.messages > out.found.run.observations);
}

BOOST_AUTO_TEST_CASE(killing_sub_agents_changes_nothing_of_what_is_found) {
  const auto text = shipped_stream();
  const auto wanted = pure(shipped_ward(), text);
  const std::uint64_t base = troupe::test::seeded{}.seed();
  for (const std::uint64_t chaos : {1, 2, 3, 5, 7, 10, 20, 50}) {
    for (std::uint64_t seed = base; seed < base + 2; ++seed)
      BOOST_TEST_CONTEXT("chaos " << chaos << ", seed " << seed) {
        const auto out = run_on(shipped_ward(), text, chaos, seed);
        check_same(out.found, wanted);
        BOOST_TEST(out.found.run.kills >= out.found.run.observations / chaos);
        BOOST_TEST(out.problems.empty());
      }
  }
}

// Most of what a run of a few observations does is to start agents and to ask them.
BOOST_AUTO_TEST_CASE(killing_sub_agents_as_they_start_and_answer_changes_nothing) {
  const auto of = ward_of(3);
  const std::string text = set_of("p1", start, true) + set_of("p2", start + minutes{5}, true);
  const auto wanted = pure(of, text);
  BOOST_TEST(wanted.patients[1].appointments.size() == 1u);
  const std::uint64_t base = troupe::test::seeded{}.seed();
  for (std::uint64_t seed = base; seed < base + 100; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
      check_same(run_on(of, text, 1 + seed % 3, seed).found, wanted);
    }
}

BOOST_AUTO_TEST_CASE(every_message_to_the_agents_counts_for_chaos) {
  const auto of = ward_of(2);
  const std::string text = set_of("p1", start, true);
  // Five observations, two admissions, the end of the stream, four questions for each patient, and one for the plan.
  const std::uint64_t messages = 5 + 2 + 1 + 2 * 4 + 1;
  BOOST_TEST(run_on(of, text, messages).found.run.kills == 1u);
  BOOST_TEST(run_on(of, text, messages + 1).found.run.kills == 0u);
  BOOST_TEST(run_on(of, text, 8).found.run.kills == 2u);
}

BOOST_AUTO_TEST_CASE(thousands_of_observations_survive_chaos_too) {
  std::mt19937_64 random{troupe::test::seeded{}.seed()};
  const auto of = ward_of(5);
  const auto text = generated_stream(5, 2'000, random);
  const auto wanted = pure(of, text);
  std::size_t appointments = 0;
  for (const auto& each : wanted.patients) appointments += each.appointments.size();
  BOOST_TEST(appointments > 20u);
  for (const std::uint64_t chaos : {3, 100}) BOOST_TEST_CONTEXT("chaos " << chaos) {
      const auto out = run_on(of, text, chaos);
      check_same(out.found, wanted);
      BOOST_TEST(out.found.run.kills >= out.found.run.observations / chaos);
    }
}

// What vitals asks for may become less; the booking system has to hear of that as of anything else.
BOOST_AUTO_TEST_CASE(an_escalation_that_vanishes_is_not_booked) {
  const auto of = ward_of(1);
  const auto wrong = observation_line("w", "p0", start + minutes{6}, "8867-4", 200);
  const auto before = set_of("p0", start + minutes{5}, false);
  for (const auto& text : {
           before + wrong + observation_line("w", "p0", start + minutes{6}, "8867-4", 200, "entered-in-error"),
           before + observation_line("w", "p0", start + minutes{6}, "8867-4", 200, "entered-in-error") + wrong,
           before + wrong + observation_line("w", "p0", start + minutes{6}, "8867-4", 70, "corrected"),
           before + observation_line("w", "p0", start + minutes{6}, "8867-4", 70, "corrected") + wrong,
       }) {
    const auto wanted = pure(of, text);
    BOOST_TEST(wanted.patients[0].appointments.size() == 1u);  // of the medication
    for (std::uint64_t chaos = 0; chaos <= 10; ++chaos) BOOST_TEST_CONTEXT("chaos " << chaos) {
        check_same(run_on(of, text, chaos, chaos).found, wanted);
      }
  }
}

BOOST_AUTO_TEST_CASE(what_is_more_than_a_day_old_stays_as_it_was) {
  const auto of = ward_of(1);
  std::string text;
  for (int day = 0; day < 4; ++day) {
    text += set_of("p0", start + hours{24 * day + 1}, true);
    text += set_of("p0", start + hours{24 * day + 7}, false);
  }
  const auto wanted = pure(of, text);
  BOOST_TEST(wanted.patients[0].appointments.size() == 1u + 4u);
  for (std::uint64_t chaos = 0; chaos <= 10; ++chaos) BOOST_TEST_CONTEXT("chaos " << chaos) {
      check_same(run_on(of, text, chaos, chaos).found, wanted);
    }
}

BOOST_AUTO_TEST_CASE(the_order_of_the_stream_does_not_matter) {
  const auto text = shipped_stream();
  const auto wanted = pure(shipped_ward(), text);
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  std::mt19937_64 random{troupe::test::seeded{}.seed()};
  for (const std::uint64_t chaos : {0, 0, 10}) {
    std::shuffle(lines.begin(), lines.end(), random);
    std::string shuffled;
    for (const auto& each : lines) shuffled += each;
    check_same(run_on(shipped_ward(), shuffled, chaos).found, wanted);
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_count_does_not_decide_when_the_round_begins) {
  const auto text = shipped_stream();
  auto wanted = pure(shipped_ward(), text);
  const auto long_ago = *parse_instant("1950-01-01T08:00:00Z");
  const auto height = observation_line("h", "ward-01", long_ago, "8302-2", 170);
  const auto stranger = observation_line("s", "nobody", long_ago, "8867-4", 70);
  const auto error = observation_line("e", "ward-01", long_ago, "8867-4", 70, "entered-in-error");
  const auto slip = observation_line("l", "ward-01", long_ago, "8867-4", 70);
  const auto out = run_on(shipped_ward(), height + stranger + error + slip + text);
  BOOST_TEST(to_text(out.found.run.as_of) == "2024-05-06T08:00:00Z");
  wanted.run.observations += 2;
  wanted.run.observations_set_aside = 1;
  check_same(out.found, wanted);
  BOOST_REQUIRE(out.problems.size() == 2u);
  BOOST_TEST(out.problems[0].line == 2u);
  BOOST_TEST(out.problems[0].kind == "unknown_patient");
  BOOST_TEST(out.problems[1].line == 4u);
  BOOST_TEST(out.problems[1].kind == "implausible_time");
}

BOOST_AUTO_TEST_CASE(one_wrong_date_does_not_erase_a_patient) {
  const auto of = ward_of(1);
  const auto typo = observation_line("t", "p0", *parse_instant("2042-05-06T09:01:00Z"), "8867-4", 70);
  const auto good = set_of("p0", start, true) + set_of("p0", start + minutes{5}, true);
  const auto wanted = pure(of, good);
  for (std::uint64_t chaos = 0; chaos <= 3; ++chaos) {
    const auto found = run_on(of, typo + good, chaos).found;
    BOOST_TEST((found.patients == wanted.patients));
    BOOST_TEST(found.run.observations_set_aside == 1u);
  }
}

BOOST_AUTO_TEST_CASE(when_the_round_begins_can_be_decided) {
  const auto text = set_of("p1", start, true);
  const auto of = ward_of(2);
  for (const auto begins : {start - hours{1}, start + hours{1}}) {
    const auto out = run_on(of, text, 0, 1, begins);
    check_same(out.found, pure(of, text, begins));
    BOOST_TEST((out.found.patients[0].appointments.at(0).start >= begins));
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
  const auto out = run_on(shipped_ward(), spoilt);
  check_same(out.found, pure(shipped_ward(), text));
  BOOST_REQUIRE(out.problems.size() == 3u);
  BOOST_TEST(out.problems[0].line == 1u);
  BOOST_TEST(out.problems[1].line == 5u);
  BOOST_TEST(out.problems[2].line == 7u);
  for (const auto& each : out.problems) {
    BOOST_TEST(each.file == "vitals.ndjson");
    BOOST_TEST(each.text.find("line") == std::string::npos, each.text);
    BOOST_TEST(to_text(each).rfind("vitals.ndjson:" + std::to_string(each.line) + ": ", 0) == 0u);
  }
  BOOST_TEST(out.found.run.lines_refused == 3u);
  BOOST_TEST(out.found.run.problems == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_an_observation_that_is_taken_is_reported_too) {
  const auto of = ward_of(1);
  const auto first = observation_line("a", "p0", start, "8867-4", 70);
  const auto another = observation_line("a", "p0", start, "8867-4", 140);
  auto panel = observation_line("b", "p0", start, "59408-5", 98);
  panel.insert(panel.rfind('}'),
               R"(,"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"3151-8"}]},)" +
                   quantity_text("2", "gallon") + "}]");
  const auto out = run_on(of, first + another + panel);
  BOOST_REQUIRE(out.problems.size() == 2u);
  BOOST_TEST(out.problems[0].line == 2u);
  BOOST_TEST(out.problems[0].kind == "bad_value");
  BOOST_TEST(out.problems[1].line == 3u);
  BOOST_TEST(out.problems[1].kind == "bad_unit");
  BOOST_TEST(out.found.run.observations == 3u);
  BOOST_TEST(out.found.run.lines_refused == 0u);
  BOOST_TEST(out.found.patients[0].news2.score.total == 3);
}

BOOST_AUTO_TEST_CASE(an_observation_of_an_unknown_patient_is_a_problem_of_its_line) {
  const auto text = shipped_stream();
  const auto out = run_on(shipped_ward(), text + observation_line("s", "nobody", start, "8867-4", 70));
  check_same(out.found, pure(shipped_ward(), text));
  BOOST_REQUIRE(out.problems.size() == 1u);
  BOOST_TEST(out.problems[0].line == static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  BOOST_TEST(out.problems[0].text.find("nobody") != std::string::npos);
  BOOST_TEST(out.found.run.problems == 1u);
  BOOST_TEST(out.found.run.lines_refused == 0u);
}

BOOST_AUTO_TEST_CASE(without_a_stream_every_run_is_the_same) {
  const auto out = run_on(shipped_ward(), "");
  check_same(out.found, pure(shipped_ward(), ""));
  BOOST_TEST(out.found.patients.size() == 6u);
  BOOST_TEST(out.found.run.observations == 0u);
  BOOST_TEST(to_text(out.found.run.as_of) == "2025-01-01T00:00:00Z");
  check_same(run_on(shipped_ward(), "", 1).found, out.found);
}

BOOST_AUTO_TEST_SUITE_END()
