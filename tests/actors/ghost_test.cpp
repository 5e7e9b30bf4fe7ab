#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "gate.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What is below an agent that is abandoned, and in it, goes. Real threads: a ghost holds one.

namespace {

const path top{"/top"};
const path a{"/top/a"};

node_options threads() { return {.threads = 4, .ask_timeout = 30s, .kill_grace = 20ms, .log = logger{}}; }

child_options impatient(restart_type restart = permanent) { return {.restart = restart, .shutdown = 20ms}; }

// Counts the agents that live, by the members that their handlers hold.
class head_count {
 public:
  class member {
   public:
    explicit member(head_count& all) : all_{all} { all_.change(1); }
    member(const member& other) : all_{other.all_} { all_.change(1); }
    member& operator=(const member&) = delete;
    ~member() { all_.change(-1); }

   private:
    head_count& all_;
  };
  // False if there never are that many.
  bool wait_for(int wanted) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 20s, [&] { return alive_ == wanted; });
  }
  int alive() const {
    std::scoped_lock held{mutex_};
    return alive_;
  }
  // A handler that marks its agent.
  void mark(scripted& me) {
    me.on([here = std::make_shared<member>(*this)](const down&) {});
  }

 private:
  void change(int by) {
    std::scoped_lock held{mutex_};
    alive_ += by;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int alive_ = 0;
};

// Below /top/a, once it was asked to `go`: `mid`, with a sub-agent `leaf` of its own, and a supervisor `sup` with a
// child `leaf`. The leaves answer a question in an hour.
class family {
 public:
  static constexpr int below_a = 3;

  child_spec root(restart_type restart = temporary) {
    return scripted_child(
        "a",
        [this](scripted& me) {
          alive.mark(me);
          me.on([this](go, turn& now) -> task<void> {
            auto middle = mid();
            auto first = now.spawn(std::move(middle));
            const auto spawned = co_await first;
            co_await now.ask<go>(spawned);
            auto supervisor = child(supervisor_spec{.name = "sup", .children = {leaf()}});
            auto second = now.spawn(std::move(supervisor));
            co_await second;
          });
          me.on([this](const note&) { in_hand.hold(); });
          me.on([](const question& q) { return answer{q.text}; });
        },
        impatient(restart));
  }

  head_count alive;
  block in_hand;

 private:
  child_spec leaf() {
    return scripted_child("leaf", [this](scripted& me) {
      alive.mark(me);
      me.on([](question, turn& now) -> task<answer> {
        co_await now.sleep(1h);
        co_return answer{};
      });
    });
  }
  child_spec mid() {
    return scripted_child("mid", [this](scripted& me) {
      alive.mark(me);
      me.on([this](go, turn& now) -> task<void> {
        auto spec = leaf();
        auto spawning = now.spawn(std::move(spec));
        co_await spawning;
      });
    });
  }
};

const path leaves[]{path{"/top/a/mid/leaf"}, path{"/top/a/sup/leaf"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(ghost_test)

BOOST_AUTO_TEST_CASE(those_below_an_abandoned_agent_are_let_go_of_and_whoever_asked_them_is_told) {
  family f;
  {
    node n{threads()};
    must_supervise(n, top_of(f.root()));
    must(n.ask(n.ref(a), go{}));
    BOOST_TEST(f.alive.wait_for(1 + family::below_a));
    std::vector<pending<answer>> asked;
    for (const auto& each : leaves) asked.push_back(n.begin_ask(n.ref(each), question{}));
    n.send(n.ref(a), note{});
    BOOST_REQUIRE(f.in_hand.begun.wait());
    must(n.ask(n.ref(top), terminate_child{"a"}));
    for (auto& each : asked) {
      const auto told = each.get();
      BOOST_TEST(told.error().is(agent_errc::agent_down), told.error().describe());
    }
    BOOST_TEST(f.alive.wait_for(1));  // the ghost
    f.in_hand.release.happen();
    BOOST_TEST(f.alive.wait_for(0));
  }
  BOOST_TEST(f.alive.alive() == 0);
}

BOOST_AUTO_TEST_CASE(a_node_that_ends_while_a_ghost_runs_leaves_nothing_behind) {
  family f;
  std::thread releaser;
  {
    node n{threads()};
    must_supervise(n, top_of(f.root()));
    must(n.ask(n.ref(a), go{}));
    for (const auto& each : leaves) n.send(n.ref(each), question{});
    n.send(n.ref(a), note{});
    BOOST_REQUIRE(f.in_hand.begun.wait());
    must(n.ask(n.ref(top), terminate_child{"a"}));
    releaser = std::thread{[&] {
      f.alive.wait_for(1);
      f.in_hand.release.happen();
    }};
  }
  BOOST_TEST(f.alive.alive() == 0);
  releaser.join();
}

BOOST_AUTO_TEST_CASE(references_to_a_ghost_and_to_those_below_it_may_outlive_the_node) {
  family f;
  std::vector<agent_ref> kept;
  {
    node n{threads()};
    must_supervise(n, top_of(f.root()));
    must(n.ask(n.ref(a), go{}));
    for (const auto& each : leaves) {
      kept.push_back(n.ref(each));
      n.send(kept.back(), question{});
    }
    kept.push_back(n.ref(a));
    n.send(n.ref(a), note{});
    BOOST_REQUIRE(f.in_hand.begun.wait());
    must(n.ask(n.ref(top), terminate_child{"a"}));
    f.in_hand.release.happen();
  }
  BOOST_TEST(kept.back().path().str() == "/top/a");
  BOOST_TEST(f.alive.alive() == 0);
  kept.clear();
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_abandoned_in_the_middle_of_its_ending_harms_nobody) {
  struct slow_guard {
    block& at_the_end;
    ~slow_guard() { at_the_end.hold(); }  // closes a connection, say
  };
  block at_the_end;
  event waits;
  head_count alive;
  node n{threads()};
  must_supervise(
      n, top_of(scripted_child(
                    "a",
                    [&](scripted& me) {
                      alive.mark(me);
                      me.on([&](go, turn& now) -> task<void> {
                        auto kid = scripted_child("kid", [&](scripted& small) { alive.mark(small); });
                        auto spawning = now.spawn(std::move(kid));
                        co_await spawning;
                        const slow_guard guard{at_the_end};
                        waits.happen();
                        co_await now.sleep(1h);
                      });
                    },
                    impatient()),
                scripted_child("b", [](scripted& me) { me.on([](const question& q) { return answer{q.text}; }); })));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(waits.wait());
  must(n.ask(n.ref(top), terminate_child{"a"}));
  BOOST_TEST(alive.wait_for(1));  // the sub-agent is gone before the ghost is
  at_the_end.release.happen();
  BOOST_TEST(alive.wait_for(0));
  BOOST_TEST(must(n.ask(n.ref(path{"/top/b"}), question{"fine"})).text == "fine");
}

BOOST_AUTO_TEST_CASE(of_a_deep_tree_that_is_killed_only_the_agent_that_hangs_is_abandoned) {
  // Each spawns the next, three deep; the last one hangs.
  struct nest {
    static void script(scripted& me, head_count& alive, block& in_hand, int depth) {
      alive.mark(me);
      me.on([&, depth](go, turn& now) -> task<void> {
        if (depth == 0) {
          in_hand.hold();
          co_return;
        }
        auto spec = scripted_child("a", [&, depth](scripted& next) { script(next, alive, in_hand, depth - 1); });
        auto spawning = now.spawn(std::move(spec));
        const auto next = co_await spawning;
        now.send(next, go{});
      });
    }
  };
  const path members[]{path{"/top/a"}, path{"/top/a/a"}, path{"/top/a/a/a"}, path{"/top/a/a/a/a"}};
  head_count alive;
  block in_hand;
  std::map<std::string, std::string> causes;
  event told_of_all;
  auto options = threads();
  options.kill_grace = 50ms;
  node n{options};
  must_supervise(n, top_of(scripted_child(
                               "a", [&](scripted& me) { nest::script(me, alive, in_hand, 3); }, impatient(temporary)),
                           scripted_child("watcher", [&](scripted& me) {
                             me.on([&](const go&, turn& now) {
                               for (const auto& each : members) now.watch(now.ref(each));
                             });
                             me.on([&](const down& end) {
                               causes[end.who.path().str()] = end.cause.describe();
                               if (causes.size() == std::size(members)) told_of_all.happen();
                             });
                           })));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(in_hand.begun.wait());
  const auto watcher = n.ref(path{"/top/watcher"});
  must(n.ask(watcher, go{}));
  n.kill(n.ref(a), "no reason");
  BOOST_TEST(alive.wait_for(1));
  BOOST_REQUIRE(told_of_all.wait());
  BOOST_TEST(causes["/top/a"] == "killed: no reason");
  BOOST_TEST(causes["/top/a/a"] == "killed: its parent was killed");
  BOOST_TEST(causes["/top/a/a/a"] == "killed: its parent was killed");
  BOOST_TEST(causes["/top/a/a/a/a"] == "killed: abandoned: its handler does not return");
  in_hand.release.happen();
  BOOST_TEST(alive.wait_for(0));
}

BOOST_AUTO_TEST_CASE(what_a_supervisor_starts_while_it_is_being_abandoned_goes_too) {
  head_count alive;
  block in_hand;
  std::atomic<bool> over{false};
  node n{threads()};
  const path pool{"/top/a/pool"};
  must_supervise(n, top_of(scripted_child(
                        "a",
                        [&](scripted& me) {
                          me.on([&](go, turn& now) -> task<void> {
                            auto spec = child(supervisor_spec{
                                .name = "pool",
                                .strategy = simple_one_for_one,
                                .children = {scripted_child("each", [&](scripted& it) { alive.mark(it); })}});
                            auto spawning = now.spawn(std::move(spec));
                            co_await spawning;
                            in_hand.hold();
                          });
                        },
                        impatient(temporary))));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(in_hand.begun.wait());
  std::thread feeder{[&] {
    while (!over.load()) {
      std::vector<pending<agent_ref>> asked;
      for (int i = 0; i < 100; ++i) asked.push_back(n.begin_ask(n.ref(pool), start_template_child{}));
      for (auto& each : asked) (void)each.get();
    }
  }};
  while (alive.alive() < 200) std::this_thread::yield();
  must(n.ask(n.ref(top), terminate_child{"a"}));
  over = true;
  feeder.join();
  in_hand.release.happen();
  BOOST_TEST(alive.wait_for(0));
  // An agent's object goes before its path is free.
  const auto below_a = [&] {
    const auto all = n.agents();
    return std::ranges::count_if(all, [](const agent_info& each) { return a.contains(each.path); });
  };
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (below_a() != 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  BOOST_TEST(below_a() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
