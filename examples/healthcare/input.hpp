#pragma once

#include <array>
#include <memory>
#include <streambuf>
#include <string>

#include "troupe/core/result.hpp"

namespace healthcare {

// The bytes of a file, a pipe or standard input, for a std::istream, as they come. They end where the source ends,
// where it fails, or when another descriptor becomes readable. Owns what it opened. One thread.
class input : public std::streambuf {
 public:
  // `path`, or standard input for "-". Opens a named pipe without waiting for its other end. `until_readable` must stay
  // open. Errors: unreadable, with the system's reason; also for a folder.
  static troupe::result<std::unique_ptr<input>> open(const std::string& path, int until_readable);
  input(const input&) = delete;
  input& operator=(const input&) = delete;
  ~input() override;

  // Why reading failed; 0 if it did not.
  int error() const noexcept { return error_; }

 protected:
  int_type underflow() override;

 private:
  input(int source, bool owned, int until_readable) noexcept
      : source_{source}, owned_{owned}, until_readable_{until_readable} {}
  // Whether there is something to read; false if it is to end.
  bool wait() const;

  int source_;
  bool owned_;
  int until_readable_;
  int error_ = 0;
  std::array<char, 64 << 10> buffer_;
};

}  // namespace healthcare
