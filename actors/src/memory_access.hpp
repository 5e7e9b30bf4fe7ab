#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <troupe/core/path.hpp>
#include <troupe/memory/store.hpp>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "reply_sink.hpp"

namespace troupe::actors {

// What agents ask of a memory. With each: the type of the answer.

struct summarize_space {  // std::optional<id>
  troupe::path space;
  memory::summary_policy policy;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("space", self.space), visit("policy", self.policy);
  }
};

// What the author keeps under these keys.
struct load_state {  // std::vector<std::optional<std::string>>
  std::vector<std::string> keys;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("keys", self.keys);
  }
};

struct save_state {  // nothing but that it is on disk
  std::vector<std::pair<std::string, std::string>> changed;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("changed", self.changed);
  }
};

// What the journal has for the author, if it is durable.
struct load_journal {  // memory::agent_journal
  std::size_t messages_max = 0;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("messages_max", self.messages_max);
  }
};

struct memory_request {
  // id, std::vector<hit>, std::vector<record>, window; the others say it themselves.
  std::variant<memory::record, memory::query, memory::facts_query, memory::window_query, summarize_space, load_state,
               save_state, load_journal>
      what;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("what", self.what);
  }
};

// The way from the agents of a node to its memory. Reading waits for a thread of the blocking pool; writing holds no
// thread: the store's own answers. Once a minute it has the store do what is due. In deterministic scheduling the
// writes are done at once, by the thread that runs the agents, and nothing is done by the minute. Threads: any. Limits:
// the pool's queue, and the store's.
class memory_access {
 public:
  static constexpr duration tidy_every = std::chrono::minutes{1};

  explicit memory_access(runtime& home) noexcept : home_{home} {}
  ~memory_access() { stop(); }

  // Before the first agent; null: there is no memory. It outlives the agents.
  void use(memory::store* which) noexcept { store_ = which; }
  void run_in_thread();
  // Once nobody asks any more: returns when what was begun is written.
  void stop();

  // `whom` is answered on some thread, maybe on this one before it returns. An agent reads what it has written before,
  // in an earlier incarnation too. What has not begun when nobody waits for it any more is not done; writes are.
  void begin(const troupe::path& author, memory_request request, std::shared_ptr<reply_sink> whom, std::uint64_t effect,
             std::stop_token nobody_waits = {});

  // Applies a command; `then` is called by the store's thread, or at once by this one. Commands are applied in the
  // order of these calls. After stop() it fails with closed. `past_bounds`: what agents have done must not be refused,
  // and is bounded by what they do at a time.
  void commit(memory::command what, std::function<void(result<memory::outcome>)> then, bool past_bounds = true);
  // Makes a record complete, as memory::store::prepare does.
  result<memory::put_record> prepare(const troupe::path& author, memory::record what) const;
  std::uint64_t commands_applied() const;
  result<std::vector<memory::durable_agent>> durable_agents() const;
  // With what its turns have read. Blocks.
  result<memory::agent_journal> journal(const troupe::path& agent, std::size_t messages_max) const;
  result<std::vector<memory::charge>> charges() const;

 private:
  void write(memory::command what, message answer, const std::shared_ptr<reply_sink>& whom, std::uint64_t effect);
  void begin_read(const troupe::path& author, memory_request request, const std::shared_ptr<reply_sink>& whom,
                  std::uint64_t effect, std::stop_token nobody_waits);
  result<message> read(const troupe::path& author, const memory_request& request);
  void begin_write(const troupe::path& author);
  void end_write(const troupe::path& author);
  bool is_writing(const troupe::path& author);

  runtime& home_;
  memory::store* store_ = nullptr;
  std::mutex writing_mutex_;
  std::unordered_map<troupe::path, std::size_t> writing_;  // commands that the store has not answered, by author
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool stopped_ = false;  // the store is not used any more
  std::thread thread_;
};

}  // namespace troupe::actors
