#include "healthcare/observation_stream.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

namespace healthcare {

namespace {

constexpr std::size_t first_buffer_bytes = 16u << 10;
// Room for the longest line and for the terminating zero of getline.
constexpr std::size_t last_buffer_bytes = ndjson_line_bytes_max + 1;

}  // namespace

observation_stream::observation_stream(std::istream& in) : in_{in}, buffer_(first_buffer_bytes) {}

std::optional<observation_stream::line> observation_stream::next() {
  while (in_.good()) {
    const auto length = read_line();
    if (!length) {
      if (in_.bad() || in_.eof()) return std::nullopt;
      in_.clear();
      in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
      const auto limit = std::to_string(ndjson_line_bytes_max);
      return line{++number_, troupe::error{errc::too_large, "a line longer than " + limit + " bytes"}};
    }
    ++number_;
    const std::string_view text{buffer_.data(), *length};
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    std::vector<troupe::error> left_out;
    auto read = read_observation(text, left_out);
    return line{number_, std::move(read), std::move(left_out)};
  }
  return std::nullopt;
}

// Reads a line into the buffer, which grows as far as it may, and gives its length. Nothing at the end of the stream,
// and nothing, with neither eof nor bad, where the line is too long.
std::optional<std::size_t> observation_stream::read_line() {
  std::size_t length = 0;
  while (true) {
    in_.getline(buffer_.data() + length, static_cast<std::streamsize>(buffer_.size() - length));
    length += static_cast<std::size_t>(in_.gcount());
    if (in_.bad()) return std::nullopt;
    if (in_.eof()) return length == 0 ? std::nullopt : std::optional{length};
    if (!in_.fail()) return length - 1;  // without the end of line, which is counted but not stored
    if (buffer_.size() == last_buffer_bytes) return std::nullopt;
    in_.clear();
    buffer_.resize(std::min(2 * buffer_.size(), last_buffer_bytes));
  }
}

}  // namespace healthcare
