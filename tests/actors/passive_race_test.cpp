#include <thread>
#include <troupe/memory/store.hpp>

#include "core/temporary_folder.hpp"
#include "scripted.hpp"

// Real threads: messages meet agents that are about to become passive, and turns that are about to receive them.

using namespace troupe;
using namespace support;

namespace {

constexpr int agents = 8, senders = 3, messages = 60;

struct part {
  std::int64_t number = 0;
  TROUPE_MESSAGE(part, number)
};
// Answered with the sum of as many parts.
struct collect {
  std::uint32_t parts = 0;
  using reply_type = answer;
  TROUPE_MESSAGE(collect, parts)
};

class collector : public agent {
 public:
  explicit collector(agent_context& context) : agent{context} {
    keep("notes", notes_);
    on([this](const note&) { ++notes_; });
    on([this](const question&) { return answer{std::to_string(notes_)}; });
    on([](collect c, turn& now) -> task<answer> {
      std::int64_t sum = 0;
      for (std::uint32_t i = 0; i < c.parts; ++i) sum += (co_await now.receive<part>()).number;
      co_return answer{std::to_string(sum)};
    });
  }

 private:
  std::int64_t notes_ = 0;
};

path path_of(int agent) { return path{"/top/a" + std::to_string(agent)}; }

struct place {
  explicit place(const child_options& how) {
    options.threads = 4;
    options.log = logger{};
    if (how.durability != durability::none) options.memory = must(memory::store::open({.folder = folder.path() / "m"}));
    n.emplace(options);
    supervisor_spec all{.name = "top"};
    for (int i = 0; i < agents; ++i) all.children.push_back(child<collector>("a" + std::to_string(i), how));
    must_supervise(*n, all);
  }
  // Each sender gives each agent as many.
  template <class F>
  void send_all(F&& one) {
    std::vector<std::thread> threads;
    for (int s = 0; s < senders; ++s)
      threads.emplace_back([&] {
        for (int m = 0; m < messages; ++m)
          for (int a = 0; a < agents; ++a) one(n->ref(path_of(a)), m);
      });
    for (auto& each : threads) each.join();
  }

  troupe::test::temporary_folder folder;
  node_options options;
  std::optional<node> n;
};

child_options at_once() { return {.durability = durability::local, .passivate_after = duration{0}}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(passive_race_test)

BOOST_AUTO_TEST_CASE(a_message_that_meets_an_agent_on_its_way_to_rest_is_handled) {
  place here{at_once()};
  here.send_all([&](const agent_ref& to, int) { must(here.n->post(to, note{})); });
  for (int a = 0; a < agents; ++a)
    BOOST_TEST(must(here.n->ask(here.n->ref(path_of(a)), question{})).text == std::to_string(senders * messages));
}

BOOST_AUTO_TEST_CASE(a_turn_receives_whatever_is_sent_meanwhile) {
  for (const bool durable : {false, true}) {
    place here{durable ? at_once() : child_options{}};
    std::vector<pending<answer>> sums;
    for (int a = 0; a < agents; ++a)
      sums.push_back(here.n->begin_ask(here.n->ref(path_of(a)), collect{senders * messages}));
    here.send_all([&](const agent_ref& to, int m) { here.n->send(to, part{m}); });
    for (auto& each : sums)
      BOOST_TEST(must(each.get()).text == std::to_string(senders * messages * (messages - 1) / 2));
  }
}

BOOST_AUTO_TEST_SUITE_END()
