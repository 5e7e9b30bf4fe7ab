#include <dirent.h>

#include <fstream>
#include <sstream>
#include <support/process.hpp>

#include "process_agents.hpp"

// Whatever ends a node, none of its processes outlives it.

using namespace troupe;
using namespace support;

namespace {

// A process that has ended, or is only waited for.
bool is_gone(std::int64_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/stat"};
  std::string all;
  std::getline(status, all);
  const auto end = all.rfind(')');
  return end == std::string::npos || all[end + 2] == 'Z' || all[end + 2] == 'X';
}

// The numbers after "pids:" in a program's output.
std::vector<std::int64_t> pids_in(const std::string& text) {
  std::stringstream rest{text.substr(text.find("pids:") + 5)};
  std::vector<std::int64_t> all;
  for (std::int64_t pid = 0; rest >> pid;) all.push_back(pid);
  return all;
}

// The program with five process-tier agents, a tool that one of them started, and the launcher: seven processes.
struct node_outside {
  explicit node_outside(const std::string& how = "wait") : program{{TROUPE_ORPHAN_PROGRAM, how}} {
    BOOST_REQUIRE_MESSAGE(program.wait_for("ready"), program.text());
    pids = pids_in(program.text());
    BOOST_REQUIRE(pids.size() == 7U);
    for (const auto each : pids) BOOST_REQUIRE(!is_gone(each));
  }
  bool all_gone() {
    return comes_true([this] {
      for (const auto each : pids)
        if (!is_gone(each)) return false;
      return true;
    });
  }
  support::process program;
  std::vector<std::int64_t> pids;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(orphan_test)

BOOST_AUTO_TEST_CASE(a_node_that_is_killed_leaves_no_process) {
  node_outside n;
  n.program.send(SIGKILL);
  BOOST_TEST(n.program.wait() == 128 + SIGKILL);
  BOOST_TEST(n.all_gone());
}

BOOST_AUTO_TEST_CASE(nor_does_one_whose_agents_are_stopped_by_a_signal_meanwhile) {
  node_outside n;
  for (std::size_t i = 1; i < n.pids.size(); ++i) ::kill(static_cast<pid_t>(n.pids[i]), SIGSTOP);
  n.program.send(SIGKILL);
  n.program.wait();
  BOOST_TEST(n.all_gone());
}

BOOST_AUTO_TEST_CASE(nor_does_one_that_crashes) {
  node_outside n;
  n.program.send(SIGSEGV);
  n.program.wait();
  BOOST_TEST(n.all_gone());
}

BOOST_AUTO_TEST_CASE(nor_does_one_that_is_asked_to_end) {
  node_outside n;
  n.program.send(SIGTERM);
  n.program.wait();
  BOOST_TEST(n.all_gone());
}

BOOST_AUTO_TEST_CASE(agents_whose_launcher_is_killed_end_and_are_restarted_by_another) {
  house h;
  h.open_process();
  const auto before = must(h.ask(where_are_you{})).value;
  std::ifstream status{"/proc/" + std::to_string(before) + "/stat"};
  std::string all;
  std::getline(status, all);
  std::stringstream rest{all.substr(all.rfind(')') + 4)};
  pid_t launcher = 0;
  rest >> launcher;
  BOOST_REQUIRE(launcher > 1);
  BOOST_REQUIRE(launcher != ::getpid());
  h.watch();
  ::kill(launcher, SIGKILL);
  const auto end = h.heard.next();
  BOOST_TEST(to_string(end.cause.fault) == "node_lost");
  BOOST_TEST(comes_true([&] { return is_gone(before); }));
  BOOST_TEST(comes_true([&] { return h.ask(where_are_you{}).has_value(); }));
}

BOOST_AUTO_TEST_SUITE_END()
