#include "config_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "escape.hpp"

namespace troupe {
namespace {

// toml++ bounds the nesting of values, but not of dotted keys, whose tables it destroys by recursion: a key of some
// hundred thousand segments would run out of stack. A key stands on one line, so it is enough to count the dots of each
// line, whatever they stand in. 256 values may be nested, each second one a table with so many dots in its key; with
// what toml++ 3.3 needs for that, 1 MiB of stack is enough (config_test tries it).
constexpr std::size_t line_dots_max = 64;

// The first line with more dots, counted from 1; 0 if there is none.
std::size_t find_dotted_line(std::string_view text) noexcept {
  std::size_t line = 1;
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '.' && ++dots > line_dots_max) return line;
    if (c == '\n') {
      ++line;
      dots = 0;
    }
  }
  return 0;
}

}  // namespace

result<toml::table> parse_toml(const config_file& file) {
  const auto fail = [&](errc code, std::string_view place, std::string_view why) {
    return error{code, fmt::format("{}{}: {}", escaped(file.name), place, why)};
  };
  if (file.text.size() > config_file::size_bytes_max)
    return fail(errc::out_of_range, "", fmt::format("it has more than {} bytes", config_file::size_bytes_max));
  if (const auto line = find_dotted_line(file.text); line != 0) {
    return fail(errc::parse_error, fmt::format(":{}", line),
                fmt::format("more than {} dots in one line; break it up", line_dots_max));
  }
  try {
    return toml::parse(file.text);
  } catch (const toml::parse_error& e) {
    const auto at = e.source().begin;
    return fail(errc::parse_error, fmt::format(":{}:{}", at.line, at.column), escaped(e.description()));
  }
}

result<config_file> config_file::read(const std::filesystem::path& from) {
  const auto fail = [&](errc code, std::string_view why) {
    return error{code, fmt::format("{}: {}", escaped(from.string()), why)};
  };
  std::error_code status;
  const auto type = std::filesystem::status(from, status).type();
  if (type == std::filesystem::file_type::not_found) return fail(errc::not_found, "there is no such file");
  if (type == std::filesystem::file_type::none) return fail(errc::io_error, status.message());
  if (type == std::filesystem::file_type::directory) return fail(errc::io_error, "it is a folder");
  errno = 0;
  std::ifstream in{from, std::ios::binary};
  if (!in) return fail(errc::io_error, std::generic_category().message(errno));
  config_file file{from.string(), std::string(size_bytes_max + 1, '\0')};
  in.read(file.text.data(), static_cast<std::streamsize>(file.text.size()));
  if (in.bad()) return fail(errc::io_error, "it cannot be read");
  file.text.resize(static_cast<std::size_t>(in.gcount()));
  if (file.text.size() > size_bytes_max)
    return fail(errc::out_of_range, fmt::format("it has more than {} bytes", size_bytes_max));
  return file;
}

}  // namespace troupe
