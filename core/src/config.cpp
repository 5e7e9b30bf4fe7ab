#include "troupe/core/config.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "config_file.hpp"
#include "config_value.hpp"
#include "escape.hpp"

namespace troupe {
namespace {

using entries = std::vector<config::entry>;

constexpr std::string_view environment_prefix = "TROUPE_";

bool valid_name(std::string_view name) noexcept {
  bool segment_starts = true;
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z';
    if (segment_starts ? !letter : !(letter || (c >= '0' && c <= '9') || c == '_' || c == '.')) return false;
    segment_starts = c == '.';
  }
  return !segment_starts;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

config::entry* find_entry(entries& all, std::string_view name) {
  const auto at = std::lower_bound(all.begin(), all.end(), name,
                                   [](const config::entry& e, std::string_view n) { return e.key.name < n; });
  return at != all.end() && at->key.name == name ? &*at : nullptr;
}

// Levenshtein's distance, in one row.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// How many letters of a name may be wrong for another to be near: a short one is near to everything.
constexpr std::size_t distance_max(std::size_t name_size) noexcept {
  return name_size < 3 ? 0 : name_size < 6 ? 1 : std::max<std::size_t>(2, name_size / 3);
}

// ": did you mean ...?" with the nearest of the names, or nothing if none is near.
std::string suggestion(std::string_view name, const entries& all, std::string (*spell)(std::string_view)) {
  constexpr std::size_t name_size_max = 128;  // beyond it, nothing is near and the distance is not worth its time
  if (name.size() > name_size_max) return {};
  const bool variable = name.starts_with(environment_prefix);  // which all of them have in common
  std::string nearest;
  std::size_t least = distance_max(name.size() - (variable ? environment_prefix.size() : 0)) + 1;
  for (const auto& e : all) {
    auto candidate = spell(e.key.name);
    // A key in quotes may look as another one does; to say so once more would be no help.
    if (const auto distance = edit_distance(name, candidate); distance != 0 && distance < least) {
      least = distance;
      nearest = std::move(candidate);
    }
  }
  return nearest.empty() ? "" : fmt::format(": did you mean {}?", nearest);
}

std::string as_key(std::string_view key) { return std::string{key}; }

error unknown(std::string_view kind, std::string_view name, const entries& all,
              std::string (*spell)(std::string_view)) {
  return {errc::not_found, fmt::format("unknown {} {}{}", kind, in_quotes(name), suggestion(name, all, spell))};
}

result<entries> defaults(const config_schema& schema, const std::vector<std::string>& environment_ignored) {
  const auto fail = [](const std::string& message) {
    return error{errc::invalid_argument, "bad configuration schema: " + message};
  };
  entries all;
  std::set<std::string> variables;
  for (const auto& key : schema) {
    if (!valid_name(key.name)) return fail(fmt::format("{} is no key", in_quotes(key.name)));
    const auto variable = environment_name(key.name);
    if (contains(environment_ignored, variable)) {
      return fail(fmt::format("{} cannot be a key, for {} is read by others", key.name, variable));
    }
    if (!variables.insert(variable).second) return fail(fmt::format("{} is declared twice", variable));
    all.push_back({key, key.default_value, {}});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.key.name < b.key.name; });
  for (auto& e : all) {
    for (auto dot = e.key.name.find('.'); dot != std::string::npos; dot = e.key.name.find('.', dot + 1)) {
      if (const auto table = e.key.name.substr(0, dot); find_entry(all, table) != nullptr) {
        return fail(fmt::format("{} is a key and, for {}, a table", table, e.key.name));
      }
    }
  }
  return all;
}

// Whether a declared key lies in the table of that name.
bool declares_table(const entries& all, std::string_view name) {
  const auto prefix = std::string{name} + '.';
  return std::any_of(all.begin(), all.end(), [&](const config::entry& e) { return e.key.name.starts_with(prefix); });
}

// Walks the tables; `prefix` is "" or "table.sub.", `file` its name as it is shown. Goes no deeper than the declared
// keys do.
result<void> apply_table(entries& all, const toml::table& table, const std::string& prefix, const std::string& file) {
  for (const auto& [name, node] : table) {
    const auto key = prefix + std::string{name.str()};
    const auto place = [&](const toml::source_region& source) {
      return fmt::format("{}:{}:{}", file, source.begin.line, source.begin.column);
    };
    const bool plain = name.str().find('.') == std::string_view::npos;  // "a.b" in quotes is not b in table a
    if (auto* const e = plain ? find_entry(all, key) : nullptr) {
      auto value = value_from_toml(e->key, node);
      if (!value) return std::move(value).error().with_context(place(node.source()));
      e->value = *std::move(value);
      e->origin = {config_source::file, fmt::format("{}:{}", file, node.source().begin.line)};
    } else if (!plain || !declares_table(all, key)) {
      return unknown("key", key, all, as_key).with_context(place(name.source()));
    } else if (!node.is_table()) {
      return error{errc::parse_error, fmt::format("{}: {} must be a table", place(name.source()), key)};
    } else if (auto applied = apply_table(all, *node.as_table(), key + '.', file); !applied) {
      return applied;
    }
  }
  return ok();
}

result<void> apply_file(entries& all, const config_file& file) {
  const auto table = parse_toml(file);
  return table ? apply_table(all, *table, "", escaped(file.name)) : table.error();
}

result<void> apply_environment(entries& all, const config_sources& sources) {
  std::map<std::string, config::entry*, std::less<>> by_variable;
  for (auto& e : all) by_variable.emplace(environment_name(e.key.name), &e);
  for (const auto& [variable, text] : sources.environment) {
    if (!variable.starts_with(environment_prefix) || contains(sources.environment_ignored, variable)) continue;
    const auto found = by_variable.find(variable);
    if (found == by_variable.end())
      return unknown("variable", variable, all, environment_name).with_context("environment");
    auto value = value_from_text(found->second->key, text);
    if (!value) return std::move(value).error().with_context("environment " + variable);
    found->second->value = *std::move(value);
    found->second->origin = {config_source::environment, variable};
  }
  return ok();
}

result<void> apply_flags(entries& all, const std::vector<config_flag>& flags) {
  for (const auto& flag : flags) {
    const auto spelling = escaped(flag.spelling.empty() ? "--" + flag.key : flag.spelling);
    auto* const e = find_entry(all, flag.key);
    if (e == nullptr) return unknown("key", flag.key, all, as_key).with_context("flag " + spelling);
    auto value = value_from_text(e->key, flag.text);
    if (!value) return std::move(value).error().with_context("flag " + spelling);
    e->value = *std::move(value);
    e->origin = {config_source::flag, spelling};
  }
  return ok();
}

}  // namespace

std::string_view to_string(config_source source) noexcept {
  switch (source) {
    case config_source::default_value: return "default";
    case config_source::file: return "file";
    case config_source::environment: return "environment";
    case config_source::flag: return "flag";
  }
  return "unknown";
}

std::string environment_name(std::string_view key) {
  std::string name{environment_prefix};
  for (const char c : key) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view both{*at};
    const auto equals = both.find('=');
    if (equals != std::string_view::npos) variables.emplace(both.substr(0, equals), both.substr(equals + 1));
  }
  return variables;
}

result<config> config::load(const config_schema& schema, const config_sources& sources) {
  auto all = defaults(schema, sources.environment_ignored);
  if (!all) return std::move(all).error();
  result<void> applied = sources.file ? apply_file(*all, *sources.file) : ok();
  if (applied) applied = apply_environment(*all, sources);
  if (applied) applied = apply_flags(*all, sources.flags);
  if (!applied) return std::move(applied).error();
  config loaded;
  loaded.entries_ = *std::move(all);
  return loaded;
}

const config::entry& config::find(std::string_view key) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key,
                                   [](const entry& e, std::string_view name) { return e.key.name < name; });
  if (at == entries_.end() || at->key.name != key) {
    throw failure{{errc::invalid_argument, fmt::format("configuration key {} is not declared", in_quotes(key))}};
  }
  return *at;
}

failure config::wrong_type(std::string_view key) {
  return failure{{errc::invalid_argument, fmt::format("configuration key {} is read as another type", in_quotes(key))}};
}

}  // namespace troupe
