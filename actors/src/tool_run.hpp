#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <troupe/actors/message.hpp>
#include <troupe/actors/random_engine.hpp>
#include <troupe/actors/tool.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <troupe/core/trace.hpp>

namespace troupe::actors {

class cell;
class runtime;
struct registered_tool;

// What is told about a call, on its way to the cell that made it.
struct tool_news {
  std::uint32_t attempt = 0;                // 0: somebody was asked whether it may happen
  result<tool_reply> reply = tool_reply{};  // of a try; of a question: anything if it is allowed, or the error
  bool begun = false;                       // the tool ran, so that its error is no sign that nothing happened
};

// One call of a tool, as an effect of a turn: it may ask somebody, it tries, it waits, it tries again. Owner: the slot
// of the effect. Used on the agent's thread of control only; what it begins answers the cell with tool_news, and an
// answer to a try that was given up is told apart by its number. Its end gives up what is under way.
class tool_run {
 public:
  struct step {
    std::optional<result<message>> outcome = {};  // it is over
    instant until = instant::max();               // it is not: when time_is_up is to be called
  };

  tool_run(cell& owner, std::shared_ptr<const registered_tool> tool, tool_call call, const trace_context& trace,
           instant deadline);
  ~tool_run();

  // `effect`: whom answers are for.
  step begin(std::uint64_t effect);
  step told(const tool_news& news);
  step time_is_up();

  const std::string& name() const noexcept { return call_.tool; }

 private:
  enum class phase { asking, trying, waiting };

  step ask_somebody();
  step try_it();
  step failed(error why, bool begun);
  void begin_function();
  void begin_agent(instant until);
  void begin_server(instant until);
  // Gives the news to the cell, if it is still there. For any thread.
  static void tell(const std::weak_ptr<cell>& whom, std::uint64_t effect, tool_news news);

  cell& owner_;
  const std::shared_ptr<const registered_tool> tool_;  // shared with the registry
  tool_call call_;
  const trace_context trace_;
  const instant deadline_;  // of the turn
  random_engine random_;
  phase phase_ = phase::trying;
  std::uint64_t effect_ = 0;
  std::stop_source stop_;  // of the try; requested when it is given up
};

}  // namespace troupe::actors
