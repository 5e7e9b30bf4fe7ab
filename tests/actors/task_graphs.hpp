#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <troupe/actors/task_graph.hpp>
#include <troupe/actors/task_group.hpp>
#include <vector>

#include "scripted.hpp"

namespace support {

// A node under a virtual clock with an agent /top/a, in whose turns the tests run what they like, and a journal with
// the time in milliseconds in front of each entry.
class workshop {
 public:
  using script = std::function<troupe::task<void>(troupe::turn&)>;

  explicit workshop(std::vector<troupe::child_spec> others = {}, troupe::node_options options = deterministic())
      : n{std::move(options)} {
    auto children = std::move(others);
    children.push_back(scripted_child("a", [this](scripted& me) {
      me.reentrant(10);
      me.on([this](go, troupe::turn& now) -> troupe::task<void> {
        const script mine = script_;
        auto work = mine(now);
        co_await std::move(work);
      });
    }));
    must_supervise(n, {.name = "top", .intensity = 1'000, .children = std::move(children)});
    began_ = n.clock().now();
  }

  // Begins a turn; it has run to its first wait.
  auto begin(script what) {
    script_ = std::move(what);
    auto asked = n.begin_ask(a(), go{});
    n.settle();
    return asked;
  }
  // Runs a turn that takes less than an hour.
  void run(script what) {
    auto asked = begin(std::move(what));
    n.advance(59s);
    must(asked.get());
  }

  troupe::agent_ref a() const { return n.ref(troupe::path{"/top/a"}); }
  std::int64_t ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(n.clock().now() - began_).count();
  }
  void note(const std::string& what) { log.push_back(std::to_string(ms()) + " " + what); }
  std::string take_log() {
    std::string all;
    for (const auto& each : log) all += (all.empty() ? "" : ", ") + each;
    log.clear();
    return all;
  }

  // Says so, takes its time, and gives its name.
  troupe::task<std::string> work(std::string name, troupe::duration time, troupe::turn& now) {
    note("+" + name);
    co_await now.sleep(time);
    note("-" + name);
    co_return name;
  }
  troupe::task<std::string> fail(std::string name, troupe::duration time, troupe::turn& now,
                                 troupe::agent_errc code = troupe::agent_errc::agent_failed) {
    note("+" + name);
    co_await now.sleep(time);
    note("!" + name);
    throw troupe::failure{troupe::error{code, name + " is out of luck"}};
  }

  std::vector<std::string> log;
  troupe::node n;

 private:
  script script_;
  troupe::instant began_;
};

// The states of all tasks: "a:done b:skipped".
inline std::string states(const troupe::graph_report& report) {
  std::string all;
  for (const auto& each : report.tasks)
    all += (all.empty() ? "" : " ") + each.name + ":" + std::string{to_string(each.state)};
  return all;
}

}  // namespace support
