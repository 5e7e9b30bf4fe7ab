#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "troupe/core/log.hpp"

namespace troupe {

struct log_line {
  timestamp time;
  log_level level;
  std::string_view component;
  std::string_view message;
  std::initializer_list<log_field> fields;
  const trace_context& trace;
};

// One line without its end.
std::string to_json(const log_line& line);
std::string to_human(const log_line& line, bool colour);

}  // namespace troupe
