#pragma once

#include <toml++/toml.h>

#include "troupe/core/config.hpp"

namespace troupe {

// Fails with parse_error, saying file, line and column, and with out_of_range above the file's size limit.
result<toml::table> parse_toml(const config_file& file);

}  // namespace troupe
