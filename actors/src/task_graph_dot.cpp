#include <array>
#include <cstdio>
#include <troupe/actors/task_body.hpp>
#include <troupe/actors/task_graph.hpp>
#include <troupe/actors/task_report.hpp>

// What a graph and its runs look like: for Graphviz, and in one line.

namespace troupe {

using actors::edge_kind;
using actors::graph_plan;

std::string_view to_string(task_state state) noexcept {
  switch (state) {
    case task_state::not_started: return "not started";
    case task_state::running: return "running";
    case task_state::waiting: return "waiting";
    case task_state::done: return "done";
    case task_state::failed: return "failed";
    case task_state::skipped: return "skipped";
    case task_state::cancelled: return "cancelled";
  }
  return "unknown";
}

namespace {

constexpr std::array states{task_state::not_started, task_state::running, task_state::waiting,  task_state::done,
                            task_state::failed,      task_state::skipped, task_state::cancelled};

std::string seconds(duration time) {
  std::array<char, 32> text{};
  const double value = std::chrono::duration<double>(time).count();
  const int size = std::snprintf(text.data(), text.size(), "%.3f", value);
  std::string all{text.data(), static_cast<std::size_t>(size)};
  while (all.back() == '0') all.pop_back();
  if (all.back() == '.') all.pop_back();
  return all + "s";
}

std::string counted(std::size_t count, const char* one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::string_view colour(task_state state) {
  switch (state) {
    case task_state::done: return "#c8e6c9";
    case task_state::failed: return "#ffcdd2";
    case task_state::running:
    case task_state::waiting: return "#bbdefb";
    case task_state::skipped:
    case task_state::cancelled: return "#eeeeee";
    case task_state::not_started: break;
  }
  return "#ffffff";
}

// A quoted string of DOT, in which a quote ends it and a backslash begins an escape. What a terminal or a parser could
// stumble over is shown as its number.
std::string dot_string(std::string_view text) {
  std::string all = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      all += {'\\', c};
    } else if (c == '\n') {
      all += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      std::array<char, 8> number{};
      std::snprintf(number.data(), number.size(), "\\\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      all += number.data();
    } else {
      all += c;
    }
  }
  return all + "\"";
}

class dot_writer {
 public:
  std::string write(const graph_plan& plan, const graph_report* report) {
    text_ = "digraph " + dot_string(plan.name) + " {\n";
    line("rankdir=LR;");
    line("node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\"];");
    line("label=" + dot_string(report && report->finished != instant{} ? report->summary() : "graph " + plan.name) +
         ";");
    tasks(plan, report, "n");
    return std::move(text_) + "}\n";
  }

 private:
  void line(const std::string& what) { text_ += std::string(2 * depth_, ' ') + what + "\n"; }

  void tasks(const graph_plan& plan, const graph_report* report, const std::string& prefix) {
    for (std::size_t i = 0; i < plan.tasks.size(); ++i) task(plan, report, i, prefix + std::to_string(i));
    for (std::size_t i = 0; i < plan.tasks.size(); ++i) edges(plan.tasks[i], prefix, i);
  }

  void task(const graph_plan& plan, const graph_report* report, std::size_t index, const std::string& id) {
    const auto& each = plan.tasks[index];
    const auto* ran = report ? &report->tasks[index] : nullptr;
    // A list has a graph inside only when it ran.
    const graph_report* inner_run = ran ? ran->inner.get() : nullptr;
    const graph_plan* inner = inner_run ? inner_run->plan.get() : each.inner.get();
    if (!inner) return node(each, ran, id);
    line("subgraph cluster_" + id + " {");
    ++depth_;
    line("label=" + dot_string(each.name) + ";");
    node(each, ran, id);
    tasks(*inner, inner_run, id + "_");
    --depth_;
    line("}");
  }

  void node(const actors::graph_task& task, const task_report* ran, const std::string& id) {
    std::string label = task.name;
    if (ran) label += "\n" + std::string{to_string(ran->state)} + times(*ran);
    std::string all = id + " [label=" + dot_string(label);
    if (!task.body) all += ", shape=ellipse";
    if (ran) all += ", fillcolor=\"" + std::string{colour(ran->state)} + "\"";
    if (ran && ran->why) all += ", tooltip=" + dot_string(ran->why->message());
    line(all + "];");
  }

  static std::string times(const task_report& ran) {
    std::string text;
    if (ran.attempts > 0 && ran.finished != instant{}) text += " " + seconds(ran.finished - ran.started);
    if (ran.attempts > 1) text += ", " + counted(ran.attempts, "attempt");
    return ran.by_fallback ? text + ", by fallback" : text;
  }

  void edges(const actors::graph_task& task, const std::string& prefix, std::size_t index) {
    const auto edge = [&](std::size_t from, std::size_t to, const char* style) {
      line(prefix + std::to_string(from) + " -> " + prefix + std::to_string(to) + style + ";");
    };
    for (const auto& each : task.inputs) edge(each.from, index, each.kind == edge_kind::maybe ? " [style=dashed]" : "");
    for (const auto& each : task.order) edge(each.from, index, " [style=dotted]");
    if (task.fallback) edge(index, *task.fallback, " [style=dashed, color=red, constraint=false]");
  }

  std::string text_;
  std::size_t depth_ = 1;
};

}  // namespace

std::string to_dot(const graph_plan& plan) { return dot_writer{}.write(plan, nullptr); }
std::string to_dot(const graph_report& report) {
  static const graph_plan none;
  return dot_writer{}.write(report.plan ? *report.plan : none, &report);
}

const task_report* graph_report::find(std::string_view of) const noexcept {
  for (const auto& each : tasks)
    if (each.name == of) return &each;
  const task_report* found = nullptr;
  std::size_t longest = 0;
  for (const auto& each : tasks) {
    const auto size = each.name.size();
    if (!each.inner || size < longest || of.size() <= size || of[size] != '/' || of.substr(0, size) != each.name)
      continue;
    if (const auto* inside = each.inner->find(of.substr(size + 1))) {
      found = inside;
      longest = size;
    }
  }
  return found;
}

std::size_t graph_report::count(task_state state) const noexcept {
  std::size_t found = 0;
  for (const auto& each : tasks) found += each.state == state ? 1 : 0;
  return found;
}

std::string graph_report::summary() const {
  std::string text = "graph `" + name + "`: ";
  if (finished == instant{})
    text += "running";
  else
    text += (failure ? std::string{failure->name()} : "done") + " in " + seconds(finished - started);
  text += "; " + counted(tasks.size(), "task");
  const char* between = ": ";
  for (const task_state each : states) {
    if (count(each) == 0) continue;
    text += between + std::to_string(count(each)) + " " + std::string{to_string(each)};
    between = ", ";
  }
  std::size_t retries = 0;
  for (const auto& each : tasks) retries += each.attempts > 1 ? each.attempts - 1 : 0;
  if (retries > 0) text += retries == 1 ? "; 1 retry" : "; " + std::to_string(retries) + " retries";
  if (cause) text += "; " + failure->message();
  return text;
}

namespace actors {
const task_report& output_of(const graph_report& report) { return report.tasks[*report.plan->output]; }
}  // namespace actors

}  // namespace troupe
