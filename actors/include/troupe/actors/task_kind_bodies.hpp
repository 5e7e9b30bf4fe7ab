#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <troupe/actors/task_body.hpp>
#include <utility>
#include <variant>
#include <vector>

// The bodies of those tasks that are no functions: questions, sub-agents, graphs inside, lists. Users meet this only
// through graph_builder.

namespace troupe::actors {

agent_ref who_is(const std::variant<agent_ref, path>& to, const turn& now);

template <class Q, class... In, class Make>
task<message> ask_for(const agent_ref& to, const Make& make, task_context& here) {
  const auto inputs = hold<In...>(here.inputs);
  Q question = std::apply([&](const auto&... each) { return call_task(make, here.now, each.get()...); }, inputs);
  const auto limit = time_limit(here);
  auto asking = limit ? here.now.ask_within(*limit, to, std::move(question)) : here.now.ask(to, std::move(question));
  if constexpr (std::is_void_v<reply_of_t<Q>>) {
    co_await asking;
    co_return message::of(done{});
  } else {
    auto answer = co_await asking;
    co_return message::of(std::move(answer));
  }
}

template <class Q, class... In, class Make>
task<message> ask_somebody(const std::variant<agent_ref, path>& to, const Make& make, task_context& here) {
  const agent_ref who = who_is(to, here.now);
  auto asking = ask_for<Q, In...>(who, make, here);
  message answer = co_await std::move(asking);
  co_return answer;
}

template <class Q, class... In, class Make>
task_body asking(std::variant<agent_ref, path> to, Make make) {
  return [to = std::move(to), make = std::move(make)](task_context& here) {
    return ask_somebody<Q, In...>(to, make, here);
  };
}

template <class Q, class... In, class Make>
task<message> ask_sub_agent(const std::string& stem, const child_spec& agent, const Make& make, task_context& here) {
  const sub_agent child{here.now, stem};
  child_spec spec = agent;
  spec.id = child.name();
  auto starting = here.now.spawn(std::move(spec));
  const agent_ref who = co_await starting;
  auto asking = ask_for<Q, In...>(who, make, here);
  message answer = co_await std::move(asking);
  co_return answer;
}

template <class Q, class... In, class Make>
task_body spawning(std::string stem, child_spec agent, Make make) {
  return [stem = std::move(stem), agent = std::move(agent), make = std::move(make)](task_context& here) {
    return ask_sub_agent<Q, In...>(stem, agent, make, here);
  };
}

task_body graph_body(std::shared_ptr<const graph_plan> plan, bool share_bound);

// A graph of `count` tasks that wait for nothing. Throws overloaded for more than a graph may have.
std::shared_ptr<const graph_plan> plan_of_elements(const task_context& here, std::size_t count,
                                                   const map_options& options,
                                                   const std::function<task_body(std::size_t)>& body);

template <class E, class T, class F>
task<message> map_elements(const F& f, const map_options& options, task_context& here) {
  const message list = here.inputs.front();
  const auto& elements = checked_input<std::vector<E>>(list);
  const auto plan = plan_of_elements(here, elements.size(), options, [&](std::size_t i) {
    return task_body{[&f, &elements, i](task_context& element) {
      element.inputs.assign(1, message::of(E{elements[i]}));
      return call_held<E>(f, element);
    }};
  });
  std::vector<message> none;
  auto running = run_inside(plan, here, std::move(none), false);
  const graph_report report = co_await std::move(running);
  std::vector<T> values;
  values.reserve(report.tasks.size());
  for (const auto& each : report.tasks)
    if (const T* value = each.template get<T>()) values.push_back(*value);
  co_return message::of(std::move(values));
}

template <class E, class T, class F>
task_body map_body(F f, map_options options) {
  return [f = std::move(f), options](task_context& here) { return map_elements<E, T>(f, options, here); };
}

}  // namespace troupe::actors
