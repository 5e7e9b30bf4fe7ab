#include "frame_stream.hpp"

#include <unistd.h>

#include <cerrno>

namespace troupe::actors {

ssize_t frame_reader::read_from(int descriptor) {
  char chunk[256 << 10];  // a message that comes in one piece wakes nobody twice
  ssize_t got = 0;
  do got = ::read(descriptor, chunk, sizeof chunk);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return got;
  if (used_ == buffer_.size()) {
    buffer_.clear();
    if (buffer_.capacity() > 4 * sizeof chunk) buffer_.shrink_to_fit();  // it had to hold a long one
  } else {
    buffer_.erase(0, used_);
  }
  used_ = 0;
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return got;
}

result<bool> frame_reader::next(frame& found) {
  const std::string_view rest = std::string_view{buffer_}.substr(used_);
  if (rest.size() < 4) return false;
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= std::size_t{static_cast<unsigned char>(rest[i])} << (8 * i);
  if (length == 0) return error{errc::out_of_range, "a frame without a kind"};
  if (length > frame_bytes_max_)
    return error{errc::out_of_range,
                 "a frame of " + std::to_string(length) + " bytes; the limit is " + std::to_string(frame_bytes_max_)};
  if (rest.size() < 4 + length) return false;
  found.kind = static_cast<frames::kind>(rest[4]);
  found.body = rest.substr(5, length - 1);
  used_ += 4 + length;
  return true;
}

}  // namespace troupe::actors
