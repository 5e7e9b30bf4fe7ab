#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/trace.hpp>
#include <troupe/net/codec_base.hpp>
#include <utility>
#include <variant>

// Codecs of single values: numbers, texts, times, and what core has.

namespace troupe::net {

namespace detail {

// Numbers from `least` to `most`; wrong_type or out_of_range otherwise.
result<std::int64_t> read_integer(const value& from, std::int64_t least, std::int64_t most);
result<std::uint64_t> read_natural(const value& from, std::uint64_t most);
result<double> read_real(const value& from, double most);
// value * numerator / denominator, rounded towards zero; nothing if that does not fit.
std::optional<std::int64_t> scaled(std::int64_t value, std::intmax_t numerator, std::intmax_t denominator) noexcept;

error time_out_of_range();

template <class T>
concept integer_of_64_bits = std::integral<T> && sizeof(T) <= sizeof(std::int64_t);

}  // namespace detail

template <>
struct codec<bool> {
  static void pack(packer& out, bool from) { out.boolean(from); }
  static result<void> unpack(const value& from, bool& into);
};

template <detail::integer_of_64_bits T>
struct codec<T> {
  static void pack(packer& out, T from) {
    if constexpr (std::is_signed_v<T>)
      out.integer(from);
    else
      out.natural(from);
  }
  static result<void> unpack(const value& from, T& into) {
    const auto number = [&] {
      using bounds = std::numeric_limits<T>;
      if constexpr (std::is_signed_v<T>)
        return detail::read_integer(from, bounds::min(), bounds::max());
      else
        return detail::read_natural(from, bounds::max());
    }();
    if (!number) return number.error();
    into = static_cast<T>(*number);
    return ok();
  }
};

// As its number. A number that is none of its enumerators is taken too: a newer program may know more of them.
template <class T>
requires std::is_enum_v<T>
struct codec<T> {
  using number = std::underlying_type_t<T>;
  static void pack(packer& out, T from) { codec<number>::pack(out, static_cast<number>(from)); }
  static result<void> unpack(const value& from, T& into) {
    number read{};
    auto outcome = codec<number>::unpack(from, read);
    if (outcome) into = static_cast<T>(read);
    return outcome;
  }
};

template <>
struct codec<double> {
  static void pack(packer& out, double from) { out.real(from); }
  static result<void> unpack(const value& from, double& into);
};

template <>
struct codec<float> {
  static void pack(packer& out, float from) { out.real(from); }
  static result<void> unpack(const value& from, float& into);
};

template <>
struct codec<std::string> {
  static void pack(packer& out, const std::string& from) { out.text(from); }
  static result<void> unpack(const value& from, std::string& into);
};

template <>
struct codec<std::monostate> {
  static constexpr bool may_be_nil = true;
  static void pack(packer& out, std::monostate) { out.nil(); }
  static result<void> unpack(const value& from, std::monostate& into);
};

// In nanoseconds, as an integer: from 1677 to 2262 for a point in time.
template <class Count, class Period>
struct codec<std::chrono::duration<Count, Period>> {
  using from_ns = std::ratio_divide<Period, std::nano>;
  using floating_ns = std::chrono::duration<long double, std::nano>;

  static void pack(packer& out, const std::chrono::duration<Count, Period>& from) {
    if constexpr (std::chrono::treat_as_floating_point_v<Count>) {
      const long double ns = floating_ns{from}.count();
      if (!(std::abs(ns) < 9.2e18L)) return out.fail(detail::time_out_of_range());
      out.integer(static_cast<std::int64_t>(ns));
    } else {
      if (!std::in_range<std::int64_t>(from.count())) return out.fail(detail::time_out_of_range());
      const auto ns = detail::scaled(static_cast<std::int64_t>(from.count()), from_ns::num, from_ns::den);
      if (!ns) return out.fail(detail::time_out_of_range());
      out.integer(*ns);
    }
  }

  static result<void> unpack(const value& from, std::chrono::duration<Count, Period>& into) {
    std::int64_t ns = 0;
    if (auto read = codec<std::int64_t>::unpack(from, ns); !read) return read;
    if constexpr (std::chrono::treat_as_floating_point_v<Count>) {
      into = std::chrono::duration<Count, Period>{std::chrono::nanoseconds{ns}};
    } else {
      const auto count = detail::scaled(ns, from_ns::den, from_ns::num);
      if (!count || !std::in_range<Count>(*count)) return detail::time_out_of_range();
      into = std::chrono::duration<Count, Period>{static_cast<Count>(*count)};
    }
    return ok();
  }
};

template <class Clock, class Duration>
struct codec<std::chrono::time_point<Clock, Duration>> {
  static void pack(packer& out, const std::chrono::time_point<Clock, Duration>& from) {
    codec<Duration>::pack(out, from.time_since_epoch());
  }
  static result<void> unpack(const value& from, std::chrono::time_point<Clock, Duration>& into) {
    Duration since_epoch{};
    auto outcome = codec<Duration>::unpack(from, since_epoch);
    into = std::chrono::time_point<Clock, Duration>{since_epoch};
    return outcome;
  }
};

// As text.
template <>
struct codec<path> {
  static void pack(packer& out, const path& from) { out.text(from.str()); }
  static result<void> unpack(const value& from, path& into);
};

// As 16 bytes.
template <>
struct codec<id> {
  static void pack(packer& out, const id& from);
  static result<void> unpack(const value& from, id& into);
};

// As 25 bytes: trace id, span id, flags.
template <>
struct codec<trace_context> {
  static void pack(packer& out, const trace_context& from);
  static result<void> unpack(const value& from, trace_context& into);
};

// As [number, message]. The name follows from the number where the number is core's.
template <>
struct codec<error> {
  static void pack(packer& out, const error& from);
  static result<void> unpack(const value& from, error& into);
  static error blank() { return {0, {}}; }
};

}  // namespace troupe::net
