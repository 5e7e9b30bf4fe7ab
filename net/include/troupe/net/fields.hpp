#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/net/codec_base.hpp>
#include <troupe/net/document.hpp>
#include <utility>
#include <vector>

// The fields of structs that a program of another version wrote.

namespace troupe::net {

namespace detail {
class field_reader;
class field_writer;
}  // namespace detail

// A member of a struct, shown by its visit: what was read and is no field of the struct is kept here, and written again
// with it. So a program that reads, changes and writes what a newer one wrote loses nothing of it. What is left of an
// older version is not kept. A struct has at most one. A value: copied and compared with its struct.
//
//   struct order { std::string item;  net::unknown_fields rest;  TROUPE_MESSAGE(order, item, rest) };
class unknown_fields {
 public:
  bool empty() const noexcept { return fields_.empty(); }
  std::size_t size() const noexcept { return fields_.size(); }
  bool contains(std::string_view name) const noexcept;
  void clear() noexcept { *this = {}; }

  friend bool operator==(const unknown_fields&, const unknown_fields&) = default;

 private:
  friend class detail::field_reader;
  friend class detail::field_writer;

  std::uint32_t version_ = 0;                                // of who wrote them, if that is newer than the struct
  std::vector<std::pair<std::string, std::string>> fields_;  // name, value as MessagePack; in the order of who wrote
};

// The fields of a struct as an older version wrote them, for the hook that makes them those of this version:
//
//   struct order {
//     std::uint32_t grams = 0;
//     static constexpr std::uint32_t schema_version = 2;
//     static result<void> upgrade(net::fields& was, std::uint32_t from) {
//       const auto kg = was.get<double>("kg");
//       if (!kg || !*kg) return kg ? ok() : kg.error();      // what it does not have stays at its default
//       return was.set("grams", static_cast<std::uint32_t>(**kg * 1000));
//     }
//     TROUPE_MESSAGE(order, grams)
//   };
//
// Owner: whoever decodes; valid during the hook, with all the values that it gives.
class fields {
 public:
  fields(const fields&) = delete;
  fields& operator=(const fields&) = delete;

  std::optional<value> find(std::string_view name) const;
  // nullopt: there is none. Fails if it is no T.
  template <class T>
  result<std::optional<T>> get(std::string_view name) const {
    const auto found = find(name);
    if (!found) return std::optional<T>{};
    T into = detail::blank<T>();
    if (auto outcome = codec<T>::unpack(*found, into); !outcome) return at_step(std::move(outcome).error(), name);
    return std::optional<T>{std::move(into)};
  }
  // Adds or replaces one. Fails if it cannot be encoded.
  template <class T>
  result<void> set(std::string_view name, const T& to) {
    std::string bytes;
    packer out{bytes};
    codec<T>::pack(out, to);
    if (out.failed()) return at_step(*out.failed(), name);
    return put(name, bytes);
  }
  // In place of what has the other name already. False: there is none of this name.
  bool rename(std::string_view name, std::string_view to);
  bool remove(std::string_view name);

 private:
  friend class detail::field_reader;
  using entry = std::pair<std::string_view, value>;

  // Precondition: a map whose keys are texts.
  explicit fields(const value& from);
  result<void> put(std::string_view name, std::string_view bytes);
  std::vector<entry>::iterator place_of(std::string_view name);
  std::string_view own(std::string_view name);

  std::shared_ptr<const void> context_;  // shared with the document
  std::vector<entry> entries_;           // in the order of who wrote; no name twice
  std::deque<std::string> names_;        // that the hook gave
  std::vector<document> values_;         // that the hook gave
};

}  // namespace troupe::net
