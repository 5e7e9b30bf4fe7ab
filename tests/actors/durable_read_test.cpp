#include "durable.hpp"

// What durable turns read from memory: the journal names it, and does not repeat it.

namespace {

using namespace std::chrono_literals;
using support::answer;
using support::must;
using support::question;
using troupe::path;
namespace memory = troupe::memory;

const path reader_path{"/top/reader"};

// Reads, rests, and says what it has read.
class reader : public troupe::agent {
 public:
  reader(troupe::agent_context& context, std::string* read) : agent{context}, read_{read} {
    on(&reader::run);
    on([](const question& q, troupe::turn& now) {
      now.remember(q.text);
      return answer{};
    });
  }

 private:
  troupe::task<answer> run(support::errand e, troupe::turn& now) {
    std::string all;
    if (e.what == "window") {
      const memory::window_query asked{.question = "bees", .pinned = {{.text = "be brief"}}};
      const auto seen = co_await now.window(asked);
      for (const auto& each : seen.parts) all += each.text + "; ";
      all += std::to_string(seen.left_out.size());
    } else if (e.what == "recall") {
      const auto hits = co_await now.recall("bees", 10);
      for (const auto& each : hits) all += each.what.text + "; ";
    } else {
      memory::record fact;
      const auto facts = co_await now.facts("bees");
      for (const auto& each : facts) all += each.text + "; ";
      all += std::to_string(facts.size());
    }
    *read_ = all;
    co_await now.sleep(1h);
    co_return answer{all};
  }
  std::string* read_;
};

struct place : support::durable_place {
  void start() {
    open();
    support::must_supervise(
        *n, support::top_of(troupe::child<reader>("reader", {.durability = troupe::durability::local}, &read)));
    n->settle();
  }
  std::size_t journal_bytes() {
    std::size_t bytes = 0;
    for (const auto& [name, turn] : must(store->journal(reader_path, 10)).turns)
      for (const auto& each : turn.effects)
        if (each.number == 1 && each.result) bytes = each.result->size();
    return bytes;
  }
  std::string read;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_read_test)

BOOST_AUTO_TEST_CASE(what_was_read_is_read_again_by_its_name) {
  for (const auto* what : {"window", "recall", "facts"}) {
    BOOST_TEST_CONTEXT(what) {
      place here;
      here.start();
      const std::string padding(2'000, 'x');
      for (int i = 0; i < 5; ++i) here.ask(reader_path.str(), "bees number " + std::to_string(i) + " " + padding);
      memory::record fact;
      fact.space = reader_path;
      fact.fact.emplace();
      fact.fact->key = "bees";
      fact.fact->value = "fly " + padding;
      fact.kind = memory::record_kind::fact;
      must(here.store->remember(reader_path, fact));
      must(here.n->post(here.n->ref(reader_path), support::errand{what}));
      here.n->settle();
      const auto first = here.read;
      BOOST_TEST(first.find(padding) != std::string::npos);
      const auto bytes = here.journal_bytes();
      BOOST_TEST((bytes > 0 && bytes < 1'500), bytes);
      here.crash();
      here.read.clear();
      // More is remembered meanwhile: the turn sees what it saw.
      here.start();
      here.n->settle();
      BOOST_TEST(here.read == first);
      here.n->advance(2h);
      here.check_clean(0);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_forgotten_meanwhile_is_not_seen_again) {
  place here;
  here.start();
  here.ask(reader_path.str(), "bees are secret");
  here.ask(reader_path.str(), "bees are known");
  must(here.n->post(here.n->ref(reader_path), support::errand{"recall"}));
  here.n->settle();
  BOOST_TEST(here.read.find("secret") != std::string::npos);
  here.crash();
  {
    const auto store = must(memory::store::open(
        {.folder = here.folder.path() / "memory", .time = here.options.clock.get(), .seed = 2, .env = &here.disk}));
    const auto hits = must(store->recall({}, {.text = "secret", .space = reader_path, .limit = 1}));
    BOOST_REQUIRE(hits.size() == 1u);
    must(store->erase(reader_path, {hits.front().what.id}, "asked to"));
  }
  here.start();
  here.n->settle();
  BOOST_TEST(here.read.find("secret") == std::string::npos);
  BOOST_TEST(here.read.find("known") != std::string::npos);
  here.n->advance(2h);
  here.check_clean(0);
}

BOOST_AUTO_TEST_SUITE_END()
