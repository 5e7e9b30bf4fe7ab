#include "scripted.hpp"

using namespace troupe;
using namespace support;

// Agents whose paths would be beyond the limits of a path: they are refused, and nobody else is disturbed.

namespace {

const path top{"/top"};
const std::string longest(path::segment_size_bytes_max, 'x');

// Spawns another of its kind below itself until that fails; answers with the error and the path where it did.
class digger final : public agent {
 public:
  explicit digger(agent_context& context, std::string name) : agent{context}, name_{std::move(name)} {
    on(&digger::dig);
  }

 private:
  task<answer> dig(question q, turn& now) {
    auto spawning = now.spawn<digger>(name_, name_);
    const auto spawned = co_await spawning.as_result();
    if (!spawned) co_return answer{std::string{spawned.error().name()} + " below " + where().str()};
    co_return co_await now.ask<question>(*spawned, q.text);
  }
  const std::string name_;
};

// A supervisor at the end of a path that has no room for another segment of the longest kind.
path dig_supervisors(node& n) {
  path where = top;
  must_supervise(n, top_of());
  while (where.join(longest)) {
    must(n.ask(n.ref(where), start_child{child(supervisor_spec{.name = longest})}));
    where = where / longest;
  }
  return where;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(depth_test)

BOOST_AUTO_TEST_CASE(a_spawn_beyond_the_limits_of_a_path_fails_and_harms_nobody) {
  for (const auto& name : {longest, std::string{"x"}}) {  // too long, too deep
    node n{deterministic()};
    must_supervise(n, top_of(child<digger>("digger", name)));
    path deepest = top / "digger";
    std::size_t diggers = 1;
    for (; deepest.join(name); ++diggers) deepest = deepest / name;
    const auto told = must(n.ask(n.ref(top / "digger"), question{})).text;
    BOOST_TEST(told == "bad_child_id below " + deepest.str());
    n.settle();
    const auto agents = n.agents();
    BOOST_TEST(agents.size() == 2 + diggers);
    for (const auto& each : agents) BOOST_TEST(each.incarnation == 1u);
    for (const auto& each : agents) BOOST_TEST(each.failures == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_child_beyond_the_limits_of_a_path_is_refused_and_its_supervisor_goes_on) {
  node n{deterministic()};
  const auto deepest = dig_supervisors(n);
  must(n.ask(n.ref(deepest), start_child{scripted_child("innocent", [](scripted&) {})}));
  const auto refused = n.ask(n.ref(deepest), start_child{scripted_child(longest, [](scripted&) {})});
  BOOST_TEST(refused.error().is(agent_errc::bad_child_id));
  n.settle();
  BOOST_TEST(n.info(deepest)->incarnation == 1u);
  BOOST_TEST(n.info(deepest)->failures == 0u);
  BOOST_TEST(n.info(deepest / "innocent")->incarnation == 1u);
  BOOST_TEST(must(n.ask(n.ref(deepest), count_children{})).specs == 1u);
}

BOOST_AUTO_TEST_CASE(a_child_of_a_template_beyond_the_limits_is_refused_too) {
  node n{deterministic()};
  const auto above = dig_supervisors(n);
  must(n.ask(n.ref(above),
             start_child{child(supervisor_spec{.name = "pool",
                                               .strategy = simple_one_for_one,
                                               .children = {scripted_child("template", [](scripted&) {})}})}));
  const auto pool = n.ref(above / "pool");
  must(n.ask(pool, start_template_child{"innocent"}));
  BOOST_TEST(n.ask(pool, start_template_child{longest}).error().is(agent_errc::bad_child_id));
  n.settle();
  BOOST_TEST(n.info(pool.path())->incarnation == 1u);
  BOOST_TEST(n.info(above / "pool" / "innocent")->incarnation == 1u);
}

BOOST_AUTO_TEST_CASE(a_supervisor_whose_children_would_be_beyond_the_limits_does_not_start) {
  node n{deterministic()};
  const auto above = dig_supervisors(n);
  supervisor_spec spec{.name = "pool", .children = {scripted_child(longest, [](scripted&) {})}};
  const auto refused = n.ask(n.ref(above), start_child{child(std::move(spec))});
  BOOST_TEST(refused.error().is(agent_errc::failed_to_start), refused.error().describe());
  n.settle();
  BOOST_TEST(n.info(above)->incarnation == 1u);
  BOOST_TEST(!n.info(above / "pool").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
