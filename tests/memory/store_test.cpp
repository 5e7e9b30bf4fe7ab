#include <boost/test/unit_test.hpp>
#include <fstream>
#include <thread>

#include "a_store.hpp"

using namespace troupe;
using namespace std::chrono_literals;
using test::a_store;

namespace {

const path ward{"/hospital/ward"};
const path p17{"/hospital/ward/p17"};
const path p18{"/hospital/ward/p18"};

std::vector<std::string> texts(const std::vector<memory::record>& records) {
  std::vector<std::string> found;
  for (const auto& each : records) found.push_back(each.text);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_test)

BOOST_AUTO_TEST_CASE(a_record_comes_back_as_it_was_after_the_store_was_opened_again) {
  a_store memory;
  const auto id = memory.remember(p17, "Slept well.", [](memory::record& what) {
    what.importance = 0.5;
    what.subject = "p17";
    what.attributes["speaker"] = "nurse";
  });
  memory.open();
  const auto back = memory->get({}, id);
  BOOST_REQUIRE(back);
  BOOST_TEST(back->text == "Slept well.");
  BOOST_TEST(back->space == p17);
  BOOST_TEST(back->importance == 0.5);
  BOOST_TEST(back->subject == "p17");
  BOOST_TEST(back->attributes.at("speaker") == "nurse");
  BOOST_TEST((back->recorded == memory.time.wall()));
  BOOST_TEST((back->time == back->recorded));
  BOOST_TEST((back->id == id));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(records_of_a_space_are_read_in_their_order_page_by_page) {
  a_store memory;
  for (int i = 0; i < 7; ++i) memory.remember(p17, "number " + std::to_string(i));
  memory.remember(p18, "another's");
  std::vector<std::string> all;
  std::optional<std::uint64_t> from = 0;
  for (int pages = 0; from; ++pages) {
    BOOST_REQUIRE(pages < 4);
    const auto page = memory->read({}, p17, *from, 3);
    BOOST_REQUIRE(page);
    for (const auto& each : page->records) all.push_back(each.text);
    from = page->next;
  }
  BOOST_TEST(all.size() == 7u);
  BOOST_TEST(all.front() == "number 0");
  BOOST_TEST(all.back() == "number 6");
  const auto newest = memory->newest({}, p17, 2);
  BOOST_TEST(texts(*newest) == (std::vector<std::string>{"number 5", "number 6"}), boost::test_tools::per_element());
  BOOST_TEST(memory->read({}, path{"/nowhere"})->records.empty());
}

BOOST_AUTO_TEST_CASE(many_writers_share_a_sync_and_none_is_lost) {
  a_store memory;
  constexpr int writers = 4, each = 50;
  {
    std::vector<std::jthread> threads;
    for (int w = 0; w < writers; ++w)
      threads.emplace_back([&, w] {
        const auto space = path{"/w"} / std::to_string(w);
        for (int i = 0; i < each; ++i) {
          memory::record what;
          what.space = space;
          what.text = "note " + std::to_string(i);
          if (!memory->remember(space, std::move(what))) std::abort();
        }
      });
  }
  BOOST_TEST(memory->stats().records == std::uint64_t{writers} * each);
  BOOST_TEST(memory->stats().commands == std::uint64_t{writers} * each);
  BOOST_TEST(memory->stats().batches <= std::uint64_t{writers} * each);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(an_agent_uses_its_own_subtree_and_what_it_was_granted) {
  a_store memory;
  const auto id = memory.remember(p17, "Blood pressure 140 over 90.");
  BOOST_TEST(memory->get(ward, id).has_value());
  BOOST_TEST(memory->get(p17, id).has_value());
  BOOST_TEST(memory->get(p18, id).error().is(memory_errc::denied));
  BOOST_TEST(memory->read(p18, p17).error().is(memory_errc::denied));
  BOOST_TEST(memory->recall(p18, {.text = "pressure", .space = p17}).error().is(memory_errc::denied));

  BOOST_TEST(memory->grant(p18, p18, p17, memory::access::read).error().is(memory_errc::denied));
  BOOST_REQUIRE(memory->grant(ward, p18, p17, memory::access::read));
  BOOST_TEST(memory->get(p18 / "below", id).has_value());
  BOOST_TEST(memory->recall(p18, {.text = "pressure", .space = p17})->size() == 1u);
  memory::record note;
  note.space = p17;
  note.text = "mine";
  BOOST_TEST(memory->remember(p18, note).error().is(memory_errc::denied));
  BOOST_REQUIRE(memory->grant(ward, p18, p17, memory::access::write));
  BOOST_TEST(memory->remember(p18, note).has_value());
  BOOST_REQUIRE(memory->grant(ward, p18, p17, {}));
  BOOST_TEST(memory->get(p18, id).error().is(memory_errc::denied));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(refusals_are_in_the_audit_log_and_cannot_fill_it) {
  a_store memory;
  const auto id = memory.remember(p17, "secret");
  for (int i = 0; i < 100; ++i) BOOST_TEST(!memory->get(p18, id));
  memory.time.advance(11min);
  BOOST_TEST(!memory->get(p18, id));
  memory.open();  // the refusals are written beside the answers
  const auto log = memory->audit({}, 0, 1000);
  BOOST_REQUIRE(log);
  BOOST_REQUIRE(log->size() == 2u);
  BOOST_TEST(log->at(0).action == "denied");
  BOOST_TEST(log->at(0).author == p18);
  BOOST_TEST(log->at(1).object.find("99 refusals") != std::string::npos, log->at(1).object);
  BOOST_TEST(memory->audit(p17, 0, 10).error().is(memory_errc::denied));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(quotas_hold_for_a_whole_subtree) {
  a_store memory;
  memory.remember(p17, "before the quota");
  BOOST_REQUIRE(memory->define({}, ward, {.records_max = 3, .bytes_max = 100}));
  memory.remember(p17, "second");
  memory.remember(p18, "third");
  memory::record more;
  more.space = p18;
  more.text = "x";
  const auto refused = memory->remember({}, more);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(memory_errc::quota_exceeded));
  BOOST_TEST(refused.error().message().find("/hospital/ward") != std::string::npos);
  // An agent does not lift its own.
  BOOST_TEST(memory->define(ward, ward, {}).error().is(memory_errc::denied));
  BOOST_REQUIRE(memory->define({}, ward, {.bytes_max = 30}));
  more.text = std::string(10, 'y');
  BOOST_TEST(memory->remember({}, more).error().is(memory_errc::quota_exceeded));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_record_is_gone_when_its_time_is_over) {
  a_store memory;
  BOOST_REQUIRE(memory->define({}, ward, {.ttl = 1h}));
  const auto soon = memory.remember(p17, "the door is open");
  const auto later = memory.remember(p17, "the window is open",
                                     [&](memory::record& what) { what.expires = memory.time.wall() + 48h; });
  const auto derived = memory.remember(p17, "all is open", [&](memory::record& what) {
    what.kind = memory::record_kind::summary;
    what.sources = {soon, later};
    what.expires = memory.time.wall() + 48h;
  });
  memory.time.advance(2h);
  BOOST_TEST(memory->get({}, soon).error().is(memory_errc::no_such_record));
  const auto hits = memory->recall({}, {.text = "door", .space = ward}).value();
  BOOST_TEST(std::none_of(hits.begin(), hits.end(), [&](const auto& each) { return each.what.id == soon; }));
  BOOST_TEST(memory->read({}, p17)->records.size() == 2u);
  BOOST_TEST(memory->stats().records == 3u);
  BOOST_TEST(memory->tidy()->expired == 1u);
  BOOST_TEST(memory->stats().records == 2u);
  // What was made from it stays, without it.
  BOOST_TEST((memory->get({}, derived)->sources == std::vector<id>{later}));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(states_are_kept_under_their_keys) {
  a_store memory;
  BOOST_TEST(!memory->state(p17, p17, "plan")->has_value());
  BOOST_REQUIRE(memory->set_state(p17, p17, "plan", std::string{"a\0b", 3}));
  memory.open();
  BOOST_TEST(memory->state(p17, p17, "plan")->value() == (std::string{"a\0b", 3}));
  BOOST_TEST(memory->state(p18, p17, "plan").error().is(memory_errc::denied));
  BOOST_REQUIRE(memory->set_state(p17, p17, "plan", {}));
  BOOST_TEST(!memory->state(p17, p17, "plan")->has_value());
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_blob_is_written_and_read_in_pieces) {
  a_store memory;
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 7 + i / 256);
  std::size_t given = 0;
  memory::record about;
  about.space = p17;
  about.text = "weights after the third round";
  const auto id = memory->write_blob(p17, about, [&]() -> result<std::string> {
    auto piece = bytes.substr(given, 100'001);
    given += piece.size();
    return piece;
  });
  BOOST_REQUIRE(id);
  std::string back;
  BOOST_REQUIRE(memory->read_blob(p17, *id, [&](std::string_view piece) -> result<void> {
    back += piece;
    return ok();
  }));
  BOOST_TEST((back == bytes));
  BOOST_TEST(memory->get(p17, *id)->blob->size_bytes == bytes.size());
  BOOST_TEST(memory->recall(p17, {.text = "weights", .space = p17})->size() == 1u);
  memory.require_clean();
  BOOST_TEST(memory->erase(p17, {*id}, "old")->erased == 1u);
  BOOST_TEST(memory->read_blob(p17, *id, [](std::string_view) { return ok(); }).error().is(memory_errc::no_such_blob));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_blob_that_was_given_up_leaves_nothing) {
  a_store memory;
  memory::record about;
  about.space = p17;
  int pieces = 0;
  const auto failed = memory->write_blob(p17, about, [&]() -> result<std::string> {
    if (++pieces == 3) return error{errc::io_error, "the device went away"};
    return std::string(300'000, 'x');
  });
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message().find("the device went away") != std::string::npos);
  BOOST_TEST(memory->stats().records == 0u);
  memory.require_clean();
  // A process that ends in the middle of one.
  memory::command chunk;
  chunk.author = p17;
  chunk.operations.push_back(memory::put_chunk{*memory->remember(p17, about), p17, 0, "piece"});
  BOOST_TEST(!memory->apply(chunk));  // that id has a record
  const id_generator ids{memory.time, 9};
  chunk.operations.front() = memory::put_chunk{const_cast<id_generator&>(ids).next(), p17, 0, "piece"};
  BOOST_REQUIRE(memory->apply(chunk));
  memory.require_clean();
  memory.open();
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(what_cooled_down_moves_to_the_archive_and_is_found_there) {
  a_store memory;
  const auto cold = memory.remember(p17, "allergic to penicillin");
  const auto used = memory.remember(p17, "takes aspirin every morning");
  memory.time.advance(24h * 60);
  BOOST_TEST(
      memory->recall({}, {.text = "aspirin", .space = p17, .scope = memory::scope::subtree, .limit = 1})->size() == 1u);
  memory.time.advance(24h * 60);
  const auto moved = memory->tidy();
  BOOST_REQUIRE(moved);
  BOOST_TEST(moved->archived == 1u);
  BOOST_TEST(memory->stats().archived_records == 1u);
  BOOST_TEST(memory->get({}, used).has_value());
  BOOST_TEST(memory->get({}, cold)->text == "allergic to penicillin");
  BOOST_TEST(memory->read({}, p17)->records.size() == 2u);
  memory.require_clean();
  const auto hits =
      memory->recall({}, {.text = "penicillin", .space = p17, .scope = memory::scope::subtree, .limit = 1});
  BOOST_REQUIRE(hits->size() == 1u);
  BOOST_TEST((hits->front().what.id == cold));
  BOOST_TEST(memory->tidy()->brought_back == 1u);
  BOOST_TEST(memory->stats().archived_records == 0u);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_command_happens_as_a_whole_or_not_at_all) {
  a_store memory;
  memory::command both;
  both.author = p17;
  memory::record mine, anothers;
  mine.space = p17;
  mine.text = "one";
  anothers.space = p18;
  anothers.text = "two";
  both.operations = {*memory->prepare(p17, mine), *memory->prepare(p17, anothers)};
  const auto refused = memory->apply(both);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(memory_errc::denied));
  BOOST_TEST(refused.error().message().find("operation 2") != std::string::npos, refused.error().message());
  BOOST_TEST(memory->stats().records == 0u);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_repeated_command_of_a_client_is_applied_once) {
  a_store memory;
  id_generator ids{memory.time, 7};
  memory::command twice;
  twice.author = p17;
  twice.client = ids.next();
  twice.sequence = 1;
  memory::record note;
  note.space = p17;
  note.text = "once";
  twice.operations = {*memory->prepare(p17, note)};
  BOOST_TEST(!memory->apply(twice)->repeated);
  BOOST_TEST(memory->apply(twice)->repeated);
  memory.open();
  BOOST_TEST(memory->apply(twice)->repeated);
  BOOST_TEST(memory->stats().records == 1u);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_with_its_limit) {
  a_store memory;
  const auto refused = [&](const std::function<void(memory::record&)>& with) {
    memory::record what;
    what.space = p17;
    with(what);
    const auto done = memory->remember(p17, std::move(what));
    BOOST_REQUIRE(!done);
    return done.error().message();
  };
  BOOST_TEST(refused([](auto& what) { what.text.assign(memory::text_size_bytes_max + 1, 'x'); }).find("1048576") !=
             std::string::npos);
  BOOST_TEST(refused([](auto& what) { what.importance = 2; }).find("0 to 1") != std::string::npos);
  BOOST_TEST(refused([](auto& what) { what.attributes["k"].assign(5000, 'x'); }).find("4096") != std::string::npos);
  BOOST_TEST(refused([](auto& what) { what.kind = memory::record_kind::fact; }).find("fact") != std::string::npos);
  BOOST_TEST(refused([](auto& what) {
               what.sources = {id_generator{real_clock{}, 1}.next()};
             }).find("not there") != std::string::npos);
  BOOST_TEST(refused([](auto& what) {
               what.kind = memory::record_kind::fact;
               what.fact = memory::fact_part{std::string{"a\0b", 3}, "v", {}, {}};
             }).find("zero") != std::string::npos);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_and_says_so) {
  a_store memory{{.queue_commands_max = 0}};
  memory::record note;
  note.space = p17;
  const auto refused = memory->remember(p17, note);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(memory_errc::overloaded));
}

BOOST_AUTO_TEST_SUITE_END()
