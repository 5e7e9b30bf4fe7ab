#include "mention.hpp"

#include <algorithm>

#include "stop_words.hpp"
#include "word_hash.hpp"

namespace troupe::memory {

namespace {

constexpr std::size_t speaker_size_bytes_max = 64, speaker_words_max = 4;
constexpr std::size_t value_size_bytes_max = 256, value_words_max = 8;

}  // namespace

mention::mention(const analyzer& words, std::string_view question) : words_{words} {
  for (auto& each : words.words(question))
    if (!is_stop_word(each, word_hash(each))) named_.insert(std::move(each));
  for (auto& each : words.analyze(question).names) named_.insert(std::move(each));
}

bool mention::names_speaker(std::string_view text) const {
  const auto colon = text.substr(0, speaker_size_bytes_max + 1).find(':');
  if (colon == std::string_view::npos) return false;
  const auto speaker = words_.words(text.substr(0, colon));
  return speaker.size() <= speaker_words_max &&
         std::any_of(speaker.begin(), speaker.end(), [this](const auto& each) { return named_.contains(each); });
}

bool mention::names_all(std::string_view value) const {
  if (value.empty() || value.size() > value_size_bytes_max) return false;
  const auto all = words_.words(value);
  return !all.empty() && all.size() <= value_words_max &&
         std::all_of(all.begin(), all.end(), [this](const auto& each) { return named_.contains(each); });
}

bool mention::of(const record& what) const {
  if (named_.empty()) return false;
  return names_speaker(what.text) || names_all(what.subject) ||
         std::any_of(what.attributes.begin(), what.attributes.end(),
                     [this](const auto& each) { return names_all(each.second); });
}

}  // namespace troupe::memory
