// What one child costs must not grow with their number: the two cases of OTP's supervisor_SUITE about scale.

#include <ctime>
#include <functional>

#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

constexpr int few = 1'000;
constexpr int many = 20'000;
// Linear is 1. What is in the caches and what is not makes up for the rest.
constexpr double ratio_max = 4.0;

// Processor time for each of `count`.
double cost_of_each(int count, const std::function<void(int)>& action) {
  const std::clock_t begin = std::clock();
  for (int i = 0; i < count; ++i) action(i);
  return static_cast<double>(std::clock() - begin) / count;
}

struct costs {
  double start = 0;
  double stop = 0;
};

costs measure(int count, supervisor_spec spec, const std::function<void(stage&, const std::string&)>& start) {
  stage s;
  s.open(std::move(spec));
  const auto id = [](int i) { return "child" + std::to_string(i); };
  costs found;
  found.start = cost_of_each(count, [&](int i) { start(s, id(i)); });
  const auto counts = must(s.ask(count_children{}));
  if (counts.active != static_cast<std::size_t>(count)) BOOST_FAIL("not all were started");
  found.stop = cost_of_each(count, [&](int i) {
    if (s.terminate(id(i)) != "ok") BOOST_FAIL("could not stop " + id(i));
  });
  if (must(s.ask(count_children{})).active != 0) BOOST_FAIL("not all were stopped");
  return found;
}

void compare(const std::function<costs(int)>& run) {
  costs small = run(few);
  for (int again = 0; again < 3; ++again) {  // the slowest of a few: others use this machine too
    const costs next = run(few);
    small = {std::max(small.start, next.start), std::max(small.stop, next.stop)};
  }
  const costs large = run(many);
  BOOST_TEST_MESSAGE("start: " << small.start << " us each of " << few << ", " << large.start << " us each of "
                               << many);
  BOOST_TEST_MESSAGE("stop: " << small.stop << " us each of " << few << ", " << large.stop << " us each of " << many);
  BOOST_TEST(large.start < ratio_max * small.start);
  BOOST_TEST(large.stop < ratio_max * small.stop);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_scale_test)

BOOST_AUTO_TEST_CASE(scale_start_stop_many_children) {
  compare([](int count) {
    return measure(count, {}, [](stage& s, const std::string& id) {
      if (s.start(troupe::child<plain>(id, &s.log)) != "ok") BOOST_FAIL("could not start " + id);
    });
  });
}

BOOST_AUTO_TEST_CASE(simple_one_for_one_scale_many_temporary_children) {
  journal unread;
  compare([&](int count) {
    return measure(count,
                   {.strategy = simple_one_for_one,
                    .children = {troupe::child<plain>("template", child_options{.restart = temporary}, &unread)}},
                   [](stage& s, const std::string& id) {
                     if (s.start_from_template(id) != "ok") BOOST_FAIL("could not start " + id);
                   });
  });
}

BOOST_AUTO_TEST_SUITE_END()
