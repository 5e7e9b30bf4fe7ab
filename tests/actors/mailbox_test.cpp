#include "mailbox.hpp"

#include "scripted.hpp"

using namespace troupe;
using namespace support;

// What happens to messages that find no place, and to those that wait when their agent ends.

namespace {

// Keeps the numbers it is sent, in order; `go` keeps it busy for a second.
child_spec keeper(std::string id, std::vector<std::int64_t>& kept, mailbox_options mailbox) {
  return scripted_child(std::move(id),
                        [&](scripted& me) {
                          me.on([&](const note& n) { kept.push_back(n.number); });
                          me.on([](go, turn& now) -> task<void> { co_await now.sleep(1s); });
                          me.on([](const question& q) { return answer{q.text}; });
                        },
                        {.mailbox = mailbox});
}

// Sends the keeper as many notes as it is told, and says when its turn is over.
child_spec sender(std::vector<std::int64_t>& finished, duration rest = duration{0}) {
  return scripted_child("sender", [&finished, rest](scripted& me) {
    me.on([&finished, rest](note count, turn& now) -> task<void> {
      for (std::int64_t i = 1; i <= count.number; ++i) now.send(now.ref(path{"/top/keeper"}), note{i});
      if (rest > duration{0}) co_await now.sleep(rest);
      finished.push_back(count.number);
    });
  });
}

const path top{"/top"};
const path keeper_path{"/top/keeper"};
const path sender_path{"/top/sender"};
using numbers = std::vector<std::int64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(mailbox_test)

BOOST_AUTO_TEST_CASE(a_full_mailbox_refuses_and_says_so) {
  node n{deterministic()};
  numbers kept;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 2})));
  const auto to = n.ref(keeper_path);
  n.send(to, go{});
  n.settle();
  for (int i = 1; i <= 4; ++i) n.send(to, note{i});
  const auto asked = n.ask(to, question{"?"});
  BOOST_TEST(asked.error().is(agent_errc::mailbox_full));
  BOOST_TEST(asked.error().message() == "the mailbox of /top/keeper is full (2 messages)");
  BOOST_TEST(dropped(n, drop_reason::mailbox_full) == 3u);
  n.advance(1s);
  BOOST_TEST(kept == (numbers{1, 2}));
  BOOST_TEST(n.info(keeper_path)->mailbox_messages_max == 2u);
}

BOOST_AUTO_TEST_CASE(a_full_mailbox_may_drop_its_oldest_instead) {
  node n{deterministic()};
  numbers kept;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 2, .when_full = overflow::drop_oldest})));
  const auto to = n.ref(keeper_path);
  n.send(to, go{});
  n.settle();
  auto oldest = n.begin_ask(to, question{"?"});
  for (int i = 1; i <= 4; ++i) n.send(to, note{i});
  BOOST_TEST(oldest.get().error().is(agent_errc::mailbox_full));
  BOOST_TEST(dropped(n, drop_reason::dropped_oldest) == 3u);
  n.advance(1s);
  BOOST_TEST(kept == (numbers{3, 4}));
}

BOOST_AUTO_TEST_CASE(a_mailbox_that_blocks_holds_its_sender_s_turn_until_there_is_room) {
  node n{deterministic()};
  numbers kept, finished;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 1, .when_full = overflow::block}), sender(finished)));
  n.send(n.ref(keeper_path), go{});
  n.settle();
  auto first = n.begin_ask(n.ref(sender_path), note{3});
  auto second = n.begin_ask(n.ref(sender_path), note{1});
  n.settle();
  BOOST_TEST(finished == (numbers{3}));  // the handler came to its end, its turn did not
  BOOST_TEST(!first.ready());
  BOOST_TEST(n.info(keeper_path)->mailbox_messages == 3u);  // one in the mailbox, two in line for it
  n.advance(1s);
  must(first.get());
  must(second.get());
  BOOST_TEST(finished == (numbers{3, 1}));
  BOOST_TEST(kept == (numbers{1, 2, 3, 1}));
  BOOST_TEST(n.dead_letters().empty());
}

BOOST_AUTO_TEST_CASE(a_sender_that_waits_for_room_goes_on_when_the_receiver_ends) {
  node n{deterministic()};
  numbers kept, finished;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 1, .when_full = overflow::block}), sender(finished)));
  n.send(n.ref(keeper_path), go{});
  n.settle();
  auto sent = n.begin_ask(n.ref(sender_path), note{4});
  n.settle();
  BOOST_TEST(!sent.ready());
  must(n.ask(n.ref(top), terminate_child{"keeper"}));
  must(sent.get());
  BOOST_TEST(kept.empty());
  BOOST_TEST(dropped(n, drop_reason::agent_down) == 4u);
}

BOOST_AUTO_TEST_CASE(mail_that_waits_for_room_survives_a_restart_with_the_rest) {
  node n{deterministic()};
  numbers kept, finished;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 1, .when_full = overflow::block}), sender(finished)));
  n.send(n.ref(keeper_path), go{});
  n.settle();
  auto sent = n.begin_ask(n.ref(sender_path), note{4});
  n.settle();
  n.kill(n.ref(keeper_path));
  n.settle();
  must(sent.get());
  BOOST_TEST(kept == (numbers{1, 2, 3, 4}));
  BOOST_TEST(n.dead_letters().empty());
}

BOOST_AUTO_TEST_CASE(who_asks_a_mailbox_that_blocks_waits_for_room_within_its_own_time) {
  node n{deterministic()};
  numbers kept;
  std::string got;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 1, .when_full = overflow::block}),
                           scripted_child("asker", [&](scripted& me) {
                             me.on([&](go, turn& now) -> task<void> {
                               auto limited = now.ask_within<question>(500ms, now.ref(keeper_path), "too late");
                               auto patient = now.ask<question>(now.ref(keeper_path), "in time");
                               BOOST_TEST((co_await limited.as_result()).error().is(agent_errc::timeout));
                               got = (co_await patient).text;
                             });
                           })));
  n.send(n.ref(keeper_path), go{});
  n.send(n.ref(keeper_path), note{1});
  n.settle();
  auto asked = n.begin_ask(n.ref(path{"/top/asker"}), go{});
  n.settle();
  BOOST_TEST(!asked.ready());
  n.advance(1s);
  must(asked.get());
  BOOST_TEST(got == "in time");
  BOOST_TEST(dropped(n, drop_reason::expired) == 1u);
}

BOOST_AUTO_TEST_CASE(a_mailbox_that_blocks_refuses_what_comes_from_outside) {
  node n{deterministic()};
  numbers kept;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 1, .when_full = overflow::block})));
  const auto to = n.ref(keeper_path);
  n.send(to, go{});
  n.settle();
  n.send(to, note{1});
  BOOST_TEST(n.ask(to, question{"?"}).error().is(agent_errc::mailbox_full));
}

BOOST_AUTO_TEST_CASE(a_message_that_is_refused_does_not_hold_up_its_sender) {
  for (const auto when_full : {overflow::reject, overflow::drop_oldest}) {
    node n{deterministic()};
    numbers kept, finished;
    must_supervise(n, top_of(keeper("keeper", kept, {.limit = 1, .when_full = when_full}), sender(finished, 100ms)));
    n.send(n.ref(keeper_path), go{});
    n.settle();
    auto sent = n.begin_ask(n.ref(sender_path), note{3});
    auto next = n.begin_ask(n.ref(sender_path), note{0});
    n.advance(200ms);
    must(sent.get());
    must(next.get());
    BOOST_TEST(finished == (numbers{3, 0}));
  }
}

BOOST_AUTO_TEST_CASE(a_message_to_one_that_has_ended_does_not_hold_up_its_sender) {
  node n{deterministic()};
  numbers kept, finished;
  must_supervise(n, top_of(keeper("keeper", kept, {}), scripted_child("holder", [&](scripted& me) {
                             me.on([&, known = std::optional<agent_ref>{}](go, turn& now) mutable -> task<void> {
                               if (!known) known = now.ref(keeper_path);
                               now.send(*known, note{1});
                               co_await now.sleep(1s);
                               finished.push_back(1);
                             });
                           })));
  const auto holder = n.ref(path{"/top/holder"});
  n.send(holder, go{});
  n.advance(1s);
  must(n.ask(n.ref(top), terminate_child{"keeper"}));
  auto sent = n.begin_ask(holder, go{});
  n.advance(1s);
  must(sent.get());
  BOOST_TEST(kept == (numbers{1}));
  BOOST_TEST(finished.size() == 2u);
  BOOST_TEST(dropped(n, drop_reason::unknown_agent) == 1u);
}

BOOST_AUTO_TEST_CASE(mail_waits_in_order_while_its_agent_is_between_two_incarnations) {
  node n{deterministic()};
  numbers kept;
  auto spec = keeper("keeper", kept, {.limit = 3});
  spec.backoff = {.min = 1s, .max = 1s};
  must_supervise(n, top_of(std::move(spec)));
  const auto to = n.ref(keeper_path);
  n.send(to, crash{});
  n.send(to, note{1});
  n.settle();
  BOOST_TEST((n.info(keeper_path)->state == health::restarting));
  for (int i = 2; i <= 5; ++i) n.send(to, note{i});  // the bound holds meanwhile
  n.settle();
  BOOST_TEST(kept.empty());
  n.advance(1s);
  BOOST_TEST(kept == (numbers{1, 2, 3}));
  BOOST_TEST(dropped(n, drop_reason::mailbox_full) == 2u);
}

BOOST_AUTO_TEST_CASE(each_reason_for_a_dead_letter_is_counted_and_the_list_of_them_is_bounded) {
  auto options = deterministic();
  options.dead_letters_kept = 3;
  node n{options};
  numbers kept;
  must_supervise(n, top_of(keeper("keeper", kept, {.limit = 1})));
  const auto to = n.ref(keeper_path);
  n.send(n.ref(path{"/nobody/1"}), note{});
  n.send(n.ref(path{"/nobody/2"}), note{});
  BOOST_TEST(n.dead_letters().size() == 2u);
  n.send(to, go{});
  n.settle();
  n.send(to, note{1});
  n.send(to, note{2});
  must(n.ask(n.ref(top), terminate_child{"keeper"}));
  const auto counts = n.dropped();
  BOOST_TEST(counts[static_cast<std::size_t>(drop_reason::unknown_agent)] == 2u);
  BOOST_TEST(counts[static_cast<std::size_t>(drop_reason::mailbox_full)] == 1u);
  BOOST_TEST(counts[static_cast<std::size_t>(drop_reason::agent_down)] == 1u);
  const auto letters = n.dead_letters();
  BOOST_REQUIRE(letters.size() == 3u);  // of four
  BOOST_TEST(letters[0].to.str() == "/nobody/2");
  BOOST_TEST((letters[1].reason == drop_reason::mailbox_full));
  BOOST_TEST((letters[2].reason == drop_reason::agent_down));
}

BOOST_AUTO_TEST_CASE(what_the_runtime_itself_has_to_say_passes_the_bound) {
  node n{deterministic()};
  std::vector<std::string> ended;
  must_supervise(n, top_of(scripted_child("watcher",
                                          [&](scripted& me) {
                                            me.on([&](note, turn& now) -> task<void> {
                                              for (const char* each : {"x", "y"}) now.watch(now.ref(top / each));
                                              co_await now.sleep(1s);
                                            });
                                            me.on([&](const down& end) { ended.push_back(end.who.path().str()); });
                                          },
                                          {.mailbox = {.limit = 1}}),
                           scripted_child("x", [](scripted&) {}), scripted_child("y", [](scripted&) {})));
  n.send(n.ref(path{"/top/watcher"}), note{});
  n.settle();
  n.send(n.ref(path{"/top/watcher"}), go{});  // full now
  n.kill(n.ref(path{"/top/x"}));
  n.kill(n.ref(path{"/top/y"}));
  n.advance(1s);
  BOOST_TEST(ended == (std::vector<std::string>{"/top/x", "/top/y"}), boost::test_tools::per_element());
}

// Either whoever closes a mailbox rings, or the cell hears of it in the visit that it is in: a last visit there is.
BOOST_AUTO_TEST_CASE(a_mailbox_that_is_closed_rings_or_tells_the_visit_in_hand) {
  for (const bool closed_first : {true, false}) {
    actors::mailbox box{{}};
    actors::signal what;
    actors::envelope mail;
    std::shared_ptr<actors::reply_sink> got_room;
    std::uint64_t room_for = 0;
    bool ring = false;
    const auto take = [&] { return box.take(true, what, mail, got_room, room_for); };
    BOOST_TEST((box.post(what, ring) == actors::pushed::taken));
    BOOST_TEST(ring);
    BOOST_TEST((take() == actors::mailbox::next::signal));
    if (!closed_first) BOOST_TEST((take() == actors::mailbox::next::idle));
    box.close(ring);
    BOOST_TEST(ring == !closed_first);
    BOOST_TEST((take() == actors::mailbox::next::closed));
  }
}

BOOST_AUTO_TEST_SUITE_END()
