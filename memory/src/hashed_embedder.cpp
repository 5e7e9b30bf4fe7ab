#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <troupe/memory/embedder.hpp>

#include "analyzer.hpp"
#include "stemmer.hpp"
#include "stop_words.hpp"
#include "word_hash.hpp"

namespace troupe::memory {

namespace {

constexpr std::size_t dims = 256;

// Sums are whole numbers, so that they do not depend on an order.
using sums_of_text = std::array<std::int64_t, dims>;

// A feature of another kind is another feature.
enum class feature : std::uint64_t { word = 1, pair = 2, trigram = 3 };

std::uint64_t start_of(feature kind) { return 0xcbf29ce484222325U ^ (static_cast<std::uint64_t>(kind) << 56); }

void add(sums_of_text& sums, std::uint64_t hash, std::int64_t weight) {
  sums[hash % dims] += (hash >> 63) != 0 ? weight : -weight;
}

// In a language, long words are rare ones. By bytes of the stem, 1 to 8 and more.
std::int64_t weight_of(std::string_view stem) {
  constexpr std::array<std::int64_t, 9> weights = {0, 6, 8, 10, 13, 15, 17, 18, 19};
  return weights[std::min<std::size_t>(stem.size(), weights.size() - 1)];
}

// Parts of words that are spelled or bent in different ways, together worth about half a word. By bytes: what falls
// into a character of another script is a feature too.
void add_trigrams(sums_of_text& sums, std::string_view stem) {
  if (stem.size() < 4) return;  // it would say what the word says
  std::array<char, term_size_bytes_max + 2> framed{};
  framed[0] = '<';
  const auto size = std::min(stem.size(), term_size_bytes_max);
  std::copy_n(stem.begin(), size, framed.begin() + 1);
  framed[size + 1] = '>';
  for (std::size_t n = 0; n + 3 <= size + 2; ++n) {
    add(sums, word_hash({framed.data() + n, 3}, start_of(feature::trigram)), 3);
  }
}

sums_of_text sums_of(std::string_view text) {
  const auto all = fold_words(text);
  std::vector<std::uint64_t> hashes(all.words.size());
  bool stops_alone = true;
  for (std::size_t n = 0; n < hashes.size(); ++n) {
    hashes[n] = word_hash(all[n]);
    stops_alone = stops_alone && is_stop_word(all[n], hashes[n]);
  }
  sums_of_text sums{};
  std::uint64_t before = 0;
  for (std::size_t n = 0; n < hashes.size(); ++n) {
    if (!stops_alone && is_stop_word(all[n], hashes[n])) continue;
    const auto made = stem(all[n], hashes[n]);
    const auto hash = word_hash(made, start_of(feature::word));
    const auto weight = weight_of(made);
    add(sums, hash, weight);
    if (before != 0) add(sums, word_hash(made, start_of(feature::pair) ^ before), weight / 2);
    add_trigrams(sums, made);
    before = hash;
  }
  return sums;
}

class hashed_embedder final : public embedder {
 public:
  std::string_view name() const noexcept override { return "troupe-hashed-1"; }
  std::size_t dimensions() const noexcept override { return dims; }

  result<std::vector<float>> embed(std::span<const std::string_view> texts) const override {
    std::vector<float> rows;
    rows.reserve(texts.size() * dims);
    for (const auto text : texts) {
      const auto sums = sums_of(text);
      double squares = 0;
      for (const auto sum : sums) squares += static_cast<double>(sum) * static_cast<double>(sum);
      // Division and root are rounded the same everywhere (IEEE 754), unlike logarithms.
      const auto length = std::sqrt(squares);
      for (const auto sum : sums)
        rows.push_back(sum == 0 ? 0.0F : static_cast<float>(static_cast<double>(sum) / length));
    }
    return rows;
  }
};

}  // namespace

std::shared_ptr<const embedder> make_hashed_embedder() { return std::make_shared<hashed_embedder>(); }

}  // namespace troupe::memory
