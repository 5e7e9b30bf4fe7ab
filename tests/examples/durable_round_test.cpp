#include <boost/test/unit_test.hpp>
#include <sstream>
#include <troupe/memory/store.hpp>

#include "examples/healthcare_program.hpp"
#include "examples/vitals_text.hpp"
#include "healthcare/escalation_agent.hpp"

// Rounds that outlast the process, and escalations that somebody has to approve. The program is killed wherever it is;
// its last life has to show what an undisturbed one shows.

using namespace healthcare_program;
using namespace fhir_text;
using std::chrono::minutes;

namespace {

constexpr int patients = 3;
constexpr int pieces = 12;
// Every so many pieces a life ends; a program with a sanitizer in it takes long to start.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int step = 6;
#else
constexpr int step = 1;
#endif

// Each piece ends with a line that is wrong, and reported: what is before it is on record then.
std::vector<std::string> stream_pieces() {
  const auto start = *healthcare::parse_instant("2024-05-06T08:00:00Z");
  std::vector<std::string> out;
  for (int i = 0; i < pieces; ++i) {
    std::string piece;
    for (int patient = 0; patient < patients; ++patient)
      piece += set_of("p" + std::to_string(patient), start + minutes{20 * i}, i % 6 == patient + 1);
    out.push_back(piece + "piece " + std::to_string(i) + "\n");
  }
  return out;
}
constexpr int lines_of_piece = 5 * patients + 1;
constexpr int escalations = 2 * patients;

std::string first(int count) {
  std::string out;
  for (const auto& each : stream_pieces())
    if (count-- > 0) out += each;
  return out;
}
const std::string whole_stream = first(pieces);

void write_file(const std::string& path, const std::string& text) {
  std::filesystem::remove(path);
  std::ofstream{path} << text;
}

// What a person would compare: all but the numbers of the agents, and what was wrong.
struct result {
  nlohmann::json found;
  std::vector<std::string> problems;
};
result result_of(const ended& what) {
  BOOST_TEST_REQUIRE(what.code == 0, what.text);
  const auto begin = what.text.find("{\n"), end = what.text.find("\n}\n");
  BOOST_TEST_REQUIRE((begin != std::string::npos && end != std::string::npos), what.text);
  result out{nlohmann::json::parse(what.text.substr(begin, end + 2 - begin), nullptr, false), {}};
  BOOST_TEST_REQUIRE(out.found.is_object(), what.text);
  for (const auto* each : {"messages", "kills", "restarts", "dead_letters", "feedback"})
    out.found.at("run").erase(each);
  std::istringstream lines{what.text};
  for (std::string line; std::getline(lines, line);)
    if (line.find("vitals:") != std::string::npos) out.problems.push_back(line);
  return out;
}
void check_same(const result& last, const result& undisturbed) {
  BOOST_TEST(last.found == undisturbed.found);
  BOOST_TEST(last.problems == undisturbed.problems, boost::test_tools::per_element());
}

std::size_t count(const std::string& of, const std::string& in) {
  std::size_t out = 0;
  for (auto at = in.find(of); at != std::string::npos; at = in.find(of, at + 1)) ++out;
  return out;
}

// A ward with its bundles, the stream, and the folder that the program writes to.
class a_round {
 public:
  a_round() {
    std::filesystem::create_directories(files_ / "bundles");
    std::string entries = entry_text(request_text("m1", "Patient/p0", "Warfarin 5 MG")) + "," +
                          entry_text(request_text("m2", "Patient/p0", "Ibuprofen 400 MG"));
    for (int i = 0; i < patients; ++i) entries += "," + entry_text(patient_text("p" + std::to_string(i)));
    write_file(files_ / "bundles/ward.json", bundle_text(entries));
    write_file(vitals, whole_stream);
  }

  std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--bundles", files_ / "bundles", "--vitals", vitals, "-o", "json"});
    return more;
  }
  std::vector<std::string> lasting(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--data", files_ / "data"});
    return arguments(std::move(more));
  }
  ended run(std::vector<std::string> more = {}, const std::string& input = {}) const {
    return assistant(lasting(std::move(more)), input);
  }
  result undisturbed() const { return result_of(assistant(arguments())); }

  // A life that gets so many pieces of the stream, and is killed while it waits for the next one.
  void killed_after(int piece, std::vector<std::string> more = {}) const {
    std::filesystem::remove(vitals);
    {
      const open_pipe pipe{vitals};
      auto command = lasting(std::move(more));
      command.insert(command.begin(), TROUPE_HEALTHCARE_PROGRAM);
      support::process program{command};
      pipe.write(first(piece));
      kill_when(program, piece);
    }
    write_file(vitals, whole_stream);
  }
  // A life that has all of the stream, and is killed wherever it is once it has got so far.
  void killed_on_the_way(int piece, std::vector<std::string> more = {}) const {
    auto command = lasting(std::move(more));
    command.insert(command.begin(), TROUPE_HEALTHCARE_PROGRAM);
    support::process program{command};
    kill_when(program, piece);
  }

  std::string in(const std::string& name) const { return files_ / name; }

 private:
  static void kill_when(support::process& program, int piece) {
    BOOST_TEST_REQUIRE(program.wait_for("vitals:" + std::to_string(piece * lines_of_piece) + ": "), program.text());
    program.send(SIGKILL);
    const int code = program.wait();
    BOOST_TEST((code == 128 + SIGKILL || code == 0), code);
  }

  place files_;

 public:
  const std::string vitals = files_ / "vitals";
};

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_round_test)

BOOST_AUTO_TEST_CASE(a_round_that_is_not_disturbed_finds_the_same_with_a_memory) {
  const a_round at;
  const auto out = at.run();
  check_same(result_of(out), at.undisturbed());
  BOOST_TEST(count("critical-care", out.text) >= static_cast<std::size_t>(escalations), out.text);
  BOOST_TEST(!has(out, "goes on"), out.text);
  // It is finished: another one begins.
  const auto next = at.run();
  check_same(result_of(next), at.undisturbed());
  BOOST_TEST(!has(next, "goes on"), next.text);
}

BOOST_AUTO_TEST_CASE(one_that_is_killed_after_any_piece_goes_on) {
  for (int piece = 1; piece <= pieces; piece += step) BOOST_TEST_CONTEXT("killed after piece " << piece) {
      const a_round at;
      at.killed_after(piece);
      const auto last = at.run();
      BOOST_TEST(has(last, "goes on"), last.text);
      check_same(result_of(last), at.undisturbed());
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_killed_again_and_again_goes_on) {
  for (const auto* chaos : {"0", "7"}) BOOST_TEST_CONTEXT("chaos " << chaos) {
      const a_round at;
      for (int piece = 1; piece <= pieces; piece += step) at.killed_after(piece, {"--chaos", chaos});
      check_same(result_of(at.run({"--chaos", chaos})), at.undisturbed());
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_killed_anywhere_goes_on) {
  for (const auto* chaos : {"0", "3"}) {
    for (int piece = 1; piece <= pieces; piece += chaos[0] == '0' ? step : 3 * step)
      BOOST_TEST_CONTEXT("killed on the way from piece " << piece << ", chaos " << chaos) {
        const a_round at;
        at.killed_on_the_way(piece, {"--chaos", chaos});
        check_same(result_of(at.run({"--chaos", chaos})), at.undisturbed());
      }
  }
}

// A kill may come between the start of whoever asks and its first message: in its next life it is not built by itself.
BOOST_AUTO_TEST_CASE(an_escalation_whose_agent_was_only_started_is_asked_about) {
  const a_round at;
  at.killed_after(1);
  {
    auto data = troupe::memory::store::open({.folder = at.in("data")}).value();
    troupe::memory::command started;
    const auto time = *healthcare::parse_instant("2024-05-06T08:40:00Z");
    started.operations.emplace_back(troupe::memory::register_agent{
        healthcare::escalation_asker_path({{"news2/p1", time, "NEWS2 14, high"}, "p1", {}})});
    data->apply(std::move(started)).value();
  }
  check_same(result_of(at.run()), at.undisturbed());
}

BOOST_AUTO_TEST_CASE(what_is_on_record_need_not_come_again) {
  const a_round at;
  at.killed_after(5);
  write_file(at.vitals, "");
  auto last = result_of(at.run()).found;
  write_file(at.vitals, first(5));
  auto wanted = at.undisturbed().found;
  BOOST_TEST(last.at("patients") == wanted.at("patients"));
  BOOST_TEST(last.at("run").at("as_of") == wanted.at("run").at("as_of"));
}

BOOST_AUTO_TEST_CASE(a_signal_does_not_finish_a_round) {
  const a_round at;
  std::filesystem::remove(at.vitals);
  {
    const open_pipe pipe{at.vitals};
    auto command = at.lasting();
    command.insert(command.begin(), TROUPE_HEALTHCARE_PROGRAM);
    support::process program{command};
    pipe.write(first(4));
    BOOST_TEST_REQUIRE(program.wait_for("vitals:" + std::to_string(4 * lines_of_piece) + ": "), program.text());
    program.send(SIGTERM);
    BOOST_TEST(program.wait() == 0, program.text());
  }
  write_file(at.vitals, whole_stream);
  const auto last = at.run();
  BOOST_TEST(has(last, "goes on"), last.text);
  check_same(result_of(last), at.undisturbed());
}

BOOST_AUTO_TEST_CASE(a_patient_who_is_forgotten_meanwhile_is_seen_again_as_the_stream_has_it) {
  const a_round at;
  at.killed_after(8, {"--approve", "ask"});
  const auto forgotten = assistant({"--data", at.in("data"), "--forget", "p1", "--yes"});
  BOOST_TEST(forgotten.code == 0, forgotten.text);
  BOOST_TEST(!has(forgotten, "NOT VERIFIED"), forgotten.text);
  check_same(result_of(at.run()), at.undisturbed());
}

BOOST_AUTO_TEST_CASE(a_round_of_other_input_is_not_mixed_up_with_it) {
  const a_round at;
  at.killed_after(3);
  const auto later = at.run({"--as-of", "2024-05-06T07:00:00Z"});
  BOOST_TEST(later.code == 64, later.text);
  BOOST_TEST(has(later, "a round of other input is not finished there"), later.text);
  auto other = whole_stream;
  other.replace(other.find("\"value\":16"), 10, "\"value\":17");
  write_file(at.vitals, other);
  const auto refused = at.run();
  BOOST_TEST(refused.code == 64, refused.text);
  BOOST_TEST(has(refused, "line 1 was another one before"), refused.text);
  BOOST_TEST(has(refused, "--anew"), refused.text);
  const auto anew = at.run({"--anew"});
  BOOST_TEST(!has(anew, "goes on"), anew.text);
  check_same(result_of(anew), at.undisturbed());
}

// -- approvals --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_program_approves_by_itself_unless_it_is_told_otherwise) {
  const a_round at;
  const auto out = assistant(at.arguments({"--approve", "auto"}));
  check_same(result_of(out), at.undisturbed());
  BOOST_TEST(!has(out, "approval"), out.text);
}

BOOST_AUTO_TEST_CASE(what_nobody_approves_is_not_booked) {
  const a_round at;
  const auto out = assistant(at.arguments({"--approve", "ask"}));
  BOOST_TEST(out.code == 0);
  BOOST_TEST(count("waiting for approval: NEWS2 14, high", out.text) == static_cast<std::size_t>(escalations),
             out.text);
  BOOST_TEST(has(out, "6 escalations are not booked, since nobody has said yes or no"), out.text);
  BOOST_TEST(!has(out, "\"urgency\": \"emergency\""), out.text);
  // Nor where standard input is the stream.
  auto from_input = at.arguments({"--approve", "ask"});
  from_input[3] = "-";
  const auto none = assistant(from_input, whole_stream);
  BOOST_TEST(has(none, "6 escalations are not booked"), none.text);
  BOOST_TEST(!has(none, "[y/N]"), none.text);
}

BOOST_AUTO_TEST_CASE(what_is_approved_is_booked_and_what_is_refused_is_not) {
  const a_round at;
  check_same(result_of(assistant(at.arguments({"--approve", "ask"}), "y\ny\ny\ny\ny\ny\n")), at.undisturbed());
  const auto some = assistant(at.arguments({"--approve", "ask"}), "y\nn\ny\n\nyes\nY\n");
  BOOST_TEST(some.code == 0);
  BOOST_TEST(count("[y/N]", some.text) == static_cast<std::size_t>(escalations), some.text);
  BOOST_TEST(count("refused by operator: NEWS2 14, high", some.text) == 2u, some.text);
  BOOST_TEST(count("\"urgency\": \"emergency\"", some.text) == 4u, some.text);
  BOOST_TEST(!has(some, "not booked, since"), some.text);
  const auto disturbed = assistant(at.arguments({"--approve", "ask", "--chaos", "2"}), "y\ny\ny\ny\ny\ny\n");
  check_same(result_of(disturbed), at.undisturbed());
}

BOOST_AUTO_TEST_CASE(what_is_open_can_be_decided_in_another_life) {
  const a_round at;
  const auto first_life = at.run({"--approve", "ask"}, "y\ny\n");
  BOOST_TEST(has(first_life, "4 escalations are not booked"), first_life.text);
  BOOST_TEST(has(first_life, "the same arguments ask again"), first_life.text);
  const auto second_life = at.run({"--approve", "ask"}, "y\n");
  BOOST_TEST(has(second_life, "goes on"), second_life.text);
  BOOST_TEST(has(second_life, "3 escalations are not booked"), second_life.text);
  const auto last = at.run({"--approve", "ask"}, "y\ny\ny\n");
  BOOST_TEST(count("[y/N]", last.text) == 3u, last.text);
  check_same(result_of(last), at.undisturbed());
  BOOST_TEST(!has(at.run(), "goes on"));
}

BOOST_AUTO_TEST_CASE(what_was_said_before_a_kill_is_not_asked_again) {
  for (const auto* said : {"y\n", "n\n"}) {
    const a_round at;
    {
      const open_pipe answers{at.in("answers")};
      std::vector<std::string> command{"/bin/sh", "-c", "exec \"$0\" \"$@\" < '" + at.in("answers") + "'",
                                       TROUPE_HEALTHCARE_PROGRAM};
      for (auto& each : at.lasting({"--approve", "ask"})) command.push_back(each);
      support::process program{command};
      answers.write(said);
      BOOST_TEST_REQUIRE(program.wait_for("[y/N] \n"), program.text());
      // The second question: the first answer is on disk.
      BOOST_TEST_REQUIRE(program.wait_for("[y/N] \nhealthcare: escalate"), program.text());
      program.send(SIGKILL);
      BOOST_TEST(program.wait() == 128 + SIGKILL);
    }
    const auto last = at.run({"--approve", "ask"}, "y\ny\ny\ny\ny\n");
    BOOST_TEST(count("[y/N]", last.text) == 5u, last.text);
    if (said[0] == 'y')
      check_same(result_of(last), at.undisturbed());
    else
      BOOST_TEST(count("refused by operator", last.text) == 1u, last.text);
  }
}

BOOST_AUTO_TEST_CASE(flags_that_do_not_fit_are_named) {
  for (const auto& [arguments, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--approve", "maybe"}, "--approve"},
           {{"--approve"}, "--approve"},
           {{"--approve", ""}, "--approve"},
           {{"--approve", "ask", "--facts"}, "--approve"},
           {{"--anew"}, "--data"},
           {{"--anew", "--data", "x", "--facts"}, "--anew"}}) {
    const auto out = assistant(arguments);
    BOOST_TEST(out.code == 64, out.text);
    BOOST_TEST(has(out, part), out.text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
