#include <cmath>
#include <optional>

#include "budgets.hpp"
#include "supervised.hpp"

using namespace troupe;
using namespace support;

// What subtrees may use: reserved before an effect, settled after it, refused by the budget of any agent above.

BOOST_AUTO_TEST_SUITE(budget_test)

// -- amounts ----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(amounts_are_whole_numbers_of_the_smallest_unit) {
  BOOST_TEST(money(2.5).value() == 2'500'000);
  BOOST_TEST(money(0.1).value() == 100'000);
  BOOST_TEST(joules(0.0000014).value() == 1);
  BOOST_TEST(amount{10min}.value() == 600'000'000'000);
  BOOST_TEST(amount{std::chrono::hours::max()}.value() == amount::max);
  BOOST_TEST(amount{std::numeric_limits<std::uint64_t>::max()}.value() == amount::max);
  BOOST_TEST(money(-1).value() == -1);
  BOOST_TEST(money(std::nan("")).value() == -1);
  BOOST_TEST(money(1e300).value() == amount::max);
}

BOOST_AUTO_TEST_CASE(amounts_are_written_as_people_read_them) {
  BOOST_TEST(format_amount(quantity::tokens, 10'000) == "10000");
  BOOST_TEST(format_amount(quantity::money, 2'500'000) == "2.5");
  BOOST_TEST(format_amount(quantity::money, 3) == "0.000003");
  BOOST_TEST(format_amount(quantity::money, 4'000'000) == "4");
  BOOST_TEST(format_amount(quantity::money, -1'200'000) == "-1.2");
  BOOST_TEST(format_amount(quantity::energy, 1'500'000) == "1.5 J");
  BOOST_TEST(format_amount(quantity::wall_time, amount{90s}.value()) == "1m30s");
}

BOOST_AUTO_TEST_CASE(a_budget_that_cannot_be_is_an_error_of_the_spec) {
  const auto wrong = [](budget limits) {
    const supervisor_spec spec{.name = "top", .children = {idle("a", with(std::move(limits)))}};
    const auto bad = check(spec);
    if (!bad) return std::string{"ok"};
    return std::string{bad->name()} + ": " + bad->message();
  };
  BOOST_TEST(wrong({{quantity::tokens, 0}, {"pages", 7}}) == "ok");
  const std::string in = "bad_budget: child \"a\" of supervisor \"top\": budget: ";
  BOOST_TEST(wrong({{quantity::tokens, -1}}) == in + "a negative amount of tokens");
  BOOST_TEST(wrong({{"", 1}}) == in + "a quantity without a name");
  BOOST_TEST(wrong({{"a", 1}, {"b", 1}, {"a", 2}}) == in + "two amounts of a");
  BOOST_TEST(wrong({{std::string(65, 'x'), 1}}) == in + "the name of a quantity is longer than 64 bytes");
  budget many;
  for (int i = 0; i < 17; ++i) many.add("q" + std::to_string(i), 1);
  BOOST_TEST(wrong(many) == in + "17 quantities; 16 at most");
  BOOST_TEST(check(limited_top({{quantity::money, money(-3)}}, {}))->is(agent_errc::bad_budget));
  auto options = deterministic();
  options.budget = {{quantity::tokens, -1}};
  BOOST_CHECK_EXCEPTION((node{options}), failure, [](const auto& f) { return f.error().is(agent_errc::bad_budget); });
}

// -- reserve and settle -----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_reserved_is_taken_from_every_budget_above_and_what_is_not_used_goes_back) {
  auto options = deterministic();
  options.budget = {{quantity::tokens, 10'000}};
  node n{options};
  std::string during;
  must_supervise(n, limited_top({{quantity::tokens, 1'000}}, {doing(
                                                                  "a",
                                                                  [&](turn& now) {
                                                                    auto held = now.reserve(quantity::tokens, 60);
                                                                    during = stands(n, "/top/a") + ", " +
                                                                             stands(n, "/top") + ", " + stands(n, "/");
                                                                    must(held->settle(25));
                                                                    BOOST_TEST(!held->is_open());
                                                                  },
                                                                  with({{quantity::tokens, 100}})),
                                                              idle("b", with({{quantity::tokens, 100}}))}));
  run_turn(n, "/top/a");
  BOOST_TEST(during == "100 60 0 0, 1000 60 0 0, 10000 60 0 0");
  BOOST_TEST(stands(n, "/top/a") == "100 0 25 0");
  BOOST_TEST(stands(n, "/top") == "1000 0 25 0");
  BOOST_TEST(stands(n, "/") == "10000 0 25 0");
  BOOST_TEST(stands(n, "/top/b") == "100 0 0 0");
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_taken_from_nobody_and_the_error_says_whose_budget_it_was) {
  node n{deterministic()};
  must_supervise(n, limited_top({{quantity::tokens, 1'000}},
                                {doing(
                                    "a",
                                    [&](turn& now) {
                                      must(now.spend(quantity::tokens, 300));
                                      const auto held = must(now.reserve(quantity::tokens, 500));
                                      const auto more = now.reserve(quantity::tokens, 201);
                                      BOOST_TEST(more.error().is(agent_errc::budget_spent));
                                      BOOST_TEST((fault_of(more.error()) == fault::budget_spent));
                                      BOOST_TEST(more.error().message() ==
                                                 "/top/a: 201 of tokens asked for; the budget of /top allows 1000, of "
                                                 "which 800 are in use (500 reserved, 300 spent); give it more, or use "
                                                 "less");
                                      BOOST_TEST(stands(n, "/top/a") == "5000 500 300 0");
                                      BOOST_TEST(must(now.reserve(quantity::tokens, 200)).is_open());
                                    },
                                    with({{quantity::tokens, 5'000}}))}));
  run_turn(n, "/top/a");
  BOOST_TEST(n.info(path{"/top"})->budget.front().refused == 1u);
  BOOST_TEST(n.info(path{"/top/a"})->budget.front().refused == 0u);
}

BOOST_AUTO_TEST_CASE(several_quantities_are_reserved_together_or_not_at_all) {
  node n{deterministic()};
  must_supervise(
      n, limited_top(
             {{quantity::tokens, 100}, {quantity::money, money(1)}, {"pages", 3}}, {doing("a", [&](turn& now) {
               const auto too_much = now.reserve({{quantity::tokens, 50}, {quantity::money, money(1.5)}, {"pages", 1}});
               BOOST_TEST(too_much.error().is(agent_errc::budget_spent));
               BOOST_TEST(too_much.error().message().find("1.5 of money asked for; the budget of /top") !=
                          std::string::npos);
               BOOST_TEST(stands(n, "/top") == "100 0 0 0");
               auto held = must(now.reserve({{quantity::tokens, 50}, {quantity::money, money(0.5)}, {"x", 9}}));
               // A single number does not say of what.
               BOOST_TEST(held.settle(3).error().is(agent_errc::bad_budget));
               BOOST_TEST(held.is_open());
               // What is not named was used as reserved; what was not reserved may be named.
               must(held.settle({{quantity::tokens, 20}, {"pages", 2}}));
             })}));
  run_turn(n, "/top/a");
  BOOST_TEST(stands(n, "/top") == "100 0 20 0");
  BOOST_TEST(stands(n, "/top", quantity::money) == "1000000 0 500000 0");
  BOOST_TEST(stands(n, "/top", "pages") == "3 0 2 0");
}

BOOST_AUTO_TEST_CASE(what_was_used_beyond_the_reservation_is_charged_as_far_as_it_fits_and_the_rest_is_an_overrun) {
  node n{deterministic()};
  must_supervise(n, limited_top({{quantity::tokens, 100}},
                                {doing(
                                    "a",
                                    [&](turn& now) {
                                      auto other = must(now.reserve(quantity::tokens, 30));
                                      auto held = must(now.reserve(quantity::tokens, 50));
                                      const auto over = held.settle(90);
                                      BOOST_TEST(over.error().is(agent_errc::budget_spent));
                                      BOOST_TEST(over.error().message() ==
                                                 "/top/a: 40 of tokens asked for; the budget of /top allows 100, of "
                                                 "which 80 are in use (30 reserved, 50 spent); give it more, or use "
                                                 "less");
                                      BOOST_TEST(!held.is_open());
                                      BOOST_TEST(stands(n, "/top") == "100 30 70 20");
                                      BOOST_TEST(stands(n, "/top/a") == "1000 30 90 0");
                                      BOOST_TEST((n.info(path{"/top"})->state == health::degraded));
                                      // It is paid for by what comes back.
                                      other.cancel();
                                      BOOST_TEST(stands(n, "/top") == "100 0 70 20");
                                      BOOST_TEST(now.budget_left(quantity::tokens)->left == 10);
                                      BOOST_TEST(!now.reserve(quantity::tokens, 11));
                                      must(now.spend(quantity::tokens, 10));
                                      BOOST_TEST(stands(n, "/top") == "100 0 80 20");
                                    },
                                    with({{quantity::tokens, 1'000}}))}));
  run_turn(n, "/top/a");
  BOOST_TEST((n.info(path{"/top"})->state == health::degraded));
  BOOST_TEST((n.info(path{"/top/a"})->state == health::healthy));
}

BOOST_AUTO_TEST_CASE(what_was_used_already_is_charged_by_reserving_nothing_and_settling) {
  node n{deterministic()};
  must_supervise(n, limited_top({{quantity::tokens, 100}}, {doing("a", [&](turn& now) {
                                  auto used = must(now.reserve(quantity::tokens, 0));
                                  BOOST_TEST(used.settle(120).error().is(agent_errc::budget_spent));
                                  must(now.reserve(quantity::tokens, 0)).cancel();
                                  BOOST_TEST(!now.spend(quantity::tokens, 1));
                                })}));
  run_turn(n, "/top/a");
  BOOST_TEST(stands(n, "/top") == "100 0 100 20");
}

BOOST_AUTO_TEST_CASE(a_reservation_that_is_dropped_is_given_back_unless_its_effect_had_begun) {
  node n{deterministic()};
  must_supervise(n,
                 limited_top({{quantity::tokens, 100}}, {doing("a", [&](turn& now) {
                               { const auto dropped = must(now.reserve(quantity::tokens, 10)); }
                               BOOST_TEST(stands(n, "/top") == "100 0 0 0");
                               {
                                 auto begun = must(now.reserve(quantity::tokens, 20));
                                 begun.begin();
                               }
                               BOOST_TEST(stands(n, "/top") == "100 0 20 0");
                               {
                                 auto begun = must(now.reserve(quantity::tokens, 30));
                                 begun.begin();
                                 auto moved = std::move(begun);
                                 BOOST_TEST(begun.settle(1).error().is(errc::invalid_argument));  // it was moved from
                                 moved.cancel();
                               }
                               BOOST_TEST(stands(n, "/top") == "100 0 20 0");
                               auto first = must(now.reserve(quantity::tokens, 5));
                               first = must(now.reserve(quantity::tokens, 7));  // the first one goes back
                               BOOST_TEST(stands(n, "/top") == "100 7 20 0");
                               must(first.settle());
                               BOOST_TEST(first.settle().error().is(errc::invalid_argument));
                               first.cancel();
                             })}));
  run_turn(n, "/top/a");
  BOOST_TEST(stands(n, "/top") == "100 0 27 0");
}

BOOST_AUTO_TEST_CASE(a_turn_that_is_cancelled_or_fails_settles_what_it_holds) {
  node n{deterministic()};
  must_supervise(n, limited_top({{quantity::tokens, 100}}, {scripted_child("a", [](scripted& me) {
                                  me.on([](go, turn& now) -> task<void> {
                                    auto begun = must(now.reserve(quantity::tokens, 10));
                                    begun.begin();
                                    const auto waiting = must(now.reserve(quantity::tokens, 20));
                                    co_await now.sleep(1h);
                                  });
                                  me.on([](const note&, turn& now) {
                                    const auto held = must(now.reserve(quantity::tokens, 40));
                                    throw std::runtime_error{"out of luck"};
                                  });
                                })}));
  const auto a = n.ref(path{"/top/a"});
  n.send(a, go{});
  n.settle();
  BOOST_TEST(stands(n, "/top") == "100 30 0 0");
  n.kill(a);
  n.settle();
  BOOST_TEST(stands(n, "/top") == "100 0 10 0");
  BOOST_TEST(n.ask(a, note{}).error().is(agent_errc::agent_failed));
  BOOST_TEST(stands(n, "/top") == "100 0 10 0");
}

BOOST_AUTO_TEST_CASE(a_reservation_may_outlive_its_agent_and_its_node) {
  std::optional<reservation> kept;
  {
    node n{deterministic()};
    must_supervise(
        n, limited_top({{quantity::tokens, 100}}, {doing("a",
                                                         [&](turn& now) {
                                                           kept = must(now.reserve(quantity::tokens, 10));
                                                           now.stop();
                                                         },
                                                         {.restart = temporary, .budget = {{quantity::tokens, 50}}})}));
    run_turn(n, "/top/a");
    BOOST_TEST(stands(n, "/top/a") == "gone");
    BOOST_TEST(stands(n, "/top") == "100 10 0 0");
  }
  must(kept->settle(4));
}

BOOST_AUTO_TEST_CASE(without_a_budget_above_everything_is_free) {
  node n{deterministic()};
  must_supervise(n, top_of(doing("a", [&](turn& now) {
                   auto held = must(now.reserve(quantity::tokens, amount::max));
                   BOOST_TEST(held.id() == 0u);
                   must(held.settle(7));
                   must(now.spend({{"pages", 3}, {"y", 2}}));
                   BOOST_TEST(!now.budget_left(quantity::tokens).has_value());
                 })));
  run_turn(n, "/top/a");
  BOOST_TEST(n.info(path{"/top/a"})->budget.empty());
}

BOOST_AUTO_TEST_CASE(what_the_runtime_keeps_and_what_cannot_be_is_not_reserved) {
  node n{deterministic()};
  must_supervise(n, limited_top({{quantity::children, 5}}, {doing("a", [&](turn& now) {
                                  for (const auto kept : {quantity::children, quantity::depth, quantity::wall_time})
                                    BOOST_TEST(now.reserve(kept, 1).error().is(agent_errc::bad_budget));
                                  BOOST_TEST(now.reserve("pages", -1).error().is(agent_errc::bad_budget));
                                  BOOST_TEST(now.spend("", 1).error().is(agent_errc::bad_budget));
                                  auto held = must(now.reserve("pages", 1));
                                  BOOST_TEST(held.settle(-1).error().is(agent_errc::bad_budget));
                                  BOOST_TEST(held.is_open());
                                })}));
  run_turn(n, "/top/a");
}

BOOST_AUTO_TEST_CASE(budget_left_is_the_tightest_above_and_whose_it_is) {
  auto options = deterministic();
  options.budget = {{quantity::tokens, 90}};
  node n{options};
  must_supervise(n, limited_top({{quantity::tokens, 1'000}},
                                {doing(
                                     "a",
                                     [&](turn& now) {
                                       BOOST_TEST(now.budget_left(quantity::tokens)->left == 80);
                                       BOOST_TEST(now.budget_left(quantity::tokens)->whose.str() == "/top/a");
                                       BOOST_TEST(now.budget_left(quantity::tokens)->limit == 80);
                                       must(now.spend(quantity::tokens, 70));
                                       BOOST_TEST(now.budget_left(quantity::tokens)->left == 10);
                                       BOOST_TEST(!now.budget_left("pages").has_value());
                                     },
                                     with({{quantity::tokens, 80}})),
                                 doing("b", [&](turn& now) {
                                   BOOST_TEST(now.budget_left(quantity::tokens)->left == 20);
                                   BOOST_TEST(now.budget_left(quantity::tokens)->whose.str() == "/");
                                 })}));
  run_turn(n, "/top/a");
  run_turn(n, "/top/b");
}

BOOST_AUTO_TEST_CASE(an_agent_that_gives_up_for_want_of_budget_ends_with_that_kind_of_fault) {
  node n{deterministic()};
  std::optional<exit_cause> seen;
  must_supervise(
      n, limited_top({{quantity::tokens, 1}}, {doing("a", [](turn& now) { now.spend(quantity::tokens, 2).value(); }),
                                               scripted_child("watcher", [&](scripted& me) {
                                                 me.on([](go, turn& now) { now.watch(now.ref(path{"/top/a"})); });
                                                 me.on([&](const down& end) { seen = end.cause; });
                                               })}));
  run_turn(n, "/top/watcher");
  n.send(n.ref(path{"/top/a"}), go{});
  n.settle();
  BOOST_REQUIRE(seen.has_value());
  BOOST_TEST((seen->kind == exit_kind::failed));
  BOOST_TEST((seen->fault == fault::budget_spent));
  BOOST_TEST(n.info(path{"/top/a"})->incarnation == 2u);
}

// -- the life of an account -------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_spent_stays_spent_across_restarts_in_place_and_is_new_with_a_new_start) {
  stage s;
  auto spec = patient({doing(
      "a", [](turn& now) { must(now.spend(quantity::tokens, 30)); }, with({{quantity::tokens, 50}}))});
  spec.budget = {{quantity::tokens, 1'000}};
  s.open(std::move(spec));
  run_turn(s.n, "/top/a");
  s.kill("a");
  BOOST_TEST(s.which() == "a#2");
  BOOST_TEST(stands(s.n, "/top/a") == "50 0 30 0");
  BOOST_TEST(s.terminate("a") == "ok");
  BOOST_TEST(s.restart("a") == "ok");
  BOOST_TEST(stands(s.n, "/top/a") == "50 0 0 0");
  BOOST_TEST(stands(s.n, "/top") == "1000 0 30 0");
}

BOOST_AUTO_TEST_CASE(an_exhausted_budget_shows_in_health_and_metrics) {
  node n{deterministic()};
  must_supervise(n, top_of(doing(
                        "a",
                        [](turn& now) {
                          must(now.spend(quantity::tokens, 50));
                          BOOST_TEST(!now.spend(quantity::tokens, 1));
                        },
                        with({{quantity::tokens, 50}, {"none", 0}, {quantity::children, 0}}))));
  BOOST_TEST((n.info(path{"/top/a"})->state == health::healthy));
  run_turn(n, "/top/a");
  BOOST_TEST((n.info(path{"/top/a"})->state == health::degraded));
  BOOST_TEST((n.info(path{"/top"})->rolled_up == health::degraded));
  const auto text = n.metrics_text();
  for (const char* line : {"troupe_budget_spent{actor_type=\"scripted\",quantity=\"tokens\"} 50",
                           "troupe_budget_limit{actor_type=\"scripted\",quantity=\"tokens\"} 50",
                           "troupe_budget_reserved{actor_type=\"scripted\",quantity=\"tokens\"} 0",
                           "troupe_budget_overrun{actor_type=\"scripted\",quantity=\"tokens\"} 0",
                           "troupe_budget_refused_total{quantity=\"tokens\"} 1"})
    BOOST_TEST(text.find(line) != std::string::npos, line);
}

BOOST_AUTO_TEST_SUITE_END()
