#include <unistd.h>

#include <csignal>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/tool_registry.hpp>

#include "process_agents.hpp"
#include "tools.hpp"

// Tools that are agents in processes of their own: what becomes of a call when the process does not survive it.

using namespace troupe;
using namespace support;

namespace {

struct order {
  std::string what;
  TROUPE_MESSAGE(order, what)
};

std::string obey(const order& given, const tool_call& call) {
  if (given.what == "segfault") *reinterpret_cast<volatile int*>(8) = 1;
  if (given.what == "kill") ::kill(::getpid(), SIGKILL);
  while (given.what == "hang") ::pause();
  if (given.what == "throw") throw std::runtime_error{"it does not like that"};
  if (given.what == "key") return call.idempotency_key;
  return std::to_string(::getpid());
}
using obeying = tool_agent<&obey>;

struct shop : workbench {
  explicit shop(duration limit = 30s, tool_spec spec = {.name = "obey"}) : workbench{threaded()} {
    must_supervise(n, {.name = "tools", .intensity = 1'000, .children = {child<obeying>("obey", in_process(limit))}});
    must(tools().add_agent(obeying::spec(std::move(spec)), path{"/tools/obey"}));
  }
  result<tool_reply> tell(const std::string& what) { return call("obey", R"({"what":")" + what + R"("})"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tool_process_test)

BOOST_AUTO_TEST_CASE(a_tool_in_a_process_answers_from_there) {
  shop s;
  BOOST_TEST(must(s.tell("say")).text != std::to_string(::getpid()));
  const auto key = must(s.tell("key")).text;
  BOOST_TEST(key.size() == 36u);  // an id
  BOOST_TEST(must(s.tell("key")).text != key);
  BOOST_TEST(s.call("obey", R"({"wat":1})").error().is(agent_errc::bad_arguments));
}

BOOST_AUTO_TEST_CASE(a_crash_is_an_error_of_the_call_and_the_next_call_finds_a_new_process) {
  shop s;
  const auto before = must(s.tell("say")).text;
  for (const char* what : {"kill", "segfault"}) {
    const auto failed = s.tell(what);
    BOOST_TEST(failed.error().is(agent_errc::tool_crashed), failed.error().describe());
    BOOST_TEST(failed.error().message().find("tool `obey`: ") == 0u, failed.error().message());
    const auto after = must(s.tell("say")).text;
    BOOST_TEST(after != before);
  }
}

BOOST_AUTO_TEST_CASE(one_that_hangs_is_killed_at_its_limit) {
  shop s{200ms, {.name = "obey", .timeout = 20s}};
  const auto failed = s.tell("hang");
  BOOST_TEST((fault_of(failed.error()) == fault::timeout), failed.error().describe());
  BOOST_TEST(s.tell("say").has_value());
}

BOOST_AUTO_TEST_CASE(what_it_throws_is_a_failure_of_the_call_not_a_crash) {
  shop s;
  const auto failed = s.tell("throw");
  BOOST_TEST(failed.error().is(agent_errc::agent_failed), failed.error().describe());
  BOOST_TEST(failed.error().message().find("it does not like that") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_tool_that_may_run_twice_is_tried_again_after_a_crash) {
  tool_spec spec{
      .name = "obey", .retry = retry_policy{.attempts = 1, .delay_min = 1ms, .delay_max = 1ms}, .repeatable = true};
  spec.retry->faults = {fault::tool_crash};
  shop s{30s, spec};
  const auto failed = s.tell("kill");
  BOOST_TEST(failed.error().is(agent_errc::tool_crashed));
  BOOST_TEST(s.n.info(path{"/tools/obey"})->incarnation >= 2u);
}

BOOST_AUTO_TEST_CASE(an_agent_in_a_process_of_its_own_is_told_that_it_has_no_tools) {
  workbench w{threaded()};
  must_supervise(w.n, {.name = "apart", .children = {child<user>("user", {.isolation = tier::process})}});
  BOOST_TEST(w.n.ask(w.n.ref(path{"/apart/user"}), use{"x", "{}"}).error().is(errc::unsupported));
}

BOOST_AUTO_TEST_SUITE_END()
