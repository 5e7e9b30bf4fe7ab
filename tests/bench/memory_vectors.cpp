// Scans of vectors: ours, and what one thread can read at all. Their graph.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <stdexcept>
#include <troupe/memory/embedder.hpp>
#include <vector>

#include "memory_sides.hpp"
#include "report.hpp"
#include "vector_cache.hpp"
#include "vector_graph.hpp"
#include "vector_math.hpp"

namespace bench {

namespace {

constexpr std::size_t dims = 256;
volatile std::uint64_t seen;  // so that no reading is left out

float from_half(std::uint16_t half) {
  const auto sign = (half & 0x8000) != 0 ? -1.F : 1.F;
  const int exponent = half >> 10 & 0x1f;
  const auto mantissa = static_cast<float>(half & 0x3ff);
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

void bring_to_length_one(embeddings& all) {
  std::size_t kept = 0;
  for (std::size_t n = 0; n < all.count(); ++n) {
    const auto* row = all.rows.data() + n * all.dims;
    double square = 0;
    for (std::size_t i = 0; i < all.dims; ++i) square += double{row[i]} * row[i];
    if (square == 0) continue;
    for (std::size_t i = 0; i < all.dims; ++i)
      all.rows[kept * all.dims + i] = row[i] / static_cast<float>(std::sqrt(square));
    ++kept;
  }
  all.rows.resize(kept * all.dims);
}

}  // namespace

scan_rates scan_ours(std::size_t rows) {
  std::mt19937_64 random{1};
  std::vector<std::int8_t> codes(rows * dims);
  for (std::size_t at = 0; at < codes.size(); at += sizeof(std::uint64_t)) {
    const auto bits = random() & 0x7f7f7f7f7f7f7f7fU;
    std::memcpy(codes.data() + at, &bits, sizeof bits);
  }
  const std::vector<float> scales(rows, 0.001F);
  std::vector<float> question(dims, 1.F / 16), products(rows);
  const auto rate = rate_of(1, [&] {
    troupe::memory::dots(codes.data(), scales.data(), rows, dims, question, products.data());
    seen = static_cast<std::uint64_t>(products[rows / 2]);
  });
  return {rate * static_cast<double>(rows), rate * static_cast<double>(codes.size())};
}

double read_bandwidth(std::size_t size_bytes) {
  std::vector<std::uint64_t> words(size_bytes / sizeof(std::uint64_t), 1);
  const auto rate = rate_of(1, [&] {
    std::uint64_t sums[8] = {};
    for (std::size_t at = 0; at + 8 <= words.size(); at += 8)
      for (std::size_t n = 0; n < 8; ++n) sums[n] ^= words[at + n];
    std::uint64_t all = 0;
    for (const auto each : sums) all ^= each;
    seen = all;
  });
  return rate * static_cast<double>(size_bytes);
}

embeddings hashed_embeddings(std::size_t count) {
  const auto embedder = troupe::memory::make_hashed_embedder();
  corpus texts;
  embeddings all{embedder->dimensions(), {}};
  for (std::size_t n = 0; n < count; ++n) {
    const auto text = texts.text(n, layout::text_size_bytes);
    const std::string_view seen_as = text;
    const auto vector = embedder->embed({&seen_as, 1}).value();
    all.rows.insert(all.rows.end(), vector.begin(), vector.end());
  }
  return all;
}

embeddings word_embeddings(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::uint64_t header_bytes = 0;
  in.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
  if (!in || header_bytes > 16 << 20) throw std::runtime_error{file.string() + " is no file of safetensors"};
  std::string header(header_bytes, '\0');
  in.read(header.data(), static_cast<std::streamsize>(header.size()));
  const auto tensors = nlohmann::json::parse(header);
  for (const auto& [name, tensor] : tensors.items()) {
    if (!name.ends_with("word_embeddings.weight")) continue;
    const bool half = tensor.at("dtype") == "F16";
    if (!half && tensor.at("dtype") != "F32") throw std::runtime_error{name + " is neither fp16 nor fp32"};
    embeddings all{tensor.at("shape").at(1).get<std::size_t>(), {}};
    std::vector<char> bytes(tensor.at("shape").at(0).get<std::size_t>() * all.dims * (half ? 2 : 4));
    in.seekg(static_cast<std::streamoff>(8 + header_bytes + tensor.at("data_offsets").at(0).get<std::uint64_t>()));
    if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
      throw std::runtime_error{file.string() + " ends before " + name + " does"};
    for (std::size_t at = 0; at < bytes.size(); at += half ? 2 : 4) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, bytes.data() + at, half ? 2 : 4);
      all.rows.push_back(half ? from_half(static_cast<std::uint16_t>(bits)) : std::bit_cast<float>(bits));
    }
    bring_to_length_one(all);
    return all;
  }
  throw std::runtime_error{file.string() + " has no …word_embeddings.weight"};
}

graph_figures measure_graph(const embeddings& of) {
  using clock = std::chrono::steady_clock;
  namespace memory = troupe::memory;
  constexpr std::size_t each_asked = 100, wanted = 128;
  const auto row = [&](std::size_t n) { return std::span{of.rows}.subspan(n * of.dims, of.dims); };
  std::vector<float> scales;
  std::vector<std::int8_t> codes;
  const auto before = resident_bytes();
  memory::vector_graph graph{of.dims, of.count()};
  std::vector<std::size_t> rows;
  const auto began = clock::now();
  for (std::size_t n = 0; n < of.count(); ++n) {
    if (n % each_asked == 0) continue;
    rows.push_back(n);
    graph.put(static_cast<std::uint32_t>(n), memory::to_bytes(memory::encode(row(n))));
  }
  graph_figures figures;
  figures.built_per_s = static_cast<double>(rows.size()) / std::chrono::duration<double>{clock::now() - began}.count();
  figures.bytes_each = (resident_bytes() - before) / static_cast<double>(rows.size());
  for (const auto n : rows) {
    const auto coded = memory::encode(row(n));
    scales.push_back(coded.scale);
    codes.insert(codes.end(), coded.codes.begin(), coded.codes.end());
  }
  std::vector<double> times, scan_times;
  std::vector<float> products(rows.size());
  std::size_t found = 0, all = 0;
  for (std::size_t n = 0; n < of.count() && times.size() < 500; n += each_asked) {
    const auto question = memory::encode(row(n));
    auto asked = clock::now();
    const auto near = graph.nearest(question, wanted);
    times.push_back(std::chrono::duration<double>{clock::now() - asked}.count());
    asked = clock::now();
    memory::dots(codes.data(), scales.data(), rows.size(), of.dims, row(n), products.data());
    scan_times.push_back(std::chrono::duration<double>{clock::now() - asked}.count());
    std::vector<std::pair<float, std::size_t>> exact;
    for (const auto other : rows) exact.emplace_back(-memory::dot(row(n).data(), row(other).data(), of.dims), other);
    std::partial_sort(exact.begin(), exact.begin() + 10, exact.end());
    const std::set<std::size_t> first{near.begin(), near.begin() + 10};
    for (std::size_t i = 0; i < 10; ++i) found += first.count(exact[i].second);
    all += 10;
  }
  const auto median = [](std::vector<double>& of_all) {
    std::nth_element(of_all.begin(), of_all.begin() + static_cast<std::ptrdiff_t>(of_all.size() / 2), of_all.end());
    return of_all[of_all.size() / 2];
  };
  figures.recall_at_10 = static_cast<double>(found) / static_cast<double>(all);
  figures.seconds = median(times);
  figures.scan_seconds = median(scan_times);
  return figures;
}

}  // namespace bench
