#include "json_compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace troupe::actors {

namespace {

// It holds all 64-bit integers and all doubles, so that a comparison of any two of them is exact.
using wide = long double;
static_assert(std::numeric_limits<wide>::digits >= 64);

wide wide_of(const json& number) noexcept {
  if (const auto* natural = number.get_ptr<const json::number_unsigned_t*>()) return static_cast<wide>(*natural);
  if (const auto* whole = number.get_ptr<const json::number_integer_t*>()) return static_cast<wide>(*whole);
  const auto* real = number.get_ptr<const json::number_float_t*>();
  return real ? static_cast<wide>(*real) : wide{0};
}

int kind_of(const json& value) noexcept { return value.is_number() ? -1 : static_cast<int>(value.type()); }

// Below 0, 0, above 0. The parser's limit of depth is this one's, too.
int compare(const json& x, const json& y) noexcept {
  if (const int kind = kind_of(x), other = kind_of(y); kind != other) return kind < other ? -1 : 1;
  if (x.is_number()) {
    const wide a = wide_of(x), b = wide_of(y);
    return a < b ? -1 : (b < a ? 1 : 0);
  }
  if (const auto* text = x.get_ptr<const std::string*>()) return text->compare(*y.get_ptr<const std::string*>());
  if (const auto* flag = x.get_ptr<const bool*>())
    return static_cast<int>(*flag) - static_cast<int>(*y.get_ptr<const bool*>());
  if (!x.is_structured()) return 0;
  if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
  for (auto a = x.begin(), b = y.begin(); a != x.end(); ++a, ++b) {
    if (x.is_object())
      if (const int keys = a.key().compare(b.key()); keys != 0) return keys;
    if (const int values = compare(*a, *b); values != 0) return values;
  }
  return 0;
}

}  // namespace

bool number_less(const json& x, const json& y) noexcept { return wide_of(x) < wide_of(y); }

bool is_multiple(const json& number, const json& of) noexcept {
  const wide x = wide_of(number), y = wide_of(of);
  if (std::trunc(x) == x && std::trunc(y) == y) return std::fmod(x, y) == 0;
  const wide ratio = x / y;  // of decimal fractions, which are not exact
  return std::abs(ratio - std::round(ratio)) <= 4 * std::numeric_limits<double>::epsilon() * std::abs(ratio);
}

bool json_same(const json& x, const json& y) noexcept { return compare(x, y) == 0; }
bool json_less(const json& x, const json& y) noexcept { return compare(x, y) < 0; }

std::size_t as_count(const json& number) noexcept {
  const wide count = wide_of(number);
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  if (!(count > 0)) return 0;
  return count < static_cast<wide>(most) ? static_cast<std::size_t>(count) : most;
}

}  // namespace troupe::actors
