// Our side of bench_turns: what a node does with turns that were not ended when its process was killed.

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <troupe/actors/agent.hpp>
#include <troupe/memory/errc.hpp>

#include "report.hpp"
#include "turns_ours.hpp"
#include "turns_sides.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;
using troupe::agent_context;
using troupe::path;
using troupe::task;
using troupe::turn;

constexpr auto longest = 24h;

struct errand {
  std::string text;
  TROUPE_MESSAGE(errand, text)
};
struct may_i {
  std::int64_t n = 0;
  using reply_type = bool;
  TROUPE_MESSAGE(may_i, n)
};
struct ended {
  std::int64_t n = 0;
  TROUPE_MESSAGE(ended, n)
};

class errand_runner : public troupe::agent {
 public:
  explicit errand_runner(agent_context& context) : agent{context} {
    keep("errands", errands_);
    on(&errand_runner::go);
  }

 private:
  task<void> go(errand, turn& now) {
    auto doing = now.once([] { return effect_text(1); });
    co_await doing;
    auto waiting = now.ask_within<may_i>(longest, now.ref(path{"/world/gate"}), errands_);
    co_await waiting;
    ++errands_;
    now.send(now.ref(path{"/world/counter"}), ended{errands_});
  }
  std::int64_t errands_ = 0;
};

// Counts, and says when it is enough.
struct count_down {
  explicit count_down(std::size_t n) : left{n} {}
  void one() {
    if (--left == 0) done.set_value(stopwatch::now());
  }
  std::atomic<std::size_t> left;
  std::promise<stopwatch::time_point> done;
};

// Is asked by turns whether they may go on. In the life that ends by a kill, nobody is answered.
class gate : public troupe::agent {
 public:
  gate(agent_context& context, count_down* asked, std::size_t count, bool open)
      : agent{context}, asked_{asked}, count_{count}, open_{open} {
    reentrant(count);
    on(&gate::let);
  }

 private:
  task<bool> let(may_i, turn& now) {
    if (seen_++ < count_) asked_->one();
    if (!open_) co_await now.sleep(longest);
    co_return true;
  }
  count_down* const asked_;
  const std::size_t count_;
  const bool open_;
  std::size_t seen_ = 0;
};

class counter : public troupe::agent {
 public:
  counter(agent_context& context, count_down* all) : agent{context} {
    on([all](ended) { all->one(); });
  }
};

// Both supervisors; `asked`: each agent's first turn has asked.
void start(troupe::node& node, const crash_load& load, count_down& asked, count_down& all, bool open) {
  troupe::supervisor_spec world{.name = "world"}, runners{.name = "runners"};
  const troupe::child_options wide{.mailbox = {.limit = 2 * load.agents * load.turns_each}, .turn_budget = longest};
  world.children = {troupe::child<gate>("gate", wide, &asked, load.agents, open),
                    troupe::child<counter>("counter", wide, &all)};
  auto how = ours::durable;
  how.turn_budget = longest;
  for (std::size_t n = 0; n < load.agents; ++n)
    runners.children.push_back(troupe::child<errand_runner>("r" + std::to_string(n), how));
  ours::must(node.supervise(std::move(world)));
  ours::must(node.supervise(std::move(runners)));
}

// Waits for a person.
class petitioner : public troupe::agent {
 public:
  explicit petitioner(agent_context& context) : agent{context} { on(&petitioner::ask); }

 private:
  task<void> ask(errand what, turn& now) {
    const troupe::approval_request wanted{.subject = "a petition", .details = std::move(what.text)};
    co_await now.approval(wanted);
  }
};

void start_petitioners(troupe::node& node, std::size_t agents) {
  troupe::supervisor_spec all{.name = "petitioners"};
  auto how = ours::durable;
  how.passivate_after = troupe::duration{0};
  for (std::size_t n = 0; n < agents; ++n)
    all.children.push_back(troupe::child<petitioner>("p" + std::to_string(n), how));
  ours::must(node.supervise(std::move(all)));
}

bool are_passive(const troupe::node& node, std::size_t agents) {
  return static_cast<std::size_t>(
             std::ranges::count(node.agents(), troupe::health::passive, &troupe::agent_info::state)) == agents &&
         node.approvals().size() == agents;
}

// A message for each of so many agents, from 64 threads.
void post_all(troupe::node& node, std::size_t messages, const std::function<path(std::size_t)>& to) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 64; ++t)
      threads.emplace_back([&] {
        for (auto n = next++; n < messages && !failed; n = next++) {
          const auto whom = node.ref(to(n));
          auto posted = node.post(whom, errand{message_text(n)});
          // That all agents have started has filled the queue, perhaps.
          while (!posted && posted.error().is(troupe::memory_errc::overloaded))
            posted = node.post(whom, errand{message_text(n)});
          if (!posted) failed = true;
        }
      });
  }
  if (failed) throw std::runtime_error{"ours: a message was not accepted"};
}

}  // namespace

void crash_ours(const crash_load& load, const std::function<void()>& ready) {
  count_down asked{load.agents}, all{load.agents * load.turns_each};
  ours::world world{load.folder};
  auto& node = world.node();
  start(node, load, asked, all, false);
  post_all(node, load.agents * load.turns_each,
           [&](std::size_t n) { return path{"/runners/r" + std::to_string(n % load.agents)}; });
  asked.done.get_future().wait();
  ready();
}

recovery_figures recover_ours(const crash_load& load) {
  count_down asked{load.agents}, all{load.agents * load.turns_each};
  const auto began = stopwatch::now();
  ours::world world{load.folder};
  start(world.node(), load, asked, all, true);
  const auto seconds = [&](count_down& what) {
    auto done = what.done.get_future();
    if (done.wait_for(5min) != std::future_status::ready) throw std::runtime_error{"ours: turns did not go on"};
    return std::chrono::duration<double>{done.get() - began}.count();
  };
  const auto waiting = seconds(asked);
  return {waiting, seconds(all)};
}

void crash_passive(const crash_load& load, const std::function<void()>& ready) {
  ours::world world{load.folder};
  start_petitioners(world.node(), load.agents);
  post_all(world.node(), load.agents, [](std::size_t n) { return path{"/petitioners/p" + std::to_string(n)}; });
  while (!are_passive(world.node(), load.agents)) std::this_thread::sleep_for(50ms);
  ready();
}

passive_figures recover_passive(const crash_load& load) {
  const auto before = resident_bytes();
  const auto began = stopwatch::now();
  ours::world world{load.folder};
  start_petitioners(world.node(), load.agents);
  const std::chrono::duration<double> took = stopwatch::now() - began;
  if (!are_passive(world.node(), load.agents)) throw std::runtime_error{"ours: not all agents are passive"};
  return {took.count(), (resident_bytes() - before) / static_cast<double>(load.agents)};
}

}  // namespace bench
