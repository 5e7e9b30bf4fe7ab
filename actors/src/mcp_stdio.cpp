#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <troupe/actors/errc.hpp>
#include <utility>

#include "json_text.hpp"
#include "mcp_messages.hpp"
#include "mcp_transport.hpp"

extern char** environ;

namespace troupe::actors {

namespace {

constexpr std::size_t unsent_max = std::size_t{64} << 20;
constexpr std::size_t last_lines_max = 5;
constexpr int last_rounds_max = 16;
constexpr std::size_t log_line_bytes_max = 4'096;
constexpr std::size_t log_lines_per_second_max = 100;

// A descriptor that closes itself.
class descriptor {
 public:
  descriptor() noexcept = default;
  explicit descriptor(int fd) noexcept : fd_{fd} {}
  descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() { reset(); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

struct pipe_ends {
  descriptor read, write;
};

result<pipe_ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return error{agent_errc::no_process, std::string{"a pipe: "} + std::strerror(errno)};
  return pipe_ends{descriptor{ends[0]}, descriptor{ends[1]}};
}

// A server in a process of its own, which is the leader of a session: what it starts ends with it.
class stdio_transport final : public mcp_transport {
 public:
  stdio_transport(const mcp_options& options, logger log, listener& whom)
      : options_{options},
        log_{std::move(log)},
        whom_{whom},
        out_{options.message_bytes_max},
        err_{log_line_bytes_max} {}
  ~stdio_transport() override { stdio_transport::close(true); }

  result<void> open() override {
    auto in = make_pipe(), out = make_pipe(), err = make_pipe();
    for (const auto* each : {&in, &out, &err})
      if (!*each) return each->error();
    if (auto started = spawn(in->read.get(), out->write.get(), err->write.get()); !started) return started;
    in_ = std::move(in->write);
    stdout_ = std::move(out->read);
    stderr_ = std::move(err->read);
    process_ = descriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    for (const int each : {in_.get(), stdout_.get(), stderr_.get()}) ::fcntl(each, F_SETFL, O_NONBLOCK);
    out_ = line_reader{options_.message_bytes_max};
    err_ = line_reader{log_line_bytes_max};
    last_words_.clear();
    unsent_.clear();
    return ok();
  }

  void send(outgoing what) override {
    if (pid_ <= 0) return;
    if (unsent_.size() + what.body.size() > unsent_max)
      return fail({agent_errc::tool_crashed, "the server does not read what it is sent"});
    unsent_ += what.body;
    unsent_ += '\n';
    write_some();
  }

  void finished(std::uint64_t) override {}
  void use_revision(const std::string&, bool) override {}
  std::int64_t process_id() const noexcept override { return std::max<pid_t>(pid_, 0); }

  std::vector<pollfd> polls() const override {
    if (pid_ <= 0) return {};
    return {{stdout_.get(), POLLIN, 0},
            {stderr_.get(), POLLIN, 0},
            {unsent_.empty() ? -1 : in_.get(), POLLOUT, 0},
            {process_.get(), POLLIN, 0}};
  }

  void polled(std::span<const pollfd> ends) override {
    if (pid_ <= 0 || ends.size() != 4) return;
    if (ends[1].revents != 0) read_errors();
    if (ends[2].revents != 0) write_some();
    if (pid_ > 0 && ends[0].revents != 0) read_some();
    if (pid_ > 0 && ends[3].revents != 0 && wait_for_end({})) ended();  // it may be another one by now
  }

  void close(bool in_order) override {
    if (pid_ <= 0) return;
    in_.reset();  // the sign to end
    if (in_order && !wait_for_end(options_.close_timeout)) {
      ::kill(-pid_, SIGTERM);
      (void)wait_for_end(options_.close_timeout);
    }
    (void)reap();
  }

 private:
  result<void> spawn(int in, int out, int err) {
    const auto environment = make_environment();
    std::vector<char*> variables, arguments;
    for (const auto& each : environment) variables.push_back(const_cast<char*>(each.c_str()));
    for (const auto& each : options_.command) arguments.push_back(const_cast<char*>(each.c_str()));
    variables.push_back(nullptr);
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&how);
    if (!options_.folder.empty()) ::posix_spawn_file_actions_addchdir_np(&files, options_.folder.c_str());
    ::posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&how, &none);
    ::posix_spawnattr_setsigdefault(&how, &all);
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int failed = ::posix_spawnp(&pid_, arguments.front(), &files, &how, arguments.data(), variables.data());
    ::posix_spawnattr_destroy(&how);
    ::posix_spawn_file_actions_destroy(&files);
    if (failed == 0) return ok();
    pid_ = -1;
    return error{agent_errc::no_process, "`" + options_.command.front() + "` does not start: " + std::strerror(failed)};
  }

  std::vector<std::string> make_environment() const {
    static constexpr std::array<std::string_view, 8> passed_on{"HOME",  "LANG", "LOGNAME", "PATH",
                                                               "SHELL", "TERM", "TMPDIR",  "USER"};
    std::vector<std::string> all;
    for (const auto& [name, value] : options_.environment) all.push_back(name + "=" + value);
    for (char** each = environ; *each; ++each) {
      const std::string_view variable{*each};
      const auto name = variable.substr(0, variable.find('='));
      const bool set = std::any_of(options_.environment.begin(), options_.environment.end(),
                                   [&](const auto& given) { return given.first == name; });
      if (!set && std::find(passed_on.begin(), passed_on.end(), name) != passed_on.end()) all.emplace_back(variable);
    }
    return all;
  }

  void write_some() {
    while (!unsent_.empty()) {
      const auto written = ::write(in_.get(), unsent_.data(), unsent_.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && errno == EAGAIN) return;
      if (written < 0) return unsent_.clear();  // it has closed its input; its end is told by its output
      unsent_.erase(0, static_cast<std::size_t>(written));
    }
  }

  void read_some() {
    std::array<char, 64 << 10> buffer;
    const auto got = ::read(stdout_.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return fail(end_of_process());
    const auto fine = out_.take({buffer.data(), static_cast<std::size_t>(got)}, [this](std::string_view line) {
      if (pid_ > 0) whom_.came(line);
    });
    if (!fine && pid_ > 0)
      fail({agent_errc::bad_tool_reply,
            "the server says more in one line than the " + std::to_string(options_.message_bytes_max) +
                " bytes that are taken: " + seen({buffer.data(), static_cast<std::size_t>(got)})});
  }

  // The process is over. What it said last counts; its pipes may have others who keep them open and go on talking.
  void ended() {
    for (int rounds = 0; rounds < last_rounds_max && pid_ > 0; ++rounds) {
      pollfd rest{stdout_.get(), POLLIN, 0};
      if (::poll(&rest, 1, 0) <= 0) break;
      read_some();
    }
    if (pid_ > 0) fail(end_of_process());
  }

  void read_errors() {
    std::array<char, 16 << 10> buffer;
    const auto got = ::read(stderr_.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return stderr_.reset();
    const bool fine = err_.take({buffer.data(), static_cast<std::size_t>(got)}, [this](std::string_view line) {
      last_words_.push_back(seen(line, 200));
      if (last_words_.size() > last_lines_max) last_words_.pop_front();
      const auto second =
          std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch());
      if (std::exchange(second_, second) != second) lines_ = 0;
      if (++lines_ <= log_lines_per_second_max)
        log_.info("an MCP server says", {{"server", options_.name}, {"line", seen(line, 1'000)}});
    });
    if (!fine) err_ = line_reader{log_line_bytes_max};  // what is left of the line begins anew
  }

  error end_of_process() {
    const auto status = wait_for_end(std::chrono::milliseconds{500}) ? reap() : std::optional<int>{};
    // What it said last is in the pipe; one that goes on saying things is not listened to for long.
    for (int rounds = 0; rounds < last_rounds_max && stderr_.get() >= 0; ++rounds) {
      pollfd rest{stderr_.get(), POLLIN, 0};
      if (::poll(&rest, 1, 0) <= 0 || rest.revents == 0) break;
      read_errors();
    }
    std::string words = "the server's process ";
    if (!status)
      words += "closed its output";
    else if (WIFSIGNALED(*status))
      words += std::string{"was ended by "} + ::strsignal(WTERMSIG(*status));
    else
      words += "ended with code " + std::to_string(WEXITSTATUS(*status));
    for (const auto& each : last_words_) words += (&each == &last_words_.front() ? "; its last words: " : " | ") + each;
    return {agent_errc::tool_crashed, std::move(words)};
  }

  void fail(error why) {
    close(false);
    whom_.went_down(std::move(why));
  }

  // Whether it has ended, and has not been reaped.
  bool wait_for_end(duration within) const {
    if (process_.get() < 0) return false;
    const auto until = std::chrono::steady_clock::now() + within;
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd end{process_.get(), POLLIN, 0};
      const int got = ::poll(&end, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
      if (got > 0) return true;
      if ((got == 0 && left.count() <= 0) || (got < 0 && errno != EINTR)) return false;
    }
  }

  // Its status, once it has ended; what it has left in its session is ended first, while its number is its own.
  std::optional<int> reap() {
    if (pid_ <= 0) return {};
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    process_.reset();
    in_.reset();
    stdout_.reset();
    unsent_.clear();
    return status;
  }

  const mcp_options& options_;
  const logger log_;
  listener& whom_;
  pid_t pid_ = -1;
  descriptor in_, stdout_, stderr_, process_;
  line_reader out_, err_;
  std::string unsent_;
  std::deque<std::string> last_words_;
  std::chrono::seconds second_{0};  // of the lines that went to the log
  std::size_t lines_ = 0;
};

}  // namespace

std::unique_ptr<mcp_transport> make_stdio_transport(const mcp_options& options, const logger& log,
                                                    mcp_transport::listener& whom) {
  return std::make_unique<stdio_transport>(options, log, whom);
}

}  // namespace troupe::actors
