#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>
#include <troupe/memory/tokens.hpp>

#include "a_store.hpp"

// Windows and summaries of a space, over a long time.

using namespace troupe;
using namespace std::chrono_literals;
using test::a_store;

namespace {

const path chat{"/concierge"};

std::size_t of_kind(const memory::window& window, memory::part_kind kind) {
  return static_cast<std::size_t>(
      std::count_if(window.parts.begin(), window.parts.end(), [&](const auto& each) { return each.kind == kind; }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_window_test)

BOOST_AUTO_TEST_CASE(a_window_has_what_is_pinned_found_and_recent) {
  a_store memory;
  const auto found = memory.remember(chat, "Ada: my daughter is allergic to peanuts.");
  for (int i = 0; i < 60; ++i) memory.remember(chat, "Ada: we spoke of the weather, day " + std::to_string(i) + ".");
  memory::window_query what;
  what.space = chat;
  what.question = "What is her daughter allergic to?";
  what.pinned = {{memory::part_kind::pinned, "You are a concierge."}};
  what.options.tokens_max = 300;
  what.recent_max = 20;
  const auto window = memory->window(chat, what).value();
  BOOST_TEST(window.tokens <= 300u);
  BOOST_TEST(window.parts.front().text == "You are a concierge.");
  BOOST_TEST(window.parts.back().text == "Ada: we spoke of the weather, day 59.");
  BOOST_TEST(std::count_if(window.parts.begin(), window.parts.end(),
                           [&](const auto& each) { return each.record == found; }) == 1);
  std::set<id> seen;
  for (const auto& each : window.parts)
    if (!each.record.is_nil()) BOOST_TEST(seen.insert(each.record).second, "twice: " << each.text);
  BOOST_TEST(memory->window(path{"/other"}, what).error().is(memory_errc::denied));
}

BOOST_AUTO_TEST_CASE(a_year_of_talk_fits_any_budget) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  a_store memory;
  const memory::summary_policy policy{
      .overflow_tokens = 600, .keep_tokens = 150, .summary_tokens_max = 120, .idle = {}, .importance_sum = 1e9};
  static const char* const things[] = {"pulse", "walk", "garden", "letter", "sleep", "aspirin", "visit", "soup"};
  std::size_t summaries = 0;
  for (int day = 0; day < 365; ++day) {
    memory.time.advance(24h);
    std::string text = "Day " + std::to_string(day) + ":";
    for (unsigned n = 3 + random() % 15; n > 0; --n) text += std::string{" "} + things[random() % 8];
    memory.remember(chat, text + ".");
    const auto made = memory->summarize(chat, chat, policy);
    BOOST_REQUIRE(made.has_value());
    if (!*made) continue;
    ++summaries;
    const auto what = memory->get(chat, **made).value();
    BOOST_TEST(memory::count_tokens(what.text) <= policy.summary_tokens_max);
    for (const auto& source : what.sources) BOOST_TEST(memory->get(chat, source).has_value());
  }
  BOOST_TEST(summaries > 5u);
  BOOST_TEST(memory->stats().archived_records > 200u);
  for (const std::size_t budget : {200u, 400u, 1000u, 4000u}) {
    memory::window_query what;
    what.space = chat;
    what.question = "Was there soup?";
    what.options.tokens_max = budget;
    const auto window = memory->window(chat, what).value();
    BOOST_TEST(window.tokens <= budget);
    if (budget >= 1000) BOOST_TEST(of_kind(window, memory::part_kind::summary) == 1u);
    BOOST_TEST(of_kind(window, memory::part_kind::recent) >= 1u);
  }
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_call_and_its_result_are_summarised_together_or_not_at_all) {
  a_store memory;
  for (int i = 0; i < 30; ++i) {
    const auto call = std::to_string(i);
    const auto with = [&](memory::record& what) { what.attributes["call"] = call; };
    memory.remember(chat, "call: pulse of bed " + call + ", please read it out to me", with);
    memory.remember(chat, "result: the pulse of bed " + call + " is 70 per minute", with);
  }
  const auto made = memory->summarize(chat, chat, {.overflow_tokens = 200, .keep_tokens = 60, .idle = {}});
  BOOST_REQUIRE(made.has_value());
  BOOST_REQUIRE(made->has_value());
  std::map<std::string, int> kept;
  const auto left = memory->read(chat, chat).value();
  const auto summary = memory->get(chat, **made).value();
  for (const auto& each : left.records) {
    if (each.kind == memory::record_kind::summary) continue;
    const auto in = std::find(summary.sources.begin(), summary.sources.end(), each.id) != summary.sources.end();
    kept[each.attributes.at("call")] += in ? 0 : 1;
  }
  for (const auto& [call, number] : kept) BOOST_TEST((number == 0 || number == 2), "call " << call);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(after_its_summary_was_forgotten_a_space_is_summarised_again) {
  a_store memory;
  std::vector<id> ids;
  for (int i = 0; i < 20; ++i)
    ids.push_back(memory.remember(chat, "note " + std::to_string(i) + " about the ward and its lamps"));
  const memory::summary_policy policy{.overflow_tokens = 50, .keep_tokens = 20, .summary_tokens_max = 60, .idle = {}};
  const auto first = memory->summarize(chat, chat, policy).value();
  BOOST_REQUIRE(first.has_value());
  BOOST_TEST(!memory->summarize(chat, chat, policy)->has_value());
  BOOST_REQUIRE(memory->erase(chat, {*first}, "test"));
  const auto again = memory->summarize(chat, chat, policy).value();
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(memory->get(chat, *again)->sources.size() > 10u);
  memory.require_clean();
}

BOOST_AUTO_TEST_SUITE_END()
