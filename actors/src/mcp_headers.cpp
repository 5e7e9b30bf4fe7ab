#include <algorithm>
#include <set>
#include <troupe/actors/errc.hpp>
#include <utility>

#include "json_compare.hpp"
#include "mcp_messages.hpp"

// Parameters of tools that are said in headers, too (MCP 2026-07-28, "Custom Headers from Tool Parameters").

namespace troupe::actors {

namespace {

constexpr const char* annotation = "x-mcp-header";
constexpr std::int64_t exact_max = 9007199254740991;  // 2^53 - 1

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

std::size_t count_annotations(const json& in) {
  std::size_t count = in.is_object() && in.contains(annotation) ? 1 : 0;
  if (in.is_structured())
    for (const auto& each : in) count += count_annotations(each);
  return count;
}

// Those that are reached by properties alone.
void collect(const json& schema, std::vector<std::string>& path,
             std::vector<std::pair<json, mirrored_parameter>>& into) {
  const auto* properties = member(schema, "properties");
  if (!properties || !properties->is_object()) return;
  for (const auto& [name, each] : properties->items()) {
    path.push_back(name);
    if (each.is_object() && each.contains(annotation)) into.push_back({each, {text_of(each, annotation), path}});
    collect(each, path, into);
    path.pop_back();
  }
}

}  // namespace

result<std::vector<mirrored_parameter>> mirrored_parameters(const json& schema) {
  const auto bad = [](const std::string& why) { return error{agent_errc::bad_tool, "x-mcp-header: " + why}; };
  std::vector<std::pair<json, mirrored_parameter>> found;
  std::vector<std::string> path;
  collect(schema, path, found);
  if (count_annotations(schema) != found.size()) return bad("it stands where no value is certain to be");
  std::set<std::string> names;
  std::vector<mirrored_parameter> all;
  for (auto& [property, each] : found) {
    const auto type = text_of(property, "type");
    if (!is_token(each.header)) return bad("no name of a header: " + seen(each.header));
    if (type != "string" && type != "integer" && type != "boolean")
      return bad("only texts, integers and booleans can be");
    if (!names.insert(lower(each.header)).second) return bad("`" + each.header + "` stands twice");
    each.header = "Mcp-Param-" + each.header;
    all.push_back(std::move(each));
  }
  return all;
}

net::http_headers mirror(const std::vector<mirrored_parameter>& which, const json& arguments) {
  net::http_headers headers;
  for (const auto& each : which) {
    const json* value = &arguments;
    for (const auto& name : each.path) value = value ? member(*value, name) : nullptr;
    if (!value) continue;
    if (value->is_string())
      headers.emplace_back(each.header, header_value(value->get_ref<const std::string&>()));
    else if (value->is_boolean())
      headers.emplace_back(each.header, value->get<bool>() ? "true" : "false");
    else if (value->is_number_integer() && !number_less(*value, -exact_max) && !number_less(exact_max, *value))
      headers.emplace_back(each.header, std::to_string(value->get<std::int64_t>()));
  }
  return headers;
}

std::string header_value(std::string_view text) {
  const bool plain = !text.empty() &&
                     std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; }) &&
                     text.front() != ' ' && text.back() != ' ';
  const bool ambiguous = text.rfind("=?base64?", 0) == 0 && text.size() > 1 && text.substr(text.size() - 2) == "?=";
  if (plain && !ambiguous) return std::string{text};
  return "=?base64?" + base64(text) + "?=";
}

}  // namespace troupe::actors
