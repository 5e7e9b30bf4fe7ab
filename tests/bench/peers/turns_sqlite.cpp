// Durable turns as libraries for durable execution make them of a database: a row for each message, for each effect's
// result and for each agent's state, and each step a transaction that is synced. Rows of a turn go when it has ended,
// as ours do. Nothing else happens: no scheduler, no mailboxes, no supervision.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "sqlite_connection.hpp"
#include "turns_sides.hpp"

namespace bench {

namespace {

using sqlite::connection;
using sqlite::statement;

constexpr std::size_t threads_max = 16;

constexpr auto schema = R"(
  CREATE TABLE inbox(turn INTEGER PRIMARY KEY, agent INTEGER, type TEXT, message TEXT);
  CREATE TABLE effects(turn INTEGER, number INTEGER, label TEXT, at INTEGER, result TEXT, PRIMARY KEY(turn, number))
    WITHOUT ROWID;
  CREATE TABLE states(agent INTEGER PRIMARY KEY, turns INTEGER, last TEXT);)";

std::filesystem::path file_in(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  return folder / "turns.db";
}

// The steps of turns, each to be in a transaction.
class steps {
 public:
  explicit steps(connection& on)
      : accept_{on, "INSERT INTO inbox VALUES(?, ?, 'job', ?)"},
        note_{on, "INSERT INTO effects VALUES(?, ?, 'once', unixepoch(), ?)"},
        keep_{on,
              "INSERT INTO states VALUES(?, 1, ?) ON CONFLICT(agent) DO UPDATE SET turns = turns + 1, "
              "last = excluded.last"},
        forget_{on, "DELETE FROM effects WHERE turn = ?"},
        end_{on, "DELETE FROM inbox WHERE turn = ?"} {}

  void accept(std::size_t turn, std::size_t agent) {
    accept_.bind(1, signed_of(turn)).bind(2, signed_of(agent)).bind(3, message_text(agent)).run();
  }
  void note(std::size_t turn, std::size_t number) {
    note_.bind(1, signed_of(turn)).bind(2, signed_of(number)).bind(3, effect_text(number)).run();
  }
  void end(std::size_t turn, std::size_t agent, std::size_t effects) {
    keep_.bind(1, signed_of(agent)).bind(2, message_text(agent)).run();
    if (effects > 0) forget_.bind(1, signed_of(turn)).run();
    end_.bind(1, signed_of(turn)).run();
  }
  // Step 0 accepts, then come the effects, and the end.
  void step(std::size_t turn, std::size_t agent, std::size_t n, std::size_t effects) {
    if (n == 0) return accept(turn, agent);
    return n <= effects ? note(turn, n) : end(turn, agent, effects);
  }

 private:
  static std::int64_t signed_of(std::size_t n) { return static_cast<std::int64_t>(n); }
  statement accept_, note_, keep_, forget_, end_;
};

turn_figures by_one_writer(const turn_load& load, std::size_t group_max) {
  connection on{file_in(load.folder)};
  on.run(schema);
  steps all{on};
  std::vector<std::size_t> turns(load.agents);  // in hand
  std::size_t begun = 0;
  return turns_of({.steps = load.effects + 2,
                   .group_max = group_max,
                   .begin = [&] { on.run("BEGIN IMMEDIATE"); },
                   .step =
                       [&](std::size_t agent, std::size_t step) {
                         if (step == 0) turns[agent] = ++begun;
                         all.step(turns[agent], agent, step, load.effects);
                       },
                   .commit = [&] { on.run("COMMIT"); }},
                  load);
}

// Agents whose message was sent, in order.
class line {
 public:
  struct message {
    std::size_t agent = 0;
    stopwatch::time_point sent;
  };
  void put(message what) {
    {
      const std::lock_guard held{mutex_};
      waiting_.push_back(what);
    }
    wake_.notify_one();
  }
  message take() {
    std::unique_lock held{mutex_};
    wake_.wait(held, [&] { return !waiting_.empty(); });
    const auto first = waiting_.front();
    waiting_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<message> waiting_;
};

// A thread with a connection does whole turns, one after the other. The threads take turns at the database by a lock of
// their own: SQLite's busy handler sleeps, and would leave the disk idle.
turn_figures by_threads(const turn_load& load, std::size_t threads) {
  const auto file = file_in(load.folder);
  connection{file}.run(schema);
  std::atomic<std::size_t> begun{0};
  std::atomic<bool> failed{false};
  std::mutex writes;
  std::uint64_t commits = 0;
  const auto serve = [&](connection& on, steps& all, std::size_t agent) {
    const auto turn = ++begun;
    for (std::size_t n = 0; n < load.effects + 2; ++n) {
      const std::lock_guard held{writes};
      on.run("BEGIN IMMEDIATE");
      all.step(turn, agent, n, load.effects);
      on.run("COMMIT");
      ++commits;
    }
  };
  {
    connection first{file};
    steps all{first};
    for (std::size_t agent = 0; agent < load.agents; ++agent) serve(first, all, agent);  // not counted
  }
  line waiting;
  commits = 0;
  turn_meter meter{load.seconds};
  for (std::size_t agent = 0; agent < load.agents; ++agent) waiting.put({agent, meter.began()});
  std::mutex adding;
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t < threads; ++t)
      all.emplace_back([&] {
        try {
          connection mine{file};
          steps with{mine};
          auto turns = meter;
          for (auto now = meter.began(); !meter.is_over(now) && !failed;) {
            const auto next = waiting.take();
            serve(mine, with, next.agent);
            now = stopwatch::now();
            turns.add(next.sent, now);
            waiting.put({next.agent, now});
          }
          const std::lock_guard held{adding};
          meter.add(turns);
        } catch (const std::exception&) {
          failed = true;
        }
      });
  }
  if (failed) throw std::runtime_error{"SQLite: a thread failed"};
  return meter.figures(commits);
}

}  // namespace

bool turns_sqlite_available() noexcept { return true; }

turn_figures turns_of_sqlite(const turn_load& load) {
  auto other = load;
  other.folder /= "threads";
  const auto one = by_one_writer(load, 1);
  if (load.agents == 1) return one;
  const auto several = by_threads(other, std::min(load.agents, threads_max));
  return several.turns_per_s > one.turns_per_s ? several : one;
}

turn_figures turns_of_sqlite_groups(const turn_load& load) { return by_one_writer(load, load.agents); }

void crash_sqlite(const crash_load& load, const std::function<void()>& ready) {
  connection on{file_in(load.folder)};
  on.run(schema);
  steps all{on};
  std::size_t turn = 0;
  on.run("BEGIN IMMEDIATE");
  for (std::size_t agent = 0; agent < load.agents; ++agent)
    for (std::size_t n = 0; n < load.turns_each; ++n) {
      all.accept(++turn, agent);
      if (n == 0) all.note(turn, 1);
    }
  on.run("COMMIT");
  ready();
}

recovery_figures recover_sqlite(const crash_load& load) {
  const auto began = stopwatch::now();
  connection on{file_in(load.folder)};
  steps all{on};
  struct unfinished {
    std::size_t turn, agent, effects;
  };
  std::vector<unfinished> turns;
  {
    statement found{on,
                    "SELECT inbox.*, effects.number, effects.result FROM inbox LEFT JOIN effects USING(turn) ORDER BY "
                    "turn, number"};
    found.each([&](sqlite3_stmt* row) {
      turns.push_back({static_cast<std::size_t>(sqlite3_column_int64(row, 0)),
                       static_cast<std::size_t>(sqlite3_column_int64(row, 1)),
                       sqlite3_column_type(row, 4) == SQLITE_NULL ? std::size_t{0} : std::size_t{1}});
    });
  }
  if (turns.size() != load.agents * load.turns_each) throw std::runtime_error{"SQLite: turns were lost"};
  const std::chrono::duration<double> waiting = stopwatch::now() - began;
  for (const auto& each : turns) {
    const auto step = [&](const std::function<void()>& what) {
      on.run("BEGIN IMMEDIATE");
      what();
      on.run("COMMIT");
    };
    if (each.effects == 0) step([&] { all.note(each.turn, 1); });
    step([&] { all.note(each.turn, 2); });
    step([&] { all.end(each.turn, each.agent, 2); });
  }
  return {waiting.count(), std::chrono::duration<double>{stopwatch::now() - began}.count()};
}

}  // namespace bench
