#pragma once

#include <sys/types.h>

#include <cstdint>

namespace troupe::actors {

// The launcher: a small process, started from this program once per node, that makes the processes of agents. It has
// one thread, so it may fork without exec, which takes a millisecond; it is their parent, so it learns how each of them
// ended; and when the node is gone, however it went, it ends all of them and itself. What an agent's process leaves
// behind in its session goes with it.
//
// Between node and launcher: packets of a SOCK_SEQPACKET pair, of these two kinds. The end of the pair is the end of
// the launcher.

// Node to launcher, with two descriptors: the new process's end of its socket, and where its output goes.
struct launch_request {
  std::uint64_t number = 0;  // of the process, for its reports
  bool warm = false;         // make everything ready and wait, see guest.hpp
  bool end = false;          // no new process, and no descriptors: end the one of this number
};

enum class launch_event : std::uint8_t {
  ready,     // once, at its start: it is a launcher, and not this program once more
  launched,  // with a descriptor: the pidfd
  failed,    // `status` is the errno of fork or, if `code` is 1, of pidfd_open; there is no process
  exited,    // `code` is a CLD_ constant, `status` the exit code or signal
};

// Launcher to node.
struct launch_report {
  std::uint64_t number = 0;
  launch_event what = launch_event::ready;
  pid_t pid = 0;
  int code = 0;
  int status = 0;
  std::int64_t memory_bytes_max = 0;  // resident
  std::int64_t cpu_ns = 0;            // user and system
};

// The name of the variable by which a new process of this program knows that it is to be a launcher, and on which
// descriptor.
inline constexpr const char* launcher_variable = "TROUPE_LAUNCHER";

// Starts this program as a launcher. The node's end of the pair; -errno if that fails.
int start_launcher(pid_t& pid);

// What the launcher does until its node is gone. Returns its exit code.
int run_launcher(int node);

// -- descriptors over sockets -----------------------------------------------------------------------------------------

// Sends one packet with up to two descriptors. False with errno.
bool send_packet(int socket, const void* data, std::size_t size_bytes, const int* descriptors, int count,
                 int flags = 0);
// Receives one packet; descriptors not there are -1. The size, 0 at the end, -1 with errno.
ssize_t receive_packet(int socket, void* data, std::size_t size_bytes, int* descriptors, int count, int flags);

}  // namespace troupe::actors
