#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <iterator>
#include <string>
#include <string_view>

#include "troupe/core/result.hpp"

namespace troupe {

// An absolute place in the tree of agents: `/hospital/patients/p17/vitals`; the root is `/`. A name, not a handle: it
// stays the same across restarts, and nothing needs to live there.
//
// A segment is 1 to 128 bytes of letters, digits, `-_.~:@+=` and well-formed multibyte UTF-8, and is neither `.` nor
// `..`; two paths are equal if their bytes are (no Unicode normalisation). Whatever text one has becomes a segment by
// escape_segment(). Limits: 1,024 bytes, 64 segments.
//
// A value of one std::string. Order is depth first: a parent comes before its subtree, and a subtree is contiguous.
// A moved-from path may only be assigned to or destroyed.
class path {
 public:
  static constexpr std::size_t size_bytes_max = 1024;
  static constexpr std::size_t segment_size_bytes_max = 128;
  static constexpr std::size_t depth_max = 64;

  class segment_iterator;
  class segment_range;

  path() : text_{"/"} {}

  // For literals and text known to be right; throws failure(parse_error) otherwise.
  explicit path(std::string_view text) : path{parse(text).value()} {}

  // Fails with parse_error, which says what is wrong and at which byte, and out_of_range beyond a limit.
  static result<path> parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }
  bool is_root() const noexcept { return text_.size() == 1; }

  // The last segment; empty for the root. A view into this path.
  std::string_view name() const noexcept;

  // The root is its own parent.
  path parent() const;

  // Number of segments; 0 for the root.
  std::size_t depth() const noexcept;

  // The child of that name. join() fails as parse() does; the operator throws that as a failure.
  result<path> join(std::string_view segment) const;
  friend path operator/(const path& p, std::string_view segment) { return p.join(segment).value(); }

  // Whether `other` is in this subtree, this path itself included.
  bool contains(const path& other) const noexcept;

  // `for (std::string_view s : p.segments())`, from the root down. Views into this path, which must outlive them.
  segment_range segments() const& noexcept;
  segment_range segments() const&& = delete;

  // Makes any bytes a legal segment: what may not stand there, and `~` itself, becomes `~XX` (upper-case hex of the
  // byte); `.` and `..` have their first dot escaped; the empty text is `~`. Different texts give different segments as
  // long as the result fits; a longer one is cut and ends in `~~` and 16 hex digits of the text's FNV-1a hash. That
  // tells long texts apart but for chance; who wants to can find two with one segment.
  static std::string escape_segment(std::string_view text);

  // The text that escape_segment() was given. Fails with parse_error for what it never returns, and with unsupported
  // for a cut one.
  static result<std::string> unescape_segment(std::string_view segment);

  friend bool operator==(const path&, const path&) = default;
  friend std::strong_ordering operator<=>(const path& a, const path& b) noexcept;
  friend std::ostream& operator<<(std::ostream& out, const path& p);

 private:
  struct trusted {};
  path(trusted, std::string text) noexcept : text_{std::move(text)} {}

  std::string text_;  // starts with '/', never ends with it except for the root
};

class path::segment_iterator {
 public:
  using value_type = std::string_view;
  using difference_type = std::ptrdiff_t;
  using iterator_category = std::forward_iterator_tag;
  using reference = std::string_view;
  using pointer = void;

  segment_iterator() = default;
  // `rest` is what follows a '/'.
  explicit segment_iterator(std::string_view rest) noexcept : rest_{rest} {}

  std::string_view operator*() const noexcept { return rest_.substr(0, rest_.find('/')); }
  segment_iterator& operator++() noexcept {
    const auto slash = rest_.find('/');
    rest_.remove_prefix(slash == std::string_view::npos ? rest_.size() : slash + 1);
    return *this;
  }
  segment_iterator operator++(int) noexcept {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(segment_iterator a, segment_iterator b) noexcept { return a.rest_.size() == b.rest_.size(); }

 private:
  std::string_view rest_;
};

class path::segment_range {
 public:
  explicit segment_range(std::string_view text) noexcept : text_{text} {}
  segment_iterator begin() const noexcept { return segment_iterator{text_.substr(1)}; }
  segment_iterator end() const noexcept { return {}; }

 private:
  std::string_view text_;
};

inline path::segment_range path::segments() const& noexcept { return segment_range{text_}; }

}  // namespace troupe

template <>
struct std::hash<troupe::path> {
  std::size_t operator()(const troupe::path& p) const noexcept { return std::hash<std::string>{}(p.str()); }
};
