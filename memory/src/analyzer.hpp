#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

// Names what it makes of a text, and how the index has it (postings.hpp): it changes with whatever changes these, and
// an index of another name is made anew.
std::string analyzer_name();

inline constexpr std::size_t term_size_bytes_max = 64;
inline constexpr std::size_t names_max = 64;

struct term_count {
  std::string term;
  std::uint32_t count = 0;

  friend bool operator==(const term_count&, const term_count&) = default;
};

struct analyzed {
  std::vector<term_count> terms;   // sorted by term (bytes), each once
  std::uint32_t length = 0;        // words counted: the sum of the counts
  std::vector<std::string> names;  // sorted, each once: the first `names_max` different ones

  friend bool operator==(const analyzed&, const analyzed&) = default;
};

// Turns text into what an inverted index has: the same for what is stored and for what is asked.
//
// A word is what lies between two word boundaries (Unicode Standard Annex 29, root locale) and has a letter or digit.
// ':', '@' and '_' part words, other than there: the releases of ICU differ about two of them, and the parts of a key
// or an address can be asked for. A word is folded (NFKC_Casefold, U+2019 as an apostrophe), cut to
// `term_size_bytes_max` at a character, and, if it is no stop word, stemmed (Snowball, English): that is a term.
// Numbers are terms. No term has a control character or a zero byte.
//
// Stop words are no terms, except in a text that has no other words: then all its words are. So "who are you" as a
// question finds a text that says just that, and the index does not carry "the" for every text.
//
// A name is a word, folded and without a possessive 's, that begins with a capital letter, is no stop word, and does
// not also stand in the text with a small one. Not only people's: where a sentence starts, any word.
//
// Deterministic for one version of ICU's data; words of ASCII alone are the same with all. Any bytes: malformed UTF-8
// is U+FFFD, which is in no word. Looks at the first 16 MiB. Stateless; any thread, each has its own iterators and
// stemmer.
class analyzer {
 public:
  analyzed analyze(std::string_view text) const;

  // All words in their order, folded and cut, not stemmed, with stop words.
  std::vector<std::string> words(std::string_view text) const;
};

// One word of a text, for those who need more than the terms.
struct folded_word {
  std::uint32_t at = 0;    // in folded_words::bytes
  std::uint32_t size = 0;  // bytes
  bool capital = false;    // begins with an upper or title case letter
};

// The words of a text, one behind another.
struct folded_words {
  std::string bytes;
  std::vector<folded_word> words;

  std::string_view operator[](std::size_t n) const noexcept {
    return std::string_view{bytes}.substr(words[n].at, words[n].size);
  }
};

// Takes the shorter of the two ways below. The first is for text of ASCII alone, and equal to the second there.
folded_words fold_words(std::string_view text);
folded_words fold_words_ascii(std::string_view text);
folded_words fold_words_icu(std::string_view text);

}  // namespace troupe::memory
