#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>

#include "healthcare/fhir.hpp"
#include "healthcare/ward.hpp"

// Reading bundles where a hostile file can do no harm: an agent in a process of its own reads them, and hands back what
// it read as a message.

namespace healthcare {

// To a reader: a file, by its absolute path or one from the node's working directory.
struct bundle_read {
  bundle taken;
  TROUPE_MESSAGE(bundle_read, taken)
};
struct read_file {
  std::string path;
  extent how = extent::round;
  using reply_type = bundle_read;
  TROUPE_MESSAGE(read_file, path, how)
};

// What a reader may use. Beyond it the file that it reads is a problem, and the next one has a new reader.
struct reader_options {
  troupe::tier isolation = troupe::tier::process;
  // For the largest file there may be, the entry in hand, what was read of it, and the answer.
  std::size_t memory_bytes = std::size_t{1} << 30;
  // For all files that one process reads. It leaves to a new one when it has used `leave_after`, so that each file has
  // at least the difference.
  std::chrono::seconds cpu_time{120};
  troupe::duration leave_after = std::chrono::seconds{60};
  // For one file, waiting for the disk included.
  troupe::duration time = std::chrono::seconds{60};
  extent how = extent::round;
};

// Reads one file after another.
class reader_agent : public troupe::agent {
 public:
  // Ends, to be started again, once its process has used this much CPU time.
  reader_agent(troupe::agent_context& context, troupe::duration leave_after);
};

// The supervisor of one reader, /intake/reader. Its process has no network, cannot start programs nor look at other
// processes, and cannot write files; it reads what the user of the program may read.
troupe::supervisor_spec intake(const reader_options& options = {});

// As read_folder(folder), by a reader below a supervisor that it starts on this node, and stops. The node should have
// nothing else on it: who gets the better of a reader can send messages to every agent of its node. A file over which
// the reader ends, hangs, or goes beyond a limit is a problem of the ward (reader_ended, with the cause), and the other
// files are read; one that holds more than a message can (64 MiB) is one, too. Blocks. Errors: unreadable, for the
// folder; failed_to_start, if the system does not allow such a process.
[[nodiscard]] troupe::result<ward> read_folder(troupe::node& on, const std::filesystem::path& folder,
                                               const reader_options& options = {});

}  // namespace healthcare
