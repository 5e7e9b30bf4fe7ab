#include "healthcare/reader.hpp"

#include <signal.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <future>
#include <string>
#include <troupe/actors/errc.hpp>

#include "core/temporary_folder.hpp"
#include "examples/fhir_text.hpp"

// Bundles read in a process of its own, and files that end it.
using namespace healthcare;
using namespace fhir_text;
using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

const std::string shipped = TROUPE_HEALTHCARE_DATA;

troupe::node_options silent() { return {.threads = 1, .warm_processes = 0, .log = troupe::logger{}}; }

// A folder with one good bundle before and one after whatever a test puts between them.
struct folder {
  explicit folder(const std::string& below = {}) : at{where.path() / below} {
    std::filesystem::create_directories(at);
    write("1.json", bundle_text(entry_text(patient_text("p1"))));
    write("9.json", bundle_text(entry_text(patient_text("p9"))));
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream{at / name} << text; }
  // head, then `piece` again and again for so many bytes, then the tail.
  void write_long(const std::string& name, const std::string& head, const std::string& piece, std::size_t bytes,
                  const std::string& tail) const {
    std::string many;
    while (many.size() < (1 << 20)) many += piece;
    std::ofstream out{at / name};
    out << head;
    for (std::size_t written = 0; written < bytes; written += many.size()) out << many;
    out << tail;
  }
  // 200 MB of entries that nobody wants, which take seconds to pass over.
  void write_slow(const std::string& name) const {
    write_long(name, R"({"resourceType":"Bundle","type":"collection","entry":[)",
               R"({"resource":{"resourceType":"Basic","a":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}},)",
               std::size_t{200} << 20, entry_text(patient_text("p5")) + "]}");
  }

  troupe::test::temporary_folder where;
  std::filesystem::path at;
};

// The good ones were read, and the one between them is a problem: its text.
std::string only_problem(const troupe::result<ward>& read) {
  if (!read) BOOST_FAIL(read.error().describe());
  BOOST_TEST(read->files() == 3u);
  BOOST_TEST(read->files_unreadable() == 1u);
  BOOST_TEST(read->records().contains("p1"));
  BOOST_TEST(read->records().contains("p9"));
  BOOST_TEST(!read->records().contains("p5"));
  BOOST_TEST_REQUIRE(read->problems().size() == 1u);
  const auto& what = read->problems().front();
  BOOST_TEST(what.file.ends_with("/5.json"), what.file);
  BOOST_TEST(what.kind == "reader_ended");
  return what.text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void check_same(const ward& left, const ward& right) {
  BOOST_TEST((left.records() == right.records()));
  BOOST_TEST((left.observations() == right.observations()));
  BOOST_TEST((left.problems() == right.problems()));
  BOOST_TEST(left.files() == right.files());
  BOOST_TEST(left.files_unreadable() == right.files_unreadable());
}

std::int64_t parent_of(std::int64_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  std::int64_t parent = 0;
  for (std::string word; status >> word;)
    if (word == "PPid:") return status >> parent, parent;
  return parent;
}

// Processes of agents: children of the launcher, which is one of ours.
std::vector<pid_t> agent_processes() {
  std::vector<pid_t> out;
  for (const auto& each : std::filesystem::directory_iterator{"/proc"}) {
    const auto pid = std::atoi(each.path().filename().c_str());
    if (pid > 0 && parent_of(parent_of(pid)) == ::getpid()) out.push_back(pid);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reader_test)

BOOST_AUTO_TEST_CASE(a_process_reads_what_the_plain_function_reads) {
  troupe::node node{silent()};
  check_same(read_folder(node, shipped).value(), read_folder(shipped).value());
  BOOST_TEST(node.restarts() == 0u);
  BOOST_TEST(agent_processes().empty());
  // The node can be used again, also for what goes wrong in an ordinary way.
  const folder files;
  files.write("5.json", "{\n oops");
  check_same(read_folder(node, files.at).value(), read_folder(files.at).value());
}

BOOST_AUTO_TEST_CASE(under_deterministic_scheduling_it_reads_in_this_process) {
  troupe::node node{{.scheduling = troupe::scheduling::deterministic,
                     .seed = 1,
                     .clock = std::make_shared<troupe::virtual_clock>(),
                     .log = troupe::logger{}}};
  check_same(read_folder(node, shipped).value(), read_folder(shipped).value());
}

BOOST_AUTO_TEST_CASE(a_bundle_is_the_same_after_its_way_as_bytes) {
  const auto files = list_bundles(shipped).value();
  for (const auto& file : files) {
    const bundle_read before{read_bundle_file(file)};
    BOOST_TEST(before.taken.entries > 0u);
    const auto bytes = troupe::message::of(before).encode().value();
    const auto after = troupe::message::encoded("bundle_read", bytes).decoded<bundle_read>();
    BOOST_TEST_REQUIRE(after.has_value());
    BOOST_TEST((*after == before));
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_an_error) {
  troupe::node node{silent()};
  BOOST_TEST(read_folder(node, "/nonexistent").error().is(errc::unreadable));
}

BOOST_AUTO_TEST_CASE(two_hundred_megabytes_of_nested_json_are_a_problem_of_their_file) {
  const folder files;
  files.write_long("5.json", R"({"resourceType":"Bundle","entry":)", "[[[[[[[[", std::size_t{200} << 20, "");
  troupe::node node{silent()};
  if (sanitized) {
    BOOST_TEST_MESSAGE("the memory limit is skipped: a sanitizer's allocator does not keep to it");
  } else {
    const auto why = only_problem(read_folder(node, files.at, {.memory_bytes = std::size_t{64} << 20}));
    BOOST_TEST(has(why, "its process wanted more memory than its limit of 67108864 bytes"), why);
    BOOST_TEST(node.restarts() == 1u);
  }
  // With the usual limit the reader itself has had enough of it before its memory is.
  const auto read = read_folder(node, files.at);
  BOOST_TEST(read->records().size() == 2u);
  BOOST_TEST_REQUIRE(read->problems().size() == 1u);
  BOOST_TEST(read->problems()[0].kind == "too_large");
}

BOOST_AUTO_TEST_CASE(a_file_that_takes_too_much_cpu_time_is_a_problem) {
  const folder files;
  files.write_slow("5.json");
  troupe::node node{silent()};
  const auto why = only_problem(read_folder(node, files.at, {.cpu_time = 1s}));
  BOOST_TEST(has(why, "its limit of 1 s of CPU time"), why);
}

BOOST_AUTO_TEST_CASE(a_file_that_takes_too_long_is_a_problem) {
  const folder files;
  files.write_slow("5.json");
  troupe::node node{silent()};
  const auto why = only_problem(read_folder(node, files.at, {.time = 100ms}));
  BOOST_TEST(has(why, "it hangs: its code has run for"), why);
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_killed_over_a_file_is_back_for_the_next) {
  const folder files;
  files.write_slow("5.json");
  troupe::node node{silent()};
  auto reading = std::async(std::launch::async, [&] { return read_folder(node, files.at); });
  const auto in_the_middle = [&] {
    const auto info = node.info(troupe::path{"/intake/reader"});
    return info && info->current_message == "read_file" && info->current_message_age > 100ms;
  };
  while (!in_the_middle())
    BOOST_TEST_REQUIRE((reading.wait_for(1ms) == std::future_status::timeout), "it was read too soon");
  const auto processes = agent_processes();
  BOOST_TEST_REQUIRE(processes.size() == 1u);
  ::kill(processes.front(), SIGKILL);
  const auto why = only_problem(reading.get());
  BOOST_TEST(has(why, "its process was ended by SIGKILL"), why);
  BOOST_TEST(node.restarts() == 1u);
}

// One that its own node ends says nothing about the file: it is read again.
BOOST_AUTO_TEST_CASE(a_reader_that_has_read_enough_leaves_to_another) {
  const folder files;
  files.write("5.json", bundle_text(entry_text(patient_text("p5"))));
  troupe::node node{silent()};
  const auto read = read_folder(node, files.at, {.leave_after = 1ns});
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->problems().empty());
  BOOST_TEST(read->records().size() == 3u);
  BOOST_TEST(node.restarts() >= 2u);
}

BOOST_AUTO_TEST_CASE(more_than_a_message_holds_is_a_problem) {
  // Each problem names its file, at length.
  std::string below;
  for (int i = 0; i < 12; ++i) below += std::string(250, 'x') + "/";
  const folder files{below};
  files.write_long("5.json", R"({"resourceType":"Bundle","type":"collection","entry":[)",
                   entry_text(R"({"resourceType":"Patient","id":"!"})") + ",", std::size_t{3} << 20,
                   entry_text(patient_text("p5")) + "]}");
  troupe::node node{silent()};
  reader_options how;
  if (sanitized) how.memory_bytes = 0;  // which takes more than the limit for what it keeps aside
  const auto why = only_problem(read_folder(node, files.at, how));
  BOOST_TEST(has(why, "message_bytes_max"), why);
  BOOST_TEST(node.restarts() == 0u);
}

BOOST_AUTO_TEST_CASE(what_no_reader_could_have_said_is_not_taken) {
  bundle good;
  good.observations.push_back({});
  good.observations[0].readings = {{vital::respiratory_rate, 16}, {vital::temperature, 37}};
  good.medication_requests.push_back({});
  good.medication_requests[0].dosages.push_back({});
  BOOST_TEST(is_sound(good));
  auto no_vital = good;
  no_vital.observations[0].readings[1].what = static_cast<vital>(200);
  BOOST_TEST(!is_sound(no_vital));
  auto twice = good;
  twice.observations[0].readings[1].what = vital::respiratory_rate;
  BOOST_TEST(!is_sound(twice));
  auto no_number = good;
  no_number.observations[0].readings[0].value = std::nan("");
  BOOST_TEST(!is_sound(no_number));
  auto no_status = good;
  no_status.observations[0].status = static_cast<observation_status>(9);
  BOOST_TEST(!is_sound(no_status));
  auto no_dose = good;
  no_dose.medication_requests[0].dosages[0].dose = std::numeric_limits<double>::infinity();
  BOOST_TEST(!is_sound(no_dose));
}

BOOST_AUTO_TEST_SUITE_END()
