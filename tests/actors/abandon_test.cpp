#include <atomic>

#include "gate.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// A handler that does not come back to the scheduler holds up neither its supervisor nor its path. Real threads: the
// handler blocks one.

namespace {

node_options threads() { return {.threads = 4, .ask_timeout = 30s, .kill_grace = 20ms, .log = logger{}}; }

child_options impatient() { return {.shutdown = 20ms}; }

const path top{"/top"};
const path a{"/top/a"};

// Blocks in `go` until `release`, and tries all it can do afterwards.
struct stuck {
  event blocked, release, gone;
  std::atomic<bool> went_on{false};

  child_spec child(child_options options = impatient()) {
    return scripted_child(
        "a",
        [this](scripted& me) {
          const bool first = me.incarnation() == 1;
          me.on([](const question& q) { return answer{q.text}; });
          // Held by the handler, and so by the agent.
          auto end = first ? std::make_shared<at_the_end>(gone) : nullptr;
          me.on([this, end](go, turn& now) -> task<void> {
            blocked.happen();
            release.wait();
            const auto ear = now.ref(path{"/top/ear"});
            now.send(ear, note{1});
            now.forward(ear, note{2});
            now.kill(ear, "by a ghost");
            now.watch(ear);
            auto asking = now.ask<question>(ear, "?");
            auto spawning = now.spawn<scripted>("kid_of_a_ghost", scripted::script{[](scripted&) {}});
            (void)co_await asking.as_result();  // its last wait
            went_on = true;
            (void)co_await spawning.as_result();
          });
        },
        std::move(options));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(abandon_test)

BOOST_AUTO_TEST_CASE(a_child_that_blocks_is_terminated_and_its_path_is_free) {
  stuck it;
  std::atomic<int> heard{0};
  node n{threads()};
  must_supervise(n, top_of(it.child(), scripted_child("ear", [&](scripted& me) {
                             me.on([&](const note&) { ++heard; });
                             me.on([](const question& q) { return answer{q.text}; });
                           })));
  auto asked = n.begin_ask(n.ref(a), go{});
  BOOST_REQUIRE(it.blocked.wait());
  auto queued = n.begin_ask(n.ref(a), question{"behind it"});

  must(n.ask(n.ref(top), terminate_child{"a"}));
  BOOST_TEST(!n.info(a).has_value());
  BOOST_TEST(queued.get().error().is(agent_errc::agent_down));
  BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
  BOOST_TEST(n.ask(n.ref(a), question{}).error().is(agent_errc::unknown_agent));
  must(n.ask(n.ref(top), restart_child{"a"}));
  BOOST_TEST(must(n.ask(n.ref(a), question{"new"})).text == "new");
  BOOST_TEST(n.info(a)->incarnation == 2u);

  // Its thread comes back, and nothing that it does counts.
  it.release.happen();
  BOOST_TEST(it.gone.wait());
  BOOST_TEST(!it.went_on.load());
  BOOST_TEST(must(n.ask(n.ref(path{"/top/ear"}), question{"still there"})).text == "still there");
  BOOST_TEST(heard.load() == 0);
  BOOST_TEST(n.info(path{"/top/ear"})->incarnation == 1u);
  BOOST_TEST(n.info(a)->incarnation == 2u);
}

BOOST_AUTO_TEST_CASE(a_child_that_blocks_while_its_group_restarts_is_replaced_with_its_mail) {
  stuck it;
  node n{threads()};
  auto spec = top_of(it.child(), scripted_child("b", [](scripted&) {}));
  spec.strategy = one_for_all;
  must_supervise(n, std::move(spec));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(it.blocked.wait());
  std::vector<pending<answer>> queued;
  for (int i = 0; i < 5; ++i) queued.push_back(n.begin_ask(n.ref(a), question{std::to_string(i)}));
  n.send(n.ref(path{"/top/b"}), crash{});
  for (int i = 0; i < 5; ++i) BOOST_TEST(must(queued[static_cast<std::size_t>(i)].get()).text == std::to_string(i));
  BOOST_TEST(n.info(a)->incarnation == 2u);
  it.release.happen();
  BOOST_TEST(it.gone.wait());
  BOOST_TEST(must(n.ask(n.ref(a), question{"on"})).text == "on");
}

BOOST_AUTO_TEST_CASE(who_waits_for_room_with_one_that_is_abandoned_goes_on) {
  stuck it;
  node n{threads()};
  auto options = impatient();
  options.mailbox = {.limit = 1, .when_full = overflow::block};
  auto spec =
      top_of(it.child(options), scripted_child("b", [](scripted&) {}), scripted_child("sender", [](scripted& me) {
               me.on([](go, turn& now) {
                 for (int i = 0; i < 3; ++i) now.send(now.ref(a), question{});
               });
             }));
  must_supervise(n, std::move(spec));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(it.blocked.wait());
  auto sent = n.begin_ask(n.ref(path{"/top/sender"}), go{});
  must(n.ask(n.ref(top), terminate_child{"a"}));
  must(sent.get());
  it.release.happen();
  BOOST_TEST(it.gone.wait());
}

BOOST_AUTO_TEST_CASE(what_an_abandoned_agent_had_spawned_is_ended) {
  event blocked, release, kid_gone;
  node n{threads()};
  must_supervise(n, top_of(scripted_child(
                        "a",
                        [&](scripted& me) {
                          me.on([&](go, turn& now) -> task<void> {
                            auto kid = scripted_child("kid", [&](scripted& small) {
                              small.on([end = std::make_shared<at_the_end>(kid_gone)](const note&) {});
                            });
                            auto spawning = now.spawn(std::move(kid));
                            co_await spawning;
                            blocked.happen();
                            release.wait();
                          });
                        },
                        impatient())));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(blocked.wait());
  BOOST_TEST(n.info(a / "kid").has_value());
  must(n.ask(n.ref(top), terminate_child{"a"}));
  BOOST_TEST(kid_gone.wait());
  release.happen();
}

// The log tells the order: nobody is given up before all have been told.
BOOST_AUTO_TEST_CASE(children_of_a_template_that_block_are_killed_together) {
  event release;
  std::atomic<int> blocked{0};
  event all_blocked;
  std::string lines;  // written by the supervisor's turn only
  auto options = threads();
  options.log = logger::make({.level = log_level::warn,
                              .format = log_format::human,
                              .colour = false,
                              .sink =
                                  [&](std::string_view line) {
                                    // Without the time, and without the fields.
                                    const auto begin = line.find(' ') + 1;
                                    lines += line.substr(begin, line.find(" agent=") - begin);
                                    lines += ' ';
                                    lines += line.substr(line.find("/top/") + 5, 1);
                                    lines += '\n';
                                  }})
                    .value();
  node n{options};
  must_supervise(n, {.name = "top",
                     .strategy = simple_one_for_one,
                     .children = {scripted_child(
                         "template",
                         [&](scripted& me) {
                           me.on([&](go) {
                             if (++blocked == 3) all_blocked.happen();
                             release.wait();
                           });
                         },
                         impatient())}});
  for (const auto* id : {"a", "b", "c"}) n.send(must(n.ask(n.ref(top), start_template_child{id})), go{});
  BOOST_REQUIRE(all_blocked.wait());
  must(n.ask(n.ref({}), terminate_child{"top"}));
  std::string expected;
  for (const auto* id : {"a", "b", "c"})
    expected += std::string{"warn  a child did not stop in time and is killed "} + id + "\n";
  for (const auto* id : {"a", "b", "c"})
    expected +=
        std::string{"error a child does not even end when killed; it is abandoned with its thread "} + id + "\n";
  BOOST_TEST(lines == expected);
  for (const auto* id : {"a", "b", "c"}) BOOST_TEST(!n.info(top / id).has_value());
  release.happen();
}

BOOST_AUTO_TEST_CASE(a_handler_that_returns_within_the_grace_is_not_abandoned) {
  stuck it;
  node n{threads()};
  auto options = impatient();
  options.shutdown = 30s;
  must_supervise(n, top_of(it.child(options)));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(it.blocked.wait());
  auto stopping = n.begin_ask(n.ref(top), terminate_child{"a"});
  it.release.happen();
  must(stopping.get());
  BOOST_TEST(it.gone.wait());
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_killed_over_a_sub_agent_that_hangs_comes_back) {
  event blocked, release;
  node n{threads()};
  must_supervise(n, top_of(scripted_child("a", [&](scripted& me) {
                   me.on([&](go, turn& now) -> task<void> {
                     const auto kid = scripted_child("kid", [&](scripted& small) {
                       small.on([&](go) {
                         blocked.happen();
                         release.wait();
                       });
                     });
                     const auto spawned = co_await now.spawn(kid);
                     now.send(spawned, go{});
                   });
                   me.on([](const question& q) { return answer{q.text}; });
                 })));
  must(n.ask(n.ref(a), go{}));
  BOOST_REQUIRE(blocked.wait());
  n.kill(n.ref(a));
  BOOST_TEST(must(n.ask(n.ref(a), question{"back"}, 20s)).text == "back");
  BOOST_TEST(n.info(a)->incarnation == 2u);
  BOOST_TEST(!n.info(a / "kid").has_value());
  release.happen();
}

BOOST_AUTO_TEST_SUITE_END()
