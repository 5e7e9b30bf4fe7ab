#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "troupe/core/clock.hpp"
#include "troupe/core/result.hpp"
#include "troupe/core/trace.hpp"

namespace troupe {

enum class log_level : std::uint8_t { trace, debug, info, warn, error, off };

std::string_view to_string(log_level level) noexcept;
result<log_level> parse_log_level(std::string_view name);  // fails with parse_error

// json: one object a line (RFC 8259), for programs. human: one line, for people; with colours on a terminal, unless
// NO_COLOR or TERM=dumb is set. automatic: human on a terminal, json elsewhere.
enum class log_format : std::uint8_t { automatic, json, human };

// A named value beside the message, as in log.info("joined", {{"peer", name}, {"took_ms", 12}}). Refers to its key and
// to text, so it lives no longer than the call. A null `const char*` is the text `(null)`.
class log_field {
 public:
  using value_type = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

  log_field(std::string_view key, std::convertible_to<std::string_view> auto const& text)
      : key_{key}, value_{view(text)} {}
  log_field(std::string_view key, std::same_as<bool> auto value) : key_{key}, value_{value} {}
  log_field(std::string_view key, std::signed_integral auto value) : key_{key}, value_{std::int64_t{value}} {}
  log_field(std::string_view key, std::floating_point auto value) : key_{key}, value_{static_cast<double>(value)} {}
  template <std::unsigned_integral N>
  requires(!std::same_as<N, bool>) log_field(std::string_view key, N value) : key_{key}, value_{std::uint64_t{value}} {}

  std::string_view key() const noexcept { return key_; }
  const value_type& value() const noexcept { return value_; }

 private:
  static std::string_view view(std::string_view text) noexcept { return text; }
  static std::string_view view(const char* text) noexcept { return text != nullptr ? text : "(null)"; }

  std::string_view key_;
  value_type value_;
};

struct log_options {
  log_level level = log_level::info;
  log_format format = log_format::automatic;
  std::optional<bool> colour = std::nullopt;  // overrules the terminal and NO_COLOR; human format only

  // Where lines go: to `sink`, else to `file`, else to stderr. The sink gets a line without its end, one at a time;
  // it must not log. The file is appended to. It is rotated before it grows beyond its limit, which needs a folder that
  // may be written: file.1.log is the newest of the old ones. Links and devices are not rotated.
  std::function<void(std::string_view line)> sink = {};
  std::filesystem::path file = {};
  std::size_t file_size_bytes_max = 64 << 20;  // 0: no limit, so no rotation
  std::size_t files_kept_max = 4;              // beside the one that is written; 0: its lines go when it is full

  const clock* time = nullptr;  // outlives every logger; the real clock if null
};

// Writes lines for one component of a program ("memory", "gpu"). A light handle: copies, and the loggers made by
// component(), share one output, which goes with the last of them. The default one is silent. Any thread may call it.
//
// There is no queue: a line is with the operating system when the call returns, and a slow terminal or disk slows the
// writer down. A line that cannot be written is dropped and counted, never thrown. What comes in may be hostile: in
// JSON it is escaped and made UTF-8, for people control and direction characters are shown as escapes. Limits: 16,384
// bytes for the message and for each text, 1,024 components (more share the name "other").
//
// JSON: {"ts":"2024-01-01T00:00:00.000000Z","level":"info","component":"memory","msg":"...","fields":{...},
// "trace_id":"...","span_id":"..."}; component, fields and the ids only if there are any.
class logger {
 public:
  static constexpr std::size_t text_size_bytes_max = 16'384;
  static constexpr std::size_t components_max = 1'024;

  logger() noexcept = default;

  // Fails with io_error if the file cannot be opened, or not be rotated as its folder is not writable.
  static result<logger> make(log_options options);

  // Names do not nest: component("b") is "b", whichever logger is asked.
  logger component(std::string_view name) const;
  std::string_view name() const noexcept { return name_; }

  // Cheap enough for the message path: one relaxed load.
  bool enabled(log_level level) const noexcept {
    return level_ != nullptr && level >= level_->load(std::memory_order_relaxed) && level != log_level::off;
  }

  void write(log_level level, std::string_view message, std::initializer_list<log_field> fields = {},
             const trace_context& trace = {}) const noexcept {
    if (enabled(level)) write_line(level, message, fields, trace);
  }

  void trace(std::string_view message, std::initializer_list<log_field> fields = {},
             const trace_context& trace = {}) const noexcept {
    write(log_level::trace, message, fields, trace);
  }
  void debug(std::string_view message, std::initializer_list<log_field> fields = {},
             const trace_context& trace = {}) const noexcept {
    write(log_level::debug, message, fields, trace);
  }
  void info(std::string_view message, std::initializer_list<log_field> fields = {},
            const trace_context& trace = {}) const noexcept {
    write(log_level::info, message, fields, trace);
  }
  void warn(std::string_view message, std::initializer_list<log_field> fields = {},
            const trace_context& trace = {}) const noexcept {
    write(log_level::warn, message, fields, trace);
  }
  void error(std::string_view message, std::initializer_list<log_field> fields = {},
             const trace_context& trace = {}) const noexcept {
    write(log_level::error, message, fields, trace);
  }

  // Takes effect at once, in every thread. Without a component, the level of all that have none of their own; without
  // a level, the component has none of its own any more. Fails with out_of_range above the limit on components.
  result<void> set_level(std::string_view component, std::optional<log_level> level) const;
  void set_level(log_level level) const;

  // Each component's level in effect; "" is the level of those without their own.
  std::map<std::string, log_level> levels() const;

  // Lines that could not be written since the output was made.
  std::uint64_t dropped() const noexcept;

 private:
  struct output;

  logger(std::shared_ptr<output> to, std::string_view name, const std::atomic<log_level>& level) noexcept
      : output_{std::move(to)}, name_{name}, level_{&level} {}
  void write_line(log_level level, std::string_view message, std::initializer_list<log_field> fields,
                  const trace_context& trace) const noexcept;

  std::shared_ptr<output> output_;  // shared by all loggers made from one make(): the last one may still write
  std::string_view name_;           // both in *output_
  const std::atomic<log_level>* level_ = nullptr;
};

}  // namespace troupe
