#include <boost/test/unit_test.hpp>
#include <random>

#include "a_disk.hpp"
#include "a_store.hpp"
#include "support/process.hpp"

// Disks that fail, and that are full: what was acknowledged is there when the disk is well again, what failed was not
// acknowledged, and after a failure nothing is.

using namespace troupe;
using test::a_disk;

namespace {

const path p17{"/hospital/ward/p17"};

memory::record note(int n) {
  memory::record what;
  what.space = p17;
  what.text = "note number" + std::to_string(n);
  return what;
}

// Writes until the first failure, and a few times more. What was acknowledged.
std::vector<id> write_until_it_fails(memory::store& to) {
  std::vector<id> acknowledged;
  bool failed = false;
  for (int n = 0, after = 0; n < 1000 && after < 5; ++n) {
    const auto done = to.remember({}, note(n));
    if (done) {
      BOOST_TEST(!failed, "a write after a failure was acknowledged");
      acknowledged.push_back(*done);
    } else {
      BOOST_TEST(done.error().is(memory_errc::storage_failed), done.error().describe());
      failed = true;
      ++after;
    }
  }
  BOOST_TEST(failed);
  return acknowledged;
}

void require_there(memory::store& in, const std::vector<id>& acknowledged) {
  for (std::size_t n = 0; n < acknowledged.size(); ++n) {
    const auto found = in.get({}, acknowledged[n]);
    if (!found) BOOST_FAIL("note " << n << " was acknowledged: " << found.error().describe());
    BOOST_TEST(found->text == note(static_cast<int>(n)).text);
  }
  const auto report = memory::check(in);
  if (!report) BOOST_FAIL(report.error().describe());
  for (const auto& each : report->faults) BOOST_ERROR(each);
}

void fail_at_many_places(a_disk::fault how, bool while_it_flushes) {
  constexpr unsigned seed = 11;
  std::mt19937 random{seed};
  for (int round = 0; round < 12; ++round) {
    const test::temporary_folder folder;
    const auto place = folder.path() / "memory";
    std::vector<id> acknowledged;
    a_disk disk{false};
    {
      auto opened = memory::store::open({.folder = place, .seed = seed, .env = &disk});
      if (!opened) BOOST_FAIL(opened.error().describe());
      auto& memory = **opened;
      for (int n = 0; while_it_flushes && n < 10; ++n) acknowledged.push_back(*memory.remember({}, note(n)));
      disk.fail_from(disk.operations() + 1 + random() % 40, how);
      if (while_it_flushes) {
        // Forgetting writes all files anew; whether it fails or not, what was acknowledged stays.
        const auto forgotten = memory.forget({}, memory::forget_subject{"nobody", {}});
        if (!forgotten) BOOST_TEST(forgotten.error().is(memory_errc::storage_failed), forgotten.error().describe());
        static_cast<void>(memory.remember({}, note(999)));
      } else {
        acknowledged = write_until_it_fails(memory);
      }
      // Reading goes on.
      if (!acknowledged.empty()) BOOST_TEST(memory.get({}, acknowledged.front()).has_value());
      if (!while_it_flushes) BOOST_TEST(disk.failed());
    }
    BOOST_TEST_CONTEXT("round " << round << ", seed " << seed) {
      auto opened = memory::store::open({.folder = place, .seed = seed + 1});
      if (!opened) BOOST_FAIL(opened.error().describe());
      require_there(**opened, acknowledged);
      BOOST_TEST((*opened)->remember({}, note(0)).has_value());
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(disk_test)

BOOST_AUTO_TEST_CASE(a_disk_that_fails_is_not_written_to_again) { fail_at_many_places(a_disk::fault::device, false); }
BOOST_AUTO_TEST_CASE(a_disk_that_is_full_is_not_written_to_again) { fail_at_many_places(a_disk::fault::full, false); }
BOOST_AUTO_TEST_CASE(a_disk_that_fails_while_files_are_written_anew_loses_nothing) {
  fail_at_many_places(a_disk::fault::device, true);
}

BOOST_AUTO_TEST_CASE(a_small_disk_that_is_full_keeps_what_was_acknowledged) {
  const test::temporary_folder folder;
  support::process program{{TROUPE_DISK_PROGRAM, folder.path().string()}};
  const int code = program.wait();
  if (code == 77)
    BOOST_TEST_MESSAGE("skipped: " << program.text());
  else
    BOOST_TEST(code == 0, program.text());
}

BOOST_AUTO_TEST_SUITE_END()
