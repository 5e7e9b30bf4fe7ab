#include "config_value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "escape.hpp"
#include "troupe/core/units.hpp"

namespace troupe {
namespace {

constexpr std::string_view type_names[] = {"true or false",
                                           "a whole number",
                                           "a number",
                                           "a text",
                                           "a duration (a text as 5s, 200ms or 1h30m)",
                                           "a size (a text as 64MiB, or a whole number of bytes)"};
static_assert(std::size(type_names) == std::variant_size_v<config_value>);

error wrong_value(const config_key& key, std::string_view found, errc code = errc::parse_error) {
  return {code, fmt::format("{} must be {}, not {}", key.name, type_names[key.default_value.index()], found)};
}

result<config_value> parse_bool(const config_key& key, std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return wrong_value(key, in_quotes(text));
}

template <class Number>
result<config_value> parse_number(const config_key& key, std::string_view text) {
  Number value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status == std::errc::result_out_of_range) {
    return wrong_value(key, fmt::format("{}, which is out of range", in_quotes(text)), errc::out_of_range);
  }
  if (status != std::errc{} || end != text.data() + text.size()) return wrong_value(key, in_quotes(text));
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return wrong_value(key, in_quotes(text));
  }
  return config_value{value};
}

template <class T>
result<config_value> as_value(const config_key& key, result<T> parsed) {
  if (!parsed) return std::move(parsed).error().with_context(key.name);
  return config_value{*std::move(parsed)};
}

std::string_view toml_type(const toml::node& node) noexcept {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

}  // namespace

result<config_value> value_from_text(const config_key& key, const std::string& text) {
  struct reader {
    const config_key& key;
    const std::string& text;
    result<config_value> operator()(bool) const { return parse_bool(key, text); }
    result<config_value> operator()(std::int64_t) const { return parse_number<std::int64_t>(key, text); }
    result<config_value> operator()(double) const { return parse_number<double>(key, text); }
    result<config_value> operator()(const std::string&) const { return config_value{text}; }
    result<config_value> operator()(duration) const { return as_value(key, parse_duration(text)); }
    result<config_value> operator()(std::uint64_t) const { return as_value(key, parse_size(text)); }
  };
  return std::visit(reader{key, text}, key.default_value);
}

result<config_value> value_from_toml(const config_key& key, const toml::node& node) {
  struct reader {
    const config_key& key;
    const toml::node& node;
    result<config_value> wrong() const { return wrong_value(key, toml_type(node)); }
    result<config_value> operator()(bool) const {
      const auto value = node.value_exact<bool>();
      return value ? result<config_value>{*value} : wrong();
    }
    result<config_value> operator()(std::int64_t) const {
      const auto value = node.value_exact<std::int64_t>();
      return value ? result<config_value>{*value} : wrong();
    }
    result<config_value> operator()(double) const {
      if (const auto whole = node.value_exact<std::int64_t>()) return config_value{static_cast<double>(*whole)};
      const auto value = node.value_exact<double>();
      if (value && !std::isfinite(*value)) return wrong_value(key, "nan or inf");
      return value ? result<config_value>{*value} : wrong();
    }
    result<config_value> operator()(const std::string&) const {
      auto value = node.value_exact<std::string>();
      return value ? result<config_value>{*std::move(value)} : wrong();
    }
    result<config_value> operator()(duration) const {
      const auto value = node.value_exact<std::string>();
      return value ? as_value(key, parse_duration(*value)) : wrong();
    }
    result<config_value> operator()(std::uint64_t) const {
      if (const auto whole = node.value_exact<std::int64_t>(); whole && *whole >= 0) {
        return config_value{static_cast<std::uint64_t>(*whole)};
      }
      const auto value = node.value_exact<std::string>();
      return value ? as_value(key, parse_size(*value)) : wrong();
    }
  };
  return std::visit(reader{key, node}, key.default_value);
}

std::string format_value(const config_value& value) {
  struct writer {
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double n) const { return fmt::format("{}", n); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(duration d) const { return format_duration(d); }
    std::string operator()(std::uint64_t size_bytes) const { return format_size(size_bytes); }
  };
  return std::visit(writer{}, value);
}

}  // namespace troupe
