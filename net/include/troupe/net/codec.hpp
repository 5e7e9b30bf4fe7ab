#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <troupe/net/codec_base.hpp>
#include <troupe/net/codec_containers.hpp>
#include <troupe/net/codec_values.hpp>
#include <utility>

// Values as MessagePack and back:
//
//   struct dose { std::string drug;  double mg = 0;  TROUPE_MESSAGE(dose, drug, mg) };
//   const std::string bytes = net::encode(dose{"aspirin", 100});
//   result<dose> back = net::decode<dose>(bytes);
//
// All functions may be called on any thread. No exception of MessagePack's leaves the module.

namespace troupe::net {

// Whether there is a codec of T and of everything that is in it. The codecs must be declared before the first question.
template <class T>
concept packable = detail::is_packable<T>;

// A struct with troupe_visit: a map {name of the field: value}. Fields that are not in the map keep their defaults, and
// entries that are no field are skipped, so that a program can read what an older or a newer one wrote. Keys must be
// texts, each there once.
template <visitable T>
struct codec<T> {
  static void pack(packer& out, const T& from) {
    out.map(fields);
    T::troupe_visit(from, [&]<class Field>(std::string_view name, const Field& field) {
      out.text(name);
      codec<Field>::pack(out, field);
    });
  }

  static result<void> unpack(const value& from, T& into) {
    detail::field_reader reader{from};
    T::troupe_visit(into, [&]<class Field>(std::string_view name, Field& field) {
      if (const auto found = reader.take(name)) reader.taken(name, codec<Field>::unpack(*found, field));
    });
    return std::move(reader).finish();
  }

 private:
  static constexpr std::size_t fields = [] {
    std::size_t count = 0;
    T::troupe_visit(detail::somewhere<T>.object, [&](std::string_view, auto&) { ++count; });
    return count;
  }();
};

namespace detail {

// What an error's path begins with.
template <class T>
constexpr std::string_view name_of() {
  if constexpr (requires { std::string_view{T::troupe_message_name}; })
    return T::troupe_message_name;
  else
    return "value";
}

}  // namespace detail

// Appends a value to what there is. Fails if a codec could not pack something in it (too_big, or what that codec says);
// `out` is then as it was.
template <packable T>
result<void> append(std::string& out, const T& from) {
  const auto size = out.size();
  packer with{out};
  codec<T>::pack(with, from);
  if (!with.failed()) return ok();
  out.resize(size);
  return *with.failed();
}

// As append, to nothing; throws `failure` where that fails.
template <packable T>
std::string encode(const T& from) {
  std::string bytes;
  append(bytes, from).value();
  return bytes;
}

// One value and nothing else. Fails with a net_errc, or with what a codec says; the message names the field:
// "question.items[3].dose: expected a number, got a text". `context` is for the codecs of references: whoever gives it
// out says what it is.
template <packable T>
requires(!std::is_same_v<T, error>) result<T> decode(std::string_view bytes, const limits& within = {},
                                                     std::shared_ptr<const void> context = {}) {
  auto parsed = document::view(bytes, within, std::move(context));
  if (!parsed) return at_step(std::move(parsed).error(), detail::name_of<T>());
  T into = detail::blank<T>();
  if (auto outcome = codec<T>::unpack(parsed->root(), into); !outcome)
    return at_step(std::move(outcome).error(), detail::name_of<T>());
  return into;
}

}  // namespace troupe::net
