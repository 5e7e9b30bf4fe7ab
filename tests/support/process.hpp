#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

extern char** environ;

namespace support {

// A program in a process of its own, for tests of what it prints and how it ends. Its standard output and its errors
// come back together. The test's own time limit is the limit of every wait here.
class process {
 public:
  // `input` is what it reads from its standard input. `set`: variables of its environment, as NAME=value, beside this
  // process's.
  explicit process(const std::vector<std::string>& command, const std::string& input = {},
                   std::vector<std::string> set = {}) {
    int in[2], out[2];
    BOOST_REQUIRE(::pipe(in) == 0 && ::pipe(out) == 0);
    std::vector<char*> arguments, environment;
    for (const auto& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    for (auto& each : set) environment.push_back(each.data());
    for (char** each = environ; *each; ++each) environment.push_back(*each);
    environment.push_back(nullptr);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, out[1], STDERR_FILENO);
    for (const int end : {in[0], in[1], out[0], out[1]}) ::posix_spawn_file_actions_addclose(&files, end);
    const int failed =
        ::posix_spawn(&pid_, command.front().c_str(), &files, nullptr, arguments.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&files);
    ::close(in[0]);
    ::close(out[1]);
    output_ = out[0];
    BOOST_REQUIRE_MESSAGE(failed == 0, "cannot run " << command.front());
    ::signal(SIGPIPE, SIG_IGN);
    for (std::size_t written = 0; written < input.size();) {
      const auto taken = ::write(in[1], input.data() + written, input.size() - written);
      if (taken <= 0) break;
      written += static_cast<std::size_t>(taken);
    }
    ::close(in[1]);
  }
  ~process() {
    ::close(output_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  // Reads until this text is there, or the output ends. Whether it is there.
  bool wait_for(const std::string& wanted) {
    while (text_.find(wanted) == std::string::npos)
      if (!read_some()) return false;
    return true;
  }
  void send(int signal_number) const { ::kill(pid_, signal_number); }
  // Waits for its end; the exit code, or 128 and the signal that ended it.
  int wait() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  const std::string& text() const noexcept { return text_; }

 private:
  bool read_some() {
    char buffer[4096];
    const auto got = ::read(output_, buffer, sizeof buffer);
    if (got <= 0) return false;
    text_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

}  // namespace support
