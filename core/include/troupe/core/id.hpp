#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "troupe/core/clock.hpp"
#include "troupe/core/result.hpp"

namespace troupe {

// A 128-bit identifier that sorts by the time it was made: UUID version 7 (RFC 9562, section 5.7). A value of 16 bytes.
// Unique, but no secret: the next one can be guessed.
//
// Bytes, big-endian: 48 bits Unix time in ms, 4 bits version (7), 12 bits counter, 2 bits variant (binary 10), 4 bits
// counter, 58 bits random. The default value is the nil UUID, all zero, and sorts before all others.
class id {
 public:
  constexpr id() noexcept = default;

  // 32 hex digits of either case as 8-4-4-4-12. Fails with parse_error; a UUID of a version other than 7 is
  // unsupported, as its order would mean nothing. The nil UUID is accepted.
  static result<id> parse(std::string_view text);
  static result<id> from_bytes(std::span<const std::byte, 16> bytes);

  const std::array<std::byte, 16>& bytes() const noexcept { return bytes_; }

  // 36 characters, lower case.
  std::string to_string() const;

  // When it was made, by the wall clock of its generator; the epoch for nil.
  std::chrono::sys_time<std::chrono::milliseconds> time() const noexcept;

  // The name of a part of what this one names: the same for the same number, another for another one up to chance
  // (2^-74). It has this one's time, and no place in the order of those that were made then.
  id derived(std::uint64_t number) const noexcept;

  bool is_nil() const noexcept { return *this == id{}; }

  friend constexpr bool operator==(const id&, const id&) noexcept = default;
  friend constexpr std::strong_ordering operator<=>(const id&, const id&) noexcept = default;
  friend std::ostream& operator<<(std::ostream& out, const id& i);

 private:
  friend class id_generator;
  std::array<std::byte, 16> bytes_{};
};

// Makes ids, each greater than the one before: within a millisecond, and while the wall clock is set back, a counter of
// 16 bits goes on; if it runs over (65,536 ids in one millisecond) the time in the ids runs ahead of the clock
// (RFC 9562, section 6.2, methods 1 and 4).
//
// Deterministic: equal clocks and seeds give equal ids in equal order of calls. Ids of two generators differ if their
// seeds do, up to chance (2^-58 for two ids of the same millisecond and counter), so nodes take random_seed(). Any
// thread may call next(); lock-free. The clock must outlive the generator. Not movable.
class id_generator {
 public:
  id_generator(const clock& time, std::uint64_t seed) noexcept : clock_{time}, seed_{seed} {}

  id next() noexcept;

  // From the operating system's entropy.
  static std::uint64_t random_seed();

 private:
  const clock& clock_;
  const std::uint64_t seed_;
  std::atomic<std::uint64_t> last_{0};  // 48 bits ms, 16 bits counter: what the last id carries
};

}  // namespace troupe

template <>
struct std::hash<troupe::id> {
  std::size_t operator()(const troupe::id& i) const noexcept {
    std::uint64_t hash = 0;
    for (std::size_t n = 8; n < 16; ++n) hash = hash << 8 | std::to_integer<std::uint64_t>(i.bytes()[n]);
    return static_cast<std::size_t>(hash);  // the counter's end and the random bits
  }
};
