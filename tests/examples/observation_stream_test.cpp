#include "healthcare/observation_stream.hpp"

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>

#include "examples/fhir_text.hpp"

using namespace healthcare;
using namespace fhir_text;

namespace {

const std::string good = observation_text("8867-4", quantity_text("88", "/min"));

}  // namespace

BOOST_AUTO_TEST_SUITE(observation_stream_test)

BOOST_AUTO_TEST_CASE(each_line_comes_with_its_number_and_blank_lines_are_passed_over) {
  std::istringstream in{good + "\n\n  \t\r\nnonsense\r\n" + good + "\r\n" + good};
  observation_stream stream{in};
  std::vector<std::pair<std::size_t, bool>> seen;
  while (const auto line = stream.next()) seen.emplace_back(line->number, line->value.has_value());
  const std::vector<std::pair<std::size_t, bool>> wanted{{1, true}, {4, false}, {5, true}, {6, true}};
  BOOST_TEST((seen == wanted));
  BOOST_TEST(!stream.next());
}

BOOST_AUTO_TEST_CASE(a_line_beyond_the_limit_is_one_error_and_the_next_is_read) {
  for (const std::size_t size : {ndjson_line_bytes_max + 1, ndjson_line_bytes_max + 2, 10 * ndjson_line_bytes_max}) {
    std::istringstream in{std::string(size, 'x') + "\n" + good + "\n"};
    observation_stream stream{in};
    const auto first = stream.next();
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST(first->value.error().is(errc::too_large));
    const auto second = stream.next();
    BOOST_TEST_REQUIRE(second.has_value());
    BOOST_TEST(second->number == 2u);
    BOOST_TEST(second->value.has_value());
    BOOST_TEST(!stream.next());
  }
}

BOOST_AUTO_TEST_CASE(a_line_of_just_the_limit_is_read) {
  std::istringstream in{good + std::string(ndjson_line_bytes_max - good.size(), ' ') + "\n" + good};
  observation_stream stream{in};
  BOOST_TEST(stream.next()->value.has_value());
  BOOST_TEST(stream.next()->value.has_value());
  BOOST_TEST(!stream.next());
}

BOOST_AUTO_TEST_CASE(a_last_line_beyond_the_limit_without_an_end_is_an_error) {
  std::istringstream in{std::string(3 * ndjson_line_bytes_max, 'x')};
  observation_stream stream{in};
  BOOST_TEST(stream.next()->value.error().is(errc::too_large));
  BOOST_TEST(!stream.next());
}

BOOST_AUTO_TEST_CASE(zeros_in_a_line_are_an_error_of_that_line) {
  std::istringstream in{std::string("{\0}\n", 4) + good + "\n"};
  observation_stream stream{in};
  BOOST_TEST(stream.next()->value.error().is(errc::not_json));
  BOOST_TEST(stream.next()->value.has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_stream_has_no_lines) {
  std::istringstream in;
  BOOST_TEST(!observation_stream{in}.next());
}

BOOST_AUTO_TEST_SUITE_END()
