// A program for run_test: does what its first argument says, and then takes the usual flags of a node.

#include <iostream>
#include <stdexcept>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>

namespace {

struct go {
  TROUPE_MESSAGE(go)
};

class worker : public troupe::agent {
 public:
  explicit worker(troupe::agent_context& context) : agent{context} {
    on([](const go&) { throw std::runtime_error{"no way"}; });
  }

 private:
  troupe::task<void> post_stop(troupe::turn&, const troupe::exit_cause& cause) override {
    std::cout << "stopped: " << cause.describe() << std::endl;
    co_return;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (argc > 1) argv[1] = argv[0];
  return troupe::run(
      argc - 1, argv + 1,
      [&](troupe::node& node) {
        node.supervise({.name = "top", .intensity = 0, .children = {troupe::child<worker>("worker")}}).value();
        if (what == "throw") throw std::runtime_error{"the setup failed"};
        if (what == "fail") node.send(node.ref(troupe::path{"/top/worker"}), go{});
        std::cout << "ready" << std::endl;
      },
      {.name = "lasting_program", .version = "1.2.3"});
}
