#include "healthcare/stop_signals.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "healthcare/errc.hpp"

namespace healthcare {
namespace {

// What a handler may touch. Two signals may be handled at the same time, on two threads: one of them is the first.
std::atomic<int> caught_number{0};
std::atomic<int> wake_end{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int number) {
  int before = 0;
  if (!caught_number.compare_exchange_strong(before, number)) {
    std::signal(number, SIG_DFL);
    std::raise(number);  // is delivered when this handler returns
    return;
  }
  const int saved = errno;
  (void)!::write(wake_end, "", 1);
  errno = saved;
}

}  // namespace

troupe::result<stop_signals> stop_signals::install() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return troupe::error{errc::unreadable, std::strerror(errno)};
  wake_end = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
  return stop_signals{ends[0]};
}

const char* stop_signals::caught() const noexcept {
  switch (caught_number) {
    case SIGINT: return "SIGINT";
    case SIGTERM: return "SIGTERM";
    default: return nullptr;
  }
}

}  // namespace healthcare
