#include "gate.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// A turn that is given up loses its locals, wherever it waits.

namespace {

task<void> deep(int levels, int& alive, turn& now) {
  const lifetime_flag here{alive};
  if (levels > 0) {
    co_await deep(levels - 1, alive, now);
    co_return;
  }
  auto unanswered = now.ask<question>(now.ref(path{"/top/mute"}), "?");
  auto nap = now.sleep(1h);
  co_await nap;
  co_await unanswered;
}

// Under /top: `a`, whose turns wait five tasks deep with a flag in each, and `mute`, which never answers.
agent_ref start(node& on, int& alive) {
  must_supervise(on, top_of(scripted_child("a",
                                           [&](scripted& me) {
                                             me.reentrant();
                                             me.on([&](go, turn& now) -> task<void> {
                                               const lifetime_flag here{alive};
                                               co_await deep(4, alive, now);
                                             });
                                             me.on([](const note&, turn& now) { now.stop(); });
                                           }),
                            scripted_child("mute", [](scripted& me) {
                              me.reentrant();
                              me.on([](question, turn& now) -> task<answer> {
                                co_await now.sleep(2h);
                                co_return answer{};
                              });
                            })));
  return on.ref(path{"/top/a"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancellation_test)

BOOST_AUTO_TEST_CASE(turns_that_wait_lose_their_locals_when_their_agent_ends_in_any_way) {
  int alive = 0;
  node n{deterministic()};
  const auto a = start(n, alive);
  const auto wait_then = [&](const std::function<void()>& end) {
    auto first = n.begin_ask(a, go{});
    auto second = n.begin_ask(a, go{});
    n.settle();
    BOOST_TEST(alive == 12);
    end();
    n.settle();
    BOOST_TEST(alive == 0);
    BOOST_TEST(first.get().error().is(agent_errc::agent_down));
    BOOST_TEST(second.get().error().is(agent_errc::agent_down));
  };
  wait_then([&] { n.send(a, crash{}); });
  wait_then([&] { n.kill(a); });
  wait_then([&] { n.send(a, note{}); });
  wait_then([&] { must(n.ask(n.ref(path{"/top"}), terminate_child{"a"})); });
  must(n.ask(n.ref(path{"/top"}), restart_child{"a"}));
  BOOST_TEST(n.info(a.path())->incarnation == 5u);
  wait_then([&] { n.stop(); });
}

BOOST_AUTO_TEST_CASE(a_turn_given_up_while_it_runs_others_ends_them_all) {
  int alive = 0;
  {
    node n{deterministic()};
    const auto a = start(n, alive);
    for (int i = 0; i < 50; ++i) n.send(a, go{});
    n.settle();
    BOOST_TEST(alive == 300);
  }
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(a_thousand_restarts_in_the_middle_of_waits_leave_nothing_behind) {
  int alive = 0;
  node n{deterministic()};
  const auto a = start(n, alive);
  for (int round = 0; round < 1'000; ++round) {
    n.send(a, go{});
    n.send(a, go{});
    if (round % 2 == 0)
      n.send(a, crash{});
    else
      n.kill(a);
    n.advance(round % 3 == 0 ? 6s : 0s);
  }
  n.settle();
  BOOST_TEST(n.restarts() >= 500u);
  n.stop();
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(what_a_turn_owns_may_act_on_the_world_while_it_is_given_up) {
  struct last_word {
    turn& now;
    ~last_word() {
      now.send(now.ref(path{"/top/ear"}), note{1});
      auto too_late = now.ask<question>(now.ref(path{"/top/ear"}), "?");
    }
  };
  node n{deterministic()};
  int heard = 0;
  must_supervise(n, top_of(scripted_child("a",
                                          [](scripted& me) {
                                            me.on([](go, turn& now) -> task<void> {
                                              const last_word at_the_end{now};
                                              co_await now.sleep(1h);
                                            });
                                          }),
                           scripted_child("ear", [&](scripted& me) {
                             me.on([&](const note&) { ++heard; });
                             me.on([](const question&) { return answer{}; });
                           })));
  n.send(n.ref(path{"/top/a"}), go{});
  n.settle();
  n.kill(n.ref(path{"/top/a"}));
  n.settle();
  BOOST_TEST(heard == 1);
  BOOST_TEST(n.info(path{"/top/a"})->incarnation == 2u);
}

// -- whom it had asked ------------------------------------------------------------------------------------------------

namespace {

// Under /top: `asker`, which asks `slow` and waits; and `slow`, which takes an hour for each question and counts.
struct waiting_in_line {
  waiting_in_line() : n{deterministic()} {
    must_supervise(n, top_of(scripted_child("asker",
                                            [](scripted& me) {
                                              me.reentrant();
                                              me.on([](go, turn& now) -> task<void> {
                                                auto asking = now.ask<question>(now.ref(path{"/top/slow"}), "?");
                                                (void)co_await asking;
                                              });
                                            }),
                             scripted_child("slow", [this](scripted& me) {
                               me.on([this](question, turn& now) -> task<answer> {
                                 ++begun;
                                 co_await now.sleep(1h);
                                 gone.push_back(now.asker_gone());
                                 co_return answer{};
                               });
                             })));
  }
  agent_ref asker() const { return n.ref(path{"/top/asker"}); }

  int begun = 0;
  std::vector<bool> gone;
  node n;
};

}  // namespace

BOOST_AUTO_TEST_CASE(questions_of_an_agent_that_ends_are_not_begun_any_more_and_those_in_hand_know) {
  for (const bool killed : {true, false}) {
    waiting_in_line w;
    for (int i = 0; i < 3; ++i) w.n.send(w.asker(), go{});
    w.n.settle();
    BOOST_TEST(w.begun == 1);
    if (killed)
      w.n.kill(w.asker());
    else
      w.n.send(w.asker(), crash{});
    w.n.advance(5h);
    BOOST_TEST(w.begun == 1);
    BOOST_TEST(w.gone == std::vector<bool>{true}, boost::test_tools::per_element());
    BOOST_TEST(dropped(w.n, drop_reason::withdrawn) == 2u);
    // Its successor's questions are handled as ever.
    w.n.send(w.asker(), go{});
    w.n.advance(2h);
    BOOST_TEST(w.begun == 2);
    BOOST_TEST(!w.gone.back());
  }
}

BOOST_AUTO_TEST_CASE(a_question_that_its_handler_only_gave_up_is_still_handled) {
  node n{deterministic()};
  int handled = 0;
  must_supervise(n, top_of(scripted_child("asker",
                                          [](scripted& me) {
                                            me.on([](const go&, turn& now) {
                                              auto nobody_waits = now.ask<question>(now.ref(path{"/top/ear"}), "?");
                                            });
                                          }),
                           scripted_child("ear", [&](scripted& me) {
                             me.on([&](const question&) {
                               ++handled;
                               return answer{};
                             });
                           })));
  must(n.ask(n.ref(path{"/top/asker"}), go{}));
  n.settle();
  BOOST_TEST(handled == 1);
}

BOOST_AUTO_TEST_CASE(blocking_work_that_has_not_begun_never_does_when_its_agent_ends) {
  node n{deterministic()};
  int begun = 0;
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](go, turn& now) -> task<void> {
                     auto work = now.run([&begun] { ++begun; });
                     now.kill(now.self());
                     co_await work;
                   });
                 })));
  n.send(n.ref(path{"/top/a"}), go{});
  n.settle();
  BOOST_TEST(begun == 0);
}

BOOST_AUTO_TEST_CASE(blocking_work_that_takes_a_stop_token_is_told_when_nobody_waits_for_it) {
  event begun, told;
  {
    node_options options;
    options.threads = 2;
    options.log = logger{};
    node n{std::move(options)};
    must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                     me.on([&](go, turn& now) -> task<void> {
                       auto work = now.run([&begun, &told](std::stop_token stop) {
                         const std::stop_callback tell{stop, [&told] { told.happen(); }};
                         begun.happen();
                         told.wait();
                       });
                       co_await work;
                     });
                   })));
    n.send(n.ref(path{"/top/a"}), go{});
    BOOST_TEST(begun.wait());
    n.kill(n.ref(path{"/top/a"}));
    BOOST_TEST(told.wait());
  }
}

BOOST_AUTO_TEST_SUITE_END()
