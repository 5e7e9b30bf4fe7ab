#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <vector>

#include "healthcare/fhir.hpp"

namespace healthcare {

inline constexpr std::size_t ndjson_line_bytes_max = 1u << 20;

// Reads FHIR Observations from NDJSON, one to a line, as they come: from a file or from a pipe that stays open.
// Refers to the stream, which the caller owns and keeps. One thread. A bad line, or one longer than
// `ndjson_line_bytes_max`, is an error of that line and the next is read; memory is bounded by that length.
class observation_stream {
 public:
  struct line {
    std::size_t number = 0;  // from 1
    troupe::result<observation> value;
    std::vector<troupe::error> left_out = {};  // what is wrong with parts of the observation that it does without
  };

  explicit observation_stream(std::istream& in);

  // The next line that is not blank; nothing at the end of the stream. Blocks as the stream does.
  [[nodiscard]] std::optional<line> next();

 private:
  std::optional<std::size_t> read_line();

  std::istream& in_;
  std::vector<char> buffer_;
  std::size_t number_ = 0;
};

}  // namespace healthcare
