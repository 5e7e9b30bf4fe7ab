#include "analyzer.hpp"

#include <boost/test/unit_test.hpp>
#include <numeric>
#include <thread>

#include "core/seeded.hpp"
#include "stemmer.hpp"
#include "stop_words.hpp"
#include "word_hash.hpp"

namespace {

using troupe::memory::analyzed;
using troupe::memory::analyzer;
using troupe::memory::folded_words;
using strings = std::vector<std::string>;

strings terms_of(std::string_view text) {
  strings terms;
  for (const auto& each : analyzer{}.analyze(text).terms) {
    terms.push_back(each.count == 1 ? each.term : each.term + " x" + std::to_string(each.count));
  }
  return terms;
}

bool is_stop(std::string_view word) { return troupe::memory::is_stop_word(word, troupe::memory::word_hash(word)); }

strings listed(const folded_words& all) {
  strings words;
  for (std::size_t n = 0; n < all.words.size(); ++n) {
    words.push_back(std::string{all[n]} + (all.words[n].capital ? "^" : ""));
  }
  return words;
}

// ASCII with much of what decides where a word ends.
std::string ascii(troupe::test::seeded& random, std::size_t size_max) {
  std::string text(random.below(size_max + 1), '\0');
  for (auto& c : text)
    c = random.below(4) == 0 ? static_cast<char>(random.below(128)) : random.one_of("aZb09.',;:_@- \n");
  return text;
}

// Characters of many scripts, some malformed.
std::string exotic(troupe::test::seeded& random, std::size_t pieces_max) {
  static const strings pieces = {"ä",        "ß",
                                 "Ω",        "ж",
                                 "中文",     "ひらがな",
                                 "カ",       "ไทย",
                                 "\u0301",   "\u200d",
                                 "\u00ad",   "\u2019",
                                 "\ufdfa",   "ﬃ",
                                 "½",        "👩‍⚕️",
                                 "😀",        "\xff",
                                 "\xc3",     "\xed\xa0\x80",
                                 "a",        "B",
                                 "'",        " ",
                                 ".",        "1",
                                 "\u3164",   "ﷺ",
                                 "\xf0\x9f", std::string(1, '\0')};
  std::string text;
  for (auto left = random.below(pieces_max + 1); left > 0; --left) text += pieces[random.below(pieces.size())];
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(analyzer_test)

BOOST_AUTO_TEST_CASE(terms_are_stems_sorted_and_counted_without_stop_words) {
  const auto found = analyzer{}.analyze("The patients were walking; a patient walks, and the Nurse walked with them.");
  BOOST_TEST(terms_of("The patients were walking; a patient walks, and the Nurse walked with them.") ==
             (strings{"nurs", "patient x2", "walk x3"}));
  BOOST_TEST(found.length == 6u);
}

BOOST_AUTO_TEST_CASE(the_question_and_the_text_it_asks_for_meet) {
  BOOST_TEST(terms_of("ALLERGIES") == terms_of("allergy"));
  BOOST_TEST(terms_of("Ｆｕｌｌ ｗｉｄｔｈ") == terms_of("full width"));
  BOOST_TEST(terms_of("STRASSE") == terms_of("straße"));
  BOOST_TEST(terms_of("cafe\u0301") == terms_of("café"));
  BOOST_TEST(terms_of("ﬁne") == terms_of("fine"));
  BOOST_TEST(terms_of("Anna\u2019s") == terms_of("anna"));
  BOOST_TEST(terms_of("soft\u00adware") == terms_of("software"));
}

BOOST_AUTO_TEST_CASE(a_text_of_stop_words_alone_has_them_as_terms) {
  BOOST_TEST(terms_of("Who are you?") == (strings{"are", "who", "you"}));
  BOOST_TEST(terms_of("Who are you, Anna?") == strings{"anna"});
  BOOST_TEST(terms_of("don\u2019t").size() == 1u);
  BOOST_TEST(analyzer{}.analyze("to be or not to be").length == 6u);
}

BOOST_AUTO_TEST_CASE(a_text_without_words_has_no_terms) {
  for (const auto* text : {"", " \t\n", "?!... -- '' \"", "\xff\xfe", "😀", "___"}) {
    BOOST_TEST_CONTEXT(text) {
      const auto found = analyzer{}.analyze(text);
      BOOST_TEST(found.terms.empty());
      BOOST_TEST(found.names.empty());
      BOOST_TEST(found.length == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_are_terms_and_keys_and_addresses_come_apart) {
  BOOST_TEST(terms_of("37.5 and 1,000 at 10:30") == (strings{"1,000", "10", "30", "37.5"}));
  BOOST_TEST(analyzer{}.words("medication/aspirin/dose_mg") == (strings{"medication", "aspirin", "dose", "mg"}));
  BOOST_TEST(analyzer{}.words("anna@example.org") == (strings{"anna", "example.org"}));
  BOOST_TEST(analyzer{}.words("über_alles@ö.de:x") == (strings{"über", "alles", "ö.de", "x"}));
}

BOOST_AUTO_TEST_CASE(words_keep_their_order_and_are_not_stemmed) {
  BOOST_TEST(analyzer{}.words("The Nurses don't run.") == (strings{"the", "nurses", "don't", "run"}));
}

BOOST_AUTO_TEST_CASE(scripts_without_spaces_are_parted_too) {
  BOOST_TEST(analyzer{}.words("我想喝水").size() > 1u);
  BOOST_TEST(analyzer{}.words("สวัสดีครับ").size() > 1u);
  BOOST_TEST(analyzer{}.words("Привет, мир") == (strings{"привет", "мир"}));
}

BOOST_AUTO_TEST_CASE(names_begin_with_a_capital_wherever_they_stand) {
  const auto names = [](std::string_view text) { return analyzer{}.analyze(text).names; };
  BOOST_TEST(names("Anna met Ömer in St. Gallen. The nurse saw Anna's ECG, not mine.") ==
             (strings{"anna", "ecg", "gallen", "st", "ömer"}));
  BOOST_TEST(names("Water is good. He drank water in Rome.") == strings{"rome"});
  BOOST_TEST(names("Who is it? I'm He.").empty());
  std::string many;
  for (int n = 0; n < 100; ++n) many += "Name" + std::to_string(n) + " ";
  BOOST_TEST(names(many).size() == troupe::memory::names_max);
}

BOOST_AUTO_TEST_CASE(a_long_word_is_cut_at_a_character) {
  using troupe::memory::term_size_bytes_max;
  BOOST_TEST(analyzer{}.words(std::string(100'000, 'x')) == strings{std::string(term_size_bytes_max, 'x')});
  const auto cut = analyzer{}.words("x" + std::string{"ääääääääääääääääääääääääääääääääääääääää"});
  BOOST_TEST(cut.at(0).size() == term_size_bytes_max - 1);
}

BOOST_AUTO_TEST_CASE(the_stop_list_has_no_word_that_says_something) {
  for (const auto* word : {"may", "anna", "10", "", "the's", "zzz", "themselvesandmore"}) {
    BOOST_TEST(!is_stop(word), word);
  }
  for (const auto* word : {"a", "the", "yourselves", "don't"}) BOOST_TEST(is_stop(word), word);
}

BOOST_AUTO_TEST_CASE(the_fast_way_for_ascii_finds_what_icu_finds) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 3000; ++round) {
      const auto text = ascii(random, 60);
      BOOST_TEST_REQUIRE(listed(troupe::memory::fold_words_ascii(text)) == listed(troupe::memory::fold_words_icu(text)),
                         "differs: " << text);
    }
  }
}

BOOST_AUTO_TEST_CASE(any_bytes_give_terms_within_their_bounds) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 1500; ++round) {
      const auto text = random.below(2) == 0 ? exotic(random, 40) : random.bytes(200);
      const auto found = analyzer{}.analyze(text);
      std::uint32_t counted = 0;
      for (std::size_t n = 0; n < found.terms.size(); ++n) {
        const auto& term = found.terms[n].term;
        counted += found.terms[n].count;
        BOOST_TEST_REQUIRE((!term.empty() && term.size() <= troupe::memory::term_size_bytes_max));
        BOOST_TEST_REQUIRE((n == 0 || found.terms[n - 1].term < term));
        for (const auto c : term) BOOST_TEST_REQUIRE(static_cast<unsigned char>(c) >= 0x20u);
      }
      BOOST_TEST_REQUIRE(counted == found.length);
      BOOST_TEST_REQUIRE((found == analyzer{}.analyze(text)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_remembered_stem_is_the_one_that_was_made) {
  using troupe::memory::word_hash;
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    for (int round = 0; round < 300; ++round) {
      std::string word(1 + random.below(40), 'a');
      for (auto& c : word) c = random.one_of("abeginst");
      word += "ing";
      const std::string first{troupe::memory::stem(word, word_hash(word))};
      BOOST_TEST_REQUIRE(troupe::memory::stem(word, word_hash(word)) == first);
      // Another word in the same place of the cache.
      BOOST_TEST_REQUIRE(troupe::memory::stem("running", word_hash(word)) == "run");
      BOOST_TEST_REQUIRE(troupe::memory::stem(word, word_hash(word)) == first);
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_share_an_analyzer) {
  const analyzer shared;
  const std::string text = "Ärzte und Pfleger: the patients' charts, again and again. 我想喝水";
  const auto expected = shared.analyze(text);
  std::vector<int> equal(4, 0);
  {
    std::vector<std::jthread> threads;
    for (auto& each : equal) {
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) each += shared.analyze(text) == expected ? 1 : 0;
      });
    }
  }
  BOOST_TEST(std::accumulate(equal.begin(), equal.end(), 0) == 200);
}

BOOST_AUTO_TEST_SUITE_END()
