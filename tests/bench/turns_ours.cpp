// Our side of bench_turns: a node with a memory, durable agents, and agents that are not durable and ask them.

#include "turns_ours.hpp"

#include <limits>
#include <troupe/actors/agent.hpp>

#include "turns_sides.hpp"

namespace bench {

namespace {

using troupe::agent_context;
using troupe::agent_ref;
using troupe::path;
using troupe::task;
using troupe::turn;

struct said {
  std::string text;
  TROUPE_MESSAGE(said, text)
};
struct job {
  std::string text;
  using reply_type = said;
  TROUPE_MESSAGE(job, text)
};
struct drive {
  std::int64_t turns_max = 0;
  using reply_type = bool;
  TROUPE_MESSAGE(drive, turns_max)
};

class worker : public troupe::agent {
 public:
  worker(agent_context& context, std::size_t effects, bool pooled)
      : agent{context}, effects_{effects}, pooled_{pooled} {
    keep("turns", turns_);
    keep("last", last_);
    on(&worker::serve);
  }

 private:
  task<said> serve(job what, turn& now) {
    std::size_t bytes = 0;
    for (std::size_t n = 1; n <= effects_; ++n) {
      if (pooled_) {
        auto doing = now.run([n] { return effect_text(n); });
        bytes += (co_await doing).size();
      } else {
        auto doing = now.once([n] { return effect_text(n); });
        bytes += (co_await doing).size();
      }
    }
    ++turns_;
    last_ = std::move(what.text);
    co_return said{std::to_string(bytes)};
  }

  const std::size_t effects_;
  const bool pooled_;
  std::int64_t turns_ = 0;
  std::string last_;
};

// Asks one of them, again and again.
class client : public troupe::agent {
 public:
  // The meter is this agent's alone while it drives.
  client(agent_context& context, std::size_t number, turn_meter* meter)
      : agent{context}, number_{number}, meter_{meter} {
    on(&client::run);
  }

 private:
  task<bool> run(drive how, turn& now) {
    const auto server = now.ref(path{"/workers/w" + std::to_string(number_)});
    for (std::int64_t n = 0; n < how.turns_max; ++n) {
      const auto sent = stopwatch::now();
      if (how.turns_max > 1 && meter_->is_over(sent)) break;
      auto answer = now.ask<job>(server, message_text(number_));
      co_await answer;
      if (how.turns_max > 1) meter_->add(sent, stopwatch::now());
    }
    co_return true;
  }

  const std::size_t number_;
  turn_meter* const meter_;
};

void drive_all(troupe::node& node, std::size_t clients, std::int64_t turns_max) {
  std::vector<troupe::pending<bool>> all;
  for (std::size_t n = 0; n < clients; ++n)
    all.push_back(node.begin_ask(node.ref(path{"/clients/c" + std::to_string(n)}), drive{turns_max}));
  for (auto& each : all) ours::must(each.get());
}

}  // namespace

turn_figures turns_of_ours(const turn_load& load) {
  // Before the node: its agents use them.
  std::vector<turn_meter> meters(load.agents, turn_meter{load.seconds});
  ours::world world{load.folder};
  auto& node = world.node();
  troupe::supervisor_spec workers{.name = "workers"}, clients{.name = "clients"};
  for (std::size_t n = 0; n < load.agents; ++n) {
    workers.children.push_back(
        troupe::child<worker>("w" + std::to_string(n), ours::durable, load.effects, load.pooled));
    clients.children.push_back(troupe::child<client>("c" + std::to_string(n), n, &meters[n]));
  }
  ours::must(node.supervise(std::move(workers)));
  ours::must(node.supervise(std::move(clients)));
  drive_all(node, load.agents, 1);  // not counted: from now on the journal knows them
  const auto batches = world.store().stats().batches;
  turn_meter all{load.seconds};
  for (auto& each : meters) each = all;
  drive_all(node, load.agents, std::numeric_limits<std::int64_t>::max());
  for (const auto& each : meters) all.add(each);
  return all.figures(world.store().stats().batches - batches);
}

}  // namespace bench
