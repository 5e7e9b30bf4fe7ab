// Kill things and see them come back: a small tree under three strategies, a crash, a kill, a child that fails too
// often and takes its supervisor along, and what a watcher is told.

#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>

using namespace std::chrono_literals;

struct crash {
  std::string why;
  TROUPE_MESSAGE(crash, why)
};

struct report {
  std::string text;
  TROUPE_MESSAGE(report, text)
};
struct tell {
  using reply_type = report;
  TROUPE_MESSAGE(tell)
};

// Works until it is told to crash.
class worker : public troupe::agent {
 public:
  explicit worker(troupe::agent_context& context) : agent{context} {
    on([](const crash& c) { throw std::runtime_error{c.why}; });
    on([this](const tell&) { return report{where().str() + " is incarnation " + std::to_string(incarnation())}; });
  }
};

// Is told when another agent ends, and why.
class watcher : public troupe::agent {
 public:
  watcher(troupe::agent_context& context, troupe::path whom) : agent{context}, whom_{std::move(whom)} {
    on([this](const troupe::down& end, troupe::turn& now) {
      last_ = end.who.path().str() + ", incarnation " + std::to_string(end.incarnation) + ": " + end.cause.describe();
      now.watch(end.who);  // a watch is for one incarnation
    });
    on([this](const tell&) { return report{last_}; });
  }

 private:
  troupe::task<void> on_start(troupe::turn& now) override {
    now.watch(now.ref(whom_));
    co_return;
  }
  troupe::path whom_;
  std::string last_ = "nothing yet";
};

void show(troupe::node& node, const std::string& title) {
  std::cout << "\n" << title << "\n";
  for (const auto& each : node.agents())
    if (!each.path.is_root())
      std::cout << "  " << std::left << std::setw(26) << each.path.str() << std::setw(12) << to_string(each.state)
                << "incarnation " << each.incarnation
                << (each.last_error.empty() ? "" : "  last error: " + each.last_error) << '\n';
}

void play(troupe::node& node) {
  troupe::supervisor_spec pool{.name = "pool", .strategy = troupe::one_for_one, .intensity = 3, .period = 5s};
  pool.children = {troupe::child<worker>("a"), troupe::child<worker>("b")};
  // c depends on b, which depends on a: when one fails, those after it start afresh too.
  troupe::supervisor_spec line{.name = "line", .strategy = troupe::rest_for_one, .intensity = 3, .period = 5s};
  line.children = {troupe::child<worker>("a"), troupe::child<worker>("b"), troupe::child<worker>("c")};
  node.supervise({.name = "top",
                  .children = {troupe::child(pool), troupe::child(line),
                               troupe::child<watcher>("watcher", troupe::path{"/top/pool/a"})}})
      .value();
  const auto at = [&](const char* where) { return node.ref(troupe::path{where}); };
  show(node, "Supervisors and workers:");

  std::cout << "\nA handler throws: " << node.ask(at("/top/pool/a"), crash{"out of luck"}).error().message() << '\n';
  std::cout << node.ask(at("/top/pool/a"), tell{}).value().text
            << "; its sibling was not disturbed: " << node.ask(at("/top/pool/b"), tell{}).value().text << '\n';
  std::cout << "The watcher was told: " << node.ask(at("/top/watcher"), tell{}).value().text << '\n';

  node.kill(at("/top/line/b"), "to see what happens");
  std::cout << "\nb of the line was killed; under rest_for_one c goes with it, a stays:\n";
  for (const char* each : {"/top/line/a", "/top/line/b", "/top/line/c"})
    std::cout << "  " << node.ask(at(each), tell{}).value().text << '\n';

  // The crash of a counts too, so b's third is the fourth of the pool within five seconds, one more than it may have:
  // it gives up, and its own supervisor starts it anew with all its children.
  for (int i = 0; i < 3; ++i) (void)node.ask(at("/top/pool/b"), crash{"again"});
  std::cout << "\nb of the pool failed too often, so the pool was started anew:\n";
  auto back = node.ask(at("/top/pool/b"), tell{});
  while (!back) back = node.ask(at("/top/pool/b"), tell{});  // fails at once as long as there is no b
  std::cout << "  " << back.value().text << "\n  it has "
            << node.ask(at("/top/pool"), troupe::which_children{}).value().children.size() << " children again\n";
  show(node, "The tree now:");
  node.request_stop("seen enough");
}

int main(int argc, char** argv) {
  return troupe::run(argc, argv, play,
                     {.name = "02_supervision", .description = "Kill things and see them come back.", .version = {}});
}
