#include "message_text.hpp"

#include <array>
#include <charconv>
#include <troupe/actors/errc.hpp>
#include <troupe/net/document.hpp>

namespace troupe::actors {

namespace {

// Reading a document takes 16 times its bytes in the worst case.
constexpr std::size_t read_bytes_max = std::size_t{4} << 20;
constexpr std::size_t binary_bytes_shown = 32;
constexpr std::string_view ellipsis = "\u2026";

constexpr bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the well-formed sequence that starts there; 0: it is none (The Unicode Standard 15.0, table 3-7).
std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  return length;
}

// Text up to a bound. Once it is full, nothing more is added, and nobody need go on.
class bounded_text {
 public:
  explicit bounded_text(std::size_t max) noexcept : max_{max} {}

  bool full() const noexcept { return full_; }
  void add(std::string_view words) {
    if (full_) return;
    if (text_.size() + words.size() <= max_) {
      text_ += words;
      return;
    }
    text_ += words.substr(0, max_ - text_.size());
    full_ = true;
  }
  void add_hex(unsigned char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    add({{digits[byte >> 4], digits[byte & 15]}});
  }
  std::string take() && {
    if (!full_) return std::move(text_);
    std::size_t end = max_ - ellipsis.size();
    while (end > 0 && continues(text_[end])) --end;
    text_.resize(end);
    return std::move(text_) += ellipsis;
  }

 private:
  void add(std::array<char, 2> both) { add(std::string_view{both.data(), both.size()}); }

  const std::size_t max_;
  std::string text_;
  bool full_ = false;
};

template <class Number>
void write_number(bounded_text& out, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.add({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// Control characters and what is no UTF-8 are escaped, so that a terminal shows them and does not obey them.
void write_words(bounded_text& out, std::string_view text) {
  while (!text.empty() && !out.full()) {
    const auto length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (text.front() == '"' || text.front() == '\\') {
      out.add("\\");
      out.add(text.substr(0, 1));
    } else if (text.front() == '\n') {
      out.add("\\n");
    } else if (length == 0 || c1 || first < 0x20 || first == 0x7F) {
      out.add("\\x");
      out.add_hex(first);
      if (c1) out.add("\\x"), out.add_hex(static_cast<unsigned char>(text[1]));
    } else {
      out.add(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void write_text(bounded_text& out, std::string_view text) {
  out.add("\"");
  write_words(out, text);
  out.add("\"");
}

void write_binary(bounded_text& out, std::string_view bytes) {
  out.add("<");
  write_number(out, bytes.size());
  out.add(bytes.empty() ? " bytes" : " bytes: ");
  for (const char each : bytes.substr(0, binary_bytes_shown)) out.add_hex(static_cast<unsigned char>(each));
  if (bytes.size() > binary_bytes_shown) out.add(ellipsis);
  out.add(">");
}

void write_value(bounded_text& out, const net::value& what) {
  switch (what.kind()) {
    case net::value_kind::nil: return out.add("nothing");
    case net::value_kind::boolean: return out.add(*what.as_bool() ? "true" : "false");
    case net::value_kind::integer:
      return what.as_int() ? write_number(out, *what.as_int()) : write_number(out, *what.as_uint());
    case net::value_kind::real: return write_number(out, *what.as_double());
    case net::value_kind::text: return write_text(out, *what.text());
    case net::value_kind::binary: return write_binary(out, *what.binary());
    case net::value_kind::array:
      out.add("[");
      for (std::size_t i = 0; i < what.size() && !out.full(); ++i) {
        if (i != 0) out.add(", ");
        write_value(out, what.at(i));
      }
      return out.add("]");
    case net::value_kind::map:
      out.add("{");
      for (std::size_t i = 0; i < what.size() && !out.full(); ++i) {
        if (i != 0) out.add(", ");
        if (const auto name = what.key(i).text())
          write_words(out, *name);
        else
          write_value(out, what.key(i));
        out.add(": ");
        write_value(out, what.at(i));
      }
      return out.add("}");
  }
}

void write_without_fields(bounded_text& out, const message& what, std::string_view why) {
  write_words(out, what.type_name());
  out.add(" (");
  out.add(why);
  out.add(")");
}

}  // namespace

std::string text_of(const message& what, std::size_t size_bytes_max) {
  bounded_text out{size_bytes_max};
  const auto without_fields = [&](std::string_view why) {
    write_without_fields(out, what, why);
    return std::move(out).take();
  };
  if (what.empty()) return {};
  const auto bytes = what.encode();
  if (!bytes)
    return without_fields(bytes.error().is(agent_errc::local_message)
                              ? "local to its process: its fields cannot be shown"
                              : "its fields cannot be shown: they cannot be encoded");
  if (bytes->size() > read_bytes_max) return without_fields(std::to_string(bytes->size()) + " bytes: too long to show");
  const auto fields = net::document::view(*bytes);
  if (!fields) return without_fields("its bytes cannot be read");
  write_value(out, fields->root());
  return std::move(out).take();
}

}  // namespace troupe::actors
