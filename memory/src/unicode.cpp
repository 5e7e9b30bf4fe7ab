#include "unicode.hpp"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include <array>
#include <memory>
#include <troupe/core/result.hpp>

#include "utf8_cut.hpp"

namespace troupe::memory {

namespace {

void check(UErrorCode status, const char* what) {
  if (U_FAILURE(status)) throw failure{error{errc::internal, std::string{what} + ": ICU says " + u_errorName(status)}};
}

struct close_iterator {
  void operator()(UBreakIterator* iterator) const noexcept { ubrk_close(iterator); }
};
using iterator_ptr = std::unique_ptr<UBreakIterator, close_iterator>;

iterator_ptr open_iterator(UBreakIteratorType type) {
  UErrorCode status = U_ZERO_ERROR;
  iterator_ptr opened{ubrk_open(type, "", nullptr, 0, &status)};
  check(status, "boundaries of words and sentences");
  return opened;
}

// Opening one costs about as much as a page of text does, and none may be used by two threads.
UBreakIterator* iterator_of_thread(boundaries::unit which) {
  if (which == boundaries::unit::word) {
    thread_local const iterator_ptr words = open_iterator(UBRK_WORD);
    return words.get();
  }
  thread_local const iterator_ptr sentences = open_iterator(UBRK_SENTENCE);
  return sentences.get();
}

}  // namespace

std::u16string to_utf16(std::string_view text) {
  text = utf8_cut(text, analyzed_size_bytes_max);
  std::u16string units(text.size(), u'\0');
  std::int32_t size = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8WithSub(units.data(), static_cast<std::int32_t>(units.size()), &size, text.data(),
                       static_cast<std::int32_t>(text.size()), 0xFFFD, nullptr, &status);
  check(status, "text as UTF-16");
  units.resize(static_cast<std::size_t>(size));
  return units;
}

void append_utf8(std::string& out, std::u16string_view text) {
  const auto before = out.size();
  out.resize(before + 3 * text.size());  // no unit takes more
  std::int32_t size = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data() + before, static_cast<std::int32_t>(out.size() - before), &size, text.data(),
                     static_cast<std::int32_t>(text.size()), 0xFFFD, nullptr, &status);
  check(status, "text as UTF-8");
  out.resize(before + static_cast<std::size_t>(size));
}

boundaries::boundaries(unit which, std::u16string_view text) : iterator_{iterator_of_thread(which)} {
  UErrorCode status = U_ZERO_ERROR;
  ubrk_setText(iterator_, text.data(), static_cast<std::int32_t>(text.size()), &status);
  check(status, "boundaries of words and sentences");
}

boundaries::~boundaries() {
  // Nothing of a text that is gone stays reachable.
  static constexpr char16_t none[] = u"";
  UErrorCode status = U_ZERO_ERROR;
  ubrk_setText(iterator_, none, 0, &status);
}

std::size_t boundaries::next() noexcept {
  const auto end = ubrk_next(iterator_);
  return end == UBRK_DONE ? std::u16string_view::npos : static_cast<std::size_t>(end);
}

void append_folded(std::string& out, std::u16string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* folding = unorm2_getNFKCCasefoldInstance(&status);  // ICU's own, for ever
  check(status, "case folding");
  std::array<char16_t, 256> near;
  const auto length = static_cast<std::int32_t>(text.size());
  auto size = unorm2_normalize(folding, text.data(), length, near.data(), near.size(), &status);
  if (status != U_BUFFER_OVERFLOW_ERROR) {
    check(status, "case folding");
    return append_utf8(out, {near.data(), static_cast<std::size_t>(size)});
  }
  std::u16string far(static_cast<std::size_t>(size), u'\0');
  status = U_ZERO_ERROR;
  size = unorm2_normalize(folding, text.data(), length, far.data(), size, &status);
  check(status, "case folding");
  append_utf8(out, {far.data(), static_cast<std::size_t>(size)});
}

}  // namespace troupe::memory
