#pragma once

#include <optional>
#include <string>
#include <troupe/actors/message.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>

// Questions of agents to people: `co_await now.approval({...})` waits for a decision, for weeks if need be;
// node::decide gives it.

namespace troupe {

// What a person is asked. With everything in it, up to 64 KiB.
struct approval_request {
  std::string subject;                  // in a line: "escalate patient 12 to the rapid response team"
  std::string details = {};             // what the decision needs
  std::optional<duration> within = {};  // nullopt: no limit; else the effect fails with timeout after it
  TROUPE_MESSAGE(approval_request, subject, details, within)
};

struct approval_decision {
  bool approved = false;
  std::string by = {};  // who decided
  std::string comment = {};
  TROUPE_MESSAGE(approval_decision, approved, by, comment)
};

// A question that nobody has answered yet, as node::approvals shows it.
struct open_approval {
  troupe::id id;  // for node::decide
  path agent;     // who waits
  timestamp asked{};
  approval_request request;
};

}  // namespace troupe
