// A user's first program against an installed Troupe: one agent, one question.
#include <iostream>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/caf_bridge.hpp>
#include <troupe/actors/node.hpp>

struct answer {
  std::string text;
  TROUPE_MESSAGE(answer, text)
};
struct question {
  std::string text;
  using reply_type = answer;
  TROUPE_MESSAGE(question, text)
};

class greeter : public troupe::agent {
 public:
  explicit greeter(troupe::agent_context& context) : agent{context} {
    on([](question q) { return answer{"hello, " + q.text}; });
  }
};

int main() {
  troupe::node node;
  if (const auto started = node.supervise({.name = "root", .children = {troupe::child<greeter>("greeter")}});
      !started) {
    std::cerr << started.error() << '\n';
    return 1;
  }
  const auto said = node.ask(node.ref(troupe::path{"/root/greeter"}), question{"consumer"});
  if (!said) {
    std::cerr << said.error() << '\n';
    return 1;
  }
  if (!troupe::caf_bridge{node}.handle(node.ref(troupe::path{"/root/greeter"}))) {
    std::cerr << "the agent is no CAF actor\n";
    return 1;
  }
  std::cout << "troupe " TROUPE_VERSION ": " << said->text << '\n';
}
