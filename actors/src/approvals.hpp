#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <troupe/actors/approval.hpp>
#include <troupe/memory/journal.hpp>
#include <vector>

#include "reply_sink.hpp"

namespace troupe::actors {

class cell;
class runtime;

// The questions to people that nobody has answered yet. Those of durable turns are in the journal; what is here stands
// for them. Owner: the runtime. Threads: any.
class approvals {
 public:
  explicit approvals(runtime& home) noexcept : home_{home} {}

  struct entry {
    open_approval shown;
    // Of a durable turn.
    troupe::id turn = {};
    std::uint32_t number = 0;
    // Of any other.
    std::weak_ptr<cell> asker = {};
    std::uint64_t effect = 0;
    std::stop_token given_up = {};
  };
  // One that is there already stays.
  void add(entry what);
  void was_found(const troupe::path& agent, const memory::open_request& what);
  void remove(const id& which);
  // What that turn has asked is not asked any more.
  void turn_over(const id& turn);

  // In the order in which they were asked.
  std::vector<open_approval> list();
  // `told` is told that the decision is where it belongs, or why not.
  void decide(const id& which, approval_decision what, const std::shared_ptr<reply_sink>& told);

 private:
  void decide_durable(const entry& about, const approval_decision& what, const std::shared_ptr<reply_sink>& told);

  runtime& home_;
  std::mutex mutex_;
  std::map<id, entry> open_;
};

}  // namespace troupe::actors
