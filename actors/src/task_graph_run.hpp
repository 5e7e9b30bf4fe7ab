#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <troupe/actors/task_body.hpp>
#include <troupe/actors/task_group.hpp>
#include <utility>
#include <vector>

namespace troupe {

// What the copies of a hand share with the run.
struct graph_control::shared {
  actors::graph_engine* engine = nullptr;  // while it runs
  std::optional<std::string> cancelled;    // asked for, and why
  std::shared_ptr<const graph_report> report;
};

namespace actors {

class graph_engine;

// The bound of a graph, and of those inside that share it.
struct graph_places {
  std::size_t max = 1;
  std::size_t used = 0;
  std::vector<graph_engine*> users;  // in the order of their beginning
};

// One run of a graph: a loop in a coroutine of the turn, which starts tasks, waits for one to end or for a time to
// come, and decides what that means. All decisions are made in the loop, so that no task is on the stack when another
// is given up.
//
// Owner: the coroutine that runs it. Destroying it cancels the tasks under way. Threads: the agent's thread of control.
class graph_engine {
 public:
  // `outer`: the run of the graph around, whose places are shared if `places` are its.
  graph_engine(std::shared_ptr<const graph_plan> plan, turn& now, std::shared_ptr<graph_places> places);
  graph_engine(const graph_engine&) = delete;
  graph_engine& operator=(const graph_engine&) = delete;
  ~graph_engine();

  // Before it runs: who is told, and who may cancel it.
  void serve(run_options options);
  void belong_to(graph_engine& outer, std::size_t task);

  task<void> run(std::vector<message> inputs);
  void wake() { group_.wake(); }

  const graph_plan& plan() const noexcept { return *plan_; }
  const std::shared_ptr<graph_places>& places() const noexcept { return places_; }
  const graph_report& report() const noexcept { return *report_; }

 private:
  // What the report does not say of a task.
  struct progress {
    std::size_t missing = 0;    // others that it waits for
    std::uint64_t attempt = 0;  // the task of the group that runs; 0: none
    instant limit = instant::max();
    bool stands_in = false;  // the function that is called when it has failed is next, or runs
    bool held = false;       // it stands in for a task that has not failed
    message value;
  };
  using when = std::pair<instant, std::size_t>;

  task<void> attempt(std::size_t index);
  task<void> sleep_until(instant time);

  void begin(std::vector<message> inputs);
  void start_ready();
  bool allowed(std::size_t index);
  void start(std::size_t index);
  void attempt_ended(const task_group::ended& which);
  void look_at_clock();
  void set_alarm();
  void look_at_control();

  void failed(std::size_t index, error why);
  void wait_for_next_attempt(std::size_t index, duration wait);
  void give_up(std::size_t index, error why);
  void over(std::size_t index, task_state how);
  void skip(std::size_t index, std::string because);
  void settle();
  void tell_dependent(std::size_t index, std::size_t of);
  void fallback_over(std::size_t index);
  void ready(std::size_t index);
  void finish();

  void free_place(std::size_t index);
  void tell(std::size_t index);
  std::vector<message> inputs_of(std::size_t index) const;
  std::string what(std::size_t index) const;

  std::shared_ptr<const graph_plan> plan_;  // shared with the graph
  turn& now_;
  std::shared_ptr<graph_places> places_;  // shared with the runs around and inside
  run_options options_;
  const task_listener* listener_ = nullptr;  // the outermost run's
  std::string prefix_;                       // of the names that it is told
  std::shared_ptr<graph_report> report_;     // shared with the report of the run around, and the hand
  std::vector<progress> tasks_;
  std::set<std::pair<std::int64_t, std::size_t>> ready_;  // by falling priority, then in the order of declaration
  std::set<when> limits_, retries_;
  std::map<std::uint64_t, std::size_t> under_way_;  // by the number in the group
  std::deque<std::size_t> ended_;                   // whose dependents are yet to be told
  std::size_t left_ = 0;                            // tasks that are not over
  instant over_at_ = instant::max();
  std::uint64_t alarm_ = 0;  // the task of the group that sleeps
  instant alarm_at_{};
  task_group group_;  // last: its tasks use all of this
};

}  // namespace actors

}  // namespace troupe
