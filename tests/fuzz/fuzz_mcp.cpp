#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "json_schema.hpp"
#include "mcp_messages.hpp"

// What an MCP server may say: lines, events, messages, results of calls, schemas of tools. Cut into pieces anywhere, it
// is the same; whatever it is, it is a value or an error.

using namespace troupe::actors;

namespace {

constexpr std::size_t bytes_max = 4'096;

template <class Reader>
std::vector<std::string> read(std::string_view text, std::size_t piece) {
  Reader reader{bytes_max};
  std::vector<std::string> all;
  while (!text.empty()) {
    const auto now = text.substr(0, piece);
    text.remove_prefix(now.size());
    if (!reader.take(now, [&](std::string_view each) { all.emplace_back(each); })) return {"too long"};
  }
  return all;
}

void look_at(const std::string& text) {
  const auto messages = parse_messages(text);
  if (!messages) return;
  for (const auto& each : *messages) (void)reply_of(each.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t piece = data[0] % 61 + 1;
  const auto lines = read<line_reader>(text, piece);
  const auto events = read<event_reader>(text, piece);
  if (text.size() < bytes_max) {
    if (lines != read<line_reader>(text, text.size() + 1)) std::abort();
    if (events != read<event_reader>(text, text.size() + 1)) std::abort();
  }
  for (const auto& each : lines) look_at(each);
  for (const auto& each : events) look_at(each);

  // The first line as a schema, and all of them as values of it.
  if (lines.empty()) return 0;
  const auto parsed = parse_json(lines.front());
  if (parsed) (void)mirrored_parameters(*parsed);
  const auto schema = json_schema::compile(lines.front());
  if (!schema) return 0;
  for (const auto& each : lines)
    if (const auto value = parse_json(each)) (void)schema->check(*value);
  return 0;
}
