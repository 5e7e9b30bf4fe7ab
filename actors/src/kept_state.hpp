#pragma once

#include <atomic>
#include <memory>
#include <troupe/actors/agent.hpp>
#include <troupe/core/log.hpp>
#include <vector>

#include "memory_access.hpp"
#include "reply_sink.hpp"

namespace troupe::actors {

// What an agent keeps, and how it came to be saved. Owner: the agent; its outcomes come on any thread.
class kept_state {
 public:
  kept_state(troupe::path where, logger log) : outcome_{std::make_shared<outcome>(std::move(where), std::move(log))} {}

  void add(kept_member what);
  load_state wanted() const;
  // Fails with what does not decode, and says whose and which it is.
  result<void> restore(std::vector<std::optional<std::string>> found);
  // What has changed since it was last restored or saved; all of it, if the last could not be saved.
  result<save_state> changed();
  std::shared_ptr<reply_sink> saved() const noexcept { return outcome_; }
  void turn_off() noexcept { off_ = true; }

 private:
  class outcome final : public reply_sink {
   public:
    outcome(troupe::path where, logger log) : where{std::move(where)}, log{std::move(log)} {}
    void resolve(std::uint64_t, result<message> reply) override;

    const troupe::path where;
    const logger log;
    std::atomic<bool> lost{false};  // the last one was not saved

   private:
    std::atomic<bool> told_{false};
  };

  std::vector<kept_member> members_;
  const std::shared_ptr<outcome> outcome_;  // shared with what is being saved
  bool off_ = false;                        // there is no memory
};

}  // namespace troupe::actors
