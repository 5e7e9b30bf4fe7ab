#include "sentences.hpp"

#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include <algorithm>

#include "unicode.hpp"

namespace troupe::memory {

namespace {

std::u16string_view trimmed(std::u16string_view text) {
  while (!text.empty() && u_isUWhiteSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && u_isUWhiteSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Where to cut a sentence that is too long.
std::size_t cut_at(std::u16string_view sentence) {
  for (auto end = sentence_units_max; end > sentence_units_max / 2; --end) {
    if (u_isUWhiteSpace(sentence[end])) return end;
  }
  return U16_IS_TRAIL(sentence[sentence_units_max]) ? sentence_units_max - 1 : sentence_units_max;
}

void add(std::vector<std::string>& all, std::u16string_view sentence) {
  for (sentence = trimmed(sentence); !sentence.empty();) {
    const auto size = sentence.size() > sentence_units_max ? cut_at(sentence) : sentence.size();
    append_utf8(all.emplace_back(), trimmed(sentence.substr(0, size)));
    sentence = trimmed(sentence.substr(size));
  }
}

}  // namespace

std::vector<std::string> sentences(std::string_view text) {
  const auto units = to_utf16(text);
  const std::u16string_view whole = units;
  std::vector<std::string> all;
  boundaries ends{boundaries::unit::sentence, whole};
  std::size_t start = 0;
  for (auto end = ends.next(); end != std::u16string_view::npos; end = ends.next()) {
    // ICU knows a paragraph by its separator; people write lines.
    for (auto rest = whole.substr(start, end - start); !rest.empty();) {
      const auto line = std::min(rest.find(u'\n'), rest.size());
      add(all, rest.substr(0, line));
      rest.remove_prefix(std::min(line + 1, rest.size()));
    }
    start = end;
  }
  return all;
}

}  // namespace troupe::memory
