// What a synced commit costs without a memory around it: RocksDB with its own group commit, and a file.

#include <fcntl.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "memory_sides.hpp"

namespace bench {

double commits_of_rocksdb(const commit_load& load) {
  using clock = std::chrono::steady_clock;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, load.folder.string(), &opened).ok()) throw std::runtime_error{"RocksDB: open"};
  const std::unique_ptr<rocksdb::DB> db{opened};
  const auto texts = commit_texts();
  std::atomic<std::size_t> done{0};
  std::atomic<bool> failed{false};
  const auto began = clock::now();
  const auto end = began + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>{load.seconds});
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t < load.writers; ++t)
      all.emplace_back([&] {
        rocksdb::WriteOptions synced;
        synced.sync = true;
        while (clock::now() < end && !failed) {
          const auto n = done.fetch_add(1);
          const auto key = std::to_string(1'000'000'000'000'000 + n);
          if (!db->Put(synced, key, texts[n % texts.size()]).ok()) failed = true;
        }
      });
  }
  if (failed) throw std::runtime_error{"RocksDB: a write failed"};
  return static_cast<double>(done) / std::chrono::duration<double>{clock::now() - began}.count();
}

double commits_of_file(const commit_load& load) {
  std::filesystem::create_directories(load.folder);
  const auto texts = commit_texts();
  const int file = open((load.folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error{"a file: open"};
  bool failed = false;
  std::size_t n = 0;
  const auto rate = rate_of(load.seconds, [&] {
    const auto& text = texts[n++ % texts.size()];
    failed =
        failed || write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()) || fdatasync(file) != 0;
  });
  close(file);
  if (failed) throw std::runtime_error{"a file: write"};
  return rate;
}

}  // namespace bench
