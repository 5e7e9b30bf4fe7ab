// What durable turns cost, beside SQLite with a synced transaction for each step and a file that is synced once a turn,
// from one run. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "runs.hpp"
#include "turns_sides.hpp"

namespace {

namespace fs = std::filesystem;
using bench::runner;
using bench::say;
using bench::scratch;
using bench::table;
using bench::unit;

constexpr auto ours = "troupe";
constexpr auto sqlite = "SQLite";
constexpr auto sqlite_groups = "SQLite groups";
constexpr auto file = "synced file";

struct settings {
  fs::path folder;
  bool quick = false;
  bool pooled = false;
  bool alone = false;
  int repeat = 3;
  double seconds = 2;
  std::vector<std::size_t> agents{1, 64, 1000};
  std::vector<std::size_t> effects{0, 1, 5};
  std::vector<std::string> only;
  bool wants(const std::string& name) const {
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  }
};

void turns(const settings& with, runner& run, std::vector<table>& tables) {
  if (!with.wants("turns")) return;
  using side = std::pair<const char*, bench::turn_figures (*)(const bench::turn_load&)>;
  std::vector<side> sides{{ours, bench::turns_of_ours}};
  if (bench::turns_sqlite_available() && !with.alone)
    sides.insert(sides.end(), {{sqlite, bench::turns_of_sqlite}, {sqlite_groups, bench::turns_of_sqlite_groups}});
  if (!with.alone) sides.emplace_back(file, bench::turns_of_file);
  std::vector<std::string> subjects;
  for (const auto& each : sides) subjects.emplace_back(each.first);
  auto& report = tables.emplace_back(table{"turns", bench::report{subjects}}).report;
  for (const auto agents : with.agents)
    for (const auto effects : with.effects) {
      const auto named = [&](const char* what) { return fmt::format("{}_{}_{}", what, agents, effects); };
      // Where many wait for each other, a turn takes seconds.
      const auto seconds = agents < 1'000 ? with.seconds : 4 * with.seconds;
      // DESIGN: with 64 agents, five times what one sync for each turn allows.
      std::vector<bench::target> targets;
      if (agents == 64) targets.push_back({file, 0.2});
      const std::vector<bench::row*> rows{
          &report.add(named("turns"), unit::ops_per_s, targets), &report.add(named("p50"), unit::seconds, {}),
          &report.add(named("p99"), unit::seconds, {}),          &report.add(named("cpu"), unit::seconds, {}),
          &report.add(named("written"), unit::bytes, {}),        &report.add(named("syncs"), unit::count, {})};
      for (int n = 0; n < with.repeat; ++n)
        for (const auto& [subject, measure] : sides) {
          say(fmt::format("{} {}/{} {}", named("turns"), n + 1, with.repeat, subject));
          const scratch at{with.folder};
          run.keep(subject, rows, [&, measure = measure] {
            const auto found = measure({at.folder(), agents, effects, seconds, with.pooled});
            return std::vector{found.turns_per_s, found.p50_s,         found.p99_s,
                               found.cpu_s,       found.written_bytes, found.syncs};
          });
        }
    }
}

void recovery(const settings& with, runner& run, std::vector<table>& tables) {
  if (!with.wants("recovery")) return;
  struct side {
    const char* subject;
    void (*crash)(const bench::crash_load&, const std::function<void()>&);
    bench::recovery_figures (*recover)(const bench::crash_load&);
  };
  std::vector<side> sides{{ours, bench::crash_ours, bench::recover_ours}};
  if (bench::turns_sqlite_available() && !with.alone)
    sides.push_back({sqlite, bench::crash_sqlite, bench::recover_sqlite});
  std::vector<std::string> subjects;
  for (const auto& each : sides) subjects.emplace_back(each.subject);
  auto& report = tables.emplace_back(table{"recovery", bench::report{subjects}}).report;
  const std::size_t turns = with.quick ? 1'000 : 10'000;
  for (const std::size_t agents : {turns, std::size_t{100}}) {
    const auto named = [&](const char* what) { return fmt::format("{}_{}x{}", what, agents, turns / agents); };
    const std::vector<bench::row*> rows{&report.add(named("waiting"), unit::seconds, {}),
                                        &report.add(named("ended"), unit::seconds, {})};
    for (int n = 0; n < with.repeat; ++n)
      for (const auto& each : sides) {
        say(fmt::format("{} {}/{} {}", named("recovery"), n + 1, with.repeat, each.subject));
        const scratch at{with.folder};
        const bench::crash_load load{at.folder(), agents, turns / agents};
        if (!run.crash([&](const auto& ready) { each.crash(load, ready); })) continue;
        run.keep(each.subject, rows, [&] {
          const auto found = each.recover(load);
          return std::vector{found.waiting_s, found.ended_s};
        });
      }
  }
}

void passive(const settings& with, runner& run, std::vector<table>& tables) {
  if (!with.wants("passive")) return;
  auto& report = tables.emplace_back(table{"passive", bench::report{{ours}}}).report;
  for (const std::size_t agents : {1'000, 10'000}) {
    const auto named = [&](const char* what) { return fmt::format("{}_{}", what, agents); };
    const std::vector<bench::row*> rows{&report.add(named("started"), unit::seconds, {}),
                                        &report.add(named("memory"), unit::bytes, {})};
    for (int n = 0; n < with.repeat; ++n) {
      say(fmt::format("{} {}/{}", named("passive"), n + 1, with.repeat));
      const scratch at{with.folder};
      const bench::crash_load load{at.folder(), agents, 1};
      if (!run.crash([&](const auto& ready) { bench::crash_passive(load, ready); })) continue;
      run.keep(ours, rows, [&] {
        const auto found = bench::recover_passive(load);
        return std::vector{found.started_s, found.agent_bytes};
      });
    }
  }
}

void journal(const settings& with, runner& run, std::vector<table>& tables) {
  if (!with.wants("journal")) return;
  auto& report = tables.emplace_back(table{"journal", bench::report{{ours}}}).report;
  for (const std::size_t nth : {10, 10'000}) {
    const auto row = [&](const char* what, unit counts) {
      return &report.add(fmt::format("{}_{}", what, nth), counts, {});
    };
    const std::vector<bench::row*> rows{row("window", unit::bytes), row("recall", unit::bytes),
                                        row("answer", unit::bytes), row("written", unit::bytes),
                                        row("turn", unit::seconds)};
    for (int n = 0; n < with.repeat; ++n) {
      say(fmt::format("journal_{} {}/{}", nth, n + 1, with.repeat));
      const scratch at{with.folder};
      run.keep(ours, rows, [&] {
        const auto found = bench::journal_of_ours(at.folder(), nth);
        return std::vector{found.window_bytes, found.recall_bytes, found.answer_bytes, found.written_bytes,
                           found.turn_s};
      });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures Troupe's durable turns beside SQLite and a synced file."};
  settings with;
  std::string json_file;
  std::string folder = "bench_turns.data";
  app.add_option("--folder", folder, "Where it writes; on the disk that is to be measured. Emptied at the end");
  app.add_flag("--quick", with.quick, "Shorter, once each, and recovery of 1,000 turns");
  auto* repeat = app.add_option("--repeat", with.repeat, "Measurements of each kind, of which the median counts")
                     ->check(CLI::Range(1, 100));
  app.add_option("--seconds", with.seconds,
                 "That turns are counted, each time; four times as long from 1,000 agents on")
      ->check(CLI::Range(0.1, 12.0));
  app.add_option("--agents", with.agents, "How many agents at once")->check(CLI::Range(1, 10'000));
  app.add_option("--effects", with.effects, "Of a turn")->check(CLI::Range(0, 1'000));
  app.add_flag("--pool", with.pooled, "Ours does effects with turn::run, on the pool, and not with turn::once");
  app.add_flag("--alone", with.alone, "Ours alone, as for a profiler");
  app.add_option("--json", json_file, "Also write every sample to this file");
  app.add_option("--only", with.only, "Only these: turns, recovery, passive, journal")
      ->check(CLI::IsMember({"turns", "recovery", "passive", "journal"}));
  CLI11_PARSE(app, argc, argv);
  with.folder = folder;
  if (with.quick) {
    with.seconds = std::min(with.seconds, 1.0);
    if (repeat->count() == 0) with.repeat = 1;
  }

  runner run;
  std::vector<table> tables;
  turns(with, run, tables);
  recovery(with, run, tables);
  passive(with, run, tables);
  journal(with, run, tables);
  say("");
  bench::print(tables, std::cout);
  if (!bench::turns_sqlite_available()) std::cout << "not installed, so not measured: SQLite (libsqlite3-dev)\n";
  std::error_code ignored;
  fs::remove(with.folder, ignored);
  if (!json_file.empty() && !bench::write_json(tables, json_file)) return 1;
  return run.complete ? 0 : 1;
}
