#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <troupe/net/codec_base.hpp>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

// Codecs of what holds other values. Each item counts against limits::expansion before it is built.

namespace troupe::net {

namespace detail {

// An array: of exactly `size` items, if one is given.
result<void> open_array(const value& from, std::size_t item_size_bytes, std::optional<std::size_t> size = {});
result<void> open_map(const value& from, std::size_t entry_size_bytes);
result<std::string_view> read_binary(const value& from);
error duplicate_key();

template <class T>
result<void> unpack_item(const value& from, std::size_t index, T& into) {
  auto outcome = codec<T>::unpack(from.at(index), into);
  if (!outcome) return at_item(std::move(outcome).error(), index);
  return outcome;
}

template <class Byte>
concept byte = std::same_as<Byte, std::uint8_t> || std::same_as<Byte, std::byte>;

template <byte Byte>
std::string_view as_chars(const Byte* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

template <class Set>
struct set_codec {
  using item = typename Set::value_type;
  using parts = types<item>;

  static void pack(packer& out, const Set& from) {
    out.array(from.size());
    for (const auto& each : from) codec<item>::pack(out, each);
  }
  static result<void> unpack(const value& from, Set& into) {
    if (auto opened = open_array(from, sizeof(item)); !opened) return opened;
    into.clear();
    for (std::size_t i = 0; i < from.size(); ++i) {
      item each = blank<item>();
      if (auto outcome = unpack_item(from, i, each); !outcome) return outcome;
      if (!into.insert(std::move(each)).second) return at_item(duplicate_key(), i);
    }
    return ok();
  }
};

template <class Map>
struct map_codec {
  using key = typename Map::key_type;
  using mapped = typename Map::mapped_type;
  using parts = types<key, mapped>;

  static void pack(packer& out, const Map& from) {
    out.map(from.size());
    for (const auto& [name, each] : from) {
      codec<key>::pack(out, name);
      codec<mapped>::pack(out, each);
    }
  }
  static result<void> unpack(const value& from, Map& into) {
    if (auto opened = open_map(from, sizeof(typename Map::value_type)); !opened) return opened;
    into.clear();
    for (std::size_t i = 0; i < from.size(); ++i) {
      key name = blank<key>();
      if (auto outcome = codec<key>::unpack(from.key(i), name); !outcome)
        return at_item(at_step(std::move(outcome).error(), " (key)"), i);
      mapped each = blank<mapped>();
      if (auto outcome = unpack_item(from, i, each); !outcome) return outcome;
      if (!into.emplace(std::move(name), std::move(each)).second) return at_item(duplicate_key(), i);
    }
    return ok();
  }
};

template <class Tuple, class... T>
struct tuple_codec {
  using parts = types<T...>;
  static Tuple blank() { return Tuple{detail::blank<T>()...}; }

  static void pack(packer& out, const Tuple& from) {
    out.array(sizeof...(T));
    std::apply([&](const auto&... each) { (codec<T>::pack(out, each), ...); }, from);
  }
  static result<void> unpack(const value& from, Tuple& into) {
    if (auto opened = open_array(from, 0, sizeof...(T)); !opened) return opened;
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      result<void> outcome;
      (void)((outcome = unpack_item(from, I, std::get<I>(into))).has_value() && ...);
      return outcome;
    }
    (std::index_sequence_for<T...>{});
  }
};

}  // namespace detail

template <class T, class Allocator>
struct codec<std::vector<T, Allocator>> {
  using parts = types<T>;

  static void pack(packer& out, const std::vector<T, Allocator>& from) {
    if constexpr (detail::byte<T>) {
      out.binary(detail::as_chars(from.data(), from.size()));
    } else {
      out.array(from.size());
      for (const auto& each : from) codec<T>::pack(out, each);
    }
  }
  static result<void> unpack(const value& from, std::vector<T, Allocator>& into) {
    into.clear();
    if constexpr (detail::byte<T>) {
      const auto bytes = detail::read_binary(from);
      if (!bytes) return bytes.error();
      const auto* first = reinterpret_cast<const T*>(bytes->data());
      into.assign(first, first + bytes->size());
    } else {
      if (auto opened = detail::open_array(from, sizeof(T)); !opened) return opened;
      into.reserve(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        T each = detail::blank<T>();
        if (auto outcome = detail::unpack_item(from, i, each); !outcome) return outcome;
        into.push_back(std::move(each));
      }
    }
    return ok();
  }
};

template <class T, std::size_t Size>
struct codec<std::array<T, Size>> {
  using parts = types<T>;

  static void pack(packer& out, const std::array<T, Size>& from) {
    if constexpr (detail::byte<T>) {
      out.binary(detail::as_chars(from.data(), Size));
    } else {
      out.array(Size);
      for (const auto& each : from) codec<T>::pack(out, each);
    }
  }
  static result<void> unpack(const value& from, std::array<T, Size>& into) {
    if constexpr (detail::byte<T>) {
      const auto bytes = detail::read_binary(from);
      if (!bytes) return bytes.error();
      if (bytes->size() != Size) return wrong_size(from, Size);
      for (std::size_t i = 0; i < Size; ++i) into[i] = static_cast<T>(static_cast<unsigned char>((*bytes)[i]));
    } else {
      if (auto opened = detail::open_array(from, 0, Size); !opened) return opened;
      for (std::size_t i = 0; i < Size; ++i)
        if (auto outcome = detail::unpack_item(from, i, into[i]); !outcome) return outcome;
    }
    return ok();
  }
};

template <class T, class... Rest>
struct codec<std::set<T, Rest...>> : detail::set_codec<std::set<T, Rest...>> {};
template <class T, class... Rest>
struct codec<std::unordered_set<T, Rest...>> : detail::set_codec<std::unordered_set<T, Rest...>> {};

template <class Key, class T, class... Rest>
struct codec<std::map<Key, T, Rest...>> : detail::map_codec<std::map<Key, T, Rest...>> {};
// Who knows std::hash can find keys that make these slow: for keys from strangers, take std::map.
template <class Key, class T, class... Rest>
struct codec<std::unordered_map<Key, T, Rest...>> : detail::map_codec<std::unordered_map<Key, T, Rest...>> {};

template <class A, class B>
struct codec<std::pair<A, B>> : detail::tuple_codec<std::pair<A, B>, A, B> {};
template <class... T>
struct codec<std::tuple<T...>> : detail::tuple_codec<std::tuple<T...>, T...> {};

// nil or the value; [value] where the value itself may be nil.
template <class T>
struct codec<std::optional<T>> {
  using parts = types<T>;
  static constexpr bool may_be_nil = true;

  static void pack(packer& out, const std::optional<T>& from) {
    if (!from) return out.nil();
    if constexpr (detail::may_be_nil<T>) out.array(1);
    codec<T>::pack(out, *from);
  }
  static result<void> unpack(const value& from, std::optional<T>& into) {
    into.reset();
    if (from.is_nil()) return ok();
    T read = detail::blank<T>();
    auto outcome = result<void>{};
    if constexpr (detail::may_be_nil<T>) {
      if (auto opened = detail::open_array(from, 0, 1); !opened) return opened;
      outcome = codec<T>::unpack(from.at(0), read);
    } else {
      outcome = codec<T>::unpack(from, read);
    }
    if (outcome) into = std::move(read);
    return outcome;
  }
};

// [index of the alternative, value]
template <class... T>
struct codec<std::variant<T...>> {
  using parts = types<T...>;
  using first = std::variant_alternative_t<0, std::variant<T...>>;
  static std::variant<T...> blank() { return std::variant<T...>{std::in_place_index<0>, detail::blank<first>()}; }

  static void pack(packer& out, const std::variant<T...>& from) {
    if (from.valueless_by_exception()) return out.fail({net_errc::bad_value, "a variant without a value"});
    out.array(2);
    out.natural(from.index());
    std::visit([&]<class Held>(const Held& held) { codec<Held>::pack(out, held); }, from);
  }
  static result<void> unpack(const value& from, std::variant<T...>& into) {
    if (auto opened = detail::open_array(from, 0, 2); !opened) return opened;
    std::size_t index = 0;
    if (auto outcome = detail::unpack_item(from, 0, index); !outcome) return outcome;
    return unpack_alternative(from, index, into, std::index_sequence_for<T...>{});
  }

 private:
  template <std::size_t... I>
  static result<void> unpack_alternative(const value& from, std::size_t index, std::variant<T...>& into,
                                         std::index_sequence<I...>) {
    result<void> outcome = at_item({net_errc::bad_value, "there is no alternative " + std::to_string(index)}, 0);
    const auto unpack_as = [&]<std::size_t Index, class Held>() {
      Held held = detail::blank<Held>();
      outcome = detail::unpack_item(from, 1, held);
      if (outcome) into.template emplace<Index>(std::move(held));
    };
    (void)((index == I && (unpack_as.template operator()<I, T>(), true)) || ...);
    return outcome;
  }
};

}  // namespace troupe::net
