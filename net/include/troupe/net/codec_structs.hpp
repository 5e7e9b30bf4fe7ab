#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <troupe/net/codec_base.hpp>
#include <troupe/net/fields.hpp>
#include <type_traits>
#include <utility>
#include <vector>

// The codec of structs, whose fields come and go from one version of a program to the next.

namespace troupe::net {

namespace detail {

// The key under which a struct says its version, as its first entry; no field can have this name. The first version
// does not say it.
inline constexpr std::string_view version_key = "~v";

using upgrade_hook = result<void>(fields& was, std::uint32_t from);

// A data member of that name is a field like any other.
template <class T>
concept has_schema_version = requires {
  T::schema_version;
}
&&!std::is_member_object_pointer_v<decltype(&T::schema_version)>;

template <class T>
constexpr std::uint32_t schema_version_of() {
  if constexpr (has_schema_version<T>) {
    static_assert(std::in_range<std::uint32_t>(T::schema_version) && T::schema_version >= 1,
                  "schema_version is a static constexpr number from 1");
    return static_cast<std::uint32_t>(T::schema_version);
  } else {
    return 1;
  }
}
template <class T>
inline constexpr std::uint32_t schema_version = schema_version_of<T>();

template <class T>
concept has_function_upgrade = requires {
  &T::upgrade;
}
&&!std::is_member_object_pointer_v<decltype(&T::upgrade)>;

// Null: there is none, and fields that an older version did not write keep their defaults.
template <class T>
constexpr upgrade_hook* upgrade_of() {
  if constexpr (requires { static_cast<upgrade_hook*>(&T::upgrade); }) {
    return &T::upgrade;
  } else {
    static_assert(!has_function_upgrade<T>,
                  "upgrade is static result<void> upgrade(net::fields& was, std::uint32_t from)");
    return nullptr;
  }
}

// What a visit shows: fields, and members that keep unknown ones.
template <class T, bool Unknown>
constexpr std::size_t count_members() {
  std::size_t count = 0;
  T::troupe_visit(somewhere<T>.object, [&]<class Field>(std::string_view name, Field&) {
    if (name == version_key) throw "no field can have this name";  // which ends the compilation
    if (is_unknown_fields<Field> == Unknown) ++count;
  });
  return count;
}

template <class T>
constexpr auto names_of_fields() {
  std::array<std::string_view, count_members<T, false>()> names;
  std::size_t next = 0;
  T::troupe_visit(somewhere<T>.object, [&]<class Field>(std::string_view name, Field&) {
    if constexpr (!is_unknown_fields<Field>) names[next++] = name;
  });
  return names;
}
template <class T>
inline constexpr auto field_names = names_of_fields<T>();

template <class T>
constexpr bool shows_unknown_fields() {
  constexpr auto count = count_members<T, true>();
  static_assert(count <= 1, "a struct has at most one net::unknown_fields");
  return count == 1;
}
template <class T>
inline constexpr bool keeps_unknown_fields = shows_unknown_fields<T>();

// Of a struct that has them.
template <class T>
auto& unknown_fields_of(T& object) {
  std::conditional_t<std::is_const_v<T>, const unknown_fields, unknown_fields>* found = nullptr;
  std::remove_const_t<T>::troupe_visit(object, [&]<class Field>(std::string_view, Field& field) {
    if constexpr (is_unknown_fields<Field>) found = &field;
  });
  return *found;
}

// The entries of a map that are the fields of a struct, wanted in the order in which they were written or in another.
class field_reader {
 public:
  explicit field_reader(const value& from);

  // For a struct that has versions, before all else: makes what an older one wrote this one.
  void expect(std::uint32_t version, upgrade_hook* upgrade);
  // The value of this field; nothing if it is not there, or if something was wrong before.
  std::optional<value> take(std::string_view name);
  // What came out of unpacking it.
  void taken(std::string_view name, result<void> outcome);
  result<void> finish() &&;
  // As finish; what has none of these names goes into `rest`, unless an older version wrote it.
  result<void> finish(std::span<const std::string_view> names, std::uint32_t version, unknown_fields& rest) &&;

 private:
  void index_keys();
  void sort_by_name();
  result<void> read_version(const value& from);
  std::uint32_t written(std::uint32_t own) const noexcept;  // the version of who wrote it
  result<void> keep_unknown(std::span<const std::string_view> names, unknown_fields& rest) const;

  value from_;
  std::size_t next_ = 0;                                     // the entry that is the next field, if the order is ours
  bool indexed_ = false;                                     // the order is another
  std::uint32_t version_ = 0;                                // that was found; 0: none
  std::vector<std::pair<std::string_view, value>> by_name_;  // then: all entries
  std::unique_ptr<fields> upgraded_;                         // then, after an upgrade: what owns them
  result<void> outcome_;
};

// What a struct writes around its fields: the map's header, its version, and what it keeps of others.
class field_writer {
 public:
  field_writer(packer& out, std::span<const std::string_view> names, std::uint32_t version, const unknown_fields* rest);
  void finish() const;

 private:
  bool is_unknown(std::string_view name) const noexcept;

  packer& out_;
  std::span<const std::string_view> names_;
  const unknown_fields* rest_;
};

// One step of FNV-1a, over 32 bits.
constexpr std::uint32_t mixed(std::uint32_t hash, std::uint32_t more) noexcept { return (hash ^ more) * 16777619U; }

template <class T, class... Above>
constexpr std::uint32_t shape();

template <class... Above, class... Part>
constexpr std::uint32_t shape_of_all(types<Part...>) {
  std::uint32_t hash = 2166136261U;
  ((hash = mixed(hash, shape<Part, Above...>())), ...);
  return hash;
}

// `Above` as in can_pack.
template <class T, class... Above>
constexpr std::uint32_t shape() {
  if constexpr ((std::is_same_v<T, Above> || ...)) {
    return 1;
  } else if constexpr (requires { typename codec<T>::parts; }) {
    return shape_of_all<T, Above...>(typename codec<T>::parts{});
  } else if constexpr (visitable<T>) {
    std::uint32_t hash = mixed(2166136261U, schema_version<T>);
    T::troupe_visit(somewhere<T>.object, [&]<class Field>(std::string_view name, Field&) {
      for (const char each : name) hash = mixed(hash, static_cast<unsigned char>(each));
      if constexpr (!is_unknown_fields<Field>) hash = mixed(hash, shape<std::remove_const_t<Field>, T, Above...>());
    });
    return hash;
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T);  // which is told by its bytes; the size of an integer is not
  } else {
    return 1;
  }
}

}  // namespace detail

// A struct with troupe_visit: a map {name of the field: value}. Fields that are not in the map keep their defaults, and
// entries that are no field are skipped, or go into its `unknown_fields`, so that a program can read what an older or a
// newer one wrote. Keys must be texts, each there once.
//
// A struct may have `static constexpr std::uint32_t schema_version`, 1 if it does not say, and a hook that makes what
// older versions wrote its own fields before they are decoded (see `fields`):
//
//   static result<void> upgrade(net::fields& was, std::uint32_t from);
//
// What a newer version wrote is read as far as it is known.
template <visitable T>
struct codec<T> {
  static void pack(packer& out, const T& from) {
    if constexpr (detail::keeps_unknown_fields<T>)
      pack_with(out, from, &detail::unknown_fields_of(from));
    else if constexpr (version > 1)
      pack_with(out, from, nullptr);
    else
      out.map(detail::field_names<T>.size()), pack_fields(out, from);
  }
  static result<void> unpack(const value& from, T& into) {
    if constexpr (detail::keeps_unknown_fields<T>)
      return read(from, into).finish(detail::field_names<T>, version, detail::unknown_fields_of(into));
    else
      return read(from, into).finish();
  }

  // For whoever keeps a struct that does not keep its unknown fields itself: they are in `beside`.
  static void pack(packer& out, const T& from, const unknown_fields& beside) {
    if constexpr (detail::keeps_unknown_fields<T>)
      pack(out, from);
    else
      pack_with(out, from, &beside);
  }
  static result<void> unpack(const value& from, T& into, unknown_fields& beside) {
    if constexpr (detail::keeps_unknown_fields<T>)
      return unpack(from, into);
    else
      return read(from, into).finish(detail::field_names<T>, version, beside);
  }

 private:
  static constexpr std::uint32_t version = detail::schema_version<T>;

  static void pack_fields(packer& out, const T& from) {
    T::troupe_visit(from, [&]<class Field>(std::string_view name, const Field& field) {
      if constexpr (!detail::is_unknown_fields<Field>) {
        out.text(name);
        codec<Field>::pack(out, field);
      }
    });
  }
  static void pack_with(packer& out, const T& from, const unknown_fields* rest) {
    const detail::field_writer around{out, detail::field_names<T>, version, rest};
    pack_fields(out, from);
    around.finish();
  }
  static detail::field_reader read(const value& from, T& into) {
    detail::field_reader reader{from};
    if constexpr (version > 1) reader.expect(version, detail::upgrade_of<T>());
    T::troupe_visit(into, [&]<class Field>(std::string_view name, Field& field) {
      if constexpr (!detail::is_unknown_fields<Field>)
        if (const auto found = reader.take(name)) reader.taken(name, codec<Field>::unpack(*found, field));
    });
    return reader;
  }
};

}  // namespace troupe::net
