#include <unistd.h>

#include <fstream>
#include <iostream>
#include <string>
#include <troupe/actors/run.hpp>

#include "damage.hpp"

// A node with five agents in processes of their own, one of which has started a program. Prints "pids:", the launcher's
// and theirs, and "ready"; then it waits.

using namespace troupe;

namespace {

// Starts a tool, and tells its number.
class tool_user : public agent {
 public:
  explicit tool_user(agent_context& context) : agent{context} {
    on([](const support::where_are_you&) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::execl("/bin/sleep", "sleep", "600", nullptr);
        ::_exit(1);
      }
      return support::number{pid};
    });
  }
};

pid_t parent_of(std::int64_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(file, text);
  return std::stoi(text.substr(text.rfind(')') + 4));
}

}  // namespace

int main(int argc, char**) {
  char name[] = "orphan_program";
  char* arguments[] = {name, nullptr};
  (void)argc;
  return run(1, arguments, [](node& n) {
    std::vector<child_spec> children{child<tool_user>("user", {.isolation = tier::process})};
    for (int i = 0; i < 4; ++i)
      children.push_back(child<support::sufferer>("agent" + std::to_string(i), {.isolation = tier::process}));
    if (auto top = n.supervise({.name = "top", .children = std::move(children)}); !top) throw failure{top.error()};
    std::string pids;
    std::int64_t any = 0;
    for (int i = 0; i < 4; ++i) {
      any = n.ask(n.ref(path{"/top/agent" + std::to_string(i)}), support::where_are_you{}).value().value;
      pids += " " + std::to_string(any);
    }
    const auto tool = n.ask(n.ref(path{"/top/user"}), support::where_are_you{}).value().value;
    std::cout << "pids: " << parent_of(any) << pids << " " << parent_of(tool) << " " << tool << "\nready" << std::endl;
  });
}
