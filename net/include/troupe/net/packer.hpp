#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>

namespace troupe::net {

// Appends MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) to a string, each number in its
// shortest form. An array or map is its header, followed by as many values, or keys and values in turn.
//
// Holds a reference to the string. Limits: 2^32 - 1 bytes of text or binary and items of an array or map each; beyond
// them, it fails. A packer that failed goes on, but what it wrote is worth nothing.
class packer {
 public:
  explicit packer(std::string& out) noexcept : out_{out} {}

  void nil();
  void boolean(bool truth);
  void integer(std::int64_t number);
  void natural(std::uint64_t number);
  void real(double number);
  void real(float number);
  void text(std::string_view bytes);
  void binary(std::string_view bytes);
  void array(std::size_t items);
  void map(std::size_t entries);
  // A value that is MessagePack already.
  void encoded(std::string_view value) { out_.append(value); }

  // Structs do not say their versions: for readers who know of none.
  void leave_out_versions() noexcept { versions_ = false; }
  bool writes_versions() const noexcept { return versions_; }

  // For a codec that cannot pack a value. The first failure counts.
  void fail(error why);
  const std::optional<error>& failed() const noexcept { return failed_; }

 private:
  bool fits(std::size_t size);

  std::string& out_;
  bool versions_ = true;
  std::optional<error> failed_;
};

}  // namespace troupe::net
