#include <boost/test/unit_test.hpp>
#include <fstream>

#include "a_store.hpp"
#include "database.hpp"
#include "keys.hpp"

// Folders that are opened: new ones, those of others, those that are damaged or open already; backups.

using namespace troupe;
using test::a_store;
namespace fs = std::filesystem;

namespace {

const path space{"/a"};

error refused(const fs::path& folder) {
  memory::store_options options;
  options.folder = folder;
  auto opened = memory::store::open(options);
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().message().find(folder.string()) != std::string::npos, opened.error().message());
  return opened.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(open_test)

BOOST_AUTO_TEST_CASE(a_memory_that_is_open_is_locked) {
  a_store memory;
  const auto why = refused(memory.options.folder);
  BOOST_TEST(why.is(memory_errc::locked), why.describe());
}

BOOST_AUTO_TEST_CASE(a_folder_with_other_files_is_foreign_and_left_alone) {
  const test::temporary_folder folder;
  std::ofstream{folder.path() / "letters.txt"} << "dear";
  BOOST_TEST(refused(folder.path()).is(memory_errc::foreign));
  BOOST_TEST(std::distance(fs::directory_iterator{folder.path()}, fs::directory_iterator{}) == 1);
  const auto file = folder.path() / "letters.txt";
  BOOST_TEST(refused(file).is(memory_errc::foreign));
}

BOOST_AUTO_TEST_CASE(another_programs_database_is_foreign) {
  const test::temporary_folder folder;
  const auto place = (folder.path() / "theirs").string();
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* made = nullptr;
  BOOST_REQUIRE(rocksdb::DB::Open(options, place, &made).ok());
  BOOST_REQUIRE(made->Put({}, "key", "value").ok());
  rocksdb::ColumnFamilyHandle* more = nullptr;
  BOOST_REQUIRE(made->CreateColumnFamily({}, "theirs", &more).ok());
  made->DestroyColumnFamilyHandle(more);
  delete made;
  BOOST_TEST(refused(place).is(memory_errc::foreign));
}

BOOST_AUTO_TEST_CASE(a_newer_format_is_named) {
  a_store memory;
  memory.store.reset();
  {
    auto raw = memory::database::open({.folder = memory.options.folder});
    BOOST_REQUIRE(raw);
    rocksdb::WriteBatch batch;
    batch.Put((*raw)->handle(memory::family::meta), std::string{memory::keys::format},
              std::string("\x81\xa6"
                          "format"
                          "\x63"));
    BOOST_REQUIRE((*raw)->write(batch));
  }
  const auto why = refused(memory.options.folder);
  BOOST_TEST(why.is(memory_errc::newer_format), why.describe());
  BOOST_TEST(why.message().find("99") != std::string::npos, why.message());
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_made_is_named) {
  BOOST_TEST(refused("/proc/none/memory").is(errc::io_error));
}

BOOST_AUTO_TEST_CASE(a_backup_made_beside_further_use_is_restored_whole) {
  a_store memory;
  const auto first = memory.remember(space, "before the backup");
  const auto backup = memory.folder.path() / "backup";
  BOOST_REQUIRE(memory->backup(backup));
  const auto second = memory.remember(space, "after the backup");
  BOOST_TEST(memory->backup(backup).error().is(errc::already_exists));

  const auto restored = memory.folder.path() / "restored";
  BOOST_REQUIRE(memory::store::restore(backup, restored));
  BOOST_TEST(memory::store::restore(backup, restored).error().is(errc::already_exists));
  BOOST_TEST(memory::store::restore(memory.folder.path(), memory.folder.path() / "x").error().is(memory_errc::foreign));
  auto opened = memory::store::open({.folder = restored});
  if (!opened) BOOST_FAIL(opened.error().describe());
  BOOST_TEST((*opened)->get({}, first).has_value());
  BOOST_TEST(!(*opened)->get({}, second).has_value());
  BOOST_TEST(memory::check(**opened)->clean());
}

BOOST_AUTO_TEST_CASE(an_index_of_another_analyzer_is_made_anew) {
  a_store memory;
  memory.remember(space, "the lamp in the hall is broken");
  const auto archived = memory.remember(space, "the ladder is in the shed");
  memory::command away;
  away.operations = {memory::move_records{{archived}, true}};
  BOOST_REQUIRE(memory->apply(away));
  memory.store.reset();
  {
    auto raw = memory::database::open({.folder = memory.options.folder});
    BOOST_REQUIRE(raw);
    // As another version would have left it: other words, and its name.
    const memory::reader now{**raw};
    rocksdb::WriteBatch batch;
    now.scan(memory::family::index, "", [&](std::string_view key, std::string_view) {
      batch.Delete((*raw)->handle(memory::family::index), rocksdb::Slice{key.data(), key.size()});
      return true;
    });
    batch.Put((*raw)->handle(memory::family::index), memory::keys::u32(0) + "tlamps" + std::string(5, '\0'),
              std::string("\x00\x01\x05", 3));
    auto row = *now.get(memory::family::meta, memory::keys::format);
    const auto at = row.find("troupe-words-");
    BOOST_REQUIRE(at != std::string::npos);
    row[at] = 'T';
    batch.Put((*raw)->handle(memory::family::meta), std::string{memory::keys::format}, row);
    BOOST_REQUIRE((*raw)->write(batch));
  }
  memory.open();
  BOOST_TEST(memory->recall({}, {.text = "lamp", .space = space})->size() >= 1u);
  BOOST_TEST(memory->recall({}, {.text = "ladder", .space = space, .scope = memory::scope::subtree, .limit = 1})
                 ->front()
                 .what.text == "the ladder is in the shed");
  memory.require_clean();
}

BOOST_AUTO_TEST_SUITE_END()
