// A program for process_test that is not fit for agents in processes. Without an argument, its main function does not
// begin with process_main. With "no_handles", it does, but pidfd_open is forbidden to it and its launcher. Prints what
// came of it, and which processes there are when the node has stopped.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <troupe/actors/node.hpp>
#include <troupe/actors/run.hpp>

#include "damage.hpp"

using namespace troupe;

namespace {

bool forbid_handles() {
  std::array<sock_filter, 4> calls{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
                                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
                                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog filter{calls.size(), calls.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool no_handles = argc > 1 && std::string{argv[1]} == "no_handles";
  // The launcher gets no arguments, but the environment.
  if (std::getenv("UNREADY_HAS_ENTRY"))
    if (const auto code = process_main()) return *code;
  if (no_handles && (::setenv("UNREADY_HAS_ENTRY", "1", 1) != 0 || !forbid_handles())) {
    std::cout << "this system has no filters of system calls\n";
    return 0;
  }
  node_options options;
  options.log = logger{};
  options.warm_processes = 0;
  {
    node n{options};
    const auto started =
        n.supervise({.name = "top", .children = {child<support::sufferer>("worker", {.isolation = tier::process})}});
    std::cout << (started ? "started" : started.error().message()) << '\n';
  }
  std::cout << (::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD ? "no process is left\n" : "one is left\n");
}
