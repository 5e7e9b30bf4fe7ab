#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

inline constexpr std::size_t sentence_units_max = 600;

// The sentences of a text in their order, without white space around them; none of them is empty. Boundaries are ICU's
// (Unicode Standard Annex 29, root locale), and line breaks. One longer than `sentence_units_max` UTF-16 units, as a
// table or a log has them, is cut at the last word's end before that, or, if it is one word, at a character. Malformed
// UTF-8 comes back as U+FFFD. Looks at the first 16 MiB. Any thread.
std::vector<std::string> sentences(std::string_view text);

}  // namespace troupe::memory
