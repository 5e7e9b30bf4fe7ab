#include <troupe/actors/task_graph_spec.hpp>
#include <unordered_map>

namespace troupe::actors {

namespace {

// From names to a plan; the first thing that is wrong is kept.
class spec_reader {
 public:
  spec_reader(const task_graph_spec& spec, const std::map<std::string, task_kind>& kinds, graph_plan& plan)
      : spec_{spec}, kinds_{kinds}, plan_{plan} {}

  std::optional<error> read() {
    plan_.name = spec_.name;
    plan_.options = spec_.options;
    for (const auto& each : spec_.inputs) {
      plan_.inputs.push_back(plan_.tasks.size());
      add({.name = each.name, .type = each.type});
    }
    for (const auto& each : spec_.tasks) {
      graph_task task{.name = each.name, .options = each.options};
      const auto kind = kinds_.find(each.kind);
      if (kind == kinds_.end()) {
        is_wrong("task `" + each.name + "` is of kind `" + each.kind + "`, which nobody added");
      } else {
        task.type = kind->second.type;
        task.body = kind->second.body(each.settings);
        task.inner = kind->second.inner;
      }
      add(std::move(task));
    }
    if (wrong_) return wrong_;
    for (std::size_t i = 0; i < spec_.tasks.size(); ++i) connect(spec_.tasks[i], plan_.tasks[spec_.inputs.size() + i]);
    if (!spec_.output.empty()) plan_.output = find("the graph's output", spec_.output);
    return wrong_;
  }

 private:
  void is_wrong(std::string what) {
    if (!wrong_) wrong_ = bad_graph(plan_, std::move(what));
  }

  void add(graph_task task) {
    if (!known_.emplace(task.name, plan_.tasks.size()).second) is_wrong("two tasks are named `" + task.name + "`");
    plan_.tasks.push_back(std::move(task));
  }

  std::size_t find(const std::string& who, const std::string& name) {
    const auto found = known_.find(name);
    if (found != known_.end()) return found->second;
    is_wrong(who + " names `" + name + "`, which is no task or input of it");
    return 0;
  }

  void connect(const task_spec& spec, graph_task& task) {
    const std::string who = "task `" + spec.name + "`";
    const auto& wants = kinds_.at(spec.kind).inputs;
    if (wants.size() != spec.inputs.size())
      is_wrong(who + " of kind `" + spec.kind + "` takes " + std::to_string(wants.size()) + " inputs, and is given " +
               std::to_string(spec.inputs.size()));
    for (std::size_t i = 0; i < std::min(wants.size(), spec.inputs.size()); ++i) {
      const auto from = find(who, spec.inputs[i]);
      if (!wrong_ && plan_.tasks[from].type != wants[i].type)
        is_wrong(who + " takes a `" + wants[i].type + "` as input " + std::to_string(i + 1) + ", and `" +
                 spec.inputs[i] + "` gives a `" + plan_.tasks[from].type + "`");
      task.inputs.push_back({from, wants[i].kind});
    }
    for (const auto& each : spec.needs) task.order.push_back({find(who, each), edge_kind::need});
    for (const auto& each : spec.after) task.order.push_back({find(who, each), edge_kind::after});
    if (spec.fallback) task.fallback = find(who, *spec.fallback);
  }

  const task_graph_spec& spec_;
  const std::map<std::string, task_kind>& kinds_;
  graph_plan& plan_;
  std::unordered_map<std::string, std::size_t> known_;
  std::optional<error> wrong_;
};

}  // namespace

std::optional<error> complete_from(const task_graph_spec& spec, const std::map<std::string, task_kind>& kinds,
                                   const std::vector<std::string>& input_types, const std::string* output_type,
                                   graph_plan& plan) {
  if (auto wrong = spec_reader{spec, kinds, plan}.read()) return wrong;
  if (input_types.size() != plan.inputs.size())
    return bad_graph(plan, "it has " + std::to_string(plan.inputs.size()) + " inputs, and is built for " +
                               std::to_string(input_types.size()));
  for (std::size_t i = 0; i < input_types.size(); ++i)
    if (const auto& input = plan.tasks[plan.inputs[i]]; input.type != input_types[i])
      return bad_graph(plan, "its input `" + input.name + "` is a `" + input.type + "`, and it is built for a `" +
                                 input_types[i] + "`");
  if (output_type && !plan.output)
    return bad_graph(plan, "it has no output, and is built for a `" + *output_type + "`");
  if (output_type && plan.tasks[*plan.output].type != *output_type)
    return bad_graph(plan, "its output `" + plan.tasks[*plan.output].name + "` is a `" + plan.tasks[*plan.output].type +
                               "`, and it is built for a `" + *output_type + "`");
  return complete(plan);
}

}  // namespace troupe::actors
