#include "troupe/core/id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "hex.hpp"
#include "random.hpp"

namespace troupe {
namespace {

constexpr std::array<std::size_t, 4> dashes{8, 13, 18, 23};

void store_big_endian(std::uint64_t value, std::span<std::byte, 8> bytes) noexcept {
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(value >> (56 - 8 * i));
}

}  // namespace

result<id> id::parse(std::string_view text) {
  const auto fail = [&](std::string_view why) { return error{errc::parse_error, fmt::format("bad id: {}", why)}; };
  if (text.size() != 36) return fail(fmt::format("{} characters instead of 36", text.size()));
  std::string digits;
  digits.reserve(32);
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool dash = std::find(dashes.begin(), dashes.end(), at) != dashes.end();
    if (dash != (text[at] == '-')) return fail("it must have the form 8-4-4-4-12");
    if (!dash) digits += text[at];
  }
  std::array<std::byte, 16> bytes{};
  if (!read_hex(digits, bytes)) return fail("a character is no hex digit");
  return from_bytes(bytes);
}

result<id> id::from_bytes(std::span<const std::byte, 16> bytes) {
  id made;
  std::copy(bytes.begin(), bytes.end(), made.bytes_.begin());
  const bool version_7 = (bytes[6] >> 4) == std::byte{7} && (bytes[8] >> 6) == std::byte{2};
  if (!version_7 && !made.is_nil()) {
    return error{errc::unsupported, fmt::format("bad id: {} is not a UUID of version 7", made.to_string())};
  }
  return made;
}

id id::derived(std::uint64_t number) const noexcept {
  const auto half = [&](std::size_t from) {
    std::uint64_t n = 0;
    for (std::size_t i = from; i < from + 8; ++i) n = n << 8 | std::to_integer<std::uint64_t>(bytes_[i]);
    return n;
  };
  // The finaliser of SplitMix64 (Steele et al. 2014).
  const auto mix = [](std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  };
  const std::uint64_t high = mix(half(0) + mix(half(8) + mix(number + 0x9e3779b97f4a7c15U)));
  const std::uint64_t low = mix(high ^ half(8) ^ 0x94d049bb133111ebU);
  id made = *this;
  for (std::size_t i = 6; i < 8; ++i) made.bytes_[i] = static_cast<std::byte>(high >> (8 * (i - 6)));
  for (std::size_t i = 8; i < 16; ++i) made.bytes_[i] = static_cast<std::byte>(low >> (8 * (i - 8)));
  made.bytes_[6] = (made.bytes_[6] & std::byte{0x0f}) | std::byte{0x70};
  made.bytes_[8] = (made.bytes_[8] & std::byte{0x3f}) | std::byte{0x80};
  return made;
}

std::string id::to_string() const {
  std::string out;
  out.reserve(36);
  append_hex(out, bytes_);
  for (const auto at : dashes) out.insert(at, 1, '-');
  return out;
}

std::chrono::sys_time<std::chrono::milliseconds> id::time() const noexcept {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | std::to_integer<std::int64_t>(bytes_[i]);
  return std::chrono::sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{ms}};
}

std::ostream& operator<<(std::ostream& out, const id& i) { return out << i.to_string(); }

id id_generator::next() noexcept {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(clock_.wall().time_since_epoch()).count();
  const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(since_epoch, 0));
  const std::uint64_t earliest = ms << 16;
  auto last = last_.load(std::memory_order_relaxed);
  std::uint64_t mine = 0;
  do {
    mine = std::max(earliest, last + 1);
  } while (!last_.compare_exchange_weak(last, mine, std::memory_order_relaxed));

  const std::uint64_t random = mix64(seed_ ^ mix64(mine)) >> 6;
  const std::uint64_t counter = mine & 0xFFFF;
  id made;
  store_big_endian((mine >> 16) << 16 | 0x7000 | counter >> 4, std::span{made.bytes_}.first<8>());
  store_big_endian(std::uint64_t{2} << 62 | (counter & 15) << 58 | random, std::span{made.bytes_}.last<8>());
  return made;
}

std::uint64_t id_generator::random_seed() { return entropy64(); }

}  // namespace troupe
