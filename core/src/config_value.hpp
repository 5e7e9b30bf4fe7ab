#pragma once

#include <toml++/toml.h>

#include <string>

#include "troupe/core/config.hpp"

namespace troupe {

// A value of the key's type. Both fail with parse_error or out_of_range; the message names the key and what was found.
result<config_value> value_from_text(const config_key& key, const std::string& text);
result<config_value> value_from_toml(const config_key& key, const toml::node& node);

}  // namespace troupe
