#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

// The sides that bench_turns compares. Each failure throws std::runtime_error. What a build does not have (SQLite) is
// in peers/no_turns_sqlite.cpp, and says so by `available`.
namespace bench {

using stopwatch = std::chrono::steady_clock;

// So many agents are sent messages, each the next one as soon as the last was answered. A turn does effects one after
// the other, each of which gives a text, and changes the agent's state.
struct turn_load {
  std::filesystem::path folder;
  std::size_t agents = 1;
  std::size_t effects = 0;
  double seconds = 2;
  bool pooled = false;  // ours: the effects are done by the pool for blocking work
};
struct turn_figures {
  double turns_per_s = 0;
  double p50_s = 0, p99_s = 0;  // from sending the message to the answer
  double written_bytes = 0;     // that the process gave to the system to write, for each turn
  double cpu_s = 0;             // of all threads, for each turn
  double syncs = 0;             // for each turn
};

turn_figures turns_of_ours(const turn_load& load);
turn_figures turns_of_file(const turn_load& load);           // a turn is one append and one sync
turn_figures turns_of_sqlite(const turn_load& load);         // a transaction for each step, synced
turn_figures turns_of_sqlite_groups(const turn_load& load);  // a transaction for all steps that are due, synced

// Turns that wait for their last effect when the process is killed. They are spread over so many agents, each of which
// does one after the other.
struct crash_load {
  std::filesystem::path folder;
  std::size_t agents = 1;
  std::size_t turns_each = 1;
};
struct recovery_figures {
  double waiting_s = 0;  // from the start until each agent's first turn waits for its last effect again
  double ended_s = 0;    // until all turns have ended; what they wait for comes at once
};
// Begins the turns and does not return: `ready` is called once they wait, and then it is killed.
void crash_ours(const crash_load& load, const std::function<void()>& ready);
recovery_figures recover_ours(const crash_load& load);
void crash_sqlite(const crash_load& load, const std::function<void()>& ready);
recovery_figures recover_sqlite(const crash_load& load);

// Ours alone: agents that have given back their memory, each in a turn that waits for a person, one message each.
struct passive_figures {
  double started_s = 0;    // from opening the memory until all are there
  double agent_bytes = 0;  // that the process has grown by, for each
};
void crash_passive(const crash_load& load, const std::function<void()>& ready);
passive_figures recover_passive(const crash_load& load);

// A conversation: each turn remembers what is said to it, fills a window, recalls, gets an answer and remembers that.
struct journal_figures {
  double window_bytes = 0, recall_bytes = 0, answer_bytes = 0;  // that the effect takes in the journal, with its key
  double written_bytes = 0;                                     // that the process gave to the system, for each turn
  double turn_s = 0;                                            // from the message to the answer, median
};
journal_figures journal_of_ours(const std::filesystem::path& folder, std::size_t nth_turn);

bool turns_sqlite_available() noexcept;

// What all sides store.
std::string message_text(std::size_t agent);
std::string effect_text(std::size_t number);
inline constexpr std::size_t text_bytes = 200;

// Counts turns, and how long they took.
class turn_meter {
 public:
  explicit turn_meter(double seconds);
  bool is_over(stopwatch::time_point now) const { return now >= end_; }
  stopwatch::time_point began() const { return began_; }
  void add(stopwatch::time_point sent, stopwatch::time_point answered) { turns_.push_back({sent, answered}); }
  void add(const turn_meter& others) { turns_.insert(turns_.end(), others.turns_.begin(), others.turns_.end()); }
  // Turns that ended after the time are not counted, but what all of them took is divided by all.
  turn_figures figures(std::uint64_t syncs) const;

 private:
  struct timed {
    stopwatch::time_point sent, answered;
  };
  double written_before_, cpu_before_;
  stopwatch::time_point began_, end_;
  std::vector<timed> turns_;
};

// One thread that does the steps of all agents, up to so many that are due in one commit.
struct one_writer {
  std::size_t steps = 1;  // of a turn
  std::size_t group_max = 1;
  std::function<void()> begin;
  std::function<void(std::size_t agent, std::size_t step)> step;
  std::function<void()> commit;
};
turn_figures turns_of(const one_writer& writer, const turn_load& load);

}  // namespace bench
