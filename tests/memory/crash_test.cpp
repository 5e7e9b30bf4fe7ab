#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <troupe/memory/check.hpp>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>

#include "core/temporary_folder.hpp"
#include "support/process.hpp"

// A process that writes is killed in the middle, again and again, over the same memory: all that it was told is there
// is there afterwards, and nothing is there by half. See crash_program.cpp.

using namespace troupe;

namespace {

constexpr int threads = 3;
constexpr int rounds = 10;

// What the program was told. Of what it was about to take away when it was killed, either is right.
struct acknowledged {
  struct of_thread {
    std::map<std::string, unsigned> notes, subjects, blobs;  // by id, their numbers
    std::set<std::string> erased, maybe_erased;
    std::map<std::string, unsigned> pairs;
    unsigned state = 0, last_pair = 0;
    bool forgetting = false;
  };
  std::map<std::string, of_thread> by_thread;

  // Returns how many lines there were.
  int read(const std::string& text) {
    int lines = 0;
    std::istringstream in{text};
    std::string line;
    while (std::getline(in, line) && !in.eof()) {  // without the last one, if it was cut off
      std::istringstream words{line};
      std::string number, what, thread, first, second;
      unsigned n = 0;
      words >> number >> what >> thread >> n >> first >> second;
      BOOST_REQUIRE_MESSAGE(number == "#" + std::to_string(++lines), line);
      auto& of = by_thread[thread];
      if (what == "note")
        of.notes[first] = n;
      else if (what == "subject")
        of.subjects[first] = n;
      else if (what == "blob")
        of.blobs[first] = n;
      else if (what == "state")
        of.state = n;
      else if (what == "pair")
        of.pairs[first] = of.pairs[second] = of.last_pair = n;
      else if (what == "erasing")
        of.notes.erase(first), of.maybe_erased.insert(first);
      else if (what == "erased")
        of.maybe_erased.erase(first), of.erased.insert(first);
      else if (what == "forgetting")
        of.forgetting = true;
      else if (what == "forgotten")
        of.forgetting = false, forget(of);
      else
        BOOST_FAIL("not a line: " << line);
    }
    return lines;
  }
  static void forget(of_thread& of) {
    for (const auto& [id, n] : of.subjects) of.erased.insert(id);
    of.subjects.clear();
  }
};

path space(const std::string& thread, const char* which) { return path{"/agents"} / thread / which; }

void require_record(const memory::store& in, const std::string& which, unsigned n) {
  const auto found = in.get({}, id::parse(which).value());
  if (!found) BOOST_FAIL(which << " was acknowledged: " << found.error().describe());
  BOOST_TEST(found->text == "number" + std::to_string(n));
}

std::vector<std::string> texts(const memory::store& in, const path& where) {
  std::vector<std::string> found;
  const auto page = in.read({}, where, 0, 100'000).value();
  for (const auto& each : page.records) found.push_back(each.text);
  return found;
}

unsigned number(const memory::store& in, const path& where, const char* key) {
  const auto found = in.state({}, where, key);
  BOOST_REQUIRE(found);
  return *found ? static_cast<unsigned>(std::stoul(**found)) : 0;
}

void verify(const memory::store& in, acknowledged& what) {
  for (auto& [thread, of] : what.by_thread) {
    for (const auto& [which, n] : of.notes) require_record(in, which, n);
    for (const auto& [which, n] : of.pairs) require_record(in, which, n);
    for (const auto& which : of.erased)
      BOOST_TEST(in.get({}, id::parse(which).value()).error().is(memory_errc::no_such_record));
    if (of.forgetting) {
      // Killed in the middle of it. It is complete when it is done again.
      std::erase_if(of.subjects, [&](const auto& each) { return !in.get({}, id::parse(each.first).value()); });
      of.forgetting = false;
    }
    for (const auto& [which, n] : of.subjects) require_record(in, which, n);
    for (const auto& [which, n] : of.blobs) {
      std::size_t size = 0;
      bool same = true;
      const auto read = in.read_blob({}, id::parse(which).value(), [&](std::string_view piece) {
        size += piece.size();
        same = same && piece.find_first_not_of(static_cast<char>(n)) == std::string_view::npos;
        return ok();
      });
      if (!read) BOOST_FAIL(which << ": " << read.error().describe());
      BOOST_TEST(same);
      BOOST_TEST((size == 6'000 || size == 600'000));
    }
    BOOST_TEST(number(in, space(thread, "notes"), "state") >= of.state);
    // A command of several operations is whole or absent.
    const auto left = texts(in, space(thread, "left")), right = texts(in, space(thread, "right"));
    BOOST_TEST(left == right, boost::test_tools::per_element());
    const auto last = number(in, space(thread, "left"), "last");
    BOOST_TEST(last >= of.last_pair);
    if (!left.empty()) BOOST_TEST(left.back() == "number" + std::to_string(last));
  }
  const auto report = memory::check(in);
  BOOST_REQUIRE(report);
  for (const auto& each : report->faults) BOOST_ERROR(each);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash_test)

BOOST_AUTO_TEST_CASE(what_was_acknowledged_is_there_after_a_kill_and_nothing_by_half) {
  constexpr unsigned seed = 7;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  const test::temporary_folder folder;
  const auto place = (folder.path() / "memory").string();
  acknowledged all;
  for (unsigned round = 1; round <= rounds; ++round) {
    const int lines = static_cast<int>(random() % 60);  // none: while it opens, or soon after
    std::string text;
    {
      support::process program{{TROUPE_CRASH_PROGRAM, place, std::to_string(round), std::to_string(threads)}};
      if (lines > 0) BOOST_REQUIRE_MESSAGE(program.wait_for('#' + std::to_string(lines) + ' '), program.text());
      program.send(SIGKILL);
      BOOST_REQUIRE_MESSAGE(program.wait() == 128 + SIGKILL, program.text());
      text = program.text();
    }
    const int got = all.read(text);
    BOOST_TEST_MESSAGE("round " << round << ": killed after " << got << " lines");
    auto opened = memory::store::open({.folder = place});
    if (!opened) BOOST_FAIL(opened.error().describe());
    verify(**opened, all);
  }
}

BOOST_AUTO_TEST_SUITE_END()
