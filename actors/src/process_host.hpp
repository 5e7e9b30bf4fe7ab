#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <troupe/core/path.hpp>
#include <troupe/core/result.hpp>
#include <unordered_map>

#include "launcher.hpp"
#include "process_link.hpp"

namespace troupe::actors {

class runtime;

// The processes of a node's agents: starts the launcher with the first of them, keeps some ready, reads what all of
// them say on one thread, looks whether they are alive, and ends them with the node. Owner: the runtime. Threads: any.
class process_host {
 public:
  // `warm`: so many processes are kept ready.
  process_host(runtime& home, std::size_t warm);
  ~process_host();

  // A process without an agent: one of those that are ready, unless `fresh`, or a new one. Fails with no_process.
  result<std::shared_ptr<process_link>> take(bool fresh);
  // The process of the agent whose subtree has this path; null: none.
  std::shared_ptr<process_link> find_above(const troupe::path& where) const;
  void began(const troupe::path& where, const std::shared_ptr<process_link>& link);
  // Ends all processes and waits for them.
  void stop();

  runtime& home() noexcept { return home_; }
  boost::asio::io_context& io() noexcept { return io_; }
  void forget(const process_link& link, const troupe::path& where);
  // Has the launcher end a process that this node cannot end itself. On the host's thread.
  void end_without_handle(std::uint64_t number);
  // Processes that there are, the ready ones included.
  std::size_t processes() const;

 private:
  static constexpr duration tick = std::chrono::milliseconds{100};
  static constexpr duration farewell = std::chrono::seconds{5};
  static constexpr duration ready_within = std::chrono::seconds{20};  // a launcher, from its start

  result<void> need_launcher();
  void run();
  result<std::shared_ptr<process_link>> make(bool warm, std::unique_lock<std::mutex>& lock);
  void refill();
  void listen();
  bool read_report();
  void lost_launcher();
  void look_around();

  runtime& home_;
  const std::size_t warm_max_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::posix::stream_descriptor launcher_;
  boost::asio::steady_timer timer_;
  std::thread thread_;
  instant looked_{};  // at the pulse of all, the last time

  mutable std::mutex mutex_;
  std::condition_variable none_;
  bool stopping_ = false;
  bool ticking_ = false;
  pid_t launcher_pid_ = 0;  // 0: not started
  instant launcher_since_{};
  bool launcher_ready_ = false;  // it has said that it is one
  std::uint64_t count_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<process_link>> links_;  // whose process is not gone
  std::deque<std::shared_ptr<process_link>> ready_;
  std::unordered_map<troupe::path, std::weak_ptr<process_link>> by_path_;
};

}  // namespace troupe::actors
