#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <troupe/memory/errc.hpp>

#include "crash_scenarios.hpp"

// The whole of a node, simulated: a virtual clock, one thread, and a disk that fails at any operation, for good or
// because it is full, and that loses what was not synced, all or some of it. Each scenario is run with each of its
// operations as the last one of a life, those of recovery included, and what the next life makes of it is compared with
// what comes of it when nothing is disturbed. A failure names what has to be run again; it is the same each time, but
// for what RocksDB does in the background.

namespace {

using namespace std::chrono_literals;
using support::must;
using support::scenario;
using support::world;
using troupe::path;
using troupe::test::a_disk;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t thinned = 6;
#else
constexpr std::uint64_t thinned = 1;
#endif

// How a life ends.
struct ending {
  std::string_view name;
  a_disk::fault how;
  enum { all_stays, nothing_stays, some_stays } unsynced;
  bool again;           // the next life ends so, too, while it recovers
  std::uint64_t every;  // at every so many points; by hand, with TROUPE_CRASH_POINTS=all, at each
};
constexpr ending endings[] = {
    {"a process that is killed", a_disk::fault::device, ending::all_stays, false, thinned * 3},
    {"a machine without power", a_disk::fault::device, ending::nothing_stays, false, thinned},
    {"a write in half, and a torn tail", a_disk::fault::torn, ending::some_stays, true, thinned * 4},
    {"a full disk", a_disk::fault::full, ending::all_stays, true, thinned * 4},
};

class trial {
 public:
  trial(const scenario& what, const ending& end, std::uint64_t seed) : what_{what}, end_{end}, random_{seed} {}

  // Sends the first of the errands, and ends after so many operations of the disk. Whether it came to that.
  bool first_life(std::size_t errands, std::optional<std::uint64_t> operations) {
    const auto before = begin(operations);
    for (std::size_t i = 0; i < errands; ++i) {
      const auto& [to, words] = what_.errands[i];
      const auto posted = here_.n->post(here_.n->ref(path{to}), support::errand{words});
      if (posted) ++acknowledged;
      if (!posted) BOOST_TEST(here_.disk.failed(), posted.error().describe());
    }
    go_on();
    operations_ = here_.disk.operations() - before;
    return end();
  }
  bool life(std::optional<std::uint64_t> operations) {
    begin(operations);
    go_on();
    return end();
  }
  // What has come of it, when all is over.
  std::string last_life() {
    begin({});
    go_on();
    std::string all = std::to_string(outside_.done.size()) + " deeds";
    for (const auto& each : what_.seen) all += "; " + each + ": " + here_.ask(each, "count") + remembered_by(each);
    for (const auto& each : what_.gone) all += "; " + each + remembered_by(each);
    here_.check_clean(0);
    for (const auto& each : here_.n->agents())
      if (!each.last_error.empty()) errors += each.path.str() + ": " + each.last_error + '\n';
    end();
    return what_.any_order ? sorted(all) : all;
  }

  std::uint64_t operations() const { return operations_; }
  std::uint64_t crashes() const { return crashes_; }
  std::uint64_t any_below(std::uint64_t end) { return random_() % end; }
  std::size_t acknowledged = 0;
  std::string errors;  // of agents, in the last life

 private:
  std::uint64_t begin(std::optional<std::uint64_t> operations) {
    ++outside_.life;
    here_.open();
    find_what_is_finished();
    const auto before = here_.disk.operations();
    if (operations) here_.disk.fail_from(before + *operations + 1, end_.how);
    if (what_.tools) what_.tools(here_.n->tools(), outside_);
    troupe::supervisor_spec top{.name = "top", .intensity = 1'000, .children = what_.agents(outside_)};
    const auto up = here_.n->supervise(std::move(top));
    if (!up) BOOST_TEST(here_.disk.failed(), up.error().describe());
    return before;
  }

  void go_on() {
    here_.n->settle();
    for (int i = 0; i < 24 && !here_.disk.failed(); ++i) here_.n->advance(5min);
    if (!here_.disk.failed()) return;
    ++crashes_;
    if (end_.how != a_disk::fault::full) return;
    // Whoever has work for it hears why it is refused.
    const auto refused = here_.n->post(here_.n->ref(path{"/top/first"}), support::errand{"more"});
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().is(troupe::memory_errc::storage_failed), refused.error().describe());
    BOOST_TEST(refused.error().describe().find("No space left") != std::string::npos, refused.error().describe());
  }

  bool end() {
    const bool crashed = here_.disk.failed();
    here_.close();
    if (crashed && end_.unsynced == ending::nothing_stays) here_.disk.lose_what_was_not_synced();
    if (crashed && end_.unsynced == ending::some_stays)
      here_.disk.lose_what_was_not_synced([this](std::uint64_t bytes) { return any_below(bytes + 1); });
    here_.disk.fail_from(std::numeric_limits<std::uint64_t>::max(), end_.how);
    for (const auto& [deed, times] : outside_.done) {
      const auto finished = outside_.finished.find(deed);
      if (finished != outside_.finished.end())
        BOOST_TEST(times == finished->second, deed << " was finished, and done again");
      BOOST_TEST(times <= outside_.life, deed << " was done twice in one life");
    }
    for (const auto& each : outside_.faults) BOOST_ERROR(each);
    outside_.faults.clear();
    return crashed;
  }

  static std::string sorted(std::string words) {
    std::erase_if(words, [](char each) { return each == ',' || each == ';'; });
    std::istringstream in{words};
    std::multiset<std::string> each{std::istream_iterator<std::string>{in}, {}};
    std::string all;
    for (const auto& word : each) all += word + ' ';
    return all;
  }

  std::string remembered_by(const std::string& agent) {
    std::string all;
    for (const auto& each : must(here_.store->newest({}, path{agent}, 100))) all += ", " + each.text;
    return all;
  }

  // Deeds whose names are in results on disk, and all of them once no message is left.
  void find_what_is_finished() {
    std::string results;
    bool idle = true;
    for (const auto& known : must(here_.store->durable_agents())) {
      const auto journal = must(here_.store->journal(known.agent, 100));
      idle = idle && known.messages == 0;
      for (const auto& [name, turn] : journal.turns)
        for (const auto& each : turn.effects) results += each.result.value_or(std::string{});
    }
    for (const auto& [deed, times] : outside_.done)
      if (idle || results.find(deed) != std::string::npos) outside_.has_finished(deed);
  }

  const scenario& what_;
  const ending& end_;
  std::mt19937_64 random_;
  support::durable_place here_;
  world outside_;
  std::uint64_t operations_ = 0, crashes_ = 0;
};

struct figures {
  std::uint64_t points = 0, runs = 0, crashes = 0;
};

// Returns whether the first life ended at that point: otherwise there are no more points.
bool crash_once(const scenario& what, const ending& end, std::uint64_t point, const std::vector<std::string>& whole,
                std::uint64_t operations, figures& count) {
  trial one{what, end, point};
  const bool crashed = one.first_life(what.errands.size(), point);
  if (crashed && end.again) one.life(one.any_below(operations));
  const auto outcome = one.last_life();
  const auto first = whole.begin() + static_cast<std::ptrdiff_t>(one.acknowledged);
  BOOST_TEST((std::find(first, whole.end(), outcome) != whole.end()),
             "it came to `" << outcome << "`; undisturbed it is `" << whole.back() << "`\n"
                            << one.errors);
  if (crashed) ++count.runs;
  count.crashes += one.crashes();
  return crashed;
}

void crash_everywhere(const scenario& what, bool all, figures& count) {
  // What comes of it when nothing is disturbed, for so many errands as were accepted.
  std::vector<std::string> whole;
  std::uint64_t operations = 0;
  for (std::size_t errands = 0; errands <= what.errands.size(); ++errands) {
    trial undisturbed{what, endings[0], 1};
    undisturbed.first_life(errands, {});
    operations = undisturbed.operations();
    whole.push_back(undisturbed.last_life());
  }
  std::uint64_t point = 0;
  for (bool crashed = true; crashed; ++point)
    for (const auto& end : endings)
      if (all || point % end.every == 0)
        BOOST_TEST_CONTEXT(what.name << ", " << end.name << " after " << point << " operations of the disk") {
          crashed = crash_once(what, end, point, whole, operations, count) && crashed;
        }
  BOOST_TEST_MESSAGE(what.name << ": " << point - 1 << " points; " << whole.back());
  BOOST_TEST(point > 10u);
  count.points += point - 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash_points_test)

BOOST_AUTO_TEST_CASE(whatever_operation_of_the_disk_is_the_last_one_all_is_done_once_and_whole) {
  figures count;
  std::size_t scenarios = 0;
  const char* only = std::getenv("TROUPE_CRASH_SCENARIO");
  for (const auto& each : support::crash_scenarios()) {
    if (only && each.name != only) continue;
    ++scenarios;
    crash_everywhere(each, std::getenv("TROUPE_CRASH_POINTS") != nullptr, count);
  }
  BOOST_TEST_MESSAGE(count.points << " crash points in " << scenarios << " scenarios, " << count.runs << " runs, "
                                  << count.crashes << " crashes: all recovered");
  if (!only) BOOST_TEST(count.points > 300u);
}

BOOST_AUTO_TEST_SUITE_END()
