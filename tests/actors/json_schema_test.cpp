#include "json_schema.hpp"

#include <boost/test/unit_test.hpp>
#include <troupe/actors/errc.hpp>

// JSON schemas: what they accept, what they say, what they refuse to be.

using namespace troupe;
using actors::json_schema;

namespace {

// "" if the value fits, else the first problem.
std::string check(const std::string& schema, const std::string& value) {
  const auto made = json_schema::compile(schema);
  if (!made) return made.error().describe();
  const auto wrong = made->check(actors::parse_json(value).value());
  return wrong ? wrong->text() : "";
}
std::string wrong_with(const std::string& schema) {
  const auto made = json_schema::compile(schema);
  return made ? "" : made.error().message();
}

struct row {
  const char *schema, *fits, *does_not, *says;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(json_schema_test)

BOOST_AUTO_TEST_CASE(each_keyword_accepts_what_it_means_and_says_what_it_expected) {
  const row rows[] = {
      {R"({"type":"string"})", R"("a")", "1", "the whole: expected a string, got an integer"},
      {R"({"type":"integer"})", "5.0", "5.5", "expected an integer, got a number"},
      {R"({"type":["integer","null"]})", "null", "\"x\"", "expected an integer or null, got a string"},
      {R"({"enum":["a",1,null]})", "1", "2", R"(expected one of ["a",1,null])"},
      {R"({"const":{"a":[1]}})", R"({"a":[1]})", R"({"a":[2]})", R"(expected {"a":[1]})"},
      {R"({"minimum":3})", "3", "2", "expected at least 3"},
      {R"({"maximum":3})", "3", "3.5", "expected at most 3"},
      {R"({"exclusiveMinimum":3})", "4", "3", "expected more than 3"},
      {R"({"exclusiveMaximum":3})", "2", "3", "expected less than 3"},
      {R"({"multipleOf":0.1})", "0.3", "0.35", "expected a multiple of 0.1"},
      {R"({"multipleOf":7})", "-14", "15", "expected a multiple of 7"},
      {R"({"multipleOf":1})", "5.0", "5.0000000001", "expected a multiple of 1"},
      {R"({"multipleOf":0.01})", "123456789.12", "5000000.005", "expected a multiple of 0.01"},
      {R"({"minLength":2})", "\"öö\"", "\"ö\"", "expected at least 2 characters, got 1"},
      {R"({"maxLength":2})", "\"öö\"", "\"ööö\"", "expected at most 2 characters, got 3"},
      {R"({"pattern":"^a+$"})", "\"aa\"", "\"ab\"", "expected a text that matches ^a+$"},
      {R"({"pattern":"^(?!\\.)[a-z.]+@"})", "\"a.b@\"", "\".b@\"", "expected a text that matches"},
      {R"({"items":{"type":"integer"}})", "[1,2]", R"([1,"a"])", "/1: expected an integer, got a string"},
      {R"({"prefixItems":[{"type":"null"}],"items":false})", "[null]", "[null,1]", "/1: nothing is allowed here"},
      {R"({"items":[{"type":"null"}],"additionalItems":{"type":"string"}})", R"([null,"a"])", "[null,1]",
       "/1: expected"},
      {R"({"minItems":1})", "[1]", "[]", "expected at least 1 items, got 0"},
      {R"({"uniqueItems":true})", "[1,2,\"1\"]", "[1,2,1.0]", "expected items that differ"},
      {R"({"contains":{"const":1},"maxContains":2})", "[1,1,2]", "[1,1,1]", "has 3 items of the kind"},
      {R"({"contains":{"const":1}})", "[2,1]", "[2]", "has 0 items of the kind"},
      {R"({"properties":{"a/b":{"type":"string"}}})", R"({"a/b":"x"})", R"({"a/b":1})", "/a~1b: expected a string"},
      {R"({"required":["a"]})", R"({"a":1})", R"({"b":1})", "the whole: `a` is missing"},
      {R"({"properties":{"a":true},"additionalProperties":false})", R"({"a":1})", R"({"b":1})",
       "/b: there is no such property"},
      {R"({"patternProperties":{"^x":{"type":"null"}},"additionalProperties":{"type":"integer"}})",
       R"({"xa":null,"y":1})", R"({"xa":1})", "/xa: expected null"},
      {R"({"propertyNames":{"maxLength":1}})", R"({"a":1})", R"({"ab":1})", "/ab: expected at most 1 characters"},
      {R"({"minProperties":1,"maxProperties":1})", R"({"a":1})", R"({})", "expected at least 1 properties"},
      {R"({"dependentRequired":{"a":["b"]}})", R"({"b":1})", R"({"a":1})", "with `a`, `b` is needed"},
      {R"({"dependencies":{"a":{"required":["c"]}}})", R"({"a":1,"c":1})", R"({"a":1})", "`c` is missing"},
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "2", "3", "expected at most 2"},
      {R"({"anyOf":[{"type":"null"},{"minimum":5}]})", "null", "3",
       "fits none of 2 forms; of the last, the whole: expected at least 5"},
      {R"({"oneOf":[{"minimum":1},{"minimum":5}]})", "2", "6", "fits 2 of 2 forms"},
      {R"({"not":{"type":"string"}})", "1", "\"a\"", "it is of a form that is excluded"},
      {R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"maximum":5}})", "20", "7", "expected at most 5"},
      {R"({"$defs":{"n":{"type":"integer"}},"items":{"$ref":"#/$defs/n"}})", "[1]", "[\"a\"]",
       "/0: expected an integer"},
      {R"({"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}}})", R"({"next":{"v":1}})",
       R"({"next":{"next":{"v":"x"}}})", "/next/next/v: expected an integer"},
      {"true", "1", "", ""},
      {"false", "", "1", "nothing is allowed here"}};
  for (const auto& each : rows) {
    BOOST_TEST_CONTEXT(each.schema) {
      if (*each.fits) BOOST_TEST(check(each.schema, each.fits) == "");
      if (*each.does_not) {
        const auto said = check(each.schema, each.does_not);
        BOOST_TEST(said.find(each.says) != std::string::npos, "it says: " << said);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_keyword_is_about_values_of_its_type_alone) {
  for (const char* schema : {R"({"minimum":5})", R"({"minLength":5})", R"({"minItems":5})", R"({"minProperties":5})",
                             R"({"pattern":"x"})", R"({"required":["x"]})"})
    BOOST_TEST(check(schema, "true") == "", schema);
}

BOOST_AUTO_TEST_CASE(annotations_and_words_that_nobody_knows_are_passed_over) {
  BOOST_TEST(
      check(
          R"({"title":"t","format":"email","x-mcp-header":"X","default":3,"examples":[1],"made-up":{"type":"nonsense"}})",
          "1") == "");
  BOOST_TEST(wrong_with(R"({"$schema":"http://json-schema.org/draft-07/schema#"})") == "");
  BOOST_TEST(wrong_with(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:x"})") == "");
}

BOOST_AUTO_TEST_CASE(a_schema_that_cannot_be_checked_is_refused_and_says_where) {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "an object, true or false"},
      {"nonsense", "no JSON"},
      {R"({"type":"strnig"})", "/type: no such type"},
      {R"({"type":[]})", "/type: no such type"},
      {R"({"properties":{"a":{"minimum":"1"}}})", "/properties/a/minimum: a number is needed"},
      {R"({"multipleOf":0})", "/multipleOf: a number above 0"},
      {R"({"minLength":-1})", "/minLength: a number of things"},
      {R"({"required":"a"})", "/required: a list of names"},
      {R"({"enum":1})", "/enum: a list"},
      {R"({"anyOf":{}})", "/anyOf: a list of schemas"},
      {R"({"properties":[]})", "/properties: an object of schemas"},
      {R"({"pattern":"("})", "/pattern: no regular expression"},
      {R"({"patternProperties":{"[":true}})", "/patternProperties/[: no regular expression"},
      {R"({"$ref":"https://example.com/s"})", "/$ref: only references within the schema"},
      {R"({"$ref":"#name"})", "/$ref: a reference is a JSON pointer"},
      {R"({"$ref":"#/$defs/none"})", "/$ref: it refers to nothing"},
      {R"({"$defs":{"a":3},"$ref":"#/$defs/a"})", "a schema is an object"},
      {R"({"unevaluatedProperties":false})", "`unevaluatedProperties` is not supported"},
      {R"({"$dynamicRef":"#a"})", "`$dynamicRef` is not supported"},
      {R"({"items":{"$anchor":"a"}})", "/items/$anchor: `$anchor` is not supported"},
      {R"({"items":{"$id":"x"}})", "/items/$id: an `$id` inside"},
      {R"({"$schema":"http://json-schema.org/draft-03/schema#"})", "the dialect"},
      {R"({"exclusiveMinimum":true})", "a number is needed"}};
  for (const auto& [schema, words] : rows) {
    const auto said = wrong_with(schema);
    BOOST_TEST(said.find(words) != std::string::npos, schema << " says: " << said);
  }
  BOOST_TEST(json_schema::compile("[]").error().is(agent_errc::bad_tool));
}

BOOST_AUTO_TEST_CASE(what_a_reference_leads_to_is_looked_at_wherever_it_stands) {
  for (const char* where : {"x-other", "default", "const", "enum", "examples"})
    for (const char* bad : {R"({"pattern":"("})", R"({"type":7})", R"({"required":[1]})", R"({"$ref":5})",
                            R"({"minLength":"x"})", R"({"$ref":"#/nowhere"})", R"({"properties":3})"}) {
      const auto schema = std::string{R"({"$ref":"#/)"} + where + R"(/0",")" + where + R"(":[)" + bad + "]}";
      BOOST_TEST(wrong_with(schema) != "", schema);
    }
  BOOST_TEST(check(R"({"$ref":"#/x-other","x-other":{"pattern":"^a"}})", R"("b")").find("matches ^a") !=
             std::string::npos);
  // A schema that knows itself, and a long chain.
  BOOST_TEST(wrong_with(R"({"properties":{"a":{"$ref":"#/properties/b"},"b":{"$ref":"#/properties/a"}}})") == "");
  std::string chain = R"({"$defs":{"d0":{})";
  for (int i = 1; i <= 100; ++i)
    chain += R"(,"d)" + std::to_string(i) + R"(":{"items":{"$ref":"#/$defs/d)" + std::to_string(i - 1) + R"("}})";
  BOOST_TEST(wrong_with(chain + R"(},"$ref":"#/$defs/d100"})") == "");
}

BOOST_AUTO_TEST_CASE(numbers_are_compared_by_what_they_are_at_the_ends_of_their_ranges) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"maximum":-1})", "9223372036854775808"},
      {R"({"exclusiveMaximum":0})", "18446744073709551615"},
      {R"({"minimum":9223372036854775808})", "-1"},
      {R"({"const":-1})", "18446744073709551615"},
      {R"({"const":{"a":[-1]}})", R"({"a":[18446744073709551615]})"},
      {R"({"enum":[-1]})", "18446744073709551615"},
      {R"({"multipleOf":18446744073709551615})", "-9223372036854775808"},
      {R"({"const":9007199254740993})", "9007199254740992.0"},
      {R"({"minLength":1e300})", R"("a")"},
      {R"({"minItems":18446744073709551615})", "[1]"}};
  for (const auto& [schema, value] : wrong) BOOST_TEST(check(schema, value) != "", schema << " takes " << value);
  const std::pair<const char*, const char*> right[] = {
      {R"({"multipleOf":1})", "-9223372036854775808"},
      {R"({"multipleOf":18446744073709551615})", "18446744073709551615"},
      {R"({"multipleOf":1e-300})", "1e300"},
      {R"({"maxLength":1e300})", R"("a")"},
      {R"({"const":1})", "1.0"},
      {R"({"minimum":-1})", "18446744073709551615"},
      {R"({"uniqueItems":true})", "[-1,18446744073709551615,1.5,9223372036854775808,0,-9223372036854775808]"}};
  for (const auto& [schema, value] : right) BOOST_TEST(check(schema, value) == "", schema);
  BOOST_TEST(check(R"({"uniqueItems":true})", "[18446744073709551615,-1,5,1.0,-1]") != "");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_pattern_is_the_end_of_the_text) {
  const row rows[] = {{R"({"pattern":"^a$"})", R"("a")", R"("a\n")", "matches"},
                      {R"({"pattern":"^[$]$"})", R"("$")", R"("\\z")", "matches"},
                      {R"({"pattern":"^\\$$"})", R"("$")", R"("$\n")", "matches"},
                      {R"({"pattern":"^[^\\]$]$|^b$"})", R"("b")", R"("$")", "matches"},
                      {R"({"pattern":"^\\Qa$\\E$"})", R"("a$")", R"("a")", "matches"}};
  for (const auto& each : rows) {
    BOOST_TEST(check(each.schema, each.fits) == "", each.schema);
    BOOST_TEST(check(each.schema, each.does_not).find(each.says) != std::string::npos, each.schema);
  }
}

BOOST_AUTO_TEST_CASE(a_key_with_a_nul_in_it_is_that_key_and_no_shorter_one) {
  BOOST_TEST(check(R"({"properties":{"a":true},"additionalProperties":false})", R"({"a\u0000b":1})") != "");
}

BOOST_AUTO_TEST_CASE(what_takes_too_long_fits_nothing) {
  const std::string text = '"' + std::string(5'000, 'a') + "b\"";
  const std::string slow = R"({"pattern":"^(a|aa|aaa)+$"})";
  for (const auto& schema : {R"({"not":)" + slow + "}", R"({"if":)" + slow + R"(,"then":false})",
                             R"({"oneOf":[true,)" + slow + "]}", R"({"not":{"not":)" + slow + "}}"})
    BOOST_TEST(check(schema, text) != "", schema);
  BOOST_TEST(check(R"({"not":{"patternProperties":{"^(a|aa|aaa)+$":false}}})", "{" + text + ":1}") != "");
  std::string many = "[0";
  for (int i = 1; i < 20'000; ++i) many += "," + std::to_string(i);
  BOOST_TEST(check(R"({"uniqueItems":true})", many + "]").find("takes more than is allowed") != std::string::npos);
  BOOST_TEST(check(R"({"items":{"enum":)" + many + R"(]}})", many + "]").find("takes more than is allowed") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(hostile_schemas_and_values_end_in_time) {
  // It refers to itself without end.
  BOOST_TEST(check(R"({"$ref":"#"})", "1").find("takes more than is allowed") != std::string::npos);
  BOOST_TEST(check(R"({"not":{"$ref":"#"}})", "1").find("takes more than is allowed") != std::string::npos);
  // Twice as many steps with each level.
  std::string doubling = R"({"$defs":{"d0":{"type":"integer"})";
  for (int i = 1; i <= 40; ++i) {
    const auto below = R"({"$ref":"#/$defs/d)" + std::to_string(i - 1) + R"("})";
    doubling += R"(,"d)" + std::to_string(i) + R"(":{"allOf":[)" + below + "," + below + "]}";
  }
  doubling += R"(},"$ref":"#/$defs/d30"})";
  BOOST_TEST(check(doubling, "1").find("takes more than is allowed") != std::string::npos);
  // A pattern that tries everything.
  BOOST_TEST(check(R"({"pattern":"^(a|aa|aaa)+$"})", '"' + std::string(5'000, 'a') + "b\"").find("takes more time") !=
             std::string::npos);
  BOOST_TEST(check(R"({"pattern":")" + std::string(3'000, 'a') + R"("})", "1").find("2048 characters") !=
             std::string::npos);
  // Many patterns that are slow, but not too slow, for each of many keys.
  std::string patterns, keys;
  for (int i = 0; i < 1'000; ++i) {
    patterns += (i == 0 ? "\"^(a+)+b" : ",\"^(a+)+b") + std::to_string(i) + "\":true";
    keys += (i == 0 ? "\"" : ",\"") + std::string(14, 'a') + "c" + std::to_string(i) + "\":1";
  }
  const auto began = std::chrono::steady_clock::now();
  BOOST_TEST(
      check(R"({"patternProperties":{)" + patterns + "}}", "{" + keys + "}").find("takes more than is allowed") !=
      std::string::npos);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds{20}));
  // Depth, size.
  std::string deep = "true";
  for (int i = 0; i < 70; ++i) deep = R"({"not":)" + deep + "}";
  BOOST_TEST(wrong_with(deep).find("levels") != std::string::npos);
  BOOST_TEST(wrong_with(R"({"description":")" + std::string(300'000, 'x') + R"("})").find("bytes") !=
             std::string::npos);
  std::string many = R"({"anyOf":[true)";
  for (int i = 0; i < 6'000; ++i) many += ",{}";
  BOOST_TEST(wrong_with(many + "]}").find("more than 5000 schemas") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
