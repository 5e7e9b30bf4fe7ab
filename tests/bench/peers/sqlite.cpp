// SQLite as it is used for memories: a row for each record with indexes for what is read, FTS5 over the text; WAL, and
// each transaction synced.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "memory_sides.hpp"
#include "sqlite_connection.hpp"

namespace bench {

namespace {

using sqlite::connection;
using sqlite::statement;

constexpr auto schema = R"(
  CREATE TABLE records(n INTEGER PRIMARY KEY, id TEXT UNIQUE, space INTEGER, place INTEGER, kind INTEGER, author TEXT,
    recorded INTEGER, time INTEGER, text TEXT, importance REAL, subject TEXT, attributes TEXT, key TEXT, value TEXT);
  CREATE INDEX by_space ON records(space, place);
  CREATE INDEX by_fact ON records(space, key, time) WHERE key IS NOT NULL;
  CREATE VIRTUAL TABLE words USING fts5(text, content = 'records', content_rowid = 'n', tokenize = 'porter unicode61');)";

std::string id_of(std::size_t n) { return fmt::format("018f0000-0000-7000-8000-{:012}", n); }

// A record and its entry in FTS5's index.
class inserter {
 public:
  explicit inserter(connection& to)
      : row_{to, "INSERT INTO records VALUES(?, ?, ?, ?, ?, '/', ?, ?, ?, 0.5, ?, ?, ?, ?)"},
        words_{to, "INSERT INTO words(rowid, text) VALUES(?, ?)"} {}

  void insert(std::size_t n, std::size_t space, std::size_t place, const std::string& text,
              const std::string& key = {}) {
    const auto number = static_cast<std::int64_t>(n);
    row_.bind(1, number + 1).bind(2, id_of(n)).bind(3, static_cast<std::int64_t>(space));
    row_.bind(4, static_cast<std::int64_t>(place)).bind(5, key.empty() ? 1 : 2).bind(6, number).bind(7, number);
    row_.bind(8, text).bind(9, fmt::format("p{}", space)).bind(10, std::string{R"({"speaker":"nurse"})"});
    if (!key.empty()) row_.bind(11, key).bind(12, std::to_string(n % 97));
    row_.run();
    words_.bind(1, number + 1).bind(2, text).run();
  }

 private:
  statement row_, words_;
};

std::filesystem::path file_in(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  return folder / "memory.db";
}

class sqlite_side final : public filled_side {
 public:
  sqlite_side(const std::filesystem::path& folder, const layout& of) : on_{file_in(folder)}, layout_{of} {}

  std::size_t get(std::size_t n) override { return get_.bind(1, id_of(n % layout_.records)).run(); }
  std::size_t page(std::size_t space, std::size_t from, std::size_t limit) override {
    return page_.bind(1, signed_of(space)).bind(2, signed_of(from)).bind(3, signed_of(limit)).run();
  }
  std::size_t newest(std::size_t space, std::size_t limit) override {
    return newest_.bind(1, signed_of(space)).bind(2, signed_of(limit)).run();
  }
  std::size_t facts_as_of(std::size_t space, std::size_t place) override {
    return facts_.bind(1, signed_of(space)).bind(2, signed_of(place * layout_.spaces + space)).run();
  }
  std::size_t recall(const std::vector<std::string>& words, std::size_t limit, bool) override {
    std::string match;
    for (const auto& each : words) match += fmt::format("{}\"{}\"", match.empty() ? "" : " OR ", each);
    return recall_.bind(1, match).bind(2, signed_of(limit)).run();
  }

 private:
  static std::int64_t signed_of(std::size_t n) { return static_cast<std::int64_t>(n); }

  connection on_;
  const layout layout_;
  statement get_{on_, "SELECT * FROM records WHERE id = ?"};
  statement page_{on_, "SELECT * FROM records WHERE space = ? AND place >= ? ORDER BY place LIMIT ?"};
  statement newest_{on_, "SELECT * FROM records WHERE space = ? ORDER BY place DESC LIMIT ?"};
  // A bare column beside max() is that of the row with the maximum.
  statement facts_{
      on_,
      "SELECT *, max(time) FROM records WHERE space = ? AND key >= 'vital/' AND key < 'vital0' AND time <= ? "
      "GROUP BY key"};
  statement recall_{
      on_,
      "SELECT records.*, found.rank FROM (SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank "
      "LIMIT ?) AS found JOIN records ON records.n = found.rowid ORDER BY found.rank"};
};

}  // namespace

bool sqlite_available() noexcept { return true; }

double commits_of_sqlite(const commit_load& load) {
  using clock = std::chrono::steady_clock;
  const auto file = file_in(load.folder);
  connection{file}.run(schema);
  const auto texts = commit_texts();
  std::atomic<std::size_t> begun{0}, done{0};
  std::atomic<bool> failed{false};
  const auto began = clock::now();
  const auto end = began + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>{load.seconds});
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t < std::min<std::size_t>(load.writers, 64); ++t)
      all.emplace_back([&] {
        try {
          connection mine{file};
          inserter into{mine};
          while (clock::now() < end && !failed) {
            const auto n = begun.fetch_add(1);
            mine.run("BEGIN IMMEDIATE");
            into.insert(n, n % 64, n / 64, texts[n % texts.size()]);
            mine.run("COMMIT");
            ++done;
          }
        } catch (const std::exception&) {
          failed = true;
        }
      });
  }
  if (failed) throw std::runtime_error{"SQLite: a writer failed"};
  return static_cast<double>(done) / std::chrono::duration<double>{clock::now() - began}.count();
}

double commits_of_sqlite_groups(const commit_load& load) {
  connection on{file_in(load.folder)};
  on.run(schema);
  inserter into{on};
  const auto texts = commit_texts();
  std::size_t n = 0;
  const auto groups = rate_of(load.seconds, [&] {
    on.run("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < load.writers; ++i, ++n) into.insert(n, n % 64, n / 64, texts[n % texts.size()]);
    on.run("COMMIT");
  });
  return groups * static_cast<double>(load.writers);
}

void fill_sqlite(const std::filesystem::path& folder, const layout& of) {
  connection on{file_in(folder)};
  on.run(schema);
  inserter into{on};
  corpus texts;
  for (std::size_t n = 0; n < of.records;) {
    on.run("BEGIN IMMEDIATE");
    for (int i = 0; i < 5000 && n < of.records; ++i, ++n)
      into.insert(n, of.space_of(n), of.place_of(n), texts.text(n, layout::text_size_bytes),
                  of.is_fact(n) ? fmt::format("vital/{}", of.fact_key_of(n)) : std::string{});
    on.run("COMMIT");
  }
  on.run("PRAGMA wal_checkpoint(TRUNCATE); ANALYZE;");
}

std::unique_ptr<filled_side> open_sqlite(const std::filesystem::path& folder, const layout& of) {
  return std::make_unique<sqlite_side>(folder, of);
}

}  // namespace bench
