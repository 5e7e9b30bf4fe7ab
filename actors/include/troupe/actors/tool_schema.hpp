#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <troupe/actors/errc.hpp>
#include <troupe/core/path.hpp>
#include <troupe/net/codec.hpp>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

// The JSON Schema of a struct with fields (TROUPE_MESSAGE), from its types: what `to_json` of it looks like.

namespace troupe {

// The schema of a T, as JSON text. For a type of your own, specialise this; its codec has to fit. There are those of
// bool, numbers, enums (as numbers), texts, path, vector, array, set, map with texts as keys, optional, and structs.
template <class T>
struct json_schema_of;

namespace actors {

template <class T>
concept has_json_schema = requires {
  { json_schema_of<T>::text() } -> std::same_as<std::string>;
};

template <class Item>
std::string list_schema(std::string_view more = {}) {
  return R"({"type":"array","items":)" + json_schema_of<Item>::text() + std::string{more} + "}";
}

// Structs in structs: one that holds itself has no end.
class schema_level {
 public:
  schema_level() {
    if (level() == levels_max)
      throw failure{error{agent_errc::bad_tool, "a struct that holds itself has no derived schema"}};
    ++level();
  }
  schema_level(const schema_level&) = delete;
  schema_level& operator=(const schema_level&) = delete;
  ~schema_level() { --level(); }

 private:
  static constexpr int levels_max = 32;
  static int& level() noexcept {
    thread_local int count = 0;
    return count;
  }
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

}  // namespace actors

template <>
struct json_schema_of<bool> {
  static std::string text() { return R"({"type":"boolean"})"; }
};

template <std::integral T>
struct json_schema_of<T> {
  static std::string text() {
    return std::is_unsigned_v<T> ? R"({"type":"integer","minimum":0})" : R"({"type":"integer"})";
  }
};

template <std::floating_point T>
struct json_schema_of<T> {
  static std::string text() { return R"({"type":"number"})"; }
};

template <class T>
requires std::is_enum_v<T>
struct json_schema_of<T> : json_schema_of<std::underlying_type_t<T>> {
};

template <>
struct json_schema_of<std::string> {
  static std::string text() { return R"({"type":"string"})"; }
};
template <>
struct json_schema_of<path> : json_schema_of<std::string> {};

template <class T>
struct json_schema_of<std::optional<T>> {
  static std::string text() { return R"({"anyOf":[)" + json_schema_of<T>::text() + R"(,{"type":"null"}]})"; }
};

template <class T>
struct json_schema_of<std::vector<T>> {
  static std::string text() { return actors::list_schema<T>(); }
};
template <class T, std::size_t N>
struct json_schema_of<std::array<T, N>> {
  static std::string text() {
    const auto size = std::to_string(N);
    return actors::list_schema<T>(R"(,"minItems":)" + size + R"(,"maxItems":)" + size);
  }
};
template <class T>
struct json_schema_of<std::set<T>> {
  static std::string text() { return actors::list_schema<T>(R"(,"uniqueItems":true)"); }
};
template <class T>
struct json_schema_of<std::map<std::string, T>> {
  static std::string text() { return R"({"type":"object","additionalProperties":)" + json_schema_of<T>::text() + "}"; }
};

// A field that is no optional is required. Nothing else may be there, unless the struct keeps it. Throws
// failure(bad_tool) for a struct that holds itself.
template <net::visitable T>
struct json_schema_of<T> {
  static std::string text() {
    const actors::schema_level inside;
    std::string properties, required;
    std::string_view more = "false";
    T object{};
    T::troupe_visit(object, [&]<class Field>(std::string_view name, Field&) {
      if constexpr (std::is_same_v<Field, net::unknown_fields>) {
        more = "true";
      } else {
        static_assert(actors::has_json_schema<Field>,
                      "a field has no JSON schema: specialise json_schema_of for its type");
        const std::string quoted = '"' + std::string{name} + '"';
        properties += (properties.empty() ? "" : ",") + quoted + ":" + json_schema_of<Field>::text();
        if constexpr (!actors::is_optional<Field>) required += (required.empty() ? "" : ",") + quoted;
      }
    });
    return R"({"type":"object","properties":{)" + properties + R"(},"required":[)" + required +
           R"(],"additionalProperties":)" + std::string{more} + "}";
  }
};

}  // namespace troupe
