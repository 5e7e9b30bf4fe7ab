#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What a handler may look like, and what its turn tells it.

namespace {

answer echoed(const question& q) { return {"echo " + q.text}; }

agent_ref start(node& on, scripted::script write) {
  must_supervise(on, top_of(scripted_child("a", std::move(write))));
  return on.ref(path{"/top/a"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(turn_test)

BOOST_AUTO_TEST_CASE(a_handler_is_a_function_or_a_coroutine_and_takes_its_message_by_value_or_by_reference) {
  node n{deterministic()};
  must_supervise(
      n, top_of(scripted_child("value", [](scripted& me) { me.on([](question q) { return echoed(q); }); }),
                scripted_child("reference", [](scripted& me) { me.on([](const question& q) { return echoed(q); }); }),
                scripted_child("task",
                               [](scripted& me) {
                                 me.on([](question q, turn& now) -> task<answer> {
                                   co_await now.sleep(1s);
                                   co_return echoed(q);
                                 });
                               }),
                // The message outlives the wait.
                scripted_child("task_of_reference", [](scripted& me) {
                  me.on([](const question& q, turn& now) -> task<answer> {
                    co_await now.sleep(1s);
                    co_return echoed(q);
                  });
                })));
  for (const char* name : {"value", "reference", "task", "task_of_reference"}) {
    auto asked = n.begin_ask(n.ref(path{"/top"} / name), question{"a text too long to be kept inside the string"});
    n.advance(1s);
    BOOST_TEST(must(asked.get()).text == "echo a text too long to be kept inside the string", name);
  }
}

BOOST_AUTO_TEST_CASE(a_result_answers_with_an_error_and_the_agent_lives_on) {
  node n{deterministic()};
  const auto a = start(n, [](scripted& me) {
    me.on([](const question& q) -> result<answer> {
      if (q.text.empty()) return error{errc::invalid_argument, "nothing was asked"};
      return echoed(q);
    });
    me.on([](go, turn& now) -> task<result<void>> {
      co_await now.sleep(1ms);
      co_return error{errc::unsupported, "not here"};
    });
  });
  const auto refused = n.ask(a, question{});
  BOOST_TEST(refused.error().is(errc::invalid_argument));
  BOOST_TEST(refused.error().message() == "nothing was asked");
  auto later = n.begin_ask(a, go{});
  n.advance(1ms);
  BOOST_TEST(later.get().error().is(errc::unsupported));
  BOOST_TEST(must(n.ask(a, question{"x"})).text == "echo x");
  BOOST_TEST(n.info(a.path())->incarnation == 1u);
  BOOST_TEST(n.info(a.path())->failures == 0u);
}

BOOST_AUTO_TEST_CASE(asking_a_handler_that_returns_nothing_waits_until_it_is_done) {
  node n{deterministic()};
  int handled = 0;
  const auto a = start(n, [&](scripted& me) {
    me.on([&](const note&) { ++handled; });
    me.on([&](go, turn& now) -> task<void> {
      co_await now.sleep(1s);
      ++handled;
    });
  });
  must(n.ask(a, note{}));
  BOOST_TEST(handled == 1);
  auto asked = n.begin_ask(a, go{});
  n.advance(999ms);
  BOOST_TEST(!asked.ready());
  n.advance(1ms);
  must(asked.get());
  BOOST_TEST(handled == 2);
}

BOOST_AUTO_TEST_CASE(the_last_handler_registered_for_a_type_wins) {
  node n{deterministic()};
  const auto a = start(n, [](scripted& me) {
    me.on([](const question&) { return answer{"first"}; });
    me.on([](question, turn&) -> task<answer> { co_return answer{"last"}; });
  });
  BOOST_TEST(must(n.ask(a, question{})).text == "last");
}

BOOST_AUTO_TEST_CASE(a_message_without_a_handler_is_an_error_for_who_asks_and_a_dead_letter) {
  node n{deterministic()};
  const auto a = start(n, [](scripted&) {});
  const auto asked = n.ask(a, question{"?"});
  BOOST_TEST(asked.error().is(agent_errc::no_handler));
  BOOST_TEST(asked.error().message() == "/top/a (scripted) has no handler for `question`");
  n.send(a, go{});
  n.settle();
  BOOST_TEST(dropped(n, drop_reason::no_handler) == 2u);
  const auto last = n.dead_letters().back();
  BOOST_TEST(last.to.str() == "/top/a");
  BOOST_TEST(last.message_type == "go");
  BOOST_TEST(last.when.time_since_epoch().count() == n.clock().wall().time_since_epoch().count());
  BOOST_TEST(n.info(a.path())->incarnation == 1u);
}

BOOST_AUTO_TEST_CASE(whatever_a_handler_throws_is_told_to_who_asked) {
  node n{deterministic()};
  const auto a = start(n, [](scripted& me) {
    me.on([](const note&) { throw 42; });
    me.on([](go, turn& now) -> task<void> {
      co_await now.sleep(1ms);
      throw failure{error{errc::parse_error, "line 7"}};
    });
  });
  const auto odd = n.ask(a, note{});
  BOOST_TEST(odd.error().is(agent_errc::agent_failed));
  BOOST_TEST(odd.error().message() == "/top/a failed while it handled `note`: something that is no std::exception");
  auto late = n.begin_ask(a, go{});
  n.advance(1ms);
  const auto told = late.get();
  BOOST_TEST(told.error().is(agent_errc::agent_failed));
  BOOST_TEST(told.error().message().find("line 7") != std::string::npos);
  BOOST_TEST(n.info(a.path())->incarnation == 3u);
}

BOOST_AUTO_TEST_CASE(tasks_await_tasks_and_pass_values_and_exceptions_up) {
  struct helper {
    static task<int> sum_to(int n, turn& now) {
      if (n == 0) co_return 0;
      co_await now.sleep(1ms);
      co_return n + co_await sum_to(n - 1, now);
    }
    static task<void> fail(turn& now) {
      co_await now.sleep(1ms);
      throw std::runtime_error{"deep down"};
    }
  };
  node n{deterministic()};
  const auto a = start(n, [](scripted& me) {
    me.on([](question, turn& now) -> task<answer> {
      const int sum = co_await helper::sum_to(10, now);
      std::string caught;
      try {
        co_await helper::fail(now);
      } catch (const std::runtime_error& e) {
        caught = e.what();
      }
      co_return answer{std::to_string(sum) + " " + caught};
    });
  });
  auto asked = n.begin_ask(a, question{});
  n.advance(11ms);
  BOOST_TEST(must(asked.get()).text == "55 deep down");
}

BOOST_AUTO_TEST_CASE(a_turn_knows_who_is_around) {
  node n{deterministic()};
  std::string seen;
  const auto say = [](const agent_ref& who) { return who ? who.path().str() : std::string{"nobody"}; };
  const auto a = start(n, [&](scripted& me) {
    me.on([&](const note&, turn& now) {
      seen = say(now.self()) + " " + say(now.parent()) + " " + say(now.sender()) + " " + say(now.child("kid")) + " " +
             say(now.ref(path{"/not/yet"}));
    });
    me.on([&](go, turn& now) { now.send(now.self(), note{}); });
  });
  must(n.ask(a, note{}));
  BOOST_TEST(seen == "/top/a /top nobody /top/a/kid /not/yet");
  must(n.ask(a, go{}));
  BOOST_TEST(seen == "/top/a /top /top/a /top/a/kid /not/yet");
}

BOOST_AUTO_TEST_CASE(a_forwarded_question_is_answered_by_the_other_in_the_name_of_the_first) {
  node n{deterministic()};
  std::string asked_by;
  must_supervise(n, top_of(scripted_child("front",
                                          [](scripted& me) {
                                            me.on([](question q, turn& now) -> answer {
                                              const bool fall = q.text == "fall";
                                              const auto to =
                                                  now.ref(path{"/top"} / (q.text == "nobody" ? "nobody" : "back"));
                                              now.forward(to, std::move(q));
                                              if (fall) throw std::runtime_error{"after the forward"};
                                              return {"dropped"};
                                            });
                                          }),
                           scripted_child("back",
                                          [&](scripted& me) {
                                            me.on([&](const question& q, turn& now) {
                                              asked_by = now.sender() ? now.sender().path().str() : "";
                                              return echoed(q);
                                            });
                                          }),
                           scripted_child("asker", [](scripted& me) {
                             me.on([](go, turn& now) -> task<void> {
                               const auto got = co_await now.ask<question>(now.ref(path{"/top/front"}), "from inside");
                               if (got.text != "echo from inside") throw std::runtime_error{got.text};
                             });
                           })));
  const auto front = n.ref(path{"/top/front"});
  BOOST_TEST(must(n.ask(front, question{"x"})).text == "echo x");
  BOOST_TEST(must(n.ask(front, question{"fall"})).text == "echo fall");
  BOOST_TEST(n.ask(front, question{"nobody"}).error().is(agent_errc::unknown_agent));
  must(n.ask(n.ref(path{"/top/asker"}), go{}));
  BOOST_TEST(asked_by == "/top/asker");
}

BOOST_AUTO_TEST_CASE(a_trace_goes_along_with_a_new_span_for_each_turn) {
  node n{deterministic()};
  std::vector<trace_context> seen;
  must_supervise(n, top_of(scripted_child("first",
                                          [&](scripted& me) {
                                            me.on([&](go, turn& now) -> task<void> {
                                              seen.push_back(now.trace());
                                              now.send(now.ref(path{"/top/second"}), note{});
                                              (void)co_await now.ask<question>(now.ref(path{"/top/second"}), "");
                                            });
                                          }),
                           scripted_child("second", [&](scripted& me) {
                             me.on([&](const note&, turn& now) { seen.push_back(now.trace()); });
                             me.on([&](const question& q, turn& now) {
                               seen.push_back(now.trace());
                               return echoed(q);
                             });
                           })));
  must(n.ask(n.ref(path{"/top/first"}), go{}));
  BOOST_REQUIRE(seen.size() == 3u);
  BOOST_TEST(seen[0].valid());
  for (const auto& later : {seen[1], seen[2]}) {
    BOOST_TEST(later.trace_id_hex() == seen[0].trace_id_hex());
    BOOST_TEST(later.span_id_hex() != seen[0].span_id_hex());
  }
  BOOST_TEST(seen[1].span_id_hex() != seen[2].span_id_hex());
  must(n.ask(n.ref(path{"/top/first"}), go{}));
  BOOST_TEST(seen[3].trace_id_hex() != seen[0].trace_id_hex());
}

BOOST_AUTO_TEST_CASE(random_numbers_depend_on_seed_agent_and_turn_and_on_nothing_else) {
  using drawn = std::vector<std::uint64_t>;
  const auto draw = [](std::uint64_t seed) {
    node n{deterministic(seed)};
    std::map<std::string, drawn> by_agent;
    const auto script = [&](scripted& me) {
      me.on([&](go, turn& now) {
        auto& mine = by_agent[now.self().path().str()];
        for (int i = 0; i < 3; ++i) mine.push_back(now.random()());
        BOOST_TEST(now.random().below(7) < 7u);
        BOOST_TEST(now.random().uniform() < 1.0);
      });
    };
    must_supervise(n, top_of(scripted_child("a", script), scripted_child("b", script)));
    for (int i = 0; i < 2; ++i)
      for (const char* who : {"/top/a", "/top/b"}) must(n.ask(n.ref(path{who}), go{}));
    return by_agent;
  };
  auto once = draw(7);
  BOOST_TEST((once == draw(7)));
  BOOST_TEST((once != draw(8)));
  BOOST_TEST(once["/top/a"] != once["/top/b"]);
  const auto& a = once["/top/a"];
  BOOST_TEST((drawn{a.begin(), a.begin() + 3} != drawn{a.begin() + 3, a.end()}));
}

BOOST_AUTO_TEST_CASE(time_is_the_node_s_clock_s) {
  node n{deterministic()};
  const auto a = start(n, [&](scripted& me) {
    me.on([&](const note& after, turn& now) {
      BOOST_TEST((now.now() == virtual_clock::start_now + std::chrono::seconds{after.number}));
      BOOST_TEST((now.time() == virtual_clock::start_wall + std::chrono::seconds{after.number}));
    });
  });
  must(n.ask(a, note{0}));
  n.advance(90s);
  must(n.ask(a, note{90}));
}

BOOST_AUTO_TEST_CASE(who_asks_sets_the_deadline_and_what_is_asked_on_its_behalf_inherits_it) {
  node n{deterministic()};
  std::vector<std::optional<instant>> seen;
  must_supervise(n, top_of(scripted_child("front",
                                          [&](scripted& me) {
                                            me.on([&](go, turn& now) -> task<void> {
                                              seen.push_back(now.deadline());
                                              const auto back = now.ref(path{"/top/back"});
                                              (void)co_await now.ask<question>(back, "");
                                              (void)co_await now.ask_within<question>(1s, back, "");
                                              (void)co_await now.ask_within<question>(1h, back, "");
                                              now.send(back, note{});
                                            });
                                          }),
                           scripted_child("back", [&](scripted& me) {
                             me.on([&](const question& q, turn& now) {
                               seen.push_back(now.deadline());
                               return echoed(q);
                             });
                             me.on([&](const note&, turn& now) { seen.push_back(now.deadline()); });
                           })));
  const auto begun = n.clock().now();
  must(n.ask(n.ref(path{"/top/front"}), go{}, 10s));
  const std::vector<std::optional<instant>> wanted{begun + 10s, begun + 10s, begun + 1s, begun + 10s, std::nullopt};
  BOOST_TEST((seen == wanted));
}

BOOST_AUTO_TEST_CASE(a_question_that_nobody_waits_for_any_more_is_not_handled) {
  node n{deterministic()};
  int handled = 0;
  const auto a = start(n, [&](scripted& me) {
    me.on([](go, turn& now) -> task<void> { co_await now.sleep(5s); });
    me.on([&](const question& q) {
      ++handled;
      return echoed(q);
    });
  });
  n.send(a, go{});
  auto asked = n.begin_ask(a, question{"?"}, 2s);
  n.advance(5s);
  BOOST_TEST(handled == 0);
  BOOST_TEST(asked.get().error().is(agent_errc::timeout));
  BOOST_TEST(dropped(n, drop_reason::expired) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
