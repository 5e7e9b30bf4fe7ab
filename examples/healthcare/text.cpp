#include "healthcare/text.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>

namespace healthcare {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string clipped(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string{text};
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string{text.substr(0, end)};
}

namespace {

// The character that begins at `at`, and how many bytes it has; none of bytes that are no UTF-8.
struct decoded {
  std::optional<char32_t> character;
  std::size_t bytes = 1;
};

decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return {};
  char32_t character = first & (0x7Fu >> length);
  for (std::size_t i = at + 1; i < at + length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    character = character << 6 | (byte(i) & 0x3F);
  }
  if (character < (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u)) return {};  // longer than it needs to be
  return {character, length};
}

// Characters that show nothing but can move the cursor, colour it, or turn the direction of what stands around them:
// Unicode's categories Cc, Cf, Zl and Zp.
bool is_control(char32_t character) {
  struct range {
    char32_t first;
    char32_t last;
  };
  static constexpr range table[] = {{0, 0x1F},          {0x7F, 0x9F},       {0xAD, 0xAD},       {0x600, 0x605},
                                    {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},
                                    {0x8E2, 0x8E2},     {0x180E, 0x180E},   {0x200B, 0x200F},   {0x2028, 0x202E},
                                    {0x2060, 0x206F},   {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD},
                                    {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
                                    {0xE0000, 0xE007F}};
  return std::any_of(std::begin(table), std::end(table),
                     [&](const range& of) { return character >= of.first && character <= of.last; });
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto [character, bytes] = decode(text, at);
    if (!character || is_control(*character)) {
      out += '?';
    } else {
      out += text.substr(at, bytes);
    }
    at += bytes;
  }
  return out;
}

std::string number_text(double value) {
  char text[64];
  int length = std::snprintf(text, sizeof text, "%.2f", value);
  if (length >= static_cast<int>(sizeof text)) return "?";
  while (text[length - 1] == '0') --length;
  if (text[length - 1] == '.') --length;
  const std::string out(text, static_cast<std::size_t>(length));
  return out == "-0" ? "0" : out;
}

}  // namespace healthcare
