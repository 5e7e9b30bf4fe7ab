#pragma once

#include <functional>
#include <optional>
#include <string>
#include <troupe/actors/node.hpp>
#include <troupe/core/config.hpp>

namespace troupe {

// What every node can be told, by flag, environment (TROUPE_*) or file: node.threads, node.ask_timeout, memory.folder,
// log.level and so on.
config_schema node_schema();
// The options that a configuration comes to, with the log's file and the memory's folder opened. Fails with
// invalid_argument, naming the key and where its value comes from, with the logger's error (a file that cannot be
// written), or as memory::store::open does.
result<node_options> options_from(const config& from);

// What --help and --version say.
struct program {
  std::string name = "troupe";
  std::string description = "A node of a troupe of agents.";
  std::string version = {};
};

// The first thing in the main function of a program that has agents of tier::process and does not use `run`, which does
// it too:
//
//   if (const auto code = troupe::process_main()) return *code;
//
// The processes of such agents are made from this program: it is started once more for that, and must do nothing else
// then. nullopt: this is an ordinary start, go on.
std::optional<int> process_main();

// The main function of a program that is a node: reads flags, environment and file, starts a node, calls `setup` on it,
// and runs until SIGINT or SIGTERM, until a top-level supervisor ends, or until somebody calls node::request_stop; then
// stops the tree in order. A signal while it stops, or a second one, ends the process at once, with 128 and the
// signal's number.
//
// Flags: --config FILE, --set KEY=VALUE, --threads N, --data FOLDER (what agents remember), --log-level L, --log-format
// F, --show-config, --version, --help. A TROUPE_ variable that is no setting is mentioned on stderr.
//
// Returns the exit code: 0, 1 if a supervisor gave up, `setup` threw or the memory is damaged or used by another
// process, 64 for a wrong flag, 78 for a wrong configuration. Meanwhile it handles SIGINT, SIGTERM and SIGPIPE (a write
// to a pipe that nobody reads fails); once per process at a time.
int run(int argc, char** argv, const std::function<void(node&)>& setup, const program& about = {});

}  // namespace troupe
