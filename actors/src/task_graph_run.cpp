#include "task_graph_run.hpp"

#include <algorithm>

namespace troupe {

graph_control::graph_control() : shared_{std::make_shared<shared>()} {}

void graph_control::cancel(std::string why) {
  if (!shared_->engine || shared_->cancelled) return;
  shared_->cancelled = std::move(why);
  shared_->engine->wake();
}

bool graph_control::running() const noexcept { return shared_->engine != nullptr; }

namespace {

// A run inside goes on in the report that it shares.
graph_report copy_of(const graph_report& live) {
  graph_report copy = live;
  for (auto& each : copy.tasks)
    if (each.inner) each.inner = std::make_shared<const graph_report>(copy_of(*each.inner));
  return copy;
}

error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const failure& f) {
    return f.error();
  } catch (const std::exception& e) {
    return {agent_errc::agent_failed, e.what()};
  } catch (...) {
    return {agent_errc::agent_failed, "something that is no std::exception"};
  }
}

instant later(instant from, duration by) { return by > instant::max() - from ? instant::max() : from + by; }

}  // namespace

graph_report graph_control::so_far() const { return shared_->report ? copy_of(*shared_->report) : graph_report{}; }

namespace actors {

graph_engine::graph_engine(std::shared_ptr<const graph_plan> plan, turn& now, std::shared_ptr<graph_places> places)
    : plan_{std::move(plan)},
      now_{now},
      places_{std::move(places)},
      report_{std::make_shared<graph_report>()},
      tasks_(plan_->tasks.size()),
      left_{plan_->tasks.size()},
      group_{now} {
  if (!places_) {
    places_ = std::make_shared<graph_places>();
    places_->max = plan_->options.at_once;
  }
  places_->users.push_back(this);
  report_->name = plan_->name;
  report_->plan = plan_;
  report_->tasks.resize(plan_->tasks.size());
  for (std::size_t i = 0; i < plan_->tasks.size(); ++i) report_->tasks[i].name = plan_->tasks[i].name;
}

graph_engine::~graph_engine() {
  listener_ = nullptr;
  std::erase(places_->users, this);
  if (report_->finished == instant{}) finish();
  if (options_.control_) options_.control_->shared_->engine = nullptr;
}

void graph_engine::serve(run_options options) {
  if (options.control_) {
    auto& hand = *options.control_->shared_;
    if (hand.engine) throw failure{bad_graph(*plan_, "its graph_control is the hand of another run")};
    hand.engine = this;
    hand.cancelled.reset();
    hand.report = report_;
  }
  options_ = std::move(options);
  if (options_.listener_) listener_ = &options_.listener_;
}

void graph_engine::belong_to(graph_engine& outer, std::size_t task) {
  listener_ = outer.listener_;
  prefix_ = outer.prefix_ + outer.plan_->tasks[task].name + "/";
  outer.report_->tasks[task].inner = report_;
}

task<void> graph_engine::run(std::vector<message> inputs) {
  begin(std::move(inputs));
  for (;;) {
    look_at_control();
    start_ready();
    if (report_->failure || left_ == 0) break;
    set_alarm();
    const auto ended = co_await group_.next_or_wake();
    if (!ended) continue;
    if (ended->id != alarm_) {
      attempt_ended(*ended);
      continue;
    }
    alarm_ = 0;
    if (ended->why)  // the turn gets no effects any more, not even time
      report_->failure = error_of(ended->why);
    else
      look_at_clock();
  }
  finish();
}

void graph_engine::begin(std::vector<message> inputs) {
  report_->started = now_.now();
  over_at_ = later(report_->started, plan_->options.within);
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    tasks_[i].held = plan_->stands_in_for[i].has_value();
    for (const std::size_t after : plan_->dependents[i]) ++tasks_[after].missing;
  }
  for (std::size_t i = 0; i < plan_->inputs.size(); ++i) {
    auto& given = report_->tasks[plan_->inputs[i]];
    given.started = report_->started;
    given.value = std::move(inputs[i]);
    over(plan_->inputs[i], task_state::done);
  }
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    if (tasks_[i].missing == 0) ready(i);
  settle();
}

void graph_engine::ready(std::size_t index) {
  if (report_->tasks[index].over() || tasks_[index].held) return;
  ready_.emplace(-std::int64_t{plan_->tasks[index].options.priority}, index);
}

void graph_engine::start_ready() {
  while (!ready_.empty() && !report_->failure) {
    const auto first = ready_.begin();
    const std::size_t index = first->second;
    const bool takes_place = !plan_->tasks[index].shares_bound;
    if (takes_place && places_->used >= places_->max) return;
    ready_.erase(first);
    if (!allowed(index)) continue;
    if (takes_place) ++places_->used;
    start(index);
    look_at_control();  // the task may have cancelled the run
  }
}

// Whether its condition holds; it is looked at before the first attempt.
bool graph_engine::allowed(std::size_t index) {
  const auto& condition = plan_->tasks[index].condition;
  if (!condition || report_->tasks[index].attempts > 0) return true;
  try {
    if (condition(inputs_of(index))) return true;
    skip(index, "its condition does not hold");
  } catch (...) {
    give_up(index, error_of(std::current_exception()).with_context("its condition"));
  }
  settle();
  return false;
}

void graph_engine::start(std::size_t index) {
  auto& report = report_->tasks[index];
  auto& task = tasks_[index];
  report.state = task_state::running;
  if (report.attempts == 0) report.started = now_.now();
  if (!task.stands_in) ++report.attempts;
  const duration within = plan_->tasks[index].options.within;
  if (within != duration::max()) {
    task.limit = later(now_.now(), within);
    limits_.emplace(task.limit, index);
  }
  tell(index);
  task.attempt = group_.start(attempt(index));
  under_way_.emplace(task.attempt, index);
}

task<void> graph_engine::attempt(std::size_t index) {
  const auto& task = plan_->tasks[index];
  const bool stands_in = tasks_[index].stands_in;
  task_context here{now_, *this, index, inputs_of(index), report_->tasks[index].why};
  auto work = stands_in ? task.stand_in(here) : task.body(here);
  message value = co_await std::move(work);
  tasks_[index].value = std::move(value);
}

task<void> graph_engine::sleep_until(instant time) {
  auto sleeping = now_.sleep(time - now_.now());
  co_await sleeping;
}

void graph_engine::attempt_ended(const task_group::ended& which) {
  const auto found = under_way_.find(which.id);
  if (found == under_way_.end()) return;  // an alarm that another has replaced
  const std::size_t index = found->second;
  under_way_.erase(found);
  free_place(index);
  auto& task = tasks_[index];
  if (which.why) {
    failed(index, error_of(which.why));
  } else {
    auto& report = report_->tasks[index];
    report.value = std::move(task.value);
    report.by_fallback = task.stands_in;
    over(index, task_state::done);
  }
  settle();
}

void graph_engine::free_place(std::size_t index) {
  auto& task = tasks_[index];
  task.attempt = 0;
  if (task.limit != instant::max()) limits_.erase({std::exchange(task.limit, instant::max()), index});
  if (plan_->tasks[index].shares_bound) return;
  --places_->used;
  for (graph_engine* each : places_->users)
    if (each != this && !each->ready_.empty()) each->wake();
}

// -- time -------------------------------------------------------------------------------------------------------------

void graph_engine::set_alarm() {
  instant next = over_at_;
  if (!limits_.empty()) next = std::min(next, limits_.begin()->first);
  if (!retries_.empty()) next = std::min(next, retries_.begin()->first);
  if (next == instant::max() || (alarm_ != 0 && alarm_at_ <= next)) return;
  if (alarm_ != 0) group_.cancel(alarm_);
  alarm_at_ = next;
  alarm_ = group_.start(sleep_until(next));
}

void graph_engine::look_at_clock() {
  const instant now = now_.now();
  if (over_at_ <= now) {
    report_->failure = error{agent_errc::timeout, "graph `" + plan_->name + "` took longer than its limit"};
    return;
  }
  while (!limits_.empty() && limits_.begin()->first <= now) {
    const std::size_t index = limits_.begin()->second;
    const auto attempt = tasks_[index].attempt;
    limits_.erase(limits_.begin());
    tasks_[index].limit = instant::max();
    if (!group_.cancel(attempt)) continue;  // it was over in time, and comes next
    under_way_.erase(attempt);
    free_place(index);
    failed(index, {agent_errc::timeout, "it took longer than its limit"});
  }
  while (!retries_.empty() && retries_.begin()->first <= now) {
    ready(retries_.begin()->second);
    retries_.erase(retries_.begin());
  }
  settle();
}

void graph_engine::look_at_control() {
  if (report_->failure || !options_.control_) return;
  const auto& hand = *options_.control_->shared_;
  if (hand.cancelled)
    report_->failure = error{agent_errc::cancelled, "graph `" + plan_->name + "` was cancelled: " + *hand.cancelled};
}

// -- failures ---------------------------------------------------------------------------------------------------------

void graph_engine::failed(std::size_t index, error why) {
  const auto& task = plan_->tasks[index];
  auto& report = report_->tasks[index];
  if (tasks_[index].stands_in) {
    why.with_context("its fallback, after \"" + report.why->message() + "\"");
    return give_up(index, std::move(why));
  }
  const auto& retry = task.options.retry;
  const int failures = static_cast<int>(report.attempts);
  const auto delay = failures <= retry.attempts && retry.faults.contains(fault_of(why))
                         ? next_delay(retry, failures, why.retry_after(), now_.random())
                         : std::nullopt;
  report.why = std::move(why);
  report.state = task_state::waiting;
  if (delay) return wait_for_next_attempt(index, *delay);
  if (task.stand_in) {
    tasks_[index].stands_in = true;
    tell(index);
    return ready(index);
  }
  if (!task.fallback) return give_up(index, *report.why);
  tell(index);
  tasks_[*task.fallback].held = false;
  if (report_->tasks[*task.fallback].over()) return fallback_over(*task.fallback);
  if (tasks_[*task.fallback].missing == 0) ready(*task.fallback);
}

void graph_engine::wait_for_next_attempt(std::size_t index, duration wait) {
  tell(index);
  if (wait == duration::zero()) return ready(index);
  retries_.emplace(later(now_.now(), wait), index);
}

void graph_engine::give_up(std::size_t index, error why) {
  report_->tasks[index].why = why;
  over(index, task_state::failed);
  if (plan_->tasks[index].options.on_failure == on_task_failure::skip || report_->failure) return;
  const std::size_t attempts = report_->tasks[index].attempts;
  report_->failure = error{agent_errc::task_failed, "graph `" + plan_->name + "`: task `" + plan_->tasks[index].name +
                                                        "` failed after " + std::to_string(attempts) +
                                                        (attempts == 1 ? " attempt: " : " attempts: ") + why.message()};
  report_->cause = std::move(why);
}

void graph_engine::skip(std::size_t index, std::string because) {
  report_->tasks[index].why = error{agent_errc::task_skipped, std::move(because)};
  over(index, task_state::skipped);
}

// -- what an end means for others -------------------------------------------------------------------------------------

void graph_engine::over(std::size_t index, task_state how) {
  auto& report = report_->tasks[index];
  report.state = how;
  report.finished = now_.now();
  ready_.erase({-std::int64_t{plan_->tasks[index].options.priority}, index});
  --left_;
  ended_.push_back(index);
  tell(index);
}

// One after the other instead of by recursion: a chain of tasks may be as long as a graph. To the end also when the
// graph has failed, so that who is skipped does not depend on the order.
void graph_engine::settle() {
  while (!ended_.empty()) {
    const std::size_t index = ended_.front();
    ended_.pop_front();
    for (const std::size_t after : plan_->dependents[index]) tell_dependent(after, index);
    if (plan_->stands_in_for[index]) fallback_over(index);
    const auto fallback = plan_->tasks[index].fallback;
    if (fallback && !report_->tasks[*fallback].over())
      skip(*fallback, "`" + plan_->tasks[index].name + "` does not need it");
  }
}

void graph_engine::tell_dependent(std::size_t index, std::size_t of) {
  if (report_->tasks[index].over()) return;
  const auto needs = [&](const graph_edge& edge) { return edge.from == of && edge.kind == edge_kind::need; };
  const auto& task = plan_->tasks[index];
  const bool needed = std::any_of(task.inputs.begin(), task.inputs.end(), needs) ||
                      std::any_of(task.order.begin(), task.order.end(), needs);
  if (needed && report_->tasks[of].state != task_state::done)
    return skip(index, "it needs `" + plan_->tasks[of].name + "`, which " + what(of));
  if (--tasks_[index].missing == 0) ready(index);
}

// What stands in for another is over: its value counts for the other, if that waits for it.
void graph_engine::fallback_over(std::size_t index) {
  const std::size_t first = *plan_->stands_in_for[index];
  auto& report = report_->tasks[first];
  if (report.state != task_state::waiting || tasks_[index].held) return;
  const auto& other = report_->tasks[index];
  if (other.state != task_state::done) {
    error why = *report.why;
    return give_up(first, why.with_context("(and `" + other.name + "`, its fallback, " + what(index) + ")"));
  }
  report.value = other.value;
  report.by_fallback = true;
  over(first, task_state::done);
}

std::string graph_engine::what(std::size_t index) const {
  const auto& report = report_->tasks[index];
  const std::string state = report.state == task_state::failed ? "failed" : "was skipped";
  return report.why ? state + ": " + report.why->message() : state;
}

// Gives up what is under way, and says so.
void graph_engine::finish() {
  for (const auto& [attempt, index] : std::exchange(under_way_, {})) {
    group_.cancel(attempt);
    free_place(index);
  }
  if (alarm_ != 0) group_.cancel(std::exchange(alarm_, 0));
  report_->finished = now_.now();
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    auto& report = report_->tasks[i];
    if (report.state != task_state::running && report.state != task_state::waiting) continue;
    report.state = task_state::cancelled;
    report.finished = report_->finished;
    tell(i);
  }
}

void graph_engine::tell(std::size_t index) {
  if (listener_) (*listener_)(prefix_ + plan_->tasks[index].name, report_->tasks[index]);
}

std::vector<message> graph_engine::inputs_of(std::size_t index) const {
  std::vector<message> values;
  values.reserve(plan_->tasks[index].inputs.size());
  for (const auto& edge : plan_->tasks[index].inputs) values.push_back(report_->tasks[edge.from].value);
  return values;
}

// -- runs -------------------------------------------------------------------------------------------------------------

task<graph_report> run_outside(std::shared_ptr<const graph_plan> plan, turn& now, run_options options,
                               std::vector<message> inputs) {
  graph_engine engine{std::move(plan), now, nullptr};
  engine.serve(std::move(options));
  auto running = engine.run(std::move(inputs));
  co_await std::move(running);
  co_return engine.report();
}

task<graph_report> run_inside(std::shared_ptr<const graph_plan> plan, task_context& here, std::vector<message> inputs,
                              bool share_bound) {
  graph_engine engine{std::move(plan), here.now, share_bound ? here.run.places() : nullptr};
  engine.belong_to(here.run, here.index);
  auto running = engine.run(std::move(inputs));
  co_await std::move(running);
  const auto& report = engine.report();
  // The task's error rather than task_failed, so that a retry around sees what kind of fault it was.
  if (report.failure) {
    error why = report.cause ? *report.cause : *report.failure;
    if (report.cause) why.with_context(report.failure->message().substr(0, report.failure->message().find(" failed")));
    throw failure{std::move(why)};
  }
  co_return report;
}

namespace {
task<message> run_graph(const std::shared_ptr<const graph_plan>& plan, bool share_bound, task_context& here) {
  auto running = run_inside(plan, here, here.inputs, share_bound);
  const graph_report report = co_await std::move(running);
  if (!plan->output) co_return message::of(done{});
  const auto& output = output_of(report);
  if (output.state != task_state::done)
    throw failure{output.why ? *output.why : error{agent_errc::task_skipped, "it has no result"}};
  co_return output.value;
}
}  // namespace

task_body graph_body(std::shared_ptr<const graph_plan> plan, bool share_bound) {
  return [plan = std::move(plan), share_bound](task_context& here) { return run_graph(plan, share_bound, here); };
}

std::shared_ptr<const graph_plan> plan_of_elements(const task_context& here, std::size_t count,
                                                   const map_options& options,
                                                   const std::function<task_body(std::size_t)>& body) {
  if (count > graph_limits::tasks)
    throw failure{error{agent_errc::overloaded, "a list of " + std::to_string(count) + " elements; at most " +
                                                    std::to_string(graph_limits::tasks) +
                                                    " are worked on in one task"}};
  auto plan = std::make_shared<graph_plan>();
  plan->name = here.run.plan().tasks[here.index].name;
  plan->options.at_once = options.at_once;
  plan->tasks.resize(count);
  for (std::size_t i = 0; i < count; ++i)
    plan->tasks[i] = {.name = std::to_string(i), .options = options.each, .body = body(i)};
  plan->dependents.resize(count);
  plan->stands_in_for.resize(count);
  plan->built = true;
  return plan;
}

std::optional<duration> time_limit(const task_context& here) {
  const duration within = here.run.plan().tasks[here.index].options.within;
  if (within == duration::max()) return {};
  return within;
}

}  // namespace actors

}  // namespace troupe
