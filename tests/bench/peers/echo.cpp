// The program behind an Erlang port in tools/bench isolation: says back what it is told, in packets with a length of
// four bytes before them, as {packet, 4} has it. "f" makes it fail with exit code 1, "k" has it killed; the end of its
// input ends it.

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

namespace {

bool read_all(char* to, std::size_t bytes) {
  while (bytes > 0) {
    const auto got = ::read(STDIN_FILENO, to, bytes);
    if (got <= 0) return false;
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(const char* from, std::size_t bytes) {
  while (bytes > 0) {
    const auto taken = ::write(STDOUT_FILENO, from, bytes);
    if (taken <= 0) return false;
    from += taken;
    bytes -= static_cast<std::size_t>(taken);
  }
  return true;
}

}  // namespace

int main() {
  std::vector<char> packet;
  for (unsigned char head[4]; read_all(reinterpret_cast<char*>(head), sizeof head);) {
    const std::size_t length = (std::size_t{head[0]} << 24) | (std::size_t{head[1]} << 16) |
                               (std::size_t{head[2]} << 8) | std::size_t{head[3]};
    packet.assign(head, head + 4);
    packet.resize(4 + length);
    if (!read_all(packet.data() + 4, length)) return 1;
    if (length == 1 && packet[4] == 'f') return 1;
    if (length == 1 && packet[4] == 'k') ::kill(::getpid(), SIGKILL);
    if (!write_all(packet.data(), packet.size())) return 1;
  }
  return 0;
}
