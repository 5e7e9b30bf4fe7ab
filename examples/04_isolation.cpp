// An assistant that goes on while its sub-agent, in a process of its own, crashes, hangs and eats memory on purpose:
// what its supervisor saw each time, and that the sub-agent is back. Then a guest in a sandbox, which may look but not
// touch.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>
#include <vector>

using namespace std::chrono_literals;

// What crosses processes is an ordinary message.
struct text {
  std::string words;
  TROUPE_MESSAGE(text, words)
};
struct order {
  std::string what;
  using reply_type = text;
  TROUPE_MESSAGE(order, what)
};
struct question {
  std::string words;
  using reply_type = text;
  TROUPE_MESSAGE(question, words)
};
struct recall {  // the end of this incarnation of the tool
  std::uint64_t incarnation = 0;
  using reply_type = text;
  TROUPE_MESSAGE(recall, incarnation)
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool keeps_to_limits = false;  // a sanitizer's allocator does not
#else
constexpr bool keeps_to_limits = true;
#endif

// Does what it is told, whatever comes of it.
class tool : public troupe::agent {
 public:
  explicit tool(troupe::agent_context& context) : agent{context} {
    on([this](const order& o) {
      if (o.what == "crash") *reinterpret_cast<volatile int*>(8) = 1;
      while (o.what == "hang") ::pause();
      if (o.what == "eat memory") {
        std::cerr << "one more megabyte will do no harm" << std::endl;
        for (std::vector<std::unique_ptr<char[]>> eaten;;)
          eaten.push_back(std::make_unique_for_overwrite<char[]>(std::size_t{1} << 20));
      }
      return text{"incarnation " + std::to_string(incarnation()) + ", in process " + std::to_string(::getpid())};
    });
  }
};

// Has a tool for the dangerous things, and answers questions while that works, or does not.
class assistant : public troupe::agent {
 public:
  explicit assistant(troupe::agent_context& context) : agent{context} {
    reentrant();
    supervise_children({.intensity = 10});
    on(&assistant::pass_on);
    on(&assistant::remember);
    on([](const question& q) { return text{q.words + " Yes."}; });
    on(&assistant::note);
  }

 private:
  troupe::task<void> on_start(troupe::turn& now) override {
    troupe::child_options how{.turn_budget = 500ms, .isolation = troupe::tier::process};
    how.process.limits = {.memory_bytes = std::size_t{64} << 20};
    auto starting = now.spawn(troupe::child<tool>("tool", how));
    const auto started = co_await starting;
    now.watch(started);
  }
  troupe::task<troupe::result<text>> pass_on(order o, troupe::turn& now) {
    auto asking = now.ask(now.child("tool"), o);
    co_return co_await asking.as_result();
  }
  // A watch is for one incarnation. One that begins before the tool is back tells of the same end again.
  troupe::task<void> note(troupe::down end, troupe::turn& now) {
    const bool news = ends_.emplace(end.incarnation, end.cause).second;
    if (!news) co_await now.sleep(1ms);
    now.watch(end.who);
  }
  troupe::task<text> remember(recall r, troupe::turn& now) {
    while (!ends_.contains(r.incarnation)) co_await now.sleep(1ms);  // the news are under way
    const auto& end = ends_.at(r.incarnation);
    co_return text{std::string{to_string(end.fault)} + ", " + end.describe() +
                   (end.output.empty() ? "" : "\n    its last words: " + end.output.substr(0, end.output.find('\n')))};
  }

  std::map<std::uint64_t, troupe::exit_cause> ends_;  // of the tool, by incarnation
};

void show_faults(troupe::node& node) {
  node.supervise({.name = "root", .children = {troupe::child<assistant>("assistant")}}).value();
  const auto assistant = node.ref(troupe::path{"/root/assistant"});
  std::cout << "The assistant has a tool: " << node.ask(assistant, order{"say hello"}).value().words << '\n';

  std::uint64_t incarnation = 0;
  for (const std::string what : {"crash", "hang", "eat memory"}) {
    std::cout << "\nThe tool is told to " << what << ".\n";
    if (what == "eat memory" && !keeps_to_limits) {
      std::cout << "  skipped: a sanitizer's allocator does not keep to the limit\n";
      continue;
    }
    auto delegated = node.begin_ask(assistant, order{what});
    int answers = 0;
    troupe::duration slowest{0};
    do {
      const auto asked = node.clock().now();
      node.ask(assistant, question{"Are you there?"}).value();
      slowest = std::max(slowest, node.clock().now() - asked);
      ++answers;
    } while (!delegated.ready());
    if (auto failed = delegated.get(); failed) throw std::runtime_error{"the tool survived: " + failed->words};
    std::cout << "  the supervisor saw: " << node.ask(assistant, recall{++incarnation}).value().words << '\n'
              << "  the assistant answered all " << answers << " questions meanwhile, the slowest after "
              << std::chrono::duration_cast<std::chrono::microseconds>(slowest).count() << " us\n"
              << "  the tool is back: " << node.ask(assistant, order{"say hello"}).value().words << '\n';
  }
}

// -- the sandbox ------------------------------------------------------------------------------------------------------

std::string outcome(bool worked) { return worked ? "it can" : std::strerror(errno); }

std::string connect_to_somebody() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::strerror(errno);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(53);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return outcome(::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
}

class guest : public troupe::agent {
 public:
  explicit guest(troupe::agent_context& context) : agent{context} {
    on([](const order& o) {
      if (o.what == "connect") return text{connect_to_somebody()};
      if (o.what == "read") return text{outcome(::open("/proc/self/status", O_RDONLY | O_CLOEXEC) >= 0)};
      return text{outcome(::open("/tmp/04_isolation", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)};
    });
  }
};

void show_sandbox(troupe::node& node) {
  std::cout << "\nA guest without network that may not write files.\n";
  troupe::child_options how{.isolation = troupe::tier::process};
  how.process.sandbox = {.no_network = true, .read_only_files = true};
  const auto opened = node.supervise({.name = "guests", .children = {troupe::child<guest>("guest", how)}});
  if (!opened) {
    // Nothing is left out in silence: what the system does not allow is not started.
    std::cout << "  this system does not allow it: " << opened.error().message() << '\n';
    return;
  }
  const auto guest = node.ref(troupe::path{"/guests/guest"});
  for (const char* what : {"read", "write", "connect"})
    std::cout << "  " << what << ": " << node.ask(guest, order{what}).value().words << '\n';
}

int main(int argc, char** argv) {
  const auto show = [](troupe::node& node) {
    show_faults(node);
    show_sandbox(node);
    node.request_stop("seen enough");
  };
  return troupe::run(
      argc, argv, show,
      {.name = "04_isolation", .description = "Faults that one process has, and no other.", .version = {}});
}
