#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What the tools are told of agents, and that telling it disturbs nobody.

namespace {

const path top{"/top"};
const path a{"/top/a"};

// Answers at once, naps for as many milliseconds as it is told, crashes.
void napper(scripted& me) {
  me.on([](const question& q) { return answer{q.text}; });
  me.on([](note ms, turn& now) -> task<void> { co_await now.sleep(std::chrono::milliseconds{ms.number}); });
}

class slow_starter : public agent {
 public:
  explicit slow_starter(agent_context& context) : agent{context} {}

 private:
  task<void> on_start(turn& now) override { co_await now.sleep(1s); }
};

class slow_stopper : public agent {
 public:
  explicit slow_stopper(agent_context& context) : agent{context} {}

 private:
  task<void> post_stop(turn& now, const exit_cause&) override { co_await now.sleep(1s); }
};

bool is(const std::optional<agent_info>& info, health own) { return info && info->state == own; }
bool rolls_up(const std::optional<agent_info>& info, health worst) { return info && info->rolled_up == worst; }

}  // namespace

BOOST_AUTO_TEST_SUITE(health_test)

BOOST_AUTO_TEST_CASE(an_agent_that_does_well_is_healthy) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper)));
  must(n.ask(n.ref(a), question{}));
  BOOST_TEST(is(n.info(a), health::healthy));
  BOOST_TEST(rolls_up(n.info(path{"/"}), health::healthy));
}

BOOST_AUTO_TEST_CASE(an_agent_is_starting_until_its_hook_is_through) {
  node n{deterministic()};
  must_supervise(n, top_of());
  auto started = n.begin_ask(n.ref(top), start_child{child<slow_starter>("a")});
  n.settle();
  BOOST_TEST(is(n.info(a), health::starting));
  BOOST_TEST(rolls_up(n.info(top), health::starting));
  n.advance(1s);
  BOOST_TEST(is(n.info(a), health::healthy));
}

BOOST_AUTO_TEST_CASE(an_agent_is_degraded_for_a_minute_after_it_failed_or_was_restarted) {
  const std::function<void(node&)> troubles[]{[](node& n) { n.send(n.ref(a), crash{}); },
                                              [](node& n) { n.kill(n.ref(a)); }};
  for (const auto& trouble : troubles) {
    node n{deterministic()};
    must_supervise(n, top_of(scripted_child("a", napper), scripted_child("b", napper)));
    trouble(n);
    n.settle();
    BOOST_TEST(is(n.info(a), health::degraded));
    BOOST_TEST(is(n.info(top), health::healthy));
    BOOST_TEST(rolls_up(n.info(top), health::degraded));
    BOOST_TEST(rolls_up(n.info(top / "b"), health::healthy));
    n.advance(59s);
    BOOST_TEST(is(n.info(a), health::degraded));
    n.advance(1s);
    BOOST_TEST(is(n.info(a), health::healthy));
    BOOST_TEST(rolls_up(n.info(top), health::healthy));
  }
}

BOOST_AUTO_TEST_CASE(a_mailbox_over_four_fifths_of_its_bound_degrades) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper, {.mailbox = {.limit = 10}})));
  n.send(n.ref(a), note{1'000});
  n.settle();
  for (int i = 0; i < 8; ++i) n.send(n.ref(a), note{0});
  BOOST_TEST(is(n.info(a), health::healthy));
  n.send(n.ref(a), note{0});
  BOOST_TEST(is(n.info(a), health::degraded));
  n.advance(1s);
  BOOST_TEST(is(n.info(a), health::healthy));
  BOOST_TEST(n.info(a)->mailbox_messages_max == 9u);
}

BOOST_AUTO_TEST_CASE(an_agent_between_two_incarnations_is_restarting) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper, {.backoff = {.min = 1s, .max = 1s}})));
  n.kill(n.ref(a));
  n.settle();
  BOOST_TEST(is(n.info(a), health::restarting));
  BOOST_TEST(rolls_up(n.info(path{"/"}), health::restarting));
  n.advance(1s);
  BOOST_TEST(is(n.info(a), health::degraded));
}

BOOST_AUTO_TEST_CASE(a_turn_over_its_budget_is_unhealthy_while_it_lasts) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper, {.turn_budget = 5s})));
  n.send(n.ref(a), note{8'000});
  n.advance(5s);
  BOOST_TEST(is(n.info(a), health::healthy));
  n.advance(1s);
  BOOST_TEST(is(n.info(a), health::unhealthy));
  BOOST_TEST(rolls_up(n.info(top), health::unhealthy));
  n.advance(2s);
  BOOST_TEST(is(n.info(a), health::healthy));
}

BOOST_AUTO_TEST_CASE(a_supervisor_that_has_used_up_its_restarts_is_unhealthy_until_it_is_started_anew) {
  node n{deterministic()};
  supervisor_spec inner{.name = "inner", .intensity = 2, .period = 5s};
  inner.children = {child<slow_stopper>("slow"), scripted_child("a", napper)};
  must_supervise(n, top_of(child(inner)));
  const path where{"/top/inner"};
  BOOST_TEST(n.info(where)->restart_budget_used == 0.0);
  n.send(n.ref(where / "a"), crash{});
  n.settle();
  BOOST_TEST(n.info(where)->restart_budget_used == 0.5);
  n.advance(6s);
  BOOST_TEST(n.info(where)->restart_budget_used == 0.0);  // the period is over
  for (int i = 0; i < 3; ++i) {
    n.send(n.ref(where / "a"), crash{});
    n.settle();
  }
  BOOST_TEST(is(n.info(where), health::unhealthy));  // gives up, and waits for its children
  n.advance(1s);
  BOOST_TEST(n.info(where)->incarnation == 2u);
  BOOST_TEST(is(n.info(where), health::degraded));
  BOOST_TEST(n.info(where)->restart_budget_used == 0.0);
}

BOOST_AUTO_TEST_CASE(each_state_and_each_reason_has_a_name) {
  for (const auto& [state, name] : {std::pair{health::stopped, "stopped"},
                                    {health::healthy, "healthy"},
                                    {health::starting, "starting"},
                                    {health::degraded, "degraded"},
                                    {health::restarting, "restarting"},
                                    {health::quarantined, "quarantined"},
                                    {health::unhealthy, "unhealthy"}})
    BOOST_TEST(to_string(state) == name);
  for (std::size_t i = 0; i < drop_reasons; ++i) BOOST_TEST(to_string(static_cast<drop_reason>(i)) != "unknown");
}

BOOST_AUTO_TEST_CASE(an_agent_is_described_by_what_it_did_and_does) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper)));
  must(n.ask(n.ref(a), question{}));
  n.send(n.ref(a), crash{"first"});
  n.send(n.ref(a), crash{"second"});
  n.settle();
  n.advance(2min);
  n.send(n.ref(a), note{10'000});
  n.advance(1s);
  n.send(n.ref(a), question{});
  n.advance(1s);
  n.send(n.ref(a), question{});
  const auto info = n.info(a);
  BOOST_REQUIRE(info.has_value());
  BOOST_TEST(info->path.str() == "/top/a");
  BOOST_TEST(info->actor_type == "scripted");
  BOOST_TEST(!info->is_supervisor);
  BOOST_TEST(info->incarnation == 3u);
  BOOST_TEST(info->restarts == 2u);
  BOOST_TEST(info->failures == 2u);
  BOOST_TEST(info->last_error == "second");
  BOOST_TEST(info->turns == 3u);
  BOOST_TEST((info->started == virtual_clock::start_wall));
  BOOST_TEST(info->mailbox_messages == 2u);
  BOOST_TEST(info->mailbox_messages_max == 2u);
  BOOST_TEST((info->oldest_message_age == 1s));
  BOOST_TEST(info->current_message == "note");
  BOOST_TEST((info->current_message_age == 2s));
  BOOST_TEST(info->waits_on == "sleep");
  n.advance(10s);
  BOOST_TEST(n.info(a)->current_message.empty());
  BOOST_TEST(n.info(a)->waits_on.empty());
  BOOST_TEST((n.info(a)->oldest_message_age == 0s));
  BOOST_TEST(n.info(a)->mailbox_messages == 0u);

  const auto above = n.info(top);
  BOOST_TEST(above->is_supervisor);
  BOOST_TEST(above->strategy == "one_for_one");
  BOOST_TEST(above->children == 1u);
  BOOST_TEST(!n.info(path{"/nobody"}).has_value());
}

BOOST_AUTO_TEST_CASE(what_an_ended_turn_waited_for_is_forgotten) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper)));
  n.send(n.ref(a), note{10'000});
  n.settle();
  BOOST_TEST(n.info(a)->waits_on == "sleep");
  n.kill(n.ref(a));
  n.settle();
  BOOST_TEST(n.info(a)->current_message.empty());
  BOOST_TEST(n.info(a)->waits_on.empty());
}

BOOST_AUTO_TEST_CASE(the_times_of_turns_are_right_within_a_quarter) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper)));
  for (int i = 0; i < 95; ++i) n.send(n.ref(a), note{3});
  for (int i = 0; i < 5; ++i) n.send(n.ref(a), note{700});
  n.advance(10s);
  const auto info = n.info(a);
  BOOST_TEST(info->turns == 100u);
  const auto within = [](duration got, duration truth) { return got >= truth && got <= truth * 5 / 4; };
  BOOST_TEST(within(info->turn_time_p50, 3ms), info->turn_time_p50.count());
  BOOST_TEST(within(info->turn_time_p99, 700ms), info->turn_time_p99.count());
}

BOOST_AUTO_TEST_CASE(the_metrics_have_their_documented_names_and_can_be_parsed) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper), scripted_child("b", napper)));
  must(n.ask(n.ref(a), question{}));
  n.send(n.ref(a), crash{});
  n.send(n.ref(path{"/nobody"}), note{});
  n.settle();
  const auto text = n.metrics_text();
  std::istringstream lines{text};
  std::vector<std::string> samples;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.rfind("# HELP ", 0) == 0 || line.rfind("# TYPE ", 0) == 0) continue;
    const auto space = line.rfind(' ');
    BOOST_REQUIRE_MESSAGE(space != std::string::npos, line);
    char* end = nullptr;
    (void)std::strtod(line.c_str() + space + 1, &end);
    BOOST_TEST(*end == '\0', line);
    BOOST_TEST(line.rfind("troupe_", 0) == 0u, line);
    samples.push_back(line);
  }
  for (const char* wanted :
       {"troupe_actor_spawned_total 4", "troupe_actor_restarts_total{actor_type=\"scripted\",reason=\"failed\"} 1",
        "troupe_messages_dropped_total{reason=\"unknown_agent\"} 1",
        "troupe_actors{actor_type=\"scripted\",state=\"healthy\"} 1",
        "troupe_actors{actor_type=\"scripted\",state=\"degraded\"} 1",
        "troupe_actor_mailbox_messages{actor_type=\"scripted\"} 0",
        "troupe_actor_mailbox_messages_max{actor_type=\"scripted\"} 1",
        "troupe_actor_oldest_message_age_seconds{actor_type=\"scripted\"} 0",
        "troupe_actor_messages_processed_total{actor_type=\"scripted\"} 2",
        "troupe_actor_messages_failed_total{actor_type=\"scripted\"} 1", "troupe_supervisor_escalations_total 0"})
    BOOST_TEST((std::find(samples.begin(), samples.end(), wanted) != samples.end()), wanted << " is not in\n" << text);
}

BOOST_AUTO_TEST_CASE(restarts_are_counted_by_how_the_agent_had_ended) {
  node n{deterministic()};
  auto spec = top_of(scripted_child("a", napper), scripted_child("b", napper),
                     scripted_child("c", napper, {.shutdown = shutdown_policy::brutal_kill()}));
  spec.strategy = one_for_all;
  must_supervise(n, std::move(spec));
  n.send(n.ref(a), crash{});
  n.settle();
  const auto text = n.metrics_text();
  for (const auto* how : {"failed", "shutdown", "killed"}) {
    const auto wanted = "troupe_actor_restarts_total{actor_type=\"scripted\",reason=\"" + std::string{how} + "\"} 1";
    BOOST_TEST(text.find(wanted) != std::string::npos, wanted << " is not in\n" << text);
  }
}

BOOST_AUTO_TEST_CASE(a_metric_of_the_program_cannot_spoil_those_of_the_runtime) {
  node n{deterministic()};
  (void)n.metrics().add_gauge({.name = "troupe_actors", .help = "mine"});
  (void)n.metrics().add_gauge({.name = "mine", .help = "mine too"});
  const auto text = n.metrics_text();
  const auto first = text.find("# TYPE troupe_actors ");
  BOOST_TEST(first != std::string::npos);
  BOOST_TEST(text.find("# TYPE troupe_actors ", first + 1) == std::string::npos);
  BOOST_TEST(text.find("# TYPE mine ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(observing_sends_no_message) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper)));
  must(n.ask(n.ref(a), question{}));
  const auto handled = n.messages_processed();
  for (int i = 0; i < 10; ++i) {
    BOOST_TEST(n.agents().size() == 3u);
    BOOST_TEST(n.info(a).has_value());
    BOOST_TEST(!n.metrics_text().empty());
  }
  n.settle();
  BOOST_TEST(n.messages_processed() == handled);
  BOOST_TEST(n.info(a)->turns == 1u);
}

BOOST_AUTO_TEST_CASE(messages_of_agents_that_are_gone_still_count) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", napper)));
  for (int i = 0; i < 5; ++i) must(n.ask(n.ref(a), question{}));
  const auto handled = n.messages_processed();
  must(n.ask(n.ref(top), terminate_child{"a"}));
  BOOST_TEST(n.messages_processed() == handled + 1);
}

BOOST_AUTO_TEST_CASE(what_was_counted_of_agents_never_goes_back_while_they_end) {
  std::atomic<bool> over{false};
  node n{{.threads = 2, .log = logger{}}};
  const auto pool =
      must(n.supervise({.name = "pool",
                        .strategy = simple_one_for_one,
                        .children = {scripted_child("each", [](scripted& me) { me.on([](const go&) {}); })}}));
  std::thread churn{[&] {
    for (int i = 0; !over.load(); ++i) {
      const auto who = must(n.ask(pool, start_template_child{}));
      for (int k = 0; k < 20; ++k) n.send(who, go{});
      must(n.ask(who, go{}));
      must(n.ask(pool, terminate_child{std::string{who.path().name()}}));
    }
  }};
  const std::string series = "troupe_actor_messages_processed_total{actor_type=\"scripted\"} ";
  std::uint64_t before = 0, handled_before = 0;
  int went_back = 0;
  for (int i = 0; i < 300; ++i) {
    const auto text = n.metrics_text();
    const auto at = text.find(series);
    const std::uint64_t now = at == std::string::npos ? 0 : std::stoull(text.substr(at + series.size()));
    went_back += now < std::exchange(before, now);
    const auto handled = n.messages_processed();
    went_back += handled < std::exchange(handled_before, handled);
  }
  over = true;
  churn.join();
  BOOST_TEST(went_back == 0);
}

BOOST_AUTO_TEST_SUITE_END()
