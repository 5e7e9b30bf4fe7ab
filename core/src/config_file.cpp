#include "config_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "escape.hpp"

namespace troupe {
namespace {

// toml++ bounds the nesting of values, but not of dotted keys, whose tables it destroys by recursion: a key of some
// hundred thousand segments would run out of stack. So keys are bounded here, by a walk over what is neither string
// nor comment. It needs to be right only for well-formed text: toml++ reads nothing beyond the first mistake.
constexpr std::size_t key_segments_max = 16;

struct toml_walk {
  std::string_view text;
  std::size_t at = 0;

  bool starts(std::string_view token) const noexcept { return text.substr(at).starts_with(token); }

  // Stands on a quote; goes behind the string it opens.
  void skip_string() noexcept {
    const char quote = text[at];
    const std::string_view fence = text.substr(at, 3);
    const bool multiline = fence == R"(""")" || fence == "'''";
    const auto close = fence.substr(0, multiline ? 3 : 1);
    for (at += close.size(); at < text.size() && !starts(close); ++at) {
      if (text[at] == '\n' && !multiline) return;
      if (text[at] == '\\' && quote == '"') ++at;
    }
    at = std::min(at + close.size(), text.size());
  }

  // Where the first key with too many segments has one too many.
  std::optional<std::size_t> find_long_key() noexcept {
    std::size_t dots = 0;
    while (at < text.size()) {
      const char c = text[at];
      if (c == '"' || c == '\'') {
        skip_string();
        continue;
      }
      if (c == '#') at = std::min(text.find('\n', at), text.size() - 1);
      if (std::string_view{"\n=,[]{}"}.find(text[at]) != std::string_view::npos) dots = 0;
      if (c == '.' && ++dots == key_segments_max) return at;
      ++at;
    }
    return std::nullopt;
  }
};

}  // namespace

result<toml::table> parse_toml(const config_file& file) {
  if (file.text.size() > config_file::size_bytes_max) {
    return error{errc::out_of_range,
                 fmt::format("{}: it has more than {} bytes", file.name, config_file::size_bytes_max)};
  }
  if (const auto at = toml_walk{file.text}.find_long_key()) {
    const auto line = 1 + std::count(file.text.begin(), file.text.begin() + static_cast<std::ptrdiff_t>(*at), '\n');
    return error{errc::parse_error,
                 fmt::format("{}:{}: a key has more than {} segments", file.name, line, key_segments_max)};
  }
  try {
    return toml::parse(file.text);
  } catch (const toml::parse_error& e) {
    std::string description;
    append_escaped(description, e.description());
    const auto at = e.source().begin;
    return error{errc::parse_error, fmt::format("{}:{}:{}: {}", file.name, at.line, at.column, description)};
  }
}

result<config_file> config_file::read(const std::filesystem::path& from) {
  std::error_code status;
  const auto fail = [&](errc code, std::string_view why) {
    return error{code, fmt::format("{}: {}", from.string(), why)};
  };
  if (!std::filesystem::exists(from, status)) return fail(errc::not_found, "there is no such file");
  if (std::filesystem::is_directory(from, status)) return fail(errc::io_error, "it is a folder");
  std::ifstream in{from, std::ios::binary};
  config_file file{from.string(), std::string(size_bytes_max + 1, '\0')};
  if (in) in.read(file.text.data(), static_cast<std::streamsize>(file.text.size()));
  if (!in.is_open() || in.bad()) return fail(errc::io_error, "it cannot be read");
  file.text.resize(static_cast<std::size_t>(in.gcount()));
  if (file.text.size() > size_bytes_max)
    return fail(errc::out_of_range, fmt::format("it has more than {} bytes", size_bytes_max));
  return file;
}

}  // namespace troupe
