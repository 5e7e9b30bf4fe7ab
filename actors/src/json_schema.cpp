#include "json_schema.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <set>
#include <troupe/actors/errc.hpp>
#include <utility>
#include <vector>

#include "json_compare.hpp"
#include "pattern_match.hpp"

namespace troupe::actors {

namespace {

constexpr std::size_t schema_bytes_max = 256 << 10;
constexpr std::size_t schemas_max = 5'000;
constexpr std::size_t recursion_max = 64;
constexpr std::size_t steps_max = 200'000;
constexpr std::chrono::milliseconds time_max{250};

// What stands behind a keyword.
enum class form {
  schema,
  schema_map,
  schema_list,
  items,
  dependencies,
  number,
  positive,
  count,
  texts,
  flag,
  pattern,
  reference,
  type,
  list,
  dialect,
  id,
  any,
  refused
};

const std::map<std::string_view, form>& keywords() {
  static const std::map<std::string_view, form> all{{"not", form::schema},
                                                    {"if", form::schema},
                                                    {"then", form::schema},
                                                    {"else", form::schema},
                                                    {"additionalProperties", form::schema},
                                                    {"propertyNames", form::schema},
                                                    {"contains", form::schema},
                                                    {"additionalItems", form::schema},
                                                    {"items", form::items},
                                                    {"properties", form::schema_map},
                                                    {"patternProperties", form::schema_map},
                                                    {"dependentSchemas", form::schema_map},
                                                    {"$defs", form::schema_map},
                                                    {"definitions", form::schema_map},
                                                    {"dependencies", form::dependencies},
                                                    {"dependentRequired", form::dependencies},
                                                    {"allOf", form::schema_list},
                                                    {"anyOf", form::schema_list},
                                                    {"oneOf", form::schema_list},
                                                    {"prefixItems", form::schema_list},
                                                    {"minimum", form::number},
                                                    {"maximum", form::number},
                                                    {"exclusiveMinimum", form::number},
                                                    {"exclusiveMaximum", form::number},
                                                    {"multipleOf", form::positive},
                                                    {"minLength", form::count},
                                                    {"maxLength", form::count},
                                                    {"minItems", form::count},
                                                    {"maxItems", form::count},
                                                    {"minProperties", form::count},
                                                    {"maxProperties", form::count},
                                                    {"minContains", form::count},
                                                    {"maxContains", form::count},
                                                    {"required", form::texts},
                                                    {"uniqueItems", form::flag},
                                                    {"pattern", form::pattern},
                                                    {"$ref", form::reference},
                                                    {"type", form::type},
                                                    {"enum", form::list},
                                                    {"const", form::any},
                                                    {"$schema", form::dialect},
                                                    {"$id", form::id},
                                                    {"$dynamicRef", form::refused},
                                                    {"$recursiveRef", form::refused},
                                                    {"$anchor", form::refused},
                                                    {"$dynamicAnchor", form::refused},
                                                    {"unevaluatedProperties", form::refused},
                                                    {"unevaluatedItems", form::refused},
                                                    {"$vocabulary", form::refused}};
  return all;
}

constexpr std::array<std::string_view, 7> type_keywords{"null",   "boolean", "object", "array",
                                                        "number", "string",  "integer"};

std::string escaped(std::string_view key) {
  std::string out;
  for (const char c : key.substr(0, 100)) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

bool is_whole(const json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && value.get<double>() == std::trunc(value.get<double>());
}

bool is_of_type(const json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return is_whole(value);
  if (type == "number") return value.is_number();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "boolean") return value.is_boolean();
  return type == "null" && value.is_null();
}

std::string a(std::string_view type) {
  if (type == "null") return "null";
  const bool vowel = type == "integer" || type == "object" || type == "array";
  return (vowel ? "an " : "a ") + std::string{type};
}

std::string_view name_of_type(const json& value) {
  if (value.is_number_integer()) return "integer";
  return value.type_name();
}

}  // namespace

struct json_schema::pattern : pattern_match {
  using pattern_match::pattern_match;
};

// -- the schema itself ------------------------------------------------------------------------------------------------

class json_schema::walker {
 public:
  explicit walker(json_schema& of) : of_{of} {}

  // The document, and all that it refers to: that may be what no keyword leads to.
  std::optional<schema_problem> walk_all() {
    if (auto wrong = walk(of_.document_, "", 0)) return wrong;
    while (!targets_.empty()) {
      const auto [target, whence] = std::move(targets_.back());
      targets_.pop_back();
      if (auto wrong = walk(*target, whence, 1)) return wrong;
    }
    return {};
  }

 private:
  std::optional<schema_problem> walk(const json& schema, const std::string& where, std::size_t depth) {
    if (schema.is_boolean()) return {};
    if (!schema.is_object()) return problem(where, "a schema is an object, true or false");
    if (!seen_.insert(&schema).second) return {};
    if (++count_ > schemas_max) return problem(where, "more than " + std::to_string(schemas_max) + " schemas");
    if (depth > recursion_max) return problem(where, "schemas are nested too deep");
    for (const auto& [key, value] : schema.items()) {
      const auto known = keywords().find(key);
      if (known == keywords().end()) continue;  // an annotation
      if (auto wrong = look_at(known->second, key, value, where + "/" + escaped(key), depth)) return wrong;
    }
    return {};
  }

  static std::optional<schema_problem> problem(const std::string& where, std::string what) {
    return schema_problem{where, std::move(what)};
  }

  std::optional<schema_problem> look_at(form as, const std::string& key, const json& value, const std::string& where,
                                        std::size_t depth) {
    switch (as) {
      case form::any: return {};
      case form::refused: return problem(where, "`" + key + "` is not supported");
      case form::schema: return walk(value, where, depth + 1);
      case form::items:
        if (!value.is_array()) return walk(value, where, depth + 1);
        [[fallthrough]];
      case form::schema_list: return each_of_list(value, where, depth);
      case form::schema_map: return each_of_map(key, value, where, depth);
      case form::dependencies: return look_at_dependencies(value, where, depth);
      case form::number: return unless(value.is_number(), where, "a number is needed");
      case form::positive:
        return unless(value.is_number() && value.get<double>() > 0, where, "a number above 0 is needed");
      case form::count:
        return unless(is_whole(value) && value.get<double>() >= 0, where, "a number of things is needed");
      case form::flag: return unless(value.is_boolean(), where, "true or false is needed");
      case form::texts: return unless(is_texts(value), where, "a list of names is needed");
      case form::list: return unless(value.is_array(), where, "a list is needed");
      case form::type: return look_at_type(value, where);
      case form::pattern: return look_at_pattern(value, where);
      case form::reference: return look_at_reference(value, where);
      case form::dialect: return look_at_dialect(value, where);
      case form::id: return unless(depth == 0, where, "an `$id` inside of a schema is not supported");
    }
    return {};
  }

  static std::optional<schema_problem> unless(bool fine, const std::string& where, const char* what) {
    if (fine) return {};
    return problem(where, what);
  }
  static bool is_texts(const json& value) {
    return value.is_array() &&
           std::all_of(value.begin(), value.end(), [](const json& each) { return each.is_string(); });
  }

  std::optional<schema_problem> each_of_list(const json& list, const std::string& where, std::size_t depth) {
    if (!list.is_array()) return problem(where, "a list of schemas is needed");
    for (std::size_t i = 0; i < list.size(); ++i)
      if (auto wrong = walk(list[i], where + "/" + std::to_string(i), depth + 1)) return wrong;
    return {};
  }

  std::optional<schema_problem> each_of_map(const std::string& key, const json& map, const std::string& where,
                                            std::size_t depth) {
    if (!map.is_object()) return problem(where, "an object of schemas is needed");
    for (const auto& [name, schema] : map.items()) {
      const std::string there = where + "/" + escaped(name);
      if (key == "patternProperties")
        if (auto wrong = look_at_pattern(name, there)) return wrong;
      if (auto wrong = walk(schema, there, depth + 1)) return wrong;
    }
    return {};
  }

  std::optional<schema_problem> look_at_dependencies(const json& map, const std::string& where, std::size_t depth) {
    if (!map.is_object()) return problem(where, "an object is needed");
    for (const auto& [name, what] : map.items()) {
      if (is_texts(what)) continue;
      if (auto wrong = walk(what, where + "/" + escaped(name), depth + 1)) return wrong;
    }
    return {};
  }

  std::optional<schema_problem> look_at_type(const json& value, const std::string& where) {
    const auto known = [](const json& name) {
      return name.is_string() && std::find(type_keywords.begin(), type_keywords.end(),
                                           name.get_ref<const std::string&>()) != type_keywords.end();
    };
    const bool fine =
        value.is_array() ? !value.empty() && std::all_of(value.begin(), value.end(), known) : known(value);
    return unless(fine, where, "no such type");
  }

  std::optional<schema_problem> look_at_pattern(const json& value, const std::string& where) {
    if (!value.is_string()) return problem(where, "a pattern is a text");
    const auto& text = value.get_ref<const std::string&>();
    if (of_.patterns_.contains(text)) return {};
    auto made = std::make_shared<pattern>(text);
    if (!made->problem().empty()) return problem(where, made->problem());
    of_.patterns_.emplace(text, std::move(made));
    return {};
  }

  std::optional<schema_problem> look_at_reference(const json& value, const std::string& where) {
    const auto text = value.is_string() ? value.get<std::string>() : std::string{};
    if (text.empty() || text.front() != '#') return problem(where, "only references within the schema are followed");
    if (text.size() > 1 && text[1] != '/') return problem(where, "a reference is a JSON pointer: #/$defs/name");
    try {
      const auto& target = of_.document_.at(json::json_pointer{text.substr(1)});
      targets_.emplace_back(&target, where);
      return {};
    } catch (const json::exception&) {
      return problem(where, "it refers to nothing: " + seen(text));
    }
  }

  static std::optional<schema_problem> look_at_dialect(const json& value, const std::string& where) {
    const auto text = value.is_string() ? value.get<std::string>() : std::string{};
    for (const char* known :
         {"json-schema.org/draft/2020-12/schema", "json-schema.org/draft-07/schema", "json-schema.org/draft-06/schema"})
      if (text.find(known) != std::string::npos) return {};
    return problem(where, "the dialect `" + seen(text) + "` is not known: 2020-12, draft 7 and draft 6 are");
  }

  json_schema& of_;
  std::size_t count_ = 0;
  std::set<const json*> seen_;
  std::vector<std::pair<const json*, std::string>> targets_;  // of references, to be walked yet
};

result<json_schema> json_schema::compile(std::string_view text) {
  const auto bad = [](const std::string& why) { return error{agent_errc::bad_tool, "the JSON schema: " + why}; };
  if (text.size() > schema_bytes_max) return bad("it has more than " + std::to_string(schema_bytes_max) + " bytes");
  auto parsed = parse_json(text);
  if (!parsed) return bad(parsed.error().message());
  json_schema made;
  made.document_ = std::move(*parsed);
  if (const auto wrong = walker{made}.walk_all()) return bad(wrong->text());
  return made;
}

// -- values -----------------------------------------------------------------------------------------------------------

class json_schema::checker {
 public:
  explicit checker(const json_schema& of) : of_{of} {}
  using found = std::optional<schema_problem>;

  found check(const json& value, const json& schema, const std::string& where, std::size_t depth) {
    if (!spend(1) || depth > recursion_max) return out_of_steps(where);
    if (schema.is_boolean()) return schema.get<bool>() ? found{} : problem(where, "nothing is allowed here");
    if (!schema.is_object()) return problem(where, "the schema is none");  // by way of a reference
    if (const auto* ref = member(schema, "$ref"))
      if (auto wrong = check(value, target(ref->get<std::string>()), where, depth + 1)) return wrong;
    if (auto wrong = check_any(value, schema, where)) return wrong;
    found wrong;
    if (value.is_number()) wrong = check_number(value, schema, where);
    if (value.is_string()) wrong = check_string(value, schema, where);
    if (value.is_array()) wrong = check_array(value, schema, where, depth);
    if (value.is_object()) wrong = check_object(value, schema, where, depth);
    if (wrong) return wrong;
    return check_combined(value, schema, where, depth);
  }

 private:
  static found problem(const std::string& where, std::string what) { return schema_problem{where, std::move(what)}; }
  // Whether there are so many steps left, and nothing was given up.
  bool spend(std::size_t steps) noexcept {
    return (steps_ += steps) <= steps_max && !gave_up_ && std::chrono::steady_clock::now() <= until_;
  }
  found out_of_steps(const std::string& where) {
    gave_up_ = true;
    return problem(where, "checking it takes more than is allowed (" + std::to_string(steps_max) + " steps, " +
                              std::to_string(recursion_max) + " levels, " + std::to_string(time_max.count()) + " ms)");
  }
  const json& target(const std::string& reference) const {
    return of_.document_.at(json::json_pointer{reference.substr(1)});
  }
  bool fits(const json& value, const json& schema, const std::string& where, std::size_t depth) {
    return !check(value, schema, where, depth + 1);
  }

  found check_any(const json& value, const json& schema, const std::string& where) {
    if (const auto* type = member(schema, "type")) {
      const json list = type->is_array() ? *type : json::array({*type});
      std::string wanted;
      bool fine = false;
      for (const auto& each : list) {
        fine = fine || is_of_type(value, each.get_ref<const std::string&>());
        wanted += (wanted.empty() ? "" : " or ") + a(each.get_ref<const std::string&>());
      }
      if (!fine) return problem(where, "expected " + wanted + ", got " + a(name_of_type(value)));
    }
    if (const auto* list = member(schema, "enum")) {
      if (!spend(list->size())) return out_of_steps(where);
      if (std::none_of(list->begin(), list->end(), [&](const json& each) { return json_same(each, value); }))
        return problem(where, "expected one of " + seen(write_json(*list), 200));
    }
    if (const auto* only = member(schema, "const"); only && !json_same(*only, value))
      return problem(where, "expected " + seen(write_json(*only), 200));
    return {};
  }

  static found check_number(const json& value, const json& schema, const std::string& where) {
    const auto limit = [&](const char* name, auto fine, const char* words) -> found {
      const auto* bound = member(schema, name);
      if (!bound || fine(value, *bound)) return {};
      return problem(where, std::string{"expected "} + words + write_json(*bound));
    };
    if (auto wrong = limit(
            "minimum", [](auto& x, auto& m) { return !number_less(x, m); }, "at least "))
      return wrong;
    if (auto wrong = limit(
            "maximum", [](auto& x, auto& m) { return !number_less(m, x); }, "at most "))
      return wrong;
    if (auto wrong = limit(
            "exclusiveMinimum", [](auto& x, auto& m) { return number_less(m, x); }, "more than "))
      return wrong;
    if (auto wrong = limit(
            "exclusiveMaximum", [](auto& x, auto& m) { return number_less(x, m); }, "less than "))
      return wrong;
    return limit("multipleOf", is_multiple, "a multiple of ");
  }

  // `size` against two keywords.
  static found check_size(std::size_t size, const json& schema, const char* at_least, const char* at_most,
                          const char* unit, const std::string& where) {
    if (const auto* bound = member(schema, at_least); bound && size < as_count(*bound))
      return problem(where, "expected at least " + write_json(*bound) + unit + ", got " + std::to_string(size));
    if (const auto* bound = member(schema, at_most); bound && size > as_count(*bound))
      return problem(where, "expected at most " + write_json(*bound) + unit + ", got " + std::to_string(size));
    return {};
  }

  found check_string(const json& value, const json& schema, const std::string& where) {
    const auto& text = value.get_ref<const std::string&>();
    const auto letters = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    if (auto wrong = check_size(letters, schema, "minLength", "maxLength", " characters", where)) return wrong;
    if (const auto* wanted = member(schema, "pattern")) return check_pattern(wanted->get<std::string>(), text, where);
    return {};
  }

  found check_pattern(const std::string& wanted, const std::string& text, const std::string& where) {
    switch (of_.patterns_.find(wanted)->second->search(text)) {
      case pattern_match::outcome::found: return {};
      case pattern_match::outcome::not_found:
        return problem(where, "expected a text that matches " + seen(wanted, 200));
      case pattern_match::outcome::took_too_long: break;
    }
    gave_up_ = true;  // nobody knows whether it matches, so no `not` may take it for a no
    return problem(where, "matching it with " + seen(wanted, 200) + " takes more time than is allowed");
  }

  found check_array(const json& value, const json& schema, const std::string& where, std::size_t depth) {
    if (auto wrong = check_size(value.size(), schema, "minItems", "maxItems", " items", where)) return wrong;
    const auto* items = member(schema, "items");
    const auto* first = member(schema, "prefixItems");
    if (items && items->is_array()) {  // draft 7
      first = items;
      items = member(schema, "additionalItems");
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      const json* wanted = first && i < first->size() ? &(*first)[i] : items;
      if (!wanted) continue;
      if (auto wrong = check(value[i], *wanted, where + "/" + std::to_string(i), depth + 1)) return wrong;
    }
    if (const auto* unique = member(schema, "uniqueItems"); unique && unique->get<bool>()) {
      if (!spend(value.size() * static_cast<std::size_t>(std::bit_width(value.size())))) return out_of_steps(where);
      if (has_equals(value)) return problem(where, "expected items that differ");
    }
    const auto* contained = member(schema, "contains");
    if (!contained) return {};
    const auto* least = member(schema, "minContains");
    const auto* most = member(schema, "maxContains");
    std::size_t count = 0;
    for (const auto& each : value) count += fits(each, *contained, where, depth) ? 1 : 0;
    if (gave_up_) return out_of_steps(where);
    if (count < (least ? as_count(*least) : 1) || (most && count > as_count(*most)))
      return problem(where, "has " + std::to_string(count) + " items of the kind that it is to contain");
    return {};
  }

  static bool has_equals(const json& list) {
    std::vector<const json*> sorted;
    for (const auto& each : list) sorted.push_back(&each);
    std::sort(sorted.begin(), sorted.end(), [](const json* x, const json* y) { return json_less(*x, *y); });
    return std::adjacent_find(sorted.begin(), sorted.end(),
                              [](const json* x, const json* y) { return json_same(*x, *y); }) != sorted.end();
  }

  found check_object(const json& value, const json& schema, const std::string& where, std::size_t depth) {
    if (auto wrong = check_size(value.size(), schema, "minProperties", "maxProperties", " properties", where))
      return wrong;
    if (const auto* names = member(schema, "required"))
      for (const auto& name : *names)
        if (!value.contains(name.get_ref<const std::string&>()))
          return problem(where, "`" + seen(name.get<std::string>()) + "` is missing");
    const auto* properties = member(schema, "properties");
    const auto* by_pattern = member(schema, "patternProperties");
    const auto* others = member(schema, "additionalProperties");
    const auto* names = member(schema, "propertyNames");
    for (const auto& [key, each] : value.items()) {
      const std::string there = where + "/" + escaped(key);
      bool known = false;
      if (const auto* wanted = properties ? member(*properties, key) : nullptr) {
        known = true;
        if (auto wrong = check(each, *wanted, there, depth + 1)) return wrong;
      }
      if (by_pattern)
        for (const auto& [text, wanted] : by_pattern->items()) {
          if (!spend(1)) return out_of_steps(where);
          const auto matched = of_.patterns_.find(text)->second->search(key);
          if (matched == pattern_match::outcome::took_too_long) return check_pattern(text, key, there);
          if (matched == pattern_match::outcome::not_found) continue;
          known = true;
          if (auto wrong = check(each, wanted, there, depth + 1)) return wrong;
        }
      if (!known && others) {
        if (others->is_boolean() && !others->get<bool>()) return problem(there, "there is no such property");
        if (auto wrong = check(each, *others, there, depth + 1)) return wrong;
      }
      if (names)
        if (auto wrong = check(json(key), *names, there, depth + 1)) return wrong;
    }
    return check_dependencies(value, schema, where, depth);
  }

  found check_dependencies(const json& value, const json& schema, const std::string& where, std::size_t depth) {
    for (const char* keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
      const auto* all = member(schema, keyword);
      if (!all) continue;
      for (const auto& [key, what] : all->items()) {
        if (!value.contains(key)) continue;
        if (!what.is_array()) {
          if (auto wrong = check(value, what, where, depth + 1)) return wrong;
          continue;
        }
        for (const auto& name : what)
          if (!value.contains(name.get_ref<const std::string&>()))
            return problem(where, "with `" + seen(key) + "`, `" + seen(name.get<std::string>()) + "` is needed");
      }
    }
    return {};
  }

  found check_combined(const json& value, const json& schema, const std::string& where, std::size_t depth) {
    if (const auto* all = member(schema, "allOf"))
      for (const auto& each : *all)
        if (auto wrong = check(value, each, where, depth + 1)) return wrong;
    if (const auto* any = member(schema, "anyOf")) {
      found last;
      bool fine = false;
      for (const auto& each : *any)
        if (!fine) fine = !(last = check(value, each, where, depth + 1));
      if (!fine)
        return problem(where, "fits none of " + std::to_string(any->size()) + " forms" +
                                  (last ? "; of the last, " + last->text() : ""));
    }
    if (const auto* one = member(schema, "oneOf")) {
      std::size_t count = 0;
      for (const auto& each : *one) count += fits(value, each, where, depth) ? 1 : 0;
      if (count != 1)
        return problem(where, "fits " + std::to_string(count) + " of " + std::to_string(one->size()) +
                                  " forms, of which it is to fit one");
    }
    if (const auto* no = member(schema, "not"); no && fits(value, *no, where, depth))
      return problem(where, "it is of a form that is excluded");
    if (const auto* condition = member(schema, "if")) {
      const auto* then = member(schema, fits(value, *condition, where, depth) ? "then" : "else");
      if (then)
        if (auto wrong = check(value, *then, where, depth + 1)) return wrong;
    }
    if (gave_up_) return out_of_steps(where);  // what does not fit may have been left unlooked at
    return {};
  }

  const json_schema& of_;
  const std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::now() + time_max;
  std::size_t steps_ = 0;
  bool gave_up_ = false;
};

std::optional<schema_problem> json_schema::check(const json& value) const {
  return checker{*this}.check(value, document_, "", 0);
}

}  // namespace troupe::actors
