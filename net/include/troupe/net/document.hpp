#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <troupe/core/result.hpp>
#include <troupe/net/errc.hpp>

namespace troupe::net {

class packer;

namespace detail {
struct tree;
struct node;
}  // namespace detail

// How much is taken from whoever sent the bytes.
struct limits {
  std::size_t bytes = std::size_t{64} << 20;  // of one document
  std::size_t depth = 64;                     // of arrays and maps in each other
  // What is built of a document (the items of its arrays and maps, sizeof each) may be this many times its bytes, and
  // 1 MiB. One byte can stand for an item of any size: an empty map is a struct whose fields keep their defaults.
  std::size_t expansion = 64;
};

enum class value_kind : std::uint8_t { nil, boolean, integer, real, text, binary, array, map };

// "a number", "a text": for messages.
std::string_view to_string(value_kind kind) noexcept;

// One value in a document: a view, cheap to copy, valid as long as the document. What it is not, it gives nothing for.
class value {
 public:
  value_kind kind() const noexcept;
  bool is_nil() const noexcept { return kind() == value_kind::nil; }

  std::optional<bool> as_bool() const noexcept;
  std::optional<std::int64_t> as_int() const noexcept;
  std::optional<std::uint64_t> as_uint() const noexcept;
  // Integers are numbers too; those beyond 2^53 are rounded.
  std::optional<double> as_double() const noexcept;
  // Any bytes: nothing makes sure that a text is UTF-8.
  std::optional<std::string_view> text() const noexcept;
  std::optional<std::string_view> binary() const noexcept;

  // Items of an array, entries of a map; 0 for everything else.
  std::size_t size() const noexcept;
  // The item of an array, the value of a map's entry. Precondition: i < size().
  value at(std::size_t i) const noexcept;
  // The key of a map's entry. Precondition: a map, and i < size().
  value key(std::size_t i) const noexcept;
  // The value of the first entry whose key is this text; looks at one entry after the other.
  std::optional<value> find(std::string_view name) const noexcept;

  // Writes it again: the same value, each number in its shortest form.
  void pack(packer& out) const;

  // What the document was parsed with: the world that references in it are about. Null without one.
  const std::shared_ptr<const void>& context() const noexcept;
  // See document::assume_current.
  bool assumed_current() const noexcept;

  // For codecs of containers, before they build items: fails with too_big when the document has grown beyond
  // limits::expansion. `size_bytes` is what is about to be built.
  result<void> charge(std::size_t size_bytes) const;

 private:
  friend class document;
  value(detail::tree& of, const detail::node& at) noexcept : tree_{&of}, node_{&at} {}

  detail::tree* tree_;
  const detail::node* node_;
};

// MessagePack, parsed and checked: one value, with nothing after it. The bytes may come from anybody: beyond the bytes
// themselves at most 16 bytes are allocated for each of them, and nothing before all of them have been looked at.
// Extension types are refused. Owns the tree; movable. Threads: one at a time, its values included.
class document {
 public:
  // Keeps a copy of the bytes. Fails with bad_bytes, too_deep or too_big, and says at which byte.
  static result<document> parse(std::string_view bytes, const limits& within = {},
                                std::shared_ptr<const void> context = {});
  // As parse, without a copy: the bytes must outlive the document.
  static result<document> view(std::string_view bytes, const limits& within = {},
                               std::shared_ptr<const void> context = {});

  document(document&& other) noexcept;
  document& operator=(document&& other) noexcept;
  ~document();

  value root() const noexcept;

  // Structs in it that say no version are taken to be of the reader's own, not of the first one: for what is written
  // by those who know of no versions, as people.
  void assume_current() noexcept;

 private:
  explicit document(std::unique_ptr<detail::tree> of) noexcept;

  std::unique_ptr<detail::tree> tree_;
};

}  // namespace troupe::net
