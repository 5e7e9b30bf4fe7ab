#pragma once

#include <unicode/ubrk.h>
#include <unicode/utypes.h>

#include <cstddef>
#include <string>
#include <string_view>

// What the sources of this module share of ICU, which stays inside of it.
namespace troupe::memory {

// Longer texts are looked at up to here (ICU counts in 32 bits); a record's own bound is far below.
inline constexpr std::size_t analyzed_size_bytes_max = 16 << 20;

// Each malformed sequence becomes U+FFFD. Only the first `analyzed_size_bytes_max` bytes.
std::u16string to_utf16(std::string_view text);

// Appends. An unpaired surrogate becomes U+FFFD.
void append_utf8(std::string& out, std::u16string_view text);

// ICU's boundaries of words or sentences in the root locale, borrowed from this thread for one text. At most one of a
// kind at a time in a thread. The text outlives it.
class boundaries {
 public:
  enum class unit { word, sentence };
  boundaries(unit which, std::u16string_view text);
  ~boundaries();
  boundaries(const boundaries&) = delete;
  boundaries& operator=(const boundaries&) = delete;

  // The end of the next piece; npos if there is none.
  std::size_t next() noexcept;

 private:
  UBreakIterator* iterator_;  // the thread's own
};

// NFKC with case folded (Unicode Standard Annex 15, section 5: toNFKC_Casefold), appended as UTF-8.
void append_folded(std::string& out, std::u16string_view text);

}  // namespace troupe::memory
