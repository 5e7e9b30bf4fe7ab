#include <boost/test/unit_test.hpp>
#include <troupe/memory/check.hpp>
#include <troupe/net/codec.hpp>

#include "a_store.hpp"
#include "database.hpp"
#include "format.hpp"
#include "keys.hpp"

// The journal of durable agents: what commands do to inboxes, turns and effects.

using namespace troupe;
using test::a_store;

namespace {

const path clerk{"/shop/clerk"};
const path runner{"/shop/runner"};

struct a_journal : a_store {
  id name(std::uint64_t n) const { return id_generator{time, 7}.next().derived(n); }
  result<memory::outcome> apply(std::vector<memory::operation> operations) {
    memory::command what;
    what.author = runner;
    what.operations = std::move(operations);
    return store->apply(std::move(what));
  }
  memory::outcome must(std::vector<memory::operation> operations) {
    auto done = apply(std::move(operations));
    if (!done) BOOST_FAIL(done.error().describe());
    return *done;
  }
  static memory::accept_message message(id named, const path& to, std::string bytes = "hello") {
    return {{.name = named, .to = to, .type = "greeting", .bytes = std::move(bytes)}};
  }
  // Of the first effect of a turn of the runner.
  static memory::accept_message question(id named, id asking) {
    auto made = message(named, clerk);
    made.what.from = runner.str();
    made.what.asker = asking;
    made.what.effect = 1;
    return made;
  }
  memory::agent_journal of(const path& agent) {
    auto found = store->journal(agent, 10);
    if (!found) BOOST_FAIL(found.error().describe());
    return *std::move(found);
  }
};

memory::journaled_effect effect(std::uint32_t number, std::optional<std::string> outcome = {}) {
  return {.number = number, .label = "run", .digest = 5, .result = std::move(outcome)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_test)

BOOST_AUTO_TEST_CASE(messages_wait_in_the_order_in_which_they_were_accepted) {
  a_journal memory;
  memory.must({memory.message(memory.name(3), clerk, "first"), memory.message(memory.name(1), clerk, "second")});
  memory.must({memory.message(memory.name(2), clerk, "third"), memory.message(memory.name(1), path{"/shop"}, "other")});
  BOOST_TEST(memory.must({memory.message(memory.name(1), clerk, "again")}).repeated_messages == 1u);
  memory.open();
  const auto found = memory.of(clerk);
  BOOST_REQUIRE(found.inbox.size() == 3u);
  BOOST_TEST(found.inbox[0].bytes == "first");
  BOOST_TEST(found.inbox[1].bytes == "second");
  BOOST_TEST(found.inbox[2].bytes == "third");
  BOOST_TEST(found.turns.empty());
  BOOST_TEST(memory.store->journal(clerk, 2)->more);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_turn_keeps_its_first_beginning_and_each_effect_its_first_result) {
  a_journal memory;
  const auto turn = memory.name(1);
  const timestamp then{std::chrono::hours{1}};
  memory.must({memory.message(turn, clerk)});
  memory.must({memory::begin_turn{clerk, turn, then}, memory::note_effect{clerk, turn, effect(1)}});
  memory.must({memory::begin_turn{clerk, turn, then + std::chrono::hours{1}}});
  memory.must({memory::note_effect{clerk, turn, effect(2, "two")}, memory::note_effect{clerk, turn, effect(1, "one")}});
  BOOST_TEST(memory.must({memory::note_effect{clerk, turn, effect(1, "late")}}).late_results == 1u);
  const auto turns = memory.of(clerk).turns;
  BOOST_REQUIRE(turns.contains(turn));
  const auto* found = &turns.at(turn);
  BOOST_TEST((found->began == then));
  BOOST_REQUIRE(found->effects.size() == 2u);
  BOOST_TEST(*found->effects[0].result == "one");
  BOOST_TEST(found->effects[0].order == 2u);
  BOOST_TEST(found->effects[0].label == "run");
  BOOST_TEST(found->effects[1].order == 1u);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(the_end_of_a_turn_takes_all_of_it_and_happens_once) {
  a_journal memory;
  const auto turn = memory.name(1);
  memory.must({memory.message(turn, clerk)});
  memory.must({memory::begin_turn{clerk, turn, {}}, memory::note_effect{clerk, turn, effect(1, "one")}});
  memory.must({memory::set_state{runner, "k", "v"}, memory::end_turn{clerk, turn, ""}});
  BOOST_TEST(memory.of(clerk).inbox.empty());
  BOOST_TEST(memory.of(clerk).turns.empty());
  const auto twice = memory.apply({memory::set_state{runner, "k", "w"}, memory::end_turn{clerk, turn, ""}});
  BOOST_TEST(twice.error().is(memory_errc::stale), twice.error().describe());
  BOOST_TEST(**memory.store->state(runner, runner, "k") == "v");
  const auto late = memory.apply({memory::note_effect{clerk, turn, effect(2, "two")}});
  BOOST_TEST(late.error().is(memory_errc::stale));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_turn_that_asks_is_the_result_of_its_effect) {
  a_journal memory;
  const auto asking = memory.name(1), asked = memory.name(2);
  memory.must({memory.message(asking, runner)});
  const auto question = memory.question(asked, asking);
  const auto no_turn = memory.apply({question});
  BOOST_TEST(no_turn.error().is(memory_errc::stale), no_turn.error().describe());
  memory.must({memory::begin_turn{runner, asking, {}}, memory::note_effect{runner, asking, effect(1)}, question});
  // The one who asks was killed, and asks again.
  BOOST_TEST(memory.must({question}).repeated_messages == 1u);
  memory.must({memory::end_turn{clerk, asked, "well"}});
  const auto turns = memory.of(runner).turns;
  BOOST_REQUIRE(turns.contains(asking));
  const auto* found = &turns.at(asking);
  BOOST_REQUIRE(found->effects.size() == 1u);
  BOOST_TEST(*found->effects[0].result == "well");
  BOOST_TEST(found->effects[0].label == "run");
  // And once more, after the answer.
  const auto again = memory.must({question});
  BOOST_TEST(again.answered_messages == 1u);
  BOOST_TEST(memory.of(clerk).inbox.empty());
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_turn_that_rests_does_so_until_its_next_result) {
  a_journal memory;
  const auto turn = memory.name(1);
  const auto rests = [&] {
    const auto known = memory.store->durable_agents();
    BOOST_REQUIRE((known && known->size() == 1u));
    return known->front().rest;
  };
  memory.must({memory::register_agent{clerk}});
  BOOST_TEST(rests().value().messages);
  memory.must({memory.message(turn, clerk)});
  BOOST_TEST(!rests());
  memory.must({memory::begin_turn{clerk, turn, {}}, memory::note_effect{clerk, turn, effect(1, "one")},
               memory::note_effect{clerk, turn, effect(2)}});
  BOOST_TEST(!rests());
  const timestamp later{std::chrono::hours{5}};
  memory.must({memory::rest_turn{clerk, turn, 2, {.until = later}}});  // it has seen a result that is not there
  BOOST_TEST(!rests());
  memory.must({memory::rest_turn{clerk, turn, 1, {.until = later}}});
  BOOST_TEST((rests().value().until == later));
  memory.must({memory.message(memory.name(2), clerk)});  // behind it
  BOOST_TEST((rests().value().until == later));
  memory.must({memory::rest_turn{clerk, turn, 1, {.messages = true}}});
  BOOST_TEST(!rests());  // it may be the one
  memory.must(
      {memory::rest_turn{clerk, turn, 1, {.until = later}}, memory::note_effect{clerk, turn, effect(2, "two")}});
  BOOST_TEST(!rests());
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_message_that_is_not_due_is_waited_for) {
  a_journal memory;
  auto late = memory.message(memory.name(1), clerk);
  late.what.due = timestamp{std::chrono::hours{3}};
  memory.must({memory::register_agent{clerk}, late});
  const auto known = memory.store->durable_agents();
  BOOST_REQUIRE((known && known->size() == 1u && known->front().rest));
  BOOST_TEST((known->front().rest->until == late.what.due));
  memory.must({memory.message(memory.name(2), clerk)});
  BOOST_TEST(!memory.store->durable_agents()->front().rest);
}

BOOST_AUTO_TEST_CASE(a_message_is_set_aside_and_taken_back_with_its_turn) {
  a_journal memory;
  const auto asking = memory.name(1), turn = memory.name(2), other = memory.name(3);
  memory.must({memory::register_agent{clerk}, memory.message(asking, runner)});
  const auto question = memory.question(turn, asking);
  memory.must({memory::begin_turn{runner, asking, {}}, memory::note_effect{runner, asking, effect(1)}, question});
  memory.must({memory.message(other, clerk)});
  memory.must({memory::begin_turn{clerk, turn, {}}, memory::note_effect{clerk, turn, effect(1, "one")}});
  BOOST_TEST(memory.apply({memory::set_message_aside{clerk, turn, "", ""}}).error().is(errc::invalid_argument));
  memory.must({memory::set_message_aside{clerk, turn, "another way", "failed"}});
  BOOST_TEST(*memory.of(runner).turns.at(asking).effects.at(0).result == "failed");
  BOOST_TEST(memory.of(clerk).inbox.size() == 1u);
  BOOST_TEST(memory.of(clerk).turns.size() == 1u);
  memory.require_clean();
  memory.open();
  const auto known = memory.store->durable_agents();
  BOOST_REQUIRE((known && known->size() == 1u && known->front().set_aside.size() == 1u));
  BOOST_TEST(known->front().set_aside.front().aside == "another way");
  BOOST_TEST(known->front().messages == 1u);
  memory.must({memory::take_message_back{clerk, turn}});
  memory.must({memory::take_message_back{clerk, turn}});  // it is in line
  BOOST_REQUIRE(memory.of(clerk).inbox.size() == 2u);
  BOOST_TEST(memory.of(clerk).inbox.back().name.to_string() == turn.to_string());
  BOOST_TEST(memory.of(clerk).turns.at(turn).effects.size() == 1u);
  memory.require_clean();
  memory.must({memory::set_message_aside{clerk, turn, "again", ""}, memory::end_turn{clerk, turn, ""}});
  BOOST_TEST(memory.apply({memory::take_message_back{clerk, turn}}).error().is(memory_errc::stale));
  BOOST_TEST(memory.of(clerk).turns.empty());
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(an_agent_is_forgotten_with_all_it_has) {
  a_journal memory;
  const auto asking = memory.name(1), turn = memory.name(2), aside = memory.name(3);
  memory.must({memory::register_agent{clerk}, memory.message(asking, runner)});
  const auto question = memory.question(turn, asking);
  memory.must({memory::begin_turn{runner, asking, {}}, memory::note_effect{runner, asking, effect(1)}, question,
               memory.message(aside, clerk)});
  memory.must({memory::begin_turn{clerk, turn, {}}, memory::note_effect{clerk, turn, effect(1, "one")},
               memory::set_message_aside{clerk, aside, "why not", ""}});
  memory.must({memory::forget_agent{clerk, "gone"}});
  BOOST_TEST(*memory.of(runner).turns.at(asking).effects.at(0).result == "gone");
  BOOST_TEST(memory.of(clerk).inbox.empty());
  BOOST_TEST(memory.of(clerk).turns.empty());
  BOOST_TEST(memory.store->durable_agents()->empty());
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(what_is_too_large_or_has_no_name_is_refused) {
  a_journal memory;
  const auto turn = memory.name(1);
  BOOST_TEST(memory.apply({memory.message({}, clerk)}).error().is(errc::invalid_argument));
  BOOST_TEST(memory.apply({memory.message(turn, clerk, std::string(memory::message_size_bytes_max, 'x'))})
                 .error()
                 .is(errc::out_of_range));
  memory.must({memory.message(turn, clerk), memory::begin_turn{clerk, turn, {}}});
  BOOST_TEST(memory.apply({memory::note_effect{clerk, turn, effect(0, "zero")}}).error().is(errc::invalid_argument));
  auto wordy = effect(1);
  wordy.label = std::string(memory::effect_label_size_bytes_max + 1, 'x');
  BOOST_TEST(memory.apply({memory::note_effect{clerk, turn, wordy}}).error().is(errc::out_of_range));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(agents_that_were_registered_are_known_to_the_next_life) {
  a_journal memory;
  memory.must({memory::register_agent{runner}, memory::register_agent{clerk}, memory::register_agent{runner}});
  memory.must({memory.message(memory.name(1), runner)});
  memory.open();
  const auto known = memory.store->durable_agents();
  BOOST_REQUIRE((known && known->size() == 2u));
  BOOST_TEST(known->front().agent.str() == clerk.str());
  BOOST_TEST(known->back().agent.str() == runner.str());
  BOOST_TEST(known->back().messages == 1u);
}

// -- budgets ----------------------------------------------------------------------------------------------------------

namespace {

const path shop{"/shop"};

memory::note_charges charged(id turn, std::uint32_t number, std::vector<memory::charge> changes) {
  auto what = effect(number, "granted");
  what.charges = std::move(changes);
  return {clerk, turn, std::move(what)};
}

memory::charge of(const path& account, std::int64_t reserved, std::int64_t spent = 0, std::int64_t overrun = 0) {
  return {account, "tokens", reserved, spent, overrun};
}

// "account quantity reserved spent overrun", line by line.
std::string charges(const a_journal& memory) {
  const auto found = memory.store->charges();
  if (!found) BOOST_FAIL(found.error().describe());
  std::string text;
  for (const auto& each : *found)
    text += each.account.str() + " " + each.quantity + " " + std::to_string(each.reserved) + " " +
            std::to_string(each.spent) + " " + std::to_string(each.overrun) + "\n";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_effect_changes_accounts_once) {
  a_journal memory;
  const auto turn = memory.name(1);
  memory.must({memory.message(turn, clerk), memory::begin_turn{clerk, turn, {}}});
  memory.must({charged(turn, 1, {of(clerk, 50), of(shop, 50)})});
  BOOST_TEST(charges(memory) == "/shop tokens 50 0 0\n/shop/clerk tokens 50 0 0\n");
  memory.require_clean();
  // Again, with what comes next; it is no late result.
  const auto done = memory.must(
      {charged(turn, 1, {of(clerk, 50), of(shop, 50)}), charged(turn, 2, {of(clerk, -50, 50, 7), of(shop, -50, 57)})});
  BOOST_TEST(done.late_results == 0u);
  memory.open();
  BOOST_TEST(charges(memory) == "/shop tokens 0 57 0\n/shop/clerk tokens 0 50 7\n");
  const auto found = memory.of(clerk).turns.at(turn);
  BOOST_REQUIRE(found.effects.size() == 2u);
  BOOST_TEST((*found.effects[0].charges == std::vector{of(clerk, 50), of(shop, 50)}));
  BOOST_TEST(found.effects[1].order == 2u);
  memory.must({memory::end_turn{clerk, turn, ""}});
  BOOST_TEST(charges(memory) == "/shop tokens 0 57 0\n/shop/clerk tokens 0 50 7\n");
  BOOST_TEST(memory.apply({charged(turn, 3, {of(clerk, 1)})}).error().is(memory_errc::stale));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_turn_that_ends_has_spent_what_it_has_not_settled) {
  a_journal memory;
  const auto turn = memory.name(1), other = memory.name(2);
  memory.must({memory.message(turn, clerk), memory::begin_turn{clerk, turn, {}}, memory.message(other, clerk),
               memory::begin_turn{clerk, other, {}}});
  memory.must({charged(turn, 1, {of(shop, 30)}), charged(turn, 2, {of(shop, 20)}), charged(turn, 3, {of(shop, -20, 5)}),
               charged(other, 1, {of(shop, 4)})});
  BOOST_TEST(charges(memory) == "/shop tokens 34 5 0\n");
  memory.must({memory::end_turn{clerk, turn, ""}});
  BOOST_TEST(charges(memory) == "/shop tokens 4 35 0\n");
  memory.require_clean();
  // With its agent, the other one ends; what is in use of the shop's budget stays.
  memory.must({memory::forget_agent{clerk, ""}});
  BOOST_TEST(charges(memory) == "/shop tokens 0 39 0\n");
  memory.must({memory::forget_agent{shop, ""}});
  BOOST_TEST(charges(memory) == "");
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(what_is_given_back_leaves_no_row) {
  a_journal memory;
  const auto turn = memory.name(1);
  memory.must({memory.message(turn, clerk), memory::begin_turn{clerk, turn, {}}});
  memory.must({charged(turn, 1, {of(shop, 30)}), charged(turn, 2, {of(shop, -30)}), charged(turn, 3, {})});
  BOOST_TEST(charges(memory) == "");
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(an_effect_on_budgets_says_what_it_changes) {
  a_journal memory;
  const auto turn = memory.name(1);
  memory.must({memory.message(turn, clerk), memory::begin_turn{clerk, turn, {}}});
  BOOST_TEST(
      memory.apply({memory::note_charges{clerk, turn, effect(1, "granted")}}).error().is(errc::invalid_argument));
  auto half = charged(turn, 1, {of(shop, 1)});
  BOOST_TEST(memory.apply({memory::note_effect{clerk, turn, half.what}}).error().is(errc::invalid_argument));
  half.what.result.reset();
  BOOST_TEST(memory.apply({half}).error().is(errc::invalid_argument));
  const auto many = charged(turn, 1, std::vector(memory::charges_max + 1, of(shop, 1)));
  BOOST_TEST(memory.apply({many}).error().is(errc::out_of_range));
  BOOST_TEST(charges(memory) == "");
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(the_check_compares_accounts_with_turns) {
  a_journal memory;
  const auto turn = memory.name(1);
  memory.must({memory.message(turn, clerk), memory::begin_turn{clerk, turn, {}}, charged(turn, 1, {of(shop, 30)})});
  memory.store.reset();
  {
    auto raw = memory::database::open({.folder = memory.options.folder});
    if (!raw) BOOST_FAIL(raw.error().describe());
    rocksdb::WriteBatch batch;
    batch.Delete((*raw)->handle(memory::family::journal), memory::keys::charge_row(shop, "tokens"));
    if (auto written = (*raw)->write(batch); !written) BOOST_FAIL(written.error().describe());
  }
  memory.open();
  const auto report = memory::check(*memory.store);
  BOOST_REQUIRE((report && report->faults.size() == 1u));
  BOOST_TEST(report->faults.front() == "turns have reserved 30 of an account that has no row");
}

BOOST_AUTO_TEST_CASE(a_memory_of_format_1_is_upgraded) {
  a_store memory;
  const auto before = memory.remember(path{"/a"}, "kept");
  memory.store.reset();
  const auto set_format = [&](std::uint32_t number) {
    auto raw = memory::database::open({.folder = memory.options.folder});
    if (!raw) BOOST_FAIL(raw.error().describe());
    auto row =
        net::decode<memory::format_row>(*memory::reader{**raw}.get(memory::family::meta, memory::keys::format)).value();
    const auto was = row.number;
    row.number = number;
    rocksdb::WriteBatch batch;
    batch.Put((*raw)->handle(memory::family::meta), std::string{memory::keys::format}, net::encode(row));
    if (auto written = (*raw)->write(batch); !written) BOOST_FAIL(written.error().describe());
    // As it was then, without the family.
    if (number == 1) BOOST_TEST((*raw)->raw().DropColumnFamily((*raw)->handle(memory::family::journal)).ok());
    return was;
  };
  BOOST_TEST(set_format(1) == memory::format_number);
  memory.open();
  BOOST_TEST(memory.store->get({}, before)->text == "kept");
  memory.require_clean();
  memory.store.reset();
  BOOST_TEST(set_format(memory::format_number) == memory::format_number);
}

BOOST_AUTO_TEST_SUITE_END()
