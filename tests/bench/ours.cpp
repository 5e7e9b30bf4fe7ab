#include "ours.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>
#include <vector>

#include "report.hpp"

namespace bench::ours {

namespace {

using namespace std::chrono_literals;
using stopwatch = std::chrono::steady_clock;
using troupe::agent_context;
using troupe::agent_ref;
using troupe::task;
using troupe::turn;

struct number {
  std::int64_t n = 0;
  TROUPE_MESSAGE(number, n)
};
struct echo_request {
  std::int64_t n = 0;
  using reply_type = number;
  TROUPE_MESSAGE(echo_request, n)
};
struct begin {
  std::int64_t n = 0;
  TROUPE_MESSAGE(begin, n)
};
struct next_is {
  agent_ref next;
  TROUPE_LOCAL_MESSAGE(next_is)
};
struct fail {
  TROUPE_MESSAGE(fail)
};

// A node, and the moment at which its agents are done.
class world {
 public:
  world() : node_{{.threads = std::thread::hardware_concurrency(), .log = troupe::logger{}}} {}

  troupe::node& node() { return node_; }
  agent_ref supervise(troupe::supervisor_spec spec) { return node_.supervise(std::move(spec)).value(); }
  void start() { began_ = stopwatch::now(); }
  void done() { done_.set_value(stopwatch::now()); }
  double seconds() { return std::chrono::duration<double>(done_.get_future().get() - began_).count(); }

 private:
  stopwatch::time_point began_;
  std::promise<stopwatch::time_point> done_;
  troupe::node node_;  // last, for it waits for the agents, which use the others
};

class ponger : public troupe::agent {
 public:
  explicit ponger(agent_context& context) : agent{context} {
    on([](number n, turn& now) { now.send(now.sender(), n); });
    on([](echo_request r) { return number{r.n}; });
  }
};

class pinger : public troupe::agent {
 public:
  pinger(agent_context& context, world* w) : agent{context}, world_{w} {
    on([this](begin b, turn& now) {
      pong_ = now.ref(now.self().path().parent() / "pong");
      now.send(pong_, number{b.n - 1});
    });
    on([this](number n, turn& now) {
      if (n.n > 0)
        now.send(pong_, number{n.n - 1});
      else
        world_->done();
    });
  }

 private:
  world* world_;
  agent_ref pong_;
};

class asker : public troupe::agent {
 public:
  asker(agent_context& context, world* w) : agent{context}, world_{w} { on(&asker::run); }

 private:
  task<void> run(begin b, turn& now) {
    const auto server = now.ref(now.self().path().parent() / "pong");
    for (std::int64_t n = b.n; n > 0; --n) co_await now.ask<echo_request>(server, n);
    world_->done();
  }
  world* world_;
};

class counter : public troupe::agent {
 public:
  counter(agent_context& context, world* w, std::size_t messages) : agent{context} {
    on([=, seen = std::size_t{0}](number) mutable {
      if (++seen == messages) w->done();
    });
  }
};

class sender : public troupe::agent {
 public:
  sender(agent_context& context) : agent{context} {
    on([](begin b, turn& now) {
      const auto to = now.ref(now.self().path().parent() / "counter");
      for (std::int64_t n = 0; n < b.n; ++n) now.send(to, number{n});
    });
  }
};

class caster : public troupe::agent {
 public:
  caster(agent_context& context, const std::vector<agent_ref>* all) : agent{context} {
    on([all](begin, turn& now) {
      for (const auto& each : *all) now.send(each, number{1});
    });
  }
};

class ring_member : public troupe::agent {
 public:
  ring_member(agent_context& context, world* w) : agent{context} {
    on([this](next_is n) { next_ = std::move(n.next); });
    on([this, w](number n, turn& now) {
      if (n.n == 0) w->done();
      if (n.n > 0) now.send(next_, number{n.n - 1});
    });
  }

 private:
  agent_ref next_;
};

// An agent that does nothing, reports each start and each number, fails on demand, and answers.
class child : public troupe::agent {
 public:
  child(agent_context& context, agent_ref collector) : agent{context}, collector_{std::move(collector)} {
    on([](fail) { throw std::runtime_error{"on demand"}; });
    on([](echo_request r) { return number{r.n}; });
    on([this](number n, turn& now) { now.send(collector_, n); });
  }

 private:
  task<void> on_start(turn& now) override {
    if (collector_) now.send(collector_, number{1});
    co_return;
  }
  agent_ref collector_;
};

// Lets a child fail and asks it, again and again; notes how long each answer took to come.
class tester : public troupe::agent {
 public:
  tester(agent_context& context, world* w, std::vector<double>* seconds)
      : agent{context}, world_{w}, seconds_{seconds} {
    on(&tester::run);
  }

 private:
  task<void> run(begin b, turn& now) {
    const auto victim = now.ref(now.self().path().parent() / "child");
    for (std::int64_t n = b.n; n > 0; --n) {
      const auto began = stopwatch::now();
      now.send(victim, fail{});
      co_await now.ask<echo_request>(victim, n);  // waits in the mailbox for the next incarnation
      seconds_->push_back(std::chrono::duration<double>(stopwatch::now() - began).count());
    }
    world_->done();
  }
  world* world_;
  std::vector<double>* seconds_;
};

constexpr int never_enough = 1'000'000'000;

// What fails on demand gets the same message again and again, which would set it aside.
const troupe::child_options fails_often{.quarantine_after = 0};

// A collector under /count that is done after so many reports, with room for all of them.
agent_ref add_collector(world& w, std::size_t reports) {
  w.supervise({.name = "count",
               .children = {troupe::child<counter>("counter", {.mailbox = {.limit = 10'000'000}}, &w, reports)}});
  return w.node().ref(troupe::path{"/count/counter"});
}

agent_ref add_pool(world& w, const agent_ref& collector) {
  return w.supervise({.name = "pool",
                      .strategy = troupe::simple_one_for_one,
                      .intensity = never_enough,
                      .children = {troupe::child<child>("template", fails_often, collector)}});
}

void spawn_idle(world& w, std::size_t agents) {
  const auto collector = add_collector(w, agents);
  const auto pool = add_pool(w, collector);
  w.start();
  for (std::size_t i = 0; i < agents; ++i) w.node().send(pool, troupe::start_template_child{});
}

}  // namespace

double ping_pong(std::size_t rounds) {
  world w;
  w.supervise({.name = "top", .children = {troupe::child<ponger>("pong"), troupe::child<pinger>("ping", &w)}});
  w.start();
  w.node().send(w.node().ref(troupe::path{"/top/ping"}), begin{static_cast<std::int64_t>(rounds)});
  return 2 * static_cast<double>(rounds) / w.seconds();
}

double request(std::size_t rounds) {
  world w;
  w.supervise({.name = "top", .children = {troupe::child<ponger>("pong"), troupe::child<asker>("asker", &w)}});
  w.start();
  w.node().send(w.node().ref(troupe::path{"/top/asker"}), begin{static_cast<std::int64_t>(rounds)});
  return static_cast<double>(rounds) / w.seconds();
}

double mailbox(std::size_t senders, std::size_t messages) {
  world w;
  troupe::supervisor_spec top{.name = "top"};
  top.children.push_back(
      troupe::child<counter>("counter", {.mailbox = {.limit = senders * messages}}, &w, senders * messages));
  for (std::size_t i = 0; i < senders; ++i) top.children.push_back(troupe::child<sender>("sender" + std::to_string(i)));
  w.supervise(std::move(top));
  w.start();
  for (std::size_t i = 0; i < senders; ++i)
    w.node().send(w.node().ref(troupe::path{"/top/sender" + std::to_string(i)}),
                  begin{static_cast<std::int64_t>(messages)});
  return static_cast<double>(senders * messages) / w.seconds();
}

double ring(std::size_t members, std::size_t hops) {
  world w;
  troupe::supervisor_spec top{.name = "ring"};
  for (std::size_t i = 0; i < members; ++i) top.children.push_back(troupe::child<ring_member>(std::to_string(i), &w));
  w.supervise(std::move(top));
  const auto member = [&](std::size_t i) { return w.node().ref(troupe::path{"/ring/" + std::to_string(i % members)}); };
  for (std::size_t i = 0; i < members; ++i) w.node().send(member(i), next_is{member(i + 1)});
  w.start();
  w.node().send(member(0), number{static_cast<std::int64_t>(hops)});
  return static_cast<double>(hops) / w.seconds();
}

double spawn(std::size_t agents) {
  world w;
  spawn_idle(w, agents);
  return static_cast<double>(agents) / w.seconds();
}

double idle_memory(std::size_t agents) {
  world w;
  const auto before = resident_bytes();
  spawn_idle(w, agents);
  w.seconds();
  return (resident_bytes() - before) / static_cast<double>(agents);
}

double broadcast(std::size_t agents) {
  std::vector<agent_ref> all;
  world w;
  const auto collector = add_collector(w, 2 * agents);
  const auto pool = add_pool(w, collector);
  for (std::size_t i = 0; i < agents; ++i) all.push_back(w.node().ask(pool, troupe::start_template_child{}).value());
  w.supervise({.name = "top", .children = {troupe::child<caster>("caster", &all)}});
  w.start();
  w.node().send(w.node().ref(troupe::path{"/top/caster"}), begin{});
  return static_cast<double>(agents) / w.seconds();
}

double restart(std::size_t times) {
  std::vector<double> seconds;
  world w;
  w.supervise({.name = "top",
               .intensity = never_enough,
               .children = {troupe::child<child>("child", fails_often, agent_ref{}),
                            troupe::child<tester>("tester", &w, &seconds)}});
  w.start();
  w.node().send(w.node().ref(troupe::path{"/top/tester"}), begin{static_cast<std::int64_t>(times)});
  w.seconds();
  std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(times / 2), seconds.end());
  return seconds[times / 2];
}

double restart_storm(std::size_t children) {
  world w;
  const auto collector = add_collector(w, 2 * children);
  troupe::supervisor_spec top{.name = "top", .intensity = never_enough};
  for (std::size_t i = 0; i < children; ++i)
    top.children.push_back(troupe::child<child>(std::to_string(i), fails_often, collector));
  w.supervise(std::move(top));
  std::vector<agent_ref> all;
  for (std::size_t i = 0; i < children; ++i) all.push_back(w.node().ref(troupe::path{"/top/" + std::to_string(i)}));
  w.start();
  for (const auto& each : all) w.node().send(each, fail{});
  return w.seconds();
}

double restart_storm_dynamic(std::size_t children) {
  world w;
  const auto collector = add_collector(w, 2 * children);
  const auto pool = add_pool(w, collector);
  std::vector<agent_ref> all;
  for (std::size_t i = 0; i < children; ++i) all.push_back(w.node().ask(pool, troupe::start_template_child{}).value());
  w.start();
  for (const auto& each : all) w.node().send(each, fail{});
  return w.seconds();
}

}  // namespace bench::ours
