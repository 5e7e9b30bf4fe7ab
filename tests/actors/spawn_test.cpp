#include "children.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// Sub-agents that an agent starts from its turns.

namespace {

struct spawn_one {
  std::string name;
  using reply_type = answer;
  TROUPE_MESSAGE(spawn_one, name)
};
struct stop_one {
  std::string name;
  TROUPE_MESSAGE(stop_one, name)
};

// Spawns `plain` sub-agents, and notes its own end.
class parent_agent : public agent {
 public:
  parent_agent(agent_context& context, journal* log, spawn_policy policy = {}) : agent{context}, log_{*log} {
    supervise_children(policy);
    on(&parent_agent::spawn);
    on(&parent_agent::stop);
    on([](const crash& c) { throw std::runtime_error{c.why}; });
    on([](const go&, turn& now) { now.stop(); });
    on([this](const question&) { return answer{"incarnation " + std::to_string(incarnation())}; });
  }

 private:
  task<answer> spawn(spawn_one what, turn& now) {
    const auto started = co_await now.spawn<plain>(what.name, &log_);
    co_return answer{started.path().str()};
  }
  task<result<void>> stop(stop_one what, turn& now) {
    auto stopping = now.stop(what.name);
    co_return co_await stopping.as_result();
  }
  task<void> post_stop(turn&, const exit_cause&) override {
    log_.note("parent stops");
    co_return;
  }
  journal& log_;
};

const path parent{"/top/parent"};

struct family {
  explicit family(spawn_policy policy = {}) { must_supervise(n, top_of(child<parent_agent>("parent", &log, policy))); }
  std::string spawn(std::string name) { return must(n.ask(n.ref(parent), spawn_one{std::move(name)})).text; }
  journal log;
  node n{deterministic()};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(spawn_test)

BOOST_AUTO_TEST_CASE(a_sub_agent_lives_under_its_parent_s_path) {
  family f;
  BOOST_TEST(f.spawn("kid") == "/top/parent/kid");
  BOOST_TEST(f.log.take() == "start kid#1");
  BOOST_TEST(must(f.n.ask(f.n.ref(parent / "kid"), who_is_there{})).object == 1u);
  BOOST_TEST(f.n.info(parent)->children == 1u);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_is_an_error_and_free_again_after_a_stop) {
  family f;
  f.spawn("kid");
  const auto again = f.n.ask(f.n.ref(parent), spawn_one{"kid"});
  BOOST_TEST(again.error().message().find("already_started") != std::string::npos, again.error().message());
  // Not to catch it was the parent's end; its sub-agent went with it.
  BOOST_TEST(must(f.n.ask(f.n.ref(parent), question{})).text == "incarnation 2");
  f.spawn("kid");
  f.log.take();
  must(f.n.ask(f.n.ref(parent), stop_one{"kid"}));
  BOOST_TEST(f.log.take() == "stop kid#1 shutdown");
  BOOST_TEST(f.n.ask(f.n.ref(parent), stop_one{"kid"}).error().is(agent_errc::child_not_found));
  BOOST_TEST(f.spawn("kid") == "/top/parent/kid");
}

BOOST_AUTO_TEST_CASE(a_sub_agent_that_fails_comes_back_and_its_parent_is_not_disturbed) {
  family f;
  f.spawn("kid");
  f.n.send(f.n.ref(parent / "kid"), died());
  f.n.settle();
  BOOST_TEST(f.log.take() == "start kid#1, start kid#2");
  BOOST_TEST(must(f.n.ask(f.n.ref(parent), question{})).text == "incarnation 1");
}

BOOST_AUTO_TEST_CASE(sub_agents_end_before_their_parent_s_last_hook) {
  family f;
  f.spawn("one");
  f.spawn("two");
  f.log.take();
  f.n.send(f.n.ref(parent), go{});
  f.n.settle();
  BOOST_TEST(f.log.take() == "stop two#1 shutdown, stop one#1 shutdown, parent stops");
  BOOST_TEST(f.n.info(parent)->children == 0u);
  f.spawn("one");
  f.log.take();
  f.n.stop();
  BOOST_TEST(f.log.take() == "stop one#1 shutdown, parent stops");
}

BOOST_AUTO_TEST_CASE(sub_agents_go_with_a_parent_that_fails_or_is_killed) {
  family f;
  f.spawn("kid");
  f.log.take();
  f.n.send(f.n.ref(parent), crash{});
  f.n.settle();
  BOOST_TEST(f.log.take() == "stop kid#1 shutdown");
  f.spawn("kid");
  f.log.take();
  f.n.kill(f.n.ref(parent));
  f.n.settle();
  BOOST_TEST(f.log.take().empty());  // killed with it
  BOOST_TEST(!f.n.info(parent / "kid").has_value());
  BOOST_TEST(must(f.n.ask(f.n.ref(parent), question{})).text == "incarnation 3");
}

BOOST_AUTO_TEST_CASE(sub_agents_that_fail_too_often_fail_their_parent) {
  family f{{.intensity = 2}};
  f.spawn("kid");
  for (int i = 0; i < 3; ++i) {
    f.n.send(f.n.ref(parent / "kid"), died());
    f.n.settle();
  }
  BOOST_TEST(must(f.n.ask(f.n.ref(parent), question{})).text == "incarnation 2");
  BOOST_TEST(f.n.info(parent)->last_error.find("sub-agents failed too often") != std::string::npos);
  BOOST_TEST(!f.n.info(parent / "kid").has_value());
}

BOOST_AUTO_TEST_CASE(a_parent_chooses_the_strategy_for_its_sub_agents) {
  family f{{.strategy = one_for_all, .intensity = 5}};
  f.spawn("one");
  f.spawn("two");
  f.log.take();
  f.n.send(f.n.ref(parent / "one"), died());
  f.n.settle();
  BOOST_TEST(f.log.take() == "stop two#1 shutdown, start one#2, start two#2");
}

BOOST_AUTO_TEST_CASE(sub_agents_have_sub_agents) {
  node n{deterministic()};
  int alive = 0;
  // Each spawns the next, three deep.
  struct nest {
    static void script(scripted& me, int& alive, int depth) {
      me.on([&alive, depth, flag = lifetime_flag{alive}](go, turn& now) -> task<void> {
        if (depth == 0) co_return;
        auto spec = scripted_child("next", [&alive, depth](scripted& next) { script(next, alive, depth - 1); });
        auto spawning = now.spawn(std::move(spec));
        const auto next = co_await spawning;
        co_await now.ask<go>(next);
      });
    }
  };
  must_supervise(n, top_of(scripted_child("root", [&](scripted& me) { nest::script(me, alive, 3); })));
  must(n.ask(n.ref(path{"/top/root"}), go{}));
  BOOST_TEST(alive == 4);
  BOOST_TEST(n.info(path{"/top/root/next/next/next"}).has_value());
  n.kill(n.ref(path{"/top/root/next"}));
  n.settle();
  BOOST_TEST(alive == 2);
  BOOST_TEST(!n.info(path{"/top/root/next/next"}).has_value());
  n.stop();
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(a_sub_agent_that_is_done_is_gone_and_its_name_is_free) {
  family f;
  for (int job = 0; job < 5; ++job) {
    BOOST_TEST(f.spawn("kid") == "/top/parent/kid");
    f.n.send(f.n.ref(parent / "kid"), end_with{});
    f.n.settle();
    BOOST_TEST(f.log.take() == "start kid#1, stop kid#1 normal");
    BOOST_TEST(!f.n.info(parent / "kid").has_value());
  }
  BOOST_TEST(f.n.info(parent)->children == 0u);
  BOOST_TEST(must(f.n.ask(f.n.ref(parent), question{})).text == "incarnation 1");
}

BOOST_AUTO_TEST_CASE(a_sub_agent_may_do_all_its_work_in_its_start_hook) {
  class job final : public agent {
   public:
    job(agent_context& context, int* done) : agent{context}, done_{*done} {}

   private:
    task<void> on_start(turn& now) override {
      ++done_;
      now.stop();
      co_return;
    }
    int& done_;
  };
  node n{deterministic()};
  int jobs = 0;
  must_supervise(n, top_of(scripted_child("parent", [&](scripted& me) {
                   me.on([&](go, turn& now) -> task<void> {
                     for (int i = 0; i < 3; ++i) {
                       const auto started = co_await now.spawn<job>("job", &jobs);
                       BOOST_TEST(started.path().str() == "/top/parent/job");
                       co_await now.sleep(1s);
                     }
                   });
                 })));
  auto asked = n.begin_ask(n.ref(parent), go{});
  n.advance(3s);
  must(asked.get());
  BOOST_TEST(jobs == 3);
  BOOST_TEST(n.info(parent)->incarnation == 1u);
  BOOST_TEST(n.info(parent)->children == 0u);
}

BOOST_AUTO_TEST_CASE(a_sub_agent_with_a_spec_ends_and_comes_back_as_the_spec_says) {
  journal log;
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("parent", [&](scripted& me) {
                   me.on([&](go, turn& now) -> task<void> {
                     auto lasting = child<plain>("lasting", {.restart = permanent}, &log);
                     auto passing = child<plain>("passing", {.restart = temporary}, &log);
                     auto first = now.spawn(std::move(lasting));
                     auto second = now.spawn(std::move(passing));
                     co_await first;
                     co_await second;
                   });
                 })));
  must(n.ask(n.ref(parent), go{}));
  log.take();
  n.send(n.ref(parent / "lasting"), end_with{});
  n.settle();
  BOOST_TEST(log.take() == "stop lasting#1 normal, start lasting#2");
  n.send(n.ref(parent / "passing"), died());
  n.settle();
  BOOST_TEST(log.take() == "stop passing#1 failed");
  BOOST_TEST(!n.info(parent / "passing").has_value());
  BOOST_TEST(n.info(parent)->incarnation == 1u);
}

BOOST_AUTO_TEST_CASE(sub_agents_that_are_killed_with_their_parent_say_so) {
  family f;
  f.spawn("kid");
  must_supervise(f.n, {.name = "watchers", .children = {child<watcher>("watcher", &f.log, true)}});
  f.n.send(f.n.ref(path{"/watchers/watcher"}), watch_it{f.n.ref(parent / "kid")});
  f.n.settle();
  f.log.take();
  f.n.kill(f.n.ref(parent));
  f.n.settle();
  BOOST_TEST(f.log.take() == "down kid#1 killed: its parent was killed");
}

BOOST_AUTO_TEST_SUITE_END()
