// faiss's flat index: the exact scan of float32.

#include <faiss/IndexFlat.h>
#include <omp.h>

#include <random>
#include <vector>

#include "memory_sides.hpp"

namespace bench {

bool faiss_available() noexcept { return true; }

scan_rates scan_faiss(std::size_t rows) {
  constexpr std::size_t dims = 256, at_once = 4096;
  omp_set_num_threads(1);
  std::mt19937 random{1};
  faiss::IndexFlatIP index{static_cast<faiss::Index::idx_t>(dims)};
  std::vector<float> some(at_once * dims);
  for (std::size_t n = 0; n < rows; n += at_once) {
    for (auto& each : some) each = static_cast<float>(random() % 255) / 127.F - 1.F;
    index.add(static_cast<faiss::Index::idx_t>(std::min(at_once, rows - n)), some.data());
  }
  std::vector<float> question(dims, 1.F / 16), distances(10);
  std::vector<faiss::Index::idx_t> found(10);
  const auto rate = rate_of(1, [&] { index.search(1, question.data(), 10, distances.data(), found.data()); });
  return {rate * static_cast<double>(rows), rate * static_cast<double>(rows * dims * sizeof(float))};
}

}  // namespace bench
