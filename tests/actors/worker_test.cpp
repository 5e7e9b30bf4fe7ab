#include <atomic>
#include <chrono>
#include <thread>

#include "gate.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What an agent that keeps its worker means for the others. Real threads: the workers are what it is about.

namespace {

const path top{"/top"};

void spin(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Always has something to do, until the end of the test.
child_spec busy(const std::string& name, const std::atomic<bool>& over) {
  return scripted_child(name, [&over](scripted& me) {
    me.on([&over](const go&, turn& now) {
      spin(std::chrono::microseconds{20});
      if (!over.load()) now.send(now.self(), go{});
    });
  });
}

// Each spawns the next one, `depth` below the first.
void write_link(scripted& me) {
  me.on([](note depth, turn& now) -> task<void> {
    if (depth.number == 0) co_return;
    auto spec = scripted_child("link", write_link);
    auto spawning = now.spawn(std::move(spec));
    const auto next = co_await spawning;
    co_await now.ask<note>(next, depth.number - 1);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_test)

BOOST_AUTO_TEST_CASE(what_waits_for_a_worker_that_hangs_is_done_by_others_however_busy_they_are) {
  std::atomic<bool> over{false};
  block in_hand;
  node n{{.threads = 2, .ask_timeout = 30s, .log = logger{}}};
  auto spec = top_of(busy("busy1", over), busy("busy2", over),
                     scripted_child("stuck", [&](scripted& me) { me.on([&](const go&) { in_hand.hold(); }); }));
  for (int i = 0; i < 8; ++i)
    spec.children.push_back(scripted_child(
        "echo" + std::to_string(i), [](scripted& me) { me.on([](const question& q) { return answer{q.text}; }); }));
  must_supervise(n, std::move(spec));
  for (const char* each : {"busy1", "busy2"}) n.send(n.ref(top / each), go{});
  n.send(n.ref(top / "stuck"), go{});
  BOOST_REQUIRE(in_hand.begun.wait());
  std::vector<pending<answer>> asked;
  for (int i = 0; i < 8; ++i) asked.push_back(n.begin_ask(n.ref(top / ("echo" + std::to_string(i))), question{"?"}));
  for (auto& each : asked) must(each.get());
  over = true;
  in_hand.release.happen();
}

BOOST_AUTO_TEST_CASE(one_that_works_after_each_answer_gives_its_worker_to_others) {
  constexpr int questions = 500;
  int answered = 0, answered_before_the_other = 0;
  node n{{.threads = 1, .ask_timeout = 30s, .log = logger{}}};
  must_supervise(
      n, top_of(scripted_child("echo", [](scripted& me) { me.on([](const question& q) { return answer{q.text}; }); }),
                scripted_child("other",
                               [&](scripted& me) { me.on([&](const go&) { answered_before_the_other = answered; }); }),
                scripted_child("gatherer", [&](scripted& me) {
                  me.on([&](const go&, turn& now) -> task<void> {
                    std::vector<effect<answer>> asked;
                    for (int i = 0; i < questions; ++i) asked.push_back(now.ask<question>(now.ref(top / "echo"), "?"));
                    for (auto& each : asked) {
                      co_await each;
                      if (++answered == 1) now.send(now.ref(top / "other"), go{});
                      spin(std::chrono::milliseconds{2});
                    }
                  });
                })));
  must(n.ask(n.ref(top / "gatherer"), go{}));
  BOOST_TEST(answered == questions);
  BOOST_TEST(answered_before_the_other > 0);
  BOOST_TEST(answered_before_the_other <= 12);  // a visit lasts a millisecond, and a tick of the coarse clock
}

BOOST_AUTO_TEST_CASE(of_many_below_one_that_is_killed_nobody_is_taken_for_one_that_hangs) {
  std::atomic<int> abandoned{0};
  event ended;
  auto log = logger::make({.level = log_level::error, .sink = [&](std::string_view) { ++abandoned; }});
  node n{{.threads = 2, .log = log.value()}};
  must_supervise(n, top_of(scripted_child("link", write_link)));
  must(n.ask(n.ref(top / "link"), note{20}));
  BOOST_TEST(n.agents().size() >= 21u);
  must_supervise(n, {.name = "watchers", .children = {scripted_child("watcher", [&](scripted& me) {
                                           me.on([](const go&, turn& now) { now.watch(now.ref(top / "link")); });
                                           me.on([&](const down&) { ended.happen(); });
                                         })}});
  must(n.ask(n.ref(path{"/watchers/watcher"}), go{}));
  n.kill(n.ref(top / "link"));
  BOOST_TEST(ended.wait());
  BOOST_TEST(abandoned.load() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
