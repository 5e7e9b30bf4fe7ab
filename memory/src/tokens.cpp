#include <unicode/utf8.h>

#include <cstdint>
#include <troupe/memory/tokens.hpp>

namespace troupe::memory {

namespace {

enum class kind { letter, digit, space, other, wide };

struct character {
  kind what;
  std::size_t size;  // bytes
};

constexpr std::uint32_t latin_end = 0x250;  // Latin, with its supplements and extensions A and B

bool is_latin_letter(std::uint32_t point) {
  if (point < 0x80) return (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
  return (point >= 0xC0 && point < latin_end && point != 0xD7 && point != 0xF7) || point == 0xAA || point == 0xBA;
}

character character_at(std::string_view text, std::size_t at) noexcept {
  auto end = at;
  UChar32 point = 0;
  U8_NEXT(text.data(), end, text.size(), point);
  if (point < 0) return {kind::wide, 1};  // each stray byte: what a vocabulary of bytes makes of it
  if (is_latin_letter(static_cast<std::uint32_t>(point))) return {kind::letter, end - at};
  if (point >= '0' && point <= '9') return {kind::digit, 1};
  if (point == ' ') return {kind::space, 1};
  return {static_cast<std::uint32_t>(point) < latin_end ? kind::other : kind::wide, end - at};
}

// Takes a text a character at a time.
class counter {
 public:
  // What the text has with one more character.
  std::size_t with(character next) noexcept {
    const auto run = next.what == last_ ? run_ : 0;
    switch (next.what) {
      case kind::letter: tokens_ += run % 4 == 0 ? 1 : 0; break;
      case kind::digit: tokens_ += run % 3 == 0 ? 1 : 0; break;
      // A word's token has the space before it; of more than one, each started sixteen are a token.
      case kind::space: tokens_ += run % 16 == 1 ? 1 : 0; break;
      case kind::other: tokens_ += 1; break;
      case kind::wide: tokens_ += 2; break;
    }
    last_ = next.what;
    run_ = run + 1;
    return tokens_;
  }

 private:
  std::size_t tokens_ = 0;
  std::size_t run_ = 0;
  kind last_ = kind::other;
};

bool part_of_word(kind what) { return what == kind::letter || what == kind::digit; }

}  // namespace

std::size_t count_tokens(std::string_view text) noexcept {
  counter all;
  std::size_t tokens = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto next = character_at(text, at);
    tokens = all.with(next);
    at += next.size;
  }
  return tokens;
}

std::string_view first_tokens(std::string_view text, std::size_t tokens_max) noexcept {
  counter all;
  std::size_t word_end = 0;  // the last place where no word is parted
  auto before = kind::space;
  for (std::size_t at = 0; at < text.size();) {
    const auto next = character_at(text, at);
    const bool inside = part_of_word(before) && part_of_word(next.what);
    if (!inside && before != kind::space) word_end = at;
    if (all.with(next) > tokens_max) return text.substr(0, word_end > 0 ? word_end : at);
    before = next.what;
    at += next.size;
  }
  return text;
}

}  // namespace troupe::memory
