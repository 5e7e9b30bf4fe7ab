#include <atomic>
#include <boost/test/unit_test.hpp>

#include "a_store.hpp"
#include "store_parts.hpp"

// Summaries that a store makes by itself, where a policy is set, whenever it is tidied.

using namespace troupe;
using namespace std::chrono_literals;
using test::a_store;

namespace {

const path ward{"/ward"};
const path p17{"/ward/p17"};
const path p18{"/ward/p18"};

// Never due, but for what a test sets.
memory::summary_policy never() {
  return {.overflow_tokens = 1'000'000, .keep_tokens = 10, .summary_tokens_max = 60, .idle = {}, .importance_sum = 1e9};
}
memory::summary_policy on_overflow(std::size_t tokens) {
  auto policy = never();
  policy.overflow_tokens = tokens;
  return policy;
}
memory::summary_policy when_idle(duration after) {
  auto policy = never();
  policy.idle = after;
  return policy;
}

void notes(a_store& memory, const path& space, int number, double importance = 0) {
  for (int i = 0; i < number; ++i)
    memory.remember(space, "Note " + std::to_string(i) + ": the lamp by the window flickers again.",
                    [&](memory::record& what) { what.importance = importance; });
}
void set(a_store& memory, const path& space, const memory::summary_policy& policy) {
  BOOST_REQUIRE(memory->define({}, space, {.summaries = policy}));
}
std::uint64_t tidied(a_store& memory) { return memory->tidy().value().summarised; }
std::vector<memory::record> summaries_of(const a_store& memory, const path& space) {
  auto all = memory->read({}, space).value().records;
  std::erase_if(all, [](const auto& each) { return each.kind != memory::record_kind::summary; });
  return all;
}

// Whether tidy() would read any space now.
bool would_read(const a_store& memory) {
  std::size_t looks = 100;
  return memory->inside().spaces.next_to_summarise(looks, memory.time.wall()).has_value();
}

// Counts its calls, and while it is away refuses texts that have the word "poison".
class counted final : public memory::summarizer {
 public:
  result<std::string> summarize(std::span<const std::string> texts, std::size_t tokens_max) const override {
    ++calls;
    for (const auto& text : texts)
      if (away && text.find("poison") != std::string::npos) return error{errc::io_error, "the model is away"};
    return extractive_->summarize(texts, tokens_max);
  }
  mutable std::atomic<int> calls = 0;
  std::atomic<bool> away = true;

 private:
  std::shared_ptr<const memory::summarizer> extractive_ = memory::make_extractive_summarizer();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(summary_test)

BOOST_AUTO_TEST_CASE(an_idle_space_is_summarised_after_its_time_and_not_before) {
  a_store memory;
  set(memory, ward, when_idle(30min));
  notes(memory, ward, 6);
  BOOST_TEST(tidied(memory) == 0u);
  memory.time.advance(29min + 59s);
  BOOST_TEST(tidied(memory) == 0u);
  memory.time.advance(1s);
  BOOST_TEST(tidied(memory) == 1u);
  const auto made = summaries_of(memory, ward);
  BOOST_REQUIRE(made.size() == 1u);
  BOOST_TEST(made.front().author == ward);
  BOOST_TEST(made.front().sources.size() >= 2u);
  BOOST_TEST(memory->stats().archived_records == made.front().sources.size());
  memory.time.advance(24h);
  BOOST_TEST(tidied(memory) == 0u);  // nothing came since
  notes(memory, ward, 6);
  BOOST_TEST(tidied(memory) == 0u);
  memory.time.advance(30min);
  BOOST_TEST(tidied(memory) == 1u);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(a_space_that_overflows_is_summarised_when_it_is_tidied_next) {
  a_store memory;
  set(memory, ward, on_overflow(100));
  notes(memory, ward, 2);
  BOOST_TEST(tidied(memory) == 0u);
  notes(memory, ward, 20);
  BOOST_TEST(tidied(memory) == 1u);
  BOOST_TEST(summaries_of(memory, ward).size() == 1u);
  BOOST_TEST(tidied(memory) == 0u);
  memory.open();  // what was looked at is not known any more, what was summarised is
  BOOST_TEST(tidied(memory) == 0u);
  memory.require_clean();
}

BOOST_AUTO_TEST_CASE(importance_that_sums_up_is_a_reason) {
  a_store memory;
  auto policy = never();
  policy.importance_sum = 2;
  set(memory, ward, policy);
  notes(memory, ward, 3, 0.5);
  BOOST_TEST(tidied(memory) == 0u);
  notes(memory, ward, 1, 0.5);
  BOOST_TEST(tidied(memory) == 1u);
}

BOOST_AUTO_TEST_CASE(a_space_without_a_policy_is_left_alone) {
  a_store memory;
  set(memory, p17, on_overflow(50));
  notes(memory, ward, 50);
  notes(memory, p18, 50);
  notes(memory, p17, 50);
  memory.time.advance(24h);
  BOOST_TEST(tidied(memory) == 1u);
  BOOST_TEST(summaries_of(memory, ward).empty());
  BOOST_TEST(summaries_of(memory, p18).empty());
  BOOST_TEST(summaries_of(memory, p17).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_policy_holds_for_the_spaces_below_until_one_of_their_own_does) {
  a_store memory;
  notes(memory, p17, 20);
  notes(memory, p18, 20);
  BOOST_TEST(tidied(memory) == 0u);
  set(memory, p18, never());
  set(memory, ward, on_overflow(50));
  BOOST_TEST(tidied(memory) == 1u);
  BOOST_TEST(summaries_of(memory, p17).size() == 1u);
  BOOST_TEST(summaries_of(memory, p17).front().author == p17);
  BOOST_REQUIRE(memory->define({}, p18, {}));
  BOOST_TEST(tidied(memory) == 1u);
  BOOST_TEST(summaries_of(memory, p18).size() == 1u);
  memory.open();
  BOOST_TEST((memory->spaces({}, ward)->front().options.summaries == on_overflow(50)));
}

BOOST_AUTO_TEST_CASE(a_summary_that_fails_is_in_the_log_and_does_not_keep_others_waiting) {
  std::vector<std::string> lines;
  const auto log = logger::make({.sink = [&](std::string_view line) { lines.emplace_back(line); }}).value();
  const auto summarizer = std::make_shared<counted>();
  a_store memory{{.summarizer = summarizer, .log = log}};
  set(memory, {}, on_overflow(50));
  notes(memory, p17, 20);
  memory.remember(p17, "There is poison in the well.");
  notes(memory, p17, 2);
  notes(memory, p18, 20);
  BOOST_TEST(tidied(memory) == 1u);
  BOOST_TEST(summaries_of(memory, p17).empty());
  BOOST_TEST(summaries_of(memory, p18).size() == 1u);
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines.front().find("/ward/p17") != std::string::npos, lines.front());
  BOOST_TEST(lines.front().find("the model is away") != std::string::npos, lines.front());
  summarizer->away = false;
  BOOST_TEST(tidied(memory) == 1u);
  BOOST_TEST(summaries_of(memory, p17).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_space_in_which_nothing_was_due_is_not_read_again_before_it_may_be) {
  a_store memory;
  set(memory, ward, when_idle(30min));
  notes(memory, p17, 6);
  BOOST_TEST(tidied(memory) == 0u);
  BOOST_TEST(!would_read(memory));
  memory.time.advance(30min);
  BOOST_TEST(tidied(memory) == 1u);
  BOOST_TEST(tidied(memory) == 0u);
  memory.time.advance(24h * 365);
  BOOST_TEST(!would_read(memory));  // what is left stays as it is
  notes(memory, p17, 1);
  BOOST_TEST(would_read(memory));
}

BOOST_AUTO_TEST_CASE(one_call_does_a_bounded_part_and_the_next_goes_on) {
  const auto summarizer = std::make_shared<counted>();
  a_store memory{{.summarizer = summarizer}};
  set(memory, {}, on_overflow(20));
  constexpr std::uint64_t spaces = 70;
  for (std::uint64_t i = 0; i < spaces; ++i) notes(memory, ward / std::to_string(i), 3);
  BOOST_TEST(tidied(memory) == 32u);
  BOOST_TEST(tidied(memory) == 32u);
  BOOST_TEST(tidied(memory) == spaces - 64);
  BOOST_TEST(tidied(memory) == 0u);
  for (std::uint64_t i = 0; i < spaces; ++i)
    BOOST_TEST(summaries_of(memory, ward / std::to_string(i)).size() == 1u, "space " << i);
  BOOST_TEST(summarizer->calls == static_cast<int>(spaces));
  memory.require_clean();
}

BOOST_AUTO_TEST_SUITE_END()
