#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "troupe/core/clock.hpp"
#include "troupe/core/result.hpp"

namespace troupe {

// What a key can hold; std::uint64_t is a size in bytes, std::int64_t any other whole number.
using config_value = std::variant<bool, std::int64_t, double, std::string, duration, std::uint64_t>;

// As it would be written in a file or a flag: `true`, `8080`, `0.5`, `text`, `1h30m`, `64MiB`.
std::string format_value(const config_value& value);

// A key that exists: `node.data_dir`, of lower-case segments [a-z][a-z0-9_]* with dots between. The default's type is
// the key's type. The environment has it as TROUPE_NODE_DATA_DIR.
struct config_key {
  std::string name;
  config_value default_value;
  std::string help;
};
using config_schema = std::vector<config_key>;

enum class config_source : std::uint8_t { default_value, file, environment, flag };
std::string_view to_string(config_source source) noexcept;

// Where a value came from: `detail` is "troupe.toml:12", "TROUPE_NODE_PORT", "--node.port", or empty for the default;
// control characters in it are escaped.
struct config_origin {
  config_source source = config_source::default_value;
  std::string detail;
  friend bool operator==(const config_origin&, const config_origin&) = default;
};

// A TOML file in memory; `name` is for messages.
struct config_file {
  static constexpr std::size_t size_bytes_max = 1 << 20;

  std::string name;
  std::string text;

  // Fails with not_found, with io_error (the message has the system's reason), and with out_of_range above the limit.
  static result<config_file> read(const std::filesystem::path& from);
};

struct config_flag {
  std::string key;
  std::string text;
  std::string spelling = {};  // as the user wrote the flag, "--data"; "--" + key if empty
};

// What load() reads, the strongest first. Of two flags for one key the last one holds.
struct config_sources {
  std::vector<config_flag> flags = {};
  std::map<std::string, std::string> environment = {};  // only TROUPE_* is looked at; all of it must be declared
  std::optional<config_file> file = {};
  std::vector<std::string> environment_ignored = {"TROUPE_CONFIG"};  // read by others; no key may have such a name
};

// The variables of this process, from ::environ. Not to be called while another thread changes them.
std::map<std::string, std::string> process_environment();

// "node.data_dir" -> "TROUPE_NODE_DATA_DIR".
std::string environment_name(std::string_view key);

// The settings of a program: for each declared key a value and where it came from. A flag beats the environment, that
// beats the file, that beats the default. An immutable value once loaded; any thread may read it.
//
// Text (flags, environment) is read as the key's type: true/false/yes/no/on/off/1/0, decimal numbers, units.hpp. In the
// file a duration is a string with units; a size is a string with units or a whole number of bytes; a whole number may
// stand for a double. Neither NaN nor infinity is a value.
class config {
 public:
  struct entry {
    config_key key;
    config_value value;
    config_origin origin;
  };

  // Every key and value that is there must be right, even one that a stronger source hides. Fails with
  //   not_found         an undeclared key or TROUPE_ variable; the message names the nearest declared one. What may be
  //                     another program's is left out by the caller, as troupe::run does, with a warning
  //   parse_error       the file is no TOML (1.0.0) or has a line of more than 64 dots, or a value is not of its key's
  //                     type; a number that TOML cannot hold is no TOML
  //   out_of_range      a value of a flag, a variable or a text with a unit beyond its type's range, or a file beyond
  //                     its limit
  //   invalid_argument  the schema itself is wrong: a bad, repeated or ignored name, or a key that is also a table
  // and says where: "troupe.toml:3:8: ...", "environment TROUPE_NODE_PORT: ...", "flag --node.port: ...".
  static result<config> load(const config_schema& schema, const config_sources& sources);

  // The value. T is one of config_value's types, the key's own. Throws failure(invalid_argument) if the key is not
  // declared or of another type, which is a bug of the caller.
  template <class T>
  T get(std::string_view key) const {
    const auto* value = std::get_if<T>(&find(key).value);
    if (value == nullptr) throw wrong_type(key);
    return *value;
  }

  // Throws as get() does. The reference lives as long as this.
  const config_origin& origin(std::string_view key) const { return find(key).origin; }

  // All of them, by name, for `config show --origin`.
  const std::vector<entry>& entries() const noexcept { return entries_; }

 private:
  const entry& find(std::string_view key) const;
  static failure wrong_type(std::string_view key);

  std::vector<entry> entries_;  // sorted by key.name
};

}  // namespace troupe
