#include "pattern_match.hpp"

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace troupe::actors {

namespace {

constexpr std::int32_t time_limit = 50;  // in units of about a millisecond each
constexpr std::int32_t stack_limit_bytes = 1 << 20;

icu::UnicodeString as_unicode(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece{text.data(), static_cast<std::int32_t>(text.size())});
}

// ICU takes `$` for the end of the text and for the line end before it, ECMA 262 for the end alone, which is ICU's
// `\z`.
std::string with_strict_end(std::string_view pattern) {
  std::string made;
  std::size_t depth = 0;  // of sets; ICU has sets in sets
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      // What is quoted goes to the end of the quotation, or of the pattern.
      const auto end = pattern.substr(i, 2) == "\\Q" ? pattern.find("\\E", i + 2) : i;
      const auto size = end == std::string_view::npos ? pattern.size() - i : end - i + 2;
      made += pattern.substr(i, size);
      i += std::min(size, pattern.size() - i) - 1;
      continue;
    }
    if (c == '$' && depth == 0) {
      made += "\\z";
      continue;
    }
    made += c;
    if (c == ']' && depth > 0) --depth;
    if (c != '[') continue;
    ++depth;
    if (pattern.substr(i + 1, 1) == "^") made += pattern[++i];
    if (pattern.substr(i + 1, 1) == "]") made += pattern[++i];  // the first one is a letter like others
  }
  return made;
}

}  // namespace

struct pattern_match::compiled {
  std::unique_ptr<icu::RegexPattern> pattern;
};

pattern_match::pattern_match(std::string_view text) : compiled_{std::make_unique<compiled>()} {
  if (text.size() > characters_max) {
    problem_ = "a pattern of more than " + std::to_string(characters_max) + " characters";
    return;
  }
  UErrorCode status = U_ZERO_ERROR;
  UParseError where{};
  compiled_->pattern.reset(icu::RegexPattern::compile(as_unicode(with_strict_end(text)), 0, where, status));
  if (U_FAILURE(status)) problem_ = std::string{"no regular expression: "} + u_errorName(status);
}

pattern_match::~pattern_match() = default;

pattern_match::outcome pattern_match::search(std::string_view text) const {
  UErrorCode status = U_ZERO_ERROR;
  const auto input = as_unicode(text);  // the matcher refers to it
  const std::unique_ptr<icu::RegexMatcher> matcher{compiled_->pattern->matcher(input, status)};
  if (U_FAILURE(status)) return outcome::took_too_long;
  matcher->setTimeLimit(time_limit, status);
  matcher->setStackLimit(stack_limit_bytes, status);
  const bool there = matcher->find(status);
  if (U_FAILURE(status)) return outcome::took_too_long;
  return there ? outcome::found : outcome::not_found;
}

}  // namespace troupe::actors
