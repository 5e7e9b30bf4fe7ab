#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>
#include <troupe/actors/run.hpp>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>
#include <utility>

#include "launcher.hpp"

namespace troupe {

namespace {

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 64;
constexpr int exit_config = 78;

// Where the handler writes the numbers of signals; -1: nobody reads them. A handler has nothing but globals.
std::atomic<int> signal_pipe{-1};

extern "C" void pass_on(int number) {
  const int before = errno;
  const auto byte = static_cast<unsigned char>(number);
  (void)!::write(signal_pipe.load(), &byte, 1);
  errno = before;
}
extern "C" void pass_over(int) {}

// Turns SIGINT and SIGTERM into a call, on a thread of its own. With handlers, not with a mask: programs that agents
// start would inherit that, and could not be ended. SIGPIPE is handled, too, so that a node survives the reader of its
// log. One at a time in a process.
class signal_watcher {
 public:
  explicit signal_watcher(std::function<void(int)> on_signal) : on_signal_{std::move(on_signal)} {
    if (::pipe2(pipe_.data(), O_CLOEXEC) != 0)
      throw failure{error{errc::io_error, std::string{"no pipe for signals: "} + std::strerror(errno)}};
    signal_pipe.store(pipe_[1]);
    thread_ = std::thread{[this] {
      for (unsigned char number = 0;;) {
        const auto got = ::read(pipe_[0], &number, 1);
        if (got < 0 && errno == EINTR) continue;  // by a signal of the program's own, whose handler restarts nothing
        if (got != 1 || number == 0) return;
        on_signal_(number);
      }
    }};
    for (std::size_t i = 0; i < handled.size(); ++i) {
      struct sigaction action {};
      action.sa_handler = handled[i] == SIGPIPE ? pass_over : pass_on;
      action.sa_flags = SA_RESTART;
      ::sigaction(handled[i], &action, &before_[i]);
    }
  }
  ~signal_watcher() {
    for (std::size_t i = 0; i < handled.size(); ++i) ::sigaction(handled[i], &before_[i], nullptr);
    pass_on(0);
    thread_.join();
    signal_pipe.store(-1);
    for (const int end : pipe_) ::close(end);
  }

 private:
  static constexpr std::array handled{SIGINT, SIGTERM, SIGPIPE};

  std::function<void(int)> on_signal_;
  std::array<int, 2> pipe_{};
  std::array<struct sigaction, handled.size()> before_{};
  std::thread thread_;
};

// Ends the process in the middle of whatever it does. What it has printed is not lost with it, unless that would have
// to wait: for somebody who is printing, or for whoever reads it.
[[noreturn]] void leave_at_once(int code) {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  if (::ftrylockfile(stdout) == 0 && ::poll(&output, 1, 0) == 1) ::fflush_unlocked(stdout);
  std::_Exit(code);
}

struct command_line {
  std::string config_file;
  std::vector<std::string> settings;
  std::vector<config_flag> flags;
  bool show_config = false;
};

// Nothing: go on. Otherwise the exit code: the program has said all there is to say.
std::optional<int> parse(int argc, char** argv, const program& about, command_line& into) {
  CLI::App app{about.description, about.name};
  std::map<std::string, std::string> shorthand;
  app.add_option("--config", into.config_file, "Configuration file (TOML)")->envname("TROUPE_CONFIG");
  app.add_option("--set", into.settings, "A setting as KEY=VALUE; see --show-config for the keys")->take_all();
  for (const auto& [flag, key, help] :
       {std::tuple{"--threads", "node.threads", "Scheduler threads; 0: one per core"},
        std::tuple{"--data", "memory.folder", "Folder of what agents remember; made if it is not there"},
        std::tuple{"--log-level", "log.level", "trace, debug, info, warn, error or off"},
        std::tuple{"--log-format", "log.format", "auto, human or json"}})
    app.add_option_function<std::string>(
        flag,
        [&into, flag = flag, key = key](const std::string& text) {
          into.flags.push_back({key, text, flag});
        },
        help);
  app.add_flag("--show-config", into.show_config, "Print every setting with where it comes from, and exit");
  if (!about.version.empty()) app.set_version_flag("--version", about.name + " " + about.version);
  try {
    app.parse(argc, argv);
    for (const auto& each : into.settings) {
      const auto equals = each.find('=');
      if (equals == std::string::npos) throw CLI::ValidationError{"--set " + each, "must be KEY=VALUE"};
      into.flags.push_back({each.substr(0, equals), each.substr(equals + 1), "--set " + each.substr(0, equals)});
    }
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    return exit_ok;
  } catch (const CLI::ParseError& wrong) {
    std::cerr << about.name << ": " << wrong.what() << "\nTry " << about.name << " --help.\n";
    return exit_usage;
  }
  return {};
}

result<config> load(const command_line& given, const std::string& program_name) {
  config_sources sources{.flags = given.flags};
  // A TROUPE_ variable that is no setting may belong to another program; it is only mentioned.
  std::set<std::string> known{"TROUPE_CONFIG"};
  for (const auto& key : node_schema()) known.insert(environment_name(key.name));
  for (auto& [name, value] : process_environment()) {
    if (known.contains(name))
      sources.environment.emplace(name, value);
    else if (name.starts_with("TROUPE_"))
      std::cerr << program_name << ": warning: " << name << " is no setting; see --show-config\n";
  }
  if (!given.config_file.empty()) {
    auto file = config_file::read(given.config_file);
    if (!file) return std::move(file).error();
    sources.file = std::move(*file);
  }
  return config::load(node_schema(), sources);
}

}  // namespace

namespace {
// A folder that will never do, rather than one that another process uses or that is damaged.
bool is_wrong_setting(const error& why) {
  return why.is(errc::invalid_argument) || why.is(errc::io_error) || why.is(memory_errc::foreign) ||
         why.is(memory_errc::newer_format);
}
}  // namespace

config_schema node_schema() {
  using namespace std::chrono_literals;
  return {
      {"node.threads", std::int64_t{0}, "Scheduler threads; 0: as many as there are cores."},
      {"node.blocking_threads", std::int64_t{4}, "Threads for blocking work that agents run."},
      {"node.ask_timeout", duration{60s}, "The longest any question waits for its answer."},
      {"node.seed", std::int64_t{0}, "Seed of all randomness; 0: from the system."},
      {"memory.folder", std::string{}, "Folder of what agents remember and keep; empty: nothing outlasts the node."},
      {"log.level", std::string{"info"}, "trace, debug, info, warn, error or off."},
      {"log.format", std::string{"auto"}, "auto (human on a terminal, JSON lines elsewhere), human or json."},
      {"log.file", std::string{}, "File that the log is appended to; empty: stderr."},
  };
}

result<node_options> options_from(const config& from) {
  const auto wrong = [&](std::string_view key, const std::string& what) {
    return error{errc::invalid_argument, std::string{key} + " " + what + " (" +
                                             std::string{to_string(from.origin(key).source)} + " " +
                                             from.origin(key).detail + ")"};
  };
  node_options options;
  for (const std::string_view key : {"node.threads", "node.blocking_threads", "node.seed"})
    if (from.get<std::int64_t>(key) < 0) return wrong(key, "must not be negative");
  if (from.get<std::int64_t>("node.threads") > 1024) return wrong("node.threads", "must not be above 1024");
  if (from.get<std::int64_t>("node.blocking_threads") < 1 || from.get<std::int64_t>("node.blocking_threads") > 1024)
    return wrong("node.blocking_threads", "must be from 1 to 1024");
  if (from.get<duration>("node.ask_timeout") <= duration{0}) return wrong("node.ask_timeout", "must be positive");
  options.threads = static_cast<std::size_t>(from.get<std::int64_t>("node.threads"));
  options.blocking_threads = static_cast<std::size_t>(from.get<std::int64_t>("node.blocking_threads"));
  options.ask_timeout = from.get<duration>("node.ask_timeout");
  options.seed = static_cast<std::uint64_t>(from.get<std::int64_t>("node.seed"));

  log_options log;
  const auto level = parse_log_level(from.get<std::string>("log.level"));
  if (!level) return wrong("log.level", "must be trace, debug, info, warn, error or off");
  log.level = *level;
  const auto format = from.get<std::string>("log.format");
  if (format != "auto" && format != "human" && format != "json")
    return wrong("log.format", "must be auto, human or json");
  log.format = format == "json" ? log_format::json : format == "human" ? log_format::human : log_format::automatic;
  log.file = from.get<std::string>("log.file");
  auto made = logger::make(std::move(log));
  if (!made) return std::move(made).error();
  options.log = std::move(*made);
  if (const auto folder = from.get<std::string>("memory.folder"); !folder.empty()) {
    auto opened = memory::store::open({.folder = folder, .log = *options.log});
    if (!opened) return std::move(opened).error();
    options.memory = *std::move(opened);
  }
  return options;
}

std::optional<int> process_main() {
  const char* const where = ::getenv(actors::launcher_variable);
  if (!where) return {};
  const int node = std::atoi(where);
  ::unsetenv(actors::launcher_variable);
  return actors::run_launcher(node);
}

int run(int argc, char** argv, const std::function<void(node&)>& setup, const program& about) {
  if (const auto code = process_main()) return *code;
  command_line given;
  if (const auto code = parse(argc, argv, about, given)) return *code;
  const auto settings = load(given, about.name);
  if (!settings) {
    std::cerr << about.name << ": " << settings.error().message() << '\n';
    return exit_config;
  }
  if (given.show_config) {
    for (const auto& each : settings->entries())
      std::cout << each.key.name << " = " << format_value(each.value) << "  (" << to_string(each.origin.source)
                << (each.origin.detail.empty() ? "" : ": " + each.origin.detail) << ")  " << each.key.help << '\n';
    return exit_ok;
  }
  auto options = options_from(*settings);
  if (!options) {
    std::cerr << about.name << ": " << options.error().message() << '\n';
    return is_wrong_setting(options.error()) ? exit_config : exit_failed;
  }

  std::mutex running_mutex;
  node* running = nullptr;  // guarded by running_mutex
  std::atomic<int> caught{0};
  std::atomic<bool> ending{false};  // there is nothing left that a signal could begin
  const signal_watcher watcher{[&](int number) {
    if (caught.exchange(number) != 0 || ending.load()) leave_at_once(128 + number);  // asked twice: at once
    std::scoped_lock lock{running_mutex};
    if (running) running->request_stop(number == SIGINT ? "SIGINT" : "SIGTERM");
  }};
  node here{std::move(*options)};
  const auto watch_over = [&](node* which) {
    std::scoped_lock lock{running_mutex};
    running = which;
  };
  watch_over(&here);
  if (caught.load() != 0) return exit_ok;
  try {
    setup(here);
  } catch (const std::exception& e) {
    std::cerr << about.name << ": " << e.what() << '\n';
    watch_over(nullptr);
    ending.store(true);
    return exit_failed;
  } catch (...) {
    watch_over(nullptr);
    throw;
  }
  const auto cause = here.wait();
  watch_over(nullptr);
  ending.store(true);
  here.log().info("the node stops", {{"cause", cause.describe()}});
  here.stop();
  if (!cause.is_failure()) return exit_ok;
  std::cerr << about.name << ": " << cause.text << '\n';
  return exit_failed;
}

}  // namespace troupe
