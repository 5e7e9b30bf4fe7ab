// A program for run_test: an agent that keeps a number. It is asked once and says its number; with "stay" the program
// goes on until it is killed, once the number is on disk.

#include <iostream>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>

namespace {

struct number {
  std::int64_t value = 0;
  TROUPE_MESSAGE(number, value)
};
struct count_up {
  using reply_type = number;
  TROUPE_MESSAGE(count_up)
};
struct settle_up {
  TROUPE_MESSAGE(settle_up)
};

class counter : public troupe::agent {
 public:
  explicit counter(troupe::agent_context& context) : agent{context} {
    keep("count", count_);
    on([this](const count_up&) { return number{++count_}; });
    on(&counter::settle);
  }

 private:
  // What was kept before is on disk when this record is.
  troupe::task<void> settle(settle_up, troupe::turn& now) { co_await now.remember("all is settled"); }

  std::int64_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const bool stays = argc > 1 && argv[1] == std::string{"stay"};
  if (argc > 1) argv[1] = argv[0];
  return troupe::run(argc - 1, argv + 1,
                     [&](troupe::node& node) {
                       node.supervise({.name = "top", .children = {troupe::child<counter>("counter")}}).value();
                       const auto it = node.ref(troupe::path{"/top/counter"});
                       std::cout << "number " << node.ask(it, count_up{}).value().value << std::endl;
                       if (!stays) return node.request_stop("it has said its number");
                       node.ask(it, settle_up{}).value();
                       std::cout << "settled" << std::endl;
                     },
                     {.name = "counting_program"});
}
