#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <troupe/actors/approval.hpp>
#include <troupe/actors/node.hpp>

#include "healthcare/report.hpp"
#include "healthcare/ward.hpp"

namespace healthcare {

struct assistant_options {
  std::shared_ptr<const ward> patients;  // shared with the record system
  clinic at = default_clinic();
  std::optional<instant> begins;  // when the round begins; by default as the data says, see observation_log
  // After so many messages to its agents, of every kind but not counting repetitions, the assistant kills a random
  // sub-agent; 0: never.
  std::uint64_t chaos = 0;
  std::uint64_t seed = 1;  // of the choice
  // The agents write down in the node's memory what the next life of the program needs to go on with the round: the
  // same input gives the same report then, wherever this one ends. See round_state.hpp.
  bool lasting = false;
  // The word on an escalation that is booked only when it is approved; nothing leaves the question open. Null: all of
  // them are approved, as they come.
  std::function<std::optional<troupe::approval_decision>(const troupe::open_approval&)> approve = {};
  // Whether that is called as the questions come, or at the end of the stream.
  bool approve_at_once = true;
  // Where problems go, one line each.
  std::function<void(const problem&)> report_problem = [](const problem&) {};
  // Called now and then with the number of lines read.
  std::function<void(std::uint64_t)> progress = [](std::uint64_t) {};
};

// Runs the hospital on a node: admits the patients, reads the stream of vital signs to its end, and collects what was
// found. Blocks. `stream_name` is for problems. Errors: those of the agents that could not be made to answer;
// other_round, if the stream is not the one of which the memory holds a part.
[[nodiscard]] troupe::result<report> run_assistant(troupe::node& on, const assistant_options& options,
                                                   std::istream& stream, const std::string& stream_name);

}  // namespace healthcare
