#include <dirent.h>

#include <algorithm>
#include <core/seeded.hpp>
#include <deque>
#include <fstream>
#include <map>
#include <sstream>

#include "process_agents.hpp"
#include "process_host.hpp"
#include "runtime.hpp"

// Random kills over a tree of a thousand agents of all tiers, while everybody asks everybody.

using namespace troupe;
using namespace support;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kills = 1'000, supervisors = 5;
#else
constexpr int kills = 10'000, supervisors = 20;
#endif
constexpr int inlined = 37, threads = 8, processes = 5;  // under each supervisor
constexpr int agents = supervisors * (inlined + threads + processes);
constexpr std::size_t questions_at_a_time = 300;

struct ask_for_me {
  agent_ref whom;
  using reply_type = number;
  TROUPE_MESSAGE(ask_for_me, whom)
};

// Answers, asks others, and does damage.
class citizen : public agent {
 public:
  explicit citizen(agent_context& context) : agent{context} {
    reentrant(8);
    on([this](const count_up& more) { return number{count_ += more.by}; });
    on([](const where_are_you&) { return number{::getpid()}; });
    on([](const suffer& order) {
      do_damage(order.what);
      return number{};
    });
    on(&citizen::ask_other);
  }

 private:
  task<result<number>> ask_other(ask_for_me what, turn& now) {
    auto asking = now.ask<count_up>(what.whom, 1);
    auto answer = co_await asking.as_result();
    co_return answer;
  }
  std::int64_t count_ = 0;
};

std::size_t entries_of(const std::string& folder) {
  std::size_t count = 0;
  DIR* const open = ::opendir(folder.c_str());
  while (::readdir(open)) ++count;
  ::closedir(open);
  return count;
}

std::size_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Processes of this session's tree that nobody has waited for.
std::size_t zombies_below(pid_t root) {
  std::map<pid_t, std::pair<pid_t, char>> all;
  DIR* const proc = ::opendir("/proc");
  while (const dirent* each = ::readdir(proc)) {
    const pid_t pid = std::atoi(each->d_name);
    std::ifstream file{"/proc/" + std::string{each->d_name} + "/stat"};
    std::string text;
    if (pid <= 0 || !std::getline(file, text)) continue;
    std::stringstream rest{text.substr(text.rfind(')') + 2)};
    char state = 0;
    pid_t parent = 0;
    rest >> state >> parent;
    all[pid] = {parent, state};
  }
  ::closedir(proc);
  std::size_t count = 0;
  for (const auto& [pid, about] : all) {
    if (about.second != 'Z') continue;
    for (pid_t above = about.first; above > 1; above = all.contains(above) ? all[above].first : 0)
      if (above == root) {
        ++count;
        break;
      }
  }
  return count;
}

class city {
 public:
  city() : n_{quiet()} {
    for (int s = 0; s < supervisors; ++s) {
      supervisor_spec spec{.name = "s" + std::to_string(s), .intensity = 1'000'000, .period = 1h};
      const auto add = [&](int count, const char* name, tier where) {
        for (int i = 0; i < count; ++i) {
          const auto id = name + std::to_string(i);
          spec.children.push_back(
              child<citizen>(id, {.isolation = where, .process = {.heartbeat_timeout = std::chrono::minutes{2}}}));
          where_.push_back(path{"/" + spec.name} / id);
          tiers_.push_back(where);
        }
      };
      add(inlined, "i", tier::inlined);
      add(threads, "t", tier::thread);
      add(processes, "p", tier::process);
      must_supervise(n_, std::move(spec));
    }
  }

  void storm(int how_many) {
    for (int i = 0; i < how_many; ++i) {
      kill_one();
      ask_some();
    }
    while (!asked_.empty()) take_answer();
  }

  // Everybody answers again.
  void calm() {
    for (const auto& each : where_) {
      bool answers = false;
      for (int tries = 0; tries < 3'000 && !answers; ++tries) {
        answers = n_.ask(n_.ref(each), count_up{}).has_value();
        if (!answers) ::usleep(10'000);
      }
      BOOST_TEST(answers, each.str() << " does not come back");
    }
  }

  std::map<std::string, int> outcomes;
  std::vector<std::string> strange;
  std::size_t size() const { return where_.size(); }
  std::size_t process_count() { return n_.internals().processes().processes(); }

 private:
  static node_options quiet() {
    auto options = threaded(2);
    options.ask_timeout = 20s;
    return options;
  }

  agent_ref anyone() { return n_.ref(where_[random_.below(where_.size())]); }

  void kill_one() {
    const auto victim = random_.below(where_.size());
    const auto whom = n_.ref(where_[victim]);
    if (tiers_[victim] != tier::process) {
      if (random_.below(3) == 0)
        asked_.push_back(n_.begin_ask(whom, suffer{damage::exception}));
      else
        n_.kill(whom, "storm");
      return;
    }
    static constexpr damage ways[] = {damage::exception, damage::segfault,   damage::abort_it, damage::exit_it,
                                      damage::kill_it,   damage::close_pipe, damage::garbage};
    if (random_.below(3) == 0)
      n_.kill(whom, "storm");
    else
      asked_.push_back(n_.begin_ask(whom, suffer{ways[random_.below(std::size(ways))]}));
  }

  void ask_some() {
    for (int i = 0; i < 3; ++i) {
      if (random_.below(2) == 0)
        asked_.push_back(n_.begin_ask(anyone(), count_up{}));
      else
        asked_.push_back(n_.begin_ask(anyone(), ask_for_me{anyone()}));
    }
    while (asked_.size() > questions_at_a_time) take_answer();
  }

  void take_answer() {
    auto oldest = std::move(asked_.front());
    asked_.pop_front();
    const auto answer = oldest.get();
    ++outcomes[answer ? "answered" : std::string{answer.error().name()}];
    if (answer) return;
    const auto& why = answer.error();
    const bool known =
        why.is(agent_errc::agent_down) || why.is(agent_errc::agent_failed) || why.is(agent_errc::would_deadlock);
    const std::string& text = why.message();
    const bool says_why = text.find("killed") != std::string::npos || text.find("failed") != std::string::npos ||
                          text.find("ended") != std::string::npos || text.find("on purpose") != std::string::npos ||
                          why.is(agent_errc::would_deadlock);
    if ((!known || !says_why) && strange.size() < 10) strange.push_back(why.describe());
  }

  troupe::test::seeded random_;
  std::vector<path> where_;
  std::vector<tier> tiers_;
  node n_;
  std::deque<pending<number>> asked_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kill_storm_test)

BOOST_AUTO_TEST_CASE(random_kills_lose_no_reply_and_leave_nothing_behind) {
  std::size_t descriptors_after = 0;
  const auto descriptors_before = entries_of("/proc/self/fd");
  {
    city c;
    BOOST_REQUIRE(c.size() == static_cast<std::size_t>(agents));
    c.storm(kills / 4);
    c.calm();
    BOOST_TEST(comes_true([&] { return c.process_count() <= supervisors * processes + 1U; }));
    const auto descriptors = entries_of("/proc/self/fd");
    const auto bytes = resident_bytes();
    c.storm(kills - kills / 4);
    c.calm();
    for (const auto& [what, count] : c.outcomes) BOOST_TEST_MESSAGE(what << ": " << count);
    for (const auto& each : c.strange) BOOST_ERROR("not an error that says why: " + each);
    BOOST_TEST(c.outcomes["answered"] > 0);
    BOOST_TEST(c.outcomes["agent_failed"] > 0);
    // Nothing but the agents' processes is left, and the one that is kept ready; then nothing but their descriptors.
    BOOST_TEST(comes_true([&] { return c.process_count() <= supervisors * processes + 1U; }),
               c.process_count() << " processes are left");
    BOOST_TEST(comes_true([&] { return entries_of("/proc/self/fd") <= descriptors + 3; }),
               entries_of("/proc/self/fd") << " descriptors, after " << descriptors);
    const auto grown = resident_bytes() - std::min(resident_bytes(), bytes);
    BOOST_TEST(grown < (std::size_t{64} << 20), "memory grew by " << grown << " bytes");
    BOOST_TEST_MESSAGE("resident: " << bytes << " bytes, then " << grown << " more");
    BOOST_TEST(comes_true([] { return zombies_below(::getpid()) == 0; }), "zombies are left");
  }
  descriptors_after = entries_of("/proc/self/fd");
  BOOST_TEST(descriptors_after == descriptors_before);
}

BOOST_AUTO_TEST_SUITE_END()
