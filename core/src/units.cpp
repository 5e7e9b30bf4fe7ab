#include "troupe/core/units.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <limits>
#include <span>

#include "escape.hpp"

namespace troupe {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

// Descending; of two names for one factor the first is the one to write.
constexpr unit time_units[] = {{"d", 86'400'000'000'000},
                               {"h", 3'600'000'000'000},
                               {"m", 60'000'000'000},
                               {"s", 1'000'000'000},
                               {"ms", 1'000'000},
                               {"us", 1'000},
                               {"µs", 1'000},
                               {"ns", 1}};

constexpr std::uint64_t kib = 1024;
constexpr unit size_units[] = {{"TiB", kib* kib* kib* kib},
                               {"TB", 1'000'000'000'000},
                               {"GiB", kib* kib* kib},
                               {"GB", 1'000'000'000},
                               {"MiB", kib* kib},
                               {"MB", 1'000'000},
                               {"KiB", kib},
                               {"kB", 1'000},
                               {"B", 1}};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

const unit* find_unit(std::span<const unit> units, std::string_view name) noexcept {
  for (const auto& u : units) {
    if (u.name == name) return &u;
  }
  return nullptr;
}

struct quantity {
  std::uint64_t count;
  std::string_view unit_name;
};

// Takes digits and the unit that follows them off the front.
result<quantity> take_quantity(std::string_view& text) {
  quantity taken{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), taken.count);
  if (status == std::errc::result_out_of_range) return error{errc::out_of_range, "the number is too large"};
  if (status != std::errc{}) return error{errc::parse_error, "a number is missing"};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length])) ++length;
  taken.unit_name = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

}  // namespace

result<duration> parse_duration(std::string_view text) {
  const auto fail = [&](errc code, std::string_view why) {
    return error{code, fmt::format("{} is not a duration as 5s, 200ms or 1h30m: {}", in_quotes(text), why)};
  };
  if (text == "0") return duration::zero();
  constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t total = 0;
  std::uint64_t factor_before = std::numeric_limits<std::uint64_t>::max();
  auto rest = text;
  do {
    const auto taken = take_quantity(rest);
    if (!taken)
      return fail(taken.error().is(errc::out_of_range) ? errc::out_of_range : errc::parse_error,
                  taken.error().message());
    const auto* u = find_unit(time_units, taken->unit_name);
    if (u == nullptr) return fail(errc::parse_error, taken->unit_name.empty() ? "a unit is missing" : "unknown unit");
    if (u->factor >= factor_before) return fail(errc::parse_error, "the larger units come first, each once");
    if (taken->count > (max - total) / u->factor) return fail(errc::out_of_range, "it is too long");
    total += taken->count * u->factor;
    factor_before = u->factor;
  } while (!rest.empty());
  return duration{static_cast<std::int64_t>(total)};
}

std::string format_duration(duration d) {
  if (d == duration::zero()) return "0s";
  std::string out;
  auto left = static_cast<std::uint64_t>(d.count());
  if (d < duration::zero()) {
    out += '-';
    left = std::uint64_t{0} - left;
  }
  for (const auto& u : time_units) {
    if (left >= u.factor) fmt::format_to(std::back_inserter(out), "{}{}", left / u.factor, u.name);
    left %= u.factor;
  }
  return out;
}

result<std::uint64_t> parse_size(std::string_view text) {
  const auto fail = [&](errc code, std::string_view why) {
    return error{code, fmt::format("{} is not a size as 512B or 64MiB: {}", in_quotes(text), why)};
  };
  auto rest = text;
  const auto taken = take_quantity(rest);
  if (!taken)
    return fail(taken.error().is(errc::out_of_range) ? errc::out_of_range : errc::parse_error, taken.error().message());
  if (!rest.empty()) return fail(errc::parse_error, "one number and one unit are allowed");
  const auto* u = find_unit(size_units, taken->unit_name.empty() ? "B" : taken->unit_name);
  if (u == nullptr) return fail(errc::parse_error, "unknown unit");
  if (taken->count > std::numeric_limits<std::uint64_t>::max() / u->factor)
    return fail(errc::out_of_range, "it is too large");
  return taken->count * u->factor;
}

std::string format_size(std::uint64_t size_bytes) {
  const auto* best = find_unit(size_units, "B");
  for (const auto& u : size_units) {
    const bool binary = u.name.size() == 3;
    if (binary && size_bytes != 0 && size_bytes % u.factor == 0) {
      best = &u;
      break;
    }
  }
  return fmt::format("{}{}", size_bytes / best->factor, best->name);
}

}  // namespace troupe
