#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "account.hpp"
#include "process_frames.hpp"

namespace troupe::actors {

// The budgets that hold for the agent of a process, from inside of it: each operation is a request to the node, which
// keeps them, and waits for its answer, some tens of microseconds. So nothing is granted here that is not granted
// there. Threads: any; the answers come on the thread that reads from the node.
class remote_budget final : public budgets_above {
 public:
  explicit remote_budget(std::function<void(const frames::budget_request&)> send) : send_{std::move(send)} {}

  std::optional<refusal> reserve(const amounts& asked, std::uint64_t& id) override;
  void begin(std::uint64_t id) override;
  std::optional<refusal> settle(std::uint64_t id, const amounts& used) override;
  void cancel(std::uint64_t id) override;
  std::optional<refusal> admit(const troupe::path& newcomer) override;
  void leave() override;
  std::optional<budget_room> left(std::string_view quantity, const troupe::path& from) override;

  void take(frames::budget_answer answer);

 private:
  frames::budget_answer ask(frames::budget_request request);

  const std::function<void(const frames::budget_request&)> send_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::uint64_t count_ = 0;
  std::unordered_map<std::uint64_t, frames::budget_answer> answers_;  // that nobody has taken yet
};

// The node's side: does what a process requests to the account that holds for its agent, and remembers what is open, so
// that a process which is gone leaves nothing reserved. One thread.
class lent_budget {
 public:
  static constexpr std::size_t reservations_max = 10'000;

  frames::budget_answer serve(const frames::budget_request& request, const std::shared_ptr<account>& nearest,
                              const troupe::path& agent, instant now);
  // The process is gone: what had begun is charged, the rest given back; its agents' places are free.
  void close();

 private:
  struct open_reservation {
    amounts reserved;
    bool begun = false;
  };
  std::optional<refusal> reserve(const frames::budget_request& request, frames::budget_answer& answer);

  std::shared_ptr<account> account_;  // shared with the agent's cell
  std::unordered_map<std::uint64_t, open_reservation> open_;
  std::size_t places_ = 0;
};

}  // namespace troupe::actors
