#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <support/process.hpp>
#include <troupe/actors/budget.hpp>
#include <troupe/actors/run.hpp>

#include "process_agents.hpp"

using namespace troupe;
using namespace support;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool exists(std::int64_t pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0; }

struct told {
  std::string text;
  TROUPE_MESSAGE(told, text)
};
struct tell {
  std::string text;
  using reply_type = told;
  TROUPE_MESSAGE(tell, text)
};
struct ask_other {
  agent_ref whom;
  std::string text;
  using reply_type = told;
  TROUPE_MESSAGE(ask_other, whom, text)
};
struct pass_it {
  agent_ref whom;
  std::string text;
  using reply_type = told;
  TROUPE_MESSAGE(pass_it, whom, text)
};
struct spawn_below {
  std::string name;
  using reply_type = agent_ref;
  TROUPE_MESSAGE(spawn_below, name)
};
struct about {
  using reply_type = told;
  TROUPE_MESSAGE(about)
};
struct watch_other {
  agent_ref whom;
  TROUPE_MESSAGE(watch_other, whom)
};
struct what_ended {
  using reply_type = told;
  TROUPE_MESSAGE(what_ended)
};
struct stop_now {
  std::string why;
  TROUPE_MESSAGE(stop_now, why)
};
struct secret {
  int* where = nullptr;
  TROUPE_LOCAL_MESSAGE(secret)
};
struct tell_secret {
  message what;
  TROUPE_MESSAGE(tell_secret, what)
};
struct kill_other {
  agent_ref whom;
  TROUPE_MESSAGE(kill_other, whom)
};

// Uses the turn for all that a turn is good for.
class talker : public agent {
 public:
  talker(agent_context& context, std::string greeting) : agent{context}, greeting_{std::move(greeting)} {
    on([this](const tell& what) { return told{greeting_ + what.text}; });
    on(&talker::ask_it);
    on(&talker::spawn_it);
    on([](const pass_it& what, turn& now) {
      now.forward(what.whom, tell{what.text});
      return told{};
    });
    on([this](const about&, turn& now) {
      return told{now.self().describe() + " below " + now.parent().describe() + ", asked by " +
                  now.sender().describe() + ", incarnation " + std::to_string(incarnation()) +
                  (previous_.empty() ? "" : ", after " + previous_)};
    });
    on([](const watch_other& what, turn& now) { now.watch(what.whom); });
    on([this](const down& end) { ended_ = end.who.describe() + " " + end.cause.describe(); });
    on([this](const what_ended&) { return told{ended_}; });
    on([](const stop_now& what, turn& now) { now.stop(exit_cause::normal(what.why)); });
    on([](const secret&) {});
    on([](const tell_secret&) {});
    on([](const kill_other& what, turn& now) { now.kill(what.whom, "by a process"); });
  }

 private:
  task<void> on_restart(turn&, const exit_cause& previous) override {
    previous_ = previous.describe();
    co_return;
  }
  task<told> ask_it(ask_other what, turn& now) {
    auto answer = co_await now.ask<tell>(what.whom, what.text);
    co_return told{"heard: " + answer.text};
  }
  task<agent_ref> spawn_it(spawn_below what, turn& now) {
    auto started = co_await now.spawn<talker>(what.name, std::string{"below: "});
    co_return started;
  }

  std::string greeting_;
  std::string previous_;
  std::string ended_ = "nothing";
};

class asker : public agent {
 public:
  explicit asker(agent_context& context) : agent{context} {
    on(&asker::ask_it);
    on(&asker::ask_about);
  }

 private:
  task<told> ask_it(ask_other what, turn& now) {
    auto answer = co_await now.ask<tell>(what.whom, what.text);
    co_return told{answer.text};
  }
  task<told> ask_about(pass_it what, turn& now) {
    auto answer = co_await now.ask<about>(what.whom);
    co_return told{answer.text};
  }
};

// Declines, throws or hangs when it starts; says so to whom it can when it stops.
class starter : public agent {
 public:
  starter(agent_context& context, std::string how, std::string file)
      : agent{context}, how_{std::move(how)}, file_{std::move(file)} {
    on([](const where_are_you&) { return number{::getpid()}; });
    if (how_ == "throws in its constructor") throw std::runtime_error{"no object"};
  }

 private:
  task<void> on_start(turn& now) override {
    if (how_ == "declines") now.decline();
    if (how_ == "throws") throw std::runtime_error{"no start"};
    if (how_ == "dies") ::raise(SIGSEGV);
    if (how_ == "asks its supervisor") (void)co_await now.ask<which_children>(now.parent());
    co_return;
  }
  task<void> post_stop(turn& now, const exit_cause& cause) override {
    if (how_ == "hangs at the end") ::pause();
    std::ofstream{file_} << cause.describe() << " at " << now.self().describe();
    co_return;
  }
  std::string how_;
  std::string file_;
};

struct spend_some {
  std::int64_t tokens = 0;
  std::string how;
  using reply_type = number;  // what is left
  TROUPE_MESSAGE(spend_some, tokens, how)
};

class spender : public agent {
 public:
  explicit spender(agent_context& context) : agent{context} {
    on(&spender::spend_it);
    on([](const where_are_you&) { return number{::getpid()}; });
  }

 private:
  task<result<number>> spend_it(spend_some what, turn& now) {
    auto held = now.reserve(quantity::tokens, what.tokens);
    if (!held) co_return held.error();
    if (what.how == "begin and die") held->begin();
    if (what.how.ends_with("die")) ::raise(SIGKILL);
    if (what.how == "settle") (void)held->settle();
    if (what.how == "spawn") {
      auto spawning = now.spawn<spender>("below");
      auto below = co_await spawning.as_result();
      if (!below) co_return below.error();
    }
    if (what.how != "settle") held->cancel();
    co_return number{now.budget_left(quantity::tokens)->left};
  }
};

// Fails twice for want of a provider.
class flaky : public agent {
 public:
  explicit flaky(agent_context& context) : agent{context} {
    on([this](const where_are_you&) {
      if (++tries_ < 3) throw failure{error{agent_errc::provider_throttled, "later"}};
      return number{tries_};
    });
  }

 private:
  std::int64_t tries_ = 0;
};

class leaver : public agent {
 public:
  explicit leaver(agent_context& context) : agent{context} {
    // A tool that goes on by itself, in the session of its agent.
    on([](const where_are_you&) {
      const pid_t pid = ::fork();
      if (pid == 0)
        for (;;) ::pause();
      return number{pid};
    });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(process_test)

BOOST_AUTO_TEST_CASE(an_agent_in_a_process_of_its_own_answers) {
  house h;
  h.open_process();
  BOOST_TEST(must(h.ask(count_up{2})).value == 2);
  BOOST_TEST(must(h.ask(count_up{3})).value == 5);
  BOOST_TEST(must(h.ask(where_are_you{})).value != ::getpid());
}

BOOST_AUTO_TEST_CASE(its_constructor_gets_its_arguments) {
  house h;
  h.open_process<talker>({}, std::string{"hello "});
  BOOST_TEST(must(h.ask(tell{"you"})).text == "hello you");
}

BOOST_AUTO_TEST_CASE(a_child_whose_arguments_cannot_leave_the_process_is_refused_when_it_is_described) {
  house h;
  int here = 0;
  class pointer : public agent {
   public:
    pointer(agent_context& context, int*) : agent{context} {}
  };
  const auto refused =
      h.n.supervise({.name = "top", .children = {child<pointer>("worker", {.isolation = tier::process}, &here)}});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(agent_errc::bad_isolation));
}

BOOST_AUTO_TEST_CASE(it_knows_itself_its_parent_and_who_asks) {
  house h;
  h.open_process<talker>({}, std::string{});
  must_supervise(h.n, {.name = "askers", .children = {child<asker>("one")}});
  const auto said = must(h.n.ask(h.n.ref(path{"/askers/one"}), pass_it{h.worker(), ""})).text;
  BOOST_TEST(said == "/top/worker below /top, asked by /askers/one, incarnation 1");
}

BOOST_AUTO_TEST_CASE(it_asks_agents_of_the_node_and_of_other_processes) {
  house h;
  h.open_process<talker>({}, std::string{"first "});
  must_supervise(h.n, {.name = "others",
                       .children = {child<talker>("here", std::string{"inlined "}),
                                    child<talker>("there", {.isolation = tier::process}, std::string{"second "})}});
  BOOST_TEST(must(h.ask(ask_other{h.n.ref(path{"/others/here"}), "x"})).text == "heard: inlined x");
  BOOST_TEST(must(h.ask(ask_other{h.n.ref(path{"/others/there"}), "y"})).text == "heard: second y");
  const auto nobody = h.ask(ask_other{h.n.ref(path{"/others/nobody"}), "z"});
  BOOST_REQUIRE(!nobody);
  BOOST_TEST(contains(nobody.error().message(), "no agent /others/nobody"));
}

BOOST_AUTO_TEST_CASE(it_lets_another_answer_in_its_place) {
  house h;
  h.open_process<talker>({}, std::string{"first "});
  must_supervise(h.n, {.name = "others", .children = {child<talker>("here", std::string{"inlined "})}});
  BOOST_TEST(must(h.ask(pass_it{h.n.ref(path{"/others/here"}), "x"})).text == "inlined x");
}

BOOST_AUTO_TEST_CASE(its_sub_agents_live_in_its_process_and_are_found_by_their_paths) {
  house h;
  h.open_process<talker>({}, std::string{"above: "});
  const auto below = must(h.ask(spawn_below{"helper"}));
  BOOST_TEST(below.path().str() == "/top/worker/helper");
  BOOST_TEST(must(h.n.ask(below, tell{"hi"})).text == "below: hi");
  const auto nobody = h.n.ask(h.n.ref(path{"/top/worker/nobody"}), tell{"hi"});
  BOOST_REQUIRE(!nobody);
  BOOST_TEST(nobody.error().is(agent_errc::unknown_agent));
}

BOOST_AUTO_TEST_CASE(it_watches_agents_of_the_node) {
  house h;
  h.open_process<talker>({}, std::string{});
  must_supervise(
      h.n,
      {.name = "others", .intensity = 10, .children = {child<talker>("here", {.restart = transient}, std::string{})}});
  const auto other = h.n.ref(path{"/others/here"});
  must(h.ask(watch_other{other}));
  must(h.n.ask(other, stop_now{"done"}));
  BOOST_TEST(comes_true([&] { return must(h.ask(what_ended{})).text == "/others/here normal: done"; }));
  must(h.ask(watch_other{h.n.ref(path{"/others/nobody"})}));
  BOOST_TEST(comes_true([&] { return contains(must(h.ask(what_ended{})).text, "nobody is known as"); }));
}

BOOST_AUTO_TEST_CASE(it_kills_agents_of_the_node_unless_it_is_in_a_sandbox) {
  house h;
  h.open_process<talker>({}, std::string{});
  must_supervise(h.n, {.name = "others", .intensity = 10, .children = {child<talker>("here", std::string{})}});
  const auto other = h.n.ref(path{"/others/here"});
  must(h.ask(kill_other{other}));
  BOOST_TEST(comes_true([&] { return h.n.info(other.path())->incarnation == 2; }));
}

BOOST_AUTO_TEST_CASE(messages_that_cannot_leave_the_process_are_refused_and_the_agent_lives_on) {
  house h;
  h.open_process<talker>({}, std::string{"still "});
  const auto refused = h.ask(secret{});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(agent_errc::local_message));
  const auto unknown = h.ask(count_up{});
  BOOST_REQUIRE(!unknown);
  BOOST_TEST(unknown.error().is(agent_errc::no_handler));
  BOOST_TEST(must(h.ask(tell{"here"})).text == "still here");
}

BOOST_AUTO_TEST_CASE(messages_that_cannot_leave_the_process_and_that_nobody_waits_for_are_dead_letters) {
  std::mutex mutex;
  std::string lines;
  auto options = threaded();
  options.log = logger::make({.level = log_level::warn,
                              .format = log_format::human,
                              .colour = false,
                              .sink =
                                  [&](std::string_view line) {
                                    std::scoped_lock lock{mutex};
                                    lines += line;
                                  }})
                    .value();
  house h{std::move(options)};
  h.open_process<talker>({}, std::string{});
  const auto lost = [&] { return h.n.dropped()[static_cast<std::size_t>(drop_reason::local_message)]; };
  h.n.send(h.worker(), secret{});
  BOOST_TEST(lost() == 1U);  // at once
  h.n.send(h.worker(), secret{});
  BOOST_TEST(lost() == 2U);
  BOOST_REQUIRE(!h.n.dead_letters().empty());
  BOOST_TEST(h.n.dead_letters().back().message_type == "secret");
  BOOST_TEST((h.n.dead_letters().back().to == h.worker().path()));
  // That one of its fields is local is found out later.
  h.n.send(h.worker(), tell_secret{message::of(secret{})});
  BOOST_TEST(comes_true([&] { return lost() == 3U; }));
  const auto asked = h.ask(tell_secret{message::of(secret{})});
  BOOST_REQUIRE(!asked);
  BOOST_TEST(asked.error().is(agent_errc::local_message));
  // To one below it.
  const auto below = must(h.ask(spawn_below{"one"}));
  h.n.send(below, secret{});
  BOOST_TEST(lost() == 5U);
  h.n.stop();
  std::scoped_lock lock{mutex};
  const auto first = lines.find("a message cannot leave its process");
  BOOST_REQUIRE(first != std::string::npos);
  BOOST_TEST(contains(lines, "`secret` cannot leave its process"), lines);
}

BOOST_AUTO_TEST_CASE(whoever_asks_what_cannot_leave_the_process_is_told_at_once) {
  house h;
  h.open_process({.heartbeat_timeout = 1min});
  auto hangs = h.n.begin_ask(h.worker(), suffer{damage::hang_in_call}, 1min);
  auto asked = h.n.begin_ask(h.worker(), secret{}, 1min);
  BOOST_TEST(asked.ready());
  const auto refused = asked.get();
  BOOST_TEST(refused.error().is(agent_errc::local_message));
  BOOST_TEST(contains(refused.error().message(), "/top/worker runs in a process of its own"));
  h.n.kill(h.worker());
  BOOST_TEST(!hangs.get());
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_begin_with_process_main_is_told_so_and_what_to_add) {
  support::process program{{TROUPE_UNREADY_PROGRAM}};
  BOOST_TEST(program.wait() == 0, program.text());
  BOOST_TEST(contains(program.text(), "this program cannot make processes for agents"), program.text());
  BOOST_TEST(contains(program.text(), "`if (const auto code = troupe::process_main()) return *code;`"), program.text());
  BOOST_TEST(contains(program.text(), "no process is left"), program.text());
}

BOOST_AUTO_TEST_CASE(a_process_without_a_handle_is_ended_and_its_agent_does_not_start) {
  support::process program{{TROUPE_UNREADY_PROGRAM, "no_handles"}};
  BOOST_TEST(program.wait() == 0, program.text());
  if (contains(program.text(), "no filters of system calls")) {
    BOOST_TEST_MESSAGE("skipped: " << program.text());
    return;
  }
  BOOST_TEST(contains(program.text(), "no handle of it (pidfd_open): Too many open files"), program.text());
  BOOST_TEST(contains(program.text(), "no process is left"), program.text());
}

BOOST_AUTO_TEST_CASE(long_messages_pass_up_to_the_limit) {
  house h;
  h.open_process<talker>({.message_bytes_max = std::size_t{8} << 20}, std::string{});
  const std::string long_text(std::size_t{7} << 20, 'x');
  BOOST_TEST(must(h.ask(tell{long_text})).text.size() == long_text.size());
  const auto refused = h.ask(tell{std::string(std::size_t{9} << 20, 'x')});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(contains(refused.error().message(), "message_bytes_max"));
}

BOOST_AUTO_TEST_CASE(an_answer_beyond_the_limit_is_an_error_and_the_agent_lives_on) {
  house h;
  h.open_process<talker>({.message_bytes_max = std::size_t{1} << 20}, std::string(std::size_t{1} << 19, 'x'));
  const auto before = h.n.info(path{"/top/worker"})->incarnation;
  const auto refused = h.ask(tell{std::string((std::size_t{1} << 20) - 100, 'y')});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(agent_errc::bad_message));
  BOOST_TEST(contains(refused.error().message(), "message_bytes_max is 1048576"), refused.error().message());
  BOOST_TEST(must(h.ask(tell{"!"})).text.size() == (std::size_t{1} << 19) + 1);
  BOOST_TEST(h.n.info(path{"/top/worker"})->incarnation == before);
}

BOOST_AUTO_TEST_CASE(a_restart_is_told_how_the_last_incarnation_ended) {
  house h;
  h.open_process<talker>({}, std::string{});
  const auto ref = h.worker();
  h.watch();
  h.n.kill(ref, "test");
  const auto end = h.heard.next();
  BOOST_TEST(end.cause.describe() == "killed: test");
  BOOST_TEST(must(h.ask(about{})).text ==
             "/top/worker below /top, asked by (nobody), incarnation 2, after killed: test");
}

BOOST_AUTO_TEST_CASE(an_agent_that_stops_itself_ends_in_order) {
  house h;
  h.open<talker>({.restart = transient, .isolation = tier::process}, std::string{});
  h.watch();
  must(h.ask(stop_now{"enough"}));
  const auto end = h.heard.next();
  BOOST_TEST(end.cause.describe() == "normal: enough");
  BOOST_TEST(end.cause.output == "");
}

BOOST_AUTO_TEST_CASE(starts_that_fail_say_why) {
  house h;
  const auto start = [&](const std::string& how) {
    auto outcome = h.n.supervise(
        {.name = "top",
         .children = {child<starter>("worker", {.isolation = tier::process}, how, std::string{"/dev/null"})}});
    const std::string said = outcome ? "ok" : outcome.error().message();
    if (outcome) (void)h.n.ask(h.n.ref({}), terminate_child{"top"});
    return said;
  };
  BOOST_TEST(contains(start("throws in its constructor"), "no object"));
  BOOST_TEST(contains(start("throws"), "no start"));
  BOOST_TEST(contains(start("dies"), "SIGSEGV"));
  BOOST_TEST(contains(start("asks its supervisor"), "cannot leave its process"));
  BOOST_TEST(start("declines") == "ok");
}

BOOST_AUTO_TEST_CASE(a_stop_runs_the_stop_hook_there_and_waits_for_the_end_of_the_process) {
  house h;
  const std::string file = "/tmp/troupe_process_test_" + std::to_string(::getpid());
  h.open<starter>({.isolation = tier::process}, std::string{"writes"}, file);
  const auto pid = must(h.ask(where_are_you{})).value;
  must(h.n.ask(h.n.ref({}), terminate_child{"top"}));
  BOOST_TEST(!exists(pid));
  std::string said;
  std::getline(std::ifstream{file}, said);
  ::unlink(file.c_str());
  BOOST_TEST(said == "shutdown at /top/worker");
}

BOOST_AUTO_TEST_CASE(one_that_hangs_when_it_stops_is_killed_after_its_shutdown_time) {
  house h;
  h.open<starter>({.shutdown = 100ms, .isolation = tier::process}, std::string{"hangs at the end"},
                  std::string{"/dev/null"});
  const auto pid = must(h.ask(where_are_you{})).value;
  must(h.n.ask(h.n.ref({}), terminate_child{"top"}));
  BOOST_TEST(!exists(pid));
}

BOOST_AUTO_TEST_CASE(brutal_kill_is_sigkill) {
  house h;
  h.open({.shutdown = shutdown_policy::brutal_kill(), .isolation = tier::process});
  const auto pid = must(h.ask(where_are_you{})).value;
  must(h.n.ask(h.n.ref({}), terminate_child{"top"}));
  BOOST_TEST(!exists(pid));
}

BOOST_AUTO_TEST_CASE(what_it_started_itself_goes_with_it) {
  house h;
  h.open<leaver>({.isolation = tier::process});
  const auto pid = must(h.ask(where_are_you{})).value;
  BOOST_TEST(exists(pid));
  must(h.n.ask(h.n.ref({}), terminate_child{"top"}));
  BOOST_TEST(comes_true([&] { return !exists(pid); }));
}

BOOST_AUTO_TEST_CASE(queued_mail_survives_the_process) {
  house h;
  h.open_process();
  auto dies = h.n.begin_ask(h.worker(), suffer{damage::kill_it});
  std::vector<pending<number>> waiting;
  for (int i = 0; i < 100; ++i) waiting.push_back(h.n.begin_ask(h.worker(), count_up{}));
  BOOST_TEST(!dies.get());
  std::int64_t last = 0;
  for (auto& each : waiting) last = must(each.get()).value;
  BOOST_TEST(last == 100);
}

BOOST_AUTO_TEST_CASE(a_node_that_stops_leaves_no_process_behind) {
  std::int64_t pid = 0;
  {
    house h;
    h.open_process();
    pid = must(h.ask(where_are_you{})).value;
  }
  BOOST_TEST(!exists(pid));
  BOOST_TEST((::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD));
}

BOOST_AUTO_TEST_CASE(the_budgets_above_hold_in_a_process_too) {
  house h;
  must_supervise(h.n, {.name = "team",
                       .intensity = 100,
                       .children = {child<spender>("one", {.isolation = tier::process}),
                                    child<spender>("two", {.isolation = tier::process})},
                       .budget = {{quantity::tokens, 100}, {quantity::children, 3}}});
  const auto one = h.n.ref(path{"/team/one"}), two = h.n.ref(path{"/team/two"});
  BOOST_TEST(must(h.n.ask(one, spend_some{60, "settle"})).value == 40);
  const auto refused = h.n.ask(two, spend_some{50, "settle"});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(agent_errc::budget_spent));
  BOOST_TEST(contains(refused.error().message(), "the budget of /team allows 100"));
  // What is only reserved comes back; so does what a process that dies had reserved, unless the effect had begun.
  BOOST_TEST(must(h.n.ask(two, spend_some{40, "drop"})).value == 40);
  BOOST_TEST(!h.n.ask(two, spend_some{30, "die"}));
  BOOST_TEST(comes_true([&] { return must(h.n.ask(one, spend_some{0, "settle"})).value == 40; }));
  BOOST_TEST(!h.n.ask(two, spend_some{30, "begin and die"}));
  BOOST_TEST(comes_true([&] { return must(h.n.ask(one, spend_some{0, "settle"})).value == 10; }));
  // One more agent has room, the next one has not; and the place is free when the process is gone.
  BOOST_TEST(must(h.n.ask(one, spend_some{0, "spawn"})).value == 10);
  const auto full = h.n.ask(two, spend_some{0, "spawn"});
  BOOST_REQUIRE(!full);
  BOOST_TEST(full.error().is(agent_errc::budget_spent));
  h.n.kill(one);
  BOOST_TEST(comes_true([&] { return h.n.ask(two, spend_some{0, "spawn"}).has_value(); }));
}

BOOST_AUTO_TEST_CASE(a_message_is_tried_again_in_the_same_process) {
  house h;
  h.open<flaky>({.isolation = tier::process,
                 .on_fault = {{fault::provider_throttled,
                               fault_action::retry({.attempts = 3, .delay_min = 1ms, .delay_max = 1ms})}}});
  BOOST_TEST(must(h.ask(where_are_you{})).value == 3);
  BOOST_TEST(h.n.info(h.worker().path())->restarts == 0U);
}

BOOST_AUTO_TEST_CASE(a_message_that_ends_process_after_process_is_set_aside) {
  house h;
  h.open({.isolation = tier::process, .quarantine_outside = true});
  for (int i = 0; i < 3; ++i) BOOST_TEST(h.ask(suffer{damage::segfault}).error().is(agent_errc::agent_failed));
  const auto refused = h.ask(suffer{damage::segfault});
  BOOST_TEST(refused.error().is(agent_errc::quarantined));
  BOOST_TEST(must(h.ask(count_up{})).value == 1);
  BOOST_REQUIRE(h.n.quarantine().size() == 1U);
  BOOST_TEST(to_string(h.n.info(path{"/top"})->rolled_up) == "quarantined");
}

BOOST_AUTO_TEST_CASE(under_deterministic_scheduling_it_runs_inlined) {
  node n{deterministic()};
  must_supervise(n, {.name = "top", .children = {child<sufferer>("worker", {.isolation = tier::process})}});
  BOOST_TEST(must(n.ask(n.ref(path{"/top/worker"}), where_are_you{})).value == ::getpid());
}

BOOST_AUTO_TEST_SUITE_END()
