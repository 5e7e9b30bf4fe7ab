#include "json_text.hpp"

#include <cmath>
#include <cstdint>
#include <troupe/actors/json.hpp>
#include <utility>
#include <vector>

namespace troupe::actors {

namespace {

error bad_json(std::string why) { return {errc::parse_error, std::move(why)}; }

// Brackets outside of texts.
bool too_deep(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > json_depth_max) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

// Numbers that are whole become integers, binary becomes text.
void tidy(json& what) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (what.is_number_float()) {
    const auto number = what.get<double>();
    if (number == std::trunc(number) && std::abs(number) <= exact) what = static_cast<std::int64_t>(number);
  } else if (what.is_binary()) {
    const auto& bytes = what.get_binary();
    what = base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } else if (what.is_structured()) {
    for (auto& each : what) tidy(each);
  }
}

}  // namespace

result<json> parse_json(std::string_view text) {
  if (text.size() > json_bytes_max) return bad_json("JSON of more than 64 MiB");
  if (too_deep(text)) return bad_json("JSON of more than " + std::to_string(json_depth_max) + " levels");
  try {
    return json::parse(text);
  } catch (const json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": only what comes after the bracket.
    const std::string_view words = e.what();
    const auto end = words.find("] ");
    return bad_json("no JSON: " + seen(end == std::string_view::npos ? words : words.substr(end + 2), 200));
  }
}

std::string write_json(const json& what) { return what.dump(-1, ' ', false, json::error_handler_t::replace); }

const json* member(const json& object, std::string_view name) noexcept {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const json& object, std::string_view name) {
  const json* found = member(object, name);
  return found && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string seen(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : text.substr(0, bytes_max)) out += c >= ' ' && c < 127 ? c : '.';
  if (text.size() > bytes_max) out += "...";
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[three >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

result<std::string> json_to_msgpack(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return std::move(parsed).error();
  tidy(*parsed);
  std::string bytes;
  json::to_msgpack(*parsed, bytes);
  return bytes;
}

result<std::string> msgpack_to_json(std::string_view bytes) {
  // The document of net looks at it first: it has limits.
  if (const auto fine = net::document::view(bytes); !fine) return fine.error();
  try {
    json parsed = json::from_msgpack(bytes.begin(), bytes.end());
    tidy(parsed);
    return write_json(parsed);
  } catch (const json::exception& e) {
    return bad_json(seen(e.what(), 200));
  }
}

}  // namespace troupe::actors
