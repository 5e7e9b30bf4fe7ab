#include <atomic>
#include <numeric>
#include <thread>

#include "core/seeded.hpp"
#include "gate.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// Agents on real threads.

namespace {

// Notices two threads in one agent at a time. The counter is not atomic on purpose: the thread sanitizer watches it.
class exclusive {
 public:
  explicit exclusive(std::atomic<int>& violations) : violations_{violations} {}
  void enter() {
    if (inside_.exchange(true)) ++violations_;
    ++visits_;
  }
  void leave() { inside_.store(false); }

 private:
  std::atomic<int>& violations_;
  std::atomic<bool> inside_{false};
  std::uint64_t visits_ = 0;
};

struct hop {
  std::int64_t left = 0;
  using reply_type = answer;
  TROUPE_MESSAGE(hop, left)
};

constexpr std::size_t crowd = 24;

path member(std::size_t number) { return path{"/top"} / ("m" + std::to_string(number)); }

// Passes a question on to a random other so many times, and falls over it now and then.
child_spec gossip(std::size_t number, std::atomic<int>& violations) {
  return scripted_child("m" + std::to_string(number), [&violations](scripted& me) {
    me.reentrant();
    auto guard = std::make_shared<exclusive>(violations);
    me.on([guard](hop h, turn& now) -> task<answer> {
      guard->enter();
      if (now.random().below(200) == 0) {
        guard->leave();
        throw std::runtime_error{"stumbled"};
      }
      answer out{"end"};
      if (h.left > 0) {
        auto asking = now.ask<hop>(now.ref(member(now.random().below(crowd))), h.left - 1);
        guard->leave();
        auto got = co_await asking.as_result();
        guard->enter();
        if (!got) {
          guard->leave();
          throw failure{got.error()};
        }
        out = *std::move(got);
      }
      guard->leave();
      co_return out;
    });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_test)

BOOST_AUTO_TEST_CASE(every_question_ends_while_agents_ask_each_other_and_are_killed_at_random) {
  test::seeded random;
  std::atomic<int> violations{0};
  node n{{.threads = 4, .ask_timeout = 20s, .seed = random.seed() | 1, .log = logger{}}};
  supervisor_spec spec{.name = "top", .intensity = 1'000'000};
  for (std::size_t i = 0; i < crowd; ++i) spec.children.push_back(gossip(i, violations));
  must_supervise(n, std::move(spec));

  int answered = 0, failed = 0, kills = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<pending<answer>> asked;
    for (int i = 0; i < 25; ++i)
      asked.push_back(n.begin_ask(n.ref(member(random.below(crowd))), hop{static_cast<std::int64_t>(random.below(6))}));
    for (std::size_t i = random.below(3); i > 0; --i, ++kills) n.kill(n.ref(member(random.below(crowd))));
    for (auto& each : asked) {
      const auto got = each.get();
      if (got) {
        ++answered;
        continue;
      }
      ++failed;
      const auto& why = got.error();
      BOOST_TEST((why.is(agent_errc::agent_failed) || why.is(agent_errc::agent_down)), why.describe());
    }
  }
  BOOST_TEST_MESSAGE(answered << " answered, " << failed << " failed, " << kills << " kills, " << n.restarts()
                              << " restarts");
  BOOST_TEST(answered + failed == 1'500);
  BOOST_TEST(answered > failed);
  BOOST_TEST(violations.load() == 0);
}

BOOST_AUTO_TEST_CASE(an_agent_that_floods_itself_does_not_starve_others) {
  std::atomic<std::uint64_t> flood{0};
  std::atomic<bool> over{false};
  std::uint64_t worst = 0;
  event done;
  node n{{.threads = 1, .log = logger{}}};
  must_supervise(
      n, top_of(scripted_child("flooder",
                               [&](scripted& me) {
                                 me.on([&](const note&, turn& now) {
                                   ++flood;
                                   if (over.load()) return;
                                   now.send(now.self(), note{});
                                   now.send(now.self(), note{});
                                 });
                               }),
                scripted_child("ponger", [](scripted& me) { me.on([](const question& q) { return answer{q.text}; }); }),
                scripted_child("pinger", [&](scripted& me) {
                  me.on([&](go, turn& now) -> task<void> {
                    for (int i = 0; i < 100; ++i) {
                      const auto before = flood.load();
                      (void)co_await now.ask<question>(now.ref(path{"/top/ponger"}), "ping");
                      worst = std::max(worst, flood.load() - before);
                    }
                    done.happen();
                  });
                })));
  n.send(n.ref(path{"/top/flooder"}), note{});
  n.send(n.ref(path{"/top/pinger"}), go{});
  BOOST_TEST(done.wait());
  over = true;
  BOOST_TEST(flood.load() > 0u);
  // A question and its answer each wait for one visit, of a millisecond and at most 10,000 steps; and then some.
  BOOST_TEST(worst <= 25'000u);
}

BOOST_AUTO_TEST_CASE(a_worker_runs_agents_in_the_order_in_which_they_got_mail) {
  constexpr std::int64_t agents = 100;
  std::vector<std::int64_t> order;
  node n{{.threads = 1, .log = logger{}}};
  supervisor_spec spec{.name = "top"};
  for (std::int64_t i = 0; i < agents; ++i)
    spec.children.push_back(scripted_child("m" + std::to_string(i), [&order](scripted& me) {
      me.on([&order](const note& got) { order.push_back(got.number); });
      me.on([](go) {});
    }));
  spec.children.push_back(scripted_child("caster", [](scripted& me) {
    me.on([](go, turn& now) {
      for (std::int64_t i = 0; i < agents; ++i) now.send(now.ref(member(static_cast<std::size_t>(i))), note{i});
    });
  }));
  must_supervise(n, std::move(spec));
  must(n.ask(n.ref(path{"/top/caster"}), go{}));
  must(n.ask(n.ref(member(agents - 1)), go{}));
  std::vector<std::int64_t> wanted(agents);
  std::iota(wanted.begin(), wanted.end(), 0);
  BOOST_TEST(order == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(agents_in_conversation_do_not_keep_a_worker_for_themselves) {
  node_options options;
  options.threads = 1;
  options.log = logger{};
  node n{options};
  const auto talker = [](const std::string& name, const std::string& other) {
    return scripted_child(name, [other](scripted& me) {
      me.on([other](const hop& h, turn& now) {
        now.send(now.ref(path{"/top"} / other), hop{h.left});
        return answer{};
      });
    });
  };
  must_supervise(
      n, {.name = "top", .children = {talker("a", "b"), talker("b", "a"), scripted_child("third", [](scripted& me) {
                                        me.on([](const hop&) { return answer{"here"}; });
                                      })}});
  n.send(n.ref(path{"/top/a"}), hop{});
  for (int i = 0; i < 3; ++i) BOOST_TEST(must(n.ask(n.ref(path{"/top/third"}), hop{}, 20s)).text == "here");
}

BOOST_AUTO_TEST_CASE(senders_on_many_threads_lose_nothing_and_each_keeps_its_order) {
  constexpr std::int64_t senders = 4, each_sends = 2'000;
  std::vector<std::int64_t> last(senders, -1);
  std::int64_t received = 0, out_of_order = 0;
  node n{{.threads = 2, .log = logger{}}};
  must_supervise(n, top_of(scripted_child("a",
                                          [&](scripted& me) {
                                            me.on([&](const note& got) {
                                              auto& before = last[static_cast<std::size_t>(got.number % senders)];
                                              out_of_order += got.number / senders != before + 1;
                                              before = got.number / senders;
                                              ++received;
                                            });
                                            me.on([](go) {});
                                          },
                                          {.mailbox = {.limit = senders * each_sends + 1}})));
  const auto to = n.ref(path{"/top/a"});
  std::vector<std::thread> threads;
  for (std::int64_t s = 0; s < senders; ++s)
    threads.emplace_back([&, s] {
      for (std::int64_t i = 0; i < each_sends; ++i) n.send(to, note{i * senders + s});
    });
  for (auto& each : threads) each.join();
  must(n.ask(to, go{}));
  BOOST_TEST(received == senders * each_sends);
  BOOST_TEST(out_of_order == 0);
}

BOOST_AUTO_TEST_CASE(senders_that_wait_for_room_get_it_on_many_threads) {
  std::int64_t received = 0;
  node n{{.threads = 4, .log = logger{}}};
  supervisor_spec spec{.name = "top"};
  spec.children.push_back(scripted_child("sink",
                                         [&](scripted& me) {
                                           me.on([&](const note&) { ++received; });
                                           me.on([](go) {});
                                         },
                                         {.mailbox = {.limit = 4, .when_full = overflow::block}}));
  for (int i = 0; i < 6; ++i)
    spec.children.push_back(scripted_child("s" + std::to_string(i), [](scripted& me) {
      me.on([](const note& count, turn& now) {
        for (std::int64_t sent = 0; sent < 10; ++sent) now.send(now.ref(path{"/top/sink"}), note{});
        if (count.number > 1) now.forward(now.self(), note{count.number - 1});
      });
    }));
  must_supervise(n, std::move(spec));
  std::vector<pending<void>> asked;
  for (int i = 0; i < 6; ++i) asked.push_back(n.begin_ask(n.ref(path{"/top"} / ("s" + std::to_string(i))), note{50}));
  for (auto& each : asked) must(each.get());
  while (n.info(path{"/top/sink"})->mailbox_messages > 3)
    std::this_thread::yield();  // from outside one does not wait for room
  must(n.ask(n.ref(path{"/top/sink"}), go{}));
  BOOST_TEST(received == 6 * 50 * 10);
  BOOST_TEST(n.dead_letters().empty());
}

BOOST_AUTO_TEST_CASE(nodes_come_and_go_in_the_middle_of_work) {
  std::atomic<int> violations{0};
  for (int round = 0; round < 15; ++round) {
    std::vector<pending<answer>> asked;
    agent_ref left_over;
    {
      node n{{.threads = 2, .log = logger{}}};
      supervisor_spec spec{.name = "top", .intensity = 1'000};
      for (std::size_t i = 0; i < crowd; ++i) spec.children.push_back(gossip(i, violations));
      must_supervise(n, std::move(spec));
      left_over = n.ref(member(0));
      for (std::size_t i = 0; i < 50; ++i) asked.push_back(n.begin_ask(n.ref(member(i % crowd)), hop{10}));
    }
    for (auto& each : asked) {
      BOOST_TEST(each.ready());
      (void)each.get();
    }
  }
  BOOST_TEST(violations.load() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
