#include "support.hpp"

using namespace troupe;
using namespace support;

namespace {

struct total {
  std::int64_t value = 0;
  TROUPE_MESSAGE(total, value)
};
// Adds up 1 to `count`, through tasks of which every `waits`-th waits.
struct add_up {
  std::int64_t count = 0;
  std::int64_t waits = 0;
  using reply_type = total;
  TROUPE_MESSAGE(add_up, count, waits)
};
struct descend {
  std::int64_t depth = 0;
  using reply_type = total;
  TROUPE_MESSAGE(descend, depth)
};

class adder : public agent {
 public:
  explicit adder(agent_context& context) : agent{context} {
    on(&adder::add);
    on(&adder::down);
  }

 private:
  task<total> add(add_up m, turn& now) {
    std::int64_t sum = 0;
    for (std::int64_t i = 1; i <= m.count; ++i) sum += co_await one(i, m.waits != 0 && i % m.waits == 0, now);
    co_return total{sum};
  }
  task<std::int64_t> one(std::int64_t i, bool wait, turn& now) {
    if (wait) co_await now.sleep(1ms);
    co_return i;
  }
  task<total> down(descend m, turn& now) { co_return total{co_await deeper(m.depth, now)}; }
  task<std::int64_t> deeper(std::int64_t left, turn& now) {
    if (left == 0) {
      co_await now.sleep(1ms);
      throw std::runtime_error{"at the bottom"};
    }
    try {
      co_return 1 + co_await deeper(left - 1, now);
    } catch (const std::runtime_error&) {
      if (left > 1) throw;
    }
    co_return 1;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(task_test)

BOOST_AUTO_TEST_CASE(a_handler_awaits_any_number_of_tasks_without_growing_the_stack) {
  node n{deterministic()};
  must_supervise(n, {.name = "top", .children = {child<adder>("a")}});
  const auto a = n.ref(path{"/top/a"});
  BOOST_TEST(must(n.ask(a, add_up{200'000})).value == 200'000ll * 200'001 / 2);
  auto waiting = n.begin_ask(a, add_up{20'000, 10});
  n.advance(1999ms);
  BOOST_TEST(!waiting.ready());
  n.advance(1ms);
  BOOST_TEST(must(waiting.get()).value == 20'000ll * 20'001 / 2);
}

BOOST_AUTO_TEST_CASE(an_exception_passes_through_tasks_that_waited) {
  node n{deterministic()};
  must_supervise(n, {.name = "top", .children = {child<adder>("a")}});
  auto waiting = n.begin_ask(n.ref(path{"/top/a"}), descend{50});
  n.settle();
  BOOST_TEST(!waiting.ready());
  n.advance(1ms);
  BOOST_TEST(must(waiting.get()).value == 50);
}

BOOST_AUTO_TEST_SUITE_END()
