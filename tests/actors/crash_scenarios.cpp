#include "crash_scenarios.hpp"

#include <stdexcept>
#include <troupe/actors/task_graph.hpp>
#include <troupe/actors/task_group.hpp>
#include <troupe/memory/errc.hpp>

namespace support {

namespace {

using troupe::child;
using troupe::child_spec;
using troupe::path;
using troupe::task;
using troupe::turn;

child_spec a_clerk() { return child<clerk>("clerk", lasting()); }
child_spec a_player(std::string name, world& outside, player::play how) {
  return child<player>(std::move(name), lasting(), &outside, std::move(how));
}
// The agents of a scenario with one script and a clerk.
auto alone(player::play how) {
  return [how = std::move(how)](world& outside) {
    return std::vector<child_spec>{a_clerk(), a_player("first", outside, how)};
  };
}

task<std::string> ask_clerk(turn& now, std::string what) {
  const auto told = co_await now.ask<question>(now.ref(path{"/top/clerk"}), std::move(what));
  co_return told.text;
}

// Of an effect whose failure is part of the play: a disk that fails is not.
template <class T>
std::string name_of_failure(const troupe::result<T>& outcome) {
  if (outcome) return "none";
  if (outcome.error().is(troupe::memory_errc::storage_failed)) throw troupe::failure{outcome.error()};
  return std::string{outcome.error().name()};
}

// Effects of each kind, one after the other.
task<void> errand_of_each_kind(player& self, turn& now, const std::string& what) {
  const auto drawn = now.random().below(1'000'000);
  self.outside().says("chance", std::to_string(drawn));
  co_await self.act(now, "buy " + what);
  const auto first = now.time();
  self.outside().says("time", std::to_string(first.time_since_epoch().count()));
  self.outside().says("number", co_await ask_clerk(now, "errand"));
  now.send(now.ref(path{"/top/clerk"}), deed{what});
  now.remember("ran for " + what);
  co_await now.sleep(1h);
  if (now.time() < first + 1h) throw std::logic_error{"the clock went back"};
  co_await self.act(now, "sell");
}

// Tasks in turns: each effect's result lets another one begin.
task<std::string> half(player& self, std::string name, turn& now) {
  std::string said;
  for (int step = 1; step <= 2; ++step) {
    said += co_await self.act(now, name + std::to_string(step));
    co_await now.sleep(10min);
    said += co_await ask_clerk(now, name);
  }
  co_return said;
}
task<void> two_at_once(player& self, turn& now, const std::string& what) {
  const auto [one, other] = co_await troupe::when_all(now, half(self, "one", now), half(self, "other", now));
  self.outside().says("both", one + other);
  now.send(now.ref(path{"/top/clerk"}), deed{what});
}

// Each one asks the next.
task<void> ask_on(player& self, turn& now, const std::string& what) {
  const std::string name = now.self().path().str();
  co_await self.act(now, name + " begins");
  if (!name.ends_with("third")) {
    const errand further{what};
    const auto next = now.ref(path{name.ends_with("first") ? "/top/second" : "/top/third"});
    const auto told = co_await now.ask(next, further);
    self.outside().says(name + " hears", told.text);
  }
  now.remember(name + " did " + what);
  co_await self.act(now, name + " ends");
}
std::vector<child_spec> a_chain(world& outside) {
  return {a_clerk(), a_player("third", outside, ask_on), a_player("second", outside, ask_on),
          a_player("first", outside, ask_on)};
}

// Sub-agents that last and that do not, one of them stopped and spawned again.
task<void> sub_agent_work(player& self, turn& now, const std::string& what) {
  co_await self.act(now, "sub " + what);
  co_await now.sleep(1min);
  now.remember("sub-agent " + what);
}
task<void> spawn_and_ask(player& self, turn& now, const std::string& what) {
  player::play work = sub_agent_work;
  const auto spec = child<player>("helper", lasting(), &self.outside(), work);
  const auto helper = co_await now.spawn(spec);
  const errand first{"a"}, second{"b"};
  co_await now.ask(helper, first);
  co_await self.act(now, "between");
  co_await now.stop("helper");
  const auto again = co_await now.spawn(spec);
  co_await now.ask(again, second);
  const auto plain = co_await now.spawn<clerk>("plain");
  const question asked{what};
  co_await now.ask(plain, asked);
  co_await now.stop("plain");
}

// Waits, one of them for an answer that comes too late.
task<void> wait_for_it(player& self, turn& now, const std::string&) {
  co_await now.sleep(10min);
  co_await self.act(now, "after the first wait");
  const errand slow{"slow"};
  const auto there = now.ref(path{"/top/slow"});
  auto asking = now.ask_within(5min, there, slow);
  const auto answered = co_await asking.as_result();
  self.outside().says("the slow one", name_of_failure(answered));
  co_await now.sleep(10min);
  co_await self.act(now, "after the last wait");
}
std::vector<child_spec> with_a_slow_one(world& outside) {
  auto slow = [](player& self, turn& now, const std::string&) -> task<void> {
    co_await now.sleep(30min);
    co_await self.act(now, "slow");
  };
  return {a_clerk(), a_player("slow", outside, slow), a_player("first", outside, wait_for_it)};
}

// Tools: one that works, one that is tried again, one that refuses.
struct thing {
  std::string name;
  TROUPE_MESSAGE(thing, name)
};
void add_tools(troupe::tool_registry& tools, world& outside) {
  auto* all = &outside;
  must(tools.add({.name = "make", .description = "Makes a thing."},
                 [all](const thing& what, const troupe::tool_call& call) {
                   all->did('[' + what.name + ']');
                   all->says("key of " + what.name, call.idempotency_key);
                   return '[' + what.name + ']';
                 }));
  troupe::tool_spec spec{.name = "flaky", .description = "Works at the second try."};
  spec.repeatable = true;
  spec.retry = troupe::retry_policy{.attempts = 3};
  must(tools.add(spec, [all](const thing& what, const troupe::tool_call& call) -> troupe::result<std::string> {
    all->says("key of " + what.name, call.idempotency_key);
    if (call.attempt < 2) return troupe::error{troupe::agent_errc::provider_unavailable, "not now"};
    all->did('[' + what.name + ']');
    return '[' + what.name + ']';
  }));
}
task<void> use_tools(player& self, turn& now, const std::string&) {
  const thing hammer{"hammer"}, saw{"saw"};
  const auto made = co_await now.call_tool("make", hammer);
  self.outside().has_finished(made.text);
  const auto sawn = co_await now.call_tool("flaky", saw);
  self.outside().has_finished(sawn.text);
  auto nothing = now.call_tool("nothing", hammer);
  const auto refused = co_await nothing.as_result();
  self.outside().says("no tool", name_of_failure(refused));
  co_await self.act(now, "built");
}

// Messages to several, who send on.
task<void> send_on(player& self, turn& now, const std::string& what) {
  const std::string name = now.self().path().str();
  co_await self.act(now, name + " got " + what);
  now.remember(name + " got " + what);
  const auto send = [&](const char* to, const char* words) {
    const deed news{words};
    now.send(now.ref(path{to}), news);
  };
  if (name.ends_with("first")) {
    send("/top/second", "news");
    send("/top/third", "news");
    send("/top/second", "more news");
    send("/top/clerk", "told");
  } else {
    send("/top/clerk", "told");
  }
}
std::vector<child_spec> senders(world& outside) {
  return {a_clerk(), a_player("third", outside, send_on), a_player("second", outside, send_on),
          a_player("first", outside, send_on)};
}

// What another life would say otherwise.
task<void> what_the_machine_says(player& self, turn& now, const std::string& what) {
  auto* outside = &self.outside();
  auto looking = now.once([outside] { return "[life " + std::to_string(outside->life) + ']'; });
  const auto life = co_await looking;
  outside->says("life", life);
  co_await self.act(now, what + " in " + life);
  now.remember("it was done");
  const auto known = co_await now.facts("nothing");
  const auto found = co_await now.recall("done");
  outside->says("memory", std::to_string(known.size()) + ' ' + std::to_string(found.size()));
  co_await self.act(now, "then");
}

// A graph with a retry, a question, a list and a sub-agent.
task<void> run_a_graph(player& self, turn& now, const std::string& what) {
  auto* me = &self;
  player::play work = sub_agent_work;
  troupe::graph_builder g{"work"};
  auto topic = g.input<std::string>("topic");
  auto begun = g.task(
      "begin", [me](const std::string& t, turn& in) { return me->act(in, "begin " + t); }, topic);
  auto told = g.ask(
      "told", path{"/top/clerk"}, [](const std::string& t) { return question{t}; }, topic);
  auto parts = g.task(
      "parts",
      [](const std::string&) {
        return std::vector<std::string>{"x", "y"};
      },
      begun);
  auto made = g.map(
      "made", [me](const std::string& part, turn& in) { return me->act(in, "make " + part); }, parts);
  auto helped = g.sub_agent(
      "helped", child<player>("helped", lasting(), &self.outside(), work),
      [](const std::string& t) { return errand{t}; }, topic);
  auto all = g.task(
      "all",
      [](const std::vector<std::string>& done, const answer& clerk, const answer& helper) {
        return done.at(0) + done.at(1) + clerk.text + helper.text;
      },
      made, told, helped);
  const auto graph = must(g.build(all, topic));
  const auto outcome = co_await graph.run(now, what);
  self.outside().says("graph", outcome.result().value());
  co_await self.act(now, "graph done");
}

// Throws in the end: what it asked and did has happened, what a turn does at its end has not.
task<void> fail_in_the_end(player& self, turn& now, const std::string& what) {
  co_await self.act(now, "try " + what);
  co_await ask_clerk(now, what);
  now.send(now.ref(path{"/top/clerk"}), deed{what});
  now.remember("tried " + what);
  if (what == "bad") throw std::runtime_error{"on purpose"};
}

// Two that ask the same third one at the same time, and each other's records stay apart.
task<void> ask_the_third(player& self, turn& now, const std::string& what) {
  const errand further{what};
  co_await now.ask(now.ref(path{"/top/third"}), further);
  co_await self.act(now, now.self().path().str() + " is done");
}
std::vector<child_spec> two_and_a_third(world& outside) {
  return {a_clerk(),
          a_player("third", outside,
                   [](player& self, turn& now, const std::string& what) -> task<void> {
                     co_await self.act(now, "third for " + what);
                     now.remember("third for " + what);
                   }),
          a_player("second", outside, ask_the_third), a_player("first", outside, ask_the_third)};
}

task<void> one_of_many(player& self, turn& now, const std::string& what) {
  co_await self.act(now, "do " + what);
  now.remember("did " + what);
}

}  // namespace

std::vector<scenario> crash_scenarios() {
  const std::vector<std::string> chain{"/top/first", "/top/second", "/top/third", "/top/clerk"};
  return {
      {"an errand of each kind", alone(errand_of_each_kind), {{"/top/first", "milk"}}},
      {"two tasks at once", alone(two_at_once), {{"/top/first", "both"}}},
      {"a chain of questions", a_chain, {{"/top/first", "it"}}, chain},
      {"sub-agents", alone(spawn_and_ask), {{"/top/first", "it"}}, {"/top/first"}, {"/top/first/helper"}},
      {"waits", with_a_slow_one, {{"/top/first", "it"}}, {"/top/first", "/top/slow"}},
      {"tools", alone(use_tools), {{"/top/first", "it"}}, {"/top/first", "/top/clerk"}, {}, add_tools},
      {"messages to several", senders, {{"/top/first", "it"}}, chain},
      {"what the machine says", alone(what_the_machine_says), {{"/top/first", "it"}}},
      {"a graph of tasks", alone(run_a_graph), {{"/top/first", "it"}}},
      {"a turn that fails", alone(fail_in_the_end), {{"/top/first", "bad"}, {"/top/first", "good"}}},
      {"two that ask a third", two_and_a_third, {{"/top/first", "one"}, {"/top/second", "two"}}, chain, {}, {}, true},
      {"several messages", alone(one_of_many), {{"/top/first", "a"}, {"/top/first", "b"}, {"/top/first", "c"}}},
  };
}

}  // namespace support
