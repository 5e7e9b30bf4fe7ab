#include <pthread.h>

#include <set>
#include <thread>

#include "gate.hpp"
#include "process_agents.hpp"

using namespace troupe;
using namespace support;

namespace {

struct your_thread {
  using reply_type = number;
  TROUPE_MESSAGE(your_thread)
};
struct hold {
  TROUPE_MESSAGE(hold)
};

// Tells on which thread it runs; holds it until it is let go.
class threaded_agent : public agent {
 public:
  threaded_agent(agent_context& context, block* gate) : agent{context} {
    on([](const your_thread&) { return number{static_cast<std::int64_t>(::pthread_self())}; });
    on([gate](const hold&) { gate->hold(); });
  }
};

struct ask_around {
  agent_ref whom;
  using reply_type = number;
  TROUPE_MESSAGE(ask_around, whom)
};

class on_a_thread_of_its_own : public agent {
 public:
  explicit on_a_thread_of_its_own(agent_context& context) : agent{context} {
    on(&on_a_thread_of_its_own::around);
    on([](const your_thread&) { return number{static_cast<std::int64_t>(::pthread_self())}; });
  }

 private:
  task<number> around(ask_around what, turn& now) {
    const auto before = ::pthread_self();
    (void)co_await now.ask<your_thread>(what.whom);
    co_await now.sleep(1ms);
    co_return number{before == ::pthread_self() ? static_cast<std::int64_t>(before) : 0};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(thread_tier_test)

BOOST_AUTO_TEST_CASE(each_agent_has_a_thread_that_it_keeps_over_messages_awaits_and_restarts) {
  node n{threaded()};
  must_supervise(n, {.name = "top",
                     .intensity = 10,
                     .children = {child<on_a_thread_of_its_own>("one", {.isolation = tier::thread}),
                                  child<on_a_thread_of_its_own>("two", {.isolation = tier::thread})}});
  const auto one = n.ref(path{"/top/one"}), two = n.ref(path{"/top/two"});
  const auto thread_of = [&](const agent_ref& whom) { return must(n.ask(whom, your_thread{})).value; };
  const auto first = thread_of(one);
  BOOST_TEST(first != thread_of(two));
  BOOST_TEST(must(n.ask(one, ask_around{two})).value == first);
  n.kill(one);
  BOOST_TEST(thread_of(one) == first);
}

BOOST_AUTO_TEST_CASE(handlers_that_hang_there_leave_the_scheduler_to_the_others) {
  block gates[4];
  {
    node n{threaded(1)};
    std::vector<child_spec> children;
    for (int i = 0; i < 4; ++i)
      children.push_back(child<threaded_agent>("hanging" + std::to_string(i), {.isolation = tier::thread}, &gates[i]));
    children.push_back(child<threaded_agent>("free", &gates[0]));
    must_supervise(n, {.name = "top", .children = std::move(children)});
    for (int i = 0; i < 4; ++i) n.send(n.ref(path{"/top/hanging" + std::to_string(i)}), hold{});
    for (auto& each : gates) BOOST_TEST(each.begun.wait());
    BOOST_TEST(must(n.ask(n.ref(path{"/top/free"}), your_thread{})).value != 0);
    for (auto& each : gates) each.release.happen();
  }
}

BOOST_AUTO_TEST_CASE(one_that_hangs_is_abandoned_and_its_successor_has_another_thread) {
  block gate;
  {
    auto options = threaded();
    options.kill_grace = 50ms;
    node n{std::move(options)};
    must_supervise(n,
                   {.name = "top",
                    .intensity = 10,
                    .children = {child<threaded_agent>("one", {.shutdown = 20ms, .isolation = tier::thread}, &gate)}});
    const auto one = n.ref(path{"/top/one"});
    const auto first = must(n.ask(one, your_thread{})).value;
    n.send(one, hold{});
    BOOST_TEST(gate.begun.wait());
    must(n.ask(n.ref(path{"/top"}), terminate_child{"one"}));
    must(n.ask(n.ref(path{"/top"}), restart_child{"one"}));
    BOOST_TEST(must(n.ask(one, your_thread{})).value != first);
    gate.release.happen();
  }
}

BOOST_AUTO_TEST_CASE(a_thousand_threads_start_work_and_end) {
  node n{threaded()};
  must_supervise(n, {.name = "top",
                     .strategy = simple_one_for_one,
                     .children = {child<on_a_thread_of_its_own>("any", {.isolation = tier::thread})}});
  std::set<std::int64_t> threads;
  std::vector<pending<number>> asked;
  for (int i = 0; i < 1'000; ++i) {
    const auto who = must(n.ask(n.ref(path{"/top"}), start_template_child{}));
    asked.push_back(n.begin_ask(who, your_thread{}));
  }
  for (auto& each : asked) threads.insert(must(each.get()).value);
  BOOST_TEST(threads.size() == 1'000U);
}

BOOST_AUTO_TEST_SUITE_END()
