// Starts that take long: what a supervisor does meanwhile, and how it is stopped. The cases hanging_restart_loop* of
// OTP's supervisor_SUITE, and their neighbours.

#include "scripted.hpp"
#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

child_options brutal() { return {.shutdown = shutdown_policy::brutal_kill()}; }

// What is asked of a supervisor while its only attempt to restart a child hangs.
struct requests {
  requests(stage& s, const child_spec& spec)
      : starting{s.begin_ask(start_child{spec})},
        restarting{s.begin_ask(restart_child{spec.id})},
        deleting{s.begin_ask(delete_child{spec.id})},
        listing{s.begin_ask(which_children{})},
        counting{s.begin_ask(count_children{})},
        terminating{s.begin_ask(terminate_child{spec.id})} {}

  pending<agent_ref> starting, restarting;
  pending<done> deleting;
  pending<child_list> listing;
  pending<child_counts> counting;
  pending<done> terminating;
};

// child1 and child2, which blocks and fails while `fail` is set, and child3: it is stopped for child2's sake, and
// waits.
struct casualty : stage {
  casualty() : third{child("child3", brutal())} {
    open({.strategy = rest_for_one,
          .intensity = 8,
          .period = 10s,
          .children = {child("child1", brutal()), child<deadlock>("child2", brutal(), &fail), third}});
    fail = true;
    crash("child2");
    log.take();
  }
  bool fail = false;
  const child_spec third;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_hanging_test)

// An attempt to restart blocks for 2 s and fails. In between, requests are served.
BOOST_AUTO_TEST_CASE(hanging_restart_loop) {
  stage s;
  bool fail = false;
  const auto spec = s.child<deadlock>("child1", brutal(), &fail);
  s.open({.intensity = 8, .period = 10s, .children = {spec}});
  s.watch({"", "child1"});
  s.log.take();
  fail = true;
  s.crash("child1");
  requests asked{s, spec};
  s.n.settle();
  BOOST_TEST(!asked.starting.ready());
  s.n.advance(2s);
  BOOST_TEST(said(asked.starting.get()) == "already_present");
  BOOST_TEST(said(asked.restarting.get()) == "child_restarting");
  BOOST_TEST(said(asked.deleting.get()) == "child_restarting");
  BOOST_TEST(stage::text(must(asked.listing.get())) == "child1:restarting");
  BOOST_TEST(stage::text(must(asked.counting.get())) == "1 0 0 1");
  BOOST_TEST(said(asked.terminating.get()) == "ok");
  BOOST_TEST(s.which() == "child1:stopped");
  s.n.advance(1min);
  BOOST_TEST(s.log.take() == "down child1#1 failed, start child1#2");  // no attempt after it was terminated

  fail = false;
  BOOST_TEST(s.restart("child1") == "ok");
  BOOST_TEST(s.which() == "child1#3");
  s.watch({"child1"});
  s.log.take();
  fail = true;
  s.crash("child1");
  s.n.advance(3s);
  BOOST_TEST(s.log.take() == "down child1#3 failed, start child1#4, start child1#5");
  BOOST_TEST(s.begin_end_supervisor().ready());
  BOOST_TEST(s.log.take() == "down top#1 shutdown");
  BOOST_TEST(!s.alive());
  BOOST_TEST(!s.there("child1"));
}

BOOST_AUTO_TEST_CASE(hanging_restart_loop_rest_for_one) {
  stage s;
  bool fail = false;
  const auto spec = s.child<deadlock>("child2", brutal(), &fail);
  s.open({.strategy = rest_for_one,
          .intensity = 8,
          .period = 10s,
          .children = {s.child("child1", brutal()), spec, s.child("child3", brutal())}});
  s.watch({"", "child2"});
  s.log.take();
  fail = true;
  s.crash("child2");
  requests asked{s, spec};
  s.n.advance(2s);
  BOOST_TEST(said(asked.starting.get()) == "already_present");
  BOOST_TEST(said(asked.restarting.get()) == "child_restarting");
  BOOST_TEST(said(asked.deleting.get()) == "child_restarting");
  BOOST_TEST(stage::text(must(asked.listing.get())) == "child1#1 child2:restarting child3:stopped");
  BOOST_TEST(stage::text(must(asked.counting.get())) == "3 1 0 3");
  BOOST_TEST(said(asked.terminating.get()) == "ok");
  s.n.advance(1min);
  BOOST_TEST(s.which() == "child1#1 child2:stopped child3:stopped");
  BOOST_TEST(s.log.take() == "down child2#1 failed, start child2#2");

  fail = false;
  BOOST_TEST(s.restart("child2") == "ok");
  s.watch({"child2"});
  s.log.take();
  fail = true;
  s.crash("child2");
  s.n.advance(3s);
  BOOST_TEST(s.log.take() == "down child2#3 failed, start child2#4, start child2#5");
  BOOST_TEST(s.begin_end_supervisor().ready());
  BOOST_TEST(s.log.take() == "down top#1 shutdown");
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(hanging_restart_loop_simple) {
  stage s;
  bool fail = false;
  s.open({.strategy = simple_one_for_one,
          .intensity = 8,
          .period = 10s,
          .children = {s.child<deadlock>("template", brutal(), &fail)}});
  BOOST_TEST(s.start_from_template("one") == "ok");
  s.watch({"", "one"});
  s.log.take();
  fail = true;
  s.crash("one");
  auto restarting = s.begin_ask(restart_child{"one"});
  auto deleting = s.begin_ask(delete_child{"one"});
  auto listing = s.begin_ask(which_children{});
  auto counting = s.begin_ask(count_children{});
  auto terminating = s.begin_ask(terminate_child{"one"});
  s.n.advance(2s);
  BOOST_TEST(said(restarting.get()) == "bad_template");
  BOOST_TEST(said(deleting.get()) == "bad_template");
  BOOST_TEST(stage::text(must(listing.get())) == "one:restarting");
  BOOST_TEST(stage::text(must(counting.get())) == "1 0 0 1");
  BOOST_TEST(said(terminating.get()) == "ok");
  BOOST_TEST(s.which() == "");
  BOOST_TEST(s.log.take() == "down one#1 failed, start one#2");

  fail = false;
  BOOST_TEST(s.start_from_template("one") == "ok");
  s.watch({"one"});
  s.log.take();
  fail = true;
  s.crash("one");
  s.n.advance(3s);
  BOOST_TEST(s.log.take() == "down one#1 failed, start one#2, start one#3");
  BOOST_TEST(s.begin_end_supervisor().ready());
  BOOST_TEST(s.log.take() == "down top#1 shutdown");
  BOOST_TEST(!s.alive());
}

BOOST_AUTO_TEST_CASE(a_casualty_that_is_deleted_frees_its_path_and_answers_its_mail) {
  casualty s;
  auto mail = s.n.begin_ask(s.at("child3"), who_is_there{});
  auto deleting = s.begin_ask(delete_child{"child3"});
  s.fail = false;
  s.n.advance(2s);  // the attempt that had begun fails; then the request is served, and the next attempt succeeds
  BOOST_TEST(said(deleting.get()) == "ok");
  BOOST_TEST(s.which() == "child1#1 child2#3");
  BOOST_TEST(!s.there("child3"));
  BOOST_TEST(said(mail.get()) == "agent_down");
  BOOST_TEST(s.start(s.third) == "ok");
  BOOST_TEST(s.which() == "child1#1 child2#3 child3#1");
}

BOOST_AUTO_TEST_CASE(a_casualty_that_is_terminated_is_started_with_the_group_without_its_old_mail) {
  casualty s;
  auto mail = s.n.begin_ask(s.at("child3"), who_is_there{});
  auto terminating = s.begin_ask(terminate_child{"child3"});
  s.fail = false;
  s.n.advance(2s);
  BOOST_TEST(said(terminating.get()) == "ok");
  BOOST_TEST(said(mail.get()) == "agent_down");
  BOOST_TEST(s.which() == "child1#1 child2#3 child3#2");
}

BOOST_AUTO_TEST_CASE(casualties_are_let_go_with_the_child_whose_restart_they_wait_for) {
  casualty s;
  auto mail = s.n.begin_ask(s.at("child3"), who_is_there{});
  auto terminating = s.begin_ask(terminate_child{"child2"});
  s.n.advance(2s);
  BOOST_TEST(said(terminating.get()) == "ok");
  BOOST_TEST(s.which() == "child1#1 child2:stopped child3:stopped");
  BOOST_TEST(!s.there("child3"));
  BOOST_TEST(said(mail.get()) == "agent_down");
  BOOST_TEST(s.restart("child3") == "ok");
  BOOST_TEST(s.which() == "child1#1 child2:stopped child3#2");
}

BOOST_AUTO_TEST_CASE(casualties_are_kept_as_long_as_a_restart_is_to_come) {
  stage s;
  bool fail = false;
  const auto brutal_after = [](duration delay) {
    auto options = brutal();
    options.backoff = {.min = delay, .max = delay};
    return options;
  };
  s.open({.strategy = rest_for_one,
          .intensity = 8,
          .period = 1min,
          .children = {s.child("child1", brutal_after(10s)), s.child<deadlock>("child2", brutal_after(1s), &fail),
                       s.child("child3", brutal())}});
  fail = true;
  s.crash("child2");
  s.crash("child1");
  s.n.advance(3s);  // child2's attempt has begun after 1 s, and failed
  BOOST_TEST(s.which() == "child1:restarting child2:restarting child3:stopped");
  auto mail = s.n.begin_ask(s.at("child3"), who_is_there{});
  BOOST_TEST(s.terminate("child2") == "ok");
  BOOST_TEST(!mail.ready());
  fail = false;
  s.n.advance(7s);
  BOOST_TEST(s.which() == "child1#2 child2#3 child3#2");
  BOOST_TEST(said(mail.get()) == "ok");
}

BOOST_AUTO_TEST_CASE(a_casualty_s_mail_waits_for_the_restart_of_its_group) {
  casualty s;
  auto mail = s.n.begin_ask(s.at("child3"), who_is_there{});
  s.fail = false;
  s.n.advance(2s);
  BOOST_TEST(s.which() == "child1#1 child2#3 child3#2");
  BOOST_TEST(said(mail.get()) == "ok");
}

// In the order of its children, and as their shutdown policies say; the one that is just starting needs no time.
BOOST_AUTO_TEST_CASE(a_supervisor_that_is_stopped_while_it_starts_stops_its_children_as_ever) {
  for (const bool again : {false, true}) {  // in its first start, and in a restart
    stage s;
    s.open({.intensity = 10});
    word start = again ? word::start : word::none;
    auto starting = s.begin_ask(start_child{child(
        supervisor_spec{.name = "inner",
                        .children = {s.child("child0"), s.child<slow>("child1", {.shutdown = 1s}, 200s),
                                     s.child<slow>("child2", brutal(), 200s), s.child<gate>("child3", {}, &start)}})});
    s.n.settle();
    if (again) {
      BOOST_TEST(said(starting.get()) == "ok");
      s.kill("inner");
    }
    const std::string inner = again ? "inner#2" : "inner#1";
    s.watch({"inner", "inner/child0", "inner/child1", "inner/child2", "inner/child3"});
    s.log.take();
    const auto ending = s.begin_end_supervisor();
    BOOST_TEST(s.log.take() == "down child3#1 shutdown, down child2#1 killed, asked child1#1");
    s.n.advance(1s - 1ns);
    BOOST_TEST(!ending.ready());
    s.n.advance(1ns);
    BOOST_TEST(s.log.take() ==
               "down child1#1 killed, stop child0#1 shutdown, down child0#1 shutdown, down " + inner + " shutdown");
    BOOST_TEST(ending.ready());
    if (!again) BOOST_TEST(said(starting.get()) == "agent_down");
  }
}

BOOST_AUTO_TEST_CASE(no_stop_hook_of_one_that_has_not_started) {
  stage s;
  s.open({});
  word start = word::none;
  auto starting = s.begin_ask(start_child{s.child<gate>("child1", {}, &start)});
  s.n.settle();
  s.watch({"child1"});
  BOOST_TEST(s.log.take() == "start child1#1");
  BOOST_TEST(s.end_supervisor() == "ok");
  BOOST_TEST(s.log.take() == "down child1#1 shutdown");
  BOOST_TEST(said(starting.get()) == "agent_down");
}

// The same for sub-agents: turn::stop forgets the one that its siblings waited for.
BOOST_AUTO_TEST_CASE(casualties_among_sub_agents_are_let_go_when_the_restart_is_not_to_come) {
  journal log;
  node n{deterministic()};
  bool fail = false;
  must_supervise(n, top_of(scripted_child("parent", [&](scripted& me) {
                   me.supervise_children({.strategy = rest_for_one, .intensity = 8});
                   me.on([&](go, turn& now) -> task<void> {
                     const auto a =
                         child<deadlock>("a", child_options{.shutdown = shutdown_policy::brutal_kill()}, &log, &fail);
                     const auto b = child<plain>("b", &log);
                     co_await now.spawn(a);
                     co_await now.spawn(b);
                   });
                   me.on([&](note, turn& now) -> task<void> { co_await now.stop("a"); });
                   me.on([&](question, turn& now) -> task<answer> {
                     const auto b = child<plain>("b", &log);
                     const auto spawned = co_await now.spawn(b);
                     co_return answer{spawned.path().str()};
                   });
                 })));
  const auto parent = n.ref(path{"/top/parent"});
  must(n.ask(parent, go{}));
  fail = true;
  n.send(n.ref(path{"/top/parent/a"}), died());
  n.settle();
  auto waiting = n.begin_ask(n.ref(path{"/top/parent/b"}), who_is_there{});
  auto stopping = n.begin_ask(parent, note{});
  n.advance(2s);
  must(stopping.get());
  BOOST_TEST(said(waiting.get()) == "agent_down");
  BOOST_TEST(must(n.ask(parent, question{})).text == "/top/parent/b");
}

BOOST_AUTO_TEST_SUITE_END()
