#include "stemmer.hpp"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <troupe/core/result.hpp>

namespace troupe::memory {

namespace {

struct delete_stemmer {
  void operator()(sb_stemmer* stemmer) const noexcept { sb_stemmer_delete(stemmer); }
};

struct remembered {
  std::array<char, 31> word;
  std::array<char, 31> stem;
  std::uint8_t word_size = 0;  // 0: nothing yet
  std::uint8_t stem_size = 0;

  bool is(std::string_view other) const { return std::string_view{word.data(), word_size} == other; }
};

struct stemmer_of_thread {
  std::unique_ptr<sb_stemmer, delete_stemmer> stemmer{sb_stemmer_new("english", "UTF_8")};
  std::array<remembered, 1024> cache{};
};

stemmer_of_thread& of_thread() {
  thread_local const auto own = std::make_unique<stemmer_of_thread>();
  if (own->stemmer == nullptr) throw failure{error{errc::internal, "libstemmer has no English stemmer"}};
  return *own;
}

std::string_view ask(sb_stemmer* stemmer, std::string_view word) {
  const auto* given = reinterpret_cast<const sb_symbol*>(word.data());
  const auto* made = sb_stemmer_stem(stemmer, given, static_cast<int>(word.size()));
  if (made == nullptr) throw std::bad_alloc{};
  const auto size = static_cast<std::size_t>(sb_stemmer_length(stemmer));
  return size == 0 ? word : std::string_view{reinterpret_cast<const char*>(made), size};
}

}  // namespace

std::string_view stem(std::string_view folded, std::uint64_t hash) {
  auto& own = of_thread();
  auto& place = own.cache[hash % own.cache.size()];
  if (place.word_size > 0 && place.is(folded)) return {place.stem.data(), place.stem_size};
  const auto stem = ask(own.stemmer.get(), folded);
  if (folded.size() <= place.word.size() && stem.size() <= place.stem.size()) {
    std::ranges::copy(folded, place.word.begin());
    std::ranges::copy(stem, place.stem.begin());
    place.word_size = static_cast<std::uint8_t>(folded.size());
    place.stem_size = static_cast<std::uint8_t>(stem.size());
  }
  return stem;
}

}  // namespace troupe::memory
