// What people and other systems write as text, as arbitrary bytes: configuration files, durations, sizes, paths, ids
// and trace headers. Nothing may crash, and what is accepted must come back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "troupe/core/config.hpp"
#include "troupe/core/id.hpp"
#include "troupe/core/path.hpp"
#include "troupe/core/trace.hpp"
#include "troupe/core/units.hpp"

namespace {

using namespace troupe;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_config(std::string_view text) {
  static const config_schema schema{
      {"node.data_dir", "/var/lib/troupe", ""},
      {"node.port", std::int64_t{7700}, ""},
      {"node.edge", false, ""},
      {"http.timeout", duration{5'000'000'000}, ""},
      {"memory.cache", std::uint64_t{1} << 26, ""},
      {"gpu.share", 0.5, ""},
  };
  const auto loaded = config::load(schema, {.file = config_file{"f", std::string{text}}});
  if (loaded) {
    for (const auto& entry : loaded->entries()) {
      // What is shown can be given back as a flag.
      const config_sources again{.flags = {{entry.key.name, format_value(entry.value)}}};
      require(config::load(schema, again).value().entries().size() == schema.size());
    }
  } else {
    require(loaded.error().message().starts_with("f:"));
  }
  (void)config::load(schema, {.environment = {{"TROUPE_NODE_PORT", std::string{text}}}});
  (void)config::load(schema, {.flags = {{std::string{text}, ""}}});
}

void read_units(std::string_view text) {
  if (const auto d = parse_duration(text)) require(parse_duration(format_duration(*d)).value() == *d);
  if (const auto size = parse_size(text)) require(parse_size(format_size(*size)).value() == *size);
}

void read_names(std::string_view text) {
  if (const auto p = path::parse(text)) {
    require(p->str() == text);
    path rebuilt;
    for (const auto segment : p->segments()) rebuilt = rebuilt / segment;
    require(rebuilt == *p && p->parent().contains(*p));
  }
  const auto segment = path::escape_segment(text);
  require(path{}.join(segment).has_value());
  if (const auto back = path::unescape_segment(segment)) require(*back == text);
  if (const auto i = id::parse(text)) require(id::parse(i->to_string()).value() == *i);
}

void read_trace(std::string_view text) {
  if (const auto t = trace_context::parse(text)) require(trace_context::parse(t->traceparent()).value() == *t);
  if (const auto s = trace_state::parse(text)) require(trace_state::parse(s->str()).value() == *s);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  read_config(text);
  read_units(text);
  read_names(text);
  read_trace(text);
  return 0;
}
