#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "faults.hpp"
#include "gate.hpp"

using namespace troupe;
using namespace support;

// What a node takes, how it comes to rest, and how it ends.

namespace {

const path root{};
const path top{"/top"};
const path a{"/top/a"};
const path b{"/top/b"};

// Whether so many agents are at work at the same time, each of them holding its thread until all are.
bool work_together(std::size_t agents, std::size_t threads) {
  std::atomic<std::size_t> missing{agents};
  std::atomic<bool> together{true};
  event all;
  supervisor_spec spec{.name = "top"};
  for (std::size_t i = 0; i < agents; ++i)
    spec.children.push_back(scripted_child("a" + std::to_string(i), [&](scripted& me) {
      me.on([&](const note&) {
        if (--missing == 0) all.happen();
        if (!all.wait()) together = false;
      });
    }));
  node n{{.threads = threads, .log = logger{}}};
  must_supervise(n, std::move(spec));
  for (std::size_t i = 0; i < agents; ++i) n.send(n.ref(top / ("a" + std::to_string(i))), note{1});
  return all.wait(60s) && together;
}

void echo(scripted& me) {
  me.on([](const question& q) { return answer{q.text}; });
}

// Its stop hook takes a while, and says so.
class slow_to_stop final : public agent {
 public:
  slow_to_stop(agent_context& context, event* begun, std::atomic<bool>* over)
      : agent{context}, begun_{*begun}, over_{*over} {}

 private:
  task<void> post_stop(turn& now, const exit_cause&) override {
    begun_.happen();
    co_await now.sleep(50ms);
    over_ = true;
  }
  event& begun_;
  std::atomic<bool>& over_;
};

class late_to_stop : public agent {
 public:
  late_to_stop(agent_context& context, duration takes) : agent{context}, takes_{takes} {}

 private:
  task<void> post_stop(turn& now, const exit_cause&) override { co_await now.sleep(takes_); }
  const duration takes_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(node_test)

BOOST_AUTO_TEST_CASE(options_out_of_their_bounds_are_refused_by_name) {
  const std::pair<std::string, std::function<void(node_options&)>> wrong[]{
      {"blocking_threads", [](node_options& o) { o.blocking_threads = 0; }},
      {"blocking_queue", [](node_options& o) { o.blocking_queue = 0; }},
      {"kill_grace", [](node_options& o) { o.kill_grace = 0s; }},
      {"kill_grace", [](node_options& o) { o.kill_grace = -1s; }},
      {"ask_timeout", [](node_options& o) { o.ask_timeout = 0s; }},
      {"ask_timeout", [](node_options& o) { o.ask_timeout = -1s; }},
      {"settle_visits_max", [](node_options& o) { o.settle_visits_max = 0; }},
      {"clock", [](node_options& o) { o.scheduling = scheduling::threads; }},  // and a virtual one
  };
  for (const auto& [name, spoil] : wrong) {
    auto options = deterministic();
    spoil(options);
    const auto names_it = [&](const failure& refused) {
      BOOST_TEST(refused.error().message().find("node_options::" + name) == 0u, refused.error().message());
      return refused.error().is(errc::invalid_argument);
    };
    BOOST_CHECK_EXCEPTION(node{options}, failure, names_it);
  }
}

BOOST_AUTO_TEST_CASE(options_at_their_bounds_are_taken) {
  auto options = deterministic();
  options.blocking_threads = options.blocking_queue = 1;
  options.kill_grace = options.ask_timeout = 1ns;
  node n{options};
  must_supervise(n, top_of(scripted_child("a", echo)));
}

BOOST_AUTO_TEST_CASE(as_many_agents_work_at_a_time_as_there_are_threads) {
  BOOST_TEST(work_together(std::max(1U, std::thread::hardware_concurrency()), 0));
  BOOST_TEST(work_together(5, 5));
}

BOOST_AUTO_TEST_CASE(a_node_is_stopped_and_destroyed_by_another_thread_than_the_one_that_made_it) {
  auto n = std::make_unique<node>(node_options{.threads = 2, .log = logger{}});
  must_supervise(*n, top_of(scripted_child("a", echo)));
  event stopped, destroyed;
  std::thread other{[&] {
    n->stop();
    stopped.happen();
    n.reset();
    destroyed.happen();
  }};
  BOOST_REQUIRE(stopped.wait());
  BOOST_REQUIRE(destroyed.wait());
  other.join();
}

BOOST_AUTO_TEST_CASE(a_stop_says_after_a_second_for_whom_it_waits) {
  std::string lines;
  node n{support::logging_to(lines)};
  const child_options patient{.shutdown = shutdown_policy::infinity()};
  must_supervise(n, {.name = "top",
                     .children = {scripted_child("prompt", echo), child<late_to_stop>("late", patient, duration{5s})}});
  must_supervise(n, {.name = "other", .children = {child<late_to_stop>("later", patient, duration{900ms})}});
  lines.clear();
  n.stop();
  const auto told = [&](const char* what) { return lines.find(what) != std::string::npos; };
  BOOST_TEST(told("waits for agents to end"), lines);
  BOOST_TEST(told("/top/late (in `post_stop`, which waits on: sleep)"), lines);
  BOOST_TEST(told("for_ms=1000"), lines);
  BOOST_TEST(told("for_ms=2000"), lines);
  BOOST_TEST(told("for_ms=4000"), lines);
  BOOST_TEST(!told("prompt"), lines);
}

BOOST_AUTO_TEST_CASE(a_stop_that_takes_no_second_says_nothing) {
  std::string lines;
  node n{support::logging_to(lines)};
  const child_options patient{.shutdown = shutdown_policy::infinity()};
  must_supervise(n, {.name = "top", .children = {child<late_to_stop>("late", patient, duration{900ms})}});
  n.stop();
  BOOST_TEST(lines.find("waits for") == std::string::npos, lines);
}

BOOST_AUTO_TEST_CASE(who_stops_a_node_a_second_time_waits_for_the_first) {
  event begun;
  std::atomic<bool> over{false};
  node n{{.threads = 1, .log = logger{}}};
  must_supervise(n, top_of(child<slow_to_stop>("a", &begun, &over)));
  std::thread first{[&] { n.stop(); }};
  BOOST_TEST(begun.wait());
  n.stop();
  BOOST_TEST(over.load());
  BOOST_TEST(n.agents().empty());
  first.join();
}

BOOST_AUTO_TEST_CASE(the_root_cannot_be_killed) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                   echo(me);
                   me.on([](go, turn& now) { now.kill(now.ref(root)); });
                 })));
  n.kill(n.ref(root));
  n.settle();
  must(n.ask(n.ref(a), go{}));
  n.settle();
  for (const auto& where : {root, top, a}) {
    const auto info = n.info(where);
    BOOST_REQUIRE(info.has_value());
    BOOST_TEST(info->incarnation == 1u);
  }
  BOOST_TEST(must(n.ask(n.ref(a), question{"still there"})).text == "still there");
  must_supervise(n, {.name = "another"});
}

BOOST_AUTO_TEST_CASE(a_wait_for_the_end_goes_on_when_somebody_tries_to_kill_the_root) {
  node n{{.threads = 1, .log = logger{}}};
  must_supervise(n, top_of(scripted_child("a", echo)));
  n.kill(n.ref(root));
  BOOST_TEST(must(n.ask(n.ref(a), question{"after it"})).text == "after it");
  must_supervise(n, {.name = "another"});
  n.request_stop("the first reason there is");
  BOOST_TEST(n.wait().text == "the first reason there is");
}

BOOST_AUTO_TEST_CASE(one_that_sends_to_itself_does_not_keep_deterministic_scheduling_for_itself) {
  node n{deterministic()};
  int ticks = 0;
  bool on = true;
  must_supervise(n, top_of(scripted_child("a",
                                          [&](scripted& me) {
                                            me.on([&](const note&, turn& now) {
                                              if (++ticks > 100'000) throw std::runtime_error{"nobody stops it"};
                                              if (on) now.send(now.self(), note{});
                                            });
                                            me.on([&](const go&) { on = false; });
                                          }),
                           scripted_child("b", [](scripted& me) {
                             me.on([](const go&, turn& now) { now.send(now.ref(a), go{}); });
                           })));
  n.send(n.ref(a), note{});
  n.send(n.ref(b), go{});
  n.settle();
  BOOST_TEST(!on);
  BOOST_TEST(ticks > 0);
  BOOST_TEST(ticks <= 1'000);  // a visit of 300 messages, and the next one
}

BOOST_AUTO_TEST_CASE(one_that_lives_on_answers_gives_its_thread_to_others) {
  std::atomic<bool> enough{false};
  event found;
  node n{{.threads = 1, .log = logger{}}};
  // Asks for somebody who is not there yet; each refusal is a signal.
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](go, turn& now) -> task<void> {
                     while (!enough.load()) {
                       auto asking = now.ask<question>(now.ref(b), "there?");
                       if (!co_await asking.as_result()) continue;
                       found.happen();
                       break;
                     }
                   });
                 })));
  n.send(n.ref(a), go{});
  const auto started = n.ask(n.ref(top), start_child{scripted_child("b", echo)}, 10s);
  BOOST_TEST(started.has_value());
  BOOST_TEST(found.wait(10s));
  enough = true;
}

BOOST_AUTO_TEST_CASE(answers_count_against_the_budget_of_a_visit_as_messages_do) {
  node n{deterministic()};
  int tries = 0, tries_before_the_other = -1;
  must_supervise(
      n, top_of(scripted_child("a",
                               [&](scripted& me) {
                                 me.on([&](go, turn& now) -> task<void> {
                                   while (tries < 10'000) {
                                     ++tries;
                                     auto asking = now.ask<question>(now.ref(path{"/nobody"}), "there?");
                                     (void)co_await asking.as_result();
                                   }
                                 });
                               }),
                scripted_child("b", [&](scripted& me) { me.on([&](go) { tries_before_the_other = tries; }); })));
  n.send(n.ref(a), go{});
  n.send(n.ref(b), go{});
  n.settle();
  BOOST_TEST(tries == 10'000);
  BOOST_TEST(tries_before_the_other > 0);
  BOOST_TEST(tries_before_the_other <= 300);
}

BOOST_AUTO_TEST_CASE(settling_gives_up_when_an_agent_goes_on_by_itself) {
  auto options = deterministic();
  options.settle_visits_max = 1'000;
  node n{options};
  bool on = true;
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](const note&, turn& now) {
                     if (on) now.send_after(0s, now.self(), note{});
                   });
                 })));
  n.send(n.ref(a), note{});
  BOOST_CHECK_EXCEPTION(n.settle(), failure,
                        [](const failure& told) { return told.error().is(agent_errc::overloaded); });
  on = false;
  n.settle();
}

BOOST_AUTO_TEST_CASE(a_node_that_cannot_come_to_rest_is_destroyed_all_the_same) {
  auto options = deterministic();
  options.settle_visits_max = 100;
  node n{options};
  supervisor_spec many{.name = "top"};
  for (int i = 0; i < 10; ++i) many.children.push_back(scripted_child(std::to_string(i), echo));
  must_supervise(n, std::move(many));
  const auto pool =
      must(n.supervise({.name = "pool", .strategy = simple_one_for_one, .children = {scripted_child("each", echo)}}));
  for (int i = 0; i < 200; ++i) must(n.ask(pool, start_template_child{}));
}

BOOST_AUTO_TEST_CASE(agents_that_do_not_end_with_their_node_are_abandoned_and_their_references_are_safe) {
  class endless final : public agent {
   public:
    explicit endless(agent_context& context) : agent{context} {}

   private:
    task<void> post_stop(turn& now, const exit_cause&) override {
      co_await now.ask_within<question>(duration::max(), now.ref(b), "?");
    }
  };
  node n{deterministic()};
  auto never = scripted_child("b", [](scripted& me) {
    me.on([](question, turn& now) -> task<answer> {
      co_await now.sleep(duration::max());
      co_return answer{};
    });
  });
  must_supervise(n, top_of(std::move(never), child<endless>("a", {.shutdown = shutdown_policy::infinity()})));
  const auto left = n.ref(a);
  n.stop();
  BOOST_TEST(n.agents().empty());
  n.kill(left);
  n.send(left, note{});
}

BOOST_AUTO_TEST_SUITE_END()
