// Circuit breakers: the state machine, and agents that share one.

#include <cstdlib>
#include <deque>
#include <random>
#include <thread>

#include "faults.hpp"

using namespace troupe;
using namespace support;

namespace {

error unavailable() { return provider_error(503, "down"); }

// A breaker under a virtual clock.
struct bench {
  explicit bench(breaker_options options = {}) : breaker{"dependency", options, clock, listener()} {}
  circuit_breaker::listener listener() {
    return [this](const auto&, auto from, auto to, const error*) {
      changes += std::string{to_string(from)} + ">" + std::string{to_string(to)} + " ";
    };
  }
  void fail(const error& why = unavailable()) { breaker.enter().value().failed(why); }
  void succeed() { breaker.enter().value().succeeded(); }
  breaker_state state() const { return breaker.info().state; }
  bool lets_through() { return breaker.enter().has_value(); }

  std::string changes;
  virtual_clock clock;
  circuit_breaker breaker;
};

// The same machine as a list of calls, with the window cut at the same edges.
class model {
 public:
  explicit model(breaker_options options) : options_{options} {}
  breaker_state state = breaker_state::closed;
  std::uint64_t epoch = 0;

  bool enter(instant now) {
    if (state == breaker_state::open && now >= until_) become(breaker_state::half_open);
    if (state == breaker_state::open) return false;
    if (state == breaker_state::half_open) {
      if (running_ + succeeded_ >= options_.trials) return false;
      ++running_;
    }
    return true;
  }
  void end(std::uint64_t of, char how, std::optional<duration> wait, instant now) {
    if (of != epoch) return;
    if (state == breaker_state::half_open) {
      --running_;
      if (how == 'f')
        open(wait, now);
      else if (how == 's' && ++succeeded_ == options_.trials)
        become(breaker_state::closed);
      return;
    }
    if (how == 'u') return;
    calls_.emplace_back(slice(now), how == 'f');
    std::uint64_t calls = 0, failures = 0;
    for (const auto& [at, failed] : calls_)
      if (at > slice(now) - 10) ++calls, failures += failed;
    const bool many = options_.failures != 0 && failures >= options_.failures;
    const bool rate = options_.failure_rate > 0 && calls >= options_.calls_min &&
                      static_cast<double>(failures) >= options_.failure_rate * static_cast<double>(calls);
    if (how == 'f' && (many || rate)) open(wait, now);
  }

 private:
  std::int64_t slice(instant at) const { return at.time_since_epoch() / (options_.window / 10); }
  void open(std::optional<duration> wait, instant now) {
    until_ = now + (wait ? std::min(*wait, options_.open_max) : options_.open_for);
    become(breaker_state::open);
  }
  void become(breaker_state next) {
    state = next;
    ++epoch;
    running_ = succeeded_ = 0;
    calls_.clear();
  }
  breaker_options options_;
  instant until_{};
  std::uint32_t running_ = 0, succeeded_ = 0;
  std::deque<std::pair<std::int64_t, bool>> calls_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(circuit_breaker_test)

BOOST_AUTO_TEST_CASE(it_opens_after_so_many_failures_within_the_window) {
  bench b{{.failures = 3, .window = 10s}};
  b.fail();
  b.clock.advance(6s);
  b.fail();
  b.clock.advance(6s);
  b.fail();  // the first one is out of the window
  BOOST_TEST((b.state() == breaker_state::closed));
  b.fail();
  BOOST_TEST((b.state() == breaker_state::open));
  const auto refused = b.breaker.enter();
  BOOST_TEST(refused.error().is(agent_errc::circuit_open));
  BOOST_TEST((refused.error().retry_after() == 15s));
  BOOST_TEST((fault_of(refused.error()) == fault::overload));
}

BOOST_AUTO_TEST_CASE(it_opens_by_the_rate_once_there_are_calls_enough) {
  bench b{{.failures = 0, .failure_rate = 0.5, .calls_min = 10}};
  for (int i = 0; i < 4; ++i) b.succeed();
  for (int i = 0; i < 5; ++i) b.fail();
  BOOST_TEST((b.state() == breaker_state::closed));
  b.fail();
  BOOST_TEST((b.state() == breaker_state::open));
}

BOOST_AUTO_TEST_CASE(after_a_time_it_lets_a_trial_through_and_closes_or_opens_with_it) {
  bench b{{.failures = 1, .open_for = 5s}};
  b.fail();
  b.clock.advance(4'999ms);
  BOOST_TEST(!b.lets_through());
  b.clock.advance(1ms);
  {
    auto trial = b.breaker.enter().value();
    BOOST_TEST((b.state() == breaker_state::half_open));
    BOOST_TEST(!b.lets_through());
    trial.failed(unavailable());
  }
  BOOST_TEST((b.state() == breaker_state::open));
  b.clock.advance(5s);
  b.succeed();
  BOOST_TEST((b.state() == breaker_state::closed));
  BOOST_TEST(b.changes == "closed>open open>half_open half_open>open open>half_open half_open>closed ");
  const auto info = b.breaker.info();
  BOOST_TEST(info.opened == 2u);
  BOOST_TEST(info.refused == 2u);
  BOOST_TEST(info.last_error == "provider_unavailable (5028): HTTP 503: down");
}

BOOST_AUTO_TEST_CASE(a_trial_that_ends_without_a_word_gives_its_place_back) {
  bench b{{.failures = 1, .open_for = 5s, .trials = 2}};
  b.fail();
  b.clock.advance(5s);
  {
    const auto first = b.breaker.enter(), second = b.breaker.enter();
    BOOST_TEST((first && second));
    BOOST_TEST(!b.lets_through());
  }
  b.succeed();
  BOOST_TEST((b.state() == breaker_state::half_open));
  b.succeed();
  BOOST_TEST((b.state() == breaker_state::closed));
}

BOOST_AUTO_TEST_CASE(a_provider_s_delay_is_how_long_it_stays_open_up_to_the_bound) {
  bench b{{.failures = 1, .open_for = 5s, .open_max = 60s}};
  b.fail(provider_error(429, "slow", 40s));
  BOOST_TEST((b.breaker.info().opens_in == 40s));
  b.clock.advance(40s);
  b.fail(provider_error(429, "slow", 24h));
  BOOST_TEST((b.breaker.info().opens_in == 60s));
}

BOOST_AUTO_TEST_CASE(only_faults_that_speak_against_the_dependency_count) {
  for (std::size_t i = 1; i < fault_kinds; ++i) {
    const auto kind = static_cast<fault>(i);
    bench b{{.failures = 1}};
    b.fail(error{errc_of(kind), "x"});
    const bool counts = kind == fault::provider_unavailable || kind == fault::provider_throttled ||
                        kind == fault::timeout || kind == fault::tool_crash || kind == fault::node_lost;
    BOOST_TEST((b.state() == breaker_state::open) == counts, to_string(kind));
    BOOST_TEST(b.breaker.info().calls == (kind == fault::provider_rejected ? 1u : 0u), to_string(kind));
  }
}

BOOST_AUTO_TEST_CASE(what_began_before_a_change_does_not_count_after_it) {
  bench b{{.failures = 1, .open_for = 5s}};
  auto slow = b.breaker.enter().value();
  b.fail();
  b.clock.advance(5s);
  auto trial = b.breaker.enter().value();
  slow.succeeded();
  BOOST_TEST((b.state() == breaker_state::half_open));
  trial.succeeded();
  BOOST_TEST((b.state() == breaker_state::closed));
}

BOOST_AUTO_TEST_CASE(it_does_what_a_simple_model_does) {
  const char* given = std::getenv("TROUPE_TEST_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937_64 random{seed};
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  for (int run = 0; run < 200; ++run) {
    const breaker_options options{.failures = below(4) == 0 ? 0 : 1 + below(6),
                                  .failure_rate = 0.1 + static_cast<double>(below(9)) / 10,
                                  .calls_min = 1 + below(20),
                                  .window = std::chrono::milliseconds{10 + below(10'000)},
                                  .open_for = std::chrono::milliseconds{1 + below(3'000)},
                                  .open_max = std::chrono::seconds{4},
                                  .trials = static_cast<std::uint32_t>(1 + below(3))};
    bench b{options};
    model m{options};
    std::vector<std::pair<circuit_breaker::call, std::uint64_t>> running;
    for (int step = 0; step < 300; ++step) {
      const auto now = b.clock.now();
      if (below(2) == 0) {
        auto entered = b.breaker.enter();
        BOOST_REQUIRE_MESSAGE(entered.has_value() == m.enter(now),
                              "seed " << seed << " run " << run << " step " << step);
        if (entered) running.emplace_back(*std::move(entered), m.epoch);
      } else if (!running.empty()) {
        auto [call, epoch] = std::move(running[0]);
        std::swap(running[0], running.back());
        running.pop_back();
        const char how = "sffu"[below(4)];
        std::optional<duration> wait;
        if (how == 'f' && below(4) == 0) wait = std::chrono::milliseconds{below(6'000)};
        if (how == 's') call.succeeded();
        if (how == 'f') call.failed(provider_error(500, "", wait));
        if (how == 'u') call.failed(error{agent_errc::policy_denied, ""});
        m.end(epoch, how, wait, now);
      }
      BOOST_REQUIRE_MESSAGE(b.state() == m.state, "seed " << seed << " run " << run << " step " << step);
      if (below(3) == 0) b.clock.advance(std::chrono::milliseconds{below(500)});
    }
    running.clear();
  }
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_are_refused_by_name) {
  const auto wrong = [](breaker_options options) { return check(options).has_value(); };
  BOOST_TEST(!wrong({}));
  BOOST_TEST(wrong({.failures = 0}));
  BOOST_TEST(wrong({.failure_rate = 1.5}));
  BOOST_TEST(wrong({.window = 0s}));
  BOOST_TEST(wrong({.open_for = 0s}));
  BOOST_TEST(wrong({.open_for = 2s, .open_max = 1s}));
  BOOST_TEST(wrong({.trials = 0}));
  auto options = deterministic();
  options.breakers = {{"openai", {.trials = 0}}};
  BOOST_CHECK_EXCEPTION(node{options}, failure, [](const failure& f) {
    return std::string{f.what()}.find("breakers[openai]") != std::string::npos;
  });
}

// -- agents -----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(agents_share_a_breaker_and_spare_a_dependency_that_is_down) {
  std::string lines;
  auto options = logging_to(lines);
  options.breakers = {{"service", {.failures = 3, .open_for = 10s}}};
  node n{options};
  record log;
  const auto client = [](std::string name) {
    return scripted_child(std::move(name), [](scripted& me) {
      me.on([](job j, turn& now) -> task<answer> {
        const auto service = now.ref(path{"/top/service"});
        co_return co_await guarded(now, "service", [&] { return now.ask(service, j); });
      });
    });
  };
  supervisor_spec top = top_of(prompt_worker("service", &log));
  for (int i = 0; i < 20; ++i) top.children.push_back(client("client" + std::to_string(i)));
  must_supervise(n, std::move(top));
  const auto ask = [&](int number, job j) {
    return n.ask(n.ref(path{"/top/client" + std::to_string(number)}), std::move(j));
  };
  for (int i = 0; i < 20; ++i) {
    const auto outcome = ask(i, {"x" + std::to_string(i), fault::provider_unavailable});
    BOOST_TEST((fault_of(outcome.error()) == (i < 3 ? fault::provider_unavailable : fault::overload)));
    if (i >= 3) BOOST_TEST((outcome.error().retry_after() == 10s));
  }
  BOOST_TEST(log.handled.size() == 3u);
  BOOST_TEST(n.breakers().size() == 1u);
  BOOST_TEST(n.breakers()[0].name == "service");
  BOOST_TEST((n.breakers()[0].state == breaker_state::open));
  BOOST_TEST(n.breakers()[0].refused == 17u);
  BOOST_TEST(n.metrics_text().find("troupe_breaker_state{breaker=\"service\"} 2") != std::string::npos);
  BOOST_TEST(n.metrics_text().find("troupe_breaker_refused_total{breaker=\"service\"} 17") != std::string::npos);

  n.advance(10s);
  BOOST_TEST(must(ask(7, {"good"})).text == "good");
  BOOST_TEST((n.breakers()[0].state == breaker_state::closed));
  BOOST_TEST(must(ask(8, {"good"})).text == "good");
  BOOST_TEST(lines.find("warn  a circuit breaker changed breaker=service from=closed to=open") != std::string::npos,
             lines);
  BOOST_TEST(lines.find("info  a circuit breaker changed breaker=service from=half_open to=closed") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_retry_around_a_guarded_call_waits_for_the_breaker) {
  auto options = deterministic();
  options.breaker = {.failures = 1, .open_for = 20s};
  node n{options};
  record log;
  must_supervise(n, top_of(prompt_worker("service", &log), scripted_child("client", [](scripted& me) {
                             me.on([](job j, turn& now) -> task<answer> {
                               const auto service = now.ref(path{"/top/service"});
                               const auto begin = [&] { return now.ask(service, j); };
                               constexpr retry_policy policy{.attempts = 2, .delay_min = 1s, .jitter = 0.0};
                               co_return co_await troupe::retry(now, policy,
                                                                [&] { return guarded(now, "service", begin); });
                             });
                           })));
  auto asked = n.begin_ask(n.ref(path{"/top/client"}), job{"x", fault::provider_unavailable, 1});
  n.advance(19s);
  BOOST_TEST(log.handled.size() == 1u);
  n.advance(2s);
  BOOST_TEST(must(asked.get()).text == "x");
  BOOST_TEST(n.breakers()[0].refused == 1u);
}

BOOST_AUTO_TEST_CASE(an_agent_that_ends_within_a_trial_gives_the_place_back) {
  auto options = deterministic();
  options.breaker = {.failures = 1, .open_for = 5s};
  node n{options};
  must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                   me.on([](job j, turn& now) -> task<answer> {
                     co_await guarded(now, "service", [&]() -> task<void> {
                       co_await now.sleep(1min);
                       if (j.kind != fault::none) fail_with(j.kind, "down");
                     });
                     co_return answer{};
                   });
                 })));
  const auto a = n.ref(path{"/top/a"});
  n.send(a, job{"x", fault::timeout});
  n.advance(66s);
  auto trial = n.begin_ask(a, job{"y"});
  n.settle();
  BOOST_TEST((n.breakers()[0].state == breaker_state::half_open));
  n.kill(a);
  n.settle();
  auto next = n.begin_ask(a, job{"z"});
  n.advance(1min);
  must(next.get());
  BOOST_TEST((n.breakers()[0].state == breaker_state::closed));
}

BOOST_AUTO_TEST_CASE(the_number_of_breakers_is_bounded) {
  auto options = deterministic();
  options.breakers_max = 2;
  node n{options};
  must_supervise(n, top_of(scripted_child("a", [](scripted& me) {
                   me.on([](const question& q, turn& now) -> answer { return {now.breaker(q.text).name()}; });
                 })));
  const auto ask = [&](const char* name) { return n.ask(n.ref(path{"/top/a"}), question{name}); };
  BOOST_TEST(must(ask("one")).text == "one");
  BOOST_TEST(must(ask("two")).text == "two");
  BOOST_TEST((fault_of(ask("three").error()) == fault::overload));
  BOOST_TEST(must(ask("one")).text == "one");
  BOOST_TEST(n.breakers().size() == 2u);
}

// For the thread sanitizer above all.
BOOST_AUTO_TEST_CASE(threads_share_a_breaker) {
  real_clock clock;
  std::atomic<int> changes{0};
  circuit_breaker breaker{
      "x", {.failures = 2, .open_for = 10us, .trials = 2}, clock, [&](const auto&, auto, auto, const error*) {
        ++changes;
      }};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 2'000; ++i) {
        auto entered = breaker.enter();
        if (!entered) continue;
        if ((i + t) % 3 == 0)
          entered->failed(unavailable());
        else
          entered->succeeded();
      }
    });
  for (auto& each : threads) each.join();
  BOOST_TEST(changes > 0);
  BOOST_TEST(breaker.info().opened > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
