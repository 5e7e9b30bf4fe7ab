#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>
#include <troupe/net/document.hpp>
#include <troupe/net/packer.hpp>
#include <type_traits>
#include <utility>

// What codecs are made of. To use them, include troupe/net/codec.hpp.

namespace troupe::net {

// How a T becomes MessagePack and comes back. A codec has
//
//   static void pack(packer& out, const T& from);                 exactly one value; what cannot be packed: out.fail
//   static result<void> unpack(const value& from, T& into);       after an error, `into` may be anything
//
// and if need be
//
//   using parts = types<A, B>;                   it is a codec only if there are codecs of A and B
//   static constexpr bool may_be_nil = true;     a T may become nil, which an optional<T> has to know
//   static T blank();                            of a T without a default constructor: what to unpack into
//
// There are codecs for what codec_values.hpp and codec_containers.hpp list, and for structs with troupe_visit. For a
// type of your own, specialise this, beside the type.
template <class T>
struct codec;

template <class... T>
struct types {};

class unknown_fields;  // troupe/net/fields.hpp

// "expected a number, got a text"
error wrong_type(const value& got, std::string_view expected);
// As wrong_type, for an array that is to have `size` items, and has not.
error wrong_size(const value& got, std::size_t size);

// Says where an error happened, one step at a time from the inside to the outside: ".dose", then "[3]", then ".items",
// then "question" give "question.items[3].dose: expected a number".
error at_step(error what, std::string_view step);
error at_item(error what, std::size_t index);

namespace detail {

struct any_visitor {
  template <class Field>
  void operator()(std::string_view, Field&) const;
};

// Room for a T that is never made: only the types of its fields are looked at, while compiling.
template <class T>
union unmade {
  constexpr unmade() : nothing{} {}
  constexpr ~unmade() {}
  char nothing;
  T object;
};
#ifdef __clang__  // which leaves it out of the program, but takes no constant of this type
template <class T>
inline unmade<T> somewhere{};
#else
template <class T>
inline constexpr unmade<T> somewhere{};
#endif

}  // namespace detail

// A struct that shows its fields: T::troupe_visit(object, visit) calls visit(name, field) for each, in order. See
// TROUPE_MESSAGE.
template <class T>
concept visitable = std::is_class_v<T> && requires(T& object) {
  T::troupe_visit(object, detail::any_visitor{});
};

template <class T>
concept has_codec = requires(packer& out, const T& packed, const value& from, T& unpacked) {
  codec<T>::pack(out, packed);
  { codec<T>::unpack(from, unpacked) } -> std::same_as<result<void>>;
};

namespace detail {

template <class T>
concept has_blank = requires {
  { codec<T>::blank() } -> std::same_as<T>;
};

// The member of a struct that is no field, but where the fields go that it does not know.
template <class Field>
inline constexpr bool is_unknown_fields = std::is_same_v<std::remove_const_t<Field>, unknown_fields>;

template <class T>
inline constexpr bool may_be_nil = requires {
  requires codec<T>::may_be_nil;
};

template <class T>
T blank() {
  if constexpr (has_blank<T>)
    return codec<T>::blank();
  else
    return T{};
}

template <class T, class... Above>
constexpr bool can_pack();

template <class... Above, class... Part>
constexpr bool can_pack_all(types<Part...>) {
  return (can_pack<Part, Above...>() && ...);
}

// `Above` are the types around this one: a type that holds itself (a tree) is packable if its other parts are.
template <class T, class... Above>
constexpr bool can_pack() {
  if constexpr ((std::is_same_v<T, Above> || ...)) {
    return true;
  } else if constexpr (!has_codec<T> || !(std::default_initializable<T> || has_blank<T>)) {
    return false;
  } else if constexpr (requires { typename codec<T>::parts; }) {
    return can_pack_all<T, Above...>(typename codec<T>::parts{});
  } else if constexpr (visitable<T>) {
    bool all = true;
    T::troupe_visit(somewhere<T>.object, [&]<class Field>(std::string_view, Field&) {
      if constexpr (!is_unknown_fields<Field>) all = all && can_pack<std::remove_const_t<Field>, T, Above...>();
    });
    return all;
  } else {
    return true;
  }
}

template <class T>
inline constexpr bool is_packable = can_pack<T>();

}  // namespace detail

}  // namespace troupe::net
