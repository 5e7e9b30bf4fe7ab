#include "healthcare/stop_signals.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "healthcare/errc.hpp"

namespace healthcare {
namespace {

// What a handler may touch.
volatile std::sig_atomic_t caught_number = 0;
volatile std::sig_atomic_t wake_end = -1;

void on_signal(int number) {
  if (caught_number != 0) {
    std::signal(number, SIG_DFL);
    std::raise(number);  // is delivered when this handler returns
    return;
  }
  const int saved = errno;
  caught_number = number;
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
