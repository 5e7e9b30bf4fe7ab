#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What a turn does to the world, begun at once and awaited later.

namespace {

// Answers after a second.
child_spec slow_child(std::string id) {
  return scripted_child(std::move(id), [](scripted& me) {
    me.on([](question q, turn& now) -> task<answer> {
      co_await now.sleep(1s);
      co_return answer{q.text};
    });
  });
}

// A tree of `a`, which does what the test writes, and two that take a second to answer.
agent_ref start(node& on, scripted::script write) {
  must_supervise(on, top_of(scripted_child("a", std::move(write)), slow_child("slow"), slow_child("other")));
  return on.ref(path{"/top/a"});
}

const path slow{"/top/slow"};
const path other{"/top/other"};

}  // namespace

BOOST_AUTO_TEST_SUITE(effect_test)

BOOST_AUTO_TEST_CASE(effects_begun_before_the_first_is_awaited_run_at_the_same_time) {
  node n{deterministic()};
  const auto a = start(n, [](scripted& me) {
    me.on([](question, turn& now) -> task<answer> {
      auto first = now.ask<question>(now.ref(slow), "one");
      auto second = now.ask<question>(now.ref(other), "two");
      auto nap = now.sleep(500ms);
      const auto last = co_await second;  // in any order
      co_await nap;
      const auto one = co_await first;
      co_return answer{one.text + " " + last.text};
    });
  });
  auto asked = n.begin_ask(a, question{});
  n.advance(1s);
  BOOST_TEST(must(asked.get()).text == "one two");
}

BOOST_AUTO_TEST_CASE(an_effect_begun_with_a_named_message_does_the_same) {
  node n{deterministic()};
  const auto a = start(n, [](scripted& me) {
    me.on([](question q, turn& now) -> task<answer> {
      const auto copied = co_await now.ask(now.ref(slow), q);
      auto moved = now.ask(now.ref(other), std::move(q));
      const auto again = co_await moved;
      co_return answer{copied.text + again.text};
    });
  });
  auto asked = n.begin_ask(a, question{"ab"});
  n.advance(2s);
  BOOST_TEST(must(asked.get()).text == "abab");
}

BOOST_AUTO_TEST_CASE(a_question_with_a_limit_ends_at_the_limit_and_its_late_answer_is_counted) {
  node n{deterministic()};
  std::string got;
  const auto a = start(n, [&](scripted& me) {
    me.on([&](go, turn& now) -> task<void> {
      auto asking = now.ask_within<question>(400ms, now.ref(slow), "?");
      const auto outcome = co_await asking.as_result();
      got = outcome ? outcome->text : outcome.error().describe();
      BOOST_TEST(outcome.error().is(agent_errc::timeout));
      co_await now.sleep(1s);  // past the late answer
      got += " and on";
    });
  });
  n.send(a, go{});
  n.advance(399ms);
  BOOST_TEST(got.empty());
  n.advance(1ms);
  BOOST_TEST(got.find("/top/slow") != std::string::npos);
  n.advance(1s);
  BOOST_TEST(got.find(" and on") != std::string::npos);
  BOOST_TEST(dropped(n, drop_reason::late_reply) == 1u);
  BOOST_TEST(n.dead_letters().back().message_type == "answer");
}

BOOST_AUTO_TEST_CASE(an_effect_that_timed_out_stays_so_even_if_its_answer_comes_before_it_is_awaited) {
  node n{deterministic()};
  std::optional<result<answer>> got;
  const auto a = start(n, [&](scripted& me) {
    me.on([&](go, turn& now) -> task<void> {
      auto asking = now.ask_within<question>(400ms, now.ref(slow), "?");
      co_await now.sleep(2s);
      got = co_await asking.as_result();
    });
  });
  n.send(a, go{});
  n.advance(2s);
  BOOST_REQUIRE(got.has_value());
  BOOST_REQUIRE(!got->has_value());
  BOOST_TEST(got->error().is(agent_errc::timeout));
  BOOST_TEST(dropped(n, drop_reason::late_reply) == 1u);
}

BOOST_AUTO_TEST_CASE(a_question_waits_as_long_as_the_node_allows_unless_it_says_how_long) {
  auto options = deterministic();
  options.ask_timeout = 600ms;
  node n{options};
  const auto a = start(n, [](scripted& me) {
    me.on([](go, turn& now) -> task<void> { (void)co_await now.ask<question>(now.ref(slow), "?"); });
    me.on([](question, turn& now) -> task<answer> {
      auto asking = now.ask_within<question>(1h, now.ref(slow), "?");
      co_return co_await asking;
    });
  });
  const auto inside = n.begin_ask(a, go{}, 1h);
  n.advance(600ms);
  BOOST_TEST(inside.ready());
  auto longer = n.begin_ask(a, question{}, 2s);
  n.advance(1400ms);  // the slow one has to finish the first question before
  BOOST_TEST(must(longer.get()).text == "?");
  auto asked_for_less = n.begin_ask(a, question{}, 800ms);  // the deadline of the turn limits what it asks
  n.advance(800ms);
  BOOST_TEST(asked_for_less.get().error().message().find("timeout") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(who_asks_one_that_ends_is_told_so) {
  node n{deterministic()};
  std::vector<error> got;
  const auto a = start(n, [&](scripted& me) {
    me.on([&](go, turn& now) -> task<void> {
      auto asking = now.ask<question>(now.ref(slow), "?");
      got.push_back((co_await asking.as_result()).error());
    });
  });
  n.send(a, go{});
  n.settle();
  n.kill(n.ref(slow), "no reason");
  n.settle();
  n.send(a, go{});
  n.settle();
  must(n.ask(n.ref(path{"/top"}), terminate_child{"slow"}));
  BOOST_REQUIRE(got.size() == 2u);
  for (const auto& each : got) BOOST_TEST(each.is(agent_errc::agent_down), each.describe());
  BOOST_TEST(got.front().message().find("no reason") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_answer_of_another_type_than_the_one_asked_for_is_an_error) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a",
                                          [](scripted& me) {
                                            me.on([](go, turn& now) { now.forward(now.ref(path{"/top/b"}), note{}); });
                                            me.on([](question, turn& now) -> answer {
                                              now.forward(now.ref(path{"/top/b"}), note{});
                                              return {};
                                            });
                                          }),
                           scripted_child("b", [](scripted& me) { me.on([](const note&) { return 7; }); })));
  const auto got = n.ask(n.ref(path{"/top/a"}), question{});
  BOOST_TEST(got.error().is(agent_errc::unexpected_reply));
  BOOST_TEST(got.error().message().find("`answer`") != std::string::npos);
  must(n.ask(n.ref(path{"/top/a"}), go{}));  // where nothing is asked for, anything will do
}

BOOST_AUTO_TEST_CASE(sleepers_wake_in_the_order_of_their_time) {
  node n{deterministic()};
  std::string woken;
  const auto a = start(n, [&](scripted& me) {
    me.reentrant();
    me.on([&](note ms, turn& now) -> task<void> {
      co_await now.sleep(std::chrono::milliseconds{ms.number});
      woken += std::to_string(ms.number) + " ";
    });
  });
  for (const int ms : {30, 10, 20, 0, 10, -5}) n.send(a, note{ms});
  n.advance(10ms);
  BOOST_TEST(woken == "-5 0 10 10 ");
  n.advance(1h);
  BOOST_TEST(woken == "-5 0 10 10 20 30 ");
}

BOOST_AUTO_TEST_CASE(turns_interleave_up_to_the_bound_of_a_reentrant_agent) {
  node n{deterministic()};
  int inside = 0, most = 0, over = 0;
  const auto a = start(n, [&](scripted& me) {
    me.reentrant(3);
    me.on([&](go, turn& now) -> task<void> {
      most = std::max(most, ++inside);
      co_await now.sleep(1s);
      --inside;
      ++over;
    });
  });
  for (int i = 0; i < 7; ++i) n.send(a, go{});
  n.settle();
  BOOST_TEST(inside == 3);
  n.advance(1s);
  BOOST_TEST(over == 3);
  n.advance(2s);
  BOOST_TEST(over == 7);
  BOOST_TEST(most == 3);
}

BOOST_AUTO_TEST_CASE(an_effect_that_nobody_awaits_is_given_up) {
  node n{deterministic()};
  const auto a = start(n, [](scripted& me) {
    me.on([](go, turn& now) -> task<void> {
      { auto forgotten = now.ask<question>(now.ref(slow), "?"); }
      (void)now.sleep(1h);
      co_await now.sleep(3s);
    });
  });
  auto asked = n.begin_ask(a, go{});
  n.advance(3s);
  must(asked.get());
  BOOST_TEST(dropped(n, drop_reason::late_reply) == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_sent_later_arrives_at_its_time_unless_its_sender_is_another_by_then) {
  node n{deterministic()};
  std::vector<std::int64_t> got;
  const auto a = start(n, [&](scripted& me) {
    me.on([&](go, turn& now) {
      for (const int ms : {300, 100, 200}) now.send_after(std::chrono::milliseconds{ms}, now.self(), note{ms});
      now.send_after(150ms, now.ref(path{"/top/nobody"}), note{150});
    });
    me.on([&](const note& arrived, turn& now) {
      got.push_back(arrived.number);
      BOOST_TEST(now.sender().path().str() == "/top/a");
    });
  });
  must(n.ask(a, go{}));
  n.advance(99ms);
  BOOST_TEST(got.empty());
  n.advance(101ms);
  const std::vector<std::int64_t> two{100, 200};
  BOOST_TEST(got == two);
  BOOST_TEST(dropped(n, drop_reason::unknown_agent) == 1u);
  n.send(a, crash{});
  n.advance(1h);
  BOOST_TEST(got == two);
}

BOOST_AUTO_TEST_CASE(blocking_work_gives_its_value_or_its_error) {
  node n{deterministic()};
  bool done_in_between = false;
  const auto a = start(n, [&](scripted& me) {
    me.on([&](question, turn& now) -> task<answer> {
      const auto value = [] { return std::string{"worked"}; };
      const auto nothing = [&] { done_in_between = true; };
      const auto broken = []() -> int { throw std::runtime_error{"disk on fire"}; };
      const auto refused = []() -> int { throw failure{error{errc::not_found, "no such file"}}; };
      auto text = co_await now.run(value);
      co_await now.run(nothing);
      auto breaking = now.run(broken);
      auto refusing = now.run(refused);
      const auto first = co_await breaking.as_result();
      const auto second = co_await refusing.as_result();
      BOOST_TEST(first.error().is(agent_errc::agent_failed));
      BOOST_TEST(second.error().is(errc::not_found));
      co_return answer{text + ", " + first.error().message() + ", " + second.error().message()};
    });
  });
  BOOST_TEST(must(n.ask(a, question{})).text == "worked, disk on fire, no such file");
  BOOST_TEST(done_in_between);
}

BOOST_AUTO_TEST_CASE(more_blocking_work_than_may_wait_is_refused) {
  auto options = deterministic();
  options.blocking_queue = 2;
  node n{options};
  const auto a = start(n, [](scripted& me) {
    me.on([](go, turn& now) -> task<void> {
      const auto work = [] {};
      auto first = now.run(work);
      auto second = now.run(work);
      auto third = now.run(work);
      BOOST_TEST((co_await third.as_result()).error().is(agent_errc::overloaded));
      co_await first;
      co_await second;
      co_await now.run(work);
    });
  });
  must(n.ask(a, go{}));
}

BOOST_AUTO_TEST_CASE(blocking_work_runs_on_a_thread_of_its_own_while_others_of_the_node_go_on) {
  node n{{.threads = 1, .log = logger{}}};
  std::promise<void> release;
  auto released = release.get_future().share();
  const auto worker = start(n, [&](scripted& me) {
    me.on([&, released](question, turn& now) -> task<answer> {
      const auto here = std::this_thread::get_id();
      const auto work = [released] {
        released.wait();
        return std::this_thread::get_id();
      };
      const auto there = co_await now.run(work);
      co_return answer{there == here ? "same" : "another"};
    });
  });
  auto asked = n.begin_ask(worker, question{});
  BOOST_TEST(must(n.ask(n.ref(path{"/top"}), count_children{})).active == 3u);
  BOOST_TEST(!asked.ready());
  release.set_value();
  BOOST_TEST(must(asked.get()).text == "another");
}

BOOST_AUTO_TEST_CASE(a_node_stops_with_blocking_work_done_and_still_waiting) {
  std::promise<void> begun;
  std::atomic<int> worked{0};
  {
    node n{{.threads = 1, .blocking_threads = 1, .log = logger{}}};
    const auto a = start(n, [&](scripted& me) {
      me.reentrant();
      me.on([&](const note& number, turn& now) -> task<void> {
        const bool first = number.number == 0;
        const auto work = [&, first] {
          if (first) begun.set_value();
          ++worked;
        };
        co_await now.run(work);
      });
    });
    for (int i = 0; i < 100; ++i) n.send(a, note{i});
    BOOST_TEST((begun.get_future().wait_for(10s) == std::future_status::ready));
  }
  BOOST_TEST(worked.load() >= 1);
}

BOOST_AUTO_TEST_SUITE_END()
