// An order takes five steps, one a second. Kill the program whenever you like, and start it again with the same folder:
// it goes on after the last step that was finished, and no finished step is taken again.
//
//   07_durable_turns --data orders           # kill -9 it in the middle, and start it again

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <set>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>
#include <vector>

using namespace std::chrono_literals;

struct order {
  std::string what;
  TROUPE_MESSAGE(order, what)
};
struct entry {
  std::string text;
  TROUPE_MESSAGE(entry, text)
};
// How long a step takes: shorter in tests.
troupe::duration step_time() {
  const char* set = std::getenv("STEP_MS");
  return std::chrono::milliseconds{set ? std::atoi(set) : 1000};
}

class clerk : public troupe::agent {
 public:
  explicit clerk(troupe::agent_context& context) : agent{context} {
    keep("delivered", delivered_);
    on(&clerk::deliver);
  }

 private:
  // What it awaits is written down when it is finished. What it sends, remembers and keeps is written down at its end,
  // all of it or nothing.
  troupe::task<void> deliver(order o, troupe::turn& now) {
    if (delivered_.contains(o.what)) {
      std::cout << "the " << o.what << " was delivered in an earlier life" << std::endl;
      now.send(now.ref(troupe::path{"/shop/end"}), entry{});
      co_return;
    }
    for (const char* step :
         {"take it from the shelf", "pack it", "write the bill", "call the carrier", "hand it over"}) {
      const std::string line = o.what + ": " + step;
      auto taking = now.run([line] { std::cout << line << " (process " << ::getpid() << ')' << std::endl; });
      co_await taking;
      co_await now.sleep(step_time());
    }
    delivered_.insert(o.what);
    now.send(now.ref(troupe::path{"/shop/books"}), entry{o.what});
  }

  std::set<std::string> delivered_;
};

// Durable, too: an entry that was sent arrives once, whoever is killed in between.
class bookkeeper : public troupe::agent {
 public:
  explicit bookkeeper(troupe::agent_context& context) : agent{context} {
    keep("entries", entries_);
    on([this](const entry& e, troupe::turn& now) {
      entries_.push_back(e.text);
      std::cout << "in the books: " << entries_.size() << " (" << e.text << ')' << std::endl;
      now.send(now.ref(troupe::path{"/shop/end"}), entry{});
    });
  }

 private:
  std::vector<std::string> entries_;
};

// Ends the program.
class end : public troupe::agent {
 public:
  end(troupe::agent_context& context, troupe::node* all) : agent{context} {
    on([all](const entry&) { all->request_stop("the order is delivered"); });
  }
};

int main(int argc, char** argv) {
  return troupe::run(
      argc, argv,
      [](troupe::node& node) {
        if (!node.memory()) {
          std::cerr << "07_durable_turns: say where it is to be written down: --data FOLDER\n";
          return node.request_stop("no folder");
        }
        const troupe::child_options durable{.durability = troupe::durability::local};
        node.supervise({.name = "shop",
                        .children = {troupe::child<end>("end", &node), troupe::child<bookkeeper>("books", durable),
                                     troupe::child<clerk>("clerk", durable)}})
            .value();
        // Whoever gets an answer knows that the order is on disk. One that was posted in an earlier life is done first.
        node.post(node.ref(troupe::path{"/shop/clerk"}), order{"piano"}).value();
      },
      {.name = "07_durable_turns", .description = "An order that survives the process."});
}
