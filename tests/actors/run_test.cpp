#include <signal.h>
#include <sys/time.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "core/temporary_folder.hpp"
#include "support/process.hpp"

// troupe::run, in programs of its own: flags, configuration, memory, signals and exit codes; and the numbered examples.

namespace {

struct ended {
  int code;
  std::string text;
  bool has(const std::string& wanted) const { return text.find(wanted) != std::string::npos; }
};
ended run_program(const std::vector<std::string>& command, std::vector<std::string> environment = {}) {
  support::process program{command, {}, std::move(environment)};
  const int code = program.wait();
  return {code, program.text()};
}

const std::string hello = TROUPE_HELLO_PROGRAM;
const std::string supervision = TROUPE_SUPERVISION_PROGRAM;
const std::string task_graph = TROUPE_TASK_GRAPH_PROGRAM;
const std::string isolation = TROUPE_ISOLATION_PROGRAM;
const std::string lasting = TROUPE_LASTING_PROGRAM;
const std::string remembering = TROUPE_MEMORY_PROGRAM;
const std::string windows = TROUPE_WINDOWS_PROGRAM;
const std::string durable = TROUPE_DURABLE_PROGRAM;
const std::string tools = TROUPE_TOOLS_PROGRAM;
const std::string counting = TROUPE_COUNTING_PROGRAM;

}  // namespace

BOOST_AUTO_TEST_SUITE(run_test)

BOOST_AUTO_TEST_CASE(the_first_example_says_hello_and_survives_a_failure) {
  const auto out = run_program({hello});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(out.has("Hello, Ada. You are number 1 to ask incarnation 1."), out.text);
  BOOST_TEST(out.has("nothing was asked"), out.text);
  BOOST_TEST(out.has("Hello, Grace. You are number 1 to ask incarnation 2."), out.text);
}

BOOST_AUTO_TEST_CASE(the_second_example_shows_supervision) {
  const auto out = run_program({supervision});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(out.has("/top/pool/a is incarnation 2; its sibling was not disturbed: /top/pool/b is incarnation 1"),
             out.text);
  BOOST_TEST(out.has("/top/line/c is incarnation 2"), out.text);
  BOOST_TEST(out.has("the pool was started anew:\n  /top/pool/b is incarnation 1\n  it has 2 children again"),
             out.text);
  BOOST_TEST(out.has("/top/pool                 degraded    incarnation 2"), out.text);
}

BOOST_AUTO_TEST_CASE(the_third_example_runs_a_graph_of_tasks) {
  const auto out = run_program({task_graph});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(out.has("9 tasks: 8 done, 1 failed; 1 retry"), out.text);
  BOOST_TEST(out.has("attempts: 2; the news are being printed"), out.text);
  BOOST_TEST(out.has("attempts: 1, by fallback"), out.text);
  BOOST_TEST(out.has("attempts: 1; the diary is private"), out.text);
  BOOST_TEST(out.has("digraph \"research\" {"), out.text);
  BOOST_TEST(out.has("subgraph cluster_n6 {"), out.text);
  BOOST_TEST(out.has("bees are; what bees; all about (30 letters, approved)"), out.text);
}

BOOST_AUTO_TEST_CASE(the_fourth_example_goes_on_while_its_tool_does_damage) {
  const auto out = run_program({isolation});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(out.has("The assistant has a tool: incarnation 1, in process "), out.text);
  BOOST_TEST(out.has("the supervisor saw: tool_crash, failed: its process was ended by SIGSEGV"), out.text);
  BOOST_TEST(out.has("its last words: troupe: segmentation fault at address 0x8"), out.text);
  BOOST_TEST(out.has("the tool is back: incarnation 2, in process "), out.text);
  BOOST_TEST(out.has("the supervisor saw: timeout, failed: it hangs: its code has run for "), out.text);
  BOOST_TEST(out.has("the tool is back: incarnation 3, in process "), out.text);
  if (out.has("skipped: a sanitizer's allocator")) {
    BOOST_TEST_MESSAGE("the memory limit was skipped: a sanitizer's allocator does not keep to it");
  } else {
    BOOST_TEST(out.has("the supervisor saw: resource_limit, failed: its process wanted more memory than"), out.text);
    BOOST_TEST(out.has("its last words: one more megabyte will do no harm"), out.text);
    BOOST_TEST(out.has("the tool is back: incarnation 4, in process "), out.text);
  }
  if (out.has("this system does not allow it: ")) {
    BOOST_TEST_MESSAGE("the sandbox was skipped: this system does not allow it");
  } else {
    BOOST_TEST(out.has("read: it can\n  write: Read-only file system\n  connect: "), out.text);
    BOOST_TEST(!out.has("connect: it can"), out.text);
  }
}

BOOST_AUTO_TEST_CASE(the_fifth_example_remembers_across_runs) {
  const troupe::test::temporary_folder folder;
  const auto data = (folder.path() / "memory").string();
  const auto first = run_program({remembering, "--data", data});
  BOOST_TEST(first.code == 0, first.text);
  BOOST_TEST(first.has("The concierge's day 1.\nIt is told six things"), first.text);
  BOOST_TEST(first.has("It stumbles, and comes back: day 2."), first.text);
  const auto second = run_program({remembering, "--data", data});
  BOOST_TEST(second.code == 0, second.text);
  BOOST_TEST(second.has("The concierge's day 3.\nIt is told nothing today."), second.text);
  for (const auto* out : {&first, &second}) {
    // The best comes first; what it scores is the memory's affair.
    BOOST_TEST(out->text.find("Ada's train to Cambridge leaves on Friday at nine  [") <
                   out->text.find("Grace asked for a second blanket  ["),
               out->text);
    BOOST_TEST(out->text.find("Grace is allergic to nuts  [") < out->text.find("Ada likes her eggs soft boiled  ["),
               out->text);
    BOOST_TEST(out->has("Room 7, in April: nobody\nRoom 7, on May 5: Ada\nRoom 7, on May 15: Grace\n"), out->text);
  }
  const auto third = run_program({remembering});
  BOOST_TEST(third.code == 0, third.text);
  BOOST_TEST(third.has("(in a temporary folder, for this run only: --data FOLDER makes it last)"), third.text);
  BOOST_TEST(third.has("The concierge's day 1."), third.text);
}

BOOST_AUTO_TEST_CASE(the_eighth_example_calls_tools_and_survives_one) {
  const auto out = run_program({tools, "--server", TROUPE_MCP_PEER_PROGRAM, "modern"});
  BOOST_TEST(out.code == 0, out.text);
  for (const char* said :
       {R"({"miles":26.21)", "tool `convert`: /km: expected a number, got a string", "Ada has 5 euros more",
        "it was not confirmed: that is too much", "tool `divide`: ", "SIGABRT", "  42\n",
        "peer 7 speaks 2026-07-28 and has 2 tools.", "server/echo: It is called echo."})
    BOOST_TEST(out.has(said), "lacks " << said << " in\n" << out.text);
}

BOOST_AUTO_TEST_CASE(the_sixth_example_keeps_a_year_in_a_small_window) {
  const auto out = run_program({windows});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(out.has("  52     294       1        1          5      17\n"), out.text);
  BOOST_TEST(out.has("The fullest window had 300 tokens of 300."), out.text);
  BOOST_TEST(out.has("Each tool call stood with its result: yes."), out.text);
  BOOST_TEST(out.has("964 were summarised, and are in the archive."), out.text);
  BOOST_TEST(out.has("From the archive: I left my red umbrella at the dentist's."), out.text);
}

BOOST_AUTO_TEST_CASE(a_program_with_a_folder_for_its_data_goes_on_where_it_ended) {
  const troupe::test::temporary_folder folder;
  const auto data = (folder.path() / "memory").string();
  for (const char* number : {"number 1", "number 2"}) {
    const auto out = run_program({counting, "once", "--data", data});
    BOOST_TEST(out.code == 0, out.text);
    BOOST_TEST(out.has(number), out.text);
  }
  {
    support::process killed{{counting, "stay", "--data", data}};
    BOOST_REQUIRE_MESSAGE(killed.wait_for("settled"), killed.text());
    // Meanwhile the folder is taken.
    const auto second = run_program({counting, "once", "--data", data});
    BOOST_TEST(second.code == 1, second.text);
    BOOST_TEST(second.has(data), second.text);
    killed.send(SIGKILL);
    BOOST_TEST(killed.wait() == 128 + SIGKILL, killed.text());
    BOOST_TEST(killed.text().find("number 3") != std::string::npos, killed.text());
  }
  const auto after = run_program({counting, "once"}, {"TROUPE_MEMORY_FOLDER=" + data});
  BOOST_TEST(after.has("number 4"), after.text);
  const auto without = run_program({counting, "once"});
  BOOST_TEST(without.has("number 1"), without.text);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_no_memory_is_a_wrong_configuration) {
  const troupe::test::temporary_folder folder;
  std::ofstream{folder.path() / "diary.txt"} << "dear diary\n";
  const auto out = run_program({counting, "once", "--data", folder.path().string()});
  BOOST_TEST(out.code == 78, out.text);
  BOOST_TEST(out.has("counting_program: "), out.text);
  BOOST_TEST(out.has(folder.path().string()), out.text);
}

BOOST_AUTO_TEST_CASE(a_signal_ends_a_running_program_in_order) {
  for (const int number : {SIGTERM, SIGINT}) {
    support::process program{{lasting, "last", "--threads", "1"}};
    BOOST_REQUIRE_MESSAGE(program.wait_for("ready"), program.text());
    program.send(number);
    BOOST_TEST(program.wait() == 0, program.text());
    BOOST_TEST(program.text().find("stopped: shutdown") != std::string::npos, program.text());
  }
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_a_program_at_once) {
  support::process program{{lasting, "stubborn", "--threads", "1"}};
  BOOST_REQUIRE_MESSAGE(program.wait_for("ready"), program.text());
  program.send(SIGINT);
  BOOST_REQUIRE_MESSAGE(program.wait_for("it waits"), program.text());  // for an hour
  program.send(SIGTERM);
  BOOST_TEST(program.wait() == 128 + SIGTERM, program.text());
  BOOST_TEST(program.text().find("and stays") != std::string::npos, program.text());  // what was printed is not lost
}

BOOST_AUTO_TEST_CASE(a_program_that_stops_says_what_it_waits_for_and_a_signal_ends_it) {
  support::process program{{lasting, "stuck", "--threads", "1"}};
  BOOST_REQUIRE_MESSAGE(program.wait_for("waits for agents to end"), program.text());
  BOOST_REQUIRE_MESSAGE(program.wait_for("/top/worker (in `post_stop`, which waits on: sleep)"), program.text());
  program.send(SIGTERM);
  BOOST_TEST(program.wait() == 128 + SIGTERM, program.text());
  BOOST_TEST(program.text().find("and stays") != std::string::npos, program.text());
}

BOOST_AUTO_TEST_CASE(a_program_that_an_agent_starts_can_be_ended_by_a_signal) {
  support::process program{{lasting, "tool", "--threads", "1"}};
  BOOST_REQUIRE_MESSAGE(program.wait_for("ready"), program.text());
  BOOST_TEST(program.text().find("the tool ended by a signal") != std::string::npos, program.text());
  program.send(SIGTERM);
  BOOST_TEST(program.wait() == 0, program.text());
}

BOOST_AUTO_TEST_CASE(a_node_survives_the_reader_of_its_log) {
  support::process program{{lasting, "unread", "--threads", "1"}};
  BOOST_REQUIRE_MESSAGE(program.wait_for("ready"), program.text());
  program.send(SIGTERM);
  BOOST_TEST(program.wait() == 0, program.text());
  BOOST_TEST(program.text().find("stopped: shutdown") != std::string::npos, program.text());
}

BOOST_AUTO_TEST_CASE(a_setup_that_throws_and_a_supervisor_that_gives_up_are_failures) {
  const auto thrown = run_program({lasting, "throw"});
  BOOST_TEST(thrown.code == 1);
  BOOST_TEST(thrown.has("lasting_program: the setup failed"), thrown.text);
  BOOST_TEST(thrown.has("stopped: shutdown"), thrown.text);
  const auto failed = run_program({lasting, "fail"});
  BOOST_TEST(failed.code == 1);
  BOOST_TEST(failed.has("/top ended"), failed.text);
}

// Of the reader itself: a signal in the middle of a wait is neither the end of the output nor that of the program.
BOOST_AUTO_TEST_CASE(signals_in_the_test_end_no_wait_for_a_program) {
  struct sigaction ring {
  }, before{};
  ring.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &ring, &before);  // without SA_RESTART
  const itimerval often{{0, 2'000}, {0, 2'000}}, never{};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  support::process program{{"/bin/sh", "-c", "sleep 0.1; echo said; exec >&- 2>&-; sleep 0.1; exit 3"}};
  BOOST_TEST(program.wait() == 3);
  BOOST_TEST(program.text() == "said\n");
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(a_wrong_flag_is_named) {
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{hello, "--frobnicate"}, {hello, "--set", "novalue"}, {hello, "stray"}}) {
    const auto out = run_program(wrong);
    BOOST_TEST(out.code == 64, out.text);
    BOOST_TEST(out.has(wrong.back()), out.text);
    BOOST_TEST(out.has("Try 01_hello_agent --help."), out.text);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_configuration_is_named_with_where_it_comes_from) {
  const auto flag = run_program({hello, "--threads", "many"});
  BOOST_TEST(flag.code == 78, flag.text);
  BOOST_TEST(flag.has("--threads"), flag.text);
  const auto negative = run_program({hello, "--threads", "-1"});
  BOOST_TEST(negative.code == 78, negative.text);
  BOOST_TEST(negative.has("must not be negative"), negative.text);
  const auto unknown = run_program({hello, "--set", "node.frobnicate=1"});
  BOOST_TEST(unknown.code == 78, unknown.text);
  BOOST_TEST(unknown.has("node.frobnicate"), unknown.text);
  const auto missing = run_program({hello, "--config", "/no/such/file.toml"});
  BOOST_TEST(missing.code == 78, missing.text);
  BOOST_TEST(missing.has("/no/such/file.toml"), missing.text);
  const auto variable = run_program({hello}, {"TROUPE_LOG_LEVEL=loud"});
  BOOST_TEST(variable.code == 78, variable.text);
  BOOST_TEST(variable.has("log.level must be"), variable.text);
  BOOST_TEST(variable.has("TROUPE_LOG_LEVEL"), variable.text);
}

BOOST_AUTO_TEST_CASE(a_setting_comes_from_flag_environment_or_file_in_this_order) {
  const troupe::test::temporary_folder folder;
  const auto file = (folder.path() / "node.toml").string();
  std::ofstream{file} << "[node]\nthreads = 3\nblocking_threads = 2\nseed = 9\n";
  const auto out =
      run_program({hello, "--config", file, "--threads", "1", "--show-config"}, {"TROUPE_NODE_BLOCKING_THREADS=7"});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(out.has("node.threads = 1  (flag"), out.text);
  BOOST_TEST(out.has("node.blocking_threads = 7  (environment"), out.text);
  BOOST_TEST(out.has("node.seed = 9  (file"), out.text);
  BOOST_TEST(out.has("node.ask_timeout = 1m  (default"), out.text);
}

BOOST_AUTO_TEST_CASE(help_and_version_are_no_errors) {
  const auto help = run_program({hello, "--help"});
  BOOST_TEST(help.code == 0);
  BOOST_TEST(help.has("--show-config"), help.text);
  const auto version = run_program({lasting, "", "--version"});
  BOOST_TEST(version.code == 0);
  BOOST_TEST(version.has("lasting_program 1.2.3"), version.text);
}

// As soon as a step is seen that no earlier life took. How much further a life comes before the signal reaches it is up
// to the machine.
BOOST_AUTO_TEST_CASE(the_seventh_example_is_killed_and_goes_on) {
  const troupe::test::temporary_folder folder;
  const std::vector<std::string> command{durable, "--data", (folder.path() / "orders").string()};
  const std::vector<std::string> step_time{"STEP_MS=200"};  // always the same: other steps would be another turn
  std::string all;
  const auto times = [&](const std::string& what) {
    std::size_t found = 0;
    for (auto at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++found;
    return found;
  };
  const auto steps = {"take it from the shelf", "pack it", "write the bill", "call the carrier", "hand it over"};
  for (const char* step : steps) {
    if (times(step) > 0) continue;
    support::process life{command, {}, step_time};
    BOOST_TEST(life.wait_for(step));
    life.send(SIGKILL);
    life.wait();
    all += life.text();
  }
  support::process last{command, {}, step_time};
  BOOST_TEST(last.wait() == 0, last.text());
  all += last.text();
  // What was killed as it was taken may be taken again; none is left out, and none is taken more often than that.
  for (const char* step : steps) BOOST_TEST((times(step) == 1 || times(step) == 2), all);
  BOOST_TEST((times("in the books: 1 (piano)") == 1 || times("in the books: 1 (piano)") == 2), all);
  BOOST_TEST(times("in the books: 2") == 0u, all);

  support::process again{command, {}, step_time};
  BOOST_TEST(again.wait() == 0, again.text());
  BOOST_TEST(again.text().find("the piano was delivered in an earlier life") != std::string::npos, again.text());
  BOOST_TEST(again.text().find("in the books") == std::string::npos, again.text());
}

BOOST_AUTO_TEST_SUITE_END()
