#include "memory_corpus.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace bench {

namespace {

constexpr std::size_t words_count = 30'000;
constexpr std::array<std::string_view, 40> function_words{
    "the", "of",  "and",  "to",  "in",   "a",     "is",   "that", "for", "it",   "as",    "was",   "with", "be",
    "by",  "on",  "not",  "he",  "she",  "this",  "are",  "or",   "his", "from", "at",    "which", "but",  "have",
    "an",  "had", "they", "you", "were", "there", "been", "one",  "all", "we",   "their", "has"};
constexpr std::array<std::string_view, 24> starts{"b", "br", "c", "ch", "d",  "f", "fl", "g",  "gr", "h",  "k", "l",
                                                  "m", "n",  "p", "pl", "qu", "r", "s",  "st", "t",  "tr", "v", "w"};
constexpr std::array<std::string_view, 8> middles{"a", "e", "i", "o", "u", "ea", "ou", "ai"};
constexpr std::array<std::string_view, 10> ends{"", "n", "r", "l", "st", "nd", "rm", "ck", "t", "m"};

template <class Words>
std::string_view one_of(const Words& words, std::mt19937_64& random) {
  return words[random() % words.size()];
}

std::mt19937_64 random_of(std::uint64_t n) { return std::mt19937_64{n * 0x9e3779b97f4a7c15U + 1}; }

}  // namespace

corpus::corpus() {
  std::mt19937_64 random{20'260'101};
  std::set<std::string> made;
  while (words_.size() < words_count) {
    std::string word;
    for (auto syllables = 1 + random() % 3; syllables > 0; --syllables)
      word.append(one_of(starts, random)).append(one_of(middles, random)).append(one_of(ends, random));
    if (word.size() > 3 && made.insert(word).second) words_.push_back(word);
  }
  double sum = 0;
  for (std::size_t rank = 0; rank < words_count; ++rank) up_to_.push_back(sum += 1.0 / static_cast<double>(rank + 10));
  for (auto& each : up_to_) each /= sum;
}

std::string_view corpus::content_word(std::mt19937_64& random) const {
  const auto share = static_cast<double>(random() >> 11) * 0x1p-53;
  const auto at = std::lower_bound(up_to_.begin(), up_to_.end() - 1, share) - up_to_.begin();
  return words_[static_cast<std::size_t>(at)];
}

std::string corpus::text(std::uint64_t n, std::size_t size_bytes) {
  auto random = random_of(n);
  std::string text;
  for (;;) {
    std::string sentence;
    const auto length = 6 + random() % 12;
    for (std::size_t word = 0; word < length; ++word) {
      if (word > 0) sentence += ' ';
      const auto kind = random() % 100;
      if (kind < 45)
        sentence.append(one_of(function_words, random));
      else if (kind < 48)
        sentence += std::to_string(random() % 1000);
      else
        sentence.append(content_word(random));
      if (word == 0 || kind == 99) {
        auto& first = sentence[sentence.find_last_of(' ') + 1];
        if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
      }
    }
    sentence += ". ";
    if (text.size() + sentence.size() > size_bytes) break;
    text += sentence;
  }
  if (text.empty()) text.append(content_word(random));
  return text;
}

std::vector<std::string> corpus::question(std::uint64_t n, std::size_t size_bytes) {
  const auto whole = text(n, size_bytes);
  std::vector<std::string> candidates;
  for (std::size_t at = 0; at < whole.size();) {
    const auto end = std::min(whole.find_first_of(" .", at), whole.size());
    std::string word = whole.substr(at, end - at);
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    const bool function = std::find(function_words.begin(), function_words.end(), word) != function_words.end();
    if (word.size() > 3 && !function) candidates.push_back(std::move(word));
    at = end + 1;
  }
  auto random = random_of(~n);
  std::shuffle(candidates.begin(), candidates.end(), random);
  candidates.resize(std::min<std::size_t>(candidates.size(), 4));
  return candidates;
}

std::vector<std::string> commit_texts() {
  corpus made;
  std::vector<std::string> texts;
  for (std::uint64_t n = 0; n < 1024; ++n) texts.push_back(made.text(n, commit_text_bytes));
  return texts;
}

}  // namespace bench
