#include "support.hpp"

using namespace troupe;
using namespace support;

namespace {

struct answer {
  std::string text;
  std::uint64_t incarnation = 0;
  TROUPE_MESSAGE(answer, text, incarnation)
};
struct question {
  std::string text;
  using reply_type = answer;
  TROUPE_MESSAGE(question, text)
};
struct crash {
  std::string why;
  TROUPE_MESSAGE(crash, why)
};
struct relay {
  path to;
  std::string text;
  using reply_type = answer;
  TROUPE_MESSAGE(relay, to, text)
};
struct nap {
  std::int64_t ms = 0;
  TROUPE_MESSAGE(nap, ms)
};

struct thing {
  std::string text;
};
struct thing_question {
  thing about;
  TROUPE_LOCAL_MESSAGE(thing_question)
};

struct holder : agent {
  holder(agent_context& context, const thing&) : agent{context} {}
};

class echo : public agent {
 public:
  explicit echo(agent_context& context) : agent{context} {
    on(&echo::reply);
    on(&echo::fall);
    on(&echo::pass);
    on(&echo::rest);
  }

 private:
  answer reply(question q) { return {"echo " + q.text, incarnation()}; }
  void fall(const crash& c) { throw std::runtime_error{c.why}; }
  task<answer> pass(relay r, turn& now) {
    auto asking = now.ask(now.ref(r.to), question{"named " + r.text});
    const auto named = co_await asking;
    const auto direct = co_await now.ask<question>(now.ref(r.to), r.text);
    co_return answer{named.text + ", " + direct.text, incarnation()};
  }
  task<done> rest(nap n, turn& now) {
    co_await now.sleep(std::chrono::milliseconds{n.ms});
    co_return done{};
  }
};

supervisor_spec echoes(int intensity = 10) {
  return {.name = "top", .intensity = intensity, .children = {child<echo>("a"), child<echo>("b")}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agent_test)

BOOST_AUTO_TEST_CASE(a_handler_answers_a_question) {
  node n{deterministic()};
  must_supervise(n, echoes());
  BOOST_TEST(must(n.ask(n.ref(path{"/top/a"}), question{"hi"})).text == "echo hi");
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_tells_the_sender_why_and_comes_back_under_the_same_reference) {
  node n{deterministic()};
  must_supervise(n, echoes());
  const auto a = n.ref(path{"/top/a"});
  const auto failed = n.ask(a, crash{"out of luck"});
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().is(agent_errc::agent_failed));
  BOOST_TEST(failed.error().message().find("out of luck") != std::string::npos);
  const auto again = must(n.ask(a, question{"x"}));
  BOOST_TEST(again.incarnation == 2u);
}

BOOST_AUTO_TEST_CASE(queued_mail_survives_a_restart) {
  node n{deterministic()};
  must_supervise(n, echoes());
  const auto a = n.ref(path{"/top/a"});
  n.send(a, crash{"first"});
  std::vector<pending<answer>> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(n.begin_ask(a, question{std::to_string(i)}));
  n.settle();
  for (int i = 0; i < 5; ++i) {
    const auto got = must(waiting[static_cast<std::size_t>(i)].get());
    BOOST_TEST(got.text == "echo " + std::to_string(i));
    BOOST_TEST(got.incarnation == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_turn_asks_another_agent_and_waits_without_holding_up_the_node) {
  node n{deterministic()};
  must_supervise(n, echoes());
  BOOST_TEST(must(n.ask(n.ref(path{"/top/a"}), relay{path{"/top/b"}, "deep"})).text == "echo named deep, echo deep");
}

BOOST_AUTO_TEST_CASE(asking_nobody_is_an_error_at_once) {
  node n{deterministic()};
  must_supervise(n, echoes());
  const auto got = n.ask(n.ref(path{"/top/nobody"}), question{"?"});
  BOOST_TEST(got.error().is(agent_errc::unknown_agent));
}

// g++ before 15 frees what is in these temporaries twice if they stand beside co_await; the type of the effect refuses
// that.
BOOST_AUTO_TEST_CASE(an_effect_begun_with_an_aggregate_or_a_lambda_that_owns_memory_has_to_be_named) {
  using asked_with_a_thing = decltype(std::declval<turn&>().ask<thing_question>(agent_ref{}, std::declval<thing>()));
  using asked_with_a_name = decltype(std::declval<turn&>().ask<thing_question>(agent_ref{}, std::declval<thing&>()));
  using asked_with_text = decltype(std::declval<turn&>().ask<question>(agent_ref{}, std::string{}));
  using spawned_with_a_thing = decltype(std::declval<turn&>().spawn<holder>("a", std::declval<thing>()));
  using ran_a_lambda = decltype(std::declval<turn&>().run([text = std::string{}] {}));
  BOOST_TEST((std::is_same_v<asked_with_a_thing, named_effect<void>>));
  BOOST_TEST((std::is_same_v<asked_with_a_name, effect<void>>));
  BOOST_TEST((std::is_same_v<asked_with_text, effect<answer>>));
  BOOST_TEST((std::is_same_v<spawned_with_a_thing, named_effect<agent_ref>>));
  BOOST_TEST((std::is_same_v<ran_a_lambda, named_effect<void>>));
}

BOOST_AUTO_TEST_CASE(messages_wait_until_the_turn_in_hand_is_over) {
  node n{deterministic()};
  must_supervise(n, echoes());
  const auto a = n.ref(path{"/top/a"});
  auto slow = n.begin_ask(a, nap{1000});
  auto quick = n.begin_ask(a, question{"later"});
  n.settle();
  BOOST_TEST(!slow.ready());
  BOOST_TEST(!quick.ready());
  n.advance(999ms);
  BOOST_TEST(!quick.ready());
  n.advance(1ms);
  BOOST_TEST(slow.ready());
  BOOST_TEST(quick.ready());
}

BOOST_AUTO_TEST_CASE(ends_for_good_are_counted_by_reason) {
  node n{deterministic()};
  must_supervise(n, echoes());
  const auto top = n.ref(path{"/top"});
  must(n.ask(top, terminate_child{"a"}));
  n.kill(n.ref(path{"/top/b"}));  // comes back: no end for good
  n.settle();
  must(n.ask(top, terminate_child{"b"}));
  BOOST_TEST(n.metrics_text().find("troupe_actor_terminated_total{reason=\"shutdown\"} 2\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
