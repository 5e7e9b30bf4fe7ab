#pragma once

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <troupe/actors/agent.hpp>
#include <vector>

// An agent that does damage on purpose, for the tests of isolation.

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
  pause_a_while,
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

inline std::atomic<bool> end_the_pause{false};

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
    case damage::stop_it:
      ::kill(::getpid(), SIGSTOP);
      ::pause();  // this thread may go on for a moment
      break;
    case damage::close_pipe:
      for (int each = 3; each < 64; ++each) ::close(each);
      ::pause();
      break;
    case damage::garbage:
      for (int each = 3; each < 64; ++each) (void)!::write(each, "this is no frame at all, or is it?", 34);
      ::pause();
      break;
    case damage::pause_a_while:
      while (!end_the_pause) ::usleep(1'000);
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

}  // namespace support
