#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <troupe/net/codec_base.hpp>
#include <troupe/net/codec_containers.hpp>
#include <troupe/net/codec_structs.hpp>
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

// The names and versions of all structs in a T. Equal values of one type have equal bytes as long as this stays what it
// is; after that, bytes of older ones are no longer to be compared with bytes of this one. It stays the same from one
// build to the next.
template <packable T>
inline constexpr std::uint32_t shape_of = detail::shape<T>();

namespace detail {

// What an error's path begins with.
template <class T>
constexpr std::string_view name_of() {
  if constexpr (requires { std::string_view{T::troupe_message_name}; })
    return T::troupe_message_name;
  else
    return "value";
}

template <class Pack>
result<void> append_packed(std::string& out, const Pack& pack) {
  const auto size = out.size();
  packer with{out};
  pack(with);
  if (!with.failed()) return ok();
  out.resize(size);
  return *with.failed();
}

template <class T, class Unpack>
result<T> unpacked(const value& root, const Unpack& unpack) {
  T into = blank<T>();
  if (auto outcome = unpack(root, into); !outcome) return at_step(std::move(outcome).error(), name_of<T>());
  return into;
}

}  // namespace detail

// Appends a value to what there is. Fails if a codec could not pack something in it (too_big, or what that codec says);
// `out` is then as it was.
template <packable T>
result<void> append(std::string& out, const T& from) {
  return detail::append_packed(out, [&](packer& with) { codec<T>::pack(with, from); });
}

// As append, to nothing; throws `failure` where that fails.
template <packable T>
std::string encode(const T& from) {
  std::string bytes;
  append(bytes, from).value();
  return bytes;
}

// The value of a document. Fails with a net_errc, or with what a codec says; the message names the field:
// "question.items[3].dose: expected a number, got a text".
template <packable T>
requires(!std::is_same_v<T, error>) result<T> decode(const document& from) {
  return detail::unpacked<T>(from.root(), [](const value& root, T& into) { return codec<T>::unpack(root, into); });
}

// One value and nothing else; fails as the other one, or if the bytes are no document. `context` is for the codecs of
// references: whoever gives it out says what it is.
template <packable T>
requires(!std::is_same_v<T, error>) result<T> decode(std::string_view bytes, const limits& within = {},
                                                     std::shared_ptr<const void> context = {}) {
  const auto parsed = document::view(bytes, within, std::move(context));
  if (!parsed) return at_step(parsed.error(), detail::name_of<T>());
  return decode<T>(*parsed);
}

// As append and decode, for whoever reads, changes and writes what a newer program may have written: fields that a
// struct does not know, and does not keep itself, are in `beside`. Those of structs in it are not.
template <packable T>
result<void> append_keeping(std::string& out, const T& from, const unknown_fields& beside) {
  if constexpr (visitable<T>)
    return detail::append_packed(out, [&](packer& with) { codec<T>::pack(with, from, beside); });
  else
    return append(out, from);
}
template <packable T>
requires(!std::is_same_v<T, error>) result<T> decode_keeping(std::string_view bytes, unknown_fields& beside) {
  beside.clear();
  if constexpr (visitable<T>) {
    const auto parsed = document::view(bytes);
    if (!parsed) return at_step(parsed.error(), detail::name_of<T>());
    return detail::unpacked<T>(parsed->root(),
                               [&](const value& root, T& into) { return codec<T>::unpack(root, into, beside); });
  } else {
    return decode<T>(bytes);
  }
}

}  // namespace troupe::net
