#include "mcp_messages.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <troupe/actors/errc.hpp>

#include "core/seeded.hpp"

// What is cut out of the streams of an MCP server.

using namespace troupe;
using namespace troupe::actors;

namespace {

using list = std::vector<std::string>;

template <class Reader>
list read(Reader reader, const list& pieces, bool fine = true) {
  list all;
  bool went_well = true;
  for (const auto& each : pieces)
    went_well = went_well && reader.take(each, [&](std::string_view text) { all.emplace_back(text); });
  BOOST_TEST(went_well == fine);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mcp_messages_test)

BOOST_AUTO_TEST_CASE(lines_come_whole_however_they_are_cut) {
  BOOST_TEST(read(line_reader{10}, {"ab", "c\nde\r\n", "\n\nf", "\n", "g"}) == (list{"abc", "de", "f"}));
  BOOST_TEST(read(line_reader{3}, {"abc\nd"}) == list{"abc"});
  BOOST_TEST(read(line_reader{3}, {"ab\nabcd\n"}, false) == list{"ab"});
  BOOST_TEST(read(line_reader{3}, {"ab", "cd"}, false) == list{});
}

BOOST_AUTO_TEST_CASE(events_are_the_data_of_messages) {
  BOOST_TEST(read(event_reader{100}, {"data: a\n\n", ": a comment\n\n", "event: message\ndata:b\nid: 7\n\n"}) ==
             (list{"a", "b"}));
  BOOST_TEST(read(event_reader{100}, {"data: a\ndata: b\n\n"}) == list{"a\nb"});
  BOOST_TEST(read(event_reader{100}, {"event: ping\ndata: a\n\ndata: b\n\n"}) == list{"b"});
  BOOST_TEST(read(event_reader{100}, {"id: 1\ndata:\n\nretry: 5\n\n"}) == list{});
  BOOST_TEST(read(event_reader{100}, {"data: a\r", "\n\r", "\ndata: b\r\rdata: c\n\n"}) == (list{"a", "b", "c"}));
  BOOST_TEST(read(event_reader{5}, {"data: 123456789\n\n"}, false) == list{});
  BOOST_TEST(read(event_reader{20}, {"data: 12345\ndata: 12345\ndata: 12345\ndata: 12345\n\n"}, false) == list{});
}

BOOST_AUTO_TEST_CASE(any_cut_gives_the_same_events) {
  const auto seed = troupe::test::seeded{}.seed();
  std::mt19937_64 random{seed};
  const std::string stream = "data: one\r\n\r\nevent: message\ndata: {\"a\":\ndata: 1}\n\n: x\r\rdata: last\r\r";
  for (int round = 0; round < 300; ++round) {
    list pieces;
    for (std::size_t at = 0; at < stream.size();) {
      const auto size = 1 + random() % 7;
      pieces.push_back(stream.substr(at, size));
      at += size;
    }
    BOOST_TEST_REQUIRE(read(event_reader{100}, pieces) == (list{"one", "{\"a\":\n1}", "last"}), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(messages_are_told_apart) {
  using kind = rpc_message::kind;
  const auto one = [](const char* text) { return parse_messages(text).value().front(); };
  const auto answer = one(R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})");
  BOOST_TEST((answer.what == kind::answer));
  BOOST_TEST(answer.id.value() == 7u);
  const auto failed = one(R"({"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"no","data":[1]}})");
  BOOST_TEST((failed.what == kind::failure));
  BOOST_TEST(!failed.id);
  BOOST_TEST(failed.code == -32601);
  BOOST_TEST((one(R"({"jsonrpc":"2.0","method":"m"})").what == kind::notification));
  BOOST_TEST((one(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{}})").what == kind::request));
  BOOST_TEST(parse_messages(R"([{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}])").value().size() == 2u);
  for (const char* bad :
       {"", "x", "1", "{}", R"({"jsonrpc":"1.0","method":"m"})", R"({"jsonrpc":"2.0"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","method":5})", "[[]]", R"({"jsonrpc":"2.0","id":1,"error":"no"})",
        R"({"jsonrpc":"2.0","id":1,"error":{"code":"x"}})", R"({"jsonrpc":"2.0","result":{}})"})
    BOOST_TEST(parse_messages(bad).error().is(agent_errc::bad_tool_reply), bad);
  BOOST_TEST(!one(R"({"jsonrpc":"2.0","id":-1,"result":1})").id);
  BOOST_TEST(!one(R"({"jsonrpc":"2.0","id":1.5,"result":1})").id);
}

BOOST_AUTO_TEST_CASE(parameters_become_headers_as_the_protocol_says) {
  const auto schema = parse_json(R"({"type":"object","properties":{
      "region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"integer","x-mcp-header":"N"},
      "deep":{"type":"object","properties":{"yes":{"type":"boolean","x-mcp-header":"Yes"}}},"other":{"type":"string"}}})")
                          .value();
  const auto which = mirrored_parameters(schema).value();
  BOOST_TEST(which.size() == 3u);
  const auto headers =
      mirror(which, parse_json(R"({"region":"us-west1","n":-7,"deep":{"yes":true},"other":"x"})").value());
  const net::http_headers wanted{{"Mcp-Param-Yes", "true"}, {"Mcp-Param-N", "-7"}, {"Mcp-Param-Region", "us-west1"}};
  BOOST_TEST((headers == wanted));
  BOOST_TEST(mirror(which, parse_json(R"({"region":null,"n":9007199254740993})").value()).empty());
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_no_codes_and_no_headers) {
  for (const char* code : {"1e300", "-1e300", "18446744073709551615"})
    BOOST_TEST(!parse_messages(std::string{R"({"jsonrpc":"2.0","id":1,"error":{"code":)"} + code + "}}").has_value());
  const std::vector<mirrored_parameter> which{{"Mcp-Param-A", {"a"}}};
  for (const char* value : {"18446744073709551615", "-9223372036854775808", "9007199254740992"})
    BOOST_TEST(mirror(which, parse_json(std::string{R"({"a":)"} + value + "}").value()).empty(), value);
  BOOST_TEST(mirror(which, json{{"a", -9007199254740991}}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(values_that_are_no_plain_ascii_are_encoded) {
  BOOST_TEST(header_value("us-west1") == "us-west1");
  BOOST_TEST(header_value("Hello, \xe4\xb8\x96\xe7\x95\x8c") == "=?base64?SGVsbG8sIOS4lueVjA==?=");
  BOOST_TEST(header_value(" padded ") == "=?base64?IHBhZGRlZCA=?=");
  BOOST_TEST(header_value("line1\nline2") == "=?base64?bGluZTEKbGluZTI=?=");
  BOOST_TEST(header_value("=?base64?literal?=") == "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
  BOOST_TEST(header_value("") == std::string{"=?base64?"} + "?=");
}

BOOST_AUTO_TEST_CASE(annotations_that_cannot_be_are_refused) {
  const auto refused = [](const std::string& property) {
    const auto schema = parse_json(R"({"properties":{)" + property + "}}").value();
    return !mirrored_parameters(schema).has_value();
  };
  BOOST_TEST(!refused(R"("a":{"type":"string","x-mcp-header":"A"})"));
  BOOST_TEST(refused(R"("a":{"type":"string","x-mcp-header":""})"));
  BOOST_TEST(refused(R"("a":{"type":"string","x-mcp-header":"A\r\nB"})"));
  BOOST_TEST(refused(R"("a":{"type":"string","x-mcp-header":7})"));
  BOOST_TEST(refused(R"("a":{"type":"number","x-mcp-header":"A"})"));
  BOOST_TEST(refused(R"("a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"})"));
  BOOST_TEST(refused(R"("a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}})"));
  BOOST_TEST(refused(R"("a":{"anyOf":[{"type":"string","x-mcp-header":"A"}]})"));
}

BOOST_AUTO_TEST_SUITE_END()
