#include <troupe/actors/run.hpp>

#include "process_agents.hpp"

using namespace troupe;
using namespace support;

namespace {

struct house {
  explicit house(node_options options = threaded()) : n{std::move(options)} {}
  agent_ref open(child_options how = {}) {
    how.isolation = tier::process;
    must_supervise(n, {.name = "top",
                       .intensity = 1'000,
                       .period = 1h,
                       .children = {child<sufferer>("worker", std::move(how))}});
    return n.ref(path{"/top/worker"});
  }
  node n;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(process_test)

BOOST_AUTO_TEST_CASE(an_agent_in_a_process_of_its_own_answers) {
  house h;
  const auto worker = h.open();
  BOOST_TEST(must(h.n.ask(worker, count_up{2})).value == 2);
  BOOST_TEST(must(h.n.ask(worker, count_up{3})).value == 5);
  BOOST_TEST(must(h.n.ask(worker, where_are_you{})).value != ::getpid());
}

BOOST_AUTO_TEST_CASE(a_segfault_there_is_an_ordinary_restart) {
  house h;
  const auto worker = h.open();
  BOOST_TEST(must(h.n.ask(worker, count_up{2})).value == 2);
  const auto answer = h.n.ask(worker, suffer{damage::segfault});
  BOOST_REQUIRE(!answer);
  BOOST_TEST(answer.error().message() == "");
  BOOST_TEST(must(h.n.ask(worker, count_up{3})).value == 3);
}

BOOST_AUTO_TEST_SUITE_END()
