#include "healthcare/observation_stream.hpp"

#include <limits>
#include <string>
#include <string_view>

namespace healthcare {

// Room for the line, for the end of line that getline counts and for its terminating zero.
observation_stream::observation_stream(std::istream& in) : in_{in}, buffer_(ndjson_line_bytes_max + 2) {}

std::optional<observation_stream::line> observation_stream::next() {
  while (in_.good()) {
    in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    auto count = static_cast<std::size_t>(in_.gcount());
    if (in_.bad() || (in_.eof() && count == 0)) return std::nullopt;
    ++number_;
    if (in_.fail()) {
      in_.clear();
      in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
      const auto limit = std::to_string(ndjson_line_bytes_max);
      return line{number_, troupe::error{errc::too_large, "a line longer than " + limit + " bytes"}};
    }
    if (!in_.eof()) --count;  // the end of line, which is counted but not stored
    const std::string_view text{buffer_.data(), count};
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    if (text.size() > ndjson_line_bytes_max) {
      return line{number_, troupe::error{errc::too_large, "a line longer than the limit"}};
    }
    return line{number_, read_observation(text)};
  }
  return std::nullopt;
}

}  // namespace healthcare
