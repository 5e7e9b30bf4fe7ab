#include <troupe/actors/errc.hpp>
#include <troupe/actors/exit_cause.hpp>

namespace troupe {

std::string_view to_string(agent_errc code) noexcept {
  switch (code) {
    case agent_errc::unknown_agent: return "unknown_agent";
    case agent_errc::agent_down: return "agent_down";
    case agent_errc::agent_failed: return "agent_failed";
    case agent_errc::timeout: return "timeout";
    case agent_errc::mailbox_full: return "mailbox_full";
    case agent_errc::no_handler: return "no_handler";
    case agent_errc::unexpected_reply: return "unexpected_reply";
    case agent_errc::cancelled: return "cancelled";
    case agent_errc::declined: return "declined";
    case agent_errc::already_started: return "already_started";
    case agent_errc::already_present: return "already_present";
    case agent_errc::child_running: return "child_running";
    case agent_errc::child_restarting: return "child_restarting";
    case agent_errc::child_not_found: return "child_not_found";
    case agent_errc::failed_to_start: return "failed_to_start";
    case agent_errc::node_stopping: return "node_stopping";
    case agent_errc::overloaded: return "overloaded";
    case agent_errc::unknown_type: return "unknown_type";
    case agent_errc::would_deadlock: return "would_deadlock";
    case agent_errc::bad_child_id: return "bad_child_id";
    case agent_errc::bad_child_start: return "bad_child_start";
    case agent_errc::bad_shutdown: return "bad_shutdown";
    case agent_errc::bad_significant: return "bad_significant";
    case agent_errc::duplicate_child: return "duplicate_child";
    case agent_errc::bad_intensity: return "bad_intensity";
    case agent_errc::bad_period: return "bad_period";
    case agent_errc::bad_backoff: return "bad_backoff";
    case agent_errc::bad_template: return "bad_template";
    case agent_errc::bad_mailbox: return "bad_mailbox";
  }
  return "unknown";
}

std::string_view to_string(exit_kind kind) noexcept {
  switch (kind) {
    case exit_kind::normal: return "normal";
    case exit_kind::shutdown: return "shutdown";
    case exit_kind::failed: return "failed";
    case exit_kind::killed: return "killed";
    case exit_kind::unknown: return "unknown";
  }
  return "unknown";
}

std::string exit_cause::describe() const {
  std::string words{to_string(kind)};
  if (!text.empty()) words += ": " + text;
  return words;
}

}  // namespace troupe
