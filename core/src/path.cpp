#include "troupe/core/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ostream>

#include "hex.hpp"
#include "utf8.hpp"

namespace troupe {
namespace {

constexpr bool plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-_.~:@+="}.find(c) != std::string_view::npos;
}

// Bytes of the character at `at` if it may stand in a segment, 0 otherwise.
std::size_t legal_length(std::string_view text, std::size_t at) noexcept {
  const auto length = utf8_length(text, at);
  return length == 1 && !plain(text[at]) ? 0 : length;
}

std::string character(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code > 0x20 && code < 0x7F ? fmt::format("'{}'", c) : fmt::format("0x{:02X}", code);
}

// `offset` is where the segment starts in what the caller was given, for the message.
result<void> check_segment(std::string_view segment, std::size_t offset) {
  if (segment.empty()) return error{errc::parse_error, fmt::format("empty segment at byte {}", offset)};
  if (segment == "." || segment == "..") {
    return error{errc::parse_error, fmt::format("segment \"{}\" at byte {}: a path is absolute", segment, offset)};
  }
  if (segment.size() > path::segment_size_bytes_max) {
    return error{errc::out_of_range, fmt::format("segment at byte {} has {} bytes, at most {} are allowed", offset,
                                                 segment.size(), path::segment_size_bytes_max)};
  }
  for (std::size_t at = 0; at < segment.size();) {
    const auto length = legal_length(segment, at);
    if (length == 0) {
      return error{errc::parse_error, fmt::format("bad character {} at byte {}", character(segment[at]), offset + at)};
    }
    at += length;
  }
  return ok();
}

std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

}  // namespace

result<path> path::parse(std::string_view text) {
  const auto fail = [](error e) { return std::move(e).with_context("bad path"); };
  if (text.empty() || text.front() != '/') return fail({errc::parse_error, "a path starts with '/'"});
  if (text.size() > size_bytes_max) {
    return fail({errc::out_of_range, fmt::format("{} bytes, at most {} are allowed", text.size(), size_bytes_max)});
  }
  if (text.size() == 1) return path{};
  std::size_t depth = 0;
  for (std::size_t start = 1; start <= text.size();) {
    const auto end = std::min(text.find('/', start), text.size());
    if (auto checked = check_segment(text.substr(start, end - start), start); !checked) {
      return fail(std::move(checked).error());
    }
    if (++depth > depth_max) return fail({errc::out_of_range, fmt::format("more than {} segments", depth_max)});
    start = end + 1;
  }
  return path{trusted{}, std::string{text}};
}

std::string_view path::name() const noexcept { return std::string_view{text_}.substr(text_.rfind('/') + 1); }

path path::parent() const { return path{trusted{}, text_.substr(0, std::max<std::size_t>(text_.rfind('/'), 1))}; }

std::size_t path::depth() const noexcept {
  return is_root() ? 0 : static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '/'));
}

result<path> path::join(std::string_view segment) const {
  const auto fail = [](error e) { return std::move(e).with_context("bad segment"); };
  if (auto checked = check_segment(segment, 0); !checked) return fail(std::move(checked).error());
  const auto size = text_.size() + !is_root() + segment.size();
  if (size > size_bytes_max) {
    return fail({errc::out_of_range,
                 fmt::format("the path would have {} bytes, at most {} are allowed", size, size_bytes_max)});
  }
  if (depth() == depth_max)
    return fail({errc::out_of_range, fmt::format("the path would have more than {} segments", depth_max)});
  std::string text;
  text.reserve(size);
  text += text_;
  if (!is_root()) text += '/';
  text += segment;
  return path{trusted{}, std::move(text)};
}

bool path::contains(const path& other) const noexcept {
  return is_root() ||
         (other.text_.starts_with(text_) && (other.text_.size() == text_.size() || other.text_[text_.size()] == '/'));
}

std::string path::escape_segment(std::string_view text) {
  if (text.empty()) return "~";
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() <= segment_size_bytes_max;) {  // the rest would be cut
    const auto length = text[at] == '~' ? 0 : legal_length(text, at);
    const bool dots = at == 0 && (text == "." || text == "..");
    if (length == 0 || dots) {
      out += fmt::format("~{:02X}", static_cast<unsigned char>(text[at]));
      ++at;
    } else {
      out += text.substr(at, length);
      at += length;
    }
  }
  if (out.size() <= segment_size_bytes_max) return out;
  constexpr std::size_t tail = 18;
  std::size_t cut = 0;
  for (std::size_t at = 0; at <= segment_size_bytes_max - tail;) {
    cut = at;
    at += out[at] == '~' ? 3 : utf8_length(out, at);
  }
  return fmt::format("{}~~{:016X}", std::string_view{out}.substr(0, cut), fnv1a(text));
}

result<std::string> path::unescape_segment(std::string_view segment) {
  if (auto checked = check_segment(segment, 0); !checked) return std::move(checked).error();
  if (segment.find("~~") != std::string_view::npos) {
    return error{errc::unsupported, "the segment is a cut one: its text cannot be told from it"};
  }
  std::string out;
  for (std::size_t at = 0; at < segment.size() && segment != "~";) {
    std::byte byte{};
    if (segment[at] != '~') {
      out += segment[at++];
    } else if (read_hex(segment.substr(at + 1, 2), {&byte, 1})) {
      out += static_cast<char>(byte);
      at += 3;
    } else {
      return error{errc::parse_error, fmt::format("'~' at byte {} is not followed by two hex digits", at)};
    }
  }
  if (escape_segment(out) != segment) return error{errc::parse_error, "not an escaped segment"};
  return out;
}

std::strong_ordering operator<=>(const path& a, const path& b) noexcept {
  const auto [left, right] = std::mismatch(a.text_.begin(), a.text_.end(), b.text_.begin(), b.text_.end());
  if (left == a.text_.end() || right == b.text_.end()) return a.text_.size() <=> b.text_.size();
  // '/' sorts below every other byte, or `/a-b` would come between `/a` and `/a/b`.
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  return rank(*left) <=> rank(*right);
}

std::ostream& operator<<(std::ostream& out, const path& p) { return out << p.text_; }

}  // namespace troupe
