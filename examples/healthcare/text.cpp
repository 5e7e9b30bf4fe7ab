#include "healthcare/text.hpp"

#include <cstdio>

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

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, the second set of control characters, are C2 80 to C2 9F in UTF-8.
    const bool second_set = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (second_set) ++i;
    out += byte < 0x20 || byte == 0x7F || second_set ? '?' : text[i];
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
