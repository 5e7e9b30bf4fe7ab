#pragma once

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench::sqlite {

class connection {
 public:
  explicit connection(const std::filesystem::path& file) {
    if (sqlite3_open(file.c_str(), &handle_) != SQLITE_OK) fail("open");
    sqlite3_busy_timeout(handle_, 60'000);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 0;");
  }
  ~connection() { sqlite3_close(handle_); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void run(const char* sql) {
    if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
  }
  [[noreturn]] void fail(std::string_view doing) {
    throw std::runtime_error{fmt::format("SQLite: {}: {}", doing, sqlite3_errmsg(handle_))};
  }
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

class statement {
 public:
  statement(connection& on, const char* sql) : on_{on} {
    if (sqlite3_prepare_v2(on.handle(), sql, -1, &handle_, nullptr) != SQLITE_OK) on.fail(sql);
  }
  ~statement() { sqlite3_finalize(handle_); }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  statement& bind(int at, std::int64_t n) {
    sqlite3_bind_int64(handle_, at, n);
    return *this;
  }
  statement& bind(int at, const std::string& text) {
    sqlite3_bind_text(handle_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  // Reads all rows, each column into a string of its own; returns how many there were.
  std::size_t run() {
    std::size_t rows = 0;
    for (;;) {
      const auto step = sqlite3_step(handle_);
      if (step == SQLITE_DONE) break;
      if (step != SQLITE_ROW) on_.fail("step");
      for (int column = 0; column < sqlite3_column_count(handle_); ++column)
        if (const auto* text = sqlite3_column_text(handle_, column))
          read_.assign(reinterpret_cast<const char*>(text),
                       static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
      ++rows;
    }
    sqlite3_reset(handle_);
    return rows;
  }
  // Shows each row.
  void each(const std::function<void(sqlite3_stmt*)>& row) {
    auto step = sqlite3_step(handle_);
    for (; step == SQLITE_ROW; step = sqlite3_step(handle_)) row(handle_);
    if (step != SQLITE_DONE) on_.fail("step");
    sqlite3_reset(handle_);
  }

 private:
  connection& on_;
  sqlite3_stmt* handle_ = nullptr;
  std::string read_;
};

}  // namespace bench::sqlite
