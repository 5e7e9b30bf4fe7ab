#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::memory {

// A folded word's stem (Snowball, English); a word that has none is its own. `hash` is its word_hash. The answer is
// valid until the thread's next call.
//
// Each thread has a stemmer, and remembers up to 1,024 stems (64 KiB), as most words of a text were in the one before.
std::string_view stem(std::string_view folded, std::uint64_t hash);

}  // namespace troupe::memory
