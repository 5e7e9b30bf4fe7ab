#pragma once

#include <set>
#include <string>
#include <string_view>
#include <troupe/memory/record.hpp>

#include "analyzer.hpp"

namespace troupe::memory {

// What a question names, to find the records of whom or what it names. Holds the analyzer, which outlives it.
class mention {
 public:
  mention(const analyzer& words, std::string_view question);

  // Whether it names who speaks in the record (a word of what stands before a colon at the text's start, up to 4 words
  // and 64 bytes), its subject, or a value of an attribute (all words of it, up to 8).
  bool of(const record& what) const;

 private:
  bool names_speaker(std::string_view text) const;
  bool names_all(std::string_view value) const;

  const analyzer& words_;
  std::set<std::string, std::less<>> named_;  // its words, folded, without stop words
};

}  // namespace troupe::memory
