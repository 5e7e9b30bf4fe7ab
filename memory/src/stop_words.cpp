#include "stop_words.hpp"

#include <algorithm>
#include <array>

#include "word_hash.hpp"

namespace troupe::memory {

namespace {

using namespace std::string_view_literals;

// Sorted by byte, so that one sees what is there.
constexpr auto words = std::to_array<std::string_view>({
    "a"sv,        "about"sv,      "above"sv,   "after"sv,   "again"sv,     "against"sv, "all"sv,       "also"sv,
    "am"sv,       "an"sv,         "and"sv,     "any"sv,     "are"sv,       "aren't"sv,  "as"sv,        "at"sv,
    "be"sv,       "because"sv,    "been"sv,    "before"sv,  "being"sv,     "below"sv,   "between"sv,   "both"sv,
    "but"sv,      "by"sv,         "can"sv,     "can't"sv,   "cannot"sv,    "could"sv,   "couldn't"sv,  "did"sv,
    "didn't"sv,   "do"sv,         "does"sv,    "doesn't"sv, "doing"sv,     "don't"sv,   "down"sv,      "during"sv,
    "each"sv,     "few"sv,        "for"sv,     "from"sv,    "further"sv,   "had"sv,     "hadn't"sv,    "has"sv,
    "hasn't"sv,   "have"sv,       "haven't"sv, "having"sv,  "he"sv,        "he'd"sv,    "he'll"sv,     "he's"sv,
    "her"sv,      "here"sv,       "here's"sv,  "hers"sv,    "herself"sv,   "him"sv,     "himself"sv,   "his"sv,
    "how"sv,      "how's"sv,      "i"sv,       "i'd"sv,     "i'll"sv,      "i'm"sv,     "i've"sv,      "if"sv,
    "in"sv,       "into"sv,       "is"sv,      "isn't"sv,   "it"sv,        "it'll"sv,   "it's"sv,      "its"sv,
    "itself"sv,   "just"sv,       "let's"sv,   "me"sv,      "more"sv,      "most"sv,    "my"sv,        "myself"sv,
    "no"sv,       "nor"sv,        "not"sv,     "of"sv,      "off"sv,       "on"sv,      "once"sv,      "only"sv,
    "or"sv,       "other"sv,      "our"sv,     "ours"sv,    "ourselves"sv, "out"sv,     "over"sv,      "own"sv,
    "same"sv,     "she"sv,        "she'd"sv,   "she'll"sv,  "she's"sv,     "should"sv,  "shouldn't"sv, "so"sv,
    "some"sv,     "such"sv,       "than"sv,    "that"sv,    "that's"sv,    "the"sv,     "their"sv,     "theirs"sv,
    "them"sv,     "themselves"sv, "then"sv,    "there"sv,   "there's"sv,   "these"sv,   "they"sv,      "they'd"sv,
    "they'll"sv,  "they're"sv,    "they've"sv, "this"sv,    "those"sv,     "through"sv, "to"sv,        "too"sv,
    "under"sv,    "until"sv,      "up"sv,      "us"sv,      "very"sv,      "was"sv,     "wasn't"sv,    "we"sv,
    "we'd"sv,     "we'll"sv,      "we're"sv,   "we've"sv,   "were"sv,      "weren't"sv, "what"sv,      "what's"sv,
    "when"sv,     "when's"sv,     "where"sv,   "where's"sv, "which"sv,     "while"sv,   "who"sv,       "who's"sv,
    "whom"sv,     "whose"sv,      "why"sv,     "why's"sv,   "will"sv,      "with"sv,    "won't"sv,     "would"sv,
    "wouldn't"sv, "you"sv,        "you'd"sv,   "you'll"sv,  "you're"sv,    "you've"sv,  "your"sv,      "yours"sv,
    "yourself"sv, "yourselves"sv,
});
static_assert(std::ranges::is_sorted(words));
constexpr auto size_max = std::ranges::max(words, {}, &std::string_view::size).size();

// Open addressing, made by the compiler: each word of each text is looked up here.
constexpr std::size_t slots = 1024;
static_assert(words.size() < slots / 2);

constexpr auto table = [] {
  std::array<std::string_view, slots> made{};
  for (const auto word : words) {
    auto slot = word_hash(word) % slots;
    while (!made[slot].empty()) slot = (slot + 1) % slots;
    made[slot] = word;
  }
  return made;
}();

}  // namespace

bool is_stop_word(std::string_view folded, std::uint64_t hash) noexcept {
  if (folded.empty() || folded.size() > size_max) return false;
  for (auto slot = hash % slots; !table[slot].empty(); slot = (slot + 1) % slots) {
    if (table[slot] == folded) return true;
  }
  return false;
}

}  // namespace troupe::memory
