#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <troupe/actors/fault.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/actors/quarantine.hpp>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

// What is remembered of messages that failed: the suspects, which failed but not often enough, and the entries, which
// are set aside. By path, so that it outlives incarnations and cells. Owner: the runtime. Threads: any; nothing of it
// is touched while nothing fails.
//
// Bounds: 8 suspects of an agent, suspects of 1,000 agents, each for an hour after its last failure; `entries_max`
// entries. The oldest goes first. 16 tries of each.
class quarantine_store {
 public:
  static constexpr std::size_t suspects_of_agent = 8;
  static constexpr std::size_t agents_with_suspects = 1'000;
  static constexpr std::size_t history_max = 16;
  static constexpr std::size_t content_bytes_max = 4'096;
  static constexpr duration memory = std::chrono::hours{1};

  explicit quarantine_store(std::size_t entries_max) noexcept : entries_max_{entries_max} {}

  // A failure of a message.
  struct report {
    const path& agent;
    const message* what = nullptr;  // null or empty: its value is not known any more
    const message_type* type = nullptr;
    fault kind = fault::bug;
    failed_try failed;
    instant now{};
    std::uint32_t limit = 0;  // set aside after so many; 0: never
    std::uint64_t entry = 0;  // it was the operator's try of this entry
    troupe::id name = {};     // in the journal: of a turn that went on another way, and stays an entry of its own
  };
  struct outcome {
    std::uint64_t aside = 0;            // the number of the entry, if the message is set aside, now or since before
    std::optional<message> made = {};   // of an entry that is new: to be described
    std::optional<path> gave_way = {};  // whose entry made room for it
  };
  // Counts it. A failure whose value is not known is taken for one of the next message of the same type that fails in
  // the same way.
  outcome failed(report what);
  // One that an earlier life of the node has set aside, or this one, again.
  void was_found(const path& agent, message what, const troupe::id& name, std::string why, std::int64_t now_ns);
  // Its name in the journal; nil, if it is not there.
  troupe::id name_of(std::uint64_t id) const;
  // What an entry's message holds. Made by whoever reported the failure, since its codec may be anybody's code.
  void describe(std::uint64_t id, std::string content);
  // The message was handled after all: what is remembered of its failures goes.
  void handled(const path& agent, const message& what);
  // The number of the entry that an equal message to this agent has, which counts the refusal; 0: there is none.
  std::uint64_t refuse(const path& agent, const message& what);
  bool has_entries(const path& agent) const;
  // Writes down whether there are entries of this agent, in one step with looking.
  void show_entries(const path& agent, std::atomic<bool>& any) const;
  bool remembers(const path& agent) const;
  // Whose messages are set aside; an agent may be in it several times.
  std::vector<path> agents_with_entries() const;

  std::vector<quarantine_entry> list(const path& below = {}) const;
  std::optional<quarantine_entry> find(std::uint64_t id) const;
  // The message itself, for another try.
  std::optional<message> message_of(std::uint64_t id) const;
  // False: there is no such entry.
  bool drop(std::uint64_t id);
  // At the node's end: entries can still be read, but the messages, which may refer to the node, go.
  void forget_messages();
  std::size_t size() const;
  // Entries that gave way to newer ones.
  std::uint64_t overflowed() const;

 private:
  struct suspect {
    message what = {};  // empty: not known
    const message_type* type = nullptr;
    fault kind = fault::bug;
    std::string text = {};
    std::string sender = {};  // a path; empty: from outside of the tree
    std::uint64_t count = 0;
    instant last{};
    std::vector<failed_try> history = {};
  };
  struct suspects_of {
    path agent;
    std::deque<suspect> suspects;  // the latest last
  };
  struct held {
    quarantine_entry entry;
    path agent;
    message what;
    const message_type* type = nullptr;
    troupe::id name = {};  // in the journal
  };
  using agents = std::list<suspects_of>;  // the latest last

  suspect& suspect_for(const report& what);
  outcome count_again(held& known, report&& what);
  outcome set_aside(const report& what, suspect&& of);
  held* entry_of(const path& agent, const message& what);
  void erase(std::map<std::uint64_t, held>::iterator which);
  void forget(agents::iterator agent, const message& what);
  static void note(std::vector<failed_try>& history, failed_try what);

  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::atomic<bool> used_{false};  // anything was ever remembered
  agents agents_;
  std::unordered_map<path, agents::iterator> by_agent_;
  std::map<std::uint64_t, held> entries_;
  std::unordered_map<path, std::vector<std::uint64_t>> entries_by_agent_;
  std::uint64_t last_id_ = 0;
  std::uint64_t overflowed_ = 0;
};

}  // namespace troupe::actors
