#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>
#include <troupe/actors/supervision.hpp>
#include <vector>

// What the tests of actors share: a node under a virtual clock, which runs one agent at a time on the test's own
// thread.

namespace support {

using namespace std::chrono_literals;

inline troupe::node_options deterministic(std::uint64_t seed = 1) {
  troupe::node_options options;
  options.scheduling = troupe::scheduling::deterministic;
  options.clock = std::make_shared<troupe::virtual_clock>();
  options.seed = seed;
  options.log = troupe::logger{};  // silent
  return options;
}

inline troupe::agent_ref must_supervise(troupe::node& node, troupe::supervisor_spec spec) {
  auto started = node.supervise(std::move(spec));
  if (!started) BOOST_FAIL("supervise: " + started.error().describe());
  return *started;
}

template <class T>
T must(troupe::result<T> outcome) {
  if (!outcome) BOOST_FAIL(outcome.error().describe());
  return std::move(*outcome);
}
inline void must(troupe::result<void> outcome) {
  if (!outcome) BOOST_FAIL(outcome.error().describe());
}

}  // namespace support
