// A program for run_test: does what its first argument says, and then takes the usual flags of a node.

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>

extern char** environ;

namespace {

struct go {
  TROUPE_MESSAGE(go)
};
struct use_tool {
  TROUPE_MESSAGE(use_tool)
};

// Starts another program, asks it to end, and tells how it did.
void start_and_end_a_tool() {
  char name[] = "sleep", seconds[] = "10";
  char* const arguments[] = {name, seconds, nullptr};
  pid_t tool = 0;
  if (::posix_spawnp(&tool, name, nullptr, nullptr, arguments, environ) != 0) throw std::runtime_error{"no sleep"};
  ::kill(tool, SIGTERM);
  int status = 0;
  ::waitpid(tool, &status, 0);
  std::cout << "the tool ended by " << (WIFSIGNALED(status) ? "a signal" : "itself") << std::endl;
}

// From now on nobody reads what this program writes to its standard error, and a write there ends it, unless somebody
// sees to that.
void lose_reader_of_errors() {
  ::signal(SIGPIPE, SIG_DFL);
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error{"no pipe"};
  ::dup2(ends[1], STDERR_FILENO);
  for (const int end : ends) ::close(end);
}

class worker : public troupe::agent {
 public:
  worker(troupe::agent_context& context, bool stubborn) : agent{context}, stubborn_{stubborn} {
    on([](const go&) { throw std::runtime_error{"no way"}; });
    on([](const use_tool&) { start_and_end_a_tool(); });
  }

 private:
  troupe::task<void> post_stop(troupe::turn& now, const troupe::exit_cause& cause) override {
    std::cout << "stopped: " << cause.describe() << std::endl;
    if (!stubborn_) co_return;
    std::cout << "and stays\n";  // not flushed: whoever ends the program has to see to it
    std::cerr << "it waits\n";   // told at once
    co_await now.sleep(std::chrono::hours{1});
  }
  const bool stubborn_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (argc > 1) argv[1] = argv[0];
  if (what == "unread") lose_reader_of_errors();
  return troupe::run(
      argc - 1, argv + 1,
      [&](troupe::node& node) {
        const troupe::child_options options{.shutdown = troupe::shutdown_policy::infinity()};
        node.supervise({.name = "top",
                        .intensity = 0,
                        .children = {troupe::child<worker>("worker", options, what == "stubborn" || what == "stuck")}})
            .value();
        const auto it = node.ref(troupe::path{"/top/worker"});
        if (what == "throw") throw std::runtime_error{"the setup failed"};
        if (what == "fail") node.send(it, go{});
        if (what == "tool") node.ask(it, use_tool{}).value();
        if (what == "unread") node.log().error("nobody reads this");
        if (what == "stuck") node.request_stop("there is nothing to do");
        std::cout << "ready" << std::endl;
      },
      {.name = "lasting_program", .version = "1.2.3"});
}
