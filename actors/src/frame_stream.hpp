#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>
#include <troupe/net/codec.hpp>

#include "process_frames.hpp"

namespace troupe::actors {

// Takes frames out of bytes as they come; see process_frames.hpp. One thread.
class frame_reader {
 public:
  explicit frame_reader(std::size_t frame_bytes_max) noexcept : frame_bytes_max_{frame_bytes_max} {}
  void set_limit(std::size_t frame_bytes_max) noexcept { frame_bytes_max_ = frame_bytes_max; }

  // Reads up to 256 KiB from a descriptor, without waiting if it does not block. What read says.
  ssize_t read_from(int descriptor);

  struct frame {
    frames::kind kind{};
    std::string_view body;  // valid until the next call
  };
  // False: no whole frame is there. Fails with out_of_range for one that is too long, or has no kind.
  result<bool> next(frame& found);

 private:
  std::size_t frame_bytes_max_;
  std::string buffer_;
  std::size_t used_ = 0;
};

// A frame as bytes.
template <class Frame>
std::string frame_bytes(const Frame& what) {
  std::string bytes(4, '\0');
  bytes.push_back(static_cast<char>(Frame::frame_kind));
  net::append(bytes, what).value();
  const auto length = static_cast<std::uint32_t>(bytes.size() - 4);
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
  return bytes;
}

// What there is of a frame besides its messages, at most.
inline constexpr std::size_t frame_overhead_max = std::size_t{1} << 20;

}  // namespace troupe::actors
