#include <boost/test/unit_test.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "a_disk.hpp"
#include "a_store.hpp"
#include "database.hpp"
#include "log_file.hpp"
#include "store_parts.hpp"

// Databases whose files are not what was written. Such a one is refused when it is opened, or all of it is there, or
// whoever meets the damage is told of it, and check() tells it too; but no answer is wrong, and none is missing.

using namespace troupe;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t seed = 20'261;
const path ward{"/hospital/ward"};
const path p17{"/hospital/ward/p17"};
test::a_disk quick_disk{false};

std::string noise(std::mt19937& random, std::size_t size) {
  std::string made(size, '\0');
  for (auto& each : made) each = static_cast<char>(random());
  return made;
}
std::string bytes_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
void write(const fs::path& file, std::string_view bytes) {
  std::ofstream{file, std::ios::binary | std::ios::trunc} << bytes;
}
std::vector<fs::path> files(const fs::path& folder, std::string_view like) {
  std::vector<fs::path> found;
  for (const auto& each : fs::directory_iterator{folder})
    if (each.path().filename().string().find(like) != std::string::npos && fs::file_size(each) > 0)
      found.push_back(each.path());
  std::sort(found.begin(), found.end());
  return found;
}

// A copy of the files of a store that is open. RocksDB takes away what it no longer needs, and finishes what it began
// of that even when told not to: then the copy is made again.
void copy_as_a_kill_leaves_it(const test::a_store& memory, const fs::path& into) {
  auto& database = memory->inside().database->raw();
  BOOST_REQUIRE(database.DisableFileDeletions().ok());
  std::error_code failed;
  do {
    fs::remove_all(into);
    fs::copy(memory.options.folder, into, failed);
  } while (failed == std::errc::no_such_file_or_directory);
  BOOST_REQUIRE_MESSAGE(!failed, failed.message());
  BOOST_REQUIRE(database.EnableFileDeletions(/*force=*/false).ok());
}

// A memory with something of each kind in it, and what it is to answer.
struct a_memory {
  a_memory() : memory{{.env = &quick_disk}} {
    std::mt19937 random{seed};
    std::vector<id> ids;
    for (int i = 0; i < 24; ++i) {
      if (i == 12) flush();
      ids.push_back(memory.remember(i % 3 ? p17 : ward, "Note number" + std::to_string(i), [&](memory::record& what) {
        if (i % 4 == 0) what.subject = "p17";
        if (i % 5 == 0) what.attributes["noise"] = noise(random, 1000);
      }));
    }
    ids.push_back(memory.fact(p17, "dose", "100"));
    ids.push_back(memory.fact(p17, "dose", "200"));
    ids.push_back(memory.remember(p17, "A summary of two.", [&](memory::record& what) {
      what.kind = memory::record_kind::summary;
      what.sources = {ids[1], ids[2]};
    }));
    const auto cold = memory.remember(p17, "cold " + noise(random, 20'000));
    ids.push_back(cold);
    memory::command away;
    away.operations = {memory::move_records{{cold, ids[3], ids[13]}, true}};
    BOOST_REQUIRE(memory->apply(away));
    for (const std::size_t size : {100, 20'000}) {
      blobs.emplace_back(id{}, noise(random, size));
      memory::record about;
      about.space = p17;
      auto rest = blobs.back().second;
      auto made = memory->write_blob({}, about, [&]() -> result<std::string> { return std::exchange(rest, {}); });
      BOOST_REQUIRE(made);
      ids.push_back(blobs.back().first = *made);
    }
    BOOST_REQUIRE(memory->set_state({}, p17, "plan", "rest"));
    BOOST_REQUIRE(memory->erase({}, {ids[5]}, "a test"));
    ids.erase(ids.begin() + 5);
    for (const auto& each : ids) records.push_back(*memory->get({}, each));
    // As a kill would leave it: some in tables, some in the log alone.
    copy_as_a_kill_leaves_it(memory, killed = memory.folder.path() / "killed");
    memory.store.reset();
    closed = memory.options.folder;
  }
  void flush() {
    const auto& database = *memory->inside().database;
    for (std::size_t i = 0; i < memory::families; ++i)
      BOOST_REQUIRE(database.raw().Flush({}, database.handle(static_cast<memory::family>(i))).ok());
  }

  test::a_store memory;
  fs::path closed, killed;
  std::vector<memory::record> records;
  std::vector<std::pair<id, std::string>> blobs;
};

enum class end { refused, told, right };

// Asks for everything. What is wrong or missing fails the test.
class questions {
 public:
  questions(const a_memory& of, const memory::store& to, std::string what) : of_{of}, to_{to}, what_{std::move(what)} {}

  end ask() {
    for (const auto& each : of_.records)
      same(
          to_.get({}, each.id), [&](const auto& found) { return found == each; }, "a record");
    for (const auto& space : {ward, p17}) {
      std::vector<memory::record> own;
      for (const auto& each : of_.records)
        if (each.space == space) own.push_back(each);
      same(
          to_.read({}, space), [&](const auto& found) { return found.records == own; }, "a page");
      same(
          to_.newest({}, space, 1000), [&](const auto& found) { return found == own; }, "the newest");
    }
    for (const int n : {1, 14})
      same(
          to_.recall({}, {.text = "number" + std::to_string(n), .space = ward, .limit = 1}),
          [&](const auto& found) {
            return found.size() == 1 && found[0].what.text == "Note number" + std::to_string(n);
          },
          "a recall");
    same(
        to_.facts({}, {.space = p17}),
        [](const auto& found) { return found.size() == 1 && found[0].fact->value == "200"; }, "a fact");
    same(
        to_.state({}, p17, "plan"), [](const auto& found) { return found == "rest"; }, "a state");
    same(
        to_.audit({}, 0, 100), [](const auto& found) { return found.size() == 1; }, "the audit log");
    for (const auto& [which, bytes] : of_.blobs) {
      std::string back;
      const auto read = to_.read_blob({}, which, [&](std::string_view piece) { return back += piece, ok(); });
      if (read)
        BOOST_TEST((back == bytes), what_ << ": a blob is another");
      else
        told(read.error(), "a blob");
    }
    const auto report = memory::check(to_);
    if (told_) BOOST_TEST((!report || !report->clean()), what_ << ": check() did not tell of it");
    if (!report) told(report.error(), "check()");
    // Of what has no effect on answers, such as a filter, it may tell all the same.
    return told_ || (report && !report->clean()) ? end::told : end::right;
  }

 private:
  template <class T, class Check>
  void same(const result<T>& answer, Check check, const char* which) {
    if (answer)
      BOOST_TEST(check(*answer), what_ << ": " << which << " is wrong or missing");
    else
      told(answer.error(), which);
  }
  void told(const error& why, const char* which) {
    told_ = true;
    BOOST_TEST(why.is(memory_errc::damaged), what_ << ": " << which << ": " << why.describe());
  }

  const a_memory& of_;
  const memory::store& to_;
  const std::string what_;
  bool told_ = false;
};

// Opens a copy of a folder after `damage` was done to it.
template <class Damage>
end try_one(const a_memory& of, const fs::path& folder, const std::string& what, Damage damage) {
  const test::temporary_folder place;
  const auto copy = place.path() / "memory";
  fs::copy(folder, copy);
  damage(copy);
  auto opened = memory::store::open({.folder = copy, .time = &of.memory.time, .seed = 2, .env = &quick_disk});
  if (!opened) {
    const auto& why = opened.error();
    BOOST_TEST((why.is(memory_errc::damaged) || why.is(memory_errc::foreign) || why.is(errc::io_error)),
               what << ": " << why.describe());
    BOOST_TEST(why.message().find(copy.string()) != std::string::npos, what << ": " << why.message());
    return end::refused;
  }
  return questions{of, **opened, what}.ask();
}

struct ends {
  int refused = 0, told = 0, right = 0;
  void add(end one) { ++(one == end::refused ? refused : one == end::told ? told : right); }
  friend std::ostream& operator<<(std::ostream& out, const ends& all) {
    return out << all.refused << " refused, " << all.told << " told when read, " << all.right << " without an effect";
  }
};

ends flip(const a_memory& of, const fs::path& folder, std::string_view like, int times) {
  std::mt19937 random{seed};
  ends all;
  const auto there = files(folder, like);
  BOOST_REQUIRE(!there.empty());
  for (int i = 0; i < times; ++i) {
    const auto& file = there[static_cast<std::size_t>(i) % there.size()];
    const auto at = random() % fs::file_size(file);
    const auto by = static_cast<char>(1 + random() % 255);
    const auto what =
        "byte " + std::to_string(at) + " of " + file.filename().string() + " of " + std::to_string(fs::file_size(file));
    all.add(try_one(of, folder, what, [&](const fs::path& copy) {
      auto bytes = bytes_of(file);
      bytes[at] ^= by;
      write(copy / file.filename(), bytes);
    }));
  }
  BOOST_TEST_MESSAGE(like << ": " << times << " bytes flipped (seed " << seed << "): " << all);
  return all;
}

memory::log_findings verify(const std::string& bytes) {
  std::istringstream log{bytes};
  return memory::verify_log(log, bytes.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(damage_test)

BOOST_AUTO_TEST_CASE(a_memory_without_damage_answers_everything) {
  const a_memory memory;
  for (const auto& folder : {memory.closed, memory.killed})
    BOOST_TEST((try_one(memory, folder, folder.filename().string(), [](const auto&) {}) == end::right));
}

BOOST_AUTO_TEST_CASE(a_byte_that_was_flipped_is_told_or_has_no_effect) {
  const a_memory memory;
  BOOST_TEST(flip(memory, memory.closed, ".sst", 30).right < 30);
  BOOST_TEST(flip(memory, memory.closed, ".blob", 8).right < 8);
  BOOST_TEST(flip(memory, memory.closed, "MANIFEST", 8).right == 0);
  BOOST_TEST(flip(memory, memory.closed, "CURRENT", 6).right == 0);
  BOOST_TEST(flip(memory, memory.killed, ".log", 15).right == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_or_empty_is_told_or_has_no_effect) {
  const a_memory memory;
  for (const bool empty : {false, true})
    for (const auto& file : files(memory.closed, "")) {
      const auto name = file.filename();
      const auto done =
          try_one(memory, memory.closed, (empty ? "empty " : "missing ") + name.string(),
                  [&](const fs::path& copy) { empty ? write(copy / name, "") : void(fs::remove(copy / name)); });
      BOOST_TEST_MESSAGE((empty ? "empty " : "missing ") << name << ' ' << static_cast<int>(done));
      if (name == "CURRENT" || name.string().starts_with("MANIFEST")) BOOST_TEST((done == end::refused));
    }
}

// A log of single records, one a command, as a kill leaves it.
struct a_log {
  a_log() : memory{{.env = &quick_disk}} {
    for (int i = 0; i < 20; ++i) ids.push_back(memory.remember(p17, "note number" + std::to_string(i)));
    copy_as_a_kill_leaves_it(memory, folder = memory.folder.path() / "killed");
    memory.store.reset();
    const auto found = files(folder, ".log");
    BOOST_REQUIRE(found.size() == 1u);
    name = found.front().filename();
    bytes = bytes_of(found.front());
    whole = verify(bytes);
    BOOST_REQUIRE(whole.damage.empty());
    BOOST_REQUIRE(whole.records >= ids.size());
  }
  // Opens it with another log: only the first so many notes are there, and all is in order. How many; none: refused.
  std::optional<std::size_t> open_with(const std::string& log) const {
    const test::temporary_folder place;
    const auto copy = place.path() / "memory";
    fs::copy(folder, copy);
    write(copy / name, log);
    auto opened = memory::store::open({.folder = copy, .time = &memory.time, .seed = 2, .env = &quick_disk});
    if (!opened) {
      BOOST_TEST(opened.error().is(memory_errc::damaged), opened.error().describe());
      BOOST_TEST(opened.error().message().find(copy.string()) != std::string::npos, opened.error().message());
      return {};
    }
    const auto there = (*opened)->read({}, p17)->records;
    for (std::size_t i = 0; i < there.size(); ++i) BOOST_TEST((there[i].id == ids.at(i)));
    const auto report = memory::check(**opened);
    BOOST_TEST((report && report->clean()));
    return there.size();
  }

  test::a_store memory;
  std::vector<id> ids;
  fs::path folder, name;
  std::string bytes;
  memory::log_findings whole;
};

BOOST_AUTO_TEST_CASE(a_log_that_a_crash_cut_off_anywhere_has_what_came_before) {
  const a_log log;
  std::mt19937 random{seed};
  std::size_t opened = 0;
  auto records = log.whole.records;
  const auto size = log.bytes.size();
  BOOST_REQUIRE(size > 2048);
  for (auto length = size; length-- > size - 2048;) {
    const auto cut = verify(log.bytes.substr(0, length));
    BOOST_REQUIRE_MESSAGE(cut.damage.empty(), "cut at " << length << " of " << size << ": " << cut.damage);
    BOOST_REQUIRE(cut.records <= records);
    BOOST_REQUIRE(cut.records + 1 >= records);
    // At each record's edges, and now and then between.
    if (cut.records == records && cut.torn && random() % 200 != 0) continue;
    records = cut.records;
    ++opened;
    const auto there = log.open_with(log.bytes.substr(0, length));
    BOOST_REQUIRE_MESSAGE(there, "cut at " << length);
    BOOST_TEST(*there == log.ids.size() - (log.whole.records - records));
  }
  BOOST_TEST_MESSAGE(opened << " of 2048 lengths were opened (seed " << seed << ')');
}

BOOST_AUTO_TEST_CASE(a_log_whose_last_sectors_were_not_written_has_what_came_before) {
  const a_log log;
  for (std::size_t sector = log.bytes.size() / 512; sector > log.bytes.size() / 512 - 6; --sector) {
    auto zeroed = log.bytes;
    std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(sector * 512), zeroed.end(), '\0');
    const auto found = verify(zeroed);
    BOOST_TEST(found.damage.empty(), "zeros from " << sector * 512 << ": " << found.damage);
    const auto there = log.open_with(zeroed);
    BOOST_REQUIRE_MESSAGE(there, "zeros from " << sector * 512);
    BOOST_TEST(*there == log.ids.size() - (log.whole.records - found.records));
  }
  // Space that was set aside for it, and never used.
  BOOST_TEST(log.open_with(log.bytes + std::string(70'000, '\0')).value() == log.ids.size());
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_log_is_flipped_without_being_found) {
  const a_log log;
  std::mt19937 random{seed};
  for (auto at = log.bytes.size(); at-- > log.bytes.size() - 1500;) {
    auto bytes = log.bytes;
    bytes[at] ^= static_cast<char>(1 << random() % 8);
    BOOST_TEST(!verify(bytes).damage.empty(), "byte " << at << " of " << bytes.size() << " (seed " << seed << ')');
  }
}

// RocksDB alone opens this one, with nothing said and less in it.
BOOST_AUTO_TEST_CASE(a_wrong_length_near_the_end_of_a_log_is_refused) {
  const a_log log;
  std::size_t at = 0;  // of the third record from its end
  for (std::uint64_t record = 0; record + 3 < log.whole.records; ++record)
    at += 7 + static_cast<std::uint8_t>(log.bytes[at + 4]) + (static_cast<std::uint8_t>(log.bytes[at + 5]) << 8);
  auto longer = log.bytes;
  longer[at + 5] ^= 0x20;
  BOOST_TEST(!log.open_with(longer));
}

BOOST_AUTO_TEST_CASE(a_log_in_pieces_is_verified_across_its_blocks) {
  test::a_store memory{{.env = &quick_disk}};
  std::mt19937 random{seed};
  for (const std::size_t size : {10, 32'000, 100'000, 300'000}) memory.remember(p17, noise(random, size));
  const auto file = files(memory.options.folder, ".log").front();
  const auto bytes = bytes_of(file);
  const auto whole = verify(bytes);
  BOOST_TEST(whole.damage.empty(), whole.damage);
  BOOST_TEST(!whole.torn);
  for (int i = 0; i < 30; ++i) {
    const auto length = random() % bytes.size();
    const auto cut = verify(bytes.substr(0, length));
    BOOST_TEST(cut.damage.empty(), "cut at " << length << ": " << cut.damage << " (seed " << seed << ')');
  }
}

BOOST_AUTO_TEST_SUITE_END()
