// What the memory costs, beside SQLite, RocksDB, a file, faiss and the machine's own memory, from one run. See
// README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memory_sides.hpp"
#include "runs.hpp"

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
constexpr auto rocksdb = "RocksDB";
constexpr auto file = "synced file";
constexpr auto memory_read = "memory read";
constexpr auto faiss = "faiss flat";
constexpr std::size_t scanned_rows = 2'000'000;  // 512 MB of ours: more than caches hold
constexpr std::size_t faiss_rows = 500'000;      // 512 MB of float32

struct settings {
  fs::path folder;
  bool quick = false;
  std::size_t records = 1'000'000;
  int repeat = 3;
  fs::path embeddings;
  std::vector<std::string> only;
  bool wants(const std::string& name) const {
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  }
};

void commits(const settings& with, runner& run, std::vector<table>& tables) {
  if (!with.wants("commits")) return;
  std::vector<std::string> subjects{ours, file, rocksdb};
  if (bench::sqlite_available()) subjects.insert(subjects.end(), {sqlite, sqlite_groups});
  auto& report = tables.emplace_back(table{"commits", bench::report{subjects}}).report;
  using side = std::pair<const char*, double (*)(const bench::commit_load&)>;
  std::vector<side> sides{
      {ours, bench::commits_of_ours}, {file, bench::commits_of_file}, {rocksdb, bench::commits_of_rocksdb}};
  if (bench::sqlite_available())
    sides.insert(sides.end(), {{sqlite, bench::commits_of_sqlite}, {sqlite_groups, bench::commits_of_sqlite_groups}});
  for (const std::size_t writers : {1, 64, 1000}) {
    std::vector<bench::target> targets;
    if (writers == 64) targets.push_back({file, 0.2});
    const auto name = fmt::format("commits_{}", writers);
    auto* row = &report.add(name, unit::ops_per_s, targets);
    for (int n = 0; n < with.repeat; ++n)
      for (const auto& [subject, measure] : sides) {
        say(fmt::format("{} {}/{} {}", name, n + 1, with.repeat, subject));
        const scratch at{with.folder};
        run.keep(subject, {row}, [&, measure = measure] {
          return std::vector{measure({at.folder(), writers, with.quick ? 1.0 : 3.0})};
        });
      }
  }
}

// Seconds that each of so many calls took, sorted.
std::vector<double> latencies(std::size_t times, const std::function<std::size_t(std::size_t)>& call) {
  using clock = std::chrono::steady_clock;
  std::vector<double> all;
  std::size_t found = 0;
  for (std::size_t n = 0; n < times; ++n) {
    const auto began = clock::now();
    found += call(n);
    all.push_back(std::chrono::duration<double>{clock::now() - began}.count());
  }
  if (found == 0) throw std::runtime_error{"nothing was found"};
  std::sort(all.begin(), all.end());
  return all;
}
double median(std::size_t times, const std::function<std::size_t(std::size_t)>& call) {
  return latencies(times, call)[times / 2];
}

struct filled_kind {
  const char* subject;
  void (*fill)(const fs::path&, const bench::layout&);
  std::unique_ptr<bench::filled_side> (*open)(const fs::path&, const bench::layout&);
};

std::vector<double> measure_reads(bench::filled_side& side, const bench::layout& of) {
  constexpr std::size_t times = 1000;
  const auto space = [&](std::size_t n) { return n * 7919 % of.spaces; };
  const auto place = [&](std::size_t n) { return n * 104'729 % of.places(); };
  side.get(0);  // ours learns the ids
  return {median(times, [&](std::size_t n) { return side.get(n * 7919); }),
          median(times, [&](std::size_t n) { return side.page(space(n), std::min(place(n), of.places() - 100), 100); }),
          median(times, [&](std::size_t n) { return side.newest(space(n), 20); }),
          median(times, [&](std::size_t n) { return side.facts_as_of(space(n), place(n)); })};
}

// p50 and p99.
std::vector<double> measure_recall(bench::filled_side& side, const bench::layout& of, std::size_t times,
                                   bool words_alone) {
  bench::corpus texts;
  std::vector<std::vector<std::string>> questions;
  for (std::size_t n = 0; n < times; ++n)
    questions.push_back(texts.question(n * 7919 % of.records, bench::layout::text_size_bytes));
  for (std::size_t n = 0; n < 5; ++n) side.recall(questions[n], 10, words_alone);  // what is read once is read
  const auto all = latencies(times, [&](std::size_t n) { return side.recall(questions[n], 10, words_alone); });
  return {all[times / 2], all[times * 99 / 100]};
}

// Opens it, and finds something; then what the process has grown by, at once and after some questions.
std::vector<double> measure_open(const filled_kind& side, const fs::path& folder, const bench::layout& of) {
  bench::corpus texts;
  const auto question = texts.question(1, bench::layout::text_size_bytes);
  const auto before = bench::resident_bytes();
  const auto began = std::chrono::steady_clock::now();
  const auto opened = side.open(folder, of);
  opened->newest(0, 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto at_once = bench::resident_bytes() - before;
  for (std::size_t n = 0; n < 100; ++n)
    opened->recall(texts.question(n * 7919 % of.records, bench::layout::text_size_bytes), 10, false);
  return {took.count(), at_once, bench::resident_bytes() - before};
}

void filled(const settings& with, runner& run, std::vector<table>& tables) {
  std::vector<bench::layout> layouts{{6'000, 30}, {100'000, 300}};
  if (!with.quick) layouts.push_back({with.records, 1});
  std::vector<filled_kind> sides{{ours, bench::fill_ours, bench::open_ours}};
  std::vector<std::string> subjects{ours};
  if (bench::sqlite_available()) {
    sides.push_back({sqlite, bench::fill_sqlite, bench::open_sqlite});
    subjects.emplace_back(sqlite);
  }
  if (!with.wants("reads") && !with.wants("recall") && !with.wants("open")) return;
  auto& report = tables.emplace_back(table{"filled", bench::report{subjects}}).report;
  for (const auto& of : layouts) {
    const auto named = [&](const char* what) { return fmt::format("{}_{}", what, of.records); };
    const bool last = &of == &layouts.back();
    const auto add = [&](bool wanted, std::vector<std::pair<const char*, unit>> names) {
      std::vector<bench::row*> rows;
      if (wanted)
        for (const auto& [name, counts] : names) rows.push_back(&report.add(named(name), counts, {}));
      return rows;
    };
    const auto fill = add(true, {{"fill", unit::ops_per_s}});
    const auto reads = add(with.wants("reads") && of.records == 100'000, {{"get", unit::seconds},
                                                                          {"page_100", unit::seconds},
                                                                          {"newest_20", unit::seconds},
                                                                          {"facts_as_of", unit::seconds}});
    const auto recall = add(with.wants("recall"), {{"recall_p50", unit::seconds}, {"recall_p99", unit::seconds}});
    const auto words = add(with.wants("recall"), {{"words_p50", unit::seconds}, {"words_p99", unit::seconds}});
    const auto open = add(with.wants("open") && last,
                          {{"open", unit::seconds}, {"open_memory", unit::bytes}, {"recall_memory", unit::bytes}});
    if (reads.empty() && recall.empty() && open.empty()) continue;
    const scratch at{with.folder};
    std::vector<filled_kind> there;
    for (const auto& side : sides) {
      say(fmt::format("{} {}", named("fill"), side.subject));
      const auto before = fill.front()->samples[side.subject].size();
      run.keep(side.subject, fill, [&] {
        const auto began = std::chrono::steady_clock::now();
        side.fill(at.folder() / side.subject, of);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        return std::vector{static_cast<double>(of.records) / took.count()};
      });
      if (fill.front()->samples[side.subject].size() > before) there.push_back(side);
    }
    const std::size_t questions = with.quick ? 200 : 500;
    for (int n = 0; n < with.repeat; ++n)
      for (const auto& side : there) {
        say(fmt::format("{} {}/{} {}", named("ask"), n + 1, with.repeat, side.subject));
        const auto folder = at.folder() / side.subject;
        const auto measure = [&](const std::vector<bench::row*>& rows,
                                 const std::function<std::vector<double>()>& how) {
          if (!rows.empty()) run.keep(side.subject, rows, how);
        };
        measure(reads, [&] { return measure_reads(*side.open(folder, of), of); });
        measure(recall, [&] { return measure_recall(*side.open(folder, of), of, questions, false); });
        measure(words, [&] { return measure_recall(*side.open(folder, of), of, questions, true); });
        measure(open, [&] { return measure_open(side, folder, of); });
      }
  }
}

void scans(const settings& with, runner& run, std::vector<table>& tables) {
  if (!with.wants("scan")) return;
  std::vector<std::string> subjects{ours, memory_read};
  if (bench::faiss_available()) subjects.emplace_back(faiss);
  auto& report = tables.emplace_back(table{"scan", bench::report{subjects}}).report;
  const std::vector<bench::row*> rows{&report.add("scan_bytes", unit::bytes_per_s, {}),
                                      &report.add("scan_vectors", unit::ops_per_s, {})};
  const auto scan = [&](const char* subject, bench::scan_rates (*how)(std::size_t), std::size_t count) {
    run.keep(subject, rows, [&] {
      const auto rates = how(count);
      return std::vector{rates.bytes_per_s, rates.vectors_per_s};
    });
  };
  for (int n = 0; n < with.repeat; ++n) {
    say(fmt::format("scan {}/{}", n + 1, with.repeat));
    scan(ours, bench::scan_ours, scanned_rows);
    run.keep(memory_read, {rows[0]}, [] { return std::vector{bench::read_bandwidth(scanned_rows * 256)}; });
    if (bench::faiss_available()) scan(faiss, bench::scan_faiss, faiss_rows);
  }
}

void graphs(const settings& with, runner& run, std::vector<table>& tables) {
  if (!with.wants("graph")) return;
  constexpr auto scan = "scan";
  auto& report = tables.emplace_back(table{"graph", bench::report{{ours, scan}}}).report;
  const auto measure = [&](const std::string& of, const std::function<bench::embeddings()>& embed) {
    say("graph of " + of);
    auto& questions = report.add("near_" + of, unit::seconds, {});
    const std::vector<bench::row*> rows{&report.add("recall10_" + of, unit::count, {}),
                                        &report.add("build_" + of, unit::ops_per_s, {}),
                                        &report.add("vector_" + of, unit::bytes, {})};
    const auto values = bench::isolated(
        [&] {
          const auto figures = bench::measure_graph(embed());
          return std::vector{figures.recall_at_10, figures.built_per_s, figures.bytes_each, figures.seconds,
                             figures.scan_seconds};
        },
        5);
    for (std::size_t n = 0; n < values.size(); ++n) {
      run.complete = run.complete && values[n];
      if (!values[n]) continue;
      auto& row = n < rows.size() ? *rows[n] : questions;
      row.samples[n + 1 == values.size() ? scan : ours].push_back(*values[n]);
    }
  };
  const std::size_t texts = with.quick ? 20'000 : 200'000;
  measure("hashed", [&] { return bench::hashed_embeddings(texts); });
  if (!with.embeddings.empty()) measure("words", [&] { return bench::word_embeddings(with.embeddings); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures Troupe's memory beside SQLite, RocksDB, a synced file, faiss, and the machine's own memory."};
  settings with;
  std::string json_file;
  std::string folder = "bench_memory.data";
  app.add_option("--folder", folder, "Where it writes; on the disk that is to be measured. Emptied at the end");
  app.add_flag("--quick", with.quick, "Shorter, and without the largest memory");
  app.add_option("--records", with.records, "Of the largest memory")->check(CLI::Range(10'000, 100'000'000));
  app.add_option("--repeat", with.repeat, "Measurements of each kind, of which the median counts")
      ->check(CLI::Range(1, 100));
  app.add_option("--json", json_file, "Also write every sample to this file");
  app.add_option("--embeddings", with.embeddings,
                 "Also the graph of a model's own vectors of words: its .safetensors file")
      ->check(CLI::ExistingFile);
  app.add_option("--only", with.only, "Only these: commits, reads, recall, scan, graph, open")
      ->check(CLI::IsMember({"commits", "reads", "recall", "scan", "graph", "open"}));
  CLI11_PARSE(app, argc, argv);
  with.folder = folder;

  runner run;
  std::vector<table> tables;
  commits(with, run, tables);
  filled(with, run, tables);
  scans(with, run, tables);
  graphs(with, run, tables);
  say("");
  bench::print(tables, std::cout);
  if (!bench::sqlite_available()) std::cout << "not installed, so not measured: SQLite (libsqlite3-dev)\n";
  if (!bench::faiss_available()) std::cout << "not installed, so not measured: faiss (libfaiss-dev)\n";
  std::error_code ignored;
  fs::remove(with.folder, ignored);
  if (!json_file.empty() && !bench::write_json(tables, json_file)) return 1;
  return run.complete ? 0 : 1;
}
