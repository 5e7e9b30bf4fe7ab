// Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4).
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "troupe/core/metrics.hpp"

namespace troupe {
namespace {

constexpr std::string_view type_name(metric_type type) noexcept {
  switch (type) {
    case metric_type::counter: return "counter";
    case metric_type::gauge: return "gauge";
    case metric_type::histogram: return "histogram";
  }
  return "untyped";
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// A label's value has its quotes escaped, a help text has not.
void append_text(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

// `bound` is the value of the label `le`, empty for none.
void append_line(std::string& out, std::string_view name, std::string_view suffix, const metric_series& series,
                 std::string_view bound, std::string_view value) {
  out += name;
  out += suffix;
  char before = '{';
  const auto append_label = [&](std::string_view label, std::string_view text) {
    out += before;
    before = ',';
    out += label;
    out += "=\"";
    append_text(out, text, true);
    out += '"';
  };
  for (const auto& [label, text] : series.labels) append_label(label, text);
  if (!bound.empty()) append_label("le", bound);
  if (before == ',') out += '}';
  out += ' ';
  out += value;
  out += '\n';
}

}  // namespace

std::string to_prometheus(const metrics_snapshot& snapshot) {
  std::string out;
  for (const auto& family : snapshot) {
    fmt::format_to(std::back_inserter(out), "# HELP {} ", family.name);
    append_text(out, family.help, false);
    fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", family.name, type_name(family.type));
    for (const auto& series : family.series) {
      if (family.type != metric_type::histogram) {
        append_line(out, family.name, "", series, "", number(series.value));
        continue;
      }
      for (const auto& [bound, count] : series.buckets) {
        append_line(out, family.name, "_bucket", series, number(bound), fmt::format("{}", count));
      }
      append_line(out, family.name, "_sum", series, "", number(series.sum));
      append_line(out, family.name, "_count", series, "",
                  fmt::format("{}", series.buckets.empty() ? 0 : series.buckets.back().count));
    }
  }
  return out;
}

}  // namespace troupe
