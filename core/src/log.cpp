#include "troupe/core/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include "escape.hpp"
#include "log_line.hpp"

namespace troupe {
namespace {

constexpr std::string_view level_names[] = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::string_view overflow_component = "other";

class function_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit function_sink(std::function<void(std::string_view)> function) : function_{std::move(function)} {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    function_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> function_;
};

// spdlog's own sink for stderr does not notice that a line is lost.
void write_stderr(std::string_view line) {
  const auto whole = std::string{line} + '\n';
  for (std::string_view left = whole; !left.empty();) {
    const auto written = ::write(STDERR_FILENO, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // somebody made it non-blocking
      pollfd slow{STDERR_FILENO, POLLOUT, 0};
      ::poll(&slow, 1, -1);
    } else if (errno != EINTR) {
      throw std::system_error{errno, std::generic_category(), "stderr"};
    }
  }
}

bool set_and_not_empty(const char* variable) noexcept {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool terminal_wants_colour() noexcept {
  const char* terminal = std::getenv("TERM");
  return !set_and_not_empty("NO_COLOR") && (terminal == nullptr || std::string_view{terminal} != "dumb");
}

// Devices and links are left where they are: /dev/stdout is not to be renamed, not even by the superuser.
bool rotates(const log_options& options) {
  std::error_code ignored;
  const auto type = std::filesystem::symlink_status(options.file, ignored).type();
  return options.file_size_bytes_max != 0 &&
         (type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found);
}

bool may_write_in(const std::filesystem::path& folder) noexcept {
  return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0 || errno == ENOENT;  // then it is made
}

result<std::shared_ptr<spdlog::sinks::sink>> open_file(const log_options& options) {
  const auto fail = [&](std::string_view why) {
    return error{errc::io_error, fmt::format("log file {}: {}", escaped(options.file.string()), why)};
  };
  const auto folder = options.file.has_parent_path() ? options.file.parent_path() : std::filesystem::path{"."};
  try {
    if (!rotates(options)) return std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file.string());
    // spdlog would find out when the file is full, and then empty it.
    if (!may_write_in(folder)) {
      return fail(
          "its folder is not writable, so it could not be rotated: make the folder writable, take another one, "
          "or switch rotation off (file_size_bytes_max = 0)");
    }
    return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file.string(), options.file_size_bytes_max,
                                                                  options.files_kept_max);
  } catch (const spdlog::spdlog_ex& e) {
    return fail(escaped(e.what()));
  }
}

result<std::shared_ptr<spdlog::sinks::sink>> open(const log_options& options) {
  if (options.sink) return std::make_shared<function_sink>(options.sink);
  if (options.file.empty()) return std::make_shared<function_sink>(write_stderr);
  auto opened = open_file(options);
  if (opened) {
    (*opened)->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, std::string{"\n"}));
  }
  return opened;
}

}  // namespace

// What all loggers of one make() share.
struct logger::output {
  struct part {
    explicit part(log_level l) noexcept : level{l} {}
    std::atomic<log_level> level;
    bool own = false;  // set for this component, so it does not follow the others
  };

  std::shared_ptr<spdlog::sinks::sink> sink;  // has a lock of its own
  log_format format;
  bool colour;
  const clock* time;
  real_clock real;
  std::atomic<std::uint64_t> dropped{0};

  std::mutex mutex;
  std::map<std::string, part, std::less<>> parts;  // guarded by mutex; nodes and their levels stay; "" is there

  // With the mutex held. Null above the limit.
  std::pair<const std::string, part>* find_or_add(std::string_view name) {
    const auto short_name = cut(name, 64);
    if (const auto found = parts.find(short_name); found != parts.end()) return &*found;
    if (parts.size() >= components_max && short_name != overflow_component) return nullptr;
    return &*parts.try_emplace(std::string{short_name}, parts.find("")->second.level.load()).first;
  }
};

std::string_view to_string(log_level level) noexcept {
  const auto index = static_cast<std::size_t>(level);
  return index < std::size(level_names) ? level_names[index] : "unknown";
}

result<log_level> parse_log_level(std::string_view name) {
  for (std::size_t i = 0; i < std::size(level_names); ++i) {
    if (name == level_names[i]) return static_cast<log_level>(i);
  }
  return error{errc::parse_error,
               fmt::format("{} is no log level: trace, debug, info, warn, error, off", in_quotes(name))};
}

result<logger> logger::make(log_options options) {
  auto sink = open(options);
  if (!sink) return std::move(sink).error();
  const bool terminal = !options.sink && options.file.empty() && ::isatty(STDERR_FILENO) == 1;
  auto format = options.format;
  if (format == log_format::automatic) format = terminal ? log_format::human : log_format::json;

  auto made = std::make_shared<output>();
  made->sink = *std::move(sink);
  made->format = format;
  made->colour = options.colour.value_or(terminal && terminal_wants_colour());
  made->time = options.time != nullptr ? options.time : &made->real;
  auto& root = made->parts.try_emplace("", options.level).first->second;
  return logger{made, "", root.level};
}

logger logger::component(std::string_view name) const {
  if (!output_) return {};
  const std::scoped_lock lock{output_->mutex};
  auto* found = output_->find_or_add(name);
  if (found == nullptr) found = output_->find_or_add(overflow_component);
  return logger{output_, found->first, found->second.level};
}

result<void> logger::set_level(std::string_view component, std::optional<log_level> level) const {
  if (component.empty()) {
    if (level) set_level(*level);
    return ok();
  }
  if (!output_) return ok();
  const std::scoped_lock lock{output_->mutex};
  auto* found = output_->find_or_add(component);
  if (found == nullptr)
    return troupe::error{errc::out_of_range, fmt::format("more than {} components log", components_max)};
  found->second.own = level.has_value();
  found->second.level = level.value_or(output_->parts.find("")->second.level);
  return ok();
}

void logger::set_level(log_level level) const {
  if (!output_) return;
  const std::scoped_lock lock{output_->mutex};
  for (auto& [name, part] : output_->parts) {
    if (!part.own) part.level = level;
  }
}

std::map<std::string, log_level> logger::levels() const {
  std::map<std::string, log_level> all;
  if (!output_) return all;
  const std::scoped_lock lock{output_->mutex};
  for (const auto& [name, part] : output_->parts) all.emplace(name, part.level);
  return all;
}

std::uint64_t logger::dropped() const noexcept { return output_ ? output_->dropped.load() : 0; }

void logger::write_line(log_level level, std::string_view message, std::initializer_list<log_field> fields,
                        const trace_context& trace) const noexcept {
  try {
    const log_line line{output_->time->wall(), level, name_, message, fields, trace};
    const auto text = output_->format == log_format::json ? to_json(line) : to_human(line, output_->colour);
    output_->sink->log(spdlog::details::log_msg{"", spdlog::level::info, text});
    output_->sink->flush();
  } catch (...) {  // a full disk, a sink that throws, no memory: logging must not take the program down
    output_->dropped.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace troupe
