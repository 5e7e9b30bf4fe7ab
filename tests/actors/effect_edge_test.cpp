#include <memory>

#include "scripted.hpp"

using namespace troupe;
using namespace support;

// Effects at the edges: asked of oneself, kept for later, kept by the dozen, begun at the very end.

namespace {

const path top{"/top"};
const path a{"/top/a"};

// "ok", or the name of the error.
template <class T>
std::string name_of(const result<T>& outcome) {
  return outcome ? "ok" : std::string{outcome.error().name()};
}

// Asks whoever the test says in its start hook, and goes on whatever comes back.
class asks_at_its_start final : public agent {
 public:
  asks_at_its_start(agent_context& context, path whom, std::string* told)
      : agent{context}, whom_{std::move(whom)}, told_{*told} {
    reentrant();
    on([](const question& q) { return answer{q.text}; });
  }

 private:
  task<void> on_start(turn& now) override {
    auto counting = now.ask<count_children>(now.ref(whom_));
    told_ = name_of(co_await counting.as_result());
  }
  const path whom_;
  std::string& told_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(effect_edge_test)

BOOST_AUTO_TEST_CASE(an_agent_that_asks_itself_is_told_at_once_that_it_would_wait_for_ever) {
  node n{deterministic()};
  std::vector<std::string> told;
  const auto early = n.ref(a);
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([](const question& q) { return answer{q.text}; });
                   me.on([&](go, turn& now) -> task<void> {
                     for (const auto& to : {now.self(), now.ref(a), early}) {
                       auto asking = now.ask<question>(to, "?");
                       told.push_back(name_of(co_await asking.as_result()));
                     }
                     now.send(now.self(), question{});  // no question
                   });
                 })));
  must(n.ask(n.ref(a), go{}));
  const std::vector<std::string> thrice(3, "would_deadlock");
  BOOST_TEST(told == thrice, boost::test_tools::per_element());
  BOOST_TEST(n.info(a)->turns == 2u);
}

BOOST_AUTO_TEST_CASE(a_reentrant_agent_may_ask_itself) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                   me.reentrant(2);
                   me.on([](question q, turn& now) -> task<answer> {
                     if (q.text == "inner") co_return answer{"asked myself"};
                     co_return co_await now.ask<question>(now.self(), "inner");
                   });
                 })));
  BOOST_TEST(must(n.ask(n.ref(a), question{"outer"})).text == "asked myself");
}

BOOST_AUTO_TEST_CASE(a_start_hook_that_asks_its_supervisor_or_its_own_agent_is_told_so_too) {
  for (const auto& whom : {top, a}) {
    node n{deterministic()};
    std::string told;
    must_supervise(n, top_of());
    must(n.ask(n.ref(top), start_child{child<asks_at_its_start>("a", whom, &told)}));
    BOOST_TEST(told == "would_deadlock", whom.str());
    BOOST_TEST(must(n.ask(n.ref(a), question{"started"})).text == "started");
  }
}

BOOST_AUTO_TEST_CASE(a_start_hook_may_ask_another_supervisor) {
  node n{deterministic()};
  std::string told;
  must_supervise(n, {.name = "others"});
  must_supervise(n, top_of(child<asks_at_its_start>("a", path{"/others"}, &told)));
  BOOST_TEST(told == "ok");
}

BOOST_AUTO_TEST_CASE(a_turn_may_ask_the_supervisor_above_it) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                   me.on([](go, turn& now) -> task<void> {
                     BOOST_TEST((co_await now.ask<count_children>(now.parent())).active == 1u);
                   });
                 })));
  must(n.ask(n.ref(a), go{}));
}

BOOST_AUTO_TEST_CASE(an_effect_that_is_kept_and_awaited_in_a_later_turn_belongs_to_that_turn) {
  node n{deterministic()};
  std::unique_ptr<effect<void>> kept;
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.reentrant();
                   me.on([&](const go&, turn& now) { kept = std::make_unique<effect<void>>(now.sleep(1s)); });
                   me.on([](note, turn& now) -> task<void> { co_await now.sleep(1h); });
                   me.on([&](question q) -> task<answer> {
                     co_await *kept;
                     kept.reset();
                     co_return answer{q.text};
                   });
                 })));
  must(n.ask(n.ref(a), go{}));  // its turn is over
  auto other = n.begin_ask(n.ref(a), note{});
  auto asked = n.begin_ask(n.ref(a), question{"mine"});
  n.advance(999ms);
  BOOST_TEST(!asked.ready());
  n.advance(1ms);
  BOOST_TEST(must(asked.get()).text == "mine");
  BOOST_TEST(!other.ready());
}

BOOST_AUTO_TEST_CASE(effects_may_be_kept_in_a_container_and_awaited_in_place) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a",
                                          [](scripted& me) {
                                            me.on([](go, turn& now) -> task<void> {
                                              std::vector<effect<answer>> all;
                                              for (int i = 0; i < 20; ++i)
                                                all.push_back(now.ask<question>(now.ref(top / "b"), std::to_string(i)));
                                              const auto first = co_await all[0];
                                              BOOST_TEST(first.text == "0");
                                              const auto last = co_await all.back().as_result();
                                              BOOST_TEST(last.value().text == "19");
                                              all.pop_back();
                                              all.erase(all.begin());
                                              int sum = 0;
                                              for (auto& each : all) {
                                                const auto got = co_await each;
                                                sum += std::stoi(got.text);
                                              }
                                              BOOST_TEST(sum == 171);
                                            });
                                          }),
                           scripted_child("b", [](scripted& me) {
                             me.on([](question q, turn& now) -> task<answer> {
                               co_await now.sleep(1ms);
                               co_return answer{q.text};
                             });
                           })));
  auto asked = n.begin_ask(n.ref(a), go{});
  n.advance(1s);
  must(asked.get());
}

BOOST_AUTO_TEST_CASE(handlers_may_be_noexcept) {
  class careful final : public agent {
   public:
    explicit careful(agent_context& context) : agent{context} {
      on(&careful::echo);
      on(&careful::count);
      on(&careful::tell);
      on([](const go&) noexcept {});
    }

   private:
    answer echo(const question& q) noexcept { return {q.text}; }
    void count(const note& n) noexcept { sum_ += n.number; }
    child_counts tell(const count_children&) const noexcept { return {.active = static_cast<std::size_t>(sum_)}; }
    std::int64_t sum_ = 0;
  };
  node n{deterministic()};
  must_supervise(n, top_of(child<careful>("a")));
  BOOST_TEST(must(n.ask(n.ref(a), question{"fine"})).text == "fine");
  must(n.ask(n.ref(a), note{3}));
  must(n.ask(n.ref(a), go{}));
  BOOST_TEST(must(n.ask(n.ref(a), count_children{})).active == 3u);
}

BOOST_AUTO_TEST_CASE(a_scope_guard_that_stops_a_sub_agent_while_its_agent_ends_ends_nothing_else) {
  struct guard {
    turn& now;
    ~guard() { auto stopping = now.stop("helper"); }
  };
  const std::function<void(node&)> ends[]{
      [](node& n) { n.kill(n.ref(a)); },
      [](node& n) {
        must(n.ask(n.ref(top), terminate_child{"a"}));
        must(n.ask(n.ref(top), restart_child{"a"}));
      },
      [](node& n) { n.send(n.ref(a), crash{}); },
  };
  for (const auto& end : ends) {
    node n{deterministic()};
    must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                     me.reentrant();
                     me.on([](go, turn& now) -> task<void> {
                       auto spec = scripted_child("helper", [](scripted&) {});
                       auto spawning = now.spawn(std::move(spec));
                       co_await spawning;
                       const guard at_the_end{now};
                       co_await now.sleep(1h);
                     });
                     me.on([](const question& q) { return answer{q.text}; });
                   })));
    auto asked = n.begin_ask(n.ref(a), go{});
    n.settle();
    BOOST_TEST(n.info(a / "helper").has_value());
    end(n);
    n.settle();
    BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
    BOOST_TEST(!n.info(a / "helper").has_value());
    BOOST_TEST(must(n.ask(n.ref(a), question{"again"})).text == "again");
    BOOST_TEST(n.info(a)->incarnation == 2u);
    BOOST_TEST(n.info(top)->incarnation == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_spawn_in_a_stop_hook_fails_and_the_hook_goes_on) {
  class stubborn final : public agent {
   public:
    stubborn(agent_context& context, std::string* told) : agent{context}, told_{*told} {}

   private:
    task<void> post_stop(turn& now, const exit_cause&) override {
      auto spec = scripted_child("kid", [](scripted&) {});
      auto spawning = now.spawn(std::move(spec));
      told_ = name_of(co_await spawning.as_result());
    }
    std::string& told_;
  };
  node n{deterministic()};
  std::string told;
  must_supervise(n, top_of(child<stubborn>("a", &told)));
  must(n.ask(n.ref(top), terminate_child{"a"}));
  BOOST_TEST(told == "cancelled");
}

BOOST_AUTO_TEST_CASE(an_agent_that_asks_itself_through_an_old_reference_is_told_so) {
  node n{deterministic()};
  agent_ref old;
  std::string told;
  const path self{"/top/a"};
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([](const question& q) { return answer{q.text}; });
                   me.on([&](const go&, turn& now) -> task<void> {
                     auto asking = now.ask<question>(old, "?");
                     const auto outcome = co_await asking.as_result();
                     told = outcome ? "answered" : std::string{outcome.error().name()};
                   });
                 })));
  old = n.ref(self);
  must(n.ask(n.ref(path{"/top"}), terminate_child{"a"}));
  must(n.ask(n.ref(path{"/top"}), restart_child{"a"}));
  must(n.ask(n.ref(self), go{}));
  BOOST_TEST(told == "would_deadlock");
}

BOOST_AUTO_TEST_SUITE_END()
