#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <troupe/memory/check.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/net/codec.hpp>

#include "core/temporary_folder.hpp"
#include "crash_orders.hpp"
#include "support/process.hpp"
#include "witness.hpp"

// A program of durable agents (crash_program.cpp) is killed in the middle, again and again, over the same memory. This
// process sees all that it does to the world and all that it was told, and knows what must come of it: each order that
// was acknowledged is done once and whole, one that was not is done so or not at all, and no effect whose result was on
// disk happens again. Budgets are not looked at: what is reserved is not in the journal.
//
// By hand: TROUPE_CRASH_KILLS=5000, for so many kills, and TROUPE_CRASH_SEED=n for others. A seed gives the same orders
// and kills after the same lines; what the program's threads do in between is the machine's.

using namespace support;
using troupe::path;
namespace memory = troupe::memory;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kills_by_default = 50;
#else
constexpr int kills_by_default = 300;
#endif
constexpr int kills_of_a_round = 50;  // then its folder is looked at to the last record, and the next round begins

std::uint64_t set_by_hand(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

// What agents remember of an order that was accepted: texts, by agent, and what each adds to the agent's sum.
using records = std::map<std::string, std::map<std::string, std::int64_t>>;

void expect_part(records& all, const std::string& who, const std::string& order, const std::string& branch, int first,
                 std::int64_t amount, bool fee) {
  all[who]["change " + order + ' ' + branch + std::to_string(first)] = amount;
  if (fee) all["vault"]["fee " + order + ' ' + branch + std::to_string(first + 1)] = 1;
}

records expected_of(std::uint64_t seed, std::int64_t number) {
  const auto terms = terms_of(seed, number);
  const auto order = std::to_string(number);
  const bool at_once = terms.kind == order_kind::at_once, fails = terms.kind == order_kind::failing;
  records all;
  expect_part(all, "account" + std::to_string(terms.from), order, at_once ? "a" : "t", step::taken,
              fails ? 0 : -terms.amount, terms.fee);
  if (fails) return all;
  expect_part(all, "account" + std::to_string(terms.to), order, at_once ? "b" : "t",
              at_once ? step::taken : step::given, terms.amount, terms.fee);
  all["teller" + std::to_string(terms.teller)]["order " + order] = number;
  all["ledger"]["entry " + order] = number;
  return all;
}

struct figures {
  int kills = 0, kills_at_start = 0, whole_lives = 0, looks = 0;
  std::int64_t acknowledged = 0, not_acknowledged = 0;
  std::uint64_t steps = 0, taken_again = 0;
};

// Some lives over one folder.
class campaign {
 public:
  campaign(std::uint64_t seed, figures& count) : seed_{seed}, random_{seed}, count_{count} {}

  // False: something was wrong.
  bool run(int kills) {
    while (kills > 0 && witness_.faults().empty()) {
      if (live(true)) --kills;
      if (random_() % 4 == 0) look();
    }
    totals_.clear();
    live(false);
    look();
    look_at_the_end();
    count_.acknowledged += static_cast<std::int64_t>(acknowledged_.size());
    count_.not_acknowledged += posted_ - static_cast<std::int64_t>(acknowledged_.size());
    count_.steps += witness_.steps();
    count_.taken_again += witness_.taken_again();
    for (const auto& each : witness_.faults()) BOOST_ERROR(each);
    if (!witness_.faults().empty())
      for (const auto& each : lines_) BOOST_TEST_MESSAGE(each);
    return witness_.faults().empty();
  }

 private:
  std::string place() const { return (folder_.path() / "memory").string(); }

  // One life of the program, with a kill after some line or not. Whether it was killed.
  bool live(bool to_be_killed) {
    const auto orders = to_be_killed ? 1 + random_() % 6 : 0;
    // Some while it opens its memory or starts, most while it works, some late.
    static constexpr std::uint64_t ends[] = {3, 20, 90, 90, 90, 90, 400};
    const auto lines = random_() % ends[random_() % std::size(ends)];
    const auto spin = std::chrono::microseconds{random_() % 2 == 0 ? random_() % 8'000 : 0};
    process program{
        {TROUPE_CRASH_PROGRAM, place(), std::to_string(seed_), std::to_string(posted_), std::to_string(orders)}};
    bool kills = to_be_killed;
    if (kills && lines > 0) kills = program.wait_for('#' + std::to_string(lines) + ' ');
    if (kills) {
      const auto until = std::chrono::steady_clock::now() + spin;
      while (std::chrono::steady_clock::now() < until) {
      }
      program.send(SIGKILL);
    }
    const int code = program.wait();
    lines_.push_back("-- a life of " + std::to_string(orders) + " orders, to be killed after " +
                     (to_be_killed ? std::to_string(lines) : "no") + " lines");
    const bool started = read(program.text());
    witness_.next_life();
    if (code == 128 + SIGKILL) {
      ++count_.kills;
      if (!started) ++count_.kills_at_start;
      return true;
    }
    if (code != 0 || lines_.back().find(" end") == std::string::npos) witness_.wrong("it ended with " + program.text());
    ++count_.whole_lives;
    return false;
  }

  // What the program has said. Whether its agents had started.
  bool read(const std::string& text) {
    std::istringstream in{text};
    std::string line;
    int numbers = 0;
    bool started = false;
    while (std::getline(in, line)) {
      lines_.push_back(line);
      std::istringstream words{line};
      std::string number, what;
      words >> number >> what;
      if (number != '#' + std::to_string(++numbers)) witness_.wrong("not a line: " + line);
      std::int64_t n = 0;
      if (what == "posting" && words >> n)
        posted_ = std::max(posted_, n + 1);
      else if (what == "posted" && words >> n)
        acknowledged_.insert(n);
      else if (what == "step")
        saw_step(words);
      else if (what == "total")
        words >> what >> totals_[what].first >> totals_[what].second;
      else if (what == "started")
        started = true;
      else if (what != "opened" && what != "end")
        witness_.wrong(line);
    }
    return started;
  }

  void saw_step(std::istream& words) {
    std::int64_t order = 0;
    std::string branch, value, key;
    int number = 0;
    words >> order >> branch >> number >> value >> key;
    if (number != step::drawn) {
      // What was drawn has been written down by now, and the turn's time and chance with it.
      const auto& known = values_.emplace(order, value).first->second;
      if (known != value) witness_.wrong("order " + std::to_string(order) + " has " + value + ", and had " + known);
      const auto drawn = witness_.value(order, 't', step::drawn);
      if (value.substr(0, value.find('/')) != drawn) witness_.wrong(value + " is not what was drawn, " + drawn);
    }
    if (number == step::tool && key != keys_.emplace(order, key).first->second)
      witness_.wrong("the tool of order " + std::to_string(order) + " got another key");
    witness_.saw(order, branch.front(), number, value);
  }

  // Nothing is there by half: what agents keep fits what they remember, and the memory is in order.
  void look() {
    ++count_.looks;
    auto opened = memory::store::open({.folder = place()});
    if (!opened) return witness_.wrong("the memory: " + opened.error().describe());
    store_ = std::move(*opened);
    found_.clear();
    records possible;
    for (std::int64_t n = 0; n < posted_; ++n)
      for (const auto& [who, texts] : expected_of(seed_, n)) possible[who].insert(texts.begin(), texts.end());
    for (const auto& who : agents()) look_at(who, possible[who]);
    const auto report = memory::check(*store_);
    if (!report) return witness_.wrong("check: " + report.error().describe());
    for (const auto& each : report->faults) witness_.wrong(each);
    messages_ = report->messages;
    store_.reset();
  }

  void look_at(const std::string& who, const std::map<std::string, std::int64_t>& possible) {
    const auto where = path{"/bank"} / who;
    const auto page = store_->read({}, where, 0, 100'000);
    if (!page) return witness_.wrong(who + ": " + page.error().describe());
    std::int64_t sum = 0;
    auto& found = found_[who];
    for (const auto& each : page->records) {
      const auto known = possible.find(each.text);
      if (known == possible.end()) witness_.wrong(who + " remembers " + each.text);
      if (!found.insert(each.text).second) witness_.wrong(who + " has done twice: " + each.text);
      if (known != possible.end()) sum += known->second;
    }
    const auto count = static_cast<std::int64_t>(page->records.size());
    kept(who, where, "count", count);
    kept(who, where, "sum", sum);
    sums_[who] = {count, sum};
  }

  void kept(const std::string& who, const path& where, const char* key, std::int64_t fits) {
    const auto state = store_->state({}, where, key);
    if (!state) return witness_.wrong(who + ": " + state.error().describe());
    const auto value = *state ? troupe::net::decode<std::int64_t>(**state) : troupe::result<std::int64_t>{0};
    if (!value || *value != fits)
      witness_.wrong(who + " keeps another " + key + ' ' + (value ? std::to_string(*value) : "?") + " than its " +
                     std::to_string(fits));
  }

  // All orders that were accepted are done, and those that were acknowledged had been accepted.
  void look_at_the_end() {
    if (messages_ != 0) witness_.wrong(std::to_string(messages_) + " messages are left");
    if (totals_ != sums_) witness_.wrong("agents say another total than their memory");
    std::size_t in_all = 0;
    for (const auto& [who, texts] : found_) in_all += texts.size();
    for (std::int64_t n = 0; n < posted_; ++n) {
      std::size_t there = 0, all = 0;
      std::string missing;
      for (const auto& [who, texts] : expected_of(seed_, n))
        for (const auto& [text, amount] : texts) {
          ++all;
          if (found_[who].contains(text))
            ++there;
          else
            missing += ' ' + who + ": " + text + ';';
        }
      in_all -= there;
      if (there != all && (there != 0 || acknowledged_.contains(n)))
        witness_.wrong("order " + std::to_string(n) + (acknowledged_.contains(n) ? ", acknowledged," : "") + " lacks" +
                       missing);
    }
    if (in_all != 0) witness_.wrong("there is more than was ordered");
    std::set<std::string> keys;
    for (const auto& [order, key] : keys_)
      if (!keys.insert(key).second) witness_.wrong("two calls of the tool have the key " + key);
  }

  static std::vector<std::string> agents() {
    std::vector<std::string> all{"vault", "ledger"};
    for (int i = 0; i < accounts; ++i) all.push_back("account" + std::to_string(i));
    for (int i = 0; i < tellers; ++i) all.push_back("teller" + std::to_string(i));
    return all;
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  figures& count_;
  const troupe::test::temporary_folder folder_;
  witness witness_;
  std::vector<std::string> lines_;
  std::int64_t posted_ = 0;  // or about to be
  std::set<std::int64_t> acknowledged_;
  std::map<std::int64_t, std::string> values_, keys_;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> totals_, sums_;
  std::map<std::string, std::set<std::string>> found_;
  std::uint64_t messages_ = 0;
  std::unique_ptr<memory::store> store_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(crash_test)

BOOST_AUTO_TEST_CASE(whatever_is_killed_in_the_middle_loses_no_message_and_does_no_effect_again) {
  const auto first = set_by_hand("TROUPE_CRASH_SEED", 1);
  const auto kills = static_cast<int>(set_by_hand("TROUPE_CRASH_KILLS", kills_by_default));
  const auto began = std::chrono::steady_clock::now();
  figures count;
  for (auto seed = first; count.kills < kills; ++seed) {
    const int round = std::min(kills_of_a_round, kills - count.kills);
    BOOST_TEST_CONTEXT("TROUPE_CRASH_SEED=" << seed << " TROUPE_CRASH_KILLS=" << round) {
      BOOST_REQUIRE((campaign{seed, count}.run(round)));
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  BOOST_TEST_MESSAGE("seed " << first << ": " << count.kills << " kills (" << count.kills_at_start
                             << " before the agents had started), " << count.whole_lives << " lives not killed, "
                             << count.looks << " looks at the memory, " << took.count() << " s");
  BOOST_TEST_MESSAGE(count.acknowledged << " orders acknowledged, " << count.not_acknowledged << " not; " << count.steps
                                        << " steps, " << count.taken_again << " of them again");
  BOOST_TEST(count.acknowledged > kills / 2);
}

BOOST_AUTO_TEST_SUITE_END()
