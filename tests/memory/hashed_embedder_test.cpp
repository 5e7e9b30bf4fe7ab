#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <troupe/memory/embedder.hpp>

#include "core/seeded.hpp"
#include "vector_math.hpp"

namespace {

using vector = std::vector<float>;

vector embed(std::string_view text) {
  const auto embedder = troupe::memory::make_hashed_embedder();
  return embedder->embed(std::array{text}).value();
}

float near(std::string_view a, std::string_view b) {
  const auto first = embed(a);
  const auto second = embed(b);
  return troupe::memory::dot(first.data(), second.data(), first.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hashed_embedder_test)

BOOST_AUTO_TEST_CASE(it_has_a_name_and_256_dimensions_a_text) {
  const auto embedder = troupe::memory::make_hashed_embedder();
  BOOST_TEST(embedder->name() == "troupe-hashed-1");
  BOOST_TEST(embedder->dimensions() == 256u);
  const std::array<std::string_view, 3> texts = {"one", "", "the third"};
  const auto rows = embedder->embed(texts).value();
  BOOST_TEST_REQUIRE(rows.size() == 3 * 256u);
  BOOST_TEST(vector(rows.begin(), rows.begin() + 256) == embed("one"));
  BOOST_TEST(vector(rows.begin() + 512, rows.end()) == embed("the third"));
  BOOST_TEST(embedder->embed({}).value().empty());
}

BOOST_AUTO_TEST_CASE(a_text_without_words_is_all_zero_and_any_other_has_length_1) {
  BOOST_TEST(embed("") == vector(256, 0.0F));
  BOOST_TEST(embed(" ?! \xff") == vector(256, 0.0F));
  BOOST_TEST(std::abs(near("who are you", "Who are you?") - 1) < 1e-5);
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 300; ++round) {
      const auto text = random.bytes(300);
      const auto length = near(text, text);
      BOOST_TEST_REQUIRE((length == 0 || std::abs(length - 1) < 1e-5), "length " << length << " of " << text);
    }
  }
}

BOOST_AUTO_TEST_CASE(like_texts_are_nearer_than_unlike_ones) {
  const std::string_view asked = "Which medication does the patient take against pain?";
  BOOST_TEST(near(asked, "The patient takes a medication for her pain.") > 0.5F);
  BOOST_TEST(near(asked, "On Sunday they painted the garden fence.") < 0.3F);
  BOOST_TEST(near("walking", "They walked") > 0.9F);
  BOOST_TEST(near("hypertension", "hypertensive") > 0.2F);
  BOOST_TEST(near("dog bites man", "man bites dog") < 0.99F);
}

BOOST_AUTO_TEST_CASE(the_vector_is_the_same_on_every_machine) {
  // Of the bits, so that a change of the model shows: it needs another name then.
  const auto row = embed("The nurse measured 37.5 degrees; Ömer drank water.");
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto value : row) {
    hash = (hash ^ static_cast<std::uint64_t>(std::llround(double{value} * (1 << 24)))) * 0x100000001b3U;
  }
  BOOST_TEST(hash == 9571751740273658394u);
}

BOOST_AUTO_TEST_SUITE_END()
