#pragma once

#include <string>
#include <string_view>
#include <troupe/core/result.hpp>
#include <troupe/net/codec.hpp>
#include <utility>

// Values as JSON text and back, by way of their codecs (troupe/net/codec.hpp): a struct is an object of its fields, as
// its type has them now; JSON says no versions. Any thread.

namespace troupe {

namespace actors {

// JSON is UTF-8, at most 64 levels deep and 64 MiB long. A number without a fraction is an integer, so that 5.0 fits
// into an int. Fails with parse_error.
result<std::string> json_to_msgpack(std::string_view text);
// Binary becomes text in base64, what is no UTF-8 is replaced. Fails with parse_error.
result<std::string> msgpack_to_json(std::string_view bytes);

}  // namespace actors

template <net::packable T>
result<std::string> to_json(const T& from) {
  std::string bytes;
  net::packer out{bytes};
  out.leave_out_versions();
  net::codec<T>::pack(out, from);
  if (out.failed()) return *out.failed();
  return actors::msgpack_to_json(bytes);
}

// Fails with parse_error, or as net::decode does.
template <net::packable T>
result<T> from_json(std::string_view text) {
  const auto bytes = actors::json_to_msgpack(text);
  if (!bytes) return bytes.error();
  auto parsed = net::document::view(*bytes);
  if (!parsed) return std::move(parsed).error();
  parsed->assume_current();
  return net::decode<T>(*parsed);
}

}  // namespace troupe
