#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>
#include <vector>

#include "support.hpp"

// Agents that do damage on purpose, for the tests of isolation.

namespace support {

struct number {
  std::int64_t value = 0;
  TROUPE_MESSAGE(number, value)
};
struct count_up {
  std::int64_t by = 1;
  using reply_type = number;
  TROUPE_MESSAGE(count_up, by)
};
struct where_are_you {
  using reply_type = number;  // its process
  TROUPE_MESSAGE(where_are_you)
};

// What can go wrong.
enum class damage : std::uint8_t {
  exception,
  segfault,
  abort_it,
  stack_overflow,
  exit_it,
  too_much_memory,
  too_much_time,
  hang_in_call,
  hang_in_loop,
  kill_it,
  stop_it,
  close_pipe,
  garbage,
  no_damage,
};
struct suffer {
  damage what = damage::no_damage;
  using reply_type = number;
  TROUPE_MESSAGE(suffer, what)
};

// Calls itself until there is no stack.
inline int descend(int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : descend(depth + 1) + room[0];
}

[[noreturn]] inline void spin() {
  for (std::atomic<bool> on{true}; on.load();) {
  }
  std::abort();
}

inline void do_damage(damage what) {
  using namespace std::chrono_literals;
  switch (what) {
    case damage::exception: throw std::runtime_error{"on purpose"};
    case damage::segfault: *reinterpret_cast<volatile int*>(8) = 1; break;
    case damage::abort_it: std::abort();
    case damage::stack_overflow: descend(1); break;
    case damage::exit_it: std::exit(3);
    case damage::too_much_memory: {
      std::vector<std::vector<char>> all;
      for (;;) all.emplace_back(1 << 20, 'x');
    }
    case damage::too_much_time: spin();
    case damage::hang_in_call: ::pause(); break;
    case damage::hang_in_loop: spin();
    case damage::kill_it: ::kill(::getpid(), SIGKILL); break;
    case damage::stop_it: ::kill(::getpid(), SIGSTOP); break;
    case damage::close_pipe:
      for (int each = 3; each < 64; ++each) ::close(each);
      ::pause();
      break;
    case damage::garbage:
      for (int each = 3; each < 64; ++each) (void)!::write(each, "this is no frame at all, or is it?", 34);
      ::pause();
      break;
    case damage::no_damage: break;
  }
}

// Counts, tells its process, and does damage.
class sufferer : public troupe::agent {
 public:
  explicit sufferer(troupe::agent_context& context) : agent{context} {
    on([this](const count_up& more) { return number{count_ += more.by}; });
    on([](const where_are_you&) { return number{::getpid()}; });
    on([](const suffer& order) {
      do_damage(order.what);
      return number{::getpid()};
    });
  }

 private:
  std::int64_t count_ = 0;
};

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
    {
      std::scoped_lock lock{mutex_};
      all_.push_back(std::move(what));
    }
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
