#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>
#include <vector>

#include "damage.hpp"
#include "support.hpp"

// A node with an agent that does damage, and somebody who watches it, for the tests of isolation.

namespace support {

// Whether it becomes true within 30 s: only the ends of processes, which nobody else tells of, are waited for so.
template <class F>
bool comes_true(F&& condition) {
  for (int i = 0; i < 3'000; ++i) {
    if (condition()) return true;
    ::usleep(10'000);
  }
  return false;
}

inline troupe::node_options threaded(std::size_t threads = 2) {
  troupe::node_options options;
  options.threads = threads;
  options.log = troupe::logger{};  // silent
  options.ask_timeout = std::chrono::seconds{30};
  return options;
}

// What a watcher has heard, for the test's thread.
class ends {
 public:
  void add(troupe::down what) {
    std::scoped_lock lock{mutex_};
    all_.push_back(std::move(what));
    changed_.notify_all();
  }
  // The next one; fails the test if there is none in time.
  troupe::down next(std::chrono::steady_clock::duration within = std::chrono::seconds{30}) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, within, [this] { return !all_.empty(); })) BOOST_FAIL("nobody ended");
    auto first = std::move(all_.front());
    all_.erase(all_.begin());
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<troupe::down> all_;
};

struct watch_for {
  troupe::agent_ref who;
  TROUPE_LOCAL_MESSAGE(watch_for)
};

class end_watcher : public troupe::agent {
 public:
  end_watcher(troupe::agent_context& context, ends* heard) : agent{context} {
    on([](const watch_for& order, troupe::turn& now) { now.watch(order.who); });
    on([heard](const troupe::down& end) { heard->add(end); });
  }
};

// A node with one agent, /top/worker, and somebody who watches it.
struct house {
  explicit house(troupe::node_options options = threaded()) : n{std::move(options)} {
    must_supervise(n, {.name = "watchers", .children = {troupe::child<end_watcher>("ends", &heard)}});
  }
  template <class A = sufferer, class... Args>
  troupe::agent_ref open(troupe::child_options how = {}, Args... arguments) {
    must_supervise(n, {.name = "top",
                       .intensity = 1'000'000,
                       .period = std::chrono::hours{1},
                       .children = {troupe::child<A>("worker", std::move(how), std::move(arguments)...)}});
    return worker();
  }
  template <class A = sufferer, class... Args>
  troupe::agent_ref open_process(troupe::process_options process = {}, Args... arguments) {
    return open<A>({.isolation = troupe::tier::process, .process = std::move(process)}, std::move(arguments)...);
  }
  troupe::agent_ref worker() const { return n.ref(troupe::path{"/top/worker"}); }
  void watch() { must(n.ask(n.ref(troupe::path{"/watchers/ends"}), watch_for{worker()})); }
  template <class M>
  auto ask(M question) {
    return n.ask(worker(), std::move(question));
  }

  ends heard;
  troupe::node n;
};

}  // namespace support
