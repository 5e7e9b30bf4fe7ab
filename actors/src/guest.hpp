#pragma once

namespace troupe::actors {

// The inside of an agent's process, from its fork on: a runtime of its own whose root is that one agent, at the path
// that it has in the node's tree. Speaks the frames of process_frames.hpp over the socket. `warm`: makes the runtime
// before it knows for whom, so that the start takes less; then it cannot enter a sandbox. Returns the exit code; ends
// the process by itself if the node closes the socket.
int run_guest(int socket, bool warm);

}  // namespace troupe::actors
