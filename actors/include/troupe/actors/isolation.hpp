#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <vector>

namespace troupe {

// Where an agent runs, and with that what its faults can reach. Supervision is the same for all of them.
enum class tier : std::uint8_t {
  inlined,  // On the node's scheduler, with the others. A hang costs a worker; a segfault costs the node.
  thread,   // On a thread of its own. A hang costs that thread; a segfault costs the node.
  process,  // In a process of its own, made from this program. A fault costs that process.
};
std::string_view to_string(tier where) noexcept;

// What a process may use; for tier::process only. An agent that goes beyond ends with fault::resource_limit.
struct process_limits {
  std::size_t memory_bytes = 0;         // That it may allocate, beyond what the runtime itself takes; at least 1 MiB.
                                        // 0: no limit.
  duration cpu_time = duration::max();  // Of all its threads since it started; whole seconds, rounded up.
  std::size_t open_files = 0;           // Descriptors; at least 32. 0: as the node's.
  std::size_t file_bytes = 0;           // The largest file that it may write; 0: no limit.
  TROUPE_MESSAGE(process_limits, memory_bytes, cpu_time, open_files, file_bytes)
};

// What a process for untrusted code or input is kept from; for tier::process only. Where the system cannot do one of
// these, the agent does not start, and the error says why: nothing is left out in silence.
struct process_sandbox {
  bool no_network = false;       // Only sockets of its own: a network namespace, or where that is not allowed, no
                                 // sockets but those of the local kind.
  bool read_only_files = false;  // No file can be written, made or removed, but below `writable`.
  std::vector<std::string> writable = {};  // Absolute paths of folders that exist.
  bool system_calls = false;     // No new programs, no tracing, mounting, modules, clocks, keys, or kernel interfaces
                                 // that a computation does not need.
  bool drop_privileges = false;  // No capabilities; started by the superuser, it runs as `nobody`.
  TROUPE_MESSAGE(process_sandbox, no_network, read_only_files, writable, system_calls, drop_privileges)
};

struct process_options {
  process_limits limits = {};
  process_sandbox sandbox = {};
  // A process that has not been heard of for this long is frozen, and is killed.
  duration heartbeat_timeout = std::chrono::seconds{5};
  std::size_t message_bytes_max = std::size_t{64} << 20;  // Of one message in or out.
  TROUPE_MESSAGE(process_options, limits, sandbox, heartbeat_timeout, message_bytes_max)
};

}  // namespace troupe
