#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <troupe/actors/isolation.hpp>
#include <unordered_map>
#include <unordered_set>

#include "frame_stream.hpp"
#include "launcher.hpp"
#include "mailbox.hpp"
#include "remote_budget.hpp"
#include "reply_sink.hpp"
#include "watches.hpp"

namespace troupe::actors {

class process_host;

// The answer to a message that failed in the process of its agent: thrown on by the turn that waits for it.
struct process_verdict {
  exit_cause cause;
};

// The last lines that a process wrote, and a log of all of them that cannot be flooded. One thread.
class output_lines {
 public:
  static constexpr std::size_t kept_lines = 20;
  static constexpr std::size_t line_bytes_max = 1'000;
  static constexpr std::size_t logged_per_second = 100;

  template <class F>
  void add(std::string_view bytes, F&& each_line) {
    for (const char c : bytes) {
      if (c != '\n' && line_.size() < line_bytes_max) line_.push_back(c);
      if (c == '\n') each_line(std::as_const(line_)), keep();
    }
  }
  std::string tail() const;

 private:
  void keep();
  std::deque<std::string> lines_;
  std::string line_;
};

// One agent's process, as the node sees it: its socket, its output, its end. Made by the host for an agent that starts,
// or in advance; belongs to the agent that it was begun for, and to the host until the process is gone. What the
// process asks of others goes through it, and it is whom they answer. Threads: any may send, kill and ask; what comes
// from the process is handled by the host's thread.
//
// Limits: 10,000 questions in each direction, 10,000 watches, and what is not taken by the process: two messages of
// the largest size and 1 MiB.
class process_link final : public reply_sink, public watcher, public std::enable_shared_from_this<process_link> {
 public:
  static constexpr std::size_t questions_max = 10'000;
  static constexpr std::size_t watches_max = 10'000;

  process_link(process_host& host, std::uint64_t number, int socket, int output);
  ~process_link() override;

  // -- for the agent it belongs to ------------------------------------------------------------------------------------
  // Starts the agent in it: `effect` of the owner gets a frames::started, or an error.
  void begin(const std::shared_ptr<cell>& owner, std::uint64_t effect, const frames::start& order);
  // `effect` of the owner gets what the agent answers: a message, an error, a process_verdict, a frames::passed_on.
  void send(std::uint64_t effect, frames::message what);
  // Asks the agent to stop; `effect` is finished when the process is gone.
  void stop(std::uint64_t effect, const exit_cause& cause);
  // SIGKILL, for the whole session. `why` is the cause if the process did not end for another reason before.
  void kill(exit_cause why);
  // What the agent's turn waited on when the process was last heard of.
  std::string waits_on() const;
  // Whether the process is gone.
  bool over() const noexcept { return over_.load(std::memory_order_acquire); }
  // For an agent below the one that it was begun for.
  void pass(const troupe::path& to, envelope&& mail);

  // -- as whoever asks others in the name of the process --------------------------------------------------------------
  void resolve(std::uint64_t number, result<message> reply) override;
  agent_ref sender() override;
  void notify(down_notice notice) override;

  // -- for the host, on its thread ------------------------------------------------------------------------------------
  void listen();
  void launched(pid_t pid, int handle);
  void ended(const launch_report& how);
  void cannot_start(const error& why);
  // False: it was killed a while ago, and nobody says that it is gone.
  bool check_pulse(instant now);
  std::uint64_t number() const noexcept { return number_; }
  pid_t pid() const noexcept { return pid_.load(std::memory_order_relaxed); }
  std::shared_ptr<cell> owner() const;

 private:
  static constexpr duration killed_within = std::chrono::seconds{10};
  static constexpr auto end_follows_pipe = std::chrono::milliseconds{200};
  static constexpr std::uint64_t letter_bit = std::uint64_t{1} << 63;

  std::size_t message_bytes_max() const;
  error too_long(std::size_t size_bytes) const;
  template <class Frame>
  void write(const Frame& what);
  void flush();
  void read();
  void read_frames();
  bool in_sandbox() const noexcept;
  void read_output();
  void drain_output();
  void closed_pipe();
  result<void> take(const frame_reader::frame& what);
  void take(frames::started order);
  void take(frames::not_started order);
  void take(frames::answer order);
  void take(frames::failed order);
  void take(frames::letter order);
  void take(frames::passed_on order);
  result<void> begin_watch(frames::watch order);
  void take(frames::unwatch order);
  void take(frames::kill order);
  void take(const frames::beat& order);
  void take(const frames::budget_request& order);
  void take(const frames::memory_request& order);
  bool begin_question();
  void settle(std::uint64_t effect, result<message> outcome);
  exit_cause cause_of(const launch_report& how) const;
  void finish(exit_cause cause);

  process_host& host_;
  const std::uint64_t number_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::posix::stream_descriptor output_;
  frame_reader in_;
  output_lines lines_;
  std::size_t logged_ = 0;  // lines in this second
  instant logged_since_{};
  std::atomic<pid_t> pid_{0};
  std::atomic<bool> over_{false};
  std::atomic<bool> told_local_{false};  // that a message could not leave the node
  std::atomic<std::int64_t> heard_ns_{0};
  bool heard_once_ = false;
  bool warned_ = false;  // that it may not kill
  lent_budget budget_;
  std::optional<exit_cause> last_words_;  // what the agent said about its own end

  struct question {
    std::shared_ptr<reply_sink> asker;
    std::uint64_t effect;
  };
  mutable std::mutex mutex_;  // guards what follows, and writes to the socket
  std::weak_ptr<cell> owner_;
  process_options options_;
  duration turn_budget_{};
  troupe::path where_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t starting_ = 0;  // effects of the owner; 0: none
  std::uint64_t stopping_ = 0;
  std::unordered_set<std::uint64_t> in_hand_;            // messages that the agent has not answered
  std::unordered_map<std::uint64_t, question> letters_;  // to agents below it, by number
  struct watched {
    std::uint64_t node_number;
    troupe::path who;
  };
  std::unordered_map<std::uint64_t, watched> watches_;  // by the process's number
  std::uint64_t letter_count_ = 0;
  std::size_t asked_ = 0;  // questions of the process that are not answered
  std::string backlog_;    // what the process has not taken
  bool flushing_ = false;
  int handle_ = -1;  // the pidfd
  std::optional<exit_cause> kill_wanted_;
  instant kill_since_{};
  std::optional<exit_cause> end_;  // once it is over
  std::string waits_on_;
};

}  // namespace troupe::actors
