// Our side of bench_turns: what a turn of a conversation takes in the journal, while it waits.

#include <future>
#include <troupe/actors/agent.hpp>
#include <troupe/net/codec.hpp>

#include "memory_corpus.hpp"
#include "turns_ours.hpp"
#include "turns_sides.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;
using troupe::agent_context;
using troupe::path;
using troupe::task;
using troupe::turn;
namespace memory = troupe::memory;

constexpr std::size_t timed_turns = 5;
constexpr std::size_t records_a_turn = 2;

struct reply {
  std::string text;
  TROUPE_MESSAGE(reply, text)
};
struct remark {
  std::string text;
  bool hold = false;
  using reply_type = reply;
  TROUPE_MESSAGE(remark, text, hold)
};
struct may_i {
  using reply_type = bool;
  TROUPE_MESSAGE(may_i)
};

class talker : public troupe::agent {
 public:
  explicit talker(agent_context& context) : agent{context} { on(&talker::talk); }

 private:
  task<reply> talk(remark what, turn& now) {
    now.remember(what.text);
    auto filling = now.window({.question = what.text});
    const auto prompt = co_await filling;
    auto recalling = now.recall(what.text);
    const auto hits = co_await recalling;
    auto answering = now.once([] { return effect_text(1); });  // as a model would
    auto answer = co_await answering;
    if (what.hold) {
      auto waiting = now.ask_within<may_i>(1h, now.ref(path{"/world/gate"}));
      co_await waiting;
    }
    now.remember(answer);
    co_return reply{std::move(answer)};
  }
};

// Keeps a turn in its middle.
class gate : public troupe::agent {
 public:
  gate(agent_context& context, std::promise<void>* asked) : agent{context} {
    on([asked](may_i, turn& now) -> task<bool> {
      asked->set_value();
      co_await now.sleep(1h);
      co_return true;
    });
  }
};

// What earlier turns have remembered.
void fill(memory::store& to, const path& where, corpus& texts, std::size_t records) {
  for (std::size_t n = 0; n < records;) {
    memory::command whole;
    whole.author = where;
    for (; n < records && whole.operations.size() < 500; ++n) {
      auto text = n % records_a_turn == 0 ? texts.text(n, text_bytes) : effect_text(1);
      whole.operations.emplace_back(ours::must(to.prepare(where, {.space = where, .text = std::move(text)})));
    }
    ours::must(to.apply(std::move(whole)));
  }
}

double bytes_of(const path& where, const memory::journaled_effect& what) {
  const auto key = 1 + where.str().size() + 1 + 16 + 4;  // memory/README.md, family `journal`
  return static_cast<double>(key + troupe::net::encode(what).size());
}

}  // namespace

journal_figures journal_of_ours(const std::filesystem::path& folder, std::size_t nth_turn) {
  const path where{"/talkers/one"};
  corpus texts;
  std::promise<void> asked;
  ours::world world{folder};
  auto& node = world.node();
  fill(world.store(), where, texts, records_a_turn * (nth_turn - 1 - timed_turns));
  ours::must(node.supervise({.name = "world", .children = {troupe::child<gate>("gate", &asked)}}));
  ours::must(node.supervise({.name = "talkers", .children = {troupe::child<talker>("one", ours::durable)}}));
  auto next = [&, n = nth_turn - timed_turns]() mutable { return texts.text(records_a_turn * ++n, text_bytes); };
  journal_figures found;
  turn_meter meter{60};
  for (std::size_t n = 0; n < timed_turns; ++n) {
    const auto sent = stopwatch::now();
    ours::must(node.ask(node.ref(where), remark{next()}));
    meter.add(sent, stopwatch::now());
  }
  const auto figures = meter.figures(0);
  found.turn_s = figures.p50_s;
  found.written_bytes = figures.written_bytes;
  ours::must(node.post(node.ref(where), remark{next(), true}));
  asked.get_future().wait();
  const auto journal = ours::must(world.store().journal(where, 10));
  if (journal.turns.size() != 1) throw std::runtime_error{"ours: the turn is not in the journal"};
  for (const auto& each : journal.turns.begin()->second.effects) {
    // Numbered as the turn begins them.
    auto& bytes = each.number == 1 ? found.window_bytes : each.number == 2 ? found.recall_bytes : found.answer_bytes;
    bytes = bytes_of(where, each);
  }
  return found;
}

}  // namespace bench
