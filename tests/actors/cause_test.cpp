// Of what kind a failure is, and who is told.

#include "faults.hpp"

using namespace troupe;
using namespace support;

namespace {

// Fails in the way that the question names.
void fail_as(const std::string& how) {
  if (how == "runtime_error") throw std::runtime_error{"odd"};
  if (how == "int") throw 42;
  if (how == "bad_alloc") throw std::bad_alloc{};
  if (how == "throttled") throw failure{provider_error(429, "slow down", 7s)};
  if (how == "program") throw failure{error{12'345, "of a program"}};
  if (how == "denied") throw failure{error{agent_errc::policy_denied, "not you"}};
  throw failure{error{agent_errc::timeout, "too late"}};
}

const std::map<std::string, fault> kinds{{"runtime_error", fault::bug},
                                         {"int", fault::bug},
                                         {"bad_alloc", fault::resource_limit},
                                         {"throttled", fault::provider_throttled},
                                         {"program", fault::bug},
                                         {"denied", fault::policy_denied},
                                         {"timeout", fault::timeout}};

child_spec failing(std::string id, child_options options = {}) {
  return scripted_child(
      std::move(id),
      [](scripted& me) {
        me.on([](const question& q) -> answer {
          fail_as(q.text);
          return {};
        });
      },
      std::move(options));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cause_test)

BOOST_AUTO_TEST_CASE(what_escapes_a_turn_is_of_a_kind_and_whoever_asked_is_told) {
  for (const auto& [how, kind] : kinds) {
    node n{deterministic()};
    must_supervise(n, top_of(failing("a")));
    const auto asked = n.ask(n.ref(path{"/top/a"}), question{how});
    BOOST_TEST_CONTEXT(how) {
      BOOST_TEST(asked.error().is(agent_errc::agent_failed));
      BOOST_TEST((fault_of(asked.error()) == kind));
      BOOST_TEST(asked.error().retry_after().has_value() == (how == "throttled"));
      if (how == "throttled") BOOST_TEST((asked.error().retry_after() == 7s));
      // In words too, but for what says nothing of itself.
      if (kind != fault::bug)
        BOOST_TEST(asked.error().message().find(to_string(kind)) != std::string::npos, asked.error().message());
      BOOST_TEST((n.info(path{"/top/a"})->last_fault == kind));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_watcher_is_told_the_kind) {
  node n{deterministic()};
  std::vector<exit_cause> seen;
  must_supervise(n, top_of(failing("a"), scripted_child("watcher", [&](scripted& me) {
                             me.on([&](const go&, turn& now) { now.watch(now.ref(path{"/top/a"})); });
                             me.on([&](const down& notice) { seen.push_back(notice.cause); });
                           })));
  must(n.ask(n.ref(path{"/top/watcher"}), go{}));
  n.send(n.ref(path{"/top/a"}), question{"denied"});
  n.settle();
  must(n.ask(n.ref(path{"/top/watcher"}), go{}));
  n.kill(n.ref(path{"/top/a"}));
  n.settle();
  BOOST_TEST(seen.size() == 2u);
  BOOST_TEST((seen[0].kind == exit_kind::failed));
  BOOST_TEST((seen[0].fault == fault::policy_denied));
  BOOST_TEST((seen[1].fault == fault::stopped));
}

BOOST_AUTO_TEST_CASE(the_kind_and_the_delay_pass_through_agents_that_pass_the_failure_on) {
  node n{deterministic()};
  const auto asks = [](std::string whom) {
    return [whom](scripted& me) {
      me.on([whom](question q, turn& now) -> task<answer> {
        auto asking = now.ask(now.ref(path{whom}), q);
        co_return co_await asking;
      });
    };
  };
  must_supervise(n, top_of(failing("c"), scripted_child("b", asks("/top/c")), scripted_child("a", asks("/top/b"))));
  const auto asked = n.ask(n.ref(path{"/top/a"}), question{"throttled"});
  BOOST_TEST((fault_of(asked.error()) == fault::provider_throttled));
  BOOST_TEST((asked.error().retry_after() == 7s));
  BOOST_TEST((n.info(path{"/top/b"})->last_fault == fault::provider_throttled));
}

BOOST_AUTO_TEST_CASE(an_agent_that_ends_with_a_question_in_hand_says_of_what_kind_its_end_was) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                   me.reentrant();
                   me.on([](question, turn& now) -> task<answer> {
                     co_await now.sleep(1h);
                     co_return answer{};
                   });
                   me.on([](const go&) { fail_as("denied"); });
                 })));
  auto by_failure = n.begin_ask(n.ref(path{"/top/a"}), question{});
  n.settle();
  n.send(n.ref(path{"/top/a"}), go{});
  n.settle();
  const auto failed = by_failure.get();
  BOOST_TEST(failed.error().is(agent_errc::agent_down));
  BOOST_TEST((fault_of(failed.error()) == fault::policy_denied));
  auto by_kill = n.begin_ask(n.ref(path{"/top/a"}), question{});
  n.settle();
  n.kill(n.ref(path{"/top/a"}));
  n.settle();
  BOOST_TEST((fault_of(by_kill.get().error()) == fault::stopped));
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_says_of_what_kind) {
  node n{deterministic()};
  const auto started = n.supervise(
      {.name = "top", .children = {child<scripted>("a", scripted::script{[](scripted&) { fail_as("throttled"); }})}});
  BOOST_TEST(started.error().is(agent_errc::failed_to_start));
  BOOST_TEST((fault_of(started.error()) == fault::provider_throttled));
}

BOOST_AUTO_TEST_CASE(blocking_work_that_fails_says_of_what_kind) {
  node n{deterministic()};
  fault seen = fault::none;
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](question q, turn& now) -> task<answer> {
                     auto work = [text = q.text] { fail_as(text); };
                     auto running = now.run(work);
                     const auto outcome = co_await running.as_result();
                     seen = fault_of(outcome.error());
                     co_return answer{};
                   });
                 })));
  for (const auto& [how, kind] : kinds) {
    must(n.ask(n.ref(path{"/top/a"}), question{how}));
    BOOST_TEST((seen == kind), how);
  }
}

BOOST_AUTO_TEST_CASE(logs_and_metrics_have_the_kind) {
  std::string lines;
  node n{logging_to(lines)};
  must_supervise(n, top_of(failing("a")));
  for (const char* how : {"denied", "denied", "int"}) n.send(n.ref(path{"/top/a"}), question{how}), n.settle();
  BOOST_TEST(lines.find("error=\"policy_denied (5029): not you\" fault=policy_denied") != std::string::npos, lines);
  BOOST_TEST(lines.find("fault=bug") != std::string::npos, lines);
  const auto text = n.metrics_text();
  BOOST_TEST(text.find("troupe_failures_total{fault=\"policy_denied\"} 2") != std::string::npos, text);
  BOOST_TEST(text.find("troupe_failures_total{fault=\"bug\"} 1") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(each_kind_has_a_number_that_gives_it_back) {
  for (std::size_t i = 1; i < fault_kinds; ++i) {
    const auto kind = static_cast<fault>(i);
    BOOST_TEST((fault_of(error{errc_of(kind), ""}) == kind), to_string(kind));
    BOOST_TEST(to_string(kind) != "unknown");
    const auto number = static_cast<std::uint32_t>(errc_of(kind));
    BOOST_TEST((fault_of(error{agent_errc::agent_failed, ""}.with_cause(number)) == kind), to_string(kind));
  }
}

// -- providers --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_answer_of_a_provider_becomes_an_error_by_its_status) {
  const std::map<int, fault> statuses{
      {400, fault::provider_rejected},    {401, fault::provider_rejected},    {404, fault::provider_rejected},
      {408, fault::provider_unavailable}, {429, fault::provider_throttled},   {500, fault::provider_unavailable},
      {503, fault::provider_unavailable}, {529, fault::provider_unavailable}, {0, fault::provider_unavailable}};
  for (const auto& [status, kind] : statuses) BOOST_TEST((fault_of(provider_error(status, "x")) == kind), status);
  const auto error = provider_error(503, "busy", 3s);
  BOOST_TEST(error.describe() == "provider_unavailable (5028): HTTP 503: busy");
  BOOST_TEST((error.retry_after() == 3s));
  BOOST_TEST(provider_error(0, "").message() == "no answer");
}

BOOST_AUTO_TEST_CASE(retry_after_is_a_number_of_seconds_or_a_date_in_three_forms) {
  const timestamp now = std::chrono::sys_days{std::chrono::year{1994} / std::chrono::November / 6} + 8h + 49min;
  const std::map<std::string, std::optional<duration>> values{{"0", 0s},
                                                              {"120", 120s},
                                                              {"  7\t", 7s},
                                                              {"99999999999999999999", 24h * 3653},
                                                              {"Sun, 06 Nov 1994 08:49:37 GMT", 37s},
                                                              {"Sunday, 06-Nov-94 08:49:37 GMT", 37s},
                                                              {"Sun Nov  6 08:49:37 1994", 37s},
                                                              {"Sun, 06 Nov 1994 08:48:59 GMT", 0s},
                                                              {"Mon, 07 Nov 1994 08:49:00 GMT", 24h},
                                                              {"Sun, 06 Nov 9994 08:49:37 GMT", 24h * 3653},
                                                              {"", {}},
                                                              {"  ", {}},
                                                              {"-1", {}},
                                                              {"1.5", {}},
                                                              {"soon", {}},
                                                              {"Sun, 06 Nov 1994 08:49:37", {}},
                                                              {"Sun, 06 Nov 1994 08:49:37 CET", {}},
                                                              {"Sun, 31 Feb 1994 08:49:37 GMT", {}},
                                                              {"Sun, 06 Nov 1994 24:49:37 GMT", {}},
                                                              {"Sun, 06 Nix 1994 08:49:37 GMT", {}}};
  for (const auto& [text, expected] : values) BOOST_TEST((parse_retry_after(text, now) == expected), text);
  BOOST_TEST((parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now + 500ms) == 36'500ms));
}

BOOST_AUTO_TEST_SUITE_END()
