#pragma once

#include <troupe/actors/isolation.hpp>
#include <troupe/core/result.hpp>

namespace troupe::actors {

// What a process ends with when it wanted more memory than its limit: the first number that no program uses for
// something else, see sysexits(3).
inline constexpr int exit_out_of_memory = 79;

// What it ends with when the agent's code has closed the socket to the node.
inline constexpr int exit_without_pipe = 80;

// Ends this process, whatever its other threads do, and without what the libraries that are loaded would do first.
[[noreturn]] void end_process(int code) noexcept;

// Puts this process, which has one thread, into its sandbox. Fails with unsupported where the system does not allow
// it, and says what would.
result<void> enter_sandbox(const process_sandbox& what);

// Limits this process; memory counts from what it has now. Running out of it ends the process, with
// exit_out_of_memory. Fails with invalid_argument for more than the node itself may use.
result<void> set_limits(const process_limits& what);

}  // namespace troupe::actors
