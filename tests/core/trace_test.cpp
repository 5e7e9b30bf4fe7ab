#include "troupe/core/trace.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "core/seeded.hpp"

using troupe::errc;
using troupe::trace_context;
using troupe::trace_state;

namespace {

// The example of the recommendation.
constexpr std::string_view example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string with(std::size_t at, std::string_view text) { return std::string{example}.replace(at, text.size(), text); }

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_test)

BOOST_AUTO_TEST_CASE(the_example_of_the_recommendation_comes_back) {
  const auto parsed = trace_context::parse(example).value();
  BOOST_TEST(parsed.valid());
  BOOST_TEST(parsed.sampled());
  BOOST_TEST(parsed.trace_id_hex() == "0af7651916cd43dd8448eb211c80319c");
  BOOST_TEST(parsed.span_id_hex() == "b7ad6b7169203331");
  BOOST_TEST(parsed.traceparent() == example);
}

BOOST_AUTO_TEST_CASE(no_trace_is_not_valid_and_has_no_children) {
  BOOST_TEST(!trace_context{}.valid());
  BOOST_TEST(!trace_context{}.child().valid());
}

BOOST_AUTO_TEST_CASE(a_child_is_a_new_step_of_the_same_trace) {
  const auto parent = trace_context::start(true);
  const auto child = parent.child();
  BOOST_TEST(parent.valid());
  BOOST_TEST(child.valid());
  BOOST_TEST((child.trace_id == parent.trace_id));
  BOOST_TEST((child.span_id != parent.span_id));
  BOOST_TEST(child.sampled());
  BOOST_TEST(!trace_context::start().sampled());
}

BOOST_AUTO_TEST_CASE(what_the_recommendation_forbids_is_refused) {
  const std::string zeros(32, '0');
  const std::string bad[] = {"",
                             std::string{example.substr(0, 54)},
                             std::string{example} + "-",
                             std::string{example} + "x",
                             with(0, "ff"),
                             with(0, "0x"),
                             with(2, "_"),
                             with(35, "0"),
                             with(52, "0"),
                             with(3, "0AF7"),
                             with(36, "B"),
                             with(53, "0A"),
                             with(10, "g"),
                             with(3, zeros),
                             with(36, zeros.substr(0, 16)),
                             " " + std::string{example.substr(1)}};
  for (const auto& text : bad) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(trace_context::parse(text).error().is(errc::parse_error)); }
  }
}

BOOST_AUTO_TEST_CASE(a_higher_version_is_read_as_far_as_it_is_understood) {
  const auto known = trace_context::parse(example).value();
  BOOST_TEST((trace_context::parse(with(0, "01")).value() == known));
  BOOST_TEST((trace_context::parse(with(0, "cc") + "-what-comes-later").value() == known));
  BOOST_TEST(!trace_context::parse(with(0, "cc") + "what").has_value());
  BOOST_TEST(known.traceparent().substr(0, 2) == "00");
}

BOOST_AUTO_TEST_CASE(flags_that_are_not_understood_are_dropped) {
  BOOST_TEST(trace_context::parse(with(53, "ff")).value().traceparent() == example);
  BOOST_TEST(!trace_context::parse(with(53, "fe")).value().sampled());
}

BOOST_AUTO_TEST_CASE(every_context_comes_back_and_hostile_bytes_do_not_become_one) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int i = 0; i < 2'000; ++i) {
      const auto context = trace_context::start(random.below(2) == 0);
      BOOST_REQUIRE((trace_context::parse(context.traceparent()).value() == context));
      auto text = context.traceparent();
      text[random.below(text.size())] = static_cast<char>(random.below(256));
      if (const auto parsed = trace_context::parse(text)) {
        BOOST_REQUIRE(parsed->traceparent().substr(3, 49) == text.substr(3, 49));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_start_different_traces) {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> running;
    for (auto& mine : made) {
      running.emplace_back([&mine] {
        for (int i = 0; i < 1'000; ++i) mine.push_back(trace_context::start().trace_id_hex());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  BOOST_TEST(all.size() == 4'000u);
}

BOOST_AUTO_TEST_CASE(trace_state_keeps_its_members_in_order) {
  auto state = trace_state::parse("rojo=00f067aa0ba902b7, congo=t61rcWkgMzE ,,").value();
  BOOST_TEST(state.size() == 2u);
  BOOST_TEST(state.get("congo").value() == "t61rcWkgMzE");
  BOOST_TEST(!state.get("verde").has_value());
  BOOST_TEST(state.set("congo", "new").has_value());
  BOOST_TEST(state.str() == "congo=new,rojo=00f067aa0ba902b7");
  state.erase("rojo");
  BOOST_TEST(state.str() == "congo=new");
  BOOST_TEST(trace_state::parse("").value().str() == "");
  BOOST_TEST(trace_state::parse("0tenant@system=1").value().size() == 1u);
}

BOOST_AUTO_TEST_CASE(trace_state_refuses_bad_members) {
  for (const std::string& bad :
       {std::string{"a"}, std::string{"=1"}, std::string{"A=1"}, std::string{"a="}, std::string{"a=b=c"},
        std::string{"a=1,a=2"}, std::string{"1a=1"}, std::string{"a@b@c=1"}, std::string{"a@=1"}, std::string{"a=\x01"},
        "a=" + std::string(257, 'x'), std::string(257, 'a') + "=1"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(trace_state::parse(bad).error().is(errc::parse_error)); }
  }
  trace_state state;
  BOOST_TEST(!state.set("a", "ends in a blank ").has_value());
  BOOST_TEST(!state.set("a,b", "c").has_value());
  BOOST_TEST(state.size() == 0u);
}

BOOST_AUTO_TEST_CASE(trace_state_has_at_most_32_members) {
  trace_state state;
  for (int i = 0; i < 40; ++i) BOOST_TEST(state.set("k" + std::to_string(i), "v").has_value());
  BOOST_TEST(state.size() == trace_state::members_max);
  BOOST_TEST(state.str().starts_with("k39=v,k38=v"));
  BOOST_TEST(!state.get("k7").has_value());
  BOOST_TEST(trace_state::parse(state.str()).value().str() == state.str());
  BOOST_TEST(trace_state::parse(state.str() + ",one_more=v").error().is(errc::out_of_range));
}

BOOST_AUTO_TEST_SUITE_END()
