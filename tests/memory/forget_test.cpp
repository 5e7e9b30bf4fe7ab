#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <future>
#include <random>
#include <thread>

#include "a_disk.hpp"
#include "a_store.hpp"
#include "audit_chain.hpp"
#include "database.hpp"
#include "keys.hpp"
#include "store_parts.hpp"

// Forgetting: what goes, what is made again, what the receipt says, and that no file has it afterwards.

using namespace troupe;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// What is forgotten here is written anew often, and no process ends: syncs would only take time.
test::a_disk quick_disk{false};
struct a_store : test::a_store {
  a_store() : test::a_store{{.env = &quick_disk}} {}
};

const path ward{"/hospital/ward"};
const path p17{"/hospital/ward/p17"};
const path p18{"/hospital/ward/p18"};
const path study{"/study"};

// Bytes that occur nowhere else and that no compression makes shorter, so that they stand in a file as they are.
std::string noise(std::uint32_t seed, std::size_t size) {
  std::mt19937 random{seed};
  std::string made(size, '\0');
  for (auto& each : made) each = static_cast<char>(random());
  return made;
}
// The same of letters, to be indexed as a word.
std::string word(std::uint32_t seed) {
  std::mt19937 random{seed};
  std::string made(14, '\0');
  for (auto& each : made) each = static_cast<char>('a' + random() % 26);
  return made;
}

std::string file_bytes(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

using needles = std::map<std::string, std::string>;  // what it is, its bytes

// Which of them are in some file of a folder: "what in which file", so that a failure says where.
std::vector<std::string> traces(const fs::path& folder, const needles& of) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file()) continue;
    const auto bytes = file_bytes(entry.path());
    for (const auto& [name, needle] : of)
      if (bytes.find(needle) != std::string::npos) found.push_back(name + " in " + entry.path().filename().string());
  }
  return found;
}
// Those that are in none.
std::vector<std::string> absent(const a_store& memory, const needles& of) {
  auto& database = memory->inside().database->raw();
  BOOST_REQUIRE(database.PauseBackgroundWork().ok());  // that no file becomes another one meanwhile
  const auto there = traces(memory.options.folder, of);
  BOOST_REQUIRE(database.ContinueBackgroundWork().ok());
  std::vector<std::string> missing;
  for (const auto& [name, needle] : of)
    if (std::none_of(there.begin(), there.end(), [&](const auto& each) { return each.starts_with(name + " in "); }))
      missing.push_back(name);
  return missing;
}
std::string lines(const std::vector<std::string>& of) {
  std::string text;
  for (const auto& each : of) text += "\n  " + each;
  return text;
}

void flush(const a_store& memory) {
  const auto& database = *memory->inside().database;
  for (std::size_t i = 0; i < memory::families; ++i)
    BOOST_REQUIRE(database.raw().Flush({}, database.handle(static_cast<memory::family>(i))).ok());
}

void require_no_trace(a_store& memory, const needles& of) {
  auto left = traces(memory.options.folder, of);
  BOOST_TEST(left.empty(), "while it is open:" << lines(left));
  memory.store.reset();
  left = traces(memory.options.folder, of);
  BOOST_TEST(left.empty(), "after it was closed:" << lines(left));
  memory.open();
  left = traces(memory.options.folder, of);
  BOOST_TEST(left.empty(), "after it was opened again:" << lines(left));
  memory.require_clean();
}

id summary(a_store& memory, const path& space, std::string text, std::vector<id> sources) {
  return memory.remember(space, std::move(text), [&](memory::record& what) {
    what.kind = memory::record_kind::summary;
    what.sources = std::move(sources);
  });
}

auto about(std::string subject) {
  return [subject = std::move(subject)](memory::record& what) { what.subject = subject; };
}

id blob(a_store& memory, const path& space, std::string bytes, std::string subject = {}) {
  memory::record what;
  what.space = space;
  what.subject = std::move(subject);
  auto made = memory->write_blob({}, what, [&]() -> result<std::string> { return std::exchange(bytes, {}); });
  if (!made) BOOST_FAIL(made.error().describe());
  return *made;
}

memory::receipt forget(const a_store& memory, const memory::forget_request& what) {
  auto done = memory->forget({}, what);
  if (!done) BOOST_FAIL(done.error().describe());
  BOOST_TEST(done->verified);
  BOOST_TEST((done->at == memory.time.wall()));
  const auto line = memory->audit({}, done->audit_number, 1);
  BOOST_REQUIRE(line);
  BOOST_REQUIRE(line->size() == 1u);
  BOOST_TEST(line->front().action == "forget");
  BOOST_TEST((line->front().hash == done->audit_hash));
  memory.require_clean();
  return *std::move(done);
}

bool gone(const a_store& memory, const id& which) {
  const auto found = memory->get({}, which);
  return !found && found.error().is(memory_errc::no_such_record);
}

void archive(const a_store& memory, std::vector<id> which) {
  memory::command away;
  away.operations = {memory::move_records{std::move(which), true}};
  BOOST_REQUIRE(memory->apply(away));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forget_test)

BOOST_AUTO_TEST_CASE(a_subject_is_forgotten_in_a_space_and_below_it_and_nowhere_else) {
  a_store memory;
  const auto first = memory.remember(p17, "takes aspirin", about("p17"));
  const auto second = memory.remember(ward, "p17 moved to the window", about("p17"));
  const auto longer = memory.remember(ward, "another, whose name begins alike", about("p170"));
  const auto elsewhere = memory.remember(study, "a participant", about("p17"));
  const auto other = memory.remember(p17, "the bed is by the door");
  const auto picture = blob(memory, p17, noise(1, 1000), "p17");
  const auto done = forget(memory, memory::forget_subject{"p17", ward});
  BOOST_TEST(done.what == "subject p17 under /hospital/ward");
  BOOST_TEST(done.records == 3u);
  BOOST_TEST(done.blobs == 1u);
  BOOST_TEST(done.states == 0u);
  BOOST_TEST(done.summaries_remade == 0u);
  for (const auto& each : {first, second, picture}) BOOST_TEST(gone(memory, each));
  for (const auto& each : {longer, elsewhere, other}) BOOST_TEST(memory->get({}, each).has_value());
  BOOST_TEST(memory->recall({}, {.text = "aspirin", .space = ward, .subject = "p17"})->empty());
  // Once more: there is nothing left, and that too is a line.
  const auto again = forget(memory, memory::forget_subject{"p17", ward});
  BOOST_TEST(again.records == 0u);
  BOOST_TEST(again.audit_number > done.audit_number);
  BOOST_TEST(memory->forget({}, memory::forget_subject{"", ward}).error().is(errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_space_is_forgotten_with_all_below_it_and_its_states) {
  a_store memory;
  memory.remember(ward, "the ward");
  memory.remember(p17, "takes aspirin");
  memory.fact(p17, "dose", "100");
  archive(memory, {memory.remember(p17, "had measles as a child")});
  blob(memory, p17, noise(2, 500'000));
  const auto neighbour = memory.remember(path{"/hospital/ward2"}, "another ward");
  BOOST_REQUIRE(memory->set_state({}, p17, "plan", "rest"));
  BOOST_REQUIRE(memory->set_state({}, p18, "plan", "walk"));
  BOOST_REQUIRE(memory->set_state({}, path{"/hospital/ward2"}, "plan", "stays"));
  BOOST_REQUIRE(memory->define({}, p18, {.ttl = 24h}));
  const auto done = forget(memory, memory::forget_space{ward});
  BOOST_TEST(done.what == "space /hospital/ward");
  BOOST_TEST(done.records == 5u);
  BOOST_TEST(done.blobs == 1u);
  BOOST_TEST(done.states == 2u);
  BOOST_TEST(memory->spaces({}, ward)->empty());
  BOOST_TEST(memory->get({}, neighbour).has_value());
  BOOST_TEST(memory->state({}, path{"/hospital/ward2"}, "plan")->value() == "stays");
  // A space of that name begins anew.
  BOOST_TEST(!memory->state({}, p17, "plan")->has_value());
  memory.remember(p17, "someone else");
  BOOST_TEST(memory->read({}, p17)->records.size() == 1u);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(what_a_question_finds_is_forgotten) {
  a_store memory;
  const auto lamp = memory.remember(p17, "the lamp is broken");
  const auto lamps = memory.remember(p18, "two lamps are missing");
  const auto door = memory.remember(p17, "the door squeaks");
  memory::query what;
  what.text = "lamp";
  what.space = ward;
  what.limit = 2;
  const auto done = forget(memory, memory::forget_found{what});
  BOOST_TEST(done.records == 2u);
  BOOST_TEST(gone(memory, lamp));
  BOOST_TEST(gone(memory, lamps));
  BOOST_TEST(memory->get({}, door).has_value());
  const auto line = memory->audit({}, done.audit_number, 1)->front();
  // Who knows the question can show that the line is about it; who does not, learns nothing.
  BOOST_TEST(line.object.find("lamp") == std::string::npos, line.object);
  BOOST_TEST(line.object.find("2 records") != std::string::npos, line.object);
}

BOOST_AUTO_TEST_CASE(a_summary_with_other_sources_is_made_again_and_one_without_goes) {
  a_store memory;
  const auto secret = memory.remember(p17, "Takes zolpidem at night.", about("p17"));
  const auto secret_too = memory.remember(p17, "Zolpidem was doubled.", about("p17"));
  const auto plain = memory.remember(p17, "The garden was watered.");
  const auto mixed = summary(memory, p17, "Takes zolpidem at night. The garden was watered.", {secret, plain});
  const auto only = summary(memory, p17, "Zolpidem, twice.", {secret, secret_too});
  const auto of_both = summary(memory, p17, "Zolpidem and a garden.", {mixed, only});
  const auto of_the_gone = summary(memory, p17, "A summary of zolpidem.", {only});
  const auto note = memory.remember(p18, "Zolpidem, says a note made from it.",
                                    [&](memory::record& what) { what.sources = {secret}; });
  const auto done = forget(memory, memory::forget_subject{"p17", {}});
  BOOST_TEST(done.summaries_remade == 2u);
  BOOST_TEST(done.records == 5u);
  for (const auto& each : {secret, secret_too, only, of_the_gone, note}) BOOST_TEST(gone(memory, each));
  const auto left = memory->get({}, mixed);
  BOOST_REQUIRE(left);
  BOOST_TEST(left->text == "The garden was watered.");
  BOOST_TEST((left->sources == std::vector<id>{plain}));
  const auto top = memory->get({}, of_both);
  BOOST_REQUIRE(top);
  BOOST_TEST(top->text.find("olpidem") == std::string::npos, top->text);
  BOOST_TEST(top->text.find("garden") != std::string::npos, top->text);
  BOOST_TEST((top->sources == std::vector<id>{mixed}));
  const auto hits = memory->recall({}, {.text = "zolpidem", .space = {}}).value();
  for (const auto& each : hits) BOOST_TEST(each.parts.words == 0);
}

BOOST_AUTO_TEST_CASE(what_was_made_from_a_summary_that_is_made_again_goes_if_it_cannot_be_made_again) {
  a_store memory;
  const path away{"/elsewhere"};
  const auto ada = memory.remember(ward, "Ada sleeps badly.", about("ada"));
  const auto bob = memory.remember(ward, "Bob walks again.");
  const auto both = summary(memory, ward, "Ada sleeps badly. Bob walks again.", {ada, bob});
  const auto conclusion =
      memory.remember(away, "Ada needs a quieter room.", [&](memory::record& what) { what.sources = {both}; });
  const auto over_it = summary(memory, ward, "Ada needs a quieter room. Bob walks again.", {conclusion, both});
  const auto receipt = memory->forget(ward, memory::forget_subject{"ada", ward});
  if (!receipt) BOOST_FAIL(receipt.error().describe());
  BOOST_TEST(receipt->verified);
  BOOST_TEST(receipt->records == 2u);
  BOOST_TEST(receipt->summaries_remade == 2u);
  BOOST_TEST(memory->get({}, conclusion).error().is(memory_errc::no_such_record));
  BOOST_TEST((memory->get({}, over_it)->sources == std::vector<id>{both}));
  for (const auto& each : {both, over_it}) BOOST_TEST(memory->get({}, each)->text.find("Ada") == std::string::npos);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_long_chain_of_summaries_is_made_again_from_its_beginning) {
  a_store memory;
  constexpr int length = 30;
  const auto secret = memory.remember(p17, "Takes zolpidem at night.", about("p17"));
  auto last = secret;
  std::vector<id> chain;
  for (int i = 0; i < length; ++i) {
    const auto next = memory.remember(p17, "Day " + std::to_string(i) + " was quiet.");
    last = summary(memory, p17, "Takes zolpidem at night. Quiet until day " + std::to_string(i) + ".", {last, next});
    chain.push_back(last);
  }
  const auto done = forget(memory, memory::forget_subject{"p17", {}});
  BOOST_TEST(done.records == 1u);
  BOOST_TEST(done.summaries_remade == std::uint64_t{length});
  for (const auto& each : chain) {
    const auto found = memory->get({}, each);
    BOOST_REQUIRE(found);
    BOOST_TEST(found->text.find("zolpidem") == std::string::npos, found->text);
    BOOST_TEST(!found->text.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_quota_keeps_nothing_from_being_forgotten) {
  a_store memory;
  const auto secret = memory.remember(p17, "Zolpidem.", about("p17"));
  const auto plain = memory.remember(p17, "The garden was watered, and the hedge was cut, and the gate was mended.");
  const auto mixed = summary(memory, p17, "Zolpidem, gardening.", {secret, plain});
  BOOST_REQUIRE(memory->define({}, ward, {.records_max = 1, .bytes_max = 10}));
  const auto done = forget(memory, memory::forget_subject{"p17", {}});
  BOOST_TEST(done.records == 1u);
  BOOST_TEST(done.summaries_remade == 1u);
  BOOST_TEST(memory->get({}, mixed)->text.size() <= std::string{"Zolpidem, gardening."}.size());
}

BOOST_AUTO_TEST_CASE(whoever_may_not_write_may_not_forget_and_nothing_happens) {
  a_store memory;
  const auto kept = memory.remember(p17, "takes aspirin", about("p17"));
  BOOST_REQUIRE(memory->grant({}, p18, p17, memory::access::read));
  memory::query what;
  what.text = "aspirin";
  what.space = p17;
  const memory::forget_request requests[] = {memory::forget_subject{"p17", p17}, memory::forget_space{p17},
                                             memory::forget_found{what}};
  for (const auto& each : requests) {
    const auto refused = memory->forget(p18, each);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().is(memory_errc::denied));
  }
  // A question that looks upwards reaches what its author may read, and not write.
  const auto above = memory.remember(ward, "aspirin is in the cupboard");
  BOOST_REQUIRE(memory->grant({}, p17, ward, memory::access::read));
  what.scope = memory::scope::ancestors;
  BOOST_TEST(memory->forget(p17, memory::forget_found{what}).error().is(memory_errc::denied));
  BOOST_TEST(memory->get({}, kept).has_value());
  BOOST_TEST(memory->get({}, above).has_value());
  // Both refusals are in the audit log.
  BOOST_REQUIRE(memory->grant({}, p18, p17, memory::access::write));
  const auto log = *memory->audit({}, 0, 100);
  const auto denied = [&](const path& whom) {
    return std::count_if(log.begin(), log.end(),
                         [&](const auto& each) { return each.action == "denied" && each.author == whom; });
  };
  BOOST_TEST(denied(p18) == 1);
  BOOST_TEST(denied(p17) == 1);
  BOOST_TEST(memory->forget(p18, memory::forget_subject{"p17", p17})->records == 1u);
  BOOST_TEST(gone(memory, kept));
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_line_of_the_audit_log_that_is_changed_or_taken_out_is_found) {
  a_store memory;
  memory.remember(p17, "takes aspirin", about("p17"));
  const auto done = forget(memory, memory::forget_subject{"p17", {}});
  BOOST_REQUIRE(memory->define({}, p17, {}));
  const auto& database = *memory->inside().database;
  const auto all = *memory->audit({}, 0, 100);
  BOOST_REQUIRE(all.size() >= 3u);
  for (const auto& each : all) {
    const auto key = memory::keys::u64(each.number);
    const auto before = *memory::reader{database}.get(memory::family::audit, key);
    BOOST_TEST((memory::sha256(before) == each.hash));
    const auto write = [&](const std::optional<std::string>& bytes) {
      rocksdb::WriteBatch batch;
      if (bytes)
        batch.Put(database.handle(memory::family::audit), key, *bytes);
      else
        batch.Delete(database.handle(memory::family::audit), key);
      BOOST_REQUIRE(const_cast<memory::database&>(database).write(batch));
    };
    auto changed = before;
    const auto at = changed.rfind(each.action);
    BOOST_REQUIRE(at != std::string::npos);
    changed[at] ^= 1;
    for (const auto& tampered : {std::optional{changed}, std::optional<std::string>{}}) {
      write(tampered);
      const auto report = memory::check(*memory.store);
      BOOST_REQUIRE(report);
      BOOST_TEST(!report->clean(), "line " << each.number);
    }
    write(before);
    memory.require_clean();
  }
  BOOST_TEST((all.at(done.audit_number - 1).hash == done.audit_hash));
}

// Everything about a subject, warm and archived, with bytes in each place that can be found again in the files.
BOOST_AUTO_TEST_CASE(no_file_has_a_trace_of_a_forgotten_subject) {
  a_store memory;
  const needles what = {{"word", word(1)},
                        {"text", noise(2, 24)},
                        {"attribute", noise(3, 24)},
                        {"attribute key", word(4)},
                        {"fact key", word(5)},
                        {"fact value", noise(6, 24)},
                        {"subject", word(7)},
                        {"blob", noise(8, 24)},
                        {"large blob", noise(9, 24)},
                        {"archived", noise(10, 24)},
                        {"large archived", noise(11, 24)},
                        {"summary", noise(12, 24)}};
  const auto of = [&](const char* name) { return what.at(name); };
  std::string others;
  for (int i = 0; i < 50; ++i) {
    const auto keep = memory.remember(i % 2 ? p17 : p18, "Kept number " + std::to_string(i) + ".");
    if (i == 20) {
      const auto told = memory.remember(p17, of("word") + ' ' + of("text"), about(of("subject")));
      memory.remember(p17, "plain", [&](memory::record& made) {
        made.subject = of("subject");
        made.attributes = {{"note", of("attribute")}, {of("attribute key"), "x"}};
      });
      memory.remember(p18, {}, [&](memory::record& made) {
        made.subject = of("subject");
        made.kind = memory::record_kind::fact;
        made.fact = memory::fact_part{of("fact key"), of("fact value"), {}, {}};
      });
      blob(memory, p17, of("blob"), of("subject"));
      blob(memory, p17, noise(20, 300'000) + of("large blob"), of("subject"));
      // Noise around it, so that the archive's compression leaves it as it is.
      const auto cold = memory.remember(p17, "cold", [&](memory::record& made) {
        made.subject = of("subject");
        made.attributes = {{"a", noise(21, 4096)}, {"b", of("archived")}, {"c", noise(22, 4096)}};
      });
      const auto large = memory.remember(p18, "large", [&](memory::record& made) {
        made.subject = of("subject");
        for (int n = 0; n < 8; ++n) made.attributes[std::to_string(n)] = noise(30 + static_cast<unsigned>(n), 4096);
        made.attributes["m"] = of("large archived");
      });
      const auto made_of = summary(memory, p17, of("summary") + " of " + of("word"), {told, keep});
      flush(memory);
      archive(memory, {cold, large, keep});
      static_cast<void>(made_of);
    }
  }
  // In the log, as soon as it is written; in the tables and the blob files, after a flush.
  auto missing = absent(memory, what);
  BOOST_TEST(missing.empty(), "not found before:" << lines(missing));
  flush(memory);
  missing = absent(memory, what);
  BOOST_TEST(missing.empty(), "not found after a flush:" << lines(missing));
  const auto done = forget(memory, memory::forget_subject{of("subject"), {}});
  BOOST_TEST(done.records == 7u);
  BOOST_TEST(done.blobs == 2u);
  BOOST_TEST(done.summaries_remade == 1u);
  require_no_trace(memory, what);
  BOOST_TEST(memory->stats().records == 51u);
}

BOOST_AUTO_TEST_CASE(no_file_has_a_trace_of_a_forgotten_space) {
  a_store memory;
  const needles what = {{"word", word(1)},       {"text", noise(2, 24)}, {"state key", word(3)},
                        {"state", noise(4, 24)}, {"blob", noise(5, 24)}, {"unfinished blob", noise(6, 24)},
                        {"fact key", word(7)}};
  const auto of = [&](const char* name) { return what.at(name); };
  memory.remember(ward, "the ward stays");
  BOOST_REQUIRE(memory->set_state({}, ward, "kept", "state"));
  // Both in tables of several levels and in the log alone.
  for (const bool flushed : {true, false}) {
    memory.remember(p17, of("word") + ' ' + of("text"));
    memory.fact(p17, of("fact key"), "1");
    BOOST_REQUIRE(memory->set_state({}, p17 / "below", of("state key"), of("state")));
    blob(memory, p17 / "below", of("blob") + noise(20, 10'000));
    if (flushed) flush(memory);
  }
  // An agent is ended in the middle of writing a blob.
  memory::command piece;
  id_generator ids{memory.time, 99};
  piece.operations = {memory::put_chunk{ids.next(), p17, 0, of("unfinished blob")}};
  BOOST_REQUIRE(memory->apply(piece));
  auto missing = absent(memory, what);
  BOOST_TEST(missing.empty(), "not found before:" << lines(missing));
  const auto done = forget(memory, memory::forget_space{p17});
  BOOST_TEST(done.records == 6u);
  BOOST_TEST(done.blobs == 2u);
  BOOST_TEST(done.states == 1u);
  require_no_trace(memory, what);
  BOOST_TEST(memory->stats().records == 1u);
  BOOST_TEST(memory->state({}, ward, "kept")->value() == "state");
}

BOOST_AUTO_TEST_CASE(forgetting_waits_for_whoever_reads_an_older_state) {
  a_store memory;
  const needles what = {{"blob", noise(1, 24)}, {"text", noise(2, 24)}};
  const auto told = blob(memory, p17, what.at("blob") + noise(3, 600'000), "p17");
  memory.remember(p17, what.at("text"), about("p17"));
  flush(memory);
  std::promise<void> reading, go_on;
  std::jthread reader{[&] {
    bool first = true;
    static_cast<void>(memory->read_blob({}, told, [&](std::string_view) -> result<void> {
      if (std::exchange(first, false)) reading.set_value(), go_on.get_future().wait();
      return ok();
    }));
  }};
  reading.get_future().wait();
  auto forgotten = std::async(std::launch::async, [&] {
    return memory->forget({}, memory::forget_subject{"p17", {}});
  });
  // Erased for all who ask from now on, while that one still reads.
  while (!gone(memory, told)) std::this_thread::yield();
  BOOST_TEST((forgotten.wait_for(100ms) == std::future_status::timeout));
  go_on.set_value();
  const auto done = forgotten.get();
  if (!done) BOOST_FAIL(done.error().describe());
  reader.join();
  require_no_trace(memory, what);
}

BOOST_AUTO_TEST_CASE(what_is_written_meanwhile_is_forgotten_or_comes_after) {
  a_store memory;
  std::atomic<bool> stop = false;
  std::vector<std::jthread> agents;
  for (int agent = 0; agent < 2; ++agent)
    agents.emplace_back([&, space = ward / std::to_string(agent)] {
      for (int i = 0; i < 200 && !stop; ++i) {
        memory::record what;
        what.space = space;
        what.text = "note " + std::to_string(i);
        what.subject = i % 2 ? "p17" : "p18";
        if (auto done = memory->remember(space, what); !done) std::abort();
      }
    });
  std::uint64_t forgotten = 0;
  for (int i = 0; i < 3; ++i) {
    const auto done = memory->forget({}, memory::forget_subject{"p17", ward});
    // As it says, when they write faster than it forgets.
    if (done)
      forgotten += done->records;
    else
      BOOST_TEST(done.error().is(memory_errc::overloaded), done.error().describe());
  }
  stop = true;
  agents.clear();
  forgotten += forget(memory, memory::forget_subject{"p17", ward}).records;
  BOOST_TEST_MESSAGE(forgotten << " records were forgotten");
  BOOST_TEST(memory->recall({}, {.text = "", .space = ward, .limit = 1000, .subject = "p17"})->empty());
  memory.require_clean();
}

BOOST_AUTO_TEST_SUITE_END()
