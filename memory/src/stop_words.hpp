#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::memory {

// Whether a word, folded, is one of the English words that hold a sentence together and say little about its subject.
// "may" is none, being a month, nor is any number. `hash` is its word_hash.
bool is_stop_word(std::string_view folded, std::uint64_t hash) noexcept;

}  // namespace troupe::memory
