// The smallest program: one agent that answers questions, and a restart that nobody has to care about.
// Run it, then try: 01_hello_agent --log-level debug, --show-config, --help.

#include <iostream>
#include <stdexcept>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>

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
  explicit greeter(troupe::agent_context& context) : agent{context} { on(&greeter::reply); }

 private:
  answer reply(question q) {
    if (q.text.empty()) throw std::invalid_argument{"nothing was asked"};
    return {"Hello, " + q.text + ". You are number " + std::to_string(++asked_) + " to ask incarnation " +
            std::to_string(incarnation()) + "."};
  }

  int asked_ = 0;
};

void greet(troupe::node& node) {
  node.supervise({.name = "root", .children = {troupe::child<greeter>("greeter")}}).value();
  const auto greeter = node.ref(troupe::path{"/root/greeter"});

  std::cout << node.ask(greeter, question{"Ada"}).value().text << '\n';

  // A handler that throws ends this incarnation. Who asked is told why; the next message finds a new one.
  if (const auto failed = node.ask(greeter, question{}); !failed)
    std::cout << "That went wrong: " << failed.error().message() << '\n';

  std::cout << node.ask(greeter, question{"Grace"}).value().text << '\n';
  node.request_stop("all is said");
}

int main(int argc, char** argv) {
  return troupe::run(argc, argv, greet, {.name = "01_hello_agent", .description = "One agent that answers questions."});
}
