#include <atomic>
#include <mutex>
#include <thread>

#include "gate.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What an agent that is abandoned leaves: to whoever asked it, and to its successor. Real threads: it holds one.

namespace {

const path top{"/top"};
const path a{"/top/a"};

node_options threads(logger log = {}) {
  return {.threads = 4, .ask_timeout = 30s, .kill_grace = 20ms, .log = std::move(log)};
}

child_options impatient(restart_type restart = permanent) { return {.restart = restart, .shutdown = 20ms}; }

// Says what it is told to the log of a test.
class written {
 public:
  logger log() {
    return logger::make({.level = log_level::debug,
                         .format = log_format::json,
                         .sink =
                             [this](std::string_view line) {
                               std::scoped_lock held{mutex_};
                               lines_.emplace_back(line);
                             }})
        .value();
  }
  std::vector<std::string> with(const std::string& text) const {
    std::scoped_lock held{mutex_};
    std::vector<std::string> found;
    for (const auto& each : lines_)
      if (each.find(text) != std::string::npos) found.push_back(each);
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(succession_test)

BOOST_AUTO_TEST_CASE(the_question_in_hand_is_answered_when_its_agent_is_abandoned_however_long_its_asker_would_wait) {
  for (const auto within : {duration{30s}, duration::max()}) {
    block in_hand;
    node n{threads()};
    must_supervise(n, top_of(scripted_child(
                          "a",
                          [&](scripted& me) {
                            me.on([&](const question&) {
                              in_hand.hold();
                              return answer{"from a ghost"};
                            });
                          },
                          impatient())));
    auto asked = n.begin_ask(n.ref(a), question{}, within);
    BOOST_REQUIRE(in_hand.begun.wait());
    must(n.ask(n.ref(top), terminate_child{"a"}));
    BOOST_REQUIRE(asked.ready());
    const auto told = asked.get();
    BOOST_TEST(told.error().is(agent_errc::agent_down), told.error().describe());
    BOOST_TEST(told.error().message().find("abandoned") != std::string::npos, told.error().message());
    in_hand.release.happen();
  }
}

BOOST_AUTO_TEST_CASE(an_agent_that_asked_a_ghost_is_told_too) {
  block in_hand;
  node n{threads()};
  must_supervise(n, top_of(scripted_child(
                               "a",
                               [&](scripted& me) {
                                 me.on([&](const question&) {
                                   in_hand.hold();
                                   return answer{"from a ghost"};
                                 });
                               },
                               impatient()),
                           scripted_child("asker", [](scripted& me) {
                             me.on([](go, turn& now) -> task<result<void>> {
                               auto asking = now.ask_within<question>(duration::max(), now.ref(a), "?");
                               const auto told = co_await asking.as_result();
                               if (!told) co_return told.error();
                               co_return ok();
                             });
                           })));
  auto asked = n.begin_ask(n.ref(path{"/top/asker"}), go{});
  BOOST_REQUIRE(in_hand.begun.wait());
  must(n.ask(n.ref(top), terminate_child{"a"}));
  BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
  in_hand.release.happen();
}

BOOST_AUTO_TEST_CASE(what_a_ghost_throws_is_neither_an_answer_nor_a_failure) {
  block in_hand;
  event gone;
  written w;
  node n{threads(w.log())};
  must_supervise(n, top_of(scripted_child(
                        "a",
                        [&](scripted& me) {
                          me.on([&, end = std::make_shared<at_the_end>(gone)](const question&) -> answer {
                            in_hand.hold();
                            throw std::runtime_error{"from a ghost"};
                          });
                        },
                        impatient())));
  auto asked = n.begin_ask(n.ref(a), question{});
  BOOST_REQUIRE(in_hand.begun.wait());
  must(n.ask(n.ref(top), terminate_child{"a"}));
  in_hand.release.happen();
  BOOST_TEST(gone.wait());
  n.stop();
  BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
  BOOST_TEST(w.with("abandoned").size() == 1u);
  BOOST_TEST(w.with("from a ghost").empty());
  BOOST_TEST(w.with("an agent failed").empty());
}

BOOST_AUTO_TEST_CASE(a_ghost_whose_pre_restart_hangs_builds_no_next_incarnation) {
  struct record {
    block in_hook;
    std::atomic<int> built{0}, hooks{0};
    std::atomic<bool> hangs{true};
  };
  class restarted final : public agent {
   public:
    restarted(agent_context& context, record* of) : agent{context}, of_{*of} {
      ++of_.built;
      on([](const crash& c) { throw std::runtime_error{c.why}; });
      on([this](const question&) { return answer{"incarnation " + std::to_string(incarnation())}; });
    }

   private:
    void pre_restart(const exit_cause&) override {
      if (of_.hangs.exchange(false)) of_.in_hook.hold();
    }
    task<void> on_restart(turn&, const exit_cause&) override {
      ++of_.hooks;
      co_return;
    }
    record& of_;
  };
  record of;
  {
    node n{threads()};
    must_supervise(n, top_of(child<restarted>("a", child_options{.start_within = 20ms}, &of)));
    n.send(n.ref(a), crash{});
    BOOST_REQUIRE(of.in_hook.begun.wait());
    BOOST_TEST(must(n.ask(n.ref(a), question{})).text == "incarnation 2");
    of.in_hook.release.happen();
  }
  BOOST_TEST(of.built.load() == 2);
  BOOST_TEST(of.hooks.load() == 1);
}

BOOST_AUTO_TEST_CASE(messages_that_are_sent_while_an_agent_is_abandoned_and_replaced_are_not_lost) {
  block in_hand;
  event back;
  std::atomic<bool> over{false};
  std::int64_t received = 0, out_of_order = 0;
  node n{threads()};
  auto spec = top_of(scripted_child("a",
                                    [&](scripted& me) {
                                      if (me.incarnation() > 1) back.happen();
                                      me.on([&](go) { in_hand.hold(); });
                                      me.on([&](const note& got) {
                                        out_of_order += got.number != received;
                                        ++received;
                                      });
                                      me.on([](const question& q) { return answer{q.text}; });
                                    },
                                    {.shutdown = 20ms, .mailbox = {.limit = 10'000'000}}),
                     scripted_child("b", [](scripted&) {}));
  spec.strategy = one_for_all;
  must_supervise(n, std::move(spec));
  const auto to = n.ref(a);
  n.send(to, go{});
  BOOST_REQUIRE(in_hand.begun.wait());
  std::int64_t sent = 0;
  std::thread sender{[&] {
    for (; !over.load(); ++sent) {
      n.send(n.ref(a), note{sent});
      std::this_thread::yield();
    }
  }};
  n.send(n.ref(path{"/top/b"}), crash{});
  BOOST_TEST(back.wait());
  over = true;
  sender.join();
  BOOST_TEST(must(n.ask(to, question{"all there?"})).text == "all there?");
  BOOST_TEST(received == sent);
  BOOST_TEST(out_of_order == 0);
  BOOST_TEST(n.dead_letters().empty());
  in_hand.release.happen();
}

BOOST_AUTO_TEST_CASE(the_successor_of_an_abandoned_agent_is_told_so) {
  class told final : public agent {
   public:
    told(agent_context& context, block* in_hand) : agent{context}, in_hand_{*in_hand} {
      on([this](go) { in_hand_.hold(); });
      on([this](const question&) { return answer{previous_}; });
    }

   private:
    task<void> on_restart(turn&, const exit_cause& previous) override {
      previous_ = previous.describe();
      co_return;
    }
    block& in_hand_;
    std::string previous_ = "not restarted";
  };
  block in_hand;
  node n{threads()};
  auto spec = top_of(child<told>("a", impatient(), &in_hand), scripted_child("b", [](scripted&) {}));
  spec.strategy = one_for_all;
  must_supervise(n, std::move(spec));
  n.send(n.ref(a), go{});
  BOOST_REQUIRE(in_hand.begun.wait());
  n.send(n.ref(path{"/top/b"}), crash{});
  BOOST_TEST(must(n.ask(n.ref(a), question{})).text == "killed: abandoned");
  BOOST_TEST(n.info(a)->incarnation == 2u);
  in_hand.release.happen();
}

BOOST_AUTO_TEST_CASE(a_handler_that_fails_while_its_agent_is_being_abandoned_is_forgotten_like_any_other) {
  constexpr int watchers = 500;  // to be told takes the time in which the handler fails
  block in_hand;
  node n{threads()};
  auto spec = top_of(scripted_child(
                         "a",
                         [&](scripted& me) {
                           me.on([&](const question&) -> answer {
                             in_hand.begun.happen();
                             for (auto seen = n.info(a); seen && seen->current_message == "question"; seen = n.info(a))
                               std::this_thread::yield();
                             throw std::runtime_error{"too late"};
                           });
                         },
                         impatient()),
                     scripted_child("b", [](scripted&) {}));
  spec.strategy = one_for_all;
  must_supervise(n, std::move(spec));
  const auto pool = must(n.supervise(
      {.name = "pool", .strategy = simple_one_for_one, .children = {scripted_child("each", [](scripted& me) {
                                                         me.on([](const go&, turn& now) { now.watch(now.ref(a)); });
                                                         me.on([](const down&) {});
                                                       })}}));
  for (int i = 0; i < watchers; ++i) must(n.ask(must(n.ask(pool, start_template_child{})), go{}));
  auto asked = n.begin_ask(n.ref(a), question{});
  BOOST_REQUIRE(in_hand.begun.wait());
  n.send(n.ref(path{"/top/b"}), crash{});
  BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
  must(n.ask(n.ref(top), count_children{}));  // the group is back
  BOOST_TEST(n.info(a)->incarnation == 2u);
}

BOOST_AUTO_TEST_CASE(nobody_is_told_of_the_end_of_one_that_was_abandoned_while_its_object_went) {
  event going, release, told;
  std::atomic<std::uint64_t> told_of{0};
  struct slow_to_go {
    event& going;
    event& release;
    ~slow_to_go() { going.happen(), release.wait(); }
  };
  node n{threads()};
  auto spec = top_of(scripted_child(
                         "a",
                         [&](scripted& me) {
                           if (me.incarnation() == 1)
                             me.on([held = std::make_shared<slow_to_go>(going, release)](const go&) {});
                           me.on([](const question& q) { return answer{q.text}; });
                         },
                         impatient()),
                     scripted_child("b", [](scripted&) {}));
  spec.strategy = one_for_all;
  must_supervise(n, std::move(spec));
  must_supervise(n, {.name = "watchers", .children = {scripted_child("watcher", [&](scripted& me) {
                                           me.on([](const go&, turn& now) { now.watch(now.ref(a)); });
                                           me.on([&](const down& end) {
                                             told_of = end.incarnation;
                                             told.happen();
                                           });
                                         })}});
  n.send(n.ref(path{"/top/b"}), crash{});
  BOOST_REQUIRE(going.wait());
  must(n.ask(n.ref(a), question{}));  // the successor is there
  must(n.ask(n.ref(path{"/watchers/watcher"}), go{}));
  release.happen();
  must(n.ask(n.ref(a), question{}));
  n.kill(n.ref(a));
  BOOST_REQUIRE(told.wait());
  BOOST_TEST(told_of.load() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
