#include "analyzer.hpp"

#include <unicode/uchar.h>
#include <unicode/utf16.h>
#include <unicode/uvernum.h>

#include <algorithm>
#include <bit>

#include "stemmer.hpp"
#include "stop_words.hpp"
#include "unicode.hpp"
#include "utf8_cut.hpp"
#include "word_hash.hpp"

namespace troupe::memory {

namespace {

// A word is folded from so many UTF-16 units at most; the rest would be cut off in any language that has words.
constexpr std::size_t word_units_max = 256;

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c | 0x20) : c; }

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

std::string_view without_possessive(std::string_view word) {
  return word.ends_with("'s") ? word.substr(0, word.size() - 2) : word;
}

// What one different word of a text is.
struct seen_word {
  std::string_view word;
  std::uint64_t hash = 0;
  std::uint32_t count = 0;
  bool small = false;  // stands somewhere without a capital
  bool stop = false;
};

// Each different word, in the order of their first place.
std::vector<seen_word> different(const folded_words& all) {
  // Open addressing, at most half full; a slot has a place in `seen` and 1, or 0. std::unordered_map took a third of
  // the analyzer's time.
  std::vector<std::uint32_t> slots(std::bit_ceil(2 * all.words.size() + 1));
  std::vector<seen_word> seen;
  seen.reserve(all.words.size());
  for (std::size_t n = 0; n < all.words.size(); ++n) {
    const auto word = all[n];
    const auto hash = word_hash(word);
    auto slot = hash & (slots.size() - 1);
    while (slots[slot] != 0 && seen[slots[slot] - 1].word != word) slot = (slot + 1) & (slots.size() - 1);
    if (slots[slot] == 0) {
      seen.push_back({word, hash, 0, false, is_stop_word(word, hash)});
      slots[slot] = static_cast<std::uint32_t>(seen.size());
    }
    auto& found = seen[slots[slot] - 1];
    ++found.count;
    found.small |= !all.words[n].capital;
  }
  return seen;
}

// A stem in an arena, with its first eight bytes as a number that sorts as they do.
struct stem_at {
  std::uint64_t front = 0;
  std::uint32_t at = 0;
  std::uint32_t size = 0;
  std::uint32_t count = 0;
};

std::uint64_t front_of(std::string_view stem) {
  std::uint64_t front = 0;
  for (std::size_t n = 0; n < 8; ++n) front = front << 8 | (n < stem.size() ? static_cast<unsigned char>(stem[n]) : 0);
  return front;
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

std::string analyzer_name() { return "troupe-words-2/icu-" U_ICU_VERSION_SHORT; }

analyzed analyzer::analyze(std::string_view text) const {
  const auto all = fold_words(text);
  const auto seen = different(all);
  const bool stops_alone = std::ranges::all_of(seen, &seen_word::stop);
  std::string arena;
  arena.reserve(all.bytes.size());
  std::vector<stem_at> stems;
  stems.reserve(seen.size());
  for (const auto& each : seen) {
    if (each.stop && !stops_alone) continue;
    const auto made = stem(each.word, each.hash);
    stems.push_back({front_of(made), static_cast<std::uint32_t>(arena.size()), static_cast<std::uint32_t>(made.size()),
                     each.count});
    arena += made;
  }
  const auto stem_of = [&](const stem_at& each) { return std::string_view{arena}.substr(each.at, each.size); };
  std::ranges::sort(stems, [&](const stem_at& a, const stem_at& b) {
    return a.front != b.front ? a.front < b.front : stem_of(a) < stem_of(b);
  });
  analyzed out;
  out.terms.reserve(stems.size());
  for (const auto& each : stems) {
    // Words that have one stem are one term.
    if (out.terms.empty() || out.terms.back().term != stem_of(each))
      out.terms.push_back({std::string{stem_of(each)}, 0});
    out.terms.back().count += each.count;
    out.length += each.count;
  }
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
