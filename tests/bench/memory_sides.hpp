#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "memory_corpus.hpp"

// The sides that bench_memory compares. Each failure throws std::runtime_error. What a build does not have (SQLite,
// faiss) is in peers/no_*.cpp, and says so by `available`.
namespace bench {

// Records of commit_text_bytes committed per second, each acknowledged after it was synced, with so many waiting to be
// acknowledged at any time; for so many seconds, in a new folder.
struct commit_load {
  std::filesystem::path folder;
  std::size_t writers = 1;
  double seconds = 2;
};

double commits_of_ours(const commit_load& load);
double commits_of_rocksdb(const commit_load& load);
double commits_of_file(const commit_load& load);    // one sync for each
double commits_of_sqlite(const commit_load& load);  // a connection and a transaction for each, 64 threads at most
double commits_of_sqlite_groups(const commit_load& load);  // one connection, all that wait in one transaction

// A memory that was filled and closed before, opened again. One thread.
class filled_side {
 public:
  filled_side() = default;
  virtual ~filled_side() = default;
  filled_side(const filled_side&) = delete;
  filled_side& operator=(const filled_side&) = delete;

  // Each returns how many records came, so that nothing is left out.
  virtual std::size_t get(std::size_t n) = 0;
  virtual std::size_t page(std::size_t space, std::size_t from, std::size_t limit) = 0;
  virtual std::size_t newest(std::size_t space, std::size_t limit) = 0;
  virtual std::size_t facts_as_of(std::size_t space, std::size_t place) = 0;  // the time at which that record came
  virtual std::size_t recall(const std::vector<std::string>& words, std::size_t limit, bool by_words_alone) = 0;
};

void fill_ours(const std::filesystem::path& folder, const layout& of);
std::unique_ptr<filled_side> open_ours(const std::filesystem::path& folder, const layout& of);

bool sqlite_available() noexcept;
void fill_sqlite(const std::filesystem::path& folder, const layout& of);
std::unique_ptr<filled_side> open_sqlite(const std::filesystem::path& folder, const layout& of);

// Scans of all rows of 256 dimensions, one question at a time, one thread.
struct scan_rates {
  double vectors_per_s = 0;
  double bytes_per_s = 0;
};
scan_rates scan_ours(std::size_t rows);
double read_bandwidth(std::size_t size_bytes);  // bytes/s of one thread that reads memory, and does nothing with it
bool faiss_available() noexcept;
scan_rates scan_faiss(std::size_t rows);

// Vectors of length 1, row after row.
struct embeddings {
  std::size_t dims = 0;
  std::vector<float> rows;
  std::size_t count() const { return rows.size() / dims; }
};
// The default embedder's, of texts of the corpus.
embeddings hashed_embeddings(std::size_t count);
// A model's own vectors of its words: the two-dimensional tensor named …word_embeddings.weight in a file of
// safetensors, of fp16 or fp32. Without those of length 0.
embeddings word_embeddings(const std::filesystem::path& file);

// The graph of all but every hundredth row, asked for the neighbours of those.
struct graph_figures {
  double built_per_s = 0;
  double recall_at_10 = 0;  // against exact products of the uncoded vectors
  double seconds = 0;       // a question, median; for 128 neighbours
  double scan_seconds = 0;  // by a scan of the coded vectors instead
  double bytes_each = 0;    // what the process grew by
};
graph_figures measure_graph(const embeddings& of);

// Runs `once` until so many seconds are over, and at least three times; returns how often per second.
double rate_of(double seconds, const std::function<void()>& once);

}  // namespace bench
