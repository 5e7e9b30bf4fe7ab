#include "isolation.hpp"

#include <dirent.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>
#include <utility>

namespace bench::isolation {

namespace {

using namespace std::chrono_literals;
using stopwatch = std::chrono::steady_clock;
using troupe::agent_context;
using troupe::agent_ref;
using troupe::task;
using troupe::tier;
using troupe::turn;

struct payload {
  std::string bytes;
  TROUPE_MESSAGE(payload, bytes)
};
struct echo {
  std::string bytes;
  using reply_type = payload;
  TROUPE_MESSAGE(echo, bytes)
};
struct fail {
  bool killed = false;
  TROUPE_MESSAGE(fail, killed)
};
struct process_number {
  std::int64_t pid = 0;
  TROUPE_MESSAGE(process_number, pid)
};
struct where_are_you {
  using reply_type = process_number;
  TROUPE_MESSAGE(where_are_you)
};
struct answered {
  double seconds = 0;
  TROUPE_MESSAGE(answered, seconds)
};
struct ask_often {
  std::int64_t rounds = 0;
  std::int64_t bytes = 0;
  using reply_type = answered;
  TROUPE_MESSAGE(ask_often, rounds, bytes)
};
struct fail_often {
  std::int64_t times = 0;
  bool killed = false;
  using reply_type = answered;
  TROUPE_MESSAGE(fail_often, times, killed)
};

double seconds_since(stopwatch::time_point began) {
  return std::chrono::duration<double>(stopwatch::now() - began).count();
}

double median(std::vector<double> all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

// Answers, and fails on demand.
class worker : public troupe::agent {
 public:
  explicit worker(agent_context& context) : agent{context} {
    on([](echo what) { return payload{std::move(what.bytes)}; });
    on([](where_are_you) { return process_number{::getpid()}; });
    on([](fail how) {
      if (how.killed) ::kill(::getpid(), SIGKILL);
      throw std::runtime_error{"on demand"};
    });
  }
};

// Asks the worker again and again, or lets it fail and asks it; an agent like any other, on the scheduler.
class tester : public troupe::agent {
 public:
  explicit tester(agent_context& context) : agent{context} {
    on(&tester::ask_it);
    on(&tester::restart_it);
  }

 private:
  task<answered> ask_it(ask_often order, turn& now) {
    const auto whom = now.ref(now.self().path().parent() / "worker");
    const echo question{std::string(static_cast<std::size_t>(order.bytes), 'x')};
    co_await now.ask(whom, question);
    const auto began = stopwatch::now();
    for (auto n = order.rounds; n > 0; --n) co_await now.ask(whom, question);
    co_return answered{seconds_since(began) / static_cast<double>(order.rounds)};
  }

  task<answered> restart_it(fail_often order, turn& now) {
    const auto whom = now.ref(now.self().path().parent() / "worker");
    const echo question{"are you there?"};
    std::vector<double> seconds;
    for (auto n = order.times; n > 0; --n) {
      co_await now.ask(whom, question);
      // Whoever fails has been there for a while: a process that was kept ready is ready.
      co_await now.sleep(20ms);
      const auto began = stopwatch::now();
      now.send(whom, fail{order.killed});
      co_await now.ask(whom, question);  // waits in the mailbox for the next incarnation
      seconds.push_back(seconds_since(began));
    }
    co_return answered{median(std::move(seconds))};
  }
};

constexpr int never_enough = 1'000'000'000;

troupe::node_options quiet(std::size_t warm_processes = 1) {
  troupe::node_options options;
  options.threads = std::thread::hardware_concurrency();
  options.ask_timeout = 120s;
  options.warm_processes = warm_processes;
  options.log = troupe::logger{};
  return options;
}

// The same message fails again and again here, which would set it aside.
troupe::child_options in(tier where) { return {.isolation = where, .quarantine_after = 0}; }

template <class Question>
double test(tier where, Question question) {
  troupe::node node{quiet()};
  node.supervise({.name = "top",
                  .intensity = never_enough,
                  .children = {troupe::child<worker>("worker", in(where)), troupe::child<tester>("tester")}})
      .value();
  return node.ask(node.ref(troupe::path{"/top/tester"}), std::move(question), 100s).value().seconds;
}

// -- what many processes cost -----------------------------------------------------------------------------------------

std::size_t descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;  // one is the iterator's
}

double proportional_bytes(std::int64_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/smaps_rollup"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("Pss:")) return std::stod(line.substr(4)) * 1024;
  throw std::runtime_error{"no Pss in /proc/" + std::to_string(pid) + "/smaps_rollup"};
}

double cpu_seconds(std::int64_t pid) {
  clockid_t its{};
  timespec used{};
  if (::clock_getcpuclockid(static_cast<pid_t>(pid), &its) != 0 || ::clock_gettime(its, &used) != 0)
    throw std::runtime_error{"no CPU time of process " + std::to_string(pid)};
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::int64_t parent_of(std::int64_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("PPid:")) return std::stoll(line.substr(5));
  throw std::runtime_error{"process " + std::to_string(pid) + " has no parent"};
}

template <class Question>
auto ask_all(troupe::node& node, const std::vector<agent_ref>& whom, const Question& question) {
  std::vector<troupe::pending<troupe::reply_of_t<Question>>> waiting;
  std::vector<troupe::reply_of_t<Question>> answers;
  for (const auto& each : whom) waiting.push_back(node.begin_ask(each, question));
  for (auto& each : waiting) answers.push_back(each.get().value());
  return answers;
}

constexpr auto settling = 500ms;

troupe::child_spec pool_spec() {
  return troupe::child(troupe::supervisor_spec{.name = "pool",
                                               .strategy = troupe::simple_one_for_one,
                                               .children = {troupe::child<worker>("template", in(tier::process))}});
}

std::vector<agent_ref> start_all(troupe::node& node, const agent_ref& pool, std::size_t children) {
  return ask_all(node, std::vector<agent_ref>(children, pool), troupe::start_template_child{});
}

}  // namespace

double ask(tier where, std::size_t rounds, std::size_t payload_bytes) {
  return test(where, ask_often{static_cast<std::int64_t>(rounds), static_cast<std::int64_t>(payload_bytes)});
}

double restart(tier where, failure how, std::size_t times) {
  return test(where, fail_often{static_cast<std::int64_t>(times), how == failure::killed});
}

double spawn(start how, std::size_t times) {
  troupe::node node{quiet(how == start::warm ? 1 : 0)};
  const auto top = node.supervise({.name = "top"}).value();
  auto options = in(tier::process);
  if (how == start::sandboxed)
    options.process.sandbox = {
        .no_network = true, .read_only_files = true, .system_calls = true, .drop_privileges = true};
  std::vector<double> seconds;
  for (std::size_t i = 0; i <= times; ++i) {
    const auto began = stopwatch::now();
    node.ask(top, troupe::start_child{troupe::child<worker>(std::to_string(i), options)}).value();
    if (i > 0) seconds.push_back(seconds_since(began));  // the first one starts the launcher, too
    std::this_thread::sleep_for(30ms);                   // for the next one to be ready
  }
  return median(std::move(seconds));
}

std::vector<double> many(std::size_t children, std::size_t idle_seconds) {
  const auto count = static_cast<double>(children);
  troupe::node node{quiet()};
  // The first child brings the launcher and a process that is kept ready; both stay.
  const auto top =
      node.supervise({.name = "top", .children = {troupe::child<worker>("first", in(tier::process)), pool_spec()}})
          .value();
  const auto pool = node.ref(troupe::path{"/top/pool"});
  std::this_thread::sleep_for(settling);
  const auto files_before = descriptors();

  auto began = stopwatch::now();
  const auto all = start_all(node, pool, children);
  const auto numbers = ask_all(node, all, where_are_you{});
  const double started = seconds_since(began);

  double memory = 0;
  std::vector<std::int64_t> processes{::getpid(), parent_of(numbers.front().pid)};
  for (const auto& each : numbers) {
    memory += proportional_bytes(each.pid);
    processes.push_back(each.pid);
  }
  const double files = static_cast<double>(descriptors() - files_before) / count;

  const auto cpu = [&] {
    double sum = 0;
    for (const auto pid : processes) sum += cpu_seconds(pid);
    return sum;
  };
  const double cpu_before = cpu();
  began = stopwatch::now();
  std::this_thread::sleep_for(std::chrono::seconds{idle_seconds});
  const double idle = (cpu() - cpu_before) / seconds_since(began) / count;

  began = stopwatch::now();
  node.ask(top, troupe::terminate_child{"pool"}).value();
  const double stopped = seconds_since(began);
  std::this_thread::sleep_for(settling);
  const double left = static_cast<double>(descriptors()) - static_cast<double>(files_before);
  return {started, memory / count, files, idle, stopped, left};
}

}  // namespace bench::isolation
