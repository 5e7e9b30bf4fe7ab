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
  task<answer> pass(relay r, turn& now) { co_return co_await now.ask<question>(now.ref(r.to), r.text); }
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
  BOOST_TEST(must(n.ask(n.ref(path{"/top/a"}), relay{path{"/top/b"}, "deep"})).text == "echo deep");
}

BOOST_AUTO_TEST_CASE(asking_nobody_is_an_error_at_once) {
  node n{deterministic()};
  must_supervise(n, echoes());
  const auto got = n.ask(n.ref(path{"/top/nobody"}), question{"?"});
  BOOST_TEST(got.error().is(agent_errc::unknown_agent));
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

BOOST_AUTO_TEST_SUITE_END()
