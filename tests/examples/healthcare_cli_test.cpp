#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/process.hpp"

// The program as its user meets it.

namespace {

struct ended {
  int code;
  std::string text;
};
ended healthcare(std::vector<std::string> arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), TROUPE_HEALTHCARE_PROGRAM);
  support::process program{arguments, input};
  const int code = program.wait();
  return {code, program.text()};
}
bool has(const ended& what, const std::string& text) { return what.text.find(text) != std::string::npos; }

const std::string folder = TROUPE_HEALTHCARE_DATA;

}  // namespace

BOOST_AUTO_TEST_SUITE(healthcare_cli_test)

BOOST_AUTO_TEST_CASE(without_arguments_it_shows_what_it_found_in_the_data_that_ships_with_it) {
  const auto out = healthcare({});
  BOOST_TEST(out.code == 0, out.text);
  BOOST_TEST(has(out, "ward-01"), out.text);
}

BOOST_AUTO_TEST_CASE(json_of_a_stream_on_standard_input_parses) {
  std::ifstream file{folder + "/vitals.ndjson"};
  const std::string stream{std::istreambuf_iterator<char>{file}, {}};
  const auto out = healthcare({"--bundles", folder, "--vitals", "-", "-o", "json", "--threads", "2"}, stream);
  BOOST_TEST_REQUIRE(out.code == 0, out.text);
  const auto parsed = nlohmann::json::parse(out.text, nullptr, false);
  BOOST_TEST_REQUIRE(parsed.is_object(), out.text);
  BOOST_TEST(parsed.at("patients").size() == 6u);
  BOOST_TEST(parsed.at("run").at("problems").get<int>() == 0);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_named) {
  const auto out = healthcare({"--bundles", "/no/such/folder"});
  BOOST_TEST(out.code == 64);
  BOOST_TEST(has(out, "healthcare: --bundles /no/such/folder is not a folder"), out.text);
}

BOOST_AUTO_TEST_CASE(a_stream_that_cannot_be_read_is_named) {
  const auto out = healthcare({"--vitals", "/no/such/file"});
  BOOST_TEST(out.code == 64);
  BOOST_TEST(has(out, "/no/such/file"), out.text);
}

BOOST_AUTO_TEST_CASE(an_unknown_flag_is_named) {
  const auto out = healthcare({"--frobnicate"});
  BOOST_TEST(out.code == 64);
  BOOST_TEST(has(out, "--frobnicate"), out.text);
  BOOST_TEST(has(out, "Try healthcare --help."), out.text);
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_allowed_is_named) {
  for (const auto& [flag, value] : {std::pair{"--output", "xml"},
                                    {"--threads", "many"},
                                    {"--threads", "-1"},
                                    {"--chaos", "-3"},
                                    {"--log-level", "loud"}}) {
    const auto out = healthcare({flag, value});
    BOOST_TEST(out.code == 64, flag << " " << value << ": " << out.text);
    BOOST_TEST(has(out, flag), out.text);
  }
}

BOOST_AUTO_TEST_CASE(help_is_no_error) {
  const auto out = healthcare({"--help"});
  BOOST_TEST(out.code == 0);
  BOOST_TEST(has(out, "--chaos"), out.text);
}

BOOST_AUTO_TEST_SUITE_END()
