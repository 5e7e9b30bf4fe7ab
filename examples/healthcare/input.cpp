#include "healthcare/input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "healthcare/errc.hpp"

namespace healthcare {

troupe::result<std::unique_ptr<input>> input::open(const std::string& path, int until_readable) {
  if (path == "-") return std::unique_ptr<input>{new input{STDIN_FILENO, false, until_readable}};
  const int source = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (source < 0) return troupe::error{errc::unreadable, std::strerror(errno)};
  std::unique_ptr<input> out{new input{source, true, until_readable}};
  struct stat what {};
  if (::fstat(source, &what) == 0 && S_ISDIR(what.st_mode)) {
    return troupe::error{errc::unreadable, std::strerror(EISDIR)};
  }
  return out;
}

input::~input() {
  if (owned_) ::close(source_);
}

bool input::wait() const {
  for (;;) {
    pollfd ends[] = {{source_, POLLIN, 0}, {until_readable_, POLLIN, 0}};
    const int ready = ::poll(ends, 2, -1);
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && ends[1].revents == 0;
  }
}

input::int_type input::underflow() {
  while (error_ == 0 && wait()) {
    const auto got = ::read(source_, buffer_.data(), buffer_.size());
    if (got > 0) {
      setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
      return traits_type::to_int_type(buffer_.front());
    }
    if (got == 0) break;
    if (errno != EINTR && errno != EAGAIN) error_ = errno;
  }
  return traits_type::eof();
}

}  // namespace healthcare
