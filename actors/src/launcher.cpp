#include "launcher.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "guest.hpp"
#include "hardening.hpp"

extern char** environ;

namespace troupe::actors {

bool send_packet(int socket, const void* data, std::size_t size_bytes, const int* descriptors, int count, int flags) {
  iovec part{const_cast<void*>(data), size_bytes};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  if (count > 0) {
    packet.msg_control = control.data();
    packet.msg_controllen = CMSG_SPACE(static_cast<std::size_t>(count) * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&packet);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(static_cast<std::size_t>(count) * sizeof(int));
    std::memcpy(CMSG_DATA(rights), descriptors, static_cast<std::size_t>(count) * sizeof(int));
  }
  for (;;) {
    if (::sendmsg(socket, &packet, MSG_NOSIGNAL | flags) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

ssize_t receive_packet(int socket, void* data, std::size_t size_bytes, int* descriptors, int count, int flags) {
  iovec part{data, size_bytes};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  packet.msg_control = control.data();
  packet.msg_controllen = control.size();
  std::fill_n(descriptors, count, -1);
  ssize_t got = 0;
  do got = ::recvmsg(socket, &packet, flags | MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0) return got;
  for (cmsghdr* each = CMSG_FIRSTHDR(&packet); each; each = CMSG_NXTHDR(&packet, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const auto there = static_cast<int>((each->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(descriptors, CMSG_DATA(each), static_cast<std::size_t>(std::min(there, count)) * sizeof(int));
  }
  return got;
}

int start_launcher(pid_t& pid) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return -errno;
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  // A duplicate onto itself loses its close-on-exec.
  ::posix_spawn_file_actions_adddup2(&files, ends[1], ends[1]);
  posix_spawnattr_t how;
  ::posix_spawnattr_init(&how);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&how, &none);
  ::posix_spawnattr_setsigdefault(&how, &all);
  // In a group of its own: what the terminal sends to the node's group is the node's to handle.
  ::posix_spawnattr_setpgroup(&how, 0);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string variable = std::string{launcher_variable} + "=" + std::to_string(ends[1]);
  std::vector<char*> environment;
  for (char** each = environ; *each; ++each) environment.push_back(*each);
  environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::string name = program_invocation_name;
  std::array<char*, 2> arguments{name.data(), nullptr};
  const int failed = ::posix_spawn(&pid, "/proc/self/exe", &files, &how, arguments.data(), environment.data());
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  ::close(ends[1]);
  if (failed == 0) return ends[0];
  ::close(ends[0]);
  return -failed;
}

namespace {

using steady = std::chrono::steady_clock;

class launcher {
 public:
  explicit launcher(int node) : node_{node} {}
  int run();

 private:
  // Descendants that left their session, and their parents, are looked for so long after the end of a process.
  static constexpr auto sweep_after = std::chrono::milliseconds{200};
  static constexpr auto farewell = std::chrono::seconds{5};

  bool serve();
  void launch(const launch_request& wanted, int socket, int output);
  void end(std::uint64_t number) const;
  [[noreturn]] void become_guest(const launch_request& wanted, int socket, int output, pid_t parent);
  void reap();
  void sweep();
  void end_all();
  void report(const launch_report& what, int descriptor = -1) const {
    send_packet(node_, &what, sizeof what, &descriptor, descriptor >= 0 ? 1 : 0);
  }

  int node_;
  int signals_ = -1;
  sigset_t before_{};
  std::unordered_map<pid_t, std::uint64_t> processes_;
  bool sweep_due_ = false;
  steady::time_point sweep_at_{};
};

int launcher::run() {
  // Whatever the program left open without close-on-exec is not for agents.
  if (node_ > 3) ::close_range(3, static_cast<unsigned>(node_) - 1, 0);
  ::close_range(static_cast<unsigned>(node_) + 1, ~0U, 0);
  ::fcntl(node_, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_NAME, "troupe-launcher");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_DUMPABLE, 0);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, &before_);
  signals_ = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0) return 71;
  report({});
  for (;;) {
    std::array<pollfd, 2> ends{pollfd{node_, POLLIN, 0}, pollfd{signals_, POLLIN, 0}};
    ::poll(ends.data(), ends.size(), sweep_due_ ? 50 : -1);
    if (ends[1].revents != 0) {
      std::array<signalfd_siginfo, 16> seen{};
      while (::read(signals_, seen.data(), sizeof seen) > 0) {
      }
      reap();
    }
    if (sweep_due_ && steady::now() >= sweep_at_) sweep();
    if (ends[0].revents != 0 && !serve()) break;
  }
  end_all();
  return 0;
}

// False when the node is gone.
bool launcher::serve() {
  launch_request wanted;
  std::array<int, 2> given{};
  const auto got = receive_packet(node_, &wanted, sizeof wanted, given.data(), 2, 0);
  if (got <= 0) return false;
  if (got == sizeof wanted && wanted.end)
    end(wanted.number);
  else if (got == sizeof wanted && given[0] >= 0 && given[1] >= 0)
    launch(wanted, given[0], given[1]);
  for (const int each : given)
    if (each >= 0) ::close(each);
  return true;
}

void launcher::launch(const launch_request& wanted, int socket, int output) {
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become_guest(wanted, socket, output, self);
  if (pid < 0) return report({.number = wanted.number, .what = launch_event::failed, .status = errno});
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) {  // nobody could ever end it
    const int why = errno;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return report({.number = wanted.number, .what = launch_event::failed, .code = 1, .status = why});
  }
  processes_.emplace(pid, wanted.number);
  report({.number = wanted.number, .what = launch_event::launched, .pid = pid}, handle);
  ::close(handle);
}

// Its end is reported as every other.
void launcher::end(std::uint64_t number) const {
  for (const auto& [pid, its] : processes_)
    if (its == number) ::kill(pid, SIGKILL);
}

void launcher::become_guest(const launch_request& wanted, int socket, int output, pid_t parent) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  ::prctl(PR_SET_NAME, "troupe-agent");
  if (const int nothing = ::open("/dev/null", O_RDONLY); nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  const int own = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  ::close_range(3, static_cast<unsigned>(own) - 1, 0);
  ::close_range(static_cast<unsigned>(own) + 1, ~0U, 0);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  end_process(run_guest(own, wanted.warm));
}

// Reports whoever has ended. As long as it is not waited for, its number is no one else's, so that its session can be
// ended without hitting another.
void launcher::reap() {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return;
    const auto known = processes_.find(ended.si_pid);
    if (known != processes_.end()) ::kill(-ended.si_pid, SIGKILL);
    rusage used{};
    int status = 0;
    ::wait4(ended.si_pid, &status, 0, &used);
    if (!std::exchange(sweep_due_, true)) sweep_at_ = steady::now() + sweep_after;
    if (known == processes_.end()) continue;  // adopted; there may be more where it came from
    const auto ns = [](const timeval& time) { return time.tv_sec * 1'000'000'000LL + time.tv_usec * 1'000LL; };
    report({.number = known->second,
            .what = launch_event::exited,
            .pid = ended.si_pid,
            .code = ended.si_code,
            .status = ended.si_status,
            .memory_bytes_max = used.ru_maxrss * 1024LL,
            .cpu_ns = ns(used.ru_utime) + ns(used.ru_stime)});
    processes_.erase(known);
  }
}

// Ends whoever was adopted and belongs to no living agent's session.
void launcher::sweep() {
  sweep_due_ = false;
  const std::string self = std::to_string(::getpid());
  DIR* all = ::opendir("/proc");
  if (!all) return;
  while (const dirent* each = ::readdir(all)) {
    const pid_t pid = std::atoi(each->d_name);
    if (pid <= 0 || processes_.contains(pid)) continue;
    std::FILE* file = std::fopen(("/proc/" + std::string{each->d_name} + "/stat").c_str(), "re");
    if (!file) continue;
    std::array<char, 512> text{};
    const auto length = std::fread(text.data(), 1, text.size() - 1, file);
    std::fclose(file);
    // "pid (name) state ppid pgrp session ...": the name may hold anything, the last parenthesis is its end.
    const char* const rest = std::strrchr(text.data(), ')');
    char state = 0;
    int parent = 0, group = 0, session = 0;
    if (length == 0 || !rest || std::sscanf(rest, ") %c %d %d %d", &state, &parent, &group, &session) != 4) continue;
    if (parent == ::getpid() && state != 'Z' && !processes_.contains(session)) ::kill(pid, SIGKILL);
  }
  ::closedir(all);
}

void launcher::end_all() {
  const auto until = steady::now() + farewell;
  for (;;) {
    for (const auto& [pid, number] : processes_) {
      ::kill(pid, SIGKILL);
      ::kill(-pid, SIGKILL);
    }
    reap();
    sweep();
    if (siginfo_t any{}; ::waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT) != 0) return;  // none is left
    if (steady::now() >= until) return;
    pollfd wait{signals_, POLLIN, 0};
    ::poll(&wait, 1, 20);
    std::array<signalfd_siginfo, 16> seen{};
    while (::read(signals_, seen.data(), sizeof seen) > 0) {
    }
  }
}

}  // namespace

int run_launcher(int node) { return launcher{node}.run(); }

}  // namespace troupe::actors
