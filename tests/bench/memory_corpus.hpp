#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// Texts that read like notes: sentences of English function words between words that are as frequent as a text's are
// (Zipf and Mandelbrot: 30,000 of them, the most frequent one 1 % of all), numbers and names. Text n is the same on
// every machine and in every run. One thread.
class corpus {
 public:
  corpus();

  // Sentences of about that many bytes, never more.
  std::string text(std::uint64_t n, std::size_t size_bytes);
  // Four words that stand in text n of that size, none of them a function word.
  std::vector<std::string> question(std::uint64_t n, std::size_t size_bytes);

 private:
  std::string_view content_word(std::mt19937_64& random) const;

  std::vector<std::string> words_;
  std::vector<double> up_to_;  // the share of all words up to this one
};

// What is committed: 1,024 texts of that size, taken in turn.
inline constexpr std::size_t commit_text_bytes = 1000;
std::vector<std::string> commit_texts();

// How the records of a filled memory are laid out, on all sides alike.
struct layout {
  std::size_t records = 0;
  std::size_t spaces = 1;

  static constexpr std::size_t text_size_bytes = 250;
  static constexpr std::size_t fact_each = 10;   // every tenth record of a space is a fact
  static constexpr std::size_t facts_keys = 20;  // of so many keys in turn

  std::size_t space_of(std::size_t n) const { return n % spaces; }
  std::size_t place_of(std::size_t n) const { return n / spaces; }
  std::size_t places() const { return records / spaces; }  // in each space at least
  bool is_fact(std::size_t n) const { return place_of(n) % fact_each == 0; }
  std::size_t fact_key_of(std::size_t n) const { return place_of(n) / fact_each % facts_keys; }
};

}  // namespace bench
