#include <fstream>
#include <ostream>
#include <support/process.hpp>
#include <tuple>

#include "process_agents.hpp"

// The fault matrix of actors/README.md, row by row: what each fault does in each tier, and what the supervisor sees.

using namespace troupe;
using namespace support;

namespace support {
std::ostream& operator<<(std::ostream& out, damage what) { return out << static_cast<int>(what); }
}  // namespace support

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

struct row {
  damage what;
  fault kind;
  int signal;                    // that ended the process; 0: none
  std::optional<int> exit_code;  // of the process
  std::string text;              // a part of the cause's
  std::string output;            // a part of the last lines of stderr
};

const process_options limited{
    .limits = {.memory_bytes = std::size_t{64} << 20, .cpu_time = 60s, .open_files = 64},
    .heartbeat_timeout = 2s};  // a process that is not frozen is heard of in time on a busy machine too

// The agent does the damage in its process; it is an ordinary down, with its cause, and it is back with an empty state.
void contained_by_a_process(const row& expected) {
  house h;
  h.open({.turn_budget = 2s, .isolation = tier::process, .process = limited});
  must(h.ask(count_up{5}));
  h.watch();
  const auto began = std::chrono::steady_clock::now();
  const auto answer = h.ask(suffer{expected.what});
  const auto took = std::chrono::steady_clock::now() - began;
  BOOST_REQUIRE(!answer);
  BOOST_TEST(answer.error().is(agent_errc::agent_failed));
  const auto end = h.heard.next();
  BOOST_TEST(to_string(end.cause.kind) == "failed");
  BOOST_TEST(to_string(end.cause.fault) == to_string(expected.kind));
  BOOST_TEST(end.cause.signal == expected.signal);
  BOOST_TEST(end.cause.exit_code.value_or(-1) == expected.exit_code.value_or(-1));
  BOOST_TEST(end.cause.text.find(expected.text) != std::string::npos, end.cause.text << " has no " << expected.text);
  BOOST_TEST(answer.error().message().find(expected.text) != std::string::npos, answer.error().message());
  BOOST_TEST(end.cause.output.find(expected.output) != std::string::npos, "on stderr: " << end.cause.output);
  BOOST_TEST(must(h.ask(count_up{1})).value == 1);
  BOOST_TEST_MESSAGE("noticed after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_matrix_test)

BOOST_AUTO_TEST_CASE(an_exception) { contained_by_a_process({damage::exception, fault::bug, 0, {}, "on purpose", ""}); }

BOOST_AUTO_TEST_CASE(a_segfault) {
  contained_by_a_process(
      {damage::segfault, fault::tool_crash, SIGSEGV, {}, "SIGSEGV", "segmentation fault at address 0x8"});
}

BOOST_AUTO_TEST_CASE(an_abort) {
  contained_by_a_process({damage::abort_it, fault::tool_crash, SIGABRT, {}, "SIGABRT", ""});
}

BOOST_AUTO_TEST_CASE(a_stack_overflow) {
  contained_by_a_process({damage::stack_overflow, fault::tool_crash, SIGSEGV, {}, "SIGSEGV", "stack overflow"});
}

BOOST_AUTO_TEST_CASE(an_exit) {
  contained_by_a_process({damage::exit_it, fault::tool_crash, 0, 3, "exited with code 3", ""});
}

BOOST_AUTO_TEST_CASE(the_memory_limit, *boost::unit_test::precondition([](auto) {
                       boost::test_tools::assertion_result there{!sanitized};
                       there.message() << "a sanitizer's allocator does not keep to limits";
                       return there;
                     })) {
  contained_by_a_process({damage::too_much_memory, fault::resource_limit, 0, 79, "more memory than its limit",
                          "the memory limit is reached"});
}

BOOST_AUTO_TEST_CASE(the_cpu_limit) {
  house h;
  h.open({.isolation = tier::process, .process = {.limits = {.cpu_time = 1s}, .heartbeat_timeout = 1min}});
  h.watch();
  const auto answer = h.ask(suffer{damage::too_much_time});
  BOOST_REQUIRE(!answer);
  const auto end = h.heard.next();
  BOOST_TEST(end.cause.signal == SIGXCPU);
  BOOST_TEST(to_string(end.cause.fault) == "resource_limit");
}

BOOST_AUTO_TEST_CASE(a_hang_in_a_system_call) {
  contained_by_a_process({damage::hang_in_call, fault::timeout, SIGKILL, {}, "it hangs: its code has run for", ""});
}

BOOST_AUTO_TEST_CASE(a_hang_in_a_loop) {
  contained_by_a_process({damage::hang_in_loop, fault::timeout, SIGKILL, {}, "it hangs: its code has run for", ""});
}

BOOST_AUTO_TEST_CASE(sigkill) {
  contained_by_a_process({damage::kill_it, fault::tool_crash, SIGKILL, {}, "SIGKILL", ""});
}

BOOST_AUTO_TEST_CASE(sigstop) {
  contained_by_a_process({damage::stop_it, fault::timeout, SIGKILL, {}, "frozen: nothing was heard of it for", ""});
}

BOOST_AUTO_TEST_CASE(a_closed_pipe) {
  contained_by_a_process({damage::close_pipe, fault::tool_crash, 0, 80, "closed its pipe", ""});
}

BOOST_AUTO_TEST_CASE(garbage_on_the_pipe) {
  contained_by_a_process({damage::garbage, fault::tool_crash, SIGKILL, {}, "sent what is no frame", ""});
}

// -- what the other tiers cannot contain ------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(exceptions_are_contained_by_every_tier) {
  for (const tier where : {tier::inlined, tier::thread, tier::process}) {
    house h;
    h.open({.isolation = where});
    h.watch();
    BOOST_TEST(!h.ask(suffer{damage::exception}));
    const auto end = h.heard.next();
    BOOST_TEST(end.cause.text.find("on purpose") != std::string::npos);
    BOOST_TEST(to_string(end.cause.fault) == "bug");
    BOOST_TEST(must(h.ask(count_up{})).value == 1);
  }
}

BOOST_AUTO_TEST_CASE(the_node_goes_down_with_a_fault_that_its_own_process_suffers) {
  for (const tier where : {tier::inlined, tier::thread})
    for (const auto& [what, code] :
         {std::tuple{damage::segfault, 128 + SIGSEGV}, std::tuple{damage::abort_it, 128 + SIGABRT},
          std::tuple{damage::stack_overflow, 128 + SIGSEGV}, std::tuple{damage::exit_it, 3},
          std::tuple{damage::kill_it, 128 + SIGKILL}}) {
      if (sanitized && code != 3 && code != 128 + SIGKILL) continue;  // a sanitizer ends it with a code of its own
      support::process node{
          {TROUPE_FAULT_PROGRAM, std::to_string(static_cast<int>(where)), std::to_string(static_cast<int>(what))}};
      BOOST_TEST(node.wait() == code);
      BOOST_TEST(node.text().find("went on") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_same_faults_in_a_process_leave_the_node_alone) {
  for (const auto what :
       {damage::segfault, damage::abort_it, damage::stack_overflow, damage::exit_it, damage::kill_it}) {
    support::process node{{TROUPE_FAULT_PROGRAM, std::to_string(static_cast<int>(tier::process)),
                           std::to_string(static_cast<int>(what))}};
    BOOST_TEST(node.wait() == 0);
    BOOST_TEST(node.text().find("went on") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
