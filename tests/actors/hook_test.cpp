#include <functional>

#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What hooks are told, how long they may take, and what does not pass from one life of an agent to the next.

namespace {

const path top{"/top"};
const path a{"/top/a"};

// Its hooks are written in the test that needs them. `go` ends it.
struct hooks {
  std::function<task<void>(turn&, const exit_cause&)> restart = {};
  std::function<task<void>(turn&, const exit_cause&)> stop = {};
  std::function<void(const note&)> got = {};
};
class hooked final : public agent {
 public:
  hooked(agent_context& context, const hooks* written) : agent{context}, written_{*written} {
    on([](const crash& c) { throw std::runtime_error{c.why}; });
    on([](const go&, turn& now) { now.stop(); });
    on([this](const note& n) {
      if (written_.got) written_.got(n);
    });
    on([this](const question&) { return answer{"incarnation " + std::to_string(incarnation())}; });
  }

 private:
  task<void> on_restart(turn& now, const exit_cause& previous) override {
    if (written_.restart) co_await written_.restart(now, previous);
  }
  task<void> post_stop(turn& now, const exit_cause& cause) override {
    if (written_.stop) co_await written_.stop(now, cause);
  }
  const hooks& written_;
};

std::string ask(node& n) { return must(n.ask(n.ref(a), question{})).text; }

}  // namespace

BOOST_AUTO_TEST_SUITE(hook_test)

BOOST_AUTO_TEST_CASE(the_cause_that_on_restart_is_told_stays_while_it_waits) {
  const std::string why = "a cause that is too long to be kept inside of a string object";
  std::string before, after;
  hooks written;
  written.restart = [&](turn& now, const exit_cause& previous) -> task<void> {
    before = previous.describe();
    co_await now.sleep(1s);
    after = previous.describe();
  };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", &written)));
  n.send(n.ref(a), crash{why});
  n.advance(1s);
  BOOST_TEST(before == "failed: " + why);
  BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(the_cause_that_post_stop_is_told_stays_while_it_waits) {
  const std::string why = "a cause that is too long to be kept inside of a string object";
  std::string after;
  hooks written;
  written.stop = [&](turn& now, const exit_cause& cause) -> task<void> {
    co_await now.sleep(1s);
    after = cause.describe();
  };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", child_options{.restart = temporary}, &written)));
  n.send(n.ref(a), crash{why});
  n.advance(1s);
  BOOST_TEST(after == "failed: " + why);
}

BOOST_AUTO_TEST_CASE(one_that_ends_by_itself_is_told_of_its_end_when_it_is_started_by_hand) {
  std::string told;
  hooks written;
  written.restart = [&](turn&, const exit_cause& previous) -> task<void> {
    told = previous.describe();
    co_return;
  };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", child_options{.restart = transient}, &written)));
  n.send(n.ref(a), go{});
  n.settle();
  must(n.ask(n.ref(top), restart_child{"a"}));
  BOOST_TEST(told == "normal");
  BOOST_TEST(ask(n) == "incarnation 2");
}

BOOST_AUTO_TEST_CASE(the_stop_hook_of_one_that_ends_by_itself_has_the_shutdown_time) {
  struct limit {
    shutdown_policy policy;
    duration time;
  };
  for (const auto& [policy, time] : {limit{1s, 1s}, limit{shutdown_policy::brutal_kill(), 5s}}) {
    hooks written;
    written.stop = [](turn& now, const exit_cause&) -> task<void> { co_await now.sleep(24h); };
    node n{deterministic()};
    must_supervise(n, top_of(child<hooked>("a", child_options{.shutdown = policy}, &written)));
    n.send(n.ref(a), go{});
    n.advance(time - 1ms);
    BOOST_TEST(n.info(a)->incarnation == 1u);
    n.advance(1ms);
    BOOST_TEST(ask(n) == "incarnation 2");
  }
}

BOOST_AUTO_TEST_CASE(one_that_is_not_to_be_restarted_is_gone_when_that_time_is_over) {
  hooks written;
  written.stop = [](turn& now, const exit_cause&) -> task<void> { co_await now.sleep(24h); };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", child_options{.restart = temporary, .shutdown = 1s}, &written)));
  n.send(n.ref(a), go{});
  n.advance(999ms);
  BOOST_TEST(n.info(a).has_value());
  n.advance(1ms);
  BOOST_TEST(!n.info(a).has_value());
}

BOOST_AUTO_TEST_CASE(a_stop_hook_that_is_through_in_time_is_not_given_up) {
  bool through = false;
  hooks written;
  written.stop = [&](turn& now, const exit_cause&) -> task<void> {
    co_await now.sleep(900ms);
    through = true;
  };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", child_options{.shutdown = 1s}, &written)));
  n.send(n.ref(a), go{});
  n.advance(899ms);
  BOOST_TEST(!through);
  n.advance(1ms);
  BOOST_TEST(through);
  BOOST_TEST(ask(n) == "incarnation 2");
}

BOOST_AUTO_TEST_CASE(without_a_limit_a_stop_hook_is_waited_for) {
  hooks written;
  written.stop = [](turn& now, const exit_cause&) -> task<void> { co_await now.sleep(24h); };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", child_options{.shutdown = shutdown_policy::infinity()}, &written)));
  n.send(n.ref(a), go{});
  n.advance(23h);
  BOOST_TEST(n.info(a)->incarnation == 1u);
  n.advance(1h);
  BOOST_TEST(ask(n) == "incarnation 2");
}

BOOST_AUTO_TEST_CASE(a_hook_is_what_an_agent_has_in_hand_and_counts_against_its_budget) {
  hooks written;
  written.restart = [](turn& now, const exit_cause&) -> task<void> { co_await now.sleep(4s); };
  written.stop = [](turn& now, const exit_cause&) -> task<void> { co_await now.sleep(4s); };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", child_options{.turn_budget = 2s}, &written)));
  n.send(n.ref(a), go{});
  for (const char* hook : {"post_stop", "on_restart"}) {
    n.advance(2s);
    BOOST_TEST(n.info(a)->current_message == hook);
    BOOST_TEST((n.info(a)->current_message_age == 2s));
    BOOST_TEST(n.info(a)->waits_on == "sleep");
    BOOST_TEST((n.info(a)->state != health::unhealthy));
    n.advance(1s);
    BOOST_TEST((n.info(a)->state == health::unhealthy), hook);
    n.advance(1s);
  }
  BOOST_TEST(n.info(a)->current_message.empty());
  BOOST_TEST((n.info(a)->state == health::degraded));  // restarted
}

BOOST_AUTO_TEST_CASE(what_a_stop_hook_sends_later_does_not_arrive_in_the_next_life) {
  int late = 0;
  hooks written;
  written.stop = [](turn& now, const exit_cause&) -> task<void> {
    now.send_after(1s, now.self(), note{1});
    now.send_after(2s, now.self(), note{2});
    co_await now.sleep(1500ms);
  };
  written.got = [&](const note&) { ++late; };
  node n{deterministic()};
  must_supervise(n, top_of(child<hooked>("a", &written)));
  n.send(n.ref(a), go{});
  n.advance(1500ms);
  BOOST_TEST(ask(n) == "incarnation 2");
  BOOST_TEST(late == 1);  // came while the hook ran, and waited as any mail
  n.advance(1h);
  BOOST_TEST(late == 1);
}

BOOST_AUTO_TEST_CASE(reentrancy_is_not_handed_on_to_the_next_incarnation) {
  const std::function<void(node&)> ends[]{[](node& n) { n.send(n.ref(a), crash{}); },
                                          [](node& n) { n.kill(n.ref(a)); }};
  for (const auto& end : ends) {
    node n{deterministic()};
    int inside = 0, most = 0;
    must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                     if (me.incarnation() == 1) me.reentrant();
                     me.on([&](go, turn& now) -> task<void> {
                       most = std::max(most, ++inside);
                       co_await now.sleep(1s);
                       --inside;
                     });
                   })));
    end(n);
    n.settle();
    for (int i = 0; i < 3; ++i) n.send(n.ref(a), go{});
    n.advance(3s);
    BOOST_TEST(n.info(a)->incarnation == 2u);
    BOOST_TEST(n.info(a)->turns >= 3u);
    BOOST_TEST(most == 1);
  }
}

BOOST_AUTO_TEST_CASE(no_turns_at_a_time_are_too_few) {
  node n{deterministic()};
  const auto started = n.supervise(top_of(scripted_child("a", [](scripted& me) { me.reentrant(0); })));
  BOOST_TEST(started.error().is(agent_errc::failed_to_start));
  BOOST_TEST(started.error().message().find("reentrant(0)") != std::string::npos, started.error().message());
}

BOOST_AUTO_TEST_CASE(handlers_are_not_registered_in_a_turn) {
  node n{deterministic()};
  bool refused = false;
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](const question& q) { return answer{q.text}; });
                   me.on([&me](const go&) { me.on([](const go&) {}); });
                   me.on([&me](note, turn& now) -> task<void> {
                     co_await now.sleep(1s);
                     me.on([](const note&) {});
                   });
                   me.on([&](const down&) {});
                   me.on([&me, &refused](const answer& a) {
                     try {
                       me.on([](const answer&) {});
                     } catch (const failure& told) {
                       refused = told.error().is(errc::unsupported);
                     }
                     BOOST_TEST(a.text == "still here");  // the handler that runs was not replaced
                   });
                 })));
  const auto plain = n.ask(n.ref(a), go{});
  BOOST_TEST(plain.error().is(agent_errc::agent_failed));
  BOOST_TEST(plain.error().message().find("registered in the constructor") != std::string::npos,
             plain.error().message());
  auto later = n.begin_ask(n.ref(a), note{});
  n.advance(1s);
  BOOST_TEST(later.get().error().is(agent_errc::agent_failed));
  BOOST_TEST(n.info(a)->incarnation == 3u);  // as any exception
  must(n.ask(n.ref(a), answer{"still here"}));
  BOOST_TEST(refused);
  BOOST_TEST(must(n.ask(n.ref(a), question{"on"})).text == "on");
  BOOST_TEST(n.info(a)->incarnation == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
