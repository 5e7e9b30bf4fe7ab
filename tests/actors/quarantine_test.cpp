// Messages that fail the same way again and again are set aside.

#include "faults.hpp"
#include "quarantine_store.hpp"
#include "supervised.hpp"

using namespace troupe;
using support::answer;
using support::deterministic;
using support::fail_with;
using support::go;
using support::job;
using support::joined;
using support::logging_to;
using support::must;
using support::must_supervise;
using support::record;
using support::scripted;
using support::scripted_child;
using support::top_of;
using namespace std::chrono_literals;

namespace {

const job poison{"poison", fault::bug};

// /top/a takes its messages by value, /top/b by reference.
struct two_workers {
  explicit two_workers(child_options options = {}, int intensity = 1'000, node_options of_node = deterministic())
      : n{std::move(of_node)} {
    options.quarantine_outside = true;  // the tests ask
    must_supervise(n, {.name = "top",
                       .intensity = intensity,
                       .children = {support::worker("a", &log, options), support::prompt_worker("b", &log, options)}});
  }
  agent_ref at(const std::string& name) const { return n.ref(path{"/top/" + name}); }
  // What whoever asks is told.
  std::string ask(const std::string& name, job j) {
    auto asked = n.begin_ask(at(name), std::move(j));
    n.advance(1s);
    return support::said(asked.get());
  }
  // A failure that lies at no message.
  std::uint64_t incarnation(const std::string& name) { return n.info(path{"/top/" + name})->incarnation; }
  health state(const std::string& of) { return n.info(path{of})->state; }
  health rolled_up(const std::string& of) { return n.info(path{of})->rolled_up; }

  record log;
  node n;
};

struct marked {
  agent_ref who;
  support::lifetime_flag flag;
  friend bool operator==(const marked& a, const marked& b) { return a.who == b.who; }
  TROUPE_LOCAL_MESSAGE(marked)
};

struct opaque {  // without ==
  std::string text;
  TROUPE_LOCAL_MESSAGE(opaque)
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quarantine_test)

BOOST_AUTO_TEST_CASE(a_message_that_fails_the_same_way_three_times_is_set_aside_and_an_equal_one_is_refused) {
  for (const std::string name : {"a", "b"}) {
    two_workers s;
    for (int i = 0; i < 3; ++i) {
      BOOST_TEST(s.n.quarantine().empty());
      BOOST_TEST(s.ask(name, poison) == "agent_failed");
    }
    BOOST_TEST(s.n.quarantine().size() == 1u);
    BOOST_TEST(s.incarnation(name) == 4u);
    auto refused = s.n.begin_ask(s.at(name), poison);
    s.n.settle();
    const auto outcome = refused.get();
    BOOST_TEST(outcome.error().is(agent_errc::quarantined));
    BOOST_TEST((fault_of(outcome.error()) == fault::poison_message));
    BOOST_TEST(outcome.error().message().find("set aside as number 1") != std::string::npos);
    s.n.send(s.at(name), poison);
    s.n.settle();
    BOOST_TEST(support::dropped(s.n, drop_reason::quarantined) == 2u);
    BOOST_TEST(s.incarnation(name) == 4u);
    BOOST_TEST(s.ask(name, {"good"}) == "ok");
  }
}

BOOST_AUTO_TEST_CASE(an_entry_tells_what_happened) {
  two_workers s;
  const auto began = s.n.clock().wall();
  for (int i = 0; i < 3; ++i) s.ask("b", poison);
  s.ask("b", poison);
  const auto entry = must(s.n.quarantined(1));
  BOOST_TEST(entry.id == 1u);
  BOOST_TEST(entry.agent == "/top/b");
  BOOST_TEST(entry.message_type == "job");
  BOOST_TEST(entry.failures == 3u);
  BOOST_TEST(entry.refused == 1u);
  BOOST_TEST((entry.kind() == fault::bug));
  BOOST_TEST(entry.text == "no luck with poison");
  BOOST_TEST(entry.content == "{text: \"poison\", kind: 1, times: -1}");
  BOOST_TEST(entry.first_ns == began.time_since_epoch().count());
  BOOST_TEST((duration{entry.last_ns - entry.first_ns} == 2s));
  BOOST_TEST(entry.history.size() == 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(entry.history[i].incarnation == i + 1);
    BOOST_TEST(entry.history[i].sender == "");
    BOOST_TEST(entry.history[i].text == "no luck with poison");
  }
  BOOST_TEST((s.n.quarantine()[0] == entry));
  BOOST_TEST(s.n.quarantined(2).error().is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(an_agent_that_sends_the_same_again_is_known_and_whoever_is_outside_is_not) {
  record log;
  node n{deterministic()};
  const auto sender = [](const char* name) {
    return scripted_child(
        name, [](scripted& me) { me.on([](const go&, turn& now) { now.send(now.ref(path{"/top/a"}), poison); }); });
  };
  must_supervise(n, top_of(support::worker("a", &log), sender("b"), sender("c")));
  const auto from = [&](const char* who) {
    n.send(n.ref(path{who}), go{});
    n.advance(1s);
  };
  for (int i = 0; i < 5; ++i) {
    n.send(n.ref(path{"/top/a"}), poison);
    n.advance(1s);
  }
  for (int i = 0; i < 2; ++i) {
    from("/top/b");
    from("/top/c");
  }
  BOOST_TEST(n.quarantine().empty());
  from("/top/b");
  BOOST_TEST(must(n.quarantined(1)).history.size() == 3u);
  const auto entry = must(n.quarantined(1));
  for (const auto& each : entry.history) BOOST_TEST(each.sender == "/top/b");
  // Once it is set aside, it is refused whoever sends it.
  from("/top/c");
  n.send(n.ref(path{"/top/a"}), poison);
  n.settle();
  BOOST_TEST(must(n.quarantined(1)).refused == 2u);
}

BOOST_AUTO_TEST_CASE(other_messages_other_failures_and_other_agents_are_counted_apart) {
  two_workers s;
  for (int i = 0; i < 2; ++i)
    for (const char* text : {"p", "q", "r"}) {
      s.ask("b", {text, fault::bug});
      s.ask("a", {text, fault::bug});
      s.ask("b", {text, fault::policy_denied});
    }
  BOOST_TEST(s.n.quarantine().empty());
  s.ask("b", {"q", fault::bug});
  BOOST_TEST(s.n.quarantine().size() == 1u);
  BOOST_TEST(s.n.quarantine()[0].text == "no luck with q");
  BOOST_TEST(s.ask("a", {"q", fault::bug}) == "agent_failed");
}

// What comes of the world is not the message's fault.
BOOST_AUTO_TEST_CASE(faults_that_pass_by_themselves_do_not_count_against_the_message) {
  for (const auto kind : {fault::overload, fault::provider_throttled, fault::provider_unavailable, fault::node_lost,
                          fault::budget_spent, fault::stopped}) {
    two_workers s;
    for (int i = 0; i < 5; ++i) s.ask("b", {"x", kind});
    BOOST_TEST(s.n.quarantine().empty(), to_string(kind));
  }
  two_workers s{{.on_fault = {{fault::provider_unavailable, fault_action::quarantine(2)}}}};
  for (int i = 0; i < 2; ++i) s.ask("b", {"x", fault::provider_unavailable});
  BOOST_TEST(s.n.quarantine().size() == 1u);
}

BOOST_AUTO_TEST_CASE(quarantine_after_says_how_often_and_zero_says_never) {
  for (const std::uint32_t after : {1U, 2U, 5U})
    for (const std::string name : {"a", "b"}) {
      two_workers s{{.quarantine_after = after}};
      for (std::uint32_t i = 1; i <= after; ++i) {
        BOOST_TEST(s.n.quarantine().empty());
        s.ask(name, poison);
      }
      BOOST_TEST(s.n.quarantine().size() == 1u);
    }
  two_workers never{{.quarantine_after = 0}};
  for (int i = 0; i < 10; ++i) never.ask("a", poison);
  BOOST_TEST(never.n.quarantine().empty());
}

BOOST_AUTO_TEST_CASE(a_policy_sets_aside_at_once) {
  two_workers s{{.on_fault = {{fault::bug, fault_action::quarantine()}}}};
  auto asked = s.n.begin_ask(s.at("a"), poison);
  s.n.advance(1s);
  const auto outcome = asked.get();
  BOOST_TEST(outcome.error().is(agent_errc::agent_failed));
  BOOST_TEST(outcome.error().message().find("the message is set aside as number 1") != std::string::npos);
  BOOST_TEST(s.incarnation("a") == 2u);
  BOOST_TEST(s.ask("a", poison) == "quarantined");
}

BOOST_AUTO_TEST_CASE(the_restart_of_a_failure_that_sets_aside_does_not_count_against_the_intensity) {
  two_workers at_once{{.on_fault = {{fault::bug, fault_action::quarantine()}}}, 0};
  for (int i = 0; i < 10; ++i) at_once.ask("a", {"poison" + std::to_string(i), fault::bug});
  BOOST_TEST(at_once.n.quarantine().size() == 10u);
  BOOST_TEST(at_once.incarnation("a") == 11u);
  // Those before do count.
  two_workers third{{}, 2};
  for (int i = 0; i < 3; ++i) third.ask("a", poison);
  BOOST_TEST(third.incarnation("a") == 4u);
  third.ask("a", {"another", fault::bug});
  BOOST_TEST(!third.n.info(path{"/top"}));
}

BOOST_AUTO_TEST_CASE(what_is_counted_outlives_the_supervisor_that_gives_up) {
  support::record log;
  node n{deterministic()};
  must_supervise(n, {.name = "top",
                     .intensity = 100,
                     .children = {child({.name = "inner",
                                         .intensity = 0,
                                         .children = {support::worker("a", &log, {.quarantine_outside = true})}})}});
  for (int i = 0; i < 3; ++i) {
    n.send(n.ref(path{"/top/inner/a"}), poison);
    n.advance(1s);
  }
  BOOST_TEST(n.quarantine().size() == 1u);
  BOOST_TEST(n.quarantine()[0].failures == 3u);
  n.send(n.ref(path{"/top/inner/a"}), poison);
  n.advance(1s);
  BOOST_TEST(n.quarantine()[0].refused == 1u);
}

BOOST_AUTO_TEST_CASE(retries_of_one_message_count_and_end_when_it_is_set_aside) {
  two_workers s{{.on_fault = {{fault::tool_crash, fault_action::retry({.attempts = 9, .jitter = 0.0})}}}};
  auto asked = s.n.begin_ask(s.at("a"), job{"x", fault::tool_crash});
  s.n.advance(1min);
  BOOST_TEST(asked.get().error().is(agent_errc::agent_failed));
  BOOST_TEST(s.log.handled.size() == 3u);
  BOOST_TEST(s.n.quarantine()[0].failures == 3u);
  const auto entry = must(s.n.quarantined(1));
  for (const auto& each : entry.history) BOOST_TEST(each.incarnation == 1u);
  BOOST_TEST(s.incarnation("a") == 2u);
}

BOOST_AUTO_TEST_CASE(a_retry_that_works_clears_the_message) {
  two_workers s{{.on_fault = {{fault::tool_crash, fault_action::retry({.attempts = 9, .jitter = 0.0})}}}};
  const job twice{"x", fault::tool_crash, 2};
  for (int i = 0; i < 3; ++i) {
    s.log.tries.clear();
    auto asked = s.n.begin_ask(s.at("a"), twice);
    s.n.advance(1min);
    must(asked.get());
  }
  BOOST_TEST(s.n.quarantine().empty());
}

BOOST_AUTO_TEST_CASE(what_failed_is_forgotten_after_an_hour) {
  two_workers s;
  for (int i = 0; i < 2; ++i) s.ask("a", poison);
  s.n.advance(61min);
  s.ask("a", poison);
  BOOST_TEST(s.n.quarantine().empty());
}

// -- the operator -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_entry_that_is_dropped_lets_the_message_through_again) {
  two_workers s{{.quarantine_after = 1}};
  s.ask("a", poison);
  BOOST_TEST(s.ask("a", poison) == "quarantined");
  must(s.n.drop_quarantined(1));
  BOOST_TEST(s.n.quarantine().empty());
  BOOST_TEST(s.ask("a", poison) == "agent_failed");
  BOOST_TEST(s.n.quarantine()[0].id == 2u);
  BOOST_TEST(s.n.drop_quarantined(1).error().is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(an_entry_that_is_retried_is_handled_or_stays_with_its_history) {
  two_workers s{{.quarantine_after = 1}};
  const job twice{"x", fault::bug, 2};
  s.ask("a", twice);
  auto fails = s.n.begin_retry_quarantined(1);
  s.n.advance(1s);
  BOOST_TEST(fails.get().error().is(agent_errc::agent_failed));
  BOOST_TEST(must(s.n.quarantined(1)).failures == 2u);
  BOOST_TEST(must(s.n.quarantined(1)).history.size() == 2u);
  BOOST_TEST(must(s.n.quarantined(1)).history[1].incarnation == 2u);
  auto works = s.n.begin_retry_quarantined(1);
  s.n.advance(1s);
  BOOST_TEST(must(works.get()).get_if<answer>()->text == "x");
  BOOST_TEST(s.n.quarantine().empty());
  BOOST_TEST(s.ask("a", twice) == "ok");
  BOOST_TEST(s.n.retry_quarantined(1).error().is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_retry_by_the_operator_does_not_count_against_the_intensity_and_is_made_once) {
  two_workers s{{.on_fault = {{fault::bug, fault_action::retry({.attempts = 1, .delay_min = 1s, .jitter = 0.0},
                                                               response::quarantine)}}},
                0};
  s.ask("a", poison);
  s.n.advance(1min);
  BOOST_TEST(s.log.handled.size() == 2u);
  for (int i = 0; i < 3; ++i) {
    auto again = s.n.begin_retry_quarantined(1);
    s.n.advance(1s);
    BOOST_TEST(again.get().error().is(agent_errc::agent_failed));
  }
  BOOST_TEST(s.log.handled.size() == 5u);
  BOOST_TEST(must(s.n.quarantined(1)).failures == 5u);
  BOOST_TEST(s.incarnation("a") == 5u);
}

BOOST_AUTO_TEST_CASE(entries_of_an_agent_that_is_gone_stay_and_belong_to_whoever_has_its_path_next) {
  two_workers s{{.quarantine_after = 1}};
  s.ask("a", poison);
  must(s.n.ask(s.n.ref(path{"/top"}), terminate_child{"a"}));
  BOOST_TEST(s.n.quarantine().size() == 1u);
  const auto nobody = s.n.retry_quarantined(1);
  BOOST_TEST(nobody.error().is(agent_errc::unknown_agent));
  BOOST_TEST(s.n.quarantine().size() == 1u);
  must(s.n.ask(s.n.ref(path{"/top"}), restart_child{"a"}));
  BOOST_TEST((s.state("/top/a") == health::quarantined));
  BOOST_TEST(s.ask("a", poison) == "quarantined");
}

BOOST_AUTO_TEST_CASE(a_child_of_a_template_finds_what_belongs_to_its_path) {
  record log;
  node n{deterministic()};
  must_supervise(n, {.name = "top",
                     .strategy = simple_one_for_one,
                     .children = {support::worker(
                         "x", &log, {.restart = temporary, .quarantine_after = 1, .quarantine_outside = true})}});
  must(n.ask(n.ref(path{"/top"}), start_template_child{"p1", {}}));
  n.send(n.ref(path{"/top/p1"}), poison);
  n.advance(1s);
  must(n.ask(n.ref(path{"/top"}), start_template_child{"p1", {}}));
  must(n.ask(n.ref(path{"/top"}), start_template_child{"p2", {}}));
  BOOST_TEST(n.ask(n.ref(path{"/top/p1"}), poison).error().is(agent_errc::quarantined));
  auto other = n.begin_ask(n.ref(path{"/top/p2"}), poison);
  n.advance(1s);
  BOOST_TEST(other.get().error().is(agent_errc::agent_failed));
}

BOOST_AUTO_TEST_CASE(health_shows_it_up_to_the_root_until_the_entry_is_gone) {
  two_workers s{{.quarantine_after = 1}};
  s.ask("a", poison);
  BOOST_TEST((s.state("/top/a") == health::quarantined));
  BOOST_TEST((s.state("/top") == health::healthy));
  BOOST_TEST((s.rolled_up("/top") == health::quarantined));
  BOOST_TEST((s.rolled_up("/") == health::quarantined));
  BOOST_TEST(s.n.metrics_text().find("troupe_quarantined_messages 1") != std::string::npos);
  must(s.n.drop_quarantined(1));
  s.n.advance(2min);
  BOOST_TEST((s.state("/top/a") == health::healthy));
  BOOST_TEST((s.rolled_up("/") == health::healthy));
  BOOST_TEST(s.n.metrics_text().find("troupe_quarantined_messages 0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_oldest_entry_gives_way_and_is_counted) {
  auto options = deterministic();
  options.quarantine_max = 2;
  two_workers s{{.quarantine_after = 1}, 1'000, options};
  s.ask("a", poison);
  for (const char* text : {"1", "2"}) s.ask("b", {text, fault::bug});
  s.n.advance(2min);
  BOOST_TEST((s.state("/top/a") == health::healthy));
  BOOST_TEST(s.n.quarantine().size() == 2u);
  BOOST_TEST(s.n.quarantine()[0].id == 2u);
  BOOST_TEST(s.ask("a", poison) == "agent_failed");
  BOOST_TEST(s.n.metrics_text().find("troupe_quarantine_overflowed_total 2") != std::string::npos);

  options = deterministic();
  options.quarantine_max = 0;
  two_workers none{{.quarantine_after = 1}, 1'000, options};
  for (int i = 0; i < 3; ++i) BOOST_TEST(none.ask("b", poison) == "agent_failed");
  BOOST_TEST(none.n.quarantine().empty());
}

BOOST_AUTO_TEST_CASE(a_history_keeps_the_first_and_the_latest) {
  two_workers s{{.quarantine_after = 1}};
  s.ask("a", poison);
  for (int i = 0; i < 30; ++i) {
    auto again = s.n.begin_retry_quarantined(1);
    s.n.advance(1s);
  }
  const auto entry = must(s.n.quarantined(1));
  BOOST_TEST(entry.failures == 31u);
  BOOST_TEST(entry.history.size() == 16u);
  BOOST_TEST(entry.history.front().incarnation == 1u);
  BOOST_TEST(entry.history.back().incarnation == 31u);
}

BOOST_AUTO_TEST_CASE(a_message_that_cannot_be_compared_is_only_equal_to_itself) {
  node n{deterministic()};
  int tries = 0;
  must_supervise(
      n, top_of(scripted_child("a",
                               [&](scripted& me) {
                                 me.on([&](const opaque& what) {
                                   ++tries;
                                   throw std::runtime_error{what.text};
                                 });
                               },
                               {.on_fault = {{fault::bug, fault_action::retry({.attempts = 5, .jitter = 0.0})}}})));
  n.send(n.ref(path{"/top/a"}), opaque{"x"});
  n.advance(1min);
  BOOST_TEST(tries == 3);  // retries of one message are known to be the same
  BOOST_TEST(n.quarantine().size() == 1u);
  BOOST_TEST(n.quarantine()[0].content == "opaque (local to its process: its fields cannot be shown)");
  n.send(n.ref(path{"/top/a"}), opaque{"x"});
  n.settle();
  BOOST_TEST(tries == 4);  // another object
  n.advance(1min);
}

BOOST_AUTO_TEST_CASE(supervisors_answer_for_what_is_below_them) {
  record log;
  node n{deterministic()};
  const auto leaf = [&](const char* name) {
    return support::worker(name, &log, {.quarantine_after = 1, .quarantine_outside = true});
  };
  must_supervise(n, {.name = "one", .intensity = 9, .children = {leaf("a")}});
  must_supervise(n, {.name = "two", .intensity = 9, .children = {leaf("a")}});
  const auto one = n.ref(path{"/one"}), two = n.ref(path{"/two"});
  const job once{"x", fault::bug, 1};
  for (const char* agent : {"/one/a", "/two/a"}) {
    log.tries.clear();
    n.send(n.ref(path{agent}), once);
    n.advance(1s);
  }
  const auto of_one = must(n.ask(one, list_quarantine{})).entries;
  BOOST_TEST(of_one.size() == 1u);
  BOOST_TEST(of_one[0].agent == "/one/a");
  BOOST_TEST(must(n.ask(n.ref({}), list_quarantine{})).entries.size() == 2u);
  BOOST_TEST((must(n.ask(two, inspect_quarantined{2})) == n.quarantine()[1]));
  BOOST_TEST(n.ask(two, inspect_quarantined{1}).error().is(errc::not_found));
  BOOST_TEST(n.ask(two, retry_quarantined{1}).error().is(errc::not_found));
  BOOST_TEST(n.ask(two, drop_quarantined{1}).error().is(errc::not_found));

  auto retried = n.begin_ask(one, retry_quarantined{1});
  n.settle();
  BOOST_TEST(!retried.ready());
  must(n.ask(one, which_children{}));  // the supervisor does not wait
  n.advance(1s);
  must(retried.get());
  must(n.ask(two, drop_quarantined{2}));
  BOOST_TEST(n.quarantine().empty());
}

BOOST_AUTO_TEST_CASE(senders_in_the_tree_are_named_and_what_is_set_aside_is_logged) {
  std::string lines;
  record log;
  node n{logging_to(lines)};
  must_supervise(n, top_of(support::worker("a", &log, {.quarantine_after = 1}), scripted_child("b", [](scripted& me) {
                             me.on([](const go&, turn& now) { now.send(now.ref(path{"/top/a"}), poison); });
                           })));
  n.send(n.ref(path{"/top/b"}), go{});
  n.advance(1s);
  BOOST_TEST(must(n.quarantined(1)).history[0].sender == "/top/b");
  BOOST_TEST(lines.find("error a message is set aside agent=/top/a message=job number=1 "
                        "error=\"no luck with poison\" fault=bug") != std::string::npos,
             lines);
}

// It would keep the node, which keeps it.
BOOST_AUTO_TEST_CASE(a_message_that_refers_to_its_node_goes_with_it) {
  int alive = 0;
  {
    node n{deterministic()};
    must_supervise(n, top_of(scripted_child(
                          "a", [](scripted& me) { me.on([](const marked&) { throw std::runtime_error{"no"}; }); },
                          {.on_fault = {{fault::bug, fault_action::quarantine(2)}}})));
    const marked what{n.ref(path{"/top/a"}), support::lifetime_flag{alive}};
    n.send(what.who, what);
    n.send(what.who, what);
    n.settle();
    BOOST_TEST(alive > 1);
    n.stop();
  }
  BOOST_TEST(alive == 0);
}

// For the thread sanitizer above all.
BOOST_AUTO_TEST_CASE(the_operator_may_come_at_any_time) {
  node_options options;
  options.threads = 2;
  options.log = logger{};
  node n{options};
  const auto leaf = [](const char* name) {
    return scripted_child(name,
                          [](scripted& me) {
                            me.on([](const job& j) -> answer {
                              if (j.kind != fault::none) fail_with(j.kind, j.text);
                              return {j.text};
                            });
                          },
                          {.quarantine_after = 1, .quarantine_outside = true});
  };
  must_supervise(n, {.name = "top", .intensity = 1'000'000, .children = {leaf("a"), leaf("b")}});
  const auto a = n.ref(path{"/top/a"}), b = n.ref(path{"/top/b"});
  std::uint64_t last = 0;
  for (int i = 0; i < 300; ++i) {
    n.send(a, poison);
    n.send(b, poison);
    n.send(a, job{"good"});
    auto asked = n.begin_ask(a, poison);
    for (const auto& each : n.quarantine()) {
      last = std::max(last, each.id);
      if (i % 2 == 0)
        (void)n.retry_quarantined(each.id);
      else
        (void)n.drop_quarantined(each.id);
    }
    const auto told = asked.get();
    BOOST_TEST((told.error().is(agent_errc::agent_failed) || told.error().is(agent_errc::quarantined)));
    (void)n.agents();
  }
  BOOST_TEST(last > 1u);
  for (const auto& each : n.quarantine()) (void)n.drop_quarantined(each.id);
  BOOST_TEST(must(n.ask(b, job{"good"})).text == "good");
}

BOOST_AUTO_TEST_CASE(a_message_that_was_in_hand_when_an_equal_one_was_set_aside_makes_no_second_entry) {
  actors::quarantine_store store{10};
  const path agent{"/top/a"};
  const auto fails = [&](const message& what, fault kind, std::string text) {
    return store.failed({.agent = agent,
                         .what = &what,
                         .type = what.type(),
                         .kind = kind,
                         .failed = {.text = std::move(text)},
                         .limit = 1});
  };
  const auto one = message::of(poison), other = message::of(poison), different = message::of(job{"else"});
  const auto first = fails(one, fault::bug, "no luck");
  BOOST_TEST(first.aside == 1u);
  BOOST_TEST(first.made.has_value());
  const auto second = fails(other, fault::timeout, "too late");
  BOOST_TEST(second.aside == 1u);
  BOOST_TEST(!second.made.has_value());
  BOOST_TEST(store.size() == 1u);
  BOOST_TEST(store.find(1)->failures == 2u);
  BOOST_TEST(store.find(1)->text == "too late");
  BOOST_TEST(store.find(1)->history.size() == 2u);
  BOOST_TEST(fails(different, fault::bug, "no luck").aside == 2u);
}

BOOST_AUTO_TEST_CASE(equal_messages_in_flight_in_a_reentrant_agent_make_one_entry) {
  node n{deterministic()};
  must_supervise(n, top_of(scripted_child("a",
                                          [](scripted& me) {
                                            me.reentrant();
                                            me.on([](job j, turn& now) -> task<answer> {
                                              co_await now.sleep(1ms);
                                              fail_with(j.kind, "no luck with " + j.text);
                                              co_return answer{};
                                            });
                                          },
                                          {.on_fault = {{fault::bug, fault_action::quarantine()}}})));
  for (int i = 0; i < 4; ++i) n.send(n.ref(path{"/top/a"}), poison);
  n.advance(1s);
  n.send(n.ref(path{"/top/a"}), poison);
  n.advance(1s);
  BOOST_TEST(n.quarantine().size() == 1u);
}

BOOST_AUTO_TEST_CASE(equal_messages_are_the_same_and_others_are_not) {
  const auto a = message::of(job{"x"}), b = message::of(job{"x"}), c = message::of(job{"y"});
  BOOST_TEST(a.same_as(a));
  BOOST_TEST(a.same_as(b));
  BOOST_TEST(!a.same_as(c));
  BOOST_TEST(!a.same_as(message{}));
  BOOST_TEST(!message{}.same_as(a));
  BOOST_TEST(message{}.same_as(message{}));
  BOOST_TEST(!a.same_as(message::of(support::question{"x"})));
  const auto o = message::of(opaque{"x"});
  BOOST_TEST(o.same_as(message{o}));
  BOOST_TEST(!o.same_as(message::of(opaque{"x"})));
}

BOOST_AUTO_TEST_SUITE_END()
