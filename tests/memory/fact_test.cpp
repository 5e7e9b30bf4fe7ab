#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "a_store.hpp"

// Facts hold from a time on, until another begins: as it was, and as it was known. Against a model that looks at all.

using namespace troupe;
using namespace std::chrono_literals;
using test::a_store;

namespace {

const path p17{"/ward/p17"};
constexpr auto day = 24h;

std::string value_of(const result<std::vector<memory::record>>& facts) {
  BOOST_REQUIRE(facts);
  if (facts->empty()) return "-";
  BOOST_REQUIRE(facts->size() == 1u);
  return facts->front().fact->value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fact_test)

BOOST_AUTO_TEST_CASE(a_new_fact_supersedes_and_the_past_can_be_asked_for) {
  a_store memory;
  const auto from = memory.time.wall();
  memory.fact(p17, "dose_mg", "75", from);
  memory.time.advance(10 * day);
  const auto changed = memory.time.wall();
  memory.fact(p17, "dose_mg", "100", changed);
  memory.fact(p17, "dose", "of another key", changed);
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "dose_mg"})) == "100");
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "dose_mg", .as_of = changed - 1s})) == "75");
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "dose_mg", .as_of = from - 1s})) == "-");
  BOOST_TEST(memory->facts({}, {.space = p17, .key_prefix = "dose"})->size() == 2u);
  const auto history = memory->facts({}, {.space = p17, .key_prefix = "dose_mg", .history = true});
  BOOST_TEST(history->size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_learnt_late_changes_the_past_but_not_what_was_known_then) {
  a_store memory;
  memory.time.advance(10 * day);
  const auto asked = memory.time.wall();
  memory.fact(p17, "allergy", "none", asked - 9 * day);
  memory.time.advance(day);
  const auto before = memory.time.wall();
  memory.time.advance(1s);
  memory.fact(p17, "allergy", "penicillin", asked - 5 * day);
  const memory::facts_query then{.space = p17, .key_prefix = "allergy", .as_of = asked - 4 * day, .known_at = before};
  BOOST_TEST(value_of(memory->facts({}, then)) == "none");
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "allergy", .as_of = asked - 4 * day})) ==
             "penicillin");
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "allergy", .as_of = asked - 6 * day})) == "none");
}

BOOST_AUTO_TEST_CASE(a_fact_ends_by_its_own_time_or_by_an_empty_one) {
  a_store memory;
  const auto from = memory.time.wall();
  memory.remember(p17, {}, [&](memory::record& what) {
    what.kind = memory::record_kind::fact;
    what.fact = memory::fact_part{"ward", "north", from, from + 2 * day};
  });
  memory.fact(p17, "diet", "light", from);
  memory.fact(p17, "diet", "", from + 3 * day);
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "ward", .as_of = from + day})) == "north");
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "ward", .as_of = from + 2 * day})) == "-");
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "diet", .as_of = from + day})) == "light");
  BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = "diet", .as_of = from + 3 * day})) == "-");
  BOOST_TEST(memory->recall({}, {.text = "diet light", .space = p17, .scope = memory::scope::subtree, .limit = 1})
                 ->front()
                 .what.text == "diet: light");
}

BOOST_AUTO_TEST_CASE(random_facts_hold_as_a_model_says) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  const auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  a_store memory;
  struct version {
    std::string key, value;
    timestamp from, recorded;
    std::optional<timestamp> to;
  };
  std::vector<version> all;
  std::vector<id> ids;
  const auto model = [&](const std::string& key, timestamp as_of, timestamp known_at) -> std::string {
    const version* holds = nullptr;
    for (const auto& each : all)
      if (each.key == key && each.from <= as_of && each.recorded <= known_at && (!holds || each.from >= holds->from))
        holds = &each;
    if (!holds || holds->value.empty() || (holds->to && *holds->to <= as_of)) return "-";
    return holds->value;
  };
  const auto origin = memory.time.wall();
  for (int step = 0; step < 150; ++step) {
    version made{
        "k" + std::to_string(upto(3)), upto(6) == 0 ? "" : "v" + std::to_string(step), origin + upto(20) * day, {}, {}};
    if (upto(4) == 0) made.to = made.from + upto(10) * day;
    ids.push_back(memory.remember(p17, {}, [&](memory::record& what) {
      what.kind = memory::record_kind::fact;
      what.fact = memory::fact_part{made.key, made.value, made.from, made.to};
    }));
    made.recorded = memory.time.wall();
    all.push_back(made);
    if (upto(8) == 0) {
      const auto which = static_cast<std::size_t>(upto(static_cast<int>(all.size())));
      BOOST_REQUIRE(memory->erase({}, {ids[which]}, "random"));
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(which));
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(which));
    }
    const auto key = "k" + std::to_string(upto(3));
    const auto as_of = origin + upto(25) * day;
    const auto known_at =
        all.empty() ? origin : all[static_cast<std::size_t>(upto(static_cast<int>(all.size())))].recorded;
    BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = key, .as_of = as_of})) ==
               model(key, as_of, timestamp::max()));
    BOOST_TEST(value_of(memory->facts({}, {.space = p17, .key_prefix = key, .as_of = as_of, .known_at = known_at})) ==
               model(key, as_of, known_at));
  }
  memory.require_clean();
}

BOOST_AUTO_TEST_SUITE_END()
