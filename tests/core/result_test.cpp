#include "troupe/core/result.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <sstream>

namespace {

enum class weather_errc : std::uint32_t { storm = 10'001, fog = 10'002 };

std::string_view to_string(weather_errc code) { return code == weather_errc::storm ? "storm" : "fog"; }

}  // namespace

template <>
struct troupe::is_errc<weather_errc> : std::true_type {};

namespace {

using troupe::errc;
using troupe::error;
using troupe::failure;
using troupe::ok;
using troupe::result;

result<int> half(int n) {
  if (n % 2 != 0) return error{errc::invalid_argument, "odd"};
  return n / 2;
}

static_assert(!std::constructible_from<result<bool>, const char*>, "a pointer is no truth value");
static_assert(std::constructible_from<result<std::string>, const char*>);
static_assert(!std::convertible_to<int, result<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_constructible_v<result<std::string>>);

}  // namespace

BOOST_AUTO_TEST_SUITE(result_test)

BOOST_AUTO_TEST_CASE(a_result_holds_a_value) {
  result<int> r = 4;
  BOOST_TEST(r.has_value());
  BOOST_TEST(static_cast<bool>(r));
  BOOST_TEST(*r == 4);
  BOOST_TEST(r.value() == 4);
  *r = 5;
  BOOST_TEST(r.value_or(0) == 5);
}

BOOST_AUTO_TEST_CASE(a_result_holds_an_error) {
  const auto r = half(3);
  BOOST_TEST(!r.has_value());
  BOOST_TEST(r.error().is(errc::invalid_argument));
  BOOST_TEST(r.error().number() == 1001u);
  BOOST_TEST(r.error().message() == "odd");
  BOOST_TEST(r.value_or(7) == 7);
}

BOOST_AUTO_TEST_CASE(value_without_a_value_throws_a_failure_that_carries_the_error) {
  const auto r = half(3);
  BOOST_CHECK_EXCEPTION((void)r.value(), failure, [&](const failure& thrown) {
    return thrown.error() == r.error() && std::string_view{thrown.what()} == "invalid_argument (1001): odd";
  });
  const result<void> nothing = r.error();
  BOOST_CHECK_THROW(nothing.value(), failure);
}

BOOST_AUTO_TEST_CASE(a_copied_failure_keeps_its_error) {
  std::exception_ptr kept;
  try {
    throw failure{{errc::io_error, "disk"}};
  } catch (const failure& thrown) {
    kept = std::make_exception_ptr(failure{thrown});
  }
  BOOST_CHECK_EXCEPTION(std::rethrow_exception(kept), failure,
                        [](const failure& thrown) { return thrown.error().is(errc::io_error); });
}

BOOST_AUTO_TEST_CASE(a_value_that_can_only_be_moved_goes_through) {
  result<std::unique_ptr<int>> r = std::make_unique<int>(3);
  auto doubled = std::move(r).map([](std::unique_ptr<int> p) { return std::make_unique<int>(*p * 2); });
  const std::unique_ptr<int> out = *std::move(doubled);
  BOOST_TEST(*out == 6);
  result<std::unique_ptr<int>> none = error{errc::not_found, "none"};
  BOOST_TEST((std::move(none).value_or(nullptr) == nullptr));
}

BOOST_AUTO_TEST_CASE(map_and_and_then_pass_an_error_on_without_a_call) {
  int calls = 0;
  const auto count = [&](int n) {
    ++calls;
    return n + 1;
  };
  BOOST_TEST(half(8).map(count).value() == 5);
  BOOST_TEST(half(3).map(count).error().message() == "odd");
  BOOST_TEST(calls == 1);
  BOOST_TEST(half(12).and_then(half).value() == 3);
  BOOST_TEST(half(6).and_then(half).error().message() == "odd");
  BOOST_TEST(half(8).map([](int) {}).has_value());
  BOOST_TEST(ok().and_then([] { return half(2); }).value() == 1);
  BOOST_TEST(ok().map([] { return 9; }).value() == 9);
}

BOOST_AUTO_TEST_CASE(a_void_result_is_a_success_unless_it_has_an_error) {
  BOOST_TEST(result<void>{}.has_value());
  BOOST_TEST(ok().has_value());
  const result<void> bad = error{errc::internal, "bug"};
  BOOST_TEST(!bad.has_value());
  BOOST_TEST(bad.error().name() == "internal");
  BOOST_TEST((bad != ok()));
}

BOOST_AUTO_TEST_CASE(an_error_describes_itself_and_its_context) {
  auto e = error{errc::parse_error, "no digit"}.with_context("port").with_context("flag --port");
  BOOST_TEST(e.describe() == "parse_error (1002): flag --port: port: no digit");
  BOOST_TEST(half(3).with_context("half").error().message() == "half: odd");
  BOOST_TEST(half(4).with_context("half").value() == 2);
  e = error{errc::internal, "a message too long to be kept without the heap"};
  e.with_context(e.message());
  BOOST_TEST(e.message() ==
             "a message too long to be kept without the heap: a message too long to be kept without the heap");
  std::ostringstream out;
  out << e;
  BOOST_TEST(out.str() == e.describe());
}

BOOST_AUTO_TEST_CASE(an_error_from_the_wire_keeps_its_number_and_cores_own_their_names) {
  const error own{1003u, "gone"};
  BOOST_TEST(own.is(errc::not_found));
  BOOST_TEST(own.name() == "not_found");
  BOOST_TEST((own == error{errc::not_found, "gone"}));
  const error foreign{10'001u, "wind"};
  BOOST_TEST(foreign.name() == "unknown");
  BOOST_TEST(foreign.is(weather_errc::storm));
  BOOST_TEST((foreign == error{weather_errc::storm, "wind"}));
  BOOST_TEST((foreign != error{weather_errc::fog, "wind"}));
}

BOOST_AUTO_TEST_CASE(the_numbers_of_core_never_change) {
  const std::pair<errc, std::pair<std::uint32_t, std::string_view>> fixed[] = {
      {errc::invalid_argument, {1001, "invalid_argument"}},
      {errc::parse_error, {1002, "parse_error"}},
      {errc::not_found, {1003, "not_found"}},
      {errc::already_exists, {1004, "already_exists"}},
      {errc::out_of_range, {1005, "out_of_range"}},
      {errc::io_error, {1006, "io_error"}},
      {errc::unsupported, {1007, "unsupported"}},
      {errc::internal, {1099, "internal"}}};
  for (const auto& [code, expected] : fixed) {
    BOOST_TEST(static_cast<std::uint32_t>(code) == expected.first);
    BOOST_TEST(to_string(code) == expected.second);
  }
}

BOOST_AUTO_TEST_CASE(an_error_keeps_its_cause_and_a_delay_in_other_words_too) {
  using namespace std::chrono_literals;
  const error plain{errc::io_error, "lost"};
  BOOST_TEST(plain.cause_number() == 0u);
  BOOST_TEST(!plain.retry_after());
  const auto full = error{errc::io_error, "lost"}.with_cause(10'001).with_retry_after(3s).with_context("there");
  BOOST_TEST(full.cause_number() == 10'001u);
  BOOST_TEST((full.retry_after() == 3s));
  BOOST_TEST((result<int>{full}.error().retry_after() == 3s));
  BOOST_TEST((failure{full}.error().retry_after() == 3s));
  BOOST_TEST((error{plain}.with_retry_after(-1s).retry_after() == 0s));
  BOOST_TEST(!error{full}.with_retry_after({}).retry_after());
  BOOST_TEST((error{plain}.with_cause(1) == plain));  // neither says anything about equality
}

BOOST_AUTO_TEST_SUITE_END()
