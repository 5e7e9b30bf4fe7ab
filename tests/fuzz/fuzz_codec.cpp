// MessagePack from anybody, read as several types. Nothing may crash or grow out of bounds, and what is accepted must
// encode and come back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <troupe/net/codec.hpp>

#include "net/visible.hpp"

namespace {

using namespace troupe;

enum class color : std::int16_t { red = -1, green = 7 };

struct point {
  std::int32_t x = 0;
  float y = 0;
  color hue = color::green;
  FIELDS(point, FIELD(x) FIELD(y) FIELD(hue))
};
struct branch {
  std::string name;
  std::vector<branch> branches;
  std::optional<point> at;
  FIELDS(branch, FIELD(name) FIELD(branches) FIELD(at))
};
struct values {
  bool truth = false;
  std::uint64_t natural = 0;
  double real = 0;
  std::vector<std::byte> bytes;
  std::array<std::uint8_t, 3> three{};
  std::map<std::string, std::variant<std::monostate, std::int64_t, point>> by_name;
  std::set<std::int8_t> numbers;
  std::optional<std::optional<std::string>> maybe;
  std::tuple<std::pair<std::uint16_t, bool>, char> both;
  std::chrono::seconds seconds{};
  timestamp when{};
  path where;
  troupe::id number;
  trace_context trace;
  error why{0, ""};
  FIELDS(values,
         FIELD(truth) FIELD(natural) FIELD(real) FIELD(bytes) FIELD(three) FIELD(by_name) FIELD(numbers) FIELD(maybe)
             FIELD(both) FIELD(seconds) FIELD(when) FIELD(where) FIELD(number) FIELD(trace) FIELD(why))
};

// Structs with versions, in each other, that keep what they do not know.
struct changed {
  std::uint32_t grams = 0;
  std::vector<changed> parts;
  std::optional<point> at;
  net::unknown_fields rest;
  static constexpr std::uint32_t schema_version = 3;
  static result<void> upgrade(net::fields& was, std::uint32_t from) {
    if (from < 2) was.rename("items", "parts");
    const auto kg = was.get<std::uint32_t>("kg");
    if (!kg || !*kg) return kg ? ok() : kg.error();
    return was.set("grams", **kg * 1000);
  }
  FIELDS(changed, FIELD(grams) FIELD(parts) FIELD(at) FIELD(rest))
};
struct first {
  std::uint32_t kg = 0;
  std::vector<first> items;
  net::unknown_fields rest;
  FIELDS(first, FIELD(kg) FIELD(items) FIELD(rest))
};

void require(bool holds) {
  if (!holds) std::abort();
}

// By bytes, as a number that is none is unequal to itself. Nothing here is unordered, so equal values have equal bytes.
template <class T>
void read_as(std::string_view bytes) {
  const auto value = net::decode<T>(bytes);
  if (!value) return require(!value.error().message().empty());
  std::string again;
  if (!net::append(again, *value)) return;  // a time that was read in seconds may not fit into nanoseconds
  const auto back = net::decode<T>(again);
  require(back.has_value());
  std::string third;
  require(net::append(third, *back).has_value());
  require(third == again);
}

void look_at(const net::value& each) {
  using net::value_kind;
  require(each.text().has_value() == (each.kind() == value_kind::text));
  require(each.binary().has_value() == (each.kind() == value_kind::binary));
  require(!each.as_int() || each.as_double());
  for (std::size_t i = 0; i < each.size(); ++i) {
    if (each.kind() == value_kind::map) look_at(each.key(i));
    look_at(each.at(i));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (const auto parsed = net::document::parse(bytes)) {
    require(size > 0);
    look_at(parsed->root());
  }
  read_as<point>(bytes);
  read_as<branch>(bytes);
  read_as<values>(bytes);
  read_as<std::vector<std::map<std::int32_t, std::string>>>(bytes);
  read_as<changed>(bytes);
  read_as<first>(bytes);
  return 0;
}
