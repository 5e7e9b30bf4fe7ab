#include "escape.hpp"

#include <fmt/format.h>

#include <iterator>

#include "utf8.hpp"

namespace troupe {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

constexpr bool control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// The code point of a well-formed sequence of two or three bytes, 0 for others: enough for those that are hidden.
unsigned code_point(std::string_view sequence) noexcept {
  const auto bits = [&](std::size_t i, unsigned mask) { return static_cast<unsigned char>(sequence[i]) & mask; };
  if (sequence.size() == 2) return bits(0, 0x1F) << 6 | bits(1, 0x3F);
  if (sequence.size() == 3) return bits(0, 0x0F) << 12 | bits(1, 0x3F) << 6 | bits(2, 0x3F);
  return 0;
}

constexpr bool hidden(unsigned code) noexcept {
  const auto within = [&](unsigned low, unsigned high) { return code >= low && code <= high; };
  return within(0x80, 0x9F) || within(0x200E, 0x200F) || within(0x2028, 0x202E) || within(0x2066, 0x2069) ||
         code == 0x061C;
}

// The escape of one character that has a short one, empty for others.
constexpr std::string_view short_escape(char c) noexcept {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return {};
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    const auto sequence = text.substr(at, length == 0 ? 1 : length);
    if (length <= 1) {
      const auto escape = short_escape(text[at]);
      if (!escape.empty()) {
        out += escape;
      } else if (length == 0 || control(text[at])) {
        fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(text[at]));
      } else {
        out += text[at];
      }
    } else if (hidden(code_point(sequence))) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:04X}}}", code_point(sequence));
    } else {
      out += sequence;
    }
    at += sequence.size();
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

std::string in_quotes(std::string_view text, std::size_t size_bytes_max) {
  const auto shown = cut(text, size_bytes_max);
  return '"' + escaped(shown) + (shown.size() < text.size() ? "\"..." : "\"");
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    if (length == 0) {
      out += replacement;
      ++at;
      continue;
    }
    const auto escape = short_escape(text[at]);
    if (!escape.empty()) {
      out += escape;
    } else if (control(text[at])) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(text[at]));
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  out += '"';
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    out += length == 0 ? replacement : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string_view cut(std::string_view text, std::size_t size_bytes_max) noexcept {
  if (text.size() <= size_bytes_max) return text;
  // A sequence has at most three bytes that continue it; more of them are no UTF-8, and may be cut anywhere.
  std::size_t size = size_bytes_max;
  for (int back = 0; back < 3 && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80; ++back) --size;
  return text.substr(0, size);
}

}  // namespace troupe
