#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/fault.hpp>
#include <troupe/core/result.hpp>

namespace troupe {

// How an incarnation of an agent ended. The first two are no failures: a transient child is not restarted after them.
enum class exit_kind : std::uint8_t {
  normal = 0,    // It was done and said so.
  shutdown = 1,  // It was asked to stop, or a supervisor gave up after too many restarts.
  failed = 2,    // A handler or a start hook threw.
  killed = 3,    // It was ended without being asked.
  unknown = 4,   // Nobody of this name is known (the answer to a watch on nothing).
};

std::string_view to_string(exit_kind kind) noexcept;

// The cause of an end: the kind, and in words why (the text of the exception for a failure). A value; may cross nodes.
struct exit_cause {
  exit_kind kind = exit_kind::normal;
  std::string text = {};
  troupe::fault fault = fault::none;  // none for an end that is no failure
  // Of a process: the signal that ended it, its exit code, and the last lines that it wrote to stderr.
  int signal = 0;
  std::optional<int> exit_code = {};
  std::string output = {};

  bool is_failure() const noexcept { return kind != exit_kind::normal && kind != exit_kind::shutdown; }
  // "failed: division by zero"
  std::string describe() const;

  static exit_cause normal(std::string text = {}) { return {exit_kind::normal, std::move(text)}; }
  static exit_cause shutdown(std::string text = {}) { return {exit_kind::shutdown, std::move(text)}; }
  static exit_cause failed(std::string text, troupe::fault kind = fault::bug) {
    return {exit_kind::failed, std::move(text), kind};
  }
  static exit_cause killed(std::string text = {}) { return {exit_kind::killed, std::move(text), fault::stopped}; }

  friend bool operator==(const exit_cause&, const exit_cause&) = default;

  // For its codec.
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit(std::string_view{"kind"}, self.kind);
    visit(std::string_view{"text"}, self.text);
    visit(std::string_view{"fault"}, self.fault);
    visit(std::string_view{"signal"}, self.signal);
    visit(std::string_view{"exit_code"}, self.exit_code);
    visit(std::string_view{"output"}, self.output);
  }
};

}  // namespace troupe
