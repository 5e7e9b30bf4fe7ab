#include <chrono>

#include "durable.hpp"

// What takes its time: questions to people, messages that a turn waits for, and durable agents that give back their
// memory meanwhile.

namespace {

using namespace std::chrono_literals;
using support::answer;
using support::must;
using support::note;
using support::question;
using troupe::path;

constexpr auto local = troupe::durability::local;
const path waiter_path{"/top/waiter"};
const path other_path{"/top/other"};

struct wish {
  std::string what;
  using reply_type = answer;
  TROUPE_MESSAGE(wish, what)
};
struct payment {
  std::int64_t cents = 0;
  TROUPE_MESSAGE(payment, cents)
};
struct receipt {
  std::string text;
  TROUPE_MESSAGE(receipt, text)
};

// What the world outside sees.
struct world {
  int alive = 0;
  int built = 0;
  int done = 0;
};

// Waits in every way that there is.
class patient : public troupe::agent {
 public:
  patient(troupe::agent_context& context, world* outside) : agent{context}, outside_{outside} {
    ++outside_->alive, ++outside_->built;
    keep("handled", handled_);
    on(&patient::handle);
    on([this](const question&) { return answer{std::to_string(handled_)}; });
    on([this](const note&) { handled_ += 100; });
  }
  ~patient() override { --outside_->alive; }

 private:
  troupe::task<answer> handle(wish w, troupe::turn& now) {
    std::string said;
    if (w.what == "approve" || w.what == "soon") {
      const troupe::approval_request asked{
          .subject = w.what,
          .details = "why not",
          .within = w.what == "soon" ? std::optional<troupe::duration>{1h} : std::nullopt};
      const auto decided = co_await now.approval(asked).as_result();
      said = !decided            ? std::string{decided.error().name()}
             : decided->approved ? "yes by " + decided->by
                                 : "no: " + decided->comment;
    } else if (w.what == "receive") {
      const auto first = co_await now.receive<payment>();
      const auto second = co_await now.receive<payment>();
      const auto third = co_await now.receive<payment>(1h).as_result();
      said = std::to_string(first.cents) + " " + std::to_string(second.cents) + " " +
             (third ? std::to_string(third->cents) : std::string{third.error().name()});
    } else if (w.what == "sleep") {
      co_await now.sleep(100h);
      said = "slept";
    } else if (w.what == "ask") {
      said = (co_await now.ask<wish>(now.ref(other_path), "approve")).text;
    } else if (w.what == "ask sleep") {
      said = (co_await now.ask<wish>(now.ref(other_path), "sleep")).text;
    } else if (w.what == "never") {
      now.send_after(troupe::duration::max(), now.ref(other_path), note{});
      said = "sent";
    } else if (w.what == "later") {
      now.send_after(10h, now.ref(other_path), note{});
      said = "sent";
    } else if (w.what == "run") {
      auto* outside = outside_;
      co_await now.run([outside] { ++outside->done; });
      co_await now.sleep(1h);
      said = "ran";
    }
    ++handled_;
    co_return answer{said};
  }

  world* outside_;
  std::int64_t handled_ = 0;
};

struct place : support::durable_place {
  explicit place(troupe::child_options how = {.durability = local}) : how{how} {}

  void start() {
    open();
    support::must_supervise(*n, support::top_of(troupe::child<patient>("waiter", how, &outside),
                                                troupe::child<patient>("other", how, &outside)));
    n->settle();
  }
  void lose() {
    crash();
    disk.lose_what_was_not_synced();
  }
  void restart() {
    lose();
    start();
  }
  void post(const path& whom, std::string what) {
    must(n->post(n->ref(whom), wish{std::move(what)}));
    n->settle();
  }
  void decide(bool approved, std::string comment = {}) {
    const auto open = n->approvals();
    BOOST_REQUIRE(!open.empty());
    must(n->decide(open.front().id, {.approved = approved, .by = "ann", .comment = std::move(comment)}));
    n->settle();
  }
  std::string handled(const path& who) { return ask(who.str(), {}); }
  troupe::health state(const path& who) { return n->info(who)->state; }

  world outside;
  troupe::child_options how;
};

const troupe::child_options passive{.durability = local, .passivate_after = 10min};

bool rests(place& here, const path& who) { return here.state(who) == troupe::health::passive; }

}  // namespace

BOOST_AUTO_TEST_SUITE(waiting_test)

// -- questions to people ----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_person_decides) {
  for (const auto durability : {troupe::durability::none, local}) {
    place here{{.durability = durability}};
    here.start();
    auto asked = here.n->begin_ask(here.n->ref(waiter_path), wish{"approve"}, 100h);
    here.n->settle();
    const auto open = here.n->approvals();
    BOOST_REQUIRE(open.size() == 1u);
    BOOST_TEST(open.front().agent.str() == waiter_path.str());
    BOOST_TEST(open.front().request.subject == "approve");
    BOOST_TEST(open.front().request.details == "why not");
    here.n->advance(50h);
    BOOST_TEST(!asked.ready());
    BOOST_TEST((here.state(waiter_path) == troupe::health::healthy));  // it is not late
    here.decide(true);
    BOOST_TEST(must(asked.get()).text == "yes by ann");
    BOOST_TEST(here.n->approvals().empty());
    BOOST_TEST(here.n->decide(open.front().id, {}).error().is(troupe::errc::not_found));
  }
}

BOOST_AUTO_TEST_CASE(nobody_decides_in_time) {
  for (const auto durability : {troupe::durability::none, local}) {
    place here{{.durability = durability}};
    here.start();
    auto asked = here.n->begin_ask(here.n->ref(waiter_path), wish{"soon"}, 100h);
    here.n->settle();
    const auto open = here.n->approvals();
    BOOST_REQUIRE(open.size() == 1u);
    here.n->advance(2h);
    BOOST_TEST(must(asked.get()).text == "timeout");
    BOOST_TEST(here.n->approvals().empty());
    BOOST_TEST(here.n->decide(open.front().id, {}).error().is(troupe::errc::not_found));
  }
}

BOOST_AUTO_TEST_CASE(a_question_outlasts_the_process) {
  place here;
  here.start();
  here.post(waiter_path, "approve");
  const auto before = here.n->approvals();
  here.n->advance(5h);
  here.restart();
  const auto after = here.n->approvals();
  BOOST_REQUIRE((before.size() == 1u && after.size() == 1u));
  BOOST_TEST(before.front().id.to_string() == after.front().id.to_string());
  BOOST_TEST((before.front().asked == after.front().asked));
  here.decide(false, "no");
  BOOST_TEST(here.handled(waiter_path) == "1");
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(a_decision_is_kept_for_an_agent_that_does_not_run) {
  place here;
  here.start();
  here.post(waiter_path, "approve");
  here.lose();
  here.open();
  here.decide(true);
  here.restart();
  BOOST_TEST(here.n->approvals().empty());
  BOOST_TEST(here.handled(waiter_path) == "1");
}

BOOST_AUTO_TEST_CASE(whoever_is_gone_asks_nobody) {
  place here{troupe::child_options{}};
  here.start();
  here.n->send(here.n->ref(waiter_path), wish{"approve"});
  here.n->settle();
  BOOST_TEST(here.n->approvals().size() == 1u);
  here.n->kill(here.n->ref(waiter_path));
  here.n->settle();
  BOOST_TEST(here.n->approvals().empty());
}

// -- messages that a turn waits for -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_turn_receives_what_came_before_and_what_comes) {
  for (const auto durability : {troupe::durability::none, local}) {
    place here{{.durability = durability}};
    here.start();
    const auto waiter = here.n->ref(waiter_path);
    auto asked = here.n->begin_ask(waiter, wish{"receive"}, 100h);
    auto behind = here.n->begin_ask(waiter, question{}, 100h);
    here.n->send(waiter, payment{1});
    here.n->settle();
    here.n->advance(10h);
    BOOST_TEST(!behind.ready());
    here.n->send(waiter, note{});
    auto paid = here.n->begin_ask(waiter, payment{2}, 1h);
    here.n->settle();
    must(paid.get());
    BOOST_TEST(!asked.ready());
    here.n->advance(2h);
    BOOST_TEST(must(asked.get()).text == "1 2 timeout");
    BOOST_TEST(must(behind.get()).text == "1");
    BOOST_TEST(here.handled(waiter_path) == "101");
    if (durability == local) here.check_clean(0);
  }
}

BOOST_AUTO_TEST_CASE(what_a_durable_turn_has_received_it_has_after_a_crash) {
  std::uint64_t points = 0;
  for (bool crashed = true; crashed; ++points) {
    BOOST_TEST_CONTEXT("crash after " << points << " operations of the disk") {
      place here;
      here.start();
      here.post(waiter_path, "receive");
      here.disk.fail_from(here.disk.operations() + points + 1, troupe::test::a_disk::fault::device);
      std::size_t sent = 0;
      for (const auto cents : {1, 2, 3})
        if (here.n->post(here.n->ref(waiter_path), payment{cents})) ++sent;
      here.n->settle();
      crashed = here.disk.failed();
      here.close();
      here.disk.lose_what_was_not_synced();
      here.disk.mend();
      here.start();
      for (auto cents = static_cast<std::int64_t>(sent) + 1; cents <= 3; ++cents)
        (void)here.n->post(here.n->ref(waiter_path), payment{cents});
      here.n->settle();
      here.n->advance(2h);
      // One whose acknowledgement was lost may be there twice: it came twice. What was read from disk is kept.
      const auto aside = here.n->quarantine().size();
      const auto left = aside + here.n->dropped()[static_cast<std::size_t>(troupe::drop_reason::no_handler)];
      BOOST_TEST(left <= (crashed ? 1u : 0u));
      BOOST_TEST(here.handled(waiter_path) == "1");
      here.check_clean(aside);
    }
  }
  BOOST_TEST(points > 3u);
}

// -- passive agents ---------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_agent_that_only_waits_gives_back_its_memory) {
  place here{passive};
  here.start();
  here.post(waiter_path, "approve");
  BOOST_TEST(here.outside.alive == 2);
  here.n->advance(11min);
  BOOST_TEST(here.outside.alive == 0);
  BOOST_TEST(rests(here, waiter_path));
  BOOST_TEST((here.n->info(path{"/top"})->rolled_up == troupe::health::healthy));
  here.decide(true);
  BOOST_TEST(here.outside.alive == 1);
  BOOST_TEST(here.handled(waiter_path) == "1");
  BOOST_TEST(here.handled(other_path) == "0");  // a message wakes it
  BOOST_TEST(here.outside.alive == 2);
  here.n->advance(11min);
  BOOST_TEST(here.outside.alive == 0);
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(what_waits_behind_does_not_wake_it) {
  place here{passive};
  here.start();
  here.post(waiter_path, "approve");
  here.n->advance(11min);
  auto behind = here.n->begin_ask(here.n->ref(waiter_path), question{}, 100h);
  here.n->advance(1h);
  BOOST_TEST(here.outside.alive == 0);
  here.decide(true);
  BOOST_TEST(must(behind.get()).text == "1");
}

BOOST_AUTO_TEST_CASE(whoever_waits_in_the_process_gets_the_answer_of_one_that_was_passive) {
  place here{passive};
  here.start();
  auto asked = here.n->begin_ask(here.n->ref(waiter_path), wish{"approve"}, 100h);
  here.n->advance(11min);
  BOOST_TEST(here.outside.alive == 0);
  here.decide(true);
  BOOST_TEST(must(asked.get()).text == "yes by ann");
}

BOOST_AUTO_TEST_CASE(time_messages_and_answers_wake_it) {
  place here{passive};
  here.start();
  here.post(waiter_path, "sleep");
  here.n->advance(99h);
  BOOST_TEST(here.outside.alive == 0);
  here.n->advance(1h + 1s);
  BOOST_TEST(here.handled(waiter_path) == "1");

  here.post(waiter_path, "receive");
  here.n->advance(1h);
  BOOST_TEST(here.outside.alive == 0);
  must(here.n->post(here.n->ref(waiter_path), payment{1}));
  here.n->settle();
  BOOST_TEST(here.outside.alive == 1);
  here.n->advance(1h);
  BOOST_TEST(here.outside.alive == 0);
  must(here.n->post(here.n->ref(waiter_path), payment{2}));
  here.n->advance(2h);
  BOOST_TEST(here.handled(waiter_path) == "2");

  here.post(waiter_path, "ask");  // which asks a person
  here.n->advance(1h);
  BOOST_TEST(here.outside.alive == 0);
  here.decide(true);
  BOOST_TEST(here.handled(waiter_path) == "3");
  BOOST_TEST(here.handled(other_path) == "1");
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(what_was_done_is_not_done_again_when_it_wakes) {
  place here{passive};
  here.start();
  here.post(waiter_path, "run");
  here.n->advance(30min);
  BOOST_TEST(here.outside.alive == 0);
  here.n->advance(31min);
  BOOST_TEST(here.handled(waiter_path) == "1");
  BOOST_TEST(here.outside.done == 1);
}

BOOST_AUTO_TEST_CASE(a_passive_agent_stays_so_across_a_restart) {
  for (const auto* what : {"approve", "sleep", "receive", "ask", "nothing"}) {
    BOOST_TEST_CONTEXT(what) {
      place here{passive};
      here.start();
      if (what != std::string_view{"nothing"}) here.post(waiter_path, what);
      here.n->advance(1h);
      BOOST_TEST(here.outside.alive == 0);
      const auto built = here.outside.built;
      here.restart();
      here.n->advance(1h);
      BOOST_TEST(here.outside.built == built);
      BOOST_TEST(rests(here, waiter_path));
      if (what == std::string_view{"receive"}) {
        must(here.n->post(here.n->ref(waiter_path), payment{1}));
        must(here.n->post(here.n->ref(waiter_path), payment{2}));
        here.n->advance(2h);
      } else if (what == std::string_view{"sleep"}) {
        here.n->advance(100h);
      } else if (what != std::string_view{"nothing"}) {
        here.decide(true);
      }
      BOOST_TEST(here.handled(waiter_path) == (what == std::string_view{"nothing"} ? "0" : "1"));
      here.check_clean(0);
    }
  }
}

BOOST_AUTO_TEST_CASE(one_that_has_something_to_do_does_not_start_passive) {
  place here{passive};
  here.start();
  here.post(waiter_path, "receive");
  here.n->advance(1h);
  here.lose();
  here.open();
  must(here.n->post(here.n->ref(waiter_path), payment{1}));  // it does not run yet
  here.restart();
  here.n->advance(1min);
  BOOST_TEST(here.outside.alive == 1);
  must(here.n->post(here.n->ref(waiter_path), payment{2}));
  here.n->advance(2h);
  BOOST_TEST(here.handled(waiter_path) == "1");
}

BOOST_AUTO_TEST_CASE(a_passive_agent_is_killed_and_stopped_as_any_other) {
  place here{passive};
  here.start();
  here.post(waiter_path, "approve");
  here.n->advance(1h);
  BOOST_TEST(here.outside.alive == 0);
  here.n->kill(here.n->ref(waiter_path));
  here.n->settle();
  BOOST_TEST(here.outside.alive == 1);  // started again
  BOOST_TEST(here.n->info(waiter_path)->incarnation == 2u);
  here.n->advance(1h);
  BOOST_TEST(here.outside.alive == 0);
  must(here.n->ask(here.n->ref(path{"/top"}), troupe::terminate_child{"waiter"}));
  BOOST_TEST(here.n->approvals().size() == 1u);
  must(here.n->ask(here.n->ref(path{"/top"}), troupe::restart_child{"waiter"}));
  here.decide(true);
  BOOST_TEST(here.handled(waiter_path) == "1");
}

BOOST_AUTO_TEST_CASE(a_delayed_message_outlasts_the_process) {
  for (const bool is_passive : {false, true}) {
    place here{is_passive ? passive : troupe::child_options{.durability = local}};
    here.start();
    here.post(waiter_path, "later");
    here.n->advance(5h);
    here.check_clean(1);
    BOOST_TEST(here.outside.alive == (is_passive ? 0 : 2));
    here.restart();
    here.n->advance(4h + 50min);
    here.check_clean(1);
    here.n->advance(11min);
    here.check_clean(0);
    BOOST_TEST(here.handled(other_path) == "100");
    BOOST_TEST(here.handled(waiter_path) == "1");
  }
}

BOOST_AUTO_TEST_CASE(what_is_sent_after_all_time_waits) {
  place here;
  here.start();
  here.post(waiter_path, "never");
  here.n->advance(100h);
  BOOST_TEST(here.handled(other_path) == "0");
  here.restart();
  here.n->advance(100h);
  BOOST_TEST(here.handled(other_path) == "0");
  here.check_clean(1);
}

// Whoever waits for it asks again when it is run again.
BOOST_AUTO_TEST_CASE(a_message_that_is_asked_again_keeps_its_place_in_the_line) {
  for (const auto& how : {passive, troupe::child_options{.durability = local}}) {
    place here{how};
    here.start();
    here.post(waiter_path, "ask sleep");
    here.n->advance(1h);
    auto behind = here.n->begin_ask(here.n->ref(other_path), question{}, 1000h);
    here.n->settle();
    here.n->kill(here.n->ref(waiter_path));
    here.n->settle();
    here.n->advance(100h);
    BOOST_REQUIRE(behind.ready());
    BOOST_TEST(must(behind.get()).text == "1");  // it came when the first one was done
    BOOST_TEST(here.handled(waiter_path) == "1");
    here.check_clean(0);
  }
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_never_to_come_back_is_forgotten) {
  place here;
  here.start();
  here.post(waiter_path, "ask");
  BOOST_TEST(here.n->approvals().size() == 1u);  // of the other one
  BOOST_TEST(here.n->forget(other_path).error().is(troupe::errc::invalid_argument));
  must(here.n->ask(here.n->ref(path{"/top"}), troupe::terminate_child{"other"}));
  must(here.n->ask(here.n->ref(path{"/top"}), troupe::delete_child{"other"}));
  must(here.n->forget(other_path));
  here.n->settle();
  BOOST_TEST(here.n->approvals().empty());
  // Whoever asked it is told.
  const auto told = here.n->info(waiter_path)->last_error;
  BOOST_TEST(told.find("/top/other was forgotten") != std::string::npos, told);
  BOOST_TEST(here.n->forget(other_path).error().is(troupe::errc::not_found));
  here.check_clean(0);
  BOOST_TEST(must(here.store->durable_agents()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(passive_is_for_durable_agents) {
  troupe::node n{support::deterministic()};
  world outside;
  const auto refused =
      n.supervise(support::top_of(troupe::child<patient>("waiter", {.passivate_after = 1min}, &outside)));
  BOOST_TEST(refused.error().is(troupe::agent_errc::bad_durability), refused.error().describe());
}

BOOST_AUTO_TEST_CASE(thousands_of_passive_agents_start_at_once) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int agents = 1'000;
#else
  constexpr int agents = 10'000;
#endif
  place here{passive};
  const auto start_all = [&] {
    here.open();
    std::vector<troupe::child_spec> all;
    for (int i = 0; i < agents; ++i)
      all.push_back(troupe::child<patient>("a" + std::to_string(i), here.how, &here.outside));
    support::must_supervise(*here.n, {.name = "top", .children = std::move(all)});
    here.n->settle();
  };
  start_all();
  for (int i = 0; i < agents; ++i) here.n->send(here.n->ref(path{"/top/a" + std::to_string(i)}), wish{"approve"});
  here.n->settle();
  here.n->advance(1h);
  BOOST_TEST(here.outside.alive == 0);
  const auto built = here.outside.built;
  here.close();
  const auto began = std::chrono::steady_clock::now();
  start_all();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  BOOST_TEST_MESSAGE(agents << " passive agents started in " << took.count() << " s");
  BOOST_TEST(here.outside.built == built);
  BOOST_TEST(here.n->approvals().size() == static_cast<std::size_t>(agents));
}

BOOST_AUTO_TEST_SUITE_END()
