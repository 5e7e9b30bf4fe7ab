#include "analyzer.hpp"

#include <libstemmer.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <memory>
#include <troupe/core/result.hpp>
#include <unordered_map>

#include "stop_words.hpp"
#include "unicode.hpp"
#include "utf8_cut.hpp"

namespace troupe::memory {

namespace {

// A word is folded from so many UTF-16 units at most; the rest would be cut off in any language that has words.
constexpr std::size_t word_units_max = 256;

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c | 0x20) : c; }

// Eight bytes a step.
bool is_ascii(std::string_view text) noexcept {
  unsigned char all = 0;
  for (const auto c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

// Whether UAX 29 joins what is on both sides of `middle` (its rules WB6, WB7, WB11 and WB12), in ASCII without ':'.
constexpr bool joins(char left, char middle, char right) {
  if (middle == '.' || middle == '\'') {
    return (is_letter(left) && is_letter(right)) || (is_digit(left) && is_digit(right));
  }
  return (middle == ',' || middle == ';') && is_digit(left) && is_digit(right);
}

void add_word(folded_words& all, std::size_t start, bool capital) {
  const auto size = utf8_cut(std::string_view{all.bytes}.substr(start), term_size_bytes_max).size();
  all.bytes.resize(start + size);
  if (size == 0) return;  // all of it was of the kind that folding takes away
  all.words.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(size), capital});
}

// What a word shall not be joined over, and the apostrophe that typography prefers.
void even_out(std::u16string& text) {
  for (auto& unit : text) {
    if (unit == u':' || unit == u'@' || unit == u'_') unit = u' ';
    if (unit == u'\u2019') unit = u'\'';
  }
}

void add_piece(folded_words& all, std::u16string_view piece) {
  if (piece.size() > word_units_max) {
    piece = piece.substr(0, U16_IS_LEAD(piece[word_units_max - 1]) ? word_units_max - 1 : word_units_max);
  }
  bool alnum = false;
  for (std::size_t at = 0; at < piece.size() && !alnum;) {
    UChar32 character = 0;
    U16_NEXT(piece.data(), at, piece.size(), character);
    alnum = u_isalnum(character);
  }
  if (!alnum) return;
  UChar32 first = 0;
  U16_GET(piece.data(), 0, 0, piece.size(), first);
  const auto start = all.bytes.size();
  if (std::ranges::all_of(piece, [](char16_t unit) { return unit < 0x80; })) {
    for (const auto unit : piece) all.bytes.push_back(to_lower(static_cast<char>(unit)));
  } else {
    append_folded(all.bytes, piece);
  }
  add_word(all, start, u_isupper(first) || u_istitle(first));
}

struct delete_stemmer {
  void operator()(sb_stemmer* stemmer) const noexcept { sb_stemmer_delete(stemmer); }
};

std::unique_ptr<sb_stemmer, delete_stemmer> open_stemmer() {
  std::unique_ptr<sb_stemmer, delete_stemmer> opened{sb_stemmer_new("english", "UTF_8")};
  if (opened == nullptr) throw failure{error{errc::internal, "libstemmer has no English stemmer"}};
  return opened;
}

std::string_view without_possessive(std::string_view word) {
  return word.ends_with("'s") ? word.substr(0, word.size() - 2) : word;
}

// What one different word of a text is.
struct seen_word {
  std::string_view word;
  std::uint32_t count = 0;
  bool small = false;  // stands somewhere without a capital
  bool stop = false;
};

// Each different word, in the order of their first place.
std::vector<seen_word> different(const folded_words& all) {
  std::vector<seen_word> seen;
  std::unordered_map<std::string_view, std::uint32_t> place(all.words.size());
  for (std::size_t n = 0; n < all.words.size(); ++n) {
    const auto [at, added] = place.try_emplace(all[n], static_cast<std::uint32_t>(seen.size()));
    if (added) seen.push_back({all[n], 0, false, is_stop_word(all[n])});
    ++seen[at->second].count;
    seen[at->second].small |= !all.words[n].capital;
  }
  return seen;
}

std::vector<std::string> names_of(const std::vector<seen_word>& seen) {
  std::vector<std::string> names;
  for (const auto& each : seen) {
    if (each.small || each.stop) continue;
    std::string name{without_possessive(each.word)};
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    if (names.size() == names_max) break;
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

std::string_view stem(std::string_view folded) {
  thread_local const auto stemmer = open_stemmer();
  const auto* given = reinterpret_cast<const sb_symbol*>(folded.data());
  const auto* made = sb_stemmer_stem(stemmer.get(), given, static_cast<int>(folded.size()));
  if (made == nullptr) throw std::bad_alloc{};
  const auto size = static_cast<std::size_t>(sb_stemmer_length(stemmer.get()));
  return size == 0 ? folded : std::string_view{reinterpret_cast<const char*>(made), size};
}

folded_words fold_words_ascii(std::string_view text) {
  text = text.substr(0, analyzed_size_bytes_max);
  folded_words all;
  all.bytes.reserve(text.size());
  all.words.reserve(text.size() / 5);
  for (std::size_t at = 0; at < text.size();) {
    if (!is_letter(text[at]) && !is_digit(text[at])) {
      ++at;
      continue;
    }
    const auto start = all.bytes.size();
    const bool capital = is_upper(text[at]);
    for (; at < text.size(); ++at) {
      const bool inside = is_letter(text[at]) || is_digit(text[at]) ||
                          (at + 1 < text.size() && joins(text[at - 1], text[at], text[at + 1]));
      if (!inside) break;
      all.bytes.push_back(to_lower(text[at]));
    }
    add_word(all, start, capital);
  }
  return all;
}

folded_words fold_words_icu(std::string_view text) {
  auto units = to_utf16(text);
  even_out(units);
  folded_words all;
  all.bytes.reserve(text.size());
  boundaries ends{boundaries::unit::word, units};
  std::size_t start = 0;
  for (auto end = ends.next(); end != std::u16string_view::npos; end = ends.next()) {
    add_piece(all, std::u16string_view{units}.substr(start, end - start));
    start = end;
  }
  return all;
}

folded_words fold_words(std::string_view text) {
  return is_ascii(text) ? fold_words_ascii(text) : fold_words_icu(text);
}

analyzed analyzer::analyze(std::string_view text) const {
  const auto all = fold_words(text);
  const auto seen = different(all);
  const bool stops_alone = std::ranges::all_of(seen, &seen_word::stop);
  analyzed out;
  out.terms.reserve(seen.size());
  for (const auto& each : seen) {
    if (each.stop && !stops_alone) continue;
    out.terms.push_back({std::string{stem(each.word)}, each.count});
    out.length += each.count;
  }
  std::ranges::sort(out.terms, {}, &term_count::term);
  // Words that have one stem become one term.
  std::size_t kept = 0;
  for (std::size_t n = 1; n < out.terms.size(); ++n) {
    if (out.terms[n].term == out.terms[kept].term) {
      out.terms[kept].count += out.terms[n].count;
    } else if (++kept != n) {
      out.terms[kept] = std::move(out.terms[n]);
    }
  }
  if (!out.terms.empty()) out.terms.resize(kept + 1);
  out.names = names_of(seen);
  return out;
}

std::vector<std::string> analyzer::words(std::string_view text) const {
  const auto all = fold_words(text);
  std::vector<std::string> words;
  words.reserve(all.words.size());
  for (std::size_t n = 0; n < all.words.size(); ++n) words.emplace_back(all[n]);
  return words;
}

}  // namespace troupe::memory
