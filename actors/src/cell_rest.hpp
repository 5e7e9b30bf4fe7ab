#pragma once

#include <memory>
#include <troupe/core/clock.hpp>

#include "mailbox.hpp"

namespace troupe::actors {

class accepted_message;
class cell;
struct taken_back_message;

// What a cell does while its turn waits for others: it gives a message to the turn that receives it; and one whose
// durable agent has nothing to do but wait becomes passive. A passive cell has no agent and no turn; what it waits for
// is in the journal, and its agent is built again when that comes. All but is_patient is of the cell's thread.
class cell_rest {
 public:
  // Any thread. Whether the turn in hand waits for what may take weeks.
  static bool is_patient(const cell& of) noexcept;

  // It did something, or a timer fired.
  static void was_active(cell& of);
  static void time_passed(cell& of, instant now);
  // Whether a cell that is to start has nothing to do, and is passive from now on.
  static bool begins_passive(cell& of);
  // Builds the agent again.
  static void wake(cell& of);
  // A message has come that the cell does not accept.
  static void arrived(cell& of);
  // A durable message that cannot be read waits for a program that can. False: it is not durable.
  static bool set_aside(cell& of, const envelope& mail, const error& why);
  // A message that was set aside is in line again.
  static void taken_back(cell& of, taken_back_message what);
  // Looks through the mailbox for what turns want to receive.
  static void look_for_mail(cell& of);
  // Whether a turn receives this message, and has it now.
  static bool takes(cell& of, envelope& mail);

 private:
  static bool can_become_passive(const cell& of, std::uint64_t& arrivals);
  static void become_passive(cell& of, std::uint64_t arrivals);
  static void commit_received(cell& of, std::uint64_t effect, const std::shared_ptr<accepted_message>& accepted,
                              envelope&& mail);
};

}  // namespace troupe::actors
