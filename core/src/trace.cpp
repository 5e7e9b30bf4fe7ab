#include "troupe/core/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <ctime>
#include <exception>
#include <type_traits>

#include "hex.hpp"
#include "random.hpp"

namespace troupe {
namespace {

static_assert(std::is_trivially_copyable_v<trace_context> && sizeof(trace_context) == 25);

// xoroshiro128++ (Blackman and Vigna: "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021).
struct span_random {
  std::uint64_t a = 0;
  std::uint64_t b = 0;

  std::uint64_t next() noexcept {
    const std::uint64_t out = std::rotl(a + b, 17) + a;
    b ^= a;
    a = std::rotl(a, 49) ^ b ^ (b << 21);
    b = std::rotl(b, 28);
    return out;
  }

  // All zero is the one state that it never leaves.
  bool seeded() const noexcept { return (a | b) != 0; }
};

constinit thread_local span_random thread_random;

void seed(span_random& random) noexcept {
  try {
    random = {entropy64(), entropy64() | 1};
  } catch (const std::exception&) {  // no entropy to be had: addresses and time still tell threads and processes apart
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    random = {mix64(reinterpret_cast<std::uintptr_t>(&random)), mix64(static_cast<std::uint64_t>(now.tv_nsec)) | 1};
  }
}

template <std::size_t Size>
std::array<std::byte, Size> random_id() noexcept {
  if (!thread_random.seeded()) [[unlikely]] {
    seed(thread_random);
  }
  std::array<std::uint64_t, Size / 8> words;
  std::uint64_t any = 0;
  do {
    for (auto& word : words) any |= word = thread_random.next();
  } while (any == 0);
  return std::bit_cast<std::array<std::byte, Size>>(words);
}

bool lower_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0 && !(c >= 'A' && c <= 'F'); });
}

template <std::size_t Size>
std::string hex(const std::array<std::byte, Size>& bytes) {
  std::string out;
  out.reserve(2 * Size);
  append_hex(out, bytes);
  return out;
}

constexpr bool lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool name_of(std::string_view text, std::size_t size_max, bool digit_first) noexcept {
  if (text.empty() || text.size() > size_max) return false;
  if (!lower(text.front()) && !(digit_first && digit(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return lower(c) || digit(c) || std::string_view{"_-*/"}.find(c) != std::string_view::npos;
  });
}

// simple-key, or tenant@system.
bool valid_key(std::string_view key) noexcept {
  const auto at = key.find('@');
  if (at == std::string_view::npos) return name_of(key, 256, false);
  return name_of(key.substr(0, at), 241, true) && name_of(key.substr(at + 1), 14, false);
}

bool valid_value(std::string_view value) noexcept {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; });
}

}  // namespace

bool trace_context::valid() const noexcept {
  const auto trace = std::bit_cast<std::array<std::uint64_t, 2>>(trace_id);
  return (trace[0] | trace[1]) != 0 && std::bit_cast<std::uint64_t>(span_id) != 0;
}

trace_context trace_context::child() const noexcept {
  if (!valid()) return {};
  return {trace_id, random_id<8>(), flags};
}

trace_context trace_context::start(bool sampled) noexcept {
  return {random_id<16>(), random_id<8>(), sampled ? flag_sampled : std::uint8_t{0}};
}

result<trace_context> trace_context::parse(std::string_view text) {
  const auto fail = [](std::string_view why) {
    return error{errc::parse_error, fmt::format("bad traceparent: {}", why)};
  };
  constexpr std::size_t size = 55;
  if (text.size() < size) return fail(fmt::format("{} characters, at least {} are needed", text.size(), size));
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return fail("it must have the form 2-32-16-2");
  const auto version = text.substr(0, 2);
  const auto flags = text.substr(53, 2);
  for (const auto field : {version, text.substr(3, 32), text.substr(36, 16), flags}) {
    if (!lower_hex(field)) return fail("a character is no lower-case hex digit");
  }
  if (version == "ff") return fail("version ff");
  if (text.size() > size && (version == "00" || text[size] != '-')) return fail("it is too long");

  trace_context parsed;
  std::byte flag_bits{};
  read_hex(text.substr(3, 32), parsed.trace_id);
  read_hex(text.substr(36, 16), parsed.span_id);
  read_hex(flags, {&flag_bits, 1});
  parsed.flags = std::to_integer<std::uint8_t>(flag_bits) & flag_sampled;
  if (!parsed.valid()) return fail("an id is all zero");
  return parsed;
}

std::string trace_context::traceparent() const {
  return fmt::format("00-{}-{}-{:02x}", trace_id_hex(), span_id_hex(), flags & flag_sampled);
}

std::string trace_context::trace_id_hex() const { return hex(trace_id); }
std::string trace_context::span_id_hex() const { return hex(span_id); }

result<trace_state> trace_state::parse(std::string_view text) {
  trace_state state;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto member = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const auto from = member.find_first_not_of(" \t");
    if (from == std::string_view::npos) continue;
    member = member.substr(from, member.find_last_not_of(" \t") - from + 1);
    const auto equals = member.find('=');
    if (equals == std::string_view::npos || !valid_key(member.substr(0, equals)) ||
        !valid_value(member.substr(equals + 1))) {
      return error{errc::parse_error, fmt::format("bad tracestate: member {} is not key=value", state.size() + 1)};
    }
    if (state.get(member.substr(0, equals))) return error{errc::parse_error, "bad tracestate: a key is there twice"};
    if (state.size() == members_max) {
      return error{errc::out_of_range, fmt::format("bad tracestate: more than {} members", members_max)};
    }
    state.members_.emplace_back(member.substr(0, equals), member.substr(equals + 1));
  }
  return state;
}

std::string trace_state::str() const {
  std::string out;
  for (const auto& [key, value] : members_) out += fmt::format("{}{}={}", out.empty() ? "" : ",", key, value);
  return out;
}

std::optional<std::string_view> trace_state::get(std::string_view key) const noexcept {
  for (const auto& [have, value] : members_) {
    if (have == key) return value;
  }
  return std::nullopt;
}

result<void> trace_state::set(std::string_view key, std::string_view value) {
  if (!valid_key(key)) return error{errc::parse_error, "bad tracestate: not a key"};
  if (!valid_value(value)) return error{errc::parse_error, "bad tracestate: not a value"};
  std::pair<std::string, std::string> member{key, value};
  erase(key);
  if (members_.size() == members_max) members_.pop_back();
  members_.insert(members_.begin(), std::move(member));
  return ok();
}

void trace_state::erase(std::string_view key) {
  std::erase_if(members_, [&](const auto& member) { return member.first == key; });
}

}  // namespace troupe
