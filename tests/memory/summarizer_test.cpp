#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <troupe/memory/recursive_summary.hpp>
#include <troupe/memory/summarizer.hpp>
#include <troupe/memory/tokens.hpp>

#include "core/seeded.hpp"

namespace {

using troupe::errc;
using troupe::error;
using troupe::result;
using troupe::memory::count_tokens;
using troupe::memory::make_extractive_summarizer;
using troupe::memory::summarize_recursively;
using strings = std::vector<std::string>;

std::string summary_of(const strings& texts, std::size_t tokens_max) {
  return make_extractive_summarizer()->summarize(texts, tokens_max).value();
}

// What a call has to read.
std::size_t input_tokens(std::span<const std::string> texts) {
  std::size_t tokens = texts.empty() ? 0 : texts.size() - 1;
  for (const auto& text : texts) tokens += count_tokens(text);
  return tokens;
}

// A summarizer that says what it is told to, and what it was asked.
class told final : public troupe::memory::summarizer {
 public:
  using answer = std::function<result<std::string>(std::span<const std::string>, std::size_t)>;
  explicit told(answer says) : says_{std::move(says)} {}

  result<std::string> summarize(std::span<const std::string> texts, std::size_t tokens_max) const override {
    ++calls;
    input_max = std::max(input_max, input_tokens(texts));
    return says_(texts, tokens_max);
  }

  mutable std::size_t calls = 0;
  mutable std::size_t input_max = 0;

 private:
  answer says_;
};

std::string prose(troupe::test::seeded& random, std::size_t words_max) {
  static const strings words = {"nurse", "patient", "aspirin", "fever", "sleeps", "walked",
                                "Ömer",  "37.5",    "中文",    "the",   "and"};
  std::string text;
  for (auto left = random.below(words_max + 1); left > 0; --left) {
    text += words[random.below(words.size())] + (random.below(6) == 0 ? ". " : " ");
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(summarizer_test)

BOOST_AUTO_TEST_CASE(what_fits_is_given_whole_and_in_order) {
  BOOST_TEST(summary_of({"It rains. It pours.", "The sun shines."}, 100) == "It rains.\nIt pours.\nThe sun shines.");
  BOOST_TEST(summary_of({}, 100) == "");
  BOOST_TEST(summary_of({"", " \n"}, 100) == "");
  BOOST_TEST(summary_of({"It rains."}, 0) == "");
}

BOOST_AUTO_TEST_CASE(the_middle_of_what_was_said_is_picked) {
  const strings texts = {"The patient has a fever. The fever of the patient rose to 39 degrees.", "A bus went by.",
                         "Aspirin was given to the patient against the fever."};
  BOOST_TEST(summary_of(texts, 10) == "The patient has a fever.");
}

BOOST_AUTO_TEST_CASE(what_was_said_twice_is_given_once_where_it_was_said_last) {
  BOOST_TEST(summary_of({"It rains.", "It pours.", "It rains."}, 100) == "It pours.\nIt rains.");
}

BOOST_AUTO_TEST_CASE(a_sentence_too_long_for_the_bound_is_cut_at_a_word) {
  const auto summary = summary_of({"Internationalisation takes considerable deliberation."}, 8);
  BOOST_TEST(summary == "Internationalisation takes");
}

BOOST_AUTO_TEST_CASE(a_summary_is_never_above_its_bound_and_always_the_same) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 60; ++round) {
      strings texts(random.below(8));
      for (auto& text : texts) text = random.below(4) == 0 ? random.bytes(200) : prose(random, 60);
      const auto most = random.below(80);
      const auto summary = summary_of(texts, most);
      BOOST_TEST_REQUIRE(count_tokens(summary) <= most);
      BOOST_TEST_REQUIRE(summary == summary_of(texts, most));
    }
  }
}

BOOST_AUTO_TEST_CASE(of_too_many_sentences_the_newest_is_considered) {
  strings texts;
  for (int n = 0; n < 4500; ++n) texts.push_back("A patient with fever number " + std::to_string(n) + ".");
  texts.emplace_back("Patient, fever, number.");  // nothing in it that the others lack
  BOOST_TEST(summary_of(texts, 10) == "Patient, fever, number.");
}

BOOST_AUTO_TEST_CASE(a_summary_of_summaries_keeps_within_a_call_s_bounds) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 150; ++round) {
      strings texts(random.below(20));
      for (auto& text : texts) text = random.below(4) == 0 ? random.bytes(300) : prose(random, 100);
      const std::size_t input_max = 16 + random.below(200);
      const std::size_t tokens_max = 1 + random.below(100);
      // Returns all it was given and more, as a model may.
      const told by{[](std::span<const std::string> given, std::size_t) {
        std::string all;
        for (const auto& text : given) all += text + " and so on\n";
        return all;
      }};
      const auto summary =
          summarize_recursively(by, texts, {.input_tokens_max = input_max, .tokens_max = tokens_max}).value();
      BOOST_TEST_REQUIRE(count_tokens(summary) <= tokens_max);
      BOOST_TEST_REQUIRE(by.input_max <= input_max);
      // Two calls that follow one another hold more than one's bound together, and levels halve.
      BOOST_TEST_REQUIRE(by.calls <= 4 * input_tokens(texts) / input_max + 12);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_fits_into_one_call_is_one_call) {
  const told by{[](std::span<const std::string> given, std::size_t most) {
    return std::to_string(given.size()) + " texts to " + std::to_string(most);
  }};
  const strings texts = {"one", "", "two", "three"};
  BOOST_TEST(summarize_recursively(by, texts, {.input_tokens_max = 16, .tokens_max = 9}).value() == "3 texts to 9");
  BOOST_TEST(by.calls == 1u);
  BOOST_TEST(summarize_recursively(by, strings{"", " "}).value() == "");
  BOOST_TEST(by.calls == 1u);
}

BOOST_AUTO_TEST_CASE(the_default_summarizer_summarises_many_texts) {
  strings texts;
  for (int n = 0; n < 60; ++n)
    texts.push_back("On day " + std::to_string(n) + " the patient's fever was measured again.");
  const auto summary =
      summarize_recursively(*make_extractive_summarizer(), texts, {.input_tokens_max = 100, .tokens_max = 40}).value();
  BOOST_TEST(!summary.empty());
  BOOST_TEST(count_tokens(summary) <= 40u);
}

BOOST_AUTO_TEST_CASE(a_failure_says_where_it_happened) {
  const told by{[calls = 0](std::span<const std::string>, std::size_t) mutable -> result<std::string> {
    if (++calls == 2) return error{errc::io_error, "the model is away"};
    return std::string{"fine"};
  }};
  const strings texts(3, "word word word word word word word word word word");
  const auto failed = summarize_recursively(by, texts, {.input_tokens_max = 16, .tokens_max = 8});
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error() == (error{errc::io_error, "part 2 of 3, level 1 of a summary: the model is away"}));
}

BOOST_AUTO_TEST_CASE(bounds_that_are_too_small_are_refused) {
  const auto by = make_extractive_summarizer();
  BOOST_TEST(summarize_recursively(*by, {}, {.input_tokens_max = 15}).error().is(errc::invalid_argument));
  BOOST_TEST(summarize_recursively(*by, {}, {.tokens_max = 0}).error().is(errc::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()
