#include <algorithm>
#include <troupe/actors/supervision.hpp>
#include <troupe/actors/task_graph.hpp>
#include <unordered_map>

// What is said of a graph until it is built, and the checks of it.

namespace troupe {

using actors::graph_plan;
using actors::graph_task;

namespace {

template <class T>
std::string between(std::string_view what, T low, T high) {
  return std::string{what} + " must be " + std::to_string(low) + " to " + std::to_string(high);
}

}  // namespace

std::string what_is_wrong(const task_options& options) {
  if (options.within <= duration::zero()) return "its time limit must be positive";
  const auto& retry = options.retry;
  if (retry.attempts < 0 || retry.attempts > graph_limits::attempts)
    return between("its number of further attempts", 0, graph_limits::attempts);
  if (retry.delay_min < duration::zero() || retry.delay_max < retry.delay_min || retry.wait_max < duration::zero())
    return "the delays between its attempts are out of order";
  if (!(retry.jitter >= 0.0 && retry.jitter <= 1.0))
    return "the jitter of the delays between its attempts must be 0 to 1";
  return {};
}

std::string what_is_wrong(const graph_options& options) {
  if (options.at_once < 1 || options.at_once > graph_limits::at_once)
    return between<std::size_t>("the number of tasks at once", 1, graph_limits::at_once);
  if (options.within <= duration::zero()) return "the time limit must be positive";
  return {};
}

namespace actors {

error bad_graph(const graph_plan& plan, std::string what) {
  return {agent_errc::bad_graph, "graph `" + plan.name + "`: " + std::move(what)};
}

graph_task& node_handle::open() const {
  if (plan->built)
    throw failure{bad_graph(*plan, "it is built, and task `" + plan->tasks[index].name + "` cannot change")};
  return plan->tasks[index];
}

std::size_t node_handle::index_of(const node_handle& other) const {
  if (other.plan == plan) return other.index;
  if (!plan->wrong)
    plan->wrong = bad_graph(
        *plan, "task `" + plan->tasks[index].name + "` names a task of another graph, `" + other.plan->name + "`");
  return index;
}

agent_ref who_is(const std::variant<agent_ref, path>& to, const turn& now) {
  if (const auto* where = std::get_if<path>(&to)) return now.ref(*where);
  return std::get<agent_ref>(to);
}

namespace {

// Start and end of each task, since a task that stands in runs between the two. An edge leads to what comes later.
class cycle_search {
 public:
  explicit cycle_search(const graph_plan& plan) : plan_{plan}, later_(2 * plan.tasks.size()), before_(later_.size()) {
    for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
      const auto& each = plan.tasks[i];
      add(start(i), end(i));
      for (const auto& edge : each.inputs) add(end(edge.from), start(i));
      for (const auto& edge : each.order) add(end(edge.from), start(i));
      if (!each.fallback) continue;
      add(start(i), start(*each.fallback));
      add(end(*each.fallback), end(i));
    }
  }

  // The names on a cycle, in the order in which they wait for each other; empty: there is none.
  std::string run() {
    std::vector<std::size_t> free;
    for (std::size_t v = 0; v < before_.size(); ++v)
      if (before_[v] == 0) free.push_back(v);
    std::size_t seen = 0;
    for (; !free.empty(); ++seen) {
      const auto v = free.back();
      free.pop_back();
      for (const auto next : later_[v])
        if (--before_[next] == 0) free.push_back(next);
    }
    return seen == later_.size() ? std::string{} : name_cycle();
  }

 private:
  static std::size_t start(std::size_t task) { return 2 * task; }
  static std::size_t end(std::size_t task) { return 2 * task + 1; }
  void add(std::size_t from, std::size_t to) {
    later_[from].push_back(to);
    ++before_[to];
  }

  // Whoever is left waits for another that is left: going back from any of them must come to one that was met before.
  std::string name_cycle() const {
    std::vector<std::size_t> because(later_.size(), later_.size());
    for (std::size_t v = 0; v < later_.size(); ++v)
      if (before_[v] > 0)
        for (const auto next : later_[v]) because[next] = std::min(because[next], v);
    std::vector<std::size_t> met(later_.size(), 0);
    std::size_t at = 0;
    while (before_[at] == 0) ++at;
    for (std::size_t step = 1; met[at] == 0; ++step, at = because[at]) met[at] = step;
    std::string names = "`" + name(at) + "`";
    std::size_t last = at / 2;
    bool alone = true;
    for (auto v = because[at]; v != at; v = because[v]) {
      if (v / 2 == last) continue;
      last = v / 2;
      alone = false;
      names += " waits for `" + name(v) + "`";
    }
    return last == at / 2 && !alone ? names : names + " waits for `" + name(at) + "`";
  }
  const std::string& name(std::size_t vertex) const { return plan_.tasks[vertex / 2].name; }

  const graph_plan& plan_;
  std::vector<std::vector<std::size_t>> later_;
  std::vector<std::size_t> before_;
};

std::string wrong_names(const graph_plan& plan) {
  const auto wrong_size = [](const std::string& name) {
    return name.empty() || name.size() > graph_limits::name_size_bytes;
  };
  if (wrong_size(plan.name)) return "the name of a graph has 1 to 256 bytes";
  std::unordered_map<std::string_view, int> known;
  for (const auto& each : plan.tasks) {
    if (wrong_size(each.name)) return "the name of a task has 1 to 256 bytes: `" + each.name.substr(0, 40) + "`";
    if (++known[each.name] > 1) return "two tasks are named `" + each.name + "`";
  }
  return {};
}

std::string wrong_tasks(graph_plan& plan) {
  std::size_t edges = 0;
  plan.nesting = 1;
  plan.stands_in_for.assign(plan.tasks.size(), {});
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto& each = plan.tasks[i];
    const std::string who = "task `" + each.name + "`: ";
    edges += each.inputs.size() + each.order.size() + (each.fallback ? 1 : 0);
    if (auto wrong = what_is_wrong(each.options); !wrong.empty()) return who + wrong;
    if (each.inner) plan.nesting = std::max(plan.nesting, each.inner->nesting + 1);
    if (!each.fallback) continue;
    if (each.stand_in) return who + "it has two fallbacks, a function and `" + plan.tasks[*each.fallback].name + "`";
    auto& other = plan.tasks[*each.fallback];
    if (!other.body) return who + "the input `" + other.name + "` cannot be its fallback";
    if (other.type != each.type)
      return who + "it gives `" + each.type + "`, and its fallback `" + other.name + "` gives `" + other.type + "`";
    if (plan.stands_in_for[*each.fallback])
      return "`" + other.name + "` is the fallback of both `" + plan.tasks[*plan.stands_in_for[*each.fallback]].name +
             "` and `" + each.name + "`";
    plan.stands_in_for[*each.fallback] = i;
    other.options.on_failure = on_task_failure::skip;  // what that means is up to the task that it stands in for
  }
  if (edges > graph_limits::edges) return "it has more than " + std::to_string(graph_limits::edges) + " edges";
  if (plan.nesting > graph_limits::nesting)
    return "graphs are nested more than " + std::to_string(graph_limits::nesting) + " deep";
  return {};
}

void fill_dependents(graph_plan& plan) {
  plan.dependents.assign(plan.tasks.size(), {});
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto note = [&](const graph_edge& edge) {
      auto& list = plan.dependents[edge.from];
      if (list.empty() || list.back() != i) list.push_back(i);
    };
    for (const auto& edge : plan.tasks[i].inputs) note(edge);
    for (const auto& edge : plan.tasks[i].order) note(edge);
  }
}

}  // namespace

std::optional<error> complete(graph_plan& plan) {
  if (plan.tasks.size() == plan.inputs.size()) return bad_graph(plan, "it has no task");
  if (plan.tasks.size() > graph_limits::tasks)
    return bad_graph(plan, "it has more than " + std::to_string(graph_limits::tasks) + " tasks");
  if (auto wrong = what_is_wrong(plan.options); !wrong.empty()) return bad_graph(plan, std::move(wrong));
  if (auto wrong = wrong_names(plan); !wrong.empty()) return bad_graph(plan, std::move(wrong));
  if (auto wrong = wrong_tasks(plan); !wrong.empty()) return bad_graph(plan, std::move(wrong));
  if (auto cycle = cycle_search{plan}.run(); !cycle.empty()) return bad_graph(plan, "a cycle: " + cycle);
  fill_dependents(plan);
  plan.built = true;
  return {};
}

}  // namespace actors

graph_builder::graph_builder(std::string name, graph_options options) : plan_{std::make_shared<graph_plan>()} {
  plan_->name = std::move(name);
  plan_->options = options;
}

void graph_builder::is_wrong(std::string what) {
  if (!plan_->wrong) plan_->wrong = bad_graph(*plan_, std::move(what));
}

actors::node_handle graph_builder::add(graph_task task, std::vector<edge> inputs) {
  if (plan_->built) throw failure{bad_graph(*plan_, "it is built, and takes no task `" + task.name + "`")};
  for (const auto& each : inputs) {
    if (each.from.plan != plan_)
      is_wrong("task `" + task.name + "` has an input of another graph, `" + each.from.plan->name + "`");
    task.inputs.push_back({each.from.plan == plan_ ? each.from.index : 0, each.kind});
  }
  if (!task.body) plan_->inputs.push_back(plan_->tasks.size());
  plan_->tasks.push_back(std::move(task));
  return {plan_, plan_->tasks.size() - 1};
}

void graph_builder::check_agent(const std::string& task, child_spec& agent) {
  agent.restart = temporary;
  agent.significant = false;
  if (const auto wrong = check(agent, supervisor_spec{.name = "spawner"}))
    is_wrong("the sub-agent of task `" + task + "`: " + wrong->message());
}

std::optional<error> graph_builder::seal(const std::optional<actors::node_handle>& output,
                                         const std::vector<actors::node_handle>& in) {
  const auto ours = [this](const actors::node_handle& each) { return each.plan == plan_; };
  if (plan_->built) is_wrong("it is built already");
  if ((output && !ours(*output)) || !std::all_of(in.begin(), in.end(), ours))
    is_wrong("its output or an input belongs to another graph");
  if (plan_->wrong) return plan_->wrong;
  std::vector<std::size_t> given;
  for (const auto& each : in) given.push_back(each.index);
  auto sorted = given;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != plan_->inputs)  // these are in the order of their declaration
    return bad_graph(*plan_, "a run must be given every input once: name them when it is built");
  plan_->inputs = std::move(given);
  if (output) plan_->output = output->index;
  return complete(*plan_);
}

}  // namespace troupe
