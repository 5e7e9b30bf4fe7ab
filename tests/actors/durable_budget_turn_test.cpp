#include <troupe/actors/tool_registry.hpp>
#include <vector>

#include "buyers.hpp"
#include "gate.hpp"

// Budgets in durable turns: what they find on disk, how their reservations end, and other limits in another life.

using namespace buyers;

BOOST_AUTO_TEST_SUITE(durable_budget_turn_test)

// -- what is outside
// ---------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_done_has_its_reservation_on_disk) {
  place here;
  here.open();
  std::vector<std::string> seen;
  const auto look = [&](std::string_view who) { seen.push_back(std::string{who} + " " + here.on_disk(top)); };
  must(here.n->tools().add_raw({.name = "tool"}, [&](const troupe::tool_call&, const std::stop_token&) {
    look("tool");
    return troupe::tool_reply{};
  }));
  const auto plain = support::scripted_child("plain", [&](support::scripted& me) {
    me.on([&](const question&) {
      look("plain");
      return answer{};
    });
  });
  const auto asker =
      support::scripted_child("asker",
                              [&](support::scripted& me) {
                                me.on([&](support::go, troupe::turn& now) -> troupe::task<void> {
                                  auto held = now.reserve(tokens, 4).value();
                                  const auto work = [&look] { look("run"); };
                                  auto running = now.run(work);
                                  co_await running;
                                  held.settle(1).value();
                                  co_await now.call_tool("tool");
                                  now.spend(tokens, 1).value();
                                  co_await now.ask<question>(now.ref(path{"/top/plain"}));
                                  held = now.reserve(tokens, 5).value();
                                  co_await now.spawn<support::scripted>(
                                      "sub", support::scripted::script{[&look](support::scripted&) { look("spawn"); }});
                                });
                              },
                              {.durability = local});
  support::must_supervise(*here.n, support::limited_top({{tokens, limit}}, {plain, asker}));
  must(here.n->ask(here.n->ref(path{"/top/asker"}), support::go{}));
  const std::vector<std::string> expected{"run 4 0 0", "tool 0 1 0", "plain 0 2 0", "spawn 5 2 0"};
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
  here.check_used(top, limit, "0 2 0");
}

BOOST_AUTO_TEST_CASE(what_is_given_up_before_it_begins_never_does) {
  place here;
  here.open();
  int done = 0;
  const auto asker = support::scripted_child("asker",
                                             [&](support::scripted& me) {
                                               me.on([&](support::go, troupe::turn& now) -> troupe::task<void> {
                                                 auto held = now.reserve(tokens, 4).value();
                                                 const auto work = [&done] { ++done; };
                                                 { auto dropped = now.run(work); }
                                                 co_await now.sleep(1s);
                                               });
                                             },
                                             {.durability = local});
  support::must_supervise(*here.n, support::limited_top({{tokens, limit}}, {asker}));
  auto asked = here.n->begin_ask(here.n->ref(path{"/top/asker"}), support::go{});
  here.n->advance(2s);
  must(asked.get());
  BOOST_TEST(done == 0);
  here.check_used(top, limit, "0 0 0");
}

// -- ends of turns ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_turn_that_fails_drops_what_it_has_reserved) {
  for (const bool again : {false, true}) {
    place here;
    here.start();
    here.post(ann, "fail");
    here.check_used(top, limit, "20 0 0");
    if (again) here.restart();
    here.n->advance(1h);
    here.check_used(ann, place::own_limit, "0 0 0");
    here.check_used(top, limit, "0 0 0");
    here.post(ann, "fail begun");
    if (again) here.restart();
    here.n->advance(1h);
    here.check_used(ann, place::own_limit, "0 20 0");
    here.check_used(top, limit, "0 20 0");
    here.check_clean(0);
  }
}

BOOST_AUTO_TEST_CASE(what_outlives_its_turn_is_charged_in_full) {
  for (const bool again : {false, true}) {
    place here;
    here.start();
    here.post(ann, "keep");
    if (again) here.restart();
    here.check_used(top, limit, "20 0 0");
    here.n->advance(1h);
    here.check_used(top, limit, "0 20 0");
    const auto late = must(here.n->ask(here.n->ref(path{ann}), errand{"settle late"}));
    BOOST_TEST(late.text == "unsupported");
    here.check_used(top, limit, "0 20 0");
    here.check_clean(0);
  }
}

BOOST_AUTO_TEST_CASE(only_the_code_of_the_turn_settles) {
  for (const bool again : {false, true}) {
    place here;
    here.start();
    here.post(ann, "elsewhere");
    BOOST_TEST(here.outside.said == "unsupported");
    if (again) here.restart();
    here.check_used(top, limit, "20 0 0");
    here.n->advance(1h);
    BOOST_TEST(here.ask(ann) == "1");
    here.check_used(top, limit, "0 20 0");
    here.check_clean(0);
  }
}

BOOST_AUTO_TEST_CASE(a_turn_may_have_again_what_it_has_given_back) {
  place here;
  here.start();
  auto asked = here.n->begin_ask(here.n->ref(path{bob}), errand{"twice"}, 5h);
  here.n->settle();
  here.check_used(top, limit, "0 6 0");
  here.n->kill(here.n->ref(path{bob}));
  here.post(ann, "wait");
  here.n->advance(1h);
  BOOST_TEST(must(asked.get()).text == "94 34");  // what was left is what was left
  here.check_used(top, limit, "60 6 0");
}

BOOST_AUTO_TEST_CASE(a_turn_may_charge_often) {
  place here;
  here.open();
  const auto spender = support::scripted_child("spender",
                                               [](support::scripted& me) {
                                                 me.on([](support::go, troupe::turn& now) -> troupe::task<void> {
                                                   for (int i = 0; i < 12'000; ++i) now.spend(tokens, 1).value();
                                                   co_await now.sleep(1h);
                                                   for (int i = 0; i < 12'000; ++i) now.spend(tokens, 1).value();
                                                 });
                                               },
                                               {.durability = local});
  const auto start = [&] { support::must_supervise(*here.n, support::limited_top({{tokens, 30'000}}, {spender})); };
  start();
  must(here.n->post(here.n->ref(path{"/top/spender"}), support::go{}));
  here.n->settle();
  here.check_used(top, 30'000, "0 12000 0");
  here.crash();
  here.open();
  start();
  here.n->advance(2h);
  here.check_used(top, 30'000, "0 24000 0");
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(a_turn_that_settles_otherwise_fails_and_says_so) {
  place here;
  here.outside.done["life"] = 1;
  here.start();
  here.post(ann, "other way");
  here.check_used(top, limit, "0 1 0");
  here.crash();
  here.outside.done["life"] = 2;
  here.start();
  here.n->settle();
  const auto info = here.n->info(path{ann});
  BOOST_TEST(info->last_error.find("is `budget settle 2 with 2 of tokens` now, where it was `budget settle 2 with 1") !=
                 std::string::npos,
             info->last_error);
  here.check_used(top, limit, "0 1 0");
  here.check_clean(1);  // it is set aside, with what it has reserved
}

// -- other limits -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(limits_may_change_between_lives) {
  const auto start = [](place& here, troupe::budget of_top, troupe::budget of_ann) {
    here.open();
    troupe::child_options how{.durability = local};
    how.budget = std::move(of_ann);
    support::must_supervise(*here.n,
                            support::limited_top(std::move(of_top), {troupe::child<buyer>("ann", how, &here.outside)}));
    here.n->settle();
  };
  place here;
  start(here, {{tokens, 100}}, {});
  here.post(ann, "wait");
  here.crash();
  // One more budget, and less of the other than is reserved.
  start(here, {{tokens, 50}}, {{tokens, 70}});
  BOOST_TEST(stands(*here.n, top) == "50 60 0 0");
  here.crash();
  // None at the top.
  start(here, {}, {{tokens, 70}});
  here.n->advance(11h);
  BOOST_TEST(here.ask(ann) == "1");
  here.check_used(ann, 70, "0 70 10");
  BOOST_TEST(here.on_disk(top) == "0 80 0");
  here.check_clean(0);
  here.crash();
  start(here, {{tokens, 70}}, {});
  BOOST_TEST(stands(*here.n, top) == "70 0 80 0");
}

// -- many threads -----------------------------------------------------------------------------------------------------

namespace {

class worker : public troupe::agent {
 public:
  explicit worker(troupe::agent_context& context) : agent{context} { on(&worker::run); }

 private:
  troupe::task<answer> run(errand, troupe::turn& now) {
    auto held = now.reserve(tokens, 7).value();
    held.begin();
    const auto nothing = [] {};
    auto working = now.run(nothing);
    co_await working;
    held.settle(3).value();
    const auto left = now.budget_left(tokens).value();
    auto more = now.run(nothing);
    co_await more;
    now.spend(tokens, 1).value();
    co_return answer{std::to_string(left.left)};
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(agents_on_several_threads_share_a_budget) {
  constexpr int agents = 8, rounds = 10;
  troupe::test::temporary_folder folder;
  troupe::test::a_disk disk{false};
  troupe::node_options options;
  options.threads = 4;
  options.log = troupe::logger{};
  memory::store_options how{.folder = folder.path() / "memory", .env = &disk};
  const std::shared_ptr<memory::store> store = must(memory::store::open(how));
  options.memory = store;
  troupe::node n{options};
  std::vector<troupe::child_spec> workers;
  for (int i = 0; i < agents; ++i)
    workers.push_back(troupe::child<worker>("w" + std::to_string(i), {.durability = local}));
  support::must_supervise(n, support::limited_top({{tokens, 1'000'000}}, std::move(workers)));
  using waiting = decltype(n.begin_ask(n.ref(path{}), errand{}, 1min));
  std::vector<waiting> all;
  for (int round = 0; round < rounds; ++round)
    for (int i = 0; i < agents; ++i)
      all.push_back(n.begin_ask(n.ref(path{"/top/w" + std::to_string(i)}), errand{}, 1min));
  for (auto& each : all) must(each.get());
  BOOST_TEST(stands(n, top) == "1000000 0 " + std::to_string(agents * rounds * 4) + " 0");
  const auto found = must(store->charges());
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found.front().spent == agents * rounds * 4);
  BOOST_TEST(found.front().reserved == 0);
  BOOST_TEST(must(memory::check(*store)).clean());
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_abandoned_charges_once) {
  troupe::test::temporary_folder folder;
  troupe::test::a_disk disk{false};
  troupe::node_options options;
  options.threads = 4;
  options.kill_grace = 20ms;
  options.log = troupe::logger{};
  memory::store_options how{.folder = folder.path() / "memory", .env = &disk};
  const std::shared_ptr<memory::store> store = must(memory::store::open(how));
  options.memory = store;
  support::block stuck;
  support::event gone;
  troupe::node n{options};
  const auto spec = support::scripted_child("a",
                                            [&](support::scripted& me) {
                                              const bool first = me.incarnation() == 1;
                                              auto end = first ? std::make_shared<support::at_the_end>(gone) : nullptr;
                                              me.on([&stuck, first, end](support::go, troupe::turn& now) {
                                                auto held = now.reserve(tokens, 10).value();
                                                if (first) stuck.hold();
                                                (void)held.settle(4);
                                              });
                                            },
                                            {.shutdown = 20ms, .durability = local});
  auto top_spec = support::limited_top({{tokens, 30}}, {spec, support::idle("b")});
  support::must_supervise(n, std::move(top_spec));
  must(n.post(n.ref(path{"/top/a"}), support::go{}));
  BOOST_REQUIRE(stuck.begun.wait());
  must(n.ask(n.ref(path{top}), troupe::terminate_child{"a"}));
  must(n.ask(n.ref(path{top}), troupe::restart_child{"a"}));
  must(n.ask(n.ref(path{"/top/a"}), support::go{}));  // after the one that was interrupted
  stuck.release.happen();
  BOOST_TEST(gone.wait());
  BOOST_TEST(stands(n, top) == "30 0 8 0");
  n.stop();
  BOOST_TEST(must(store->charges()).front().spent == 8);
  BOOST_TEST(must(memory::check(*store)).clean());
}

BOOST_AUTO_TEST_SUITE_END()
