#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace troupe {

// Opts an enum in as error codes. A module specialises it for its own `errc` and declares, beside the enum, a
// `std::string_view to_string(E)` that returns a string of static lifetime.
template <class E>
struct is_errc : std::false_type {};

template <class E>
concept errc_enum = std::is_enum_v<E> && is_errc<E>::value && requires(E code) {
  { to_string(code) } -> std::same_as<std::string_view>;
};

// What can go wrong in core, and the codes that fit every module.
//
// Errors travel between nodes of different versions: a number, once released, never changes its meaning and is never
// used again. Every module has a range of its own: core 1000, net 2000, gpu 3000, memory 4000, actors 5000, up to 999
// further each; programs built on Troupe take 10000 and up.
enum class errc : std::uint32_t {
  invalid_argument = 1001,  // the caller passed something that can never be right
  parse_error = 1002,       // text or bytes from outside do not have the form they must have
  not_found = 1003,
  already_exists = 1004,
  out_of_range = 1005,  // well formed, but beyond a written limit
  io_error = 1006,      // the operating system refused to read or write
  unsupported = 1007,   // well formed, but not known to this version or on this machine
  internal = 1099,      // a bug in Troupe
};

// The enumerator's name, "unknown" for a number that is none of them. Static lifetime, any thread.
[[nodiscard]] std::string_view to_string(errc code) noexcept;

template <>
struct is_errc<errc> : std::true_type {};

}  // namespace troupe
