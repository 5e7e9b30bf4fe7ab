// An assistant that goes on while its sub-agent, in a process of its own, crashes, hangs and eats memory on purpose:
// what the supervisor saw each time, and that the sub-agent is back. Then another one, that may read but not write nor
// connect, tries to.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <iostream>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>
#include <vector>

using namespace std::chrono_literals;

struct text {
  std::string words;
  TROUPE_MESSAGE(text, words)
};
struct question {
  std::string words;
  using reply_type = text;
  TROUPE_MESSAGE(question, words)
};
struct delegate {  // to the assistant: have the sub-agent do this
  std::string what;
  using reply_type = text;
  TROUPE_MESSAGE(delegate, what)
};

// Does what it is told, which may end it. What it does travels as bytes, and so does what it answers.
class tool : public troupe::agent {
 public:
  explicit tool(troupe::agent_context& context) : agent{context} {
    on([this](const delegate& order) {
      if (order.what == "segfault") *reinterpret_cast<volatile int*>(8) = 1;
      if (order.what == "hang")
        for (;;) ::pause();
      if (order.what == "eat memory") {
        std::cerr << "this will not fit" << std::endl;
        for (std::vector<std::string> all;;) all.emplace_back(std::size_t{1} << 20, 'x');
      }
      return text{"process " + std::to_string(::getpid()) + ", incarnation " + std::to_string(incarnation())};
    });
  }
};

// Delegates, and answers questions meanwhile.
class assistant : public troupe::agent {
 public:
  explicit assistant(troupe::agent_context& context) : agent{context} {
    reentrant();
    on(&assistant::pass_on);
    on([this](const question& q) { return text{q.words + "? Yes, for the " + std::to_string(++asked_) + ". time."}; });
    on([this](const troupe::down& end) { last_ = end.cause; });
    on([this](const troupe::done&) { return text{what_it_saw()}; });
  }
