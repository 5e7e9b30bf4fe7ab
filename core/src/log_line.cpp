#include "log_line.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "escape.hpp"

namespace troupe {
namespace {

std::string_view bounded(std::string_view text) noexcept { return cut(text, logger::text_size_bytes_max); }

struct json_value {
  std::string& out;
  void operator()(bool b) const { out += b ? "true" : "false"; }
  void operator()(std::string_view text) const { append_json_string(out, bounded(text)); }
  void operator()(double n) const {
    // JSON has no numbers for these.
    if (std::isfinite(n)) {
      fmt::format_to(std::back_inserter(out), "{}", n);
    } else {
      fmt::format_to(std::back_inserter(out), "\"{}\"", n);
    }
  }
  void operator()(std::integral auto n) const { fmt::format_to(std::back_inserter(out), "{}", n); }
};

// Bare if it cannot be taken for anything else, in quotes otherwise.
struct human_value {
  std::string& out;
  void operator()(std::string_view text) const {
    const auto shown = escaped(bounded(text));
    const bool bare =
        !text.empty() && shown.size() == text.size() && text.find_first_of(" =") == std::string_view::npos;
    out += bare ? shown : '"' + shown + '"';
  }
  void operator()(auto n) const { fmt::format_to(std::back_inserter(out), "{}", n); }
};

constexpr std::string_view colour_of(log_level level) noexcept {
  switch (level) {
    case log_level::warn: return "\x1b[33m";
    case log_level::error: return "\x1b[31m";
    case log_level::info: return "\x1b[32m";
    default: return "\x1b[2m";
  }
}

}  // namespace

std::string to_json(const log_line& line) {
  std::string out = fmt::format(R"({{"ts":"{}","level":"{}")", format_timestamp(line.time), to_string(line.level));
  if (!line.component.empty()) {
    out += R"(,"component":)";
    append_json_string(out, line.component);
  }
  out += R"(,"msg":)";
  append_json_string(out, bounded(line.message));
  if (line.fields.size() != 0) {
    out += R"(,"fields":)";
    char before = '{';
    for (const auto& field : line.fields) {
      out += before;
      before = ',';
      append_json_string(out, bounded(field.key()));
      out += ':';
      std::visit(json_value{out}, field.value());
    }
    out += '}';
  }
  if (line.trace.valid()) {
    fmt::format_to(std::back_inserter(out), R"(,"trace_id":"{}","span_id":"{}")", line.trace.trace_id_hex(),
                   line.trace.span_id_hex());
  }
  out += '}';
  return out;
}

std::string to_human(const log_line& line, bool colour) {
  std::string out = format_timestamp(line.time, 3);
  fmt::format_to(std::back_inserter(out), " {}{:<5}{} ", colour ? colour_of(line.level) : "", to_string(line.level),
                 colour ? "\x1b[0m" : "");
  if (!line.component.empty()) {
    append_escaped(out, line.component);
    out += ": ";
  }
  append_escaped(out, bounded(line.message));
  for (const auto& field : line.fields) {
    out += ' ';
    append_escaped(out, bounded(field.key()));
    out += '=';
    std::visit(human_value{out}, field.value());
  }
  if (line.trace.valid()) fmt::format_to(std::back_inserter(out), " trace_id={}", line.trace.trace_id_hex());
  return out;
}

}  // namespace troupe
