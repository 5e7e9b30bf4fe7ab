#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>

#include "json_text.hpp"

namespace troupe::actors {

// What is wrong with a value, and where: a JSON pointer (RFC 6901), empty for the whole.
struct schema_problem {
  std::string where;
  std::string what;  // "expected a string, got a number"
  std::string text() const { return (where.empty() ? "the whole" : where) + ": " + what; }
};

// A JSON Schema of the dialect 2020-12, or of draft 7 and 6 as far as it means the same; immutable after `compile`, any
// thread. `format` and what else is an annotation is not checked. What it could not check it refuses: `$ref` to
// anywhere but the document itself, `$dynamicRef`, `$anchor`, `unevaluatedProperties`, `unevaluatedItems`, an `$id`
// inside, other dialects. Patterns are ICU's, which know what those of ECMA 262 know.
//
// Schemas and values come from anybody. Limits: 256 KiB, 5,000 schemas in each other, 64 levels of recursion; 200,000
// steps and 250 ms for one value; a pattern has 2,048 characters and some 50 ms. What takes more does not fit.
class json_schema {
 public:
  // Fails with bad_tool, and says where in the schema.
  static result<json_schema> compile(std::string_view text);

  // The first problem that is found; nothing: it fits.
  std::optional<schema_problem> check(const json& value) const;

  const json& document() const noexcept { return document_; }

 private:
  struct pattern;
  class walker;
  class checker;

  json document_;
  std::map<std::string, std::shared_ptr<const pattern>, std::less<>> patterns_;  // shared by copies
};

}  // namespace troupe::actors
