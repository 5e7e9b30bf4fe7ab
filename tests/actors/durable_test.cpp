#include "durable.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <troupe/memory/store.hpp>

// Durable agents: their messages, the effects of their turns and what they keep outlast the process. A process ends
// here by a disk that refuses everything from some operation on, and a node that is thrown away.

namespace {

using namespace std::chrono_literals;
using support::answer;
using support::clerk;
using support::deed;
using support::errand;
using support::must;
using support::question;
using troupe::path;

// What the world outside sees: it is there whatever happens to the node.
struct world {
  std::map<std::string, int> done;  // how often each thing was done
};

// Does an errand with effects of each kind.
class runner : public troupe::agent {
 public:
  runner(troupe::agent_context& context, world* outside) : agent{context}, outside_{outside} {
    keep("errands", errands_);
    on(&runner::run);
    on([this](const question&) { return answer{std::to_string(errands_)}; });
  }

 private:
  troupe::task<answer> run(errand e, troupe::turn& now) {
    if (e.what == "late") {
      co_await now.sleep(1h);
      co_return answer{};
    }
    std::string said;
    const auto drawn = now.random().below(1'000'000);
    auto* outside = outside_;
    auto buying = now.run([outside, what = e.what]() -> std::string {
      ++outside->done["buy " + what];
      return "bought " + what;
    });
    const auto bought = co_await buying;
    said += bought;
    const auto first = now.time();
    const auto told = co_await now.ask<question>(now.ref(path{"/top/clerk"}), "errand");
    said += ", " + told.text;
    now.send(now.ref(path{"/top/clerk"}), deed{e.what});
    now.remember("ran for " + e.what);
    co_await now.sleep(1h);
    if (now.time() < first + 1h) throw std::logic_error{"the clock went back"};
    const auto sold = co_await now.run([outside, drawn]() -> std::string {
      ++outside->done["sell " + std::to_string(drawn)];
      return "sold";
    });
    ++errands_;
    co_return answer{said + ", " + sold};
  }

  world* outside_;
  std::int64_t errands_ = 0;
};

struct place : support::durable_place {
  void start() {
    open();
    supervise();
  }
  troupe::result<troupe::agent_ref> try_supervise() {
    return n->supervise(
        support::top_of(troupe::child<clerk>("clerk", {.durability = troupe::durability::local}),
                        troupe::child<runner>("runner", {.durability = troupe::durability::local}, &outside)));
  }
  void supervise() { must(try_supervise()); }

  world outside;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_test)

BOOST_AUTO_TEST_CASE(a_turn_that_is_not_disturbed_does_everything_once) {
  place here;
  here.start();
  auto waiting = here.n->begin_ask(here.n->ref(path{"/top/runner"}), errand{"milk"}, 10h);
  here.n->settle();
  BOOST_TEST(!waiting.ready());
  here.n->advance(1h);
  BOOST_TEST(must(waiting.get()).text == "bought milk, errand 1, sold");
  BOOST_TEST(here.ask("/top/clerk", "count") == "count 1001");
  BOOST_TEST(here.outside.done.size() == 2u);
  for (const auto& [what, times] : here.outside.done) BOOST_TEST(times == 1, what);
  BOOST_TEST(must(here.store->newest({}, path{"/top/runner"}, 10)).size() == 1u);
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(a_turn_goes_on_after_its_last_finished_effect) {
  place here;
  here.start();
  must(here.n->post(here.n->ref(path{"/top/runner"}), errand{"milk"}));
  here.n->settle();
  here.n->advance(30min);
  here.check_clean(1);
  here.crash();
  here.start();
  here.n->settle();
  here.n->advance(31min);
  BOOST_TEST(here.ask("/top/runner", "") == "1");
}

BOOST_AUTO_TEST_CASE(an_agent_that_does_not_run_yet_gets_its_mail) {
  place here;
  here.start();
  here.ask("/top/runner", "");
  here.close();
  here.open();
  must(here.n->post(here.n->ref(path{"/top/runner"}), errand{"milk"}));
  const auto unknown = here.n->post(here.n->ref(path{"/top/nobody"}), errand{"milk"});
  BOOST_TEST(unknown.error().is(troupe::agent_errc::unknown_agent));
  here.check_clean(1);
  here.supervise();
  here.n->settle();
  here.n->advance(2h);
  BOOST_TEST(here.ask("/top/runner", "") == "1");
  const auto not_durable = here.n->post(here.n->ref(path{"/top"}), errand{"milk"});
  BOOST_TEST(not_durable.error().is(troupe::errc::unsupported), not_durable.error().describe());
}

BOOST_AUTO_TEST_CASE(a_kill_changes_no_order_of_what_waits) {
  place here;
  here.start();
  const auto runner = here.n->ref(path{"/top/runner"});
  for (const char* what : {"milk", "bread", "eggs"}) must(here.n->post(runner, errand{what}));
  for (int hours = 0; hours < 3; ++hours)
    for (int quarter = 0; quarter < 4; ++quarter) {
      here.n->settle();
      here.n->kill(runner);
      here.n->advance(15min);
    }
  BOOST_TEST(here.ask("/top/runner", "") == "3");
  BOOST_TEST(here.ask("/top/clerk", "count") == "count 3003");
  for (const char* what : {"buy milk", "buy bread", "buy eggs"}) BOOST_TEST(here.outside.done[what] == 1, what);
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(no_more_is_accepted_than_the_mailbox_takes) {
  place here;
  here.open();
  const auto start = [&] {
    support::must_supervise(
        *here.n, support::top_of(troupe::child<runner>(
                     "runner", {.mailbox = {.limit = 2}, .durability = troupe::durability::local}, &here.outside)));
  };
  start();
  const auto runner = here.n->ref(path{"/top/runner"});
  const auto full = [&] {
    const auto posted = here.n->post(runner, errand{"late"});
    return !posted && posted.error().is(troupe::agent_errc::mailbox_full);
  };
  must(here.n->post(runner, errand{"late"}));
  must(here.n->post(runner, errand{"late"}));
  here.n->settle();
  BOOST_TEST(full());
  here.close();
  here.open();
  start();
  BOOST_TEST(full());  // it counts what is on disk
  here.n->advance(3h);
  BOOST_TEST(!full());
}

// What one turn sends is on its way to the disk together.
BOOST_AUTO_TEST_CASE(no_more_is_sent_by_a_turn_than_the_mailbox_takes) {
  place here;
  here.open();
  const path keeper{"/top/keeper"};
  const auto send_five = [&](support::scripted& self) {
    self.on([&](const errand&, troupe::turn& now) {
      for (int i = 0; i < 5; ++i) now.send(now.ref(keeper), deed{std::to_string(i)});
      return answer{};
    });
  };
  constexpr auto local = troupe::durability::local;
  support::must_supervise(
      *here.n, support::top_of(troupe::child<clerk>("keeper", {.mailbox = {.limit = 3}, .durability = local}),
                               support::scripted_child("sender", send_five, {.durability = local})));
  must(here.n->ask(here.n->ref(path{"/top/sender"}), errand{}));
  here.n->settle();
  BOOST_TEST(here.ask(keeper.str(), "count") == "count 3000");
  BOOST_TEST(support::dropped(*here.n, troupe::drop_reason::mailbox_full) == 2u);
}

// With an agent that is not durable, a sub-agent, and a limit.
class lender : public troupe::agent {
 public:
  explicit lender(troupe::agent_context& context) : agent{context} {
    keep("lent", lent_);
    on(&lender::lend);
    on([this](const question&) { return answer{std::to_string(lent_)}; });
  }

 private:
  troupe::task<answer> lend(errand e, troupe::turn& now) {
    if (e.what == "patience") {
      try {
        co_await now.sleep(10h);
      } catch (const troupe::failure&) {
      }
      lent_ += 100;
      co_return answer{};
    }
    const auto first = co_await now.ask<question>(now.ref(path{"/top/plain"}), "first");
    const auto sub = co_await now.spawn<clerk>("sub");
    co_await now.stop("sub");
    const auto again = co_await now.spawn<clerk>("sub");
    const auto told = co_await now.ask<question>(again, first.text);
    co_await now.sleep(30s);
    const auto last = co_await now.ask<question>(now.child("sub"), told.text);
    if (last.text.find("plain") == std::string::npos || sub.path() != again.path()) throw std::logic_error{last.text};
    ++lent_;
    co_return answer{};
  }
  std::int64_t lent_ = 0;
};

void start_lender(place& here) {
  here.open();
  support::must_supervise(
      *here.n,
      support::top_of(
          support::scripted_child(
              "plain", [](support::scripted& self) { self.on([](question q) { return answer{"plain " + q.text}; }); }),
          troupe::child<lender>("lender", {.turn_limit = 1min, .durability = troupe::durability::local})));
}

// The node's limit for what is asked without one is a minute.
BOOST_AUTO_TEST_CASE(what_is_done_again_has_its_whole_time_again) {
  place here;
  start_lender(here);
  must(here.n->post(here.n->ref(path{"/top/lender"}), errand{"book"}));
  here.n->advance(10s);
  here.crash();
  dynamic_cast<troupe::virtual_clock&>(*here.options.clock).advance(2min);
  start_lender(here);
  here.n->settle();
  BOOST_TEST(here.n->info(path{"/top/lender"}).value().last_error == "");
  BOOST_TEST(here.ask("/top/lender", "") == "1");
}

BOOST_AUTO_TEST_CASE(what_does_not_last_is_done_again) {
  place here;
  start_lender(here);
  must(here.n->post(here.n->ref(path{"/top/lender"}), errand{"book"}));
  here.n->advance(10s);
  here.crash();
  start_lender(here);
  here.n->advance(25s);
  BOOST_TEST(here.ask("/top/lender", "") == "1");
  // A turn over its limit that ends all the same is committed, and the next one begins.
  must(here.n->post(here.n->ref(path{"/top/lender"}), errand{"patience"}));
  here.n->advance(2min);
  BOOST_TEST(here.ask("/top/lender", "") == "101");
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_durable_is_refused) {
  place here;
  here.open();
  const auto refused = [&](troupe::child_spec spec) {
    const auto outcome = here.n->supervise(support::top_of(std::move(spec)));
    BOOST_REQUIRE(!outcome);
    return outcome.error();
  };
  const auto process =
      refused(troupe::child<clerk>("a", {.isolation = troupe::tier::process, .durability = troupe::durability::local}));
  BOOST_TEST(process.is(troupe::agent_errc::bad_durability), process.describe());
  const auto reentrant = refused(support::scripted_child("a", [](support::scripted& self) { self.reentrant(2); },
                                                         {.durability = troupe::durability::local}));
  BOOST_TEST(reentrant.message().find("one message after the other") != std::string::npos, reentrant.describe());
  troupe::node forgetful{support::deterministic()};
  const auto nowhere =
      forgetful.supervise(support::top_of(troupe::child<clerk>("a", {.durability = troupe::durability::local})));
  BOOST_REQUIRE(!nowhere);
  BOOST_TEST(nowhere.error().message().find("this node has no memory") != std::string::npos,
             nowhere.error().describe());
}

BOOST_AUTO_TEST_CASE(a_turn_that_is_killed_goes_on_in_the_next_incarnation) {
  place here;
  here.start();
  auto waiting = here.n->begin_ask(here.n->ref(path{"/top/runner"}), errand{"milk"}, 10h);
  here.n->settle();
  here.n->advance(30min);
  here.n->kill(here.n->ref(path{"/top/runner"}));
  here.n->settle();
  here.n->advance(29min);
  BOOST_TEST(!waiting.ready());
  here.n->advance(1min);
  BOOST_TEST(must(waiting.get()).text == "bought milk, errand 1, sold");
  for (const auto& [what, times] : here.outside.done) BOOST_TEST(times == 1, what);
  BOOST_TEST(here.ask("/top/clerk", "count") == "count 1001");
  here.check_clean(0);
}

BOOST_AUTO_TEST_SUITE_END()
