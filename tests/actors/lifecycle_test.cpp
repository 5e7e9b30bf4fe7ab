#include <boost/test/unit_test.hpp>
#include <thread>

#include "children.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// From the constructor to the last hook, of agents and of those that they spawn.

namespace {

// Notes each of its hooks; throws in the one it is told to, as often as the test's count lasts.
class hooked : public agent {
 public:
  hooked(agent_context& context, journal* log, std::string throws_in = {}, int* times = nullptr)
      : agent{context}, log_{*log}, throws_in_{std::move(throws_in)}, times_{times} {
    on([](const crash& c) { throw std::runtime_error{c.why}; });
    on([](const go&, turn& now) { now.stop(exit_cause::normal("enough")); });
    on([this](const question&) { return answer{this->where().str() + "#" + std::to_string(incarnation())}; });
    step("built");
  }

 private:
  void step(const std::string& hook, const exit_cause* cause = nullptr) {
    log_.note(hook + " " + std::to_string(incarnation()) + (cause ? " " + cause->describe() : ""));
    if (hook != throws_in_ || (times_ && (*times_)-- <= 0)) return;
    throw std::runtime_error{"no " + hook};
  }
  task<void> on_start(turn&) override {
    step("start");
    co_return;
  }
  task<void> on_restart(turn&, const exit_cause& previous) override {
    step("restart", &previous);
    co_return;
  }
  void pre_restart(const exit_cause& cause) override { step("before restart", &cause); }
  task<void> post_stop(turn& now, const exit_cause& cause) override {
    co_await now.sleep(1ms);
    step("stop", &cause);
  }

  journal& log_;
  const std::string throws_in_;
  int* times_;
};

const path top{"/top"};
const path a{"/top/a"};

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle_test)

BOOST_AUTO_TEST_CASE(hooks_run_in_order_and_are_told_why) {
  journal log;
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", &log)));
  BOOST_TEST(log.take() == "built 1, start 1");
  n.send(n.ref(a), crash{"once"});
  n.settle();
  BOOST_TEST(log.take() == "before restart 1 failed: once, built 2, restart 2 failed: once");
  n.kill(n.ref(a), "from here");  // no hook of the one that was killed
  n.settle();
  BOOST_TEST(log.take() == "built 3, restart 3 killed: from here");
  n.send(n.ref(a), go{});
  n.advance(1ms);
  BOOST_TEST(log.take() == "stop 3 normal: enough, built 4, restart 4 normal: enough");
  n.stop();
  BOOST_TEST(log.take() == "stop 4 shutdown");
}

BOOST_AUTO_TEST_CASE(a_child_that_is_started_again_by_hand_hears_of_its_end_too) {
  journal log;
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", &log)));
  auto stopped = n.begin_ask(n.ref(top), terminate_child{"a"});
  n.advance(1ms);
  must(stopped.get());
  log.take();
  must(n.ask(n.ref(top), restart_child{"a"}));
  BOOST_TEST(log.take() == "built 2, restart 2 shutdown");
}

BOOST_AUTO_TEST_CASE(a_constructor_or_start_hook_that_throws_fails_the_start) {
  for (const std::string hook : {"built", "start"}) {
    journal log;
    node n{deterministic()};
    const auto started = n.supervise(top_of(child<hooked>("a", &log, hook)));
    BOOST_REQUIRE(!started);
    BOOST_TEST(started.error().is(agent_errc::failed_to_start));
    BOOST_TEST(started.error().message().find("no " + hook) != std::string::npos, started.error().message());
    BOOST_TEST(n.ask(n.ref(a), question{}).error().is(agent_errc::unknown_agent));
    // The name is free again.
    must_supervise(n, top_of(child<hooked>("a", &log)));
    BOOST_TEST(must(n.ask(n.ref(a), question{})).text == "/top/a#1");
  }
}

BOOST_AUTO_TEST_CASE(a_restart_hook_that_throws_is_tried_again) {
  journal log;
  node n{deterministic()};
  int times = 2;
  must_supervise(n, top_of(child<hooked>("a", &log, std::string{"restart"}, &times)));
  log.take();
  n.send(n.ref(a), crash{"once"});
  n.settle();
  BOOST_TEST(log.take() ==
             "before restart 1 failed: once, built 2, restart 2 failed: once, built 3, restart 3 failed: no restart, "
             "built 4, restart 4 failed: no restart");
  BOOST_TEST(must(n.ask(n.ref(a), question{})).text == "/top/a#4");
}

BOOST_AUTO_TEST_CASE(what_the_last_hooks_throw_stops_nobody) {
  journal log;
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", &log, std::string{"before restart"}),
                           child<hooked>("b", &log, std::string{"stop"})));
  n.send(n.ref(a), crash{"once"});
  n.settle();
  BOOST_TEST(must(n.ask(n.ref(a), question{})).text == "/top/a#2");
  auto stopped = n.begin_ask(n.ref(top), terminate_child{"b"});
  n.advance(1ms);
  must(stopped.get());
  must(n.ask(n.ref(top), restart_child{"b"}));
  BOOST_TEST(must(n.ask(n.ref(path{"/top/b"}), question{})).text == "/top/b#2");
}

BOOST_AUTO_TEST_CASE(messages_wait_for_the_start_hook) {
  node n{deterministic()};
  class slow_starter : public agent {
   public:
    explicit slow_starter(agent_context& context) : agent{context} {
      on([this](const question&) { return answer{ready_ ? "ready" : "too early"}; });
    }

   private:
    task<void> on_start(turn& now) override {
      now.send(now.self(), question{});
      co_await now.sleep(1s);
      ready_ = true;
    }
    bool ready_ = false;
  };
  must_supervise(n, top_of());
  auto started = n.begin_ask(n.ref(top), start_child{child<slow_starter>("a")});
  n.settle();
  BOOST_TEST((n.info(a)->state == health::starting));
  auto asked = n.begin_ask(n.ref(a), question{});
  n.advance(1s);
  must(started.get());
  BOOST_TEST(must(asked.get()).text == "ready");
}

BOOST_AUTO_TEST_CASE(an_end_at_the_very_moment_of_the_shutdown_time_is_an_end_in_time) {
  journal log;
  node n{deterministic()};
  auto spec = child<slow>("a", {.shutdown = 1s}, &log, duration{1s});
  must_supervise(n, top_of(std::move(spec)));
  auto stopped = n.begin_ask(n.ref(top), terminate_child{"a"});
  n.advance(1s);
  BOOST_TEST(stopped.ready());
  BOOST_TEST(!n.info(a).has_value());
}

BOOST_AUTO_TEST_CASE(a_reference_finds_the_successor_of_the_agent_it_was_made_for) {
  journal log;
  node n{deterministic()};
  const auto early = n.ref(a);
  must_supervise(n, top_of(child<hooked>("a", &log)));
  const auto late = n.ref(a);
  BOOST_TEST((early == late));
  BOOST_TEST((std::hash<agent_ref>{}(early) == std::hash<agent_ref>{}(late)));
  auto stopped = n.begin_ask(n.ref(top), terminate_child{"a"});
  n.advance(1ms);
  must(stopped.get());
  for (const auto& ref : {early, late}) BOOST_TEST(n.ask(ref, question{}).error().is(agent_errc::unknown_agent));
  must(n.ask(n.ref(top), delete_child{"a"}));
  must(n.ask(n.ref(top), start_child{child<hooked>("a", &log)}));
  for (const auto& ref : {early, late}) BOOST_TEST(must(n.ask(ref, question{})).text == "/top/a#1");
}

BOOST_AUTO_TEST_CASE(a_reference_may_outlive_its_node) {
  agent_ref before, running, ended, nobody;
  {
    journal log;
    node n{deterministic()};
    before = n.ref(a);
    must_supervise(n, top_of(child<hooked>("a", &log), child<hooked>("b", &log)));
    running = n.ref(a);
    ended = n.ref(path{"/top/b"});
    nobody = n.ref(path{"/nobody"});
    auto stopped = n.begin_ask(n.ref(top), terminate_child{"b"});
    n.advance(1ms);
    must(stopped.get());
  }
  BOOST_TEST((before == running));
  BOOST_TEST(ended.describe().find("/top/b") != std::string::npos);
  BOOST_TEST(nobody.path().str() == "/nobody");
  BOOST_TEST(!agent_ref{});
  const auto copy = running;
  BOOST_TEST((copy < nobody || nobody < copy));
}

BOOST_AUTO_TEST_CASE(two_supervisors_of_one_name_are_one_too_many) {
  journal log;
  node n{deterministic()};
  must_supervise(n, top_of());
  const auto again = n.supervise(top_of(child<hooked>("a", &log)));
  BOOST_TEST(again.error().is(agent_errc::already_started));
  BOOST_TEST(log.take().empty());
}

BOOST_AUTO_TEST_CASE(a_node_stops_with_work_in_flight_and_answers_all_who_wait) {
  for (const bool threads : {false, true}) {
    auto options = threads ? node_options{.threads = 2, .log = logger{}} : deterministic();
    node n{options};
    must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                     me.on([](go, turn& now) -> task<void> { co_await now.sleep(1h); });
                   })));
    std::vector<pending<void>> waiting;
    for (int i = 0; i < 20; ++i) waiting.push_back(n.begin_ask(n.ref(a), go{}));
    if (!threads) n.settle();
    n.stop();
    for (auto& each : waiting) BOOST_TEST(each.get().error().is(agent_errc::agent_down));
    BOOST_TEST(n.ask(n.ref(a), go{}).error().is(agent_errc::node_stopping));
    n.send(n.ref(a), go{});
    n.stop();
  }
}

BOOST_AUTO_TEST_CASE(wait_ends_when_a_stop_is_requested_or_a_supervisor_at_the_top_ends) {
  {
    node n{{.threads = 1, .log = logger{}}};
    std::thread other{[&] { n.request_stop("that is all"); }};
    const auto cause = n.wait();
    other.join();
    BOOST_TEST(cause.describe() == "shutdown: that is all");
    BOOST_TEST(!cause.is_failure());
    n.request_stop("too late");
    BOOST_TEST(n.wait().text == "that is all");
  }
  node n{deterministic()};
  must_supervise(n, {.name = "top", .intensity = 0, .children = {scripted_child("a", [](scripted&) {})}});
  n.send(n.ref(a), crash{"once too often"});
  n.settle();
  const auto cause = n.wait();
  BOOST_TEST(cause.is_failure());
  BOOST_TEST(cause.text.find("/top ended") != std::string::npos, cause.text);
}

BOOST_AUTO_TEST_SUITE_END()
