#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

extern char** environ;

namespace support {

// A program in a process of its own, for tests of what it prints and how it ends. Its standard output and its errors
// come back together. The test's own time limit is the limit of every wait here.
class process {
 public:
  // `input` is what it reads from its standard input. `set`: variables of its environment, as NAME=value, beside this
  // process's.
  explicit process(const std::vector<std::string>& command, std::string input = {}, std::vector<std::string> set = {})
      : to_write_{std::move(input)} {
    int in[2], out[2];
    BOOST_REQUIRE(::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0);
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
    const int failed =
        ::posix_spawn(&pid_, command.front().c_str(), &files, nullptr, arguments.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&files);
    ::close(in[0]);
    ::close(out[1]);
    output_ = out[0];
    input_ = in[1];
    BOOST_REQUIRE_MESSAGE(failed == 0, "cannot run " << command.front());
    ::signal(SIGPIPE, SIG_IGN);
    ::fcntl(input_, F_SETFL, O_NONBLOCK);
  }
  ~process() {
    ::close(output_);
    close_input();
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
      }
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
  // Stops it, and returns when it has: a signal that is sent then is there before the program can do anything.
  void stop() const {
    send(SIGSTOP);
    while (::waitpid(pid_, nullptr, WUNTRACED) < 0)
      BOOST_REQUIRE_MESSAGE(errno == EINTR, "waitpid: " << std::strerror(errno));
  }
  // Waits for its end; the exit code, or 128 and the signal that ended it.
  int wait() {
    while (read_some()) {
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) BOOST_REQUIRE_MESSAGE(errno == EINTR, "waitpid: " << std::strerror(errno));
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  const std::string& text() const noexcept { return text_; }

 private:
  // Some of the output; meanwhile the input is fed, so that neither side waits for the other. False at its end.
  bool read_some() {
    for (;;) {
      if (to_write_.empty()) close_input();
      pollfd ends[] = {{output_, POLLIN, 0}, {input_, POLLOUT, 0}};
      if (::poll(ends, 2, -1) < 0) {
        BOOST_REQUIRE_MESSAGE(errno == EINTR, "poll: " << std::strerror(errno));
        continue;
      }
      if (ends[1].revents != 0) feed();
      if (ends[0].revents == 0) continue;
      char buffer[4096];
      const auto got = ::read(output_, buffer, sizeof buffer);
      if (got < 0) {  // a signal, or nothing there yet: no end
        BOOST_REQUIRE_MESSAGE(errno == EINTR || errno == EAGAIN, "read: " << std::strerror(errno));
        continue;
      }
      if (got == 0) return false;
      text_.append(buffer, static_cast<std::size_t>(got));
      return true;
    }
  }
  void feed() {
    const auto taken = ::write(input_, to_write_.data(), to_write_.size());
    if (taken < 0 && (errno == EINTR || errno == EAGAIN)) return;
    to_write_.erase(0, taken > 0 ? static_cast<std::size_t>(taken) : to_write_.size());
  }
  void close_input() {
    if (input_ >= 0) ::close(std::exchange(input_, -1));
  }

  pid_t pid_ = -1;
  int output_ = -1;
  int input_ = -1;
  std::string to_write_;
  std::string text_;
};

}  // namespace support
