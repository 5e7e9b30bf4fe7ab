#include "core/seeded.hpp"
#include "runtime.hpp"
#include "scripted.hpp"

using namespace troupe;
using namespace support;

// Messages that come as bytes, as from another process: they reach the handler of their name, answers come back to
// those who asked, and bytes that are wrong hurt nobody.

namespace {

const path worker_path{"/top/worker"};
const path other_path{"/top/other"};

struct visit {
  std::string patient = {};
  std::vector<note> notes = {};
  std::optional<agent_ref> nurse = {};
  agent_ref doctor = {};
  message carried = {};
  using reply_type = answer;
  TROUPE_MESSAGE(visit, patient, notes, nurse, doctor, carried)
};
struct ended {
  exit_cause cause;
  TROUPE_MESSAGE(ended, cause)
};
struct secret {
  std::shared_ptr<int> pointer;
  TROUPE_LOCAL_MESSAGE(secret)
};
struct half_secret {
  std::string text;
  std::shared_ptr<int> pointer;
  TROUPE_MESSAGE(half_secret, text, pointer)
};
struct carrier {
  message carried;
  TROUPE_MESSAGE(carrier, carried)
};

namespace elsewhere {
struct note {
  std::string text;
  TROUPE_MESSAGE(note, text)
};
}  // namespace elsewhere

static_assert(net::packable<visit> && net::packable<ended> && net::packable<carrier> && net::packable<done>);
static_assert(!net::packable<secret> && !net::packable<half_secret> && !net::packable<down>);

template <class M>
std::string bytes_of(const M& value) {
  return must(message::of(value).encode());
}

std::shared_ptr<actors::runtime> runtime_of(node& n) { return n.ref(worker_path).target()->home().shared_from_this(); }

// The same message, as it comes from elsewhere.
template <class M>
message from_elsewhere(node& n, const M& value) {
  return message::encoded(std::string{M::troupe_message_name}, bytes_of(value), runtime_of(n));
}

// Asks the worker.
result<message> ask(node& n, message question) {
  const auto waiter = std::make_shared<actors::outside_waiter>();
  actors::envelope mail;
  mail.payload = std::move(question);
  mail.origin = waiter;
  mail.effect = 1;
  runtime_of(n)->deliver(n.ref(worker_path), std::move(mail), false);
  n.settle();
  return waiter->take(duration{0});
}

struct one_worker {
  explicit one_worker(scripted::script write) {
    must_supervise(n, top_of(scripted_child("worker", std::move(write)), scripted_child("other", [this](scripted& me) {
                               me.on([this](const note& got) { other_got.push_back(got.number); });
                             })));
  }
  std::vector<std::int64_t> other_got;
  node n{deterministic()};
};

bool same_text(const result<message>& got, std::string_view text) {
  const auto reply = actors::typed_reply<answer>(got);
  return reply && reply->text == text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encoded_message_test)

BOOST_AUTO_TEST_CASE(it_is_a_message_with_a_name_and_bytes_but_without_a_value) {
  const auto encoded = message::encoded("note", bytes_of(note{7}));
  BOOST_TEST(!encoded.empty());
  BOOST_TEST(encoded.is_encoded());
  BOOST_TEST(encoded.type_name() == "note");
  BOOST_TEST(encoded.get_if<note>() == nullptr);
  BOOST_TEST(must(encoded.encode()) == bytes_of(note{7}));
  BOOST_TEST(encoded.bytes() == bytes_of(note{7}));
  BOOST_TEST(must(encoded.decoded<note>()).number == 7);
  BOOST_TEST(must(message::of(note{8}).decoded<note>()).number == 8);
  BOOST_TEST(encoded.decoded<question>().error().is(agent_errc::unexpected_reply));
  BOOST_TEST(!message::of(note{7}).is_encoded());
  BOOST_TEST(!message{}.is_encoded());
}

BOOST_AUTO_TEST_CASE(an_empty_message_is_no_bytes_and_the_other_way_round) {
  BOOST_TEST(must(message{}.encode()).empty());
  BOOST_TEST(message::encoded("", "").empty());
}

BOOST_AUTO_TEST_CASE(a_name_that_no_type_has_is_cut) {
  BOOST_TEST(message::encoded(std::string(1 << 20, 'x'), "\xc0").type_name().size() == 256u);
}

BOOST_AUTO_TEST_CASE(what_is_local_is_not_encoded_and_the_error_names_it) {
  const auto refused = message::of(secret{}).encode();
  BOOST_TEST(refused.error().is(agent_errc::local_message));
  BOOST_TEST(refused.error().message().find("`secret`") != std::string::npos);
  BOOST_TEST(message::of(half_secret{}).encode().error().is(agent_errc::local_message));
  // Also inside of another.
  const auto inside = message::of(carrier{message::of(secret{})}).encode();
  BOOST_TEST(inside.error().is(agent_errc::local_message));
  BOOST_TEST(inside.error().message().find("`secret`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_handler_gets_it_as_if_it_had_come_from_here) {
  std::vector<std::string> got;
  one_worker w{[&](scripted& me) {
    me.on([](question q) { return answer{"value " + q.text}; });
    me.on([&](const note& n) { got.push_back(std::to_string(n.number)); });
    me.on([](visit v, turn& now) -> task<answer> {
      co_await now.sleep(1ns);
      co_return answer{v.patient + std::to_string(v.notes.at(1).number)};
    });
  }};
  BOOST_TEST(same_text(ask(w.n, from_elsewhere(w.n, question{"a"})), "value a"));
  BOOST_TEST(must(ask(w.n, from_elsewhere(w.n, note{5}))).empty());
  BOOST_TEST((got == std::vector<std::string>{"5"}));
  auto waiter = std::make_shared<actors::outside_waiter>();
  actors::envelope mail;
  mail.payload = from_elsewhere(w.n, visit{.patient = "p", .notes = {{1}, {2}}});
  mail.origin = waiter;
  mail.effect = 1;
  runtime_of(w.n)->deliver(w.n.ref(worker_path), std::move(mail), false);
  w.n.advance(1ms);
  BOOST_TEST(same_text(waiter->take(duration{0}), "p2"));
  BOOST_TEST(w.n.info(worker_path)->turns == 3u);
  BOOST_TEST(w.n.dead_letters().empty());
}

BOOST_AUTO_TEST_CASE(bytes_that_are_wrong_are_answered_and_counted_and_the_agent_lives_on) {
  one_worker w{[](scripted& me) {
    me.on([](const question& q) { return answer{q.text}; });
    me.on([](const visit& v) { return answer{v.patient}; });
  }};
  const auto wrong = ask(w.n, message::encoded("question", "\x81\xa4text\x07"));
  BOOST_TEST(wrong.error().is(agent_errc::bad_message));
  BOOST_TEST(wrong.error().message() == "/top/worker: question.text: expected a text, got an integer");
  BOOST_TEST(dropped(w.n, drop_reason::bad_message) == 1u);
  BOOST_REQUIRE(w.n.dead_letters().size() == 1u);
  BOOST_TEST(w.n.dead_letters().front().message_type == "question");
  BOOST_TEST((w.n.dead_letters().front().reason == drop_reason::bad_message));
  BOOST_TEST((w.n.dead_letters().front().to == worker_path));
  BOOST_TEST(w.n.metrics_text().find("troupe_messages_dropped_total{reason=\"bad_message\"} 1") != std::string::npos);

  const auto deep = ask(w.n, message::encoded("visit", "\x81\xa5notes\x91\x81\xa6number\xa1x"));
  BOOST_TEST(deep.error().message() == "/top/worker: visit.notes[0].number: expected an integer, got a text");
  BOOST_TEST(ask(w.n, message::encoded("question", "\xc1")).error().is(agent_errc::bad_message));
  BOOST_TEST(ask(w.n, message::encoded("question", "")).error().is(agent_errc::bad_message));

  BOOST_TEST(same_text(ask(w.n, from_elsewhere(w.n, question{"still here"})), "still here"));
  BOOST_TEST(w.n.info(worker_path)->incarnation == 1u);
  BOOST_TEST(w.n.info(worker_path)->failures == 0u);
  BOOST_TEST(w.n.info(worker_path)->turns == 1u);
}

BOOST_AUTO_TEST_CASE(what_nobody_waits_for_is_a_dead_letter_only) {
  one_worker w{[](scripted& me) { me.on([](const note&) {}); }};
  actors::envelope mail;
  mail.payload = message::encoded("note", "\x01");
  runtime_of(w.n)->deliver(w.n.ref(worker_path), std::move(mail), false);
  w.n.settle();
  BOOST_TEST(dropped(w.n, drop_reason::bad_message) == 1u);
}

BOOST_AUTO_TEST_CASE(a_name_without_a_handler_is_told_so) {
  one_worker w{[](scripted& me) { me.on([](const note&) {}); }};
  const auto got = ask(w.n, message::encoded("unheard_of", "\x80"));
  BOOST_TEST(got.error().is(agent_errc::no_handler));
  BOOST_TEST(dropped(w.n, drop_reason::no_handler) == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_local_cannot_come_as_bytes) {
  int handled = 0;
  one_worker w{[&](scripted& me) {
    me.on([&](const secret&) { ++handled; });
    me.on([&](const down&) { ++handled; });
    me.on([&](const half_secret&) { ++handled; });
  }};
  for (const std::string name : {"secret", "down", "half_secret"})
    BOOST_TEST(ask(w.n, message::encoded(name, "\x80")).error().is(agent_errc::bad_message));
  // The runtime's own notices have no handlers.
  BOOST_TEST(ask(w.n, message::encoded("down_notice", "\x80")).error().is(agent_errc::no_handler));
  BOOST_TEST(handled == 0);
}

BOOST_AUTO_TEST_CASE(two_handlers_of_one_name_are_ambiguous_for_bytes_only) {
  int here = 0, there = 0;
  one_worker w{[&](scripted& me) {
    me.on([&](const note&) { ++here; });
    me.on([&](const elsewhere::note&) { ++there; });
  }};
  const auto got = ask(w.n, from_elsewhere(w.n, note{1}));
  BOOST_TEST(got.error().is(agent_errc::bad_message));
  BOOST_TEST(got.error().message().find("two types that are called `note`") != std::string::npos);
  must(ask(w.n, message::of(note{1})));
  must(ask(w.n, message::of(elsewhere::note{"x"})));
  BOOST_TEST(here == 1);
  BOOST_TEST(there == 1);
}

BOOST_AUTO_TEST_CASE(references_in_it_are_references_here) {
  one_worker w{[](scripted& me) {
    me.on([](const visit& v, turn& now) {
      now.send(v.doctor, note{1});
      now.send(v.nurse.value(), note{2});
      return answer{v.doctor.path().str()};
    });
  }};
  const auto other = w.n.ref(other_path);
  BOOST_TEST(same_text(ask(w.n, from_elsewhere(w.n, visit{.nurse = other, .doctor = other})), "/top/other"));
  BOOST_TEST((w.other_got == std::vector<std::int64_t>{1, 2}));
}

BOOST_AUTO_TEST_CASE(an_empty_reference_stays_empty_and_differs_from_none) {
  const auto bytes = bytes_of(visit{.nurse = agent_ref{}});
  const auto back = must(message::encoded("visit", bytes).decoded<visit>());
  BOOST_REQUIRE(back.nurse.has_value());
  BOOST_TEST(!*back.nurse);
  BOOST_TEST(!back.doctor);
  BOOST_TEST(!must(message::encoded("visit", bytes_of(visit{})).decoded<visit>()).nurse.has_value());
}

BOOST_AUTO_TEST_CASE(a_reference_without_a_runtime_is_an_error) {
  node n{deterministic()};
  const auto bytes = bytes_of(visit{.doctor = n.ref(other_path)});
  const auto refused = message::encoded("visit", bytes).decoded<visit>();
  BOOST_TEST(refused.error().is(agent_errc::bad_message));
  BOOST_TEST(refused.error().message() == "visit.doctor: a reference to /top/other means something in a runtime only");
}

BOOST_AUTO_TEST_CASE(a_message_may_be_carried_by_another) {
  one_worker w{[](scripted& me) {
    me.on([](const visit& v) {
      return answer{std::string{v.carried.type_name()} + " for " + must(v.carried.decoded<visit>()).doctor.describe()};
    });
  }};
  const visit inner{.doctor = w.n.ref(other_path)};
  BOOST_TEST(same_text(ask(w.n, from_elsewhere(w.n, visit{.carried = message::of(inner)})), "visit for /top/other"));
  // One that was never decoded on its way goes on as it is.
  const carrier passed_on{message::encoded("unheard_of", "\x07")};
  const auto back = must(message::encoded("carrier", bytes_of(passed_on)).decoded<carrier>());
  BOOST_TEST(back.carried.type_name() == "unheard_of");
  BOOST_TEST(back.carried.bytes() == "\x07");
  BOOST_TEST(must(message::encoded("carrier", bytes_of(carrier{})).decoded<carrier>()).carried.empty());
}

BOOST_AUTO_TEST_CASE(the_cause_of_an_end_comes_back_whole) {
  exit_cause cause = exit_cause::failed("out of luck", fault::tool_crash);
  cause.signal = 11;
  cause.exit_code = 3;
  cause.output = "last words\n";
  for (const auto& each : {cause, exit_cause::normal(), exit_cause::killed("by hand")})
    BOOST_TEST((must(message::encoded("ended", bytes_of(ended{each})).decoded<ended>()).cause == each));
}

BOOST_AUTO_TEST_CASE(a_reply_is_decoded_as_what_was_asked_for) {
  BOOST_TEST(must(actors::typed_reply<answer>(message::encoded("answer", bytes_of(answer{"x"})))).text == "x");
  must(actors::typed_reply<done>(message::encoded("done", "\x80")));
  must(actors::typed_reply<void>(message::encoded("answer", bytes_of(answer{"x"}))));
  // A type that is no message has no name.
  const auto text = message::of(std::string{"plain"});
  BOOST_TEST(must(actors::typed_reply<std::string>(
                 message::encoded(std::string{text.type_name()}, must(text.encode())))) == "plain");
  BOOST_TEST(actors::typed_reply<answer>(message::encoded("note", "\x80")).error().is(agent_errc::unexpected_reply));
  BOOST_TEST(actors::typed_reply<answer>(message{}).error().is(agent_errc::unexpected_reply));
  const auto wrong = actors::typed_reply<answer>(message::encoded("answer", "\x81\xa4text\x01"));
  BOOST_TEST(wrong.error().is(agent_errc::bad_message));
  BOOST_TEST(wrong.error().message() == "answer.text: expected a text, got an integer");
  BOOST_TEST(actors::typed_reply<secret>(message::encoded("secret", "\x80")).error().is(agent_errc::bad_message));
}

namespace {

// A worker that waits for an answer, which the test gives.
struct waiting_worker : one_worker {
  waiting_worker()
      : one_worker{[this](scripted& me) {
          me.on([this](go, turn& now) -> task<void> {
            const auto self = now.self();
            owner = const_cast<actors::cell*>(self.target()->as_cell());
            waits_for = owner->begin_effect(actors::effect_kind::ask, &now, instant::max());
            effect<answer> asking{actors::effect_handle{owner, waits_for}};
            got = co_await asking.as_result();
          });
        }} {
    n.send(n.ref(worker_path), go{});
    n.settle();
  }
  void answer_with(message reply) {
    owner->resolve(waits_for, std::move(reply));
    n.settle();
  }

  actors::cell* owner = nullptr;
  std::uint64_t waits_for = 0;
  std::optional<result<answer>> got;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_turn_that_waits_gets_the_reply_that_came_as_bytes) {
  waiting_worker w;
  w.answer_with(message::encoded("answer", bytes_of(answer{"from afar"})));
  BOOST_REQUIRE(w.got.has_value());
  BOOST_TEST(must(*w.got).text == "from afar");
}

BOOST_AUTO_TEST_CASE(a_turn_that_waits_is_told_of_a_reply_that_is_wrong) {
  waiting_worker w;
  w.answer_with(message::encoded("answer", "\xc1"));
  BOOST_REQUIRE(w.got.has_value());
  BOOST_TEST(w.got->error().is(agent_errc::bad_message));
}

BOOST_AUTO_TEST_CASE(whatever_bytes_come_the_agent_lives) {
  test::seeded random;
  std::size_t handled = 0;
  one_worker w{[&](scripted& me) {
    me.on([&](const visit&) {
      ++handled;
      return answer{};
    });
    me.on([&](const ended& e) {
      ++handled;
      (void)e.cause.describe();
    });
  }};
  const auto good = bytes_of(visit{"p", {{1}, {2}}, w.n.ref(other_path), w.n.ref(other_path), message::of(note{1})});
  const auto end = bytes_of(ended{exit_cause::failed("x")});
  std::size_t refused = 0;
  constexpr std::size_t rounds = 1'000;
  for (std::size_t i = 0; i < rounds; ++i) {
    const bool about_end = random.below(2) == 1;
    std::string bytes = about_end ? end : good;
    for (std::size_t n = random.below(3); n > 0; --n)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    const auto got = ask(w.n, message::encoded(about_end ? "ended" : "visit", bytes, runtime_of(w.n)));
    refused += !got && got.error().is(agent_errc::bad_message);
  }
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    BOOST_TEST(handled + refused == rounds);
    BOOST_TEST(handled > 0u);
    BOOST_TEST(refused > 0u);
    BOOST_TEST(w.n.info(worker_path)->incarnation == 1u);
    BOOST_TEST(w.n.info(worker_path)->failures == 0u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
