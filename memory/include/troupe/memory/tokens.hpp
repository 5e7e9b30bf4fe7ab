#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::memory {

// How many tokens a model will make of a text, estimated from above for the byte-pair vocabularies in use: one for each
// started four letters of a word, one for each three digits, one for each other character (two for those beyond the
// Latin scripts, and for each byte that is no UTF-8). A space is free, more than one in a row cost one for each started
// 16 of the rest. Texts with a line break between them cost what they cost alone, and one. A budget counted with it is
// not overrun by more than a few percent of exotic text. Any bytes.
std::size_t count_tokens(std::string_view text) noexcept;

// The longest beginning of a text with at most that many tokens; never inside of a UTF-8 character, and at the end of a
// word if there is one.
std::string_view first_tokens(std::string_view text, std::size_t tokens_max) noexcept;

}  // namespace troupe::memory
