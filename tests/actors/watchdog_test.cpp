#include <filesystem>
#include <fstream>
#include <sstream>

#include "process_agents.hpp"

using namespace troupe;
using namespace support;

namespace {

struct wait_for_answer {
  agent_ref whom;
  using reply_type = number;
  TROUPE_MESSAGE(wait_for_answer, whom)
};
struct wait_long {
  using reply_type = number;
  TROUPE_MESSAGE(wait_long)
};
struct never_give_in {
  using reply_type = number;
  TROUPE_MESSAGE(never_give_in)
};
struct silence {
  using reply_type = number;
  TROUPE_MESSAGE(silence)
};

struct be_throttled {
  using reply_type = number;
  TROUPE_MESSAGE(be_throttled)
};

class waiter : public agent {
 public:
  waiter(agent_context& context, std::vector<std::string>* seen) : agent{context}, seen_{seen} {
    on(&waiter::ask_it);
    on(&waiter::sleep_it);
    on(&waiter::go_on);
    on(&waiter::say_nothing);
    on([](const be_throttled&) -> number { throw failure{error{agent_errc::provider_throttled, "later"}}; });
  }

 private:
  task<number> ask_it(wait_for_answer what, turn& now) {
    auto answer = co_await now.ask<silence>(what.whom);
    co_return answer;
  }
  task<number> sleep_it(wait_long, turn& now) {
    co_await now.sleep(1h);
    co_return number{1};
  }
  // Catches what ends it, and tries all the same.
  task<number> go_on(never_give_in, turn& now) {
    for (int i = 0; i < 3; ++i) {
      auto sleeping = now.sleep(1h);
      auto slept = co_await sleeping.as_result();
      seen_->push_back(slept ? "slept" : std::string{slept.error().name()});
    }
    auto asking = now.ask(now.ref(path{"/top/other"}), wait_long{});
    auto answer = co_await asking.as_result();
    seen_->push_back(answer ? "answered" : std::string{answer.error().name()});
    co_return number{2};
  }
  task<number> say_nothing(silence, turn& now) {
    co_await now.sleep(2h);
    co_return number{3};
  }
  std::vector<std::string>* seen_;
};

struct watched {
  explicit watched(child_options how) : n{options_with_log(file)} {
    must_supervise(n, {.name = "top",
                       .intensity = 100,
                       .children = {child<waiter>("one", std::move(how), &seen),
                                    child<waiter>("other", {.turn_budget = 10h}, &seen)}});
  }
  ~watched() { std::filesystem::remove(file); }
  static node_options options_with_log(const std::string& file) {
    auto options = deterministic();
    options.ask_timeout = 5h;
    options.log = logger::make({.level = log_level::warn, .format = log_format::json, .file = file}).value();
    return options;
  }
  std::string logged() const {
    std::stringstream all;
    all << std::ifstream{file}.rdbuf();
    return all.str();
  }
  std::size_t reports() const {
    std::size_t count = 0;
    const std::string all = logged();
    for (std::size_t at = 0; (at = all.find("a turn is over its budget", at)) != std::string::npos; ++at) ++count;
    return count;
  }
  agent_ref one() const { return n.ref(path{"/top/one"}); }

  std::vector<std::string> seen;
  std::string file = "/tmp/troupe_watchdog_test_" + std::to_string(::getpid());
  node n;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(watchdog_test)

BOOST_AUTO_TEST_CASE(a_turn_past_its_budget_is_reported_once_with_what_it_waits_on) {
  watched w{{.turn_budget = 30s}};
  auto asked = w.n.begin_ask(w.one(), wait_for_answer{w.n.ref(path{"/top/other"})}, 4h);
  w.n.advance(29s);
  BOOST_TEST(w.reports() == 0U);
  w.n.advance(3s);
  BOOST_TEST(w.reports() == 1U);
  BOOST_TEST(w.logged().find("ask to /top/other") != std::string::npos, w.logged());
  BOOST_TEST(w.logged().find("wait_for_answer") != std::string::npos);
  w.n.advance(1h);
  BOOST_TEST(w.reports() == 1U);
  w.n.advance(1h);
  BOOST_TEST(must(asked.get()).value == 3);
}

BOOST_AUTO_TEST_CASE(the_next_turn_that_is_late_is_reported_too) {
  watched w{{.turn_budget = 30s}};
  for (std::size_t i = 1; i <= 3; ++i) {
    auto asked = w.n.begin_ask(w.one(), wait_long{}, 2h);
    w.n.advance(90min);
    BOOST_TEST(must(asked.get()).value == 1);
    BOOST_TEST(w.reports() == i);
  }
}

BOOST_AUTO_TEST_CASE(a_turn_past_its_limit_fails_at_what_it_awaits) {
  watched w{{.turn_budget = 30s, .turn_limit = 60s}};
  auto asked = w.n.begin_ask(w.one(), wait_long{}, 4h);
  w.n.advance(59s);
  BOOST_TEST(!asked.ready());
  w.n.advance(2s);
  const auto answer = asked.get();
  BOOST_REQUIRE(!answer);
  BOOST_TEST(answer.error().is(agent_errc::agent_failed));
  BOOST_TEST(answer.error().message().find("turn_too_long") != std::string::npos, answer.error().message());
  BOOST_TEST(w.n.info(path{"/top/one"})->incarnation == 2U);
}

BOOST_AUTO_TEST_CASE(one_that_goes_on_regardless_gets_no_effects_any_more) {
  watched w{{.turn_budget = 30s, .turn_limit = 60s}};
  auto asked = w.n.begin_ask(w.one(), never_give_in{}, 4h);
  w.n.advance(62s);
  BOOST_TEST(must(asked.get()).value == 2);
  BOOST_TEST(w.seen == (std::vector<std::string>(4, "turn_too_long")), boost::test_tools::per_element());
  BOOST_TEST(w.n.info(path{"/top/other"})->turns == 0U);  // the question was not even sent
}

BOOST_AUTO_TEST_CASE(a_turn_past_its_limit_is_not_tried_again_and_the_agent_goes_on) {
  watched w{{.turn_limit = 60s, .on_fault = {{fault::timeout, fault_action::retry({.attempts = 3})}}}};
  auto asked = w.n.begin_ask(w.one(), wait_long{}, 4h);
  w.n.advance(62s);
  BOOST_REQUIRE(asked.ready());
  BOOST_TEST(!asked.get());
  auto next = w.n.begin_ask(w.one(), never_give_in{}, 4h);
  w.n.advance(62s);
  BOOST_TEST(must(next.get()).value == 2);
}

BOOST_AUTO_TEST_CASE(the_limit_holds_between_two_tries_too) {
  watched w{{.turn_limit = 60s,
             .on_fault = {{fault::provider_throttled, fault_action::retry({.attempts = 3,
                                                                           .delay_min = std::chrono::minutes{5},
                                                                           .delay_max = std::chrono::minutes{5}})}}}};
  auto asked = w.n.begin_ask(w.one(), be_throttled{}, 4h);
  w.n.advance(59s);
  BOOST_TEST(!asked.ready());
  w.n.advance(3s);
  BOOST_REQUIRE(asked.ready());
  BOOST_TEST(asked.get().error().message().find("turn_too_long") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hang_is_reported_by_the_watchdog_itself) {
  std::string file = "/tmp/troupe_watchdog_test_hang_" + std::to_string(::getpid());
  {
    auto options = threaded();
    options.log = logger::make({.level = log_level::warn, .format = log_format::json, .file = file}).value();
    house h{std::move(options)};
    h.open({.turn_budget = 50ms, .isolation = tier::thread});
    std::atomic<bool> seen{false};
    auto pausing = h.n.begin_ask(h.worker(), suffer{damage::pause_a_while});
    for (int i = 0; i < 1'000 && !seen; ++i) {
      std::stringstream all;
      all << std::ifstream{file}.rdbuf();
      seen = all.str().find("its code does not give its thread back") != std::string::npos;
      if (!seen) ::usleep(10'000);
    }
    BOOST_TEST(seen);
    end_the_pause = true;
    must(pausing.get());
  }
  std::filesystem::remove(file);
}

BOOST_AUTO_TEST_CASE(a_process_past_its_limit_is_killed) {
  house h;
  h.open({.turn_budget = 1h, .turn_limit = 300ms, .isolation = tier::process});
  h.watch();
  const auto answer = h.ask(suffer{damage::hang_in_loop});
  BOOST_REQUIRE(!answer);
  const auto end = h.heard.next();
  BOOST_TEST(to_string(end.cause.fault) == "timeout");
  BOOST_TEST(end.cause.text.find("turn_limit") != std::string::npos);
  BOOST_TEST(must(h.ask(count_up{})).value == 1);
}

BOOST_AUTO_TEST_SUITE_END()
